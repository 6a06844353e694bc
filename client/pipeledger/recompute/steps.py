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

_CONTAINING = pa.schema([
    pa.field("commit", pa.string()), pa.field("line", pa.string()),
    pa.field("deployment_key", pa.string()),
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


def containing(seeds: pa.Table, history: pa.Table, deployed: pa.Table) -> pa.Table:
    """The first deployment of each line that contains one of a few commits.

    Args:
        seeds: commit.
        history: commit and the list of its parents.
        deployed: line, deployment_key, commit, in the order in which they ended.
    """
    made_of: dict[str, list[str]] = {}
    for commit, parents in zip(
        history["commit"].to_pylist(), history["parents"].to_pylist(), strict=True
    ):
        for parent in parents or ():
            made_of.setdefault(parent, []).append(commit)
    rows: list[dict[str, str]] = []
    came = deployed.select(["line", "deployment_key", "commit"]).to_pylist()
    for seed in dict.fromkeys(seeds["commit"].to_pylist()):
        holders = {seed}
        waiting = deque(holders)
        while waiting:
            later = [one for one in made_of.get(waiting.popleft(), ()) if one not in holders]
            holders.update(later)
            waiting.extend(later)
        reached: set[str] = set()
        for row in came:
            if row["commit"] in holders and row["line"] not in reached:
                reached.add(row["line"])
                rows.append(row | {"commit": seed})
    return pa.Table.from_pylist(rows, _CONTAINING)


STEPS: dict[str, Callable[..., pa.Table]] = {"contained": contained, "containing": containing}
"""By the name of the function that a definition calls."""
