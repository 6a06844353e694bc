"""Our own implementation of the steps: what SQL cannot say without walking from row to row."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable

_CONTAINED = pa.schema([
    pa.field("line", pa.string()), pa.field("repository", pa.string()),
    pa.field("deployment_key", pa.string()), pa.field("commit", pa.string()),
    pa.field("is_listed", pa.bool_()),
])  # fmt: skip


def contained(deployed: pa.Table, history: pa.Table) -> pa.Table:
    """The first deployment of each line that contains a commit.

    A deployment contains what it lists, and all that its own commit descends from. Deployments come
    in the order in which they ended, so what a line met once is never credited again; a commit
    that is only listed hides what lies behind it, until something else leads there.

    Args:
        deployed: line, repository, deployment_key, commit, is_listed.
        history: commit and the list of its parents.
    """
    parents = dict(zip(history["commit"].to_pylist(), history["parents"].to_pylist(), strict=True))
    met: set[tuple[str, str]] = set()
    rows: dict[str, list[object]] = {name: [] for name in _CONTAINED.names}
    for row in deployed.select(_CONTAINED.names).to_pylist():
        waiting = deque([row["commit"]])
        while waiting:
            commit = waiting.popleft()
            if (row["line"], commit) in met:
                continue
            met.add((row["line"], commit))
            for name, column in rows.items():
                column.append(commit if name == "commit" else row[name])
            if not row["is_listed"]:
                waiting.extend(parents.get(commit) or ())
    return pa.table([pa.array(rows[one.name], one.type) for one in _CONTAINED], _CONTAINED)


STEPS: dict[str, Callable[..., pa.Table]] = {"contained": contained}
"""By the name of the function that a definition calls."""
