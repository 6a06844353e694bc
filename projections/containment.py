"""Which deployment of a line was the first to contain a commit.

A walk over the commits' parents, from each deployment's commit back to what an earlier one of the
same line contains already: each commit is visited once a line, so the whole costs as much as there
are commits and lines that deploy them.
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
    found: list[tuple[str, str, str, str, bool]] = []
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
    columns = zip(*found, strict=True) if found else [[] for _ in SCHEMA]
    return pa.table([list(column) for column in columns], SCHEMA)


def _rows(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)
