"""An event: a CloudEvents 1.0 object whose type is ours and whose data is typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError
from domain.events import TYPES
from domain.events.closed import words_at
from domain.events.fields import FORMS, check_value
from domain.instant import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from domain.events.registry import EventType

MAX_ID: Final = 500
MAX_SOURCE: Final = 2048
MAX_EXTENSION: Final = 2048

_TYPE: Final = re.compile(r"(pipeledger(?:\.[a-z]+){2,3})\.v([1-9][0-9]{0,3})")
_ATTRIBUTE: Final = re.compile(r"[a-z0-9]{1,20}")
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SOURCE: Final = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028\u2029]+")
_CORE: Final = ("specversion", "id", "source", "type", "time", "data")
_PLAIN: Final = ("subject", "dataschema")
_JSON: Final = re.compile(
    r"(?:application/json|text/json|[a-z]+/[a-z0-9.+-]+\+json)(?:\s*;\s*charset=\"?utf-8\"?)?",
    re.IGNORECASE,
)
_INTEGER: Final = 2**31
"""CloudEvents 1.0.2 section 3.4: an Integer has 32 bits."""
_MESSAGE: Final = re.compile(
    r"(?P<reason>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?", re.DOTALL
)
_QUOTED: Final = re.compile(r"`([^`]*)`")
_JSON_KINDS: Final = {
    "str": "text", "int": "an integer", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "an object",
}  # fmt: skip
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")


@dataclass(frozen=True, slots=True)
class Event:
    """A valid event.

    Attributes:
        id: unique within its source.
        source: who says so, a URI reference.
        type: stored type, without version.
        version: version of the type.
        time: when it happened, as claimed, in the sender's own spelling.
        data: checked against the type's structure; unknown fields are kept.
        extensions: further CloudEvents attributes, by name.
    """

    id: str
    source: str
    type: str
    version: int
    time: str
    data: dict[str, Any]
    extensions: dict[str, Any] = field(default_factory=dict)

    @property
    def occurred(self) -> datetime:
        """`time` as an instant in UTC, to the microsecond."""
        return read_time(self.time, "field time")

    def encode(self) -> bytes:
        """Compact JSON: the core attributes, extensions by name, data last."""
        return msgspec.json.encode(
            {
                "specversion": "1.0",
                "id": self.id,
                "source": self.source,
                "type": f"{self.type}.v{self.version}",
                "time": self.time,
                **{name: self.extensions[name] for name in sorted(self.extensions)},
                "data": self.data,
            }
        )


def read_event(value: object) -> Event:
    """The event in a JSON value that passed the strict door.

    Raises:
        RefusedError: names the field.
    """
    if not isinstance(value, dict):
        raise RefusedError("document", "expected a CloudEvents object")
    if value.get("specversion") != "1.0":
        raise RefusedError("field specversion", "expected 1.0")
    identity = _line(value, "id", MAX_ID, _LINE)
    source = _line(value, "source", MAX_SOURCE, _SOURCE)
    kind = _type(value)
    time = value.get("time")
    if not isinstance(time, str):
        raise RefusedError("field time", "expected RFC 3339 with offset")
    read_time(time, "field time")
    content = value.get("datacontenttype")
    if content is not None and (not isinstance(content, str) or _JSON.fullmatch(content) is None):
        raise RefusedError("field datacontenttype", "expected application/json")
    data = value.get("data")
    if not isinstance(data, dict):
        raise RefusedError("field data", "expected an object")
    check_data(kind, data)
    return Event(identity, source, kind.name, kind.version, time, data, _extensions(value))


def check_data(kind: EventType, data: dict[str, Any]) -> None:
    """Check data against the structure of its type.

    Raises:
        RefusedError: names the field and what was expected there, never its value.
    """
    try:
        msgspec.convert(data, kind.data, dec_hook=check_value)
    except msgspec.ValidationError as error:
        raise _refusal(kind, str(error)) from None


def unread_of(said: Mapping[str, Any]) -> list[str]:
    """The names in the data of a valid event that its type does not have: nothing reads them."""
    kind = TYPES[said["type"].rpartition(".v")[0]]
    return sorted(said["data"].keys() - kind.data.__struct_encode_fields__)


def _refusal(kind: EventType, message: str) -> RefusedError:
    """The library's message as place and reason, without anything a sender wrote."""
    match = _MESSAGE.fullmatch(message)
    if match is None:
        return RefusedError("field data", "not of the type's structure")
    place, reason = f"field data{match['path'] or ''}", match["reason"]
    missing = _MISSING.fullmatch(reason)
    if missing is not None:
        return RefusedError(f"{place}.{missing[1]}", "missing")
    if reason.startswith("Invalid enum value"):
        # The library repeats the value there.
        words = words_at(kind.data, match["path"] or "")
        reason = f"expected {', '.join(words[:-1])} or {words[-1]}" if words else "no word for this"
    elif "matching regex" in reason:
        told = (said for form, said in FORMS.items() if repr(form) in reason)
        reason = f"expected {next(told, 'one line without control characters')}"
    elif reason.endswith("of length >= 1"):
        reason = "empty"
    elif reason.startswith("Expected `"):
        reason = f"e{_QUOTED.sub(_in_words, reason)[1:]}"
    return RefusedError(place, f"a key: {reason}" if match["key"] else reason)


def _in_words(kinds: re.Match[str]) -> str:
    return " or ".join(_JSON_KINDS[kind] for kind in kinds[1].split(" | ") if kind in _JSON_KINDS)


def _line(value: dict[str, Any], name: str, limit: int, pattern: re.Pattern[str]) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not 1 <= len(text) <= limit:
        raise RefusedError(f"field {name}", f"expected 1 to {limit} characters")
    if pattern.fullmatch(text) is None:
        raise RefusedError(f"field {name}", "a control character or white space")
    return text


def _type(value: dict[str, Any]) -> EventType:
    name = value.get("type")
    match = _TYPE.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise RefusedError("field type", "expected pipeledger.<family>.<what>.v<version>")
    kind = TYPES.get(match[1])
    if kind is None:
        raise RefusedError("field type", "unknown type; docs/events.md names all")
    if int(match[2]) != kind.version:
        raise RefusedError("field type", f"unknown version; the newest is {kind.version}")
    return kind


def _extensions(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, content in value.items():
        if name in _CORE or name == "datacontenttype" or content is None:
            continue
        if name == "data_base64" or _ATTRIBUTE.fullmatch(name) is None:
            raise RefusedError(f"field {name[:40]!r}", "no attribute of an event in JSON")
        if isinstance(content, str):
            if len(content) > MAX_EXTENSION or _LINE.fullmatch(content) is None:
                raise RefusedError(f"field {name}", f"expected one line of {MAX_EXTENSION} at most")
        elif not isinstance(content, (bool, int)) or name in _PLAIN:
            raise RefusedError(f"field {name}", "expected text, an integer or a boolean")
        elif not -_INTEGER <= content < _INTEGER:
            raise RefusedError(f"field {name}", "an integer of more than 32 bits")
        found[name] = content
    return found
