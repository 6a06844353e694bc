"""Which fields of a type name persons, hold free text, or may hide a name."""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Field:
    """A field, a list's element or an object's value.

    Attributes:
        handle: its name, or its holder's, if it is an address or path; else None.
        inner: what may stand in it, by step.
    """

    handle: str | None = None
    inner: dict[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marked:
    """The marked fields of one type.

    Attributes:
        persons: fields that name somebody.
        texts: free text.
        handles: addresses and paths.
        whole: the data, with all its fields, marked or not.
    """

    persons: tuple[Path, ...]
    texts: tuple[Path, ...]
    handles: tuple[Path, ...]
    whole: Field


@cache
def marked(kind: str) -> Marked:
    """The marked fields of a stored type.

    Raises:
        KeyError: the type is unknown.
    """
    info = msgspec.inspect.type_info(TYPES[kind].data)
    found: dict[str, list[Path]] = {"person": [], "text": [], "handle": []}
    whole = Field()
    for mark, path in _walk(info, ()):
        at = whole
        for step in path:
            at = at.inner.setdefault(step, Field())
        if mark is not None:
            found[mark].append(path)
        if mark == "handle":
            at.handle = next(step for step in reversed(path) if step not in (EACH, VALUES))
    return Marked(
        tuple(found["person"]),
        tuple(found["text"]),
        tuple(found["handle"]),
        whole,
    )


def _walk(info: msgspec.inspect.Type, path: Path) -> Iterator[tuple[str | None, Path]]:
    yield None, path
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
