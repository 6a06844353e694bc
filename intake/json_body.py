"""JSON from outside, decoded into the fields a format reads and nothing else.

What a format does not read is skipped without being built, so a large file costs little.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar, cast

import msgspec

from domain.errors import RefusedError, TooLargeError
from intake.buffer import lines_of
from intake.limits import MAX_MEMBERS, MAX_ROWS
from intake.nesting import check_nesting, too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.buffer import Buffer

T = TypeVar("T")

_MALFORMED: Final = re.compile(r"JSON is malformed: (.*) \(byte (\d+)\)")
_INVALID: Final = re.compile(r"(.*?) - at `\$(\[(\d+)\])?(.*)`", re.DOTALL)


def read_fields(body: Buffer, kind: type[T], within: str = "", depth: int = 0) -> T:
    """The fields of `kind` in a JSON text.

    Args:
        body: checked UTF-8 (`intake.body`).
        kind: a msgspec structure.
        within: where the text stands in its document, for messages: `runs[0].tool`.
        depth: levels that are open around it.

    Raises:
        RefusedError: no JSON, or of another structure; names the byte or the field.
        TooLargeError: too many or too deeply nested values.
    """
    check_nesting(body, depth)
    return decoded(msgspec.json.Decoder(kind), body, within)


def read_members(body: Buffer) -> dict[str, msgspec.Raw]:
    """The members of a JSON object, each as it stands there; nothing in them is built.

    Raises:
        RefusedError: no JSON, or no object; names the byte.
        TooLargeError: more than `MAX_MEMBERS` members, or nested without end.
    """
    left = MAX_MEMBERS

    def name(_: type, told: str) -> _Name:
        nonlocal left
        left -= 1
        if left < 0:
            raise TooLargeError("document", f"more than {MAX_MEMBERS} members")
        return _Name(told)

    decoder = msgspec.json.Decoder(dict[_Name, msgspec.Raw], dec_hook=name)
    return cast("dict[str, msgspec.Raw]", decoded(decoder, body))


class _Name(str):
    """A member's name; only a type of its own is counted while the object is still read."""

    __slots__ = ()


def decoded(
    decoder: msgspec.json.Decoder[T], text: Buffer, within: str = "", first: int | None = None
) -> T:
    """What a decoder makes of a text.

    Args:
        decoder: knows the structure.
        text: checked UTF-8.
        within: where the text stands in its document, or nothing.
        first: the text is some elements of the array there, and this is the first one's number.

    Raises:
        RefusedError: no JSON, or of another structure; names the byte or the field.
        TooLargeError: nested without end.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        match = _INVALID.fullmatch(str(error))
        place, reason = within, str(error)
        if match is not None:
            reason, number = match[1], match[3]
            if first is not None and number is not None:
                place += f"[{first + int(number)}]"
            else:
                place += match[2] or ""
            place += match[4]
        place = place.removeprefix(".")
        raise RefusedError(f"field {place}" if place else "document", reason) from None
    except msgspec.DecodeError as error:
        match = _MALFORMED.fullmatch(str(error))
        place, reason = (f"byte {match[2]}", match[1]) if match else ("document", "cut off")
        if within:
            place = f"field {within}" if first is None else f"field {within}[{first}] or later"
        raise RefusedError(place, f"no JSON: {reason}") from None
    except RecursionError:
        raise too_deep() from None


def read_lines(body: bytes, kind: type[T]) -> list[tuple[int, T]]:
    """The fields of `kind` in each line of JSON lines, with the line's number, from 1.

    Empty lines are passed over; one JSON object over several lines is one line.

    Args:
        body: checked UTF-8 (`intake.body`).
        kind: a msgspec structure.

    Raises:
        RefusedError: a line is no JSON, or of another structure; names the line and the place.
        TooLargeError: a limit was passed.
    """
    lines = body.split(b"\n")
    if len(lines) > 1 and not is_json(lines[0]):
        return [(1, read_fields(body, kind))]
    if len(lines) > MAX_ROWS:
        raise TooLargeError("document", f"more than {MAX_ROWS} lines")
    return [
        (number, _line(number, line, kind)) for number, line in enumerate(lines, 1) if line.strip()
    ]


def read_all(body: bytes, kind: type[T]) -> list[T]:
    """The fields of `kind` in each element of an array, or in each line of JSON lines.

    Args:
        body: checked UTF-8 (`intake.body`).
        kind: a msgspec structure.

    Raises:
        RefusedError: no JSON, or of another structure; names the place.
        TooLargeError: a limit was passed.
    """
    if body.lstrip().startswith(b"["):
        several: type[list[T]] = list[kind]  # type: ignore[valid-type]
        return read_fields(body, several)
    return [one for _, one in read_lines(body, kind)]


def read_items(body: bytes, kind: type[T], member: str) -> list[T]:
    """As `read_all`, and in each element of an array that is one object's member.

    Args:
        body: checked UTF-8 (`intake.body`).
        kind: a msgspec structure.
        member: the name of that array (`items`, as Kubernetes lists resources).

    Raises:
        RefusedError: no JSON, or of another structure; names the place.
        TooLargeError: a limit was passed.
    """
    if not body.lstrip().startswith(b"["):
        lines = read_lines(body, dict[str, msgspec.Raw])
        if len(lines) == 1 and (found := lines[0][1].get(member)) is not None:
            several: type[list[T]] = list[kind]  # type: ignore[valid-type]
            return read_fields(bytes(found), several, member, 1)
    return read_all(body, kind)


def each_line(body: Buffer, kind: type[T]) -> Iterator[tuple[int, T]]:
    """As `read_lines`, one line after the other and however many; an object is on one line.

    Args:
        body: checked UTF-8 (`intake.body`).
        kind: a msgspec structure.

    Raises:
        RefusedError: a line is no JSON, or of another structure; names the line and the place.
        TooLargeError: a limit was passed.
    """
    for number, line in enumerate(lines_of(body), 1):
        if line.strip():
            yield number, _line(number, line, kind)


def _line(number: int, line: bytes, kind: type[T]) -> T:
    try:
        return read_fields(line, kind)
    except TooLargeError as error:
        raise TooLargeError(f"line {number}, {error.place}", error.reason) from None
    except RefusedError as error:
        raise RefusedError(f"line {number}, {error.place}", error.reason) from None


def is_json(text: Buffer) -> bool:
    """Whether a text is one JSON value; nothing of it is built."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
