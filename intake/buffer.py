"""Bytes from outside as they lie in memory, or in a file that is mapped into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import TooLargeError
from intake.limits import MAX_ELEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

Buffer = bytes | memoryview
"""A long file is a view: to take a part of it copies nothing."""

PIECE: Final = 1_048_576


def pieces_of(body: Buffer) -> Iterator[bytes]:
    """The bytes in order, a mebibyte at a time."""
    for start in range(0, len(body), PIECE):
        yield bytes(body[start : start + PIECE])


def lines_of(body: Buffer) -> Iterator[bytes]:
    """The lines in order, without their line feeds.

    Raises:
        TooLargeError: a line is longer than `MAX_ELEMENT`.
    """
    number, rest = 1, b""
    for piece in pieces_of(body):
        first, *others = piece.split(b"\n")
        rest += first
        for line in others:
            yield rest
            number, rest = number + 1, line
        if len(rest) > MAX_ELEMENT:
            raise TooLargeError(f"line {number}", f"longer than {MAX_ELEMENT} bytes")
    yield rest


def first_byte(body: Buffer) -> int:
    """Where the first byte is that is no white space; the length where there is none."""
    at = 0
    for piece in pieces_of(body):
        rest = piece.lstrip()
        if rest:
            return at + len(piece) - len(rest)
        at += len(piece)
    return at


def line_end(body: Buffer) -> int:
    """Where the first line feed is; -1 where there is none."""
    at = 0
    for piece in pieces_of(body):
        found = piece.find(b"\n")
        if found >= 0:
            return at + found
        at += len(piece)
    return -1
