"""The strict door for JSON in our own vocabulary (design section 2).

JSON readers disagree about duplicate keys, numbers beyond a double's exact integers, NaN,
surrogates. What two readers can read in two ways is refused here, with the place named.

One quick pass with the standard library reads; only when that pass sees something wrong does an
exact, slow pass (`domain.json_places`) find out where it is.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from domain.errors import RefusedError, TooLargeError
from domain.json_places import find_fault

MAX_INTEGER: Final = 2**53 - 1
"""Largest integer every reader holds exactly (RFC 8259 section 6)."""

_BOM: Final = b"\xef\xbb\xbf"
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_ZERO: Final = re.compile(rb"\\u0000")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read.

    Attributes:
        size: bytes.
        depth: nested arrays and objects.
    """

    size: int = 1_048_576
    depth: int = 64


class _FaultError(Exception):
    """Something is wrong; the slow pass says where."""


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _FaultError
    return made


def _integer(text: str) -> int:
    # Long digits are not even converted: that alone would take long.
    if len(text) > 17 or not -MAX_INTEGER <= (number := int(text)) <= MAX_INTEGER:  # noqa: PLR2004 - digits of 2^53 and a sign
        raise _FaultError
    return number


def _real(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _FaultError
    return number


def _constant(_: str) -> NoReturn:
    raise _FaultError


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_real, parse_constant=_constant
)


def read_json(raw: bytes, limits: Limits = Limits()) -> object:
    """The value of a JSON text.

    Args:
        raw: UTF-8 without byte-order mark.
        limits: how much to read.

    Raises:
        RefusedError: names the byte, and the path where there is one.
        TooLargeError: too many bytes or too deep.
    """
    if len(raw) > limits.size:
        raise TooLargeError(f"byte {limits.size}", f"longer than {limits.size} bytes")
    if raw.startswith(_BOM):
        raise RefusedError("byte 0", "a byte-order mark")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError(f"byte {error.start}", "not UTF-8") from None
    nested = raw.count(b"{") + raw.count(b"[") > limits.depth
    if nested or b"\0" in raw or _ZERO.search(raw) or _SURROGATE.search(raw):
        # Rare and mostly harmless (a pair of surrogates, many small objects): look closely.
        find_fault(text, limits.depth, MAX_INTEGER)
    try:
        value, end = _DECODER.raw_decode(text, _skip(text))
        if _skip(text, end) == len(text):
            return value
    except (ValueError, _FaultError, RecursionError):
        pass
    find_fault(text, limits.depth, MAX_INTEGER)
    raise RefusedError("byte 0", "not JSON")


_SPACE: Final = re.compile(r"[ \t\n\r]*")


def _skip(text: str, at: int = 0) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()
