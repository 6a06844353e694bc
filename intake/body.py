"""The bytes of a file from outside: size, byte-order mark, UTF-8, NUL."""

from __future__ import annotations

import codecs
from typing import Final

from domain.errors import RefusedError, TooLargeError
from intake.limits import MAX_REPORT

_WIDE: Final = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
_CHUNK: Final = 1_048_576


def check_body(raw: bytes) -> bytes:
    """The bytes without a byte-order mark.

    Files are read as UTF-8 only: a second encoding would be a second reading of the same bytes.

    Raises:
        RefusedError: empty, not UTF-8, or with a NUL; the byte is named, counted from 0.
        TooLargeError: more than `MAX_REPORT` bytes.
    """
    if len(raw) > MAX_REPORT:
        raise TooLargeError("body", f"at most {MAX_REPORT} bytes")
    if raw.startswith(_WIDE):
        raise RefusedError("byte 0", "the file is UTF-16; files are read as UTF-8")
    nul = raw.find(b"\0")
    if nul >= 0:
        raise RefusedError(f"byte {nul}", "a NUL")
    _check_utf8(raw)
    body = raw.removeprefix(codecs.BOM_UTF8)
    if not body.strip():
        raise RefusedError("body", "the file is empty")
    return body


def _check_utf8(raw: bytes) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(raw), _CHUNK):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(raw[start : start + _CHUNK], final=start + _CHUNK >= len(raw))
        except UnicodeDecodeError as error:
            place = f"byte {start - pending + error.start}"
            raise RefusedError(place, "the bytes are not UTF-8") from None
