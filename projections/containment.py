"""Which deployment of a line was the first to contain a commit.

For all commits: a walk over their parents, from each deployment's commit back to what an earlier
one of the same line contains already. Each commit is visited once a line, so the whole costs as
much as there are commits and lines that deploy them. Commits are numbers there: their ids are texts
too long to walk over.
For a few commits: a walk from them forward, over what they are parents of; and back, line by line,
over what that found alone.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
            succeeded deployment deployed, in the order in which they finished. Of what it lists,
            nothing is told by history; but it contains also what lies behind that.
        commit_parents: `commit`, `parents` (a list): the known history, one row a commit. A commit
            that is not in it ends the walk there.

    Returns:
        Rows as `SCHEMA` says.
    """
    ids, roots, parents = _numbered(deployment_commits, commit_parents)
    starts = commit_parents["parents"].combine_chunks().offsets.to_pylist()
    starts += [starts[-1]] * (len(ids) - commit_parents.num_rows)
    # Most commits have one parent: following that takes no list.
    only = [
        parents[first] if after - first == 1 else -1 for first, after in itertools.pairwise(starts)
    ]
    # The line that met a commit last: one mark for each commit is enough, line by line.
    met = [-1] * len(ids)
    rows: list[int] = []
    found: list[int] = []
    listed: list[bool] = []
    for line, deployment, is_listed in _deployments(deployment_commits):
        # Whatever it lists is told by its list, also where its history leads there.
        for row in deployment:
            if is_listed[row] and met[roots[row]] != line:
                met[roots[row]] = line
                rows.append(row)
                found.append(roots[row])
                listed.append(True)
        for row in deployment:
            commit = roots[row]
            todo = parents[starts[commit] : starts[commit + 1]] if is_listed[row] else [commit]
            before = len(found)
            while todo:
                commit = todo.pop()
                while commit >= 0 and met[commit] != line:
                    met[commit] = line
                    found.append(commit)
                    if only[commit] < 0:
                        todo += parents[starts[commit] : starts[commit + 1]]
                    commit = only[commit]
            rows += [row] * (len(found) - before)
            listed += [False] * (len(found) - before)
    taken = pa.array(rows, pa.int64())
    columns = {
        name: deployment_commits[name].take(taken)
        for name in ("line", "repository", "deployment_key")
    }
    columns["commit"] = ids.take(pa.array(found, pa.int64()))
    columns["is_listed"] = pa.array(listed, pa.bool_())
    return pa.table([columns[name] for name in SCHEMA.names], SCHEMA)


def _numbered(
    deployment_commits: pa.Table, commit_parents: pa.Table
) -> tuple[pa.Array, list[int], list[int]]:
    """All ids, those of the known commits first; as numbers, where walks begin and all parents."""
    told = [
        commit_parents["commit"].combine_chunks(),
        deployment_commits["commit"].combine_chunks(),
        commit_parents["parents"].combine_chunks().flatten(),
    ]
    encoded = pa.concat_arrays([one.cast(pa.string()) for one in told]).dictionary_encode()
    known, begins = len(told[0]), len(told[0]) + len(told[1])
    numbers = encoded.indices
    return (
        encoded.dictionary, numbers[known:begins].to_pylist(), numbers[begins:].to_pylist(),
    )  # fmt: skip


def _deployments(
    deployment_commits: pa.Table,
) -> Iterator[tuple[int, list[int], list[bool]]]:
    """Line by line, and in order, the rows of each deployment; and of all rows what is listed."""
    is_listed: list[bool] = deployment_commits["is_listed"].to_pylist()
    keys = _codes(deployment_commits["deployment_key"])
    lines: defaultdict[int, list[int]] = defaultdict(list)
    for row, line in enumerate(_codes(deployment_commits["line"])):
        lines[line].append(row)
    for line, rows in lines.items():
        deployments: defaultdict[int, list[int]] = defaultdict(list)
        for row in rows:
            deployments[keys[row]].append(row)
        for deployment in deployments.values():
            yield line, deployment, is_listed


def _codes(column: pa.ChunkedArray) -> list[int]:
    codes: list[int] = column.combine_chunks().dictionary_encode().indices.to_pylist()
    return codes


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
    wanted = {one for (one,) in _rows(seeds, "commit")}
    parents = dict(_rows(edges, "commit", "parents"))
    after = _descending(wanted, parents)
    lines: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for line, key, commit in _rows(deployed, "line", "deployment_key", "commit"):
        if commit in after:
            lines[line].append((key, commit))
    found = [
        (seed, line, key)
        for line, came in lines.items()
        for seed, key in _first(wanted, came, parents, after)
    ]
    return _table(found, _FOUND)


def _descending(seeds: set[str], parents: dict[str, list[str]]) -> set[str]:
    """These commits and all that descend from any of them."""
    children: dict[str, list[str]] = defaultdict(list)
    for child, told in parents.items():
        for parent in told:
            children[parent].append(child)
    known, todo = set(seeds), list(seeds)
    while todo:
        new = [child for child in children.get(todo.pop(), ()) if child not in known]
        known.update(new)
        todo += new
    return known


def _first(
    seeds: set[str], came: list[tuple[str, str]], parents: dict[str, list[str]], after: set[str]
) -> Iterator[tuple[str, str]]:
    """The first deployment of a line that contains each: one walk back, as far as they are."""
    met: set[str] = set()
    missing = len(seeds)
    for key, commit in came:
        todo = [commit]
        while todo and missing:
            one = todo.pop()
            if one in met or one not in after:
                continue
            met.add(one)
            if one in seeds:
                missing -= 1
                yield one, key
            todo += parents.get(one, ())


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[] for _ in schema]
    return pa.table([list(column) for column in columns], schema)


def _rows(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)
