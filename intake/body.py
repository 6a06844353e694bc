"""The bytes of a file from outside: size, byte-order mark, UTF-8, NUL."""

from __future__ import annotations

import codecs
from typing import Final, TypeVar

from domain.errors import RefusedError, TooLargeError
from intake.buffer import pieces_of
from intake.limits import MAX_REPORT

_WIDE: Final = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
NUL: Final = "a NUL"
"""Why a file that has one is refused."""
Body = TypeVar("Body", bytes, memoryview)


def check_body(raw: Body, most: int = MAX_REPORT) -> Body:
    """The bytes without a byte-order mark.

    Files are read as UTF-8 only: a second encoding would be a second reading of the same bytes.

    Raises:
        RefusedError: empty, not UTF-8, or with a NUL; the byte is named, counted from 0.
        TooLargeError: more than `most` bytes.
    """
    if len(raw) > most:
        raise TooLargeError("body", f"at most {most} bytes")
    head = bytes(raw[:3])
    if head.startswith(_WIDE):
        raise RefusedError("byte 0", "the file is UTF-16; files are read as UTF-8")
    begins = len(codecs.BOM_UTF8) if head == codecs.BOM_UTF8 else 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    at, empty = 0, True
    for piece in pieces_of(raw):
        nul = piece.find(b"\0")
        if nul >= 0:
            raise RefusedError(f"byte {at + nul}", NUL)
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(piece, final=at + len(piece) == len(raw))
        except UnicodeDecodeError as error:
            place = f"byte {at - pending + error.start}"
            raise RefusedError(place, "the bytes are not UTF-8") from None
        empty = empty and not (piece if at else piece[begins:]).strip()
        at += len(piece)
    if empty:
        raise RefusedError("body", "the file is empty")
    return raw[begins:] if begins else raw
