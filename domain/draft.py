"""What the door hands to the log: an event ready to be sequenced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from domain.log.by import By
    from domain.log.key import SigningKey
    from domain.log.part import LongPart, Part


@dataclass(frozen=True, slots=True)
class Delivery:
    """What makes a repeated delivery recognisable.

    Attributes:
        source: CloudEvents `source` as received.
        id: CloudEvents `id` as received.
        received: the bytes as received; only a keyed MAC of them is kept.
    """

    source: str
    id: str
    received: bytes


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part and the persons whose keys seal it at rest (design section 2, People).

    Attributes:
        part: name, media type, plain bytes and salt; the commitment speaks of these.
        persons: `per_` ids, sorted; destroying any one's key destroys the stored bytes.
            Empty: stored as it is.
    """

    part: Part | LongPart
    persons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that passed the door and the people stage, not yet sequenced.

    Attributes:
        type: stored type, without version (`pipeledger.deployment.finished`).
        version: version of the type, from 1.
        assurance: `decided`, `observed`, `asserted` or `imported`.
        by: who was authenticated.
        streams: up to four stream names, in the order of the table of streams.
        tags: sorted and unique.
        event: the normalised event (part name `event`).
        parts: named parts, sorted by name.
        claims: the token payload as received, or None; its commitment stands in `by`.
        delivery: for idempotency, or None (decisions and plain recorder events).
        time: when it happened, as claimed; None where nothing is claimed.
        signers: keys that sign it in place of the intake keys; only for the replacement of keys.
    """

    type: str
    version: int
    assurance: str
    by: By
    streams: tuple[str, ...]
    tags: tuple[str, ...]
    event: Part
    parts: tuple[SealedPart, ...] = ()
    claims: SealedPart | None = None
    delivery: Delivery | None = None
    time: datetime | None = None
    signers: tuple[SigningKey, ...] = ()
