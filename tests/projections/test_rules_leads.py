"""Every lead time of one ledger as a whole row, from each of the three times a change may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.projections.telling import (
    REPOSITORY,
    Story,
    commit,
    deployed,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

    from projections.engine import View

WEB = "https://code.example/acme/web"


class History(NamedTuple):
    """A ledger, and the positions of what it was told."""

    story: Story
    positions: dict[str, int]


@pytest.fixture(scope="module")
def history() -> History:
    """Commits that tell all times or few of them, merges, twins, and paths of a second service."""
    story, at = Story(), dict[str, int]()
    for name, authored, more in COMMITS:
        at[name] = pushed(story, name, authored, **more)
    pushed(story, "joins", "03-04T00:00", "x", "y")
    tell_merges(story, at)
    tell_paths(story, at)
    at["d"] = deployed(
        story,
        "d",
        "03-10T00:00",
        "d",
        commits=[commit(one) for one in (*DEPLOYED, "joins", "other")],
    )
    return History(story, at)


COMMITS: list[tuple[str, str, dict[str, Any]]] = [
    ("all", "03-04T00:00", {"committed_at": when("03-04T12:00")}),
    ("late", "03-05T00:00", {"authored_at": None, "committed_at": when("03-04T12:00")}),
    ("bare", "03-05T00:00", {"authored_at": None}),
    ("now", "03-10T00:00", {}),
    ("young", "03-10T00:00:01", {}),
    *((name, "03-04T00:00", {}) for name in ("own", "original", "merged", "head", "listed")),
    *((name, "03-04T00:00", {}) for name in ("undated", "stray")),
    # Two that are one change; the first of them was not deployed.
    ("twin", "03-02T00:00", {"committed_at": when("03-03T12:00"), "patch_id": "p"}),
    ("twin too", "03-04T00:00", {"committed_at": when("03-04T12:00"), "patch_id": "p"}),
    ("late twin", "03-05T00:00",
     {"authored_at": None, "committed_at": when("03-02T00:00"), "patch_id": "q"}),
    ("late twin too", "03-05T00:00",
     {"authored_at": None, "committed_at": when("03-04T12:00"), "patch_id": "q"}),
    ("bare twin", "03-02T00:00", {"authored_at": None, "patch_id": "r"}),
    ("bare twin too", "03-05T00:00", {"authored_at": None, "patch_id": "r"}),
    ("even", "03-04T00:00", {"patch_id": "s"}),
    ("even too", "03-04T00:00", {"patch_id": "s"}),
]  # fmt: skip
DEPLOYED = [
    name for name, *_ in COMMITS if name not in ("twin", "late twin", "bare twin", "even")
]  # fmt: skip


def tell_merges(story: Story, at: dict[str, int]) -> None:
    """Changes that were merged, of which each names a commit in another way."""

    def change(what: str, number: int, time: str, **more: Any) -> int:  # noqa: ANN401 - JSON
        return story.tell(f"change.{what}", when(time), number=number, repository=REPOSITORY,
                          **more)  # fmt: skip

    change("proposed", 1, "03-05T01:00", head=commit("head"))
    at["later"] = change("merged", 2, "03-08T00:00", merge_commit=commit("elsewhere"),
                         commits=[{"sha": commit("own")}])  # fmt: skip
    at["merge"] = change(
        "merged", 1, "03-06T00:00", merged_at=when("03-05T18:00"), merge_commit=commit("merged"),
        head=commit("head"), commits=[{"sha": commit("own")}],
        original_commits=[commit("original")],
    )  # fmt: skip
    for after, name in (("merged", "listed"), ("nowhere", "stray")):
        story.tell("ref.updated", when("03-06T01:00"), repository=REPOSITORY,
                   ref="refs/heads/main", before=commit("old"), after=commit(after),
                   commits=[{"sha": commit(name)}])  # fmt: skip
    at["at once"] = change("merged", 3, "03-07T00:00", merge_commit=commit("undated"))
    at["first"] = change("merged", 4, "03-06T00:00", merge_commit=commit("twin"))


def rows_of(view: View, line: str) -> dict[str, dict[str, Any]]:
    """The lead times of a line by the names of the commits."""
    names = {commit(name): name for name, *_ in (*COMMITS, *PATHS)}
    rows = [row for row in view.table("lead_times").to_pylist() if row["line"] == line]
    found = {names[row["commit"]]: row for row in rows}
    assert len(found) == len(rows)
    return found


DAY = 86_400
# By the time that is asked for: where the change's time is from, days before its end, who tells it.
EXPECTED: dict[str, dict[str, tuple[str, float | None, str | None]]] = {
    "authored": {
        "all": ("authored", 6, None), "late": ("committed", 5.5, None), "bare": ("told", 5, None),
        "now": ("authored", 0, None), "young": ("authored", -1 / DAY, None),
        **dict.fromkeys(
            ("own", "original", "merged", "head", "listed", "undated", "stray", "even too",
             "other"),
            ("authored", 6, None),
        ),
        "twin too": ("authored", 8, "twin"), "late twin too": ("committed", 8, "late twin"),
        "bare twin too": ("told", 8, "bare twin"),
    },
    "committed": {
        "all": ("committed", 5.5, None), "late": ("committed", 5.5, None),
        "bare": ("told", 5, None), "now": ("told", 0, None), "young": ("told", -1 / DAY, None),
        **dict.fromkeys(
            ("own", "original", "merged", "head", "listed", "undated", "stray", "even too",
             "other"),
            ("told", 6, None),
        ),
        "twin too": ("committed", 6.5, "twin"), "late twin too": ("committed", 8, "late twin"),
        "bare twin too": ("told", 8, "bare twin"),
    },
    "merged": {
        **dict.fromkeys(
            ("all", "late", "bare", "now", "young", "stray", "late twin too", "bare twin too",
             "even too", "other"),
            ("merged", None, None),
        ),
        **dict.fromkeys(("own", "original", "merged", "head", "listed"),
                        ("merged", 4.25, "merge")),
        "undated": ("merged", 3, "at once"), "twin too": ("merged", 4, "first"),
    },
}  # fmt: skip


@pytest.mark.parametrize("basis", list(EXPECTED))
def test_r6_each_change_tells_from_when_it_is_and_who_says_so(
    history: History, tmp_path: Path, basis: str
) -> None:
    """All that a row says, of those that are deployed and no merge commits."""
    at = history.positions
    with window(history.story, tmp_path, commit_time_basis=basis) as view:
        rows = rows_of(view, "shop@production")
    assert {
        name: (row["time_of"], row["lead_s"], row["is_anomaly"], row["path_filter"],
               row["positions"])
        for name, row in rows.items()
    } == {
        name: (time_of, days and days * DAY, name == "young" and basis != "merged", False,
               [at[name], *([at[teller]] if teller else []), at["d"]])
        for name, (time_of, days, teller) in EXPECTED[basis].items()
    }  # fmt: skip


PATHS: list[tuple[str, str, list[str] | None]] = [
    # Commit, repository, paths that it touches.
    ("a", REPOSITORY, ["a/x"]), ("b", REPOSITORY, ["b", "z"]), ("other", REPOSITORY, ["z"]),
    ("near", REPOSITORY, ["ab/x"]), ("silent", REPOSITORY, None), ("none", REPOSITORY, []),
    ("web", WEB, ["z"]), ("dot", f"{WEB}/1", ["z"]), ("star", f"{WEB}/2", ["z"]),
    ("stars", f"{WEB}/3", ["z"]), ("empty", f"{WEB}/4", ["z"]),
    ("early c", REPOSITORY, ["c"]), ("then a", REPOSITORY, ["a/x"]), ("then c", REPOSITORY, ["c"]),
]  # fmt: skip


def tell_paths(story: Story, at: dict[str, int]) -> None:
    """A service with paths in some repositories, and other ones from the twelfth on."""
    for day, repositories in (
        (1, [{"repository": REPOSITORY, "paths": ["a"]},
             {"repository": REPOSITORY, "paths": ["./b/"]},
             {"repository": WEB}, {"repository": f"{WEB}/1", "paths": ["."]},
             {"repository": f"{WEB}/2", "paths": ["*"]},
             {"repository": f"{WEB}/3", "paths": ["**"]},
             {"repository": f"{WEB}/4", "paths": []}]),
        (12, [{"repository": REPOSITORY, "paths": ["c"]}]),
    ):  # fmt: skip
        story.tell("service.registered", when(f"03-{day:02d}T00:00"), service="pay",
                   repositories=repositories)  # fmt: skip
    for name, repository, paths in PATHS:
        at[name] = pushed(story, name, "03-04T00:00", repository=repository, paths=paths)
    for day, then in ((10, False), (12, True)):
        names = [name for name, *_ in PATHS if name.startswith("then") is then]
        deployed(story, f"p{day}", f"03-{day}T00:00", f"p{day}", service="pay",
                 commits=[commit(name) for name in names])  # fmt: skip


def test_r6_what_a_service_registers_of_a_repository_is_all_of_it_that_counts(
    history: History, tmp_path: Path
) -> None:
    """While it holds, where a commit tells its paths; each repository has its own."""
    with window(history.story, tmp_path) as view:
        rows = rows_of(view, "pay@production")
    assert {name: row["path_filter"] for name, row in rows.items()} == dict.fromkeys(
        ("a", "b", "dot", "star", "stars", "then c"), True
    ) | dict.fromkeys(("silent", "none", "web", "empty"), False)
