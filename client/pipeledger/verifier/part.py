"""Parts: what an entry speaks of by commitment, and what can be taken away without a trace of it.

    c = SHA-256("pipeledger/part/v1" 00 || salt[32] || bytes)

The entry holds `c` and the length only. With bytes and salt at hand the commitment is checked;
where they are not, the part was redacted or withheld from this reader, which accuses nobody: the
entry still proves that something of this length was there.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.wire import HASH_BYTES, UnsoundError, read_base64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.verifier.entry import Entry

_DOMAIN = b"pipeledger/part/v1\x00"


def commitment(salt: bytes, body: bytes) -> str:
    """The commitment to a part, in hexadecimal digits."""
    return sha256(_DOMAIN + salt + body).hexdigest()


def spoken_of(entry: Entry) -> list[str]:
    """The names of the parts that an entry always has beside it, unless they are kept elsewhere."""
    return ["event", *(part["name"] for part in entry.context["parts"])]


def check_parts(entry: Entry, parts: Sequence[Any]) -> list[str]:
    """Check the parts that are at hand; give the names of those that are not.

    Args:
        entry: the entry they belong to.
        parts: objects of `name`, `salt` and `bytes` (base64; null where taken away).

    Raises:
        UnsoundError: a part that the entry does not speak of, or not the one it speaks of.
    """
    wanted: dict[str, tuple[str, int | None]] = {
        "event": (entry.context["event"]["c"], entry.context["event"]["len"])
    }
    wanted |= {part["name"]: (part["c"], part["len"]) for part in entry.context["parts"]}
    if (claims := entry.context["by"]["claims"]) is not None:
        wanted["claims"] = (claims, None)
    absent = set(wanted)
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("name"), str):
            raise UnsoundError(entry.position, "parts: not an object with a name")
        name = part["name"]
        if name not in absent:
            spoken = "twice" if name in wanted else "which the entry does not speak of"
            raise UnsoundError(entry.position, f"a part {_printable(name)}, {spoken}")
        if part.get("bytes") is None and part.get("salt") is None:
            continue
        try:
            body = read_base64(part.get("bytes"), f"bytes of part {name}")
            salt = read_base64(part.get("salt"), f"salt of part {name}")
        except UnsoundError as error:
            raise UnsoundError(entry.position, error.cause) from error
        digest, length = wanted[name]
        if length is not None and len(body) != length:
            raise UnsoundError(entry.position, f"part {name}: {len(body)} bytes, not {length}")
        if len(salt) != HASH_BYTES or commitment(salt, body) != digest:
            raise UnsoundError(entry.position, f"part {name}: not what the entry commits to")
        absent.remove(name)
    return sorted(absent)


def _printable(text: str) -> str:
    return "".join(char if " " <= char <= "~" else "?" for char in text[:40])
