"""What the ledger's own commands record of themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain.draft import Draft
from domain.event import read_event
from domain.events.streams import streams_of, tags_of
from domain.log.part import EVENT_PART, SALT_BYTES, Part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.draft import Delivery, SealedPart
    from domain.log.by import By
    from domain.log.key import Entropy
    from store.ledger.ledger import Ledger
    from store.ledger.rotating import Change


def decide(
    ledger: Ledger,
    kind: str,
    data: dict[str, Any],
    by: By,
    at: datetime,
    entropy: Entropy,
    delivery: Delivery | None = None,
    parts: Sequence[SealedPart] = (),
    change: Change | None = None,
    tags: Sequence[str] = (),
) -> int:
    """Append an event of the ledger's own; it is durable and published on return.

    Args:
        ledger: where.
        kind: stored type with version (`pipeledger.token.issued.v1`).
        data: of the event; persons as opaque ids, no free text.
        by: who commanded it.
        at: the present instant.
        entropy: random bytes for the id and the salt.
        delivery: makes a repeat recognisable, or None.
        parts: that belong to it, in order of name; without anything of persons.
        change: of the ledger's own keys, which the event records; or None.
        tags: beside those that follow from the data.

    Returns:
        The position.
    """
    event = read_event({
        "specversion": "1.0", "id": entropy(16).hex(), "source": ledger.origin, "type": kind,
        "time": at.isoformat().replace("+00:00", "Z"), "data": data,
    })  # fmt: skip
    body = Part(EVENT_PART, "application/json", event.encode(), entropy(SALT_BYTES))
    draft = Draft(
        type=event.type, version=event.version, assurance="decided", by=by,
        streams=streams_of(event), tags=tags_of(event), event=body, time=at,
        delivery=delivery, parts=tuple(parts),
    )  # fmt: skip
    condition = None
    if tags:
        draft = replace(draft, tags=tuple(sorted({*draft.tags, *tags})))
    if change is not None:
        tags = tuple(sorted({*draft.tags, *change.tags}))
        draft, condition = replace(draft, tags=tags, signers=change.signers), change.condition
    (outcome,) = ledger.submit([draft], condition=condition, atomic=True).result().outcomes
    if isinstance(outcome, Exception):
        raise outcome
    return outcome.position
