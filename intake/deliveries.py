"""A sender's delivery: what it says, and what of it is not to be believed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from domain.errors import RefusedError
from intake.body import check_body
from intake.registry import check_number
from intake.report import Reading
from intake.rows import named
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.sender import Sender

FORM: Final = "application/x-www-form-urlencoded"
_UNMAPPED: Final = "pipeledger.source.unmapped.v1"
_HEARTBEAT: Final = "pipeledger.source.heartbeat.v1"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery whose sender was made sure of.

    Attributes:
        source: name of the source it came to.
        kind_header: what the sender's unsigned header calls it, or None.
        media_type: bare media type of the body.
        body: as it came; this is what was signed.
    """

    source: str
    kind_header: str | None
    media_type: str
    body: bytes


def read_delivery(sender: Sender, delivery: Delivery) -> list[Reading]:
    """What a delivery tells; at least one reading, for nothing that came is dropped.

    What no event type is for, and what cannot be read, becomes `source.unmapped`: the sender
    would repeat a refused delivery until it gives up, and the fact would be lost.
    """
    told = kind = named(delivery.kind_header)
    try:
        body = check_body(_payload(delivery))
        shape = shape_of(body)
        if sender.kind_of is not None:
            kind = named(sender.kind_of(shape)) or told
        found = next((one for one in sender.formats if one.claims(shape)), None)
        readings = check_number(found.read(body)) if found is not None else []
        is_ping = sender.is_ping is not None and sender.is_ping(shape)
    except RefusedError as error:
        return [unmapped(delivery, error, kind)]
    if (is_ping or (told or "").lower() in sender.pings) and not readings:
        return [Reading(type=_HEARTBEAT, data={"name": delivery.source}, kind=told)]
    if not readings:
        return [unmapped(delivery, kind=kind)]
    if told is not None and told.lower() in sender.wide_kinds:
        return readings
    return [_with_header(one, told) for one in readings]


def _payload(delivery: Delivery) -> bytes:
    """The JSON; some senders put it into a form's field `payload`, others only call it a form."""
    if delivery.media_type != FORM or delivery.body.lstrip()[:1] in (b"{", b"["):
        return delivery.body
    try:
        fields = parse_qs(
            delivery.body.decode(), strict_parsing=True, max_num_fields=16, errors="strict"
        )
        (payload,) = fields["payload"]
    except (ValueError, KeyError):
        raise RefusedError("body", "expected a form with one field payload") from None
    return payload.encode()


def unmapped(
    delivery: Delivery, refusal: RefusedError | None = None, kind: str | None = None
) -> Reading:
    """That something came which no event type is for, or which could not be read.

    Args:
        delivery: what came.
        refusal: why it could not be read, or None.
        kind: what it is called, or None: as its header says.
    """
    reason = "no event type is for it"
    if refusal is not None:
        reason = f"{refusal.place}: {refusal.reason}"
    data: dict[str, Any] = {
        "name": delivery.source, "kind": kind or named(delivery.kind_header), "reason": reason,
        "length": len(delivery.body),
    }  # fmt: skip
    return Reading(
        type=_UNMAPPED, data={name: value for name, value in data.items() if value is not None}
    )


def _with_header(reading: Reading, told: str | None) -> Reading:
    """Anybody on the way could have changed the header; the body stays what it is."""
    known = (reading.kind or "").partition(".")[0]
    if told is None or not known or _word(told) == _word(known):
        return reading
    return dataclasses.replace(reading, data={**reading.data, "header_kind": told})


def _word(kind: str) -> str:
    return "".join(filter(str.isalnum, kind.lower()))


def headers_of(pairs: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in lower case."""
    return {name.lower(): value for name, value in pairs.items()}
