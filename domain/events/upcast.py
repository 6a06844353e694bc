"""Older versions of event data are brought to the newest when they are read.

What is stored never changes: `tv` says which version an entry's event has, and a condition on
the type matches every version, because the stored type carries none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.errors import RefusedError
from domain.events.registry import TYPES

Step = Callable[[dict[str, Any]], dict[str, Any]]
"""From the data of one version to the data of the next; does not change its argument."""

STEPS: Final[dict[tuple[str, int], Step]] = {}
"""By stored type and the version it starts from. Every type is at version 1 today."""


def upcast(
    kind: str,
    version: int,
    data: dict[str, Any],
    steps: Mapping[tuple[str, int], Step] = STEPS,
    newest: int | None = None,
) -> dict[str, Any]:
    """Data of the newest version.

    Args:
        kind: stored type.
        version: the version `data` has.
        data: as stored.
        steps: the steps there are.
        newest: the version wanted; default: the type's newest.

    Raises:
        RefusedError: the type is unknown, the version newer than this software, or a step
            is missing.
    """
    if newest is None:
        if kind not in TYPES:
            raise RefusedError("type", "unknown type")
        newest = TYPES[kind].version
    if not 1 <= version <= newest:
        raise RefusedError("type", f"version {version}; this software knows 1 to {newest}")
    for step in range(version, newest):
        if (kind, step) not in steps:
            raise RefusedError("type", f"nothing leads from version {step} to {step + 1}")
        data = steps[kind, step](data)
    return data
