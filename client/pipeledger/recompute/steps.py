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

_PICKED = pa.schema([pa.field("part", pa.string()), pa.field("change_key", pa.string())])

_CONTAINING = pa.schema([
    pa.field("commit", pa.string()), pa.field("line", pa.string()),
    pa.field("deployment_key", pa.string()),
])  # fmt: skip


def contained(deployed: pa.Table, history: pa.Table) -> pa.Table:
    """The first deployment of each line that contains a commit.

    A deployment contains what it lists, its own commits, and all that these descend from.
    Deployments come in the order in which they ended, so what a line met once is never credited
    again. What a deployment lists is told as listed, wherever its history leads.

    Args:
        deployed: line, repository, deployment_key, commit, is_listed.
        history: commit and the list of its parents.
    """
    parents = dict(zip(history["commit"].to_pylist(), history["parents"].to_pylist(), strict=True))
    met: set[tuple[str, str]] = set()
    told: list[dict[str, object]] = []
    deployments: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in deployed.select(_CONTAINED.names).to_pylist():
        deployments.setdefault((row["line"], row["deployment_key"]), []).append(row)
    for (line, _), rows in deployments.items():
        # Listed ones are met first, then walked through like the others.
        for row in (one for one in rows if one["is_listed"]):
            if (line, row["commit"]) not in met:
                met.add((line, str(row["commit"])))
                told.append(row)
        for row in rows:
            first = str(row["commit"])
            waiting = deque(parents.get(first) or () if row["is_listed"] else [first])
            while waiting:
                commit = waiting.pop()
                if (line, commit) not in met:
                    met.add((line, commit))
                    told.append(row | {"commit": commit, "is_listed": False})
                    waiting.extend(parents.get(commit) or ())
    return pa.Table.from_pylist(told, _CONTAINED)


def picked(links: pa.Table) -> pa.Table:
    """What commits or patches that are the same change are told by: the least of their names.

    Args:
        links: one, other: two that are the same.
    """
    beside: dict[str, set[str]] = {}
    for link in links.select(["one", "other"]).to_pylist():
        beside.setdefault(link["one"], set()).add(link["other"])
        beside.setdefault(link["other"], set()).add(link["one"])
    group: dict[str, str] = {}
    # From the least name on, so that the first one to reach a part is what its group is told by.
    for least in sorted(beside):
        waiting = deque([least])
        while waiting:
            part = waiting.pop()
            if part not in group:
                group[part] = least
                waiting.extend(beside[part])
    rows = [{"part": part, "change_key": least} for part, least in group.items()]
    return pa.Table.from_pylist(rows, _PICKED)


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


STEPS: dict[str, Callable[..., pa.Table]] = {
    "contained": contained, "containing": containing, "picked": picked,
}  # fmt: skip
"""By the name of the function that a definition calls."""
