"""Long JSON arrays, a few elements at a time: what they hold in all is never in memory.

The array is valid JSON already (a decoder passed over it); it is only cut between its elements.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from domain.errors import RefusedError, TooLargeError
from intake.buffer import first_byte
from intake.json_body import decoded
from intake.limits import MAX_DEPTH, MAX_ELEMENT
from intake.nesting import Nesting, too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.buffer import Buffer

T = TypeVar("T")

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|["\[\]{},]', re.DOTALL)
_REST: Final = re.compile(rb'(?:[^"\\]|\\.)*+"', re.DOTALL)
_STEPS: Final = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_WALK: Final = 16 * 1024
"""Bytes that are gone through token by token, before more of them are passed over at once."""
_STRIDE: Final = 256 * 1024


class Pieces:
    """A JSON array cut into pieces of whole elements."""

    def __init__(self, array: Buffer, place: str, depth: int = 0) -> None:
        """Name the array.

        Args:
            array: a JSON text.
            place: where it stands, for messages.
            depth: levels that are open around it.

        Raises:
            RefusedError: it is no array.
        """
        if bytes(array[:1]) != b"[":
            raise RefusedError(place, "expected an array")
        self._array = array
        self._depth = depth + 1

    def cut(self, least: int = 0) -> Iterator[Buffer]:
        """The pieces in order, each of at least so many bytes; by default each one element.

        Raises:
            TooLargeError: too deeply nested.
        """
        start, end = 1, len(self._array) - 1
        if first_byte(self._array[start:end]) == end - start:
            return
        while start < end:
            stop = self._end(start, least)
            yield self._array[start:stop]
            start = stop + 1

    def _end(self, start: int, least: int) -> int:
        """Where the element ends in which `least` bytes from `start` are passed."""
        passed = Nesting(self._depth)
        at = passed.pass_over(self._array, start, start + least)
        while True:
            at, ends = self._walk(at, passed)
            if ends:
                return at
            at = self._leap(at, passed)

    def _walk(self, at: int, passed: Nesting) -> tuple[int, bool]:
        """Go from token to token; gives where it came to, and whether the element ends there."""
        start = at
        if passed.in_string:
            rest = _REST.match(self._array, at)
            at = rest.end() if rest is not None else len(self._array)
            passed.in_string = False
        for token in _TOKEN.finditer(self._array, at):
            mark = token[0]
            if mark == b'"':
                break
            passed.depth += _STEPS.get(mark, 0)
            if passed.depth > MAX_DEPTH:
                raise too_deep()
            if passed.depth < self._depth or (passed.depth == self._depth and mark == b","):
                return token.start(), True
            if passed.depth > self._depth and token.end() - start > _WALK:
                return token.end(), False
        return len(self._array) - 1, True

    def _leap(self, at: int, passed: Nesting) -> int:
        """Pass over what certainly belongs to the element that is open; gives where it ends."""
        stride = _STRIDE
        while stride > _WALK // 2 and at < len(self._array):
            before = dataclasses.replace(passed)
            stop = passed.pass_over(self._array, at, at + stride)
            if passed.low > self._depth:
                at = stop
            else:
                passed.depth, passed.in_string = before.depth, before.in_string
                stride //= 2
        return at


def read_array(array: Buffer, kind: type[T], place: str, depth: int = 0) -> Iterator[T]:
    """The elements of an array, decoded a few at a time.

    Args:
        array: a JSON text.
        kind: of an element; a msgspec structure.
        place: where the array stands, for messages: `runs[0].results`.
        depth: levels that are open around it.

    Raises:
        RefusedError: no array, or an element of another structure; the element is named.
        TooLargeError: an element is too large, or too deeply nested.
    """
    decoder = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]  # known when called
    number = 0
    for piece in Pieces(array, f"field {place}", depth).cut(_STRIDE):
        if len(piece) > MAX_ELEMENT:
            raise TooLargeError(f"field {place}[{number}]", f"longer than {MAX_ELEMENT} bytes")
        elements = decoded(decoder, b"[" + bytes(piece) + b"]", place, number)
        yield from elements
        number += len(elements)
