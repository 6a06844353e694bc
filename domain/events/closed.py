"""Fields that hold one of a few words, and which words these are."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP: Final = re.compile(r"\.(\w+)|\[[^\]]*\]")


def words_at(data: type[msgspec.Struct], path: str) -> tuple[str, ...]:
    """The words that a field of a type's data may hold; none where it is no such field.

    Args:
        data: the structure.
        path: of the field, as `.outcome` or `.subjects[0].kind`.
    """
    return next((words for place, words in closed_fields(data) if place == _bare(path)), ())


@cache
def closed_fields(data: type[msgspec.Struct]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Every field of a type's data that holds one of a few words: its path, and the words.

    Something in a list or an object stands after `[]`: `.subjects[].kind`.
    """
    return tuple(_closed(inspect.type_info(data), ""))


def _bare(path: str) -> str:
    return _STEP.sub(lambda step: step[0] if step[1] else "[]", path)


def _closed(kind: inspect.Type, place: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(kind, inspect.LiteralType):
        yield place, tuple(str(word) for word in kind.values)
    elif isinstance(kind, inspect.Metadata):
        yield from _closed(kind.type, place)
    elif isinstance(kind, inspect.UnionType):
        either = any(isinstance(one, inspect.BoolType) for one in kind.types)
        for one in kind.types:
            for where, words in _closed(one, place):
                yield where, ("true", "false", *words) if either and where == place else words
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from _closed(field.type, f"{place}.{field.encode_name}")
    elif isinstance(kind, inspect.ListType):
        yield from _closed(kind.item_type, f"{place}[]")
    elif isinstance(kind, inspect.DictType):
        yield from _closed(kind.value_type, f"{place}[]")
