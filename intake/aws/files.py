"""Files and deliveries: what they are, and which reader they go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import RefusedError
from intake.aws import bridge, trail
from intake.aws.notices import reader_of
from intake.aws.rds import joined
from intake.aws.structure import Event, LookedUp, Message, Record, Trail, Values
from intake.json_body import read_all, read_fields
from intake.order import by_time
from intake.report import Format, Reading
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Members, Shape

_RECORD: Final = frozenset({"eventSource", "eventName", "eventTime"})
_EVENT: Final = frozenset({"detail-type", "source", "detail"})
_SERVICE: Final = b'"aws.'
_MESSAGES: Final = frozenset({b'"Notification"', b'"SubscriptionConfirmation"'})
_THROUGH: Final = "via CloudTrail"
_ENTER: Final = (
    "EventBridge: a connection with basic authorization (any user, the secret as password) or an "
    "API key named x-api-key, an API destination with the address, and a rule that sends to it"
)


def claims_trail(shape: Shape) -> bool:
    """A file of CloudTrail's records, one record, lines of them, or what a lookup prints."""
    return (
        _is_record(shape.object)
        or _is_record(shape.first("Records"))
        or "CloudTrailEvent" in shape.first("Events")
    )


def claims_event(shape: Shape) -> bool:
    """Events of EventBridge whose source is AWS, messages of SNS, and what they carry."""
    members = shape.object
    notice = reader_of(shape.members or {})
    return _is_event(members) or _is_message(members) or notice is not None


def read_trail(body: bytes) -> list[Reading]:
    """The readings of records.

    Raises:
        RefusedError: no such file; the place is named.
        TooLargeError: a limit was passed.
    """
    return by_time(one for record in _records(body) for one in trail.readings_of(record))


def read_event(body: bytes) -> list[Reading]:
    """The readings of events or messages.

    Raises:
        RefusedError: no such file; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if _is_message(shape.object):
        text = read_fields(body, Message).message or ""
        return _inside(text.encode())
    if (notice := reader_of(shape.members or {})) is not None:
        return notice(Values(read_fields(body, dict)))
    return joined(by_time(one for event in read_all(body, Event) for one in _of_event(event)))


def _records(body: bytes) -> list[Record]:
    shape = shape_of(body)
    if "Records" in (shape.members or {}):
        return read_fields(body, Trail).records
    if "Events" in (shape.members or {}):
        texts = [one.record for one in read_fields(body, LookedUp).events]
        return [
            read_fields(text.encode(), Record, f"Events[{number}].CloudTrailEvent")
            for number, text in enumerate(texts)
            if text is not None
        ]
    return read_all(body, Record)


def _of_event(event: Event) -> Iterator[Reading]:
    if (event.detail_type or "").endswith(_THROUGH):
        record = read_fields(bytes(event.detail), Record, "detail")
        time = record.event_time or event.time
        yield from trail.readings_of(msgspec.structs.replace(record, event_time=time))
    else:
        yield from bridge.readings_of(event)


def _inside(text: bytes) -> list[Reading]:
    """What a message of SNS carries; what is no JSON is no fact."""
    try:
        shape = shape_of(text)
        inner = shape.members or {}
        if (notice := reader_of(inner)) is not None:
            return notice(Values(read_fields(text, dict)))
        if _is_event(inner):
            return by_time(_of_event(read_fields(text, Event)))
        return read_trail(text) if claims_trail(shape) else []
    except RefusedError as error:
        raise RefusedError("field Message", f"{error.place}: {error.reason}") from None


def _is_record(members: Members) -> bool:
    return members.keys() >= _RECORD


def _is_event(members: Members) -> bool:
    return members.keys() >= _EVENT and bytes(members["source"]).startswith(_SERVICE)


def _is_message(members: Members) -> bool:
    return "TopicArn" in members and bytes(members.get("Type", b"")) in _MESSAGES


def _kind(shape: Shape) -> str | None:
    return shape.text("detail-type") or shape.text("eventName") or shape.text("Type")


FORMATS: Final = (
    Format("cloudtrail", "AWS CloudTrail records", "application/json", claims_trail, read_trail),
    Format("aws-event", "AWS events", "application/json", claims_event, read_event),
)
SENDER: Final = Sender(
    name="aws",
    title="AWS",
    scheme=AnyOf((Basic(_ENTER), Shared("x-api-key", _ENTER))),
    formats=FORMATS,
    kind_of=_kind,
)
