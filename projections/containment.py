"""Which deployment of a line was the first to contain a commit.

A walk over the commits' parents, from each deployment's commit back to what an earlier one of the
same line contains already: each commit is visited once a line and repository, so the whole costs
as much as there are commits.
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
])  # fmt: skip
"""One row a commit and line: the first deployment that contains it."""


def contained(deployment_commits: pa.Table, commit_parents: pa.Table) -> pa.Table:
    """First containing deployment of every commit, by line and repository.

    Args:
        deployment_commits: `line`, `repository`, `deployment_key`, `commit`: what each succeeded
            deployment deployed, in the order in which they finished.
        commit_parents: `repository`, `commit`, `parents` (a list): the known history. A commit
            that is not in it ends the walk there.

    Returns:
        Rows as `SCHEMA` says, in the order of the walk.
    """
    histories: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for repository, commit, parents in _rows(commit_parents, "repository", "commit", "parents"):
        histories[repository][commit] = parents or []
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    found: dict[str, list[str]] = {name: [] for name in SCHEMA.names}
    for line, repository, key, commit in _rows(
        deployment_commits, "line", "repository", "deployment_key", "commit"
    ):
        history, known = histories[repository], seen[line, repository]
        todo = [commit]
        while todo:
            one = todo.pop()
            if one in known:
                continue
            known.add(one)
            for name, value in zip(SCHEMA.names, (line, repository, key, one), strict=True):
                found[name].append(value)
            todo.extend(history.get(one, ()))
    return pa.table(found, SCHEMA)


def _rows(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)
