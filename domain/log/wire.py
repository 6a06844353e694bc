"""The small tokens that every line format of the log is made of, read strictly.

Python's own readers are too kind for bytes that hashes and signatures speak about:
`int()` takes `+7`, `1_000` and Arabic-Indic digits, `b64decode` drops what it does not know
and ignores trailing bits, `splitlines()` also splits at U+0085 and U+2028.
Here one value has one spelling, and whatever else comes is refused.
"""

from __future__ import annotations

import binascii
import re

from domain.errors import RefusedError

MAX_NUMBER = 2**63 - 1
"""Largest number any line may carry: what a signed 64-bit integer holds."""

DECIMAL = "(?:0|[1-9][0-9]{0,18})"
"""Pattern of a decimal; the reader still has to compare it with MAX_NUMBER."""

_DECIMAL = re.compile(DECIMAL)


def read_number(text: str, place: str) -> int:
    """The number that `text` spells: ASCII digits, no sign, no leading zero.

    Raises:
        RefusedError: another spelling, or more than MAX_NUMBER.
    """
    if _DECIMAL.fullmatch(text) is None or (number := int(text)) > MAX_NUMBER:
        raise RefusedError(place, "expected a decimal number from 0 to 2^63-1, no leading zero")
    return number


def write_base64(raw: bytes) -> str:
    """RFC 4648 section 4: standard alphabet, padded, on one line."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def read_base64(text: str, place: str, length: int | None = None) -> bytes:
    """The bytes that `text` encodes, if it is the one canonical encoding of them.

    Args:
        text: standard alphabet with padding.
        place: what to name when it is refused.
        length: how many bytes are wanted, or None for any number.

    Raises:
        RefusedError: not canonical base64, or another length.
    """
    try:
        raw = binascii.a2b_base64(text.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raw = None
    # Decoders drop unknown characters and trailing bits; encoding again shows both.
    if raw is None or write_base64(raw) != text:
        raise RefusedError(place, "expected standard base64 with padding, in its canonical form")
    if length is not None and len(raw) != length:
        raise RefusedError(place, f"expected {length} bytes, got {len(raw)}")
    return raw
