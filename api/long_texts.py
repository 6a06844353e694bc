"""Texts that people wrote, as long as an event may carry them.

Who writes a long description must not hide what happened by it: the sealed original keeps it whole.
"""

from __future__ import annotations

from typing import Any, Final

from domain.events.fields import MAX_TEXT
from domain.events.marks import EACH, VALUES, Path, marked

MAX_TEXTS: Final = 150_000
"""Characters of all texts of an event, and one of each beyond; escaped it stays below its limit."""


def shortened(kind: str, data: dict[str, Any]) -> Any:  # noqa: ANN401 - as it came
    """Data whose texts have no NUL and may be carried; it is not changed itself.

    Args:
        kind: a stored type, without version.
        data: of a reading.
    """
    left = MAX_TEXTS

    def cut(value: Any, path: Path) -> Any:  # noqa: ANN401 - JSON
        nonlocal left
        if not path and isinstance(value, str):
            # That something was written is told of each.
            kept = value.replace("\0", "")[: max(1, min(MAX_TEXT, left))]
            left -= len(kept)
            return kept
        step, rest = path[:1], path[1:]
        if step == (EACH,) and isinstance(value, list):
            return [cut(one, rest) for one in value]
        if isinstance(value, dict) and step:
            names = value if step == (VALUES,) else step
            return value | {name: cut(value[name], rest) for name in names if name in value}
        return value

    for path in marked(kind).texts:
        data = cut(data, path)
    return data
