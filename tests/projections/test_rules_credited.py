"""Which deployment each change is credited to, and which leave changes untold, row by row: R6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.deploying import CONTROLLER
from tests.projections.telling import BAD, Story, commit, deployed, pushed, when, window

if TYPE_CHECKING:
    from pathlib import Path

Step = tuple[dict[str, Any], str, tuple[int, bool] | None]
"""What is told; the commits that are credited to it; those of them that nobody knows, and whether
nothing is known of what it deployed, if either is so."""

# Commit, its parents, its patch.
COMMITS = [
    ("1", "", None), ("2", "1", None), ("3", "2", None), ("4", "3", None),
    ("w1", "", None), ("w2", "w1", None), ("w3", "2", None),
    ("o1", "1", None), ("o2", "1", None),
    *((name, "1", None) for name in ("squash", "strange", "merge", "proposed")),
    ("t1", "1", "T"), ("t2", "2", "T"), ("u5", "1", "U"), ("u2", "u5", "U"),
    ("v1", "1", "V"), ("v2", "1", "V"),
]  # fmt: skip
CHANGES: list[tuple[str, str, str | None, list[str]]] = [
    ("merged", "squash", "squash", ["o1", "o2", "unknown"]),
    ("merged", "squash", "squash", ["o1"]), ("merged", "squash", "strange", ["unknown"]),
    ("merged", "merge", "merge", ["o1"]), ("proposed", "squash", "proposed", ["o1"]),
    ("merged", "squash", None, ["1"]), ("merged", "squash", "2", []),
]  # fmt: skip
TEST = {"environment": "test"}
API, WEB = {"component": "api", "repository": "r1"}, {"component": "web", "repository": "r2"}


def of(name: str) -> dict[str, Any]:
    """It is of a commit."""
    return {"commit": commit(name)}


def lists(*names: str) -> dict[str, Any]:
    """It lists commits."""
    return {"commits": [commit(name) for name in names]}


FIRST: Step = (of("1"), "", None)
LINES: dict[str, list[Step]] = {
    # What is new in each; what came with a rollback is not credited later either.
    "in order": [FIRST, (of("3"), "2 3", None), (of("1") | {"kind": "rollback"}, "", None),
                 (of("4"), "4", None)],
    "rolled back": [FIRST, (of("3") | {"kind": "rollback"}, "", None), (of("4"), "4", None)],
    # A list says it all, also in the first one, and what is in it besides is of nobody.
    "listed": [(lists("1", "2"), "1 2", None), (of("3"), "3", None)],
    "half listed": [FIRST, (lists("3"), "3", None), (of("4"), "4", None)],
    # Each repository begins by itself.
    "of two": [(API | of("1"), "", None), (API | of("2"), "2", None), (WEB | of("w1"), "", None),
               (WEB | of("w2"), "w2", None)],
    # What both of them lead to is of the one that was there before.
    "of one before": [(API | of("1") | {"at": "10"}, "", None),
                      (API | of("2") | {"at": "11", "also": WEB | of("w3")}, "2", None)],
    # The originals of a squash commit, as far as they are known; each of them once.
    "squashed": [FIRST, (of("squash"), "o1 o2", None)],
    "squashed later": [FIRST, (of("o1"), "o1", None), (of("squash"), "o2", None)],
    "of the unknown": [FIRST, (of("strange"), "strange", None)],
    "merged": [FIRST, (of("merge"), "merge", None)],
    "proposed": [FIRST, (of("proposed"), "proposed", None)],
    # One change is credited where it came first, if there.
    "again": [FIRST, (of("t1"), "t1", None), (of("t2"), "2", None)],
    "too late": [(of("t1"), "", None), (of("t2"), "2", None)],
    "listed twin": [FIRST, (lists("u2"), "u2", None)],
    "both listed": [FIRST, (lists("v1", "v2"), min("v1", "v2", key=commit), None)],
    # Where nobody says what was deployed, or of what is not known.
    "silent": [({}, "", None), ({}, "", (0, True)), ({"kind": "rollback"}, "", None),
               ({"kind": "hotfix"}, "", (0, True)), ({"kind": "redeploy"}, "", None),
               (BAD, "", None), ({"source": CONTROLLER}, "", None), ({}, "", (0, True))],
    "unknown": [FIRST, (of("x"), "", (0, True)), (of("y") | {"repository": "r1"}, "y", (1, True)),
                (lists("3", "4", "z"), "3 4 z", (1, False))],
    "unknown first": [(lists("x"), "x", (1, True)), (of("y"), "y", (1, True))],
    "failed first": [(BAD, "", None), ({}, "", None), ({}, "", (0, True))],
    "told late": [({"at": "12"}, "", (0, True)), ({"at": "11"}, "", None)],
    "at once": [({"at": "12"}, "", None), ({"at": "12"}, "", (0, True))],
    "not in production": [
        (of("1") | TEST, "", None), (of("3") | TEST, "", None), (TEST, "", None),
    ],
}  # fmt: skip


def test_r6_each_change_is_credited_once_and_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    """Line by line; twins by what makes them one."""
    story = Story()
    for name, parents, patch in COMMITS:
        pushed(story, name, "03-01T10:00", *parents.split(), patch_id=patch,
               repository="r2" if name[0] == "w" else "r1")  # fmt: skip
    for number, (what, method, merged, originals) in enumerate(CHANGES):
        story.tell(f"change.{what}", when("03-01T11:00"), repository="r1", number=number,
                   method=method, merge_commit=merged and commit(merged),
                   original_commits=[commit(one) for one in originals])  # fmt: skip
    credited, unresolved = [], {}
    patches = {name: patch for name, _, patch in COMMITS if patch}
    for line, steps in LINES.items():
        for number, (more, commits, untold) in enumerate(steps, 2):
            name, told = f"{line} {number}", dict(more)
            at = f"09T{told.pop('at')}" if "at" in told else f"{number:02d}T10"
            also = told.pop("also", None)
            for one in [told, also] if also else [told]:
                deployed(story, name, f"03-{at}:00", service=line, **one)
            credited += [(name, one, patches.get(one, one)) for one in commits.split()]
            if untold:
                unresolved[name] = untold
    with window(story, tmp_path) as view:
        rows, gaps = (
            view.table(name).to_pylist() for name in ("credited_commits", "unresolved_deployments")
        )
    names = {commit(name): name for name in ("x", "y", "z", *(one for one, *_ in COMMITS))}
    found = [
        (row["deployment_key"].rpartition("acme ")[2], names[row["commit"]],
         names.get(row["change_key"], row["change_key"]))
        for row in rows
    ]  # fmt: skip
    assert sorted(found) == sorted(credited)
    assert all(row["deployment_key"].startswith(row["line"].replace(" ", "%20")) for row in rows)
    left = [
        (row["deployment_key"].rpartition("acme ")[2],
         (row["unknown_commits"], row["is_unresolved"]))
        for row in gaps
    ]  # fmt: skip
    assert sorted(left) == sorted(unresolved.items())
