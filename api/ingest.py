"""From received bytes to drafts: the door, then people, then streams and tags."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

from api.doors import check_door
from domain.door import Limits, read_json
from domain.draft import Delivery, Draft, SealedPart
from domain.errors import PipeledgerError, RefusedError, TooLargeError
from domain.event import read_event
from domain.events.streams import streams_of, tags_of
from domain.log.part import EVENT_PART, SALT_BYTES, LongPart, Part
from domain.people import depersonalise
from store.ledger.observer import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlette.datastructures import Headers

    from api.doors import DoorCheck
    from api.telemetry.journey import Journey
    from domain.content import Content
    from domain.log.key import Entropy
    from domain.people import People
    from store.credentials import Credential

MAX_EVENT: Final = 1_048_576
MAX_BATCH: Final = 16 * 1_048_576
MAX_BATCH_EVENTS: Final = 5_000
STRUCTURED: Final = ("application/cloudevents+json", "application/json")
IMPORTED: Final = "pipeledgerimported"
"""CloudEvents extension of what is told later; the assurance of such an event is `imported`."""
BATCH: Final = "application/cloudevents-batch+json"
NDJSON: Final = "application/x-ndjson"


class Original(NamedTuple):
    """Bytes that become a part of an event.

    Attributes:
        name: of the part.
        media_type: bare media type.
        body: the bytes.
    """

    name: str
    media_type: str
    body: Content


_EVENT_LIMITS: Final = Limits(size=MAX_EVENT)
_BATCH_LIMITS: Final = Limits(size=MAX_BATCH)


def draft_of(
    value: object,
    received: bytes,
    credential: Credential,
    people: People,
    entropy: Entropy,
    *,
    original: Original | None = None,
    documents: Sequence[Original] = (),
    met: set[str] | None = None,
    journey: Journey | None = None,
    door: DoorCheck = check_door,
    assurance: str = "asserted",
) -> Draft:
    """The draft of a JSON value that passed the strict door.

    Args:
        value: the event as an object.
        received: the bytes it came as.
        credential: who sent it.
        people: finds persons.
        entropy: random bytes for salts.
        original: what the event was made from, to be sealed.
        documents: what belongs to it and stays readable.
        met: takes the ids of the persons in the event, or None.
        journey: to be told how long the door and the people stage took, or None.
        door: refuses what may not come this way.
        assurance: how sure it is that it happened.

    Raises:
        RefusedError: names the field.
        ForbiddenError: not through this door.
    """
    started = time.time_ns() if journey is not None else 0
    said = read_event(value)
    door(credential, said)
    passed = time.time_ns() if journey is not None else 0
    impersonal = depersonalise(said, people)
    if journey is not None:
        now = time.time_ns()
        journey.read(value, [Stage("door", started, passed), Stage("people", passed, now)])
    event = impersonal.event
    if assurance == "asserted" and said.extensions.get(IMPORTED) in (True, "true"):
        assurance = "imported"
    if met is not None:
        met.update(impersonal.persons)
    parts = [SealedPart(_part(one, entropy)) for one in documents]
    if impersonal.texts is not None:
        text = Original("text", "application/json", impersonal.texts)
        parts.append(SealedPart(_part(text, entropy), impersonal.persons))
    if original is not None:
        parts.append(sealed_original(original, impersonal.persons, credential, entropy))
    return Draft(
        type=event.type,
        version=event.version,
        assurance=assurance,
        by=credential.by,
        streams=streams_of(event),
        tags=tags_of(event),
        event=Part(EVENT_PART, "application/json", impersonal.encoded, entropy(SALT_BYTES)),
        parts=tuple(sorted(parts, key=lambda one: one.part.name)),
        # The delivery is recognised by what was sent, not by what people were replaced with.
        delivery=Delivery(said.source, said.id, received),
        time=said.occurred,
    )


def sealed_original(
    original: Original, persons: Collection[str], credential: Credential, entropy: Entropy
) -> SealedPart:
    """The part of what events were made from, sealed for the persons found in it.

    It may name people whom nobody has found, so it never lies open: where no person is known, it
    is sealed for the sender.
    """
    sealed = tuple(sorted(persons)) or (credential.principal,)
    return SealedPart(_part(original, entropy), sealed)


def _part(one: Original, entropy: Entropy) -> Part | LongPart:
    salt = entropy(SALT_BYTES)
    if isinstance(one.body, bytes):
        return Part(one.name, one.media_type, one.body, salt)
    return LongPart(one.name, one.media_type, one.body, salt)


def read_single(body: bytes) -> object:
    """The value of a structured event."""
    return read_json(body, _EVENT_LIMITS)


def read_binary(headers: Headers, body: bytes) -> tuple[object, bytes]:
    """A binary-mode event (CloudEvents HTTP binding 3.1) as an object, and as one text.

    Raises:
        RefusedError: names the header or byte.
    """
    event: dict[str, Any] = {"data": read_json(body, _EVENT_LIMITS)}
    for name, value in headers.items():
        if name.startswith("ce-"):
            try:
                text = unquote(value, errors="strict") if "%" in value else value
            except UnicodeDecodeError:
                raise RefusedError(f"header {name}", "not UTF-8") from None
            if "\0" in text or "\n" in text or "\r" in text:
                raise RefusedError(f"header {name}", "a control character")
            if name[3:] in event:
                raise RefusedError(f"header {name}", "this attribute stands twice in one event")
            event[name[3:]] = text
    return event, json.dumps(event, sort_keys=True).encode()


def split_lines(body: bytes) -> list[tuple[object, bytes] | PipeledgerError]:
    """The events of a body in NDJSON, each a value or why it is none.

    Raises:
        TooLargeError: too many lines.
    """
    lines = [line for line in body.split(b"\n") if line.strip()]
    _check_number(len(lines))
    events: list[tuple[object, bytes] | PipeledgerError] = []
    for number, line in enumerate(lines, 1):
        try:
            events.append((read_json(line, _EVENT_LIMITS), line))
        except RefusedError as error:
            events.append(RefusedError(f"line {number} {error.place}", error.reason))
    return events


def split_batch(body: bytes) -> list[tuple[object, bytes] | PipeledgerError]:
    """The events of a batch (CloudEvents JSON format 4).

    Raises:
        RefusedError: no array, or a fault anywhere in the text.
        TooLargeError: too many.
    """
    values = read_json(body, _BATCH_LIMITS)
    if not isinstance(values, list):
        raise RefusedError("document", "expected an array of events")
    _check_number(len(values))
    return [
        (value, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
        for value in values
    ]


def _check_number(events: int) -> None:
    if events > MAX_BATCH_EVENTS:
        raise TooLargeError("body", f"at most {MAX_BATCH_EVENTS} events")
    if not events:
        raise RefusedError("body", "no event")
