"""Which commits are one change because they were picked from one another.

Links between two of them make groups; a group has the least of its members' names.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

SCHEMA: Final = pa.schema([pa.field("part", pa.string()), pa.field("change_key", pa.string())])
"""One row a patch or commit that is linked with another: what stands for all of its group."""


def picked(pick_links: pa.Table) -> pa.Table:
    """The groups that links make.

    Args:
        pick_links: `one`, `other`: two that are the same.

    Returns:
        Rows as `SCHEMA` says.
    """
    above: dict[str, str] = {}

    def top(part: str) -> str:
        while (upper := above.setdefault(part, part)) != part:
            above[part] = above[upper]
            part = upper
        return part

    for one, other in zip(
        pick_links["one"].to_pylist(), pick_links["other"].to_pylist(), strict=True
    ):
        low, high = sorted((top(one), top(other)))
        above[high] = low
    parts = list(above)
    return pa.table([parts, [top(part) for part in parts]], SCHEMA)
