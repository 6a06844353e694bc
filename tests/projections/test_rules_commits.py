"""What is known of commits as whole rows: their history, which are one change, which only join."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.story import SOURCE, viewing
from tests.projections.telling import Story, commit, instant, when

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = ("commits", "push_edges", "commit_parents", "pick_links", "twin_commits", "merge_commits")
ALL: dict[str, Any] = {
    "parents": [commit("p")], "authored_at": when("03-02T10:00"),
    "committed_at": when("03-03T10:00"), "patch_id": "patch all", "paths": ["a"],
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """All that is said of a history, and the tables that are made of it."""
    story = Story()
    tell_commits(story)
    tell_pushes(story)
    tell_picks(story)
    tell_merges(story)
    with viewing(story, tmp_path_factory.mktemp("told")) as view:
        return {name: view.table(name) for name in TABLES}


def pushed(story: Story, name: str, at: str, repository: str = "r1", **more: Any) -> int:  # noqa: ANN401
    """A commit was pushed, of which nobody says when it was made."""
    return story.tell("commit.pushed", when(at), commit=commit(name), repository=repository, **more)


def tell_commits(story: Story) -> None:
    """Commits that are told once, of a change alone, and several times."""
    pushed(story, "once", "03-05T10:00", cherry_picked_from=commit("x"), **ALL)
    entries = [{"sha": commit("of a change")} | ALL, {"sha": commit("bare")}, {"paths": ["b"]}]
    change = {"source": SOURCE, "time": when("03-05T10:00"),
              "data": {"repository": "r2", "number": 1, "commits": entries}}  # fmt: skip
    story.put("change.proposed", json.dumps(change).encode())
    # Of the same thing the first word holds; times are the earliest, parents the most.
    again: list[tuple[str, str, dict[str, Any]]] = [
        ("03-06T10:00", "r1", {"parents": [commit("p")], "paths": [], "committed_at": "05"}),
        ("03-05T10:00", "r2", {
            "parents": [commit("p"), commit("q")], "paths": ["b"], "patch_id": "patch z",
            "cherry_picked_from": commit("z"), "authored_at": "04", "committed_at": "04",
        }),
        ("03-07T10:00", "r3", {
            "parents": [], "paths": ["c"], "patch_id": "patch a", "authored_at": "03",
            "cherry_picked_from": commit("a"), "committed_at": "06",
        }),
    ]  # fmt: skip
    for at, repository, more in again:
        times = {key: when(f"03-{more[key]}T10:00") for key in more if key.endswith("_at")}
        pushed(story, "again", at, repository, **more | times)
    # Of no commit; and one that is told twice.
    nameless: dict[str, Any] = {"commits": [{"paths": ["b"]}]}
    for kind, told in (("commit.pushed", {}), ("change.proposed", nameless)) * 2:
        story.put(kind, json.dumps({"source": SOURCE, "data": told}).encode())
    for at in ("03-05T10:00", "03-06T10:00"):
        pushed(story, "twice told", at)


def test_each_known_commit_is_one_row_of_all_that_was_told_of_it(
    told: dict[str, pa.Table],
) -> None:
    """However often and by whomever."""
    columns = ("position", "repository", "parents", "authored_at", "committed_at", "told_at",
               "patch_id", "cherry_picked_from", "paths")  # fmt: skip
    rows = told["commits"].to_pylist()
    found = {row["commit"]: tuple(row[name] for name in columns) for row in rows}
    assert len(found) == len(rows)
    expected: dict[str, tuple[Any, ...]] = {
        "once": (
            1, "r1", [commit("p")], instant("03-02T10:00"), instant("03-03T10:00"),
            instant("03-05T10:00"), "patch all", commit("x"), ["a"],
        ),
        "of a change": (
            2, "r2", [commit("p")], instant("03-02T10:00"), instant("03-03T10:00"), None,
            "patch all", None, ["a"],
        ),
        "bare": (2, "r2", [], None, None, None, None, None, None),
        "again": (
            3, "r1", [commit("p"), commit("q")], instant("03-03T10:00"), instant("03-04T10:00"),
            instant("03-05T10:00"), "patch z", commit("z"), ["b"],
        ),
        "twice told": (10, "r1", [], None, None, instant("03-05T10:00"), None, None, None),
    }  # fmt: skip
    assert {name: found[commit(name)] for name in expected} == expected


# Where a branch moved from and to, with which commits; what the commit that it came to contains.
MOVES: list[tuple[str, dict[str, Any]]] = [
    ("plain", {"before": "b", "commits": ["c", "plain"], "forced": False}),
    ("silent", {"before": "b", "commits": ["c"]}),
    ("protected", {"before": "b", "protected": True}),
    ("unprotected", {"before": "b", "commits": ["c"], "protected": False}),
    ("forced", {"before": "b", "commits": ["c"], "forced": True, "protected": True}),
    ("created", {"before": "b", "commits": ["c"], "forced": False, "created": True}),
    ("not created", {"before": "b", "forced": False, "created": False}),
    ("deleted", {"before": "b", "commits": ["c"], "forced": False, "deleted": True}),
    ("not deleted", {"before": "b", "forced": False, "deleted": False}),
    ("alone", {"before": "alone", "commits": ["alone"], "forced": False}),
    ("twice", {"before": "b", "commits": ["c"], "forced": False}),
    ("twice", {"before": "d", "commits": ["c", "e"], "forced": False}),
    ("two", {"before": "b", "forced": False}),
    ("two", {"before": "d", "forced": False, "in": "r2"}),
    ("known", {"before": "b", "forced": False}),
]  # fmt: skip
EDGES = {
    ("r1", "plain"): "bc", ("r1", "silent"): "c", ("r1", "protected"): "b",
    ("r1", "unprotected"): "c", ("r1", "forced"): "c", ("r1", "created"): "c",
    ("r1", "not created"): "b", ("r1", "not deleted"): "b", ("r1", "twice"): "bcde",
    ("r1", "two"): "b", ("r2", "two"): "d", ("r1", "known"): "b",
}  # fmt: skip


def tell_pushes(story: Story) -> None:
    """Branches move."""
    for after, more in MOVES:
        data = more | {"before": commit(more["before"])}
        if "commits" in more:
            data["commits"] = [{"sha": commit(one)} for one in more["commits"]]
        story.tell("ref.updated", when("03-05T10:00"), repository=data.pop("in", "r1"),
                   ref="refs/heads/main", after=commit(after), **data)  # fmt: skip
    pushed(story, "known", "03-05T10:00", parents=[commit("b"), commit("f")])


def test_r6_each_commit_that_a_branch_came_to_contains_what_the_push_says(
    told: dict[str, pa.Table],
) -> None:
    """Beside its parents, where these are told."""
    names = {commit(name): name for name, _ in MOVES}
    rows = [row for row in told["push_edges"].to_pylist() if row["commit"] in names]
    assert {
        (row["repository"], names[row["commit"]]): sorted(row["parents"]) for row in rows
    } == {key: sorted(map(commit, parents)) for key, parents in EDGES.items()}  # fmt: skip
    assert len(rows) == len(EDGES)
    history: dict[str, set[str]] = {"once": {"p"}, "of a change": {"p"}, "again": {"p", "q"}}
    for (_, name), parents in EDGES.items():
        history.setdefault(name, set()).update(parents)
    history["known"].add("f")
    rows = told["commit_parents"].to_pylist()
    found = {row["commit"]: sorted(row["parents"]) for row in rows}
    assert len(found) == len(rows)
    assert {name: found[commit(name)] for name in history} == {
        name: sorted(map(commit, parents)) for name, parents in history.items()
    }
    assert not {commit(name) for name in ("bare", "alone", "deleted")} & found.keys()


def tell_picks(story: Story) -> None:
    """Commits of one patch, and others that were picked from one another."""
    picks: list[tuple[str, str | None, str | None]] = [
        # Commit, patch, what it was picked from.
        ("a1", "A", None), ("a2", "A", None), ("b1", "B", None), ("c1", None, None),
        ("c2", None, "c1"), ("d1", "D", None), ("d2", "E", "d1"), ("e1", None, "nowhere"),
        ("f1", "F", None), ("f2", "F", None), ("f3", "G", "f1"), ("g1", None, None),
        ("h1", "H", None), ("h2", "H", None),
    ]  # fmt: skip
    for name, patch, origin in picks:
        pushed(story, name, "03-08T10:00", patch_id=patch,
               cherry_picked_from=origin and commit(origin))  # fmt: skip


def test_r6_commits_of_one_patch_or_picked_from_one_another_are_one_change(
    told: dict[str, pa.Table],
) -> None:
    """And no others are."""
    links = {(row["one"], row["other"]) for row in told["pick_links"].to_pylist()}
    expected = {(commit("c2"), commit("c1")), ("E", "D"), (commit("e1"), commit("nowhere")),
                ("G", "F")}  # fmt: skip
    assert {pair for pair in links if not pair[0].startswith("patch ")} == expected
    changes: dict[str, set[str]] = {}
    names = {commit(f"{letter}{number}"): f"{letter}{number}"
             for letter in "abcdefgh" for number in range(1, 4)}  # fmt: skip
    rows = [row for row in told["twin_commits"].to_pylist() if row["commit"] in names]
    for row in rows:
        changes.setdefault(row["change_key"], set()).add(names[row["commit"]])
    assert sorted(map(sorted, changes.values())) == [
        ["a1", "a2"], ["c1", "c2"], ["d1", "d2"], ["e1"], ["f1", "f2", "f3"], ["h1", "h2"],
    ]  # fmt: skip
    known = {row["commit"]: row for row in told["commits"].to_pylist()}
    for row in rows:
        told_of = {name: known[row["commit"]][name] for name in row if name != "change_key"}
        assert row | told_of == row


# Of a change: what became of it, how, its head; whether the branch came to what it was merged with,
# and what that contains.
MERGED: dict[str, tuple[str, str | None, str, bool, list[str], bool]] = {
    "by the button": ("merged", "merge", "h", False, [], True),
    "by both": ("merged", "merge", "h", False, ["g", "h"], True),
    "proposed": ("proposed", "merge", "h", True, ["h"], False),
    "squashed": ("merged", "squash", "h", True, ["h"], False),
    "rebased": ("merged", "rebase", "h", True, ["h"], True),
    "untold": ("merged", None, "h", True, ["g", "h"], True),
    "not pushed": ("merged", None, "h", False, ["h"], False),
    "without it": ("merged", None, "h", True, ["g"], False),
    "fast": ("merged", None, "fast", True, ["g"], False),
    "joined": ("pushed", None, "", False, ["g", "h"], True),
    "straight": ("pushed", None, "", False, ["g"], False),
}  # fmt: skip


def tell_merges(story: Story) -> None:
    """Changes that were merged or not, and what the branch came to."""
    for number, (name, (what, method, head, moved, parents, _)) in enumerate(MERGED.items(), 10):
        if what != "pushed":
            story.tell(f"change.{what}", when("03-09T10:00"), repository="r1", number=number,
                       method=method, head=commit(head), merge_commit=commit(name))  # fmt: skip
        if moved:
            commits = [{"sha": commit(one)} for one in parents]
            story.tell("ref.updated", when("03-09T10:00"), repository="r1", ref="refs/heads/main",
                       after=commit(name), commits=commits)  # fmt: skip
        else:
            pushed(story, name, "03-09T10:00", parents=[commit(one) for one in parents])
    story.tell("change.merged", when("03-09T10:00"), repository="r1", number=9, method="merge",
               head=commit("h"))  # fmt: skip


def test_r6_what_only_joins_other_commits_is_no_change(told: dict[str, pa.Table]) -> None:
    """By its parents, by how it was merged, or since it contains the change's own."""
    found = [row["commit"] for row in told["merge_commits"].to_pylist()]
    assert len(set(found)) == len(found)
    assert {*found} == {commit(name) for name, row in MERGED.items() if row[-1]} | {
        commit("again"), commit("known"),
    }  # fmt: skip
