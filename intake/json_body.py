"""JSON from outside, decoded into the fields a format reads and nothing else.

What a format does not read is skipped without being built, so a large file costs little.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

from domain.errors import RefusedError, TooLargeError
from intake.limits import MAX_DEPTH, MAX_NODES, MAX_ROWS

T = TypeVar("T")

_MALFORMED: Final = re.compile(r"JSON is malformed: (.*) \(byte (\d+)\)")
_INVALID: Final = re.compile(r"(.*?) - at `\$(.*)`", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
_STRING: Final = re.compile(rb'"[^"]*"')
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def read_fields(body: bytes, kind: type[T]) -> T:
    """The fields of `kind` in a JSON text.

    Args:
        body: checked UTF-8 (`intake.body`).
        kind: a msgspec structure.

    Raises:
        RefusedError: no JSON, or of another structure; names the byte or the field.
        TooLargeError: too many or too deeply nested values.
    """
    if body.count(b"{") + body.count(b"[") > MAX_NODES:
        raise TooLargeError("document", f"more than {MAX_NODES} objects and arrays")
    try:
        # First, because it ends early where the nesting is absurd.
        found = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        match = _INVALID.fullmatch(str(error))
        place = f"field {match[2].removeprefix('.')}" if match else "document"
        raise RefusedError(place, match[1] if match else "not of this format") from None
    except msgspec.DecodeError as error:
        match = _MALFORMED.fullmatch(str(error))
        place, reason = (f"byte {match[2]}", match[1]) if match else ("document", "cut off")
        raise RefusedError(place, f"no JSON: {reason}") from None
    except RecursionError:
        raise _too_deep() from None
    if _depth_over(body, MAX_DEPTH):
        raise _too_deep()
    return found


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
    if len(lines) > 1 and not _is_whole(lines[0]):
        return [(1, read_fields(body, kind))]
    if len(lines) > MAX_ROWS:
        raise TooLargeError("document", f"more than {MAX_ROWS} lines")
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append((number, read_fields(line, kind)))
            except TooLargeError as error:
                raise TooLargeError(f"line {number}, {error.place}", error.reason) from None
            except RefusedError as error:
                raise RefusedError(f"line {number}, {error.place}", error.reason) from None
    return found


def _is_whole(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _too_deep() -> TooLargeError:
    return TooLargeError("document", f"nested deeper than {MAX_DEPTH} levels")


def _depth_over(body: bytes, most: int) -> bool:
    """Whether valid JSON is nested deeper: each round takes the innermost level away."""
    if b"\\" in body:
        body = _ESCAPE.sub(b"", body)
    brackets = _STRING.sub(b"", body).translate(None, _NO_BRACKETS)
    for _ in range(most):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)
