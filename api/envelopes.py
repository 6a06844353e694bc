"""Signed events: DSSE envelopes of CloudEvents, verified with the emitters' enrolled keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from api.ingest import MAX_EVENT
from domain.errors import ForbiddenError, RefusedError
from domain.log.dsse import ENVELOPE_MEDIA_TYPE, Envelope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.served import Served
    from store.credentials import Credential
    from store.emitters import Enrolled

MEDIA_TYPES: Final = (ENVELOPE_MEDIA_TYPE, "application/vnd.dsse+json")
PAYLOAD_TYPE: Final = "application/cloudevents+json"
MAX_SIGNED: Final = 2 * MAX_EVENT
"""Bytes of an envelope: base64 makes an event a third larger."""
ORIGIN: Final = "pipeledgerorigin"
"""CloudEvents extension by which a signed event names the one ledger it is meant for."""


class Opened(NamedTuple):
    """An envelope that was read and held against the keys that are known.

    Attributes:
        here: the ledger it was sent to.
        envelope: the same, read.
        tried: the keys that it was held against.
        signer: who signed it, if one of these did.
    """

    here: Served
    envelope: Envelope
    tried: Sequence[Enrolled]
    signer: Credential | None


def open_envelope(raw: bytes, here: Served | None) -> Opened:
    """An envelope of an event; the database is not asked who signed it.

    Args:
        raw: the envelope as received.
        here: the ledger it was sent to; None where there is no such ledger, which looks from
            outside like a signature that does not verify.

    Raises:
        RefusedError: no envelope of an event.
        ForbiddenError: there is no such ledger.
    """
    envelope = Envelope.parse(raw)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise RefusedError("field payloadType", f"expected {PAYLOAD_TYPE}")
    if here is None:
        raise ForbiddenError("field signatures", "no signature verifies with an enrolled key")
    tried = here.emitters.remembered()
    try:
        signer = envelope.verify(tried).credential
    except ForbiddenError:
        signer = None
    return Opened(here, envelope, tried, signer)


def check_origin(value: object, origin: str) -> None:
    """Refuse a signed event that was meant for another ledger, or for any.

    Raises:
        RefusedError: it names none.
        ForbiddenError: it names another.
    """
    said = value.get(ORIGIN) if isinstance(value, dict) else None
    if said is None:
        raise RefusedError(f"field {ORIGIN}", "a signed event names the ledger it is meant for")
    if said != origin:
        raise ForbiddenError(f"field {ORIGIN}", "the event is meant for another ledger")
