"""Small tokens, read strictly: one value has one spelling, and all else is refused.

Python's own readers take `+7`, `1_000`, junk inside base64 and doubled fields in JSON; bytes that
hashes and signatures speak about must not be read that way.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

MAX_NUMBER = 2**63 - 1
HASH_BYTES = 32
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")


class VerifierError(Exception):
    """Root of what the verifier raises."""


class UnsoundError(VerifierError):
    """What was checked does not hold.

    Attributes:
        position: the first bad position, or None where none can be named.
        cause: what does not hold.
    """

    def __init__(self, position: int | None, cause: str) -> None:
        super().__init__(cause if position is None else f"position {position}: {cause}")
        self.position = position
        self.cause = cause


class UncheckedError(VerifierError):
    """It could not be checked: something is missing that the verdict needs.

    Attributes:
        reason: what is missing.
        next_step: what to do about it, or nothing.
    """

    def __init__(self, reason: str, next_step: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: `size` entries have the root hash `root`.

    Attributes:
        origin: the log.
        size: number of entries.
        root: root hash (32 bytes).
        note: the signed note that says so, where there is one; cosignatures stand below it.
    """

    origin: str
    size: int
    root: bytes
    note: bytes = field(default=b"", repr=False, compare=False)


def read_number(text: str, place: str) -> int:
    """The number of these ASCII digits: no sign, no leading zero, at most 2^63-1.

    Raises:
        UnsoundError: another spelling.
    """
    if _NUMBER.fullmatch(text) is None or int(text) > MAX_NUMBER:
        raise UnsoundError(None, f"{place}: not a decimal number")
    return int(text)


def read_base64(text: object, place: str) -> bytes:
    """The bytes of standard base64 with padding, in its canonical form (RFC 4648 section 4).

    Raises:
        UnsoundError: anything else.
    """
    if isinstance(text, str):
        try:
            raw = base64.b64decode(text)
        except ValueError:
            raw = None
        # Junk and trailing bits pass the decoder; encoding again shows them.
        if raw is not None and base64.b64encode(raw) == text.encode():
            return raw
    raise UnsoundError(None, f"{place}: not canonical base64")


def read_hash(text: str, place: str) -> bytes:
    """32 bytes of canonical base64.

    Raises:
        UnsoundError: anything else.
    """
    raw = read_base64(text, place)
    if len(raw) != HASH_BYTES:
        raise UnsoundError(None, f"{place}: {len(raw)} bytes, a hash has {HASH_BYTES}")
    return raw


def read_text(raw: bytes, place: str) -> str:
    """The text of these bytes of UTF-8.

    Raises:
        UnsoundError: not UTF-8.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnsoundError(None, f"{place}: not UTF-8 at byte {error.start}") from error


def read_object(raw: bytes | str, place: str) -> dict[str, Any]:
    """The JSON object of these bytes; no field twice, no NaN, no Infinity.

    Raises:
        UnsoundError: anything else, however deep or long.
    """
    try:
        value = json.loads(raw, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UnsoundError(None, f"{place}: not JSON") from error
    if not isinstance(value, dict):
        raise UnsoundError(None, f"{place}: not a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands there twice")
    return fields


def _refuse_constant(name: str) -> Any:  # noqa: ANN401 - the type of the hook
    raise ValueError(name)
