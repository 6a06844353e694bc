"""CloudEvents 1.0 in JSON: one event, a batch, or one a line; and CDEvents with or without them.

Events of our own types are for `POST events`, where their emitter signs or has a token of its own.
Types that are not known are no facts; a delivery of them is kept as it came.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError, TooLargeError
from intake.body import check_body
from intake.cdevents.jenkins import read_old
from intake.cdevents.kinds import PREFIX, read_cdevent
from intake.cloudevents.binary import folded
from intake.json_body import read_fields, read_lines
from intake.order import by_time
from intake.report import Format, Reading
from intake.schemes import Shared
from intake.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_OWN: Final = "pipeledger."
# Notifications of monitoring systems come in Keptn's and Falco's events, runs of tasks in Tekton's.
_OTHERS: Final = ("sh.keptn.", "dev.tekton.", "falco.", "Microsoft.KeyVault.")
_REQUIRED: Final = frozenset({"specversion", "id", "source", "type"})
_ENTER: Final = "Sink: the address as above, with the header Authorization: Bearer and the secret"


class _Envelope(msgspec.Struct, gc=False):
    """A CloudEvent; `data` is not built."""

    specversion: str
    id: str
    source: str
    type: str
    data: msgspec.Raw = msgspec.Raw(b"null")
    data_base64: str | None = None


class _Either(msgspec.Struct, gc=False):
    """Tells a CloudEvent from a CDEvent without one."""

    context: Any = None


def claims_cdevents(shape: Shape) -> bool:
    """An event, or the first of several, whose type is of CDEvents."""
    return (kind_of(shape) or "").startswith(PREFIX)


def claims_cloudevents(shape: Shape) -> bool:
    """The attributes that every CloudEvent has, with a type that no format of its own is for."""
    if "context" in shape.object or not shape.object.keys() >= _REQUIRED:
        return False
    return not (kind_of(shape) or "").startswith((PREFIX, *_OTHERS))


def kind_of(shape: Shape) -> str | None:
    """The type of the event, or of the first of several."""
    raw = shape.inner("context").get("type") if "context" in shape.object else None
    if raw is None:
        return shape.text("type")
    try:
        return msgspec.json.decode(bytes(raw), type=str)
    except msgspec.DecodeError:
        return None


def read(body: bytes) -> list[Reading]:
    """The readings of a file or delivery, earliest first; none for types that are not known.

    Raises:
        RefusedError: an event is none, or of a type of ours; the place is named.
        TooLargeError: a limit was passed.
    """
    elements = list(_elements(body))
    found = _readings(elements)
    if len(elements) > 1:
        # The bytes of a batch are kept with its first fact, so it is known again as a whole.
        found = (dataclasses.replace(one, identity=None) for one in found)
    return by_time(found)


def _readings(elements: list[tuple[str, bytes]]) -> Iterator[Reading]:
    for place, raw in elements:
        try:
            reading = _reading(raw)
        except TooLargeError as error:
            raise TooLargeError(f"{place}{error.place}", error.reason) from None
        except RefusedError as error:
            raise RefusedError(f"{place}{error.place}", error.reason) from None
        if reading is not None:
            yield reading


def _elements(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Each event, and what to put before a place in it."""
    if body.lstrip().startswith(b"["):
        for number, raw in enumerate(read_fields(body, list[msgspec.Raw])):
            yield f"event {number}, ", bytes(raw)
        return
    lines = read_lines(body, msgspec.Raw)
    for number, raw in lines:
        yield f"line {number}, " if len(lines) > 1 else "", bytes(raw)


def _reading(raw: bytes) -> Reading | None:
    if read_fields(raw, _Either).context is not None:
        return read_cdevent(raw)
    envelope = read_fields(raw, _Envelope)
    if not (envelope.id and envelope.source and envelope.type):
        raise RefusedError("field id", "expected id, source and type of a CloudEvent")
    if envelope.type.startswith(_OWN):
        raise RefusedError("field type", "events of our own types are sent to POST events")
    data = _data(envelope)
    if not envelope.type.startswith(PREFIX):
        return None
    try:
        check_body(data)
    except RefusedError as error:
        raise RefusedError("field data_base64", error.reason) from None
    is_whole = data.startswith(b"{") and read_fields(data, _Either).context is not None
    return read_cdevent(data) if is_whole else read_old(raw)


def _data(envelope: _Envelope) -> bytes:
    """The data; in base64 where it is no JSON (JSON format 3.1.1)."""
    if envelope.data_base64 is None:
        return bytes(envelope.data)
    try:
        return base64.b64decode(envelope.data_base64, validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError("field data_base64", "no base64") from None


def _sender(name: str, title: str) -> Sender:
    return Sender(
        name=name,
        title=title,
        scheme=Shared("authorization", _ENTER, prefix="Bearer "),
        formats=(CDEVENTS, CLOUDEVENTS),
        folded=folded,
        kind_of=kind_of,
    )


CDEVENTS: Final = Format("cdevents", "CDEvents", "application/json", claims_cdevents, read)
CLOUDEVENTS: Final = Format(
    "cloudevents", "CloudEvents", "application/cloudevents+json", claims_cloudevents, read
)
CDEVENTS_SENDER: Final = _sender("cdevents", "CDEvents")
CLOUDEVENTS_SENDER: Final = _sender("cloudevents", "CloudEvents")
