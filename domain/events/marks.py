"""Which fields of a type name persons, hold free text, or may hide a name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

from domain.events.registry import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str, ...]
"""Steps to a field; `[]` stands for each element of a list, `{}` for each value of an object."""

EACH: Final = "[]"
VALUES: Final = "{}"
_FIELD: Final = "field"


@dataclass(frozen=True, slots=True)
class Marked:
    """The marked fields of one type.

    Attributes:
        persons: fields that name somebody.
        texts: free text.
        handles: addresses and paths.
        known: all fields, marked or not, and what stands in them.
    """

    persons: tuple[Path, ...]
    texts: tuple[Path, ...]
    handles: tuple[Path, ...]
    known: frozenset[Path]


@cache
def marked(kind: str) -> Marked:
    """The marked fields of a stored type.

    Raises:
        KeyError: the type is unknown.
    """
    info = msgspec.inspect.type_info(TYPES[kind].data)
    found: dict[str, list[Path]] = {"person": [], "text": [], "handle": [], _FIELD: []}
    for mark, path in _walk(info, ()):
        found[mark].append(path)
    return Marked(
        tuple(found["person"]),
        tuple(found["text"]),
        tuple(found["handle"]),
        frozenset(found[_FIELD]),
    )


def _walk(info: msgspec.inspect.Type, path: Path) -> Iterator[tuple[str, Path]]:
    yield _FIELD, path
    if isinstance(info, msgspec.inspect.Metadata):
        mark = (info.extra or {}).get("mark")
        if mark is not None:
            yield mark, path
        else:
            yield from _walk(info.type, path)
    elif isinstance(info, msgspec.inspect.UnionType):
        for option in info.types:
            yield from _walk(option, path)
    elif isinstance(info, msgspec.inspect.ListType):
        yield from _walk(info.item_type, (*path, EACH))
    elif isinstance(info, msgspec.inspect.DictType):
        yield from _walk(info.value_type, (*path, VALUES))
    elif isinstance(info, msgspec.inspect.StructType):
        for field in info.fields:
            yield from _walk(field.type, (*path, field.encode_name))
