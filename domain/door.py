"""The strict door for JSON in our own vocabulary (design section 2).

JSON readers disagree about duplicate keys, numbers beyond a double's exact integers, NaN,
surrogates. What two readers can read in two ways is refused here, with the place named.

One quick pass with the standard library reads (`domain.json_quick`); only when that pass sees
something wrong does an exact, slow pass (`domain.json_places`) find out where it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from domain.errors import RefusedError, TooLargeError
from domain.json_places import find_fault
from domain.json_quick import FaultError, read_quick

_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read.

    Attributes:
        size: bytes.
        depth: nested arrays and objects.
    """

    size: int = 1_048_576
    depth: int = 64


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
    try:
        value, end = read_quick(text, _skip(text), limits.depth)
    except FaultError:
        pass
    else:
        if _skip(text, end) == len(text):
            return value
    find_fault(text, limits.depth)
    raise RefusedError("byte 0", "not JSON")


def _skip(text: str, at: int = 0) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()
