"""Which deployment of a line was the first to contain a commit.

For all commits: a walk over their parents, from each deployment's commit back to what an earlier
one of the same line contains already. Each commit is visited once a line, so the whole costs as
much as there are commits and lines that deploy them.
For a few commits: a walk from each of them forward, over what it is a parent of.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA: Final = pa.schema([
    pa.field("line", pa.string()),
    pa.field("repository", pa.string()),
    pa.field("deployment_key", pa.string()),
    pa.field("commit", pa.string()),
    pa.field("is_listed", pa.bool_()),
])  # fmt: skip
"""One row a line and commit: the first deployment that contains it, by its list or its history."""
_FOUND: Final = pa.schema([
    pa.field("commit", pa.string()),
    pa.field("line", pa.string()),
    pa.field("deployment_key", pa.string()),
])  # fmt: skip


def contained(deployment_commits: pa.Table, commit_parents: pa.Table) -> pa.Table:
    """First containing deployment of every commit, by line.

    Args:
        deployment_commits: `line`, `repository`, `deployment_key`, `commit`, `is_listed`: what each
            succeeded deployment deployed, in the order in which they finished, lists first.
        commit_parents: `commit`, `parents` (a list): the known history. A commit that is not in it
            ends the walk there.

    Returns:
        Rows as `SCHEMA` says, in the order of the walk.
    """
    history: dict[str, list[str]] = dict(_rows(commit_parents, "commit", "parents"))
    seen: dict[str, set[str]] = defaultdict(set)
    found: list[tuple[Any, ...]] = []
    for line, repository, key, commit, is_listed in _rows(
        deployment_commits, "line", "repository", "deployment_key", "commit", "is_listed"
    ):
        known = seen[line]
        if is_listed:
            # Credited by the emitter's word; what came before it, its own commit's walk finds.
            if commit not in known:
                known.add(commit)
                found.append((line, repository, key, commit, True))
            continue
        todo = [commit]
        while todo:
            one = todo.pop()
            if one not in known:
                known.add(one)
                found.append((line, repository, key, one, False))
                todo.extend(history.get(one, ()))
    return _table(found, SCHEMA)


def containing(seeds: pa.Table, edges: pa.Table, deployed: pa.Table) -> pa.Table:
    """First deployment of each line that contains one of a few commits.

    Args:
        seeds: `commit`: those that are looked for.
        edges: `commit`, `parents` (a list): the known history.
        deployed: `line`, `deployment_key`, `commit`: what was deployed, in the order in which it
            finished.

    Returns:
        `commit` (of the seeds), `line`, `deployment_key`.
    """
    wanted = dict.fromkeys(one for (one,) in _rows(seeds, "commit"))
    if not wanted:
        return _FOUND.empty_table()
    children: dict[str, list[str]] = defaultdict(list)
    for child, parents in _rows(edges, "commit", "parents"):
        for parent in parents:
            children[parent].append(child)
    came: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for order, (line, key, commit) in enumerate(
        _rows(deployed, "line", "deployment_key", "commit")
    ):
        came[commit].append((order, line, key))
    found = [
        (seed, line, key)
        for seed in wanted
        for line, (_, key) in _first(seed, children, came).items()
    ]
    return _table(found, _FOUND)


def _first(
    seed: str, children: dict[str, list[str]], came: dict[str, list[tuple[int, str, str]]]
) -> dict[str, tuple[int, str]]:
    """The first deployment of a commit or of anything that descends from it, by line."""
    first: dict[str, tuple[int, str]] = {}
    known, todo = {seed}, [seed]
    while todo:
        one = todo.pop()
        for order, line, key in came.get(one, ()):
            if line not in first or order < first[line][0]:
                first[line] = (order, key)
        new = [child for child in children.get(one, ()) if child not in known]
        known.update(new)
        todo += new
    return first


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[] for _ in schema]
    return pa.table([list(column) for column in columns], schema)


def _rows(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)
