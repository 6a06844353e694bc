r"""Names that stand in an entry: origins, types, tags, streams, parts, identifiers.

Every string of an entry is printable ASCII without quotation mark and backslash, so that nothing
is ever escaped and one value has one spelling. Two grammars exist for tags:

* the log's: 1 to 232 printable characters without space, `"` and `\` (also for types and
  streams); what the recorder accepts and what `fsck` calls damage when it is broken;
* the door's: `kind:value`, which `tag()` makes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

from domain.errors import RefusedError

MAX_NAME = 232
"""Longest type, tag or stream in bytes."""
MAX_ORIGIN = 100
MAX_TAG_VALUE = 200
MAX_COMPONENT = 100
RESERVED_TAG_PREFIX = "stream:"
"""Conditions on streams travel as tags of this prefix, so no event may carry one."""

NAME = rf"[!#-\[\]-~]{{1,{MAX_NAME}}}"
MEDIA_TYPE = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
"""RFC 6838 section 4.2, without parameters."""
PART_NAME = r"[a-z][a-z0-9-]{0,31}"
PRINCIPAL = r"(?:per|wkl)_[0-9a-f]{32}"
"""A person or workload of a ledger."""
CREDENTIAL = r"crd_[0-9a-f]{32}"

_NAME = re.compile(NAME)
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9._-]+)*")
_PART_NAME = re.compile(PART_NAME)
_MEDIA_TYPE = re.compile(MEDIA_TYPE)
_TAG_KIND = re.compile(r"[a-z][a-z0-9._-]{0,31}")
_TAG_VALUE = re.compile(rf"[!#-\[\]-~]{{1,{MAX_TAG_VALUE}}}")
_COMPONENT = re.compile(rf"[A-Za-z0-9._:+-]{{1,{MAX_COMPONENT}}}")
_DIGESTED = re.compile(r"~[0-9a-f]{32}")


def check_origin(origin: str) -> str:
    """`origin` itself, if it may name a ledger.

    Raises:
        RefusedError: outside `[a-z0-9][a-z0-9.-]*(/[a-z0-9._-]+)*`, or over 100 characters.
    """
    if len(origin) > MAX_ORIGIN or _ORIGIN.fullmatch(origin) is None:
        raise RefusedError(
            "origin",
            "expected a name such as ledger.example/acme: lower-case letters, digits, dots and "
            f"hyphens, parts set apart by /, at most {MAX_ORIGIN} characters",
        )
    return origin


def check_type(name: str) -> str:
    """`name` itself, if the log can hold it as an event's type.

    Raises:
        RefusedError: empty, over 232 bytes, or with a character the log does not hold.
    """
    return _check_name(name, "type")


def check_stream(name: str) -> str:
    """`name` itself, if the log can hold it as the name of a stream.

    Raises:
        RefusedError: empty, over 232 bytes, or with a character the log does not hold.
    """
    return _check_name(name, "stream")


def check_tag(name: str) -> str:
    """`name` itself, if the recorder may store it as a tag.

    Raises:
        RefusedError: empty, over 232 bytes, with a character the log does not hold, or of the
            reserved prefix `stream:`.
    """
    _check_name(name, "tag")
    if name.startswith(RESERVED_TAG_PREFIX):
        raise RefusedError("tag", f"the prefix {RESERVED_TAG_PREFIX} is reserved")
    return name


def check_part_name(name: str) -> str:
    """`name` itself, if a named part may carry it.

    Raises:
        RefusedError: outside `[a-z][a-z0-9-]{0,31}`.
    """
    if _PART_NAME.fullmatch(name) is None:
        raise RefusedError(
            "part name", "expected 1 to 32 lower-case letters, digits and hyphens, a letter first"
        )
    return name


def check_media_type(name: str) -> str:
    """`name` itself, if it is a bare media type.

    Raises:
        RefusedError: outside RFC 6838 section 4.2, or with parameters.
    """
    if _MEDIA_TYPE.fullmatch(name) is None:
        raise RefusedError("media type", "expected type/subtype without parameters")
    return name


def tag(kind: str, value: str) -> str:
    """The tag `kind:value`; a value that a tag cannot hold stands there by its digest.

    Digested are values over 200 characters, with characters the log does not hold, empty ones,
    those that would make the whole tag longer than the log holds, and those that look like a
    digest themselves (else two values could share one tag).

    Raises:
        ValueError: `kind` is outside `[a-z][a-z0-9._-]{0,31}` or reserved (a kind is always
            ours, never a sender's).
    """
    _check_kind(kind)
    if (
        _TAG_VALUE.fullmatch(value) is None
        or len(kind) + 1 + len(value) > MAX_NAME
        or _DIGESTED.fullmatch(value) is not None
    ):
        value = _digest(value)
    return f"{kind}:{value}"


@lru_cache(maxsize=256)
def _check_kind(kind: str) -> None:
    if _TAG_KIND.fullmatch(kind) is None or f"{kind}:" == RESERVED_TAG_PREFIX:
        raise ValueError(f"no kind of tag: {kind!r}")


def stream_component(value: str) -> str:
    """`value` as one component of a stream's name, by its digest where it does not fit.

    Kept are 1 to 100 characters of `[A-Za-z0-9._:+-]`; `~` and 32 hexadecimal digits of
    SHA-256 stand for everything else. No kept value begins with `~`.
    """
    return value if _COMPONENT.fullmatch(value) is not None else _digest(value)


# Sources and repositories are few, and stand in very many events.
@lru_cache(maxsize=4096)
def short_hash(value: str) -> str:
    """`h(x)` of the table of streams: the first 16 hexadecimal digits of SHA-256 of UTF-8."""
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _digest(value: str) -> str:
    # Lone surrogates are refused at the door; naming must not be the place that fails on them.
    return "~" + sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _check_name(name: str, place: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise RefusedError(
            place,
            f"expected 1 to {MAX_NAME} printable ASCII characters without space, quotation mark "
            "and backslash",
        )
    return name
