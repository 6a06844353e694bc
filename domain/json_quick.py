"""Reads JSON at the speed of the standard library and tells only whether it is faultless.

What it takes is faultless by the rules of `domain.door`; what it refuses is looked at again by
`domain.json_places`, which says where the fault is.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

import msgspec

MAX_INTEGER: Final = 2**53 - 1
"""Largest integer every reader holds exactly (RFC 8259 section 6)."""
MAX_DIGITS: Final = 17
"""Signs of the longest such integer. Longer ones are not even converted: that takes long."""

# JSON has backslashes in strings only; an even number of them before this one escapes nothing.
_ZERO: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class FaultError(Exception):
    """Something is wrong with the text; not where."""


def read_quick(text: str, at: int, depth: int) -> tuple[Any, int]:
    """The value that begins at `at`, and where it ends.

    Args:
        text: JSON, decoded from UTF-8.
        at: where the value begins, after white space.
        depth: most nested arrays and objects.

    Raises:
        FaultError: it is no JSON, or JSON that two readers can read in two ways.
    """
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        raise FaultError from None
    opened = text.count("{", at, end) + text.count("[", at, end)
    if opened > depth and _deeper(value, depth):
        raise FaultError
    if text.find("\\u", at, end) >= 0:
        _check_escapes(text, at, end, value)
    return value, end


def _check_escapes(text: str, at: int, end: int, value: Any) -> None:  # noqa: ANN401 - JSON
    if _ZERO.search(text, at, end):
        raise FaultError
    if _SURROGATE.search(text, at, end):
        try:
            msgspec.json.encode(value)
        except UnicodeEncodeError:
            raise FaultError from None


def _deeper(value: Any, depth: int) -> bool:  # noqa: ANN401 - JSON
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise FaultError
    return made


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS or not -MAX_INTEGER <= (number := int(text)) <= MAX_INTEGER:
        raise FaultError
    return number


def _real(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise FaultError
    return number


def _constant(_: str) -> NoReturn:
    raise FaultError


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_real, parse_constant=_constant
)
