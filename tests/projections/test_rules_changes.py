"""Which change is credited to which deployment, and what is no observation: rule R6.

One rule, case by case, so it is long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    REPOSITORY,
    Story,
    artifact,
    commit,
    deployed,
    only,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

    from projections.engine import View

MANIFESTS = "https://code.example/acme/manifests"


def chain(*names: str) -> Story:
    """Commits that stand one after the other, an hour apart from midnight of the first of March."""
    story = Story()
    for number, name in enumerate(names):
        pushed(story, name, f"03-01T{number:02d}:00", *names[max(0, number - 1) : number])
    return story


def ships(story: Story, name: str, day: int, sha: str | None = None, **more: Any) -> None:  # noqa: ANN401
    """A deployment of a commit succeeded at midnight of a day."""
    data: dict[str, Any] = {"commit": commit(sha) if sha else None, "repository": REPOSITORY}
    deployed(story, name, f"03-{day:02d}T00:00", **data | more)


def credits(view: View, line: str = "shop@production") -> dict[str, str]:  # noqa: A001 - the word
    """The deployment that each commit is credited to."""
    names = {commit(one): one for one in (*"abcdefghimnopqrst", "s1", "s2", "old", "new")}
    return {
        names[row["commit"]]: row["deployment_key"].rpartition(" ")[2]
        for row in view.table("lead_times").to_pylist()
        if row["line"] == line
    }


def test_r6_the_first_success_is_a_baseline(tmp_path: Path) -> None:
    """What it contains was deployed at an unknown time."""
    story = chain("a", "b", "c")
    ships(story, "d1", 2, "b")
    ships(story, "d2", 3, "c")
    with window(story, tmp_path) as view:
        assert credits(view) == {"c": "d2"}
        assert only(view, "dora")["unresolved"] == 0


def test_r6_a_baseline_is_one_of_its_line_and_repository(tmp_path: Path) -> None:
    """Another repository that comes to a line has one of its own."""
    story = chain("a", "b")
    other = "https://code.example/acme/lib"
    pushed(story, "m", "03-01T00:00", repository=other)
    pushed(story, "n", "03-01T01:00", "m", repository=other)
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "m", repository=other)
    ships(story, "d3", 4, "n", repository=other)
    ships(story, "d4", 5, "b")
    with window(story, tmp_path) as view:
        assert credits(view) == {"n": "d3", "b": "d4"}


def test_r6_a_failed_attempt_s_commits_go_to_the_next_success(tmp_path: Path) -> None:
    """And none is credited twice."""
    story = chain("a", "b", "c")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "b", outcome="failure", impact=True)
    ships(story, "d3", 4, "c")
    ships(story, "d4", 5, "b", kind="rollback")
    ships(story, "d5", 6, "c")
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d3", "c": "d3"}


def test_r6_a_rollback_credits_nothing_and_nothing_that_it_brought_comes_later(
    tmp_path: Path,
) -> None:
    """The first success that contains a commit is the rollback itself."""
    story = chain("a", "b", "c")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "b", kind="rollback")
    ships(story, "d3", 4, "c")
    with window(story, tmp_path) as view:
        assert credits(view) == {"c": "d3"}


def test_r6_what_is_listed_is_the_change_set(tmp_path: Path) -> None:
    """Nothing else of its history; and later ones bring what neither the list nor that contains."""
    story = chain("a", "b", "c", "d", "e", "f")
    ships(story, "d1", 2, "a", commits=[commit("a")])
    ships(story, "d2", 3, None, commits=[commit("d"), commit("c")])
    ships(story, "d3", 4, "f")
    with window(story, tmp_path) as view:
        assert credits(view) == {"a": "d1", "c": "d2", "d": "d2", "e": "d3", "f": "d3"}


def test_r6_a_build_says_where_an_artifact_comes_from(tmp_path: Path) -> None:
    """Before the commit that the deployment itself tells, and before what others repeat."""
    story = chain("a", "b", "c")
    for name in "abc":
        story.tell("attestation.verified", when("03-01T05:00"), artifact=artifact(name),
                   outcome="success", commit=commit("a"), repository=REPOSITORY,
                   predicate_type="https://slsa.dev/provenance/v1")  # fmt: skip
        story.tell("build.finished", when("03-01T06:00"), artifact=artifact(name),
                   outcome="success", commit=commit(name), repository=REPOSITORY)  # fmt: skip
    for day, name in enumerate("abc", 2):
        ships(story, f"d{day}", day, "c", artifact=artifact(name))
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d3", "c": "d4"}


def test_r6_a_repository_of_manifests_has_no_changes_of_its_own(tmp_path: Path) -> None:
    """Only what the artifact was built from counts."""
    story = chain("a", "b")
    story.tell("service.registered", when("03-01T00:00"), service="shop", repositories=[
        {"repository": MANIFESTS, "role": "manifests"}, {"repository": REPOSITORY},
    ])  # fmt: skip
    for number, name in enumerate("mno"):
        pushed(story, name, f"03-01T0{number}:00", repository=MANIFESTS)
    for day, (name, built) in enumerate((("m", "a"), ("n", "b"), ("o", None)), 2):
        if built:
            story.tell("build.finished", when("03-01T06:00"), artifact=artifact(built),
                       outcome="success", commit=commit(built), repository=REPOSITORY)  # fmt: skip
        ships(story, f"d{day}", day, name, repository=MANIFESTS,
              artifact=artifact(built) if built else None)  # fmt: skip
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d3"}
        row = only(view, "deployments", deployment="d2")
        assert (row["repository"], row["repositories"]) == (MANIFESTS, [REPOSITORY])


def test_r6_a_commit_is_of_the_repository_that_its_own_report_or_its_push_names(
    tmp_path: Path,
) -> None:
    """Not of one that another component is made from, nor of the deployment's."""
    story = chain("a", "b")
    other = "https://code.example/acme/web"
    for day, name in enumerate("ab", 2):
        ships(story, f"d{day}", day, name, component="api")
        ships(story, f"d{day}", day, None, component="web", repository=other)
    with window(story, tmp_path) as view:
        rows = view.table("deployed_commits").to_pylist()
        assert [(row["repository"], row["commit"]) for row in rows] == [
            (REPOSITORY, commit("a")), (REPOSITORY, commit("b")),
        ]  # fmt: skip
        assert credits(view) == {"b": "d3"}


def test_r6_each_component_is_told_by_its_own_list_build_or_commit(tmp_path: Path) -> None:
    """What tells the changes of one is no word on those of another."""
    story = chain("a", "b", "c")
    other = "https://code.example/acme/web"
    for name, parents in (("m", ()), ("n", ("m",)), ("o", ("n",))):
        pushed(story, name, "03-01T00:00", *parents, repository=other)
    for name in "ab":
        story.tell("build.finished", when("03-01T06:00"), artifact=artifact(name),
                   outcome="success", commit=commit(name), repository=REPOSITORY)  # fmt: skip
    for day, (built, stated) in enumerate((("a", "m"), ("b", "n")), 2):
        deployed(story, f"d{day}", f"03-0{day}T00:00", built, component="api")
        ships(story, f"d{day}", day, stated, component="web", repository=other)
    ships(story, "d4", 4, None, component="api", commits=[commit("c")])
    ships(story, "d4", 4, "o", component="web", repository=other)
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d3", "n": "d3", "c": "d4", "o": "d4"}


def test_r6_a_build_that_names_no_repository_is_not_of_the_manifests(tmp_path: Path) -> None:
    """Its commit says where it is from."""
    story = chain("a", "b")
    story.tell("service.registered", when("03-01T00:00"), service="shop",
               repositories=[{"repository": MANIFESTS, "role": "manifests"}])  # fmt: skip
    for day, name in enumerate("ab", 2):
        story.tell("build.finished", when("03-01T06:00"), artifact=artifact(name),
                   outcome="success", commit=commit(name))  # fmt: skip
        ships(story, f"d{day}", day, None, repository=MANIFESTS, artifact=artifact(name))
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d3"}


def test_r6_a_build_s_commit_is_not_of_the_repository_of_another_build(tmp_path: Path) -> None:
    """Two builds that claim one artifact are a contradiction; what each tells stays together."""
    story = chain("a", "b")
    pushed(story, "m", "03-01T00:00", repository="https://code.example/acme/web")
    for name, repository in (("m", None), ("a", REPOSITORY)):
        story.tell("build.finished", when("03-01T06:00"), artifact=artifact("x"),
                   outcome="success", commit=commit(name), repository=repository)  # fmt: skip
    ships(story, "d2", 2, None, artifact=artifact("x"))
    ships(story, "d3", 3, "b")
    with window(story, tmp_path) as view:
        assert credits(view) == {}


@pytest.mark.parametrize("other", ["https://a.example/fork", "https://z.example/fork"])
def test_r6_a_commit_of_two_repositories_is_credited_where_one_was_deployed_before(
    other: str, tmp_path: Path
) -> None:
    """Whatever they are called: the baseline of a fork hides nothing of the repository."""
    story = chain("a", "b")
    ships(story, "d2", 2, "a")
    for component, repository in (("api", other), ("web", REPOSITORY)):
        ships(story, "d3", 3, "b", component=component, repository=repository)
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d3"}


def test_r6_merge_commits_are_no_changes(tmp_path: Path) -> None:
    """By their parents, or as the change says that was merged."""
    story = chain("a")
    pushed(story, "b", "03-01T05:00", "a")
    pushed(story, "m", "03-01T06:00", "a", "b")
    pushed(story, "n", "03-01T07:00", "m")
    story.tell("change.merged", when("03-01T07:00"), number=7, repository=REPOSITORY,
               merge_commit=commit("n"), method="merge")  # fmt: skip
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "n")
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d2"}


PUSH: dict[str, Any] = {"repository": REPOSITORY, "ref": "refs/heads/main"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"forced": False}, {"b": "d2", "c": "d2"}), ({"protected": True}, {"b": "d2", "c": "d2"}),
        # Nobody says that what was there before is still in it.
        ({}, {"b": "d2", "c": "d2"}), ({"forced": True}, {"b": "d2", "c": "d2"}),
    ],
)  # fmt: skip
def test_r6_what_a_push_brought_is_contained_in_what_the_branch_moved_to(
    tmp_path: Path, more: dict[str, Any], expected: dict[str, str]
) -> None:
    """Code hosts tell no parents."""
    story = Story()
    for number, name in enumerate("abc"):
        pushed(story, name, f"03-01T0{number}:00")
    story.tell("ref.updated", when("03-01T04:00"), before=commit("a"), after=commit("c"),
               commits=[{"sha": commit("b")}, {"sha": commit("c")}], **PUSH, **more)  # fmt: skip
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "c")
    with window(story, tmp_path) as view:
        assert credits(view) == expected


@pytest.mark.parametrize(
    ("more", "met"),
    [({"forced": False}, True), ({"protected": True}, True), ({}, False), ({"forced": True}, False),
     ({"forced": True, "protected": True}, False), ({"forced": False, "created": True}, False)],
)  # fmt: skip
def test_r6_what_a_branch_moved_from_is_contained_unless_it_was_forced(
    tmp_path: Path, more: dict[str, Any], *, met: bool
) -> None:
    """Two pushes, one deployment after both."""
    story = Story()
    for number, name in enumerate("abc"):
        pushed(story, name, f"03-01T0{number}:00")
    for before, after in ("ab", "bc"):
        story.tell("ref.updated", when("03-01T04:00"), before=commit(before), after=commit(after),
                   commits=[{"sha": commit(after)}], **PUSH, **more)  # fmt: skip
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "c")
    with window(story, tmp_path) as view:
        assert credits(view) == ({"b": "d2", "c": "d2"} if met else {"c": "d2"})


def test_r6_a_merge_is_told_by_its_change_where_nobody_tells_parents(tmp_path: Path) -> None:
    """The change's own commits stayed, so the merge commit only joins them."""
    story = Story()
    for number, name in enumerate("abm"):
        pushed(story, name, f"03-01T0{number}:00")
    story.tell("change.merged", when("03-01T03:00"), number=7, repository=REPOSITORY,
               merge_commit=commit("m"), head=commit("b"))  # fmt: skip
    story.tell("ref.updated", when("03-01T04:00"), before=commit("a"), after=commit("m"),
               commits=[{"sha": commit(one)} for one in "bm"], forced=False, **PUSH)  # fmt: skip
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "m")
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d2"}


@pytest.mark.parametrize(
    ("known", "expected"), [(["s1", "s2"], {"s1", "s2"}), (["s1"], {"s1"}), ([], {"m"})]
)
def test_r6_a_squash_commit_stands_for_the_commits_of_its_change(
    tmp_path: Path, known: list[str], expected: set[str]
) -> None:
    """As far as they are known."""
    story = chain("a", "m")
    story.tell(
        "change.merged", when("03-01T03:00"), number=7, repository=REPOSITORY,
        merge_commit=commit("m"), method="squash",
        original_commits=[commit("s1"), commit("s2")],
        commits=[{"sha": commit(one), "authored_at": when("03-01T00:30")} for one in known],
    )  # fmt: skip
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "m")
    with window(story, tmp_path) as view:
        assert credits(view) == dict.fromkeys(expected, "d2")
        if known:
            row = only(view, "lead_times", commit=commit("s1"))
            assert row["lead_s"] == 47.5 * 3600


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"patch_id": "p"}, {"patch_id": "p"}), ({}, {"cherry_picked_from": commit("old")}),
        ({"patch_id": "p"}, {"patch_id": "q", "cherry_picked_from": commit("old")}),
    ],
)  # fmt: skip
def test_r6_the_same_change_again_counts_once_from_its_earliest_time(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Of one patch, or picked from one another, whatever their patches became."""
    story = chain("a")
    pushed(story, "old", "03-01T06:00", "a", **first)
    pushed(story, "new", "03-01T12:00", "a", **second)
    pushed(story, "m", "03-01T13:00", "new", "old")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "new")
    ships(story, "d3", 4, "m")
    with window(story, tmp_path) as view:
        row = only(view, "lead_times")
    assert row["deployment_key"].endswith(" d2")
    assert row["lead_s"] == (24 + 18) * 3600


def test_r6_picks_of_picks_are_one_change(tmp_path: Path) -> None:
    """Also where the first of them is not known."""
    story = chain("a")
    pushed(story, "b", "03-01T06:00", "a", cherry_picked_from=commit("nowhere"))
    pushed(story, "c", "03-01T07:00", "b", cherry_picked_from=commit("b"))
    pushed(story, "d", "03-01T08:00", "c", cherry_picked_from=commit("c"), patch_id="p")
    pushed(story, "e", "03-01T09:00", "d", patch_id="p")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "e")
    with window(story, tmp_path) as view:
        assert view.table("lead_times").num_rows == 1


def test_r6_a_change_that_a_baseline_contains_is_not_new_when_it_is_picked(tmp_path: Path) -> None:
    """It reached production at an unknown time."""
    story = chain("a", "b")
    pushed(story, "c", "03-01T06:00", "b", cherry_picked_from=commit("a"))
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "c")
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d2"}


@pytest.mark.parametrize(
    ("paths", "touched", "counts"),
    [
        (["shop"], ["shop/x.py"], True), (["shop/"], ["pay/x", "shop/x"], True),
        (["shop/**"], ["shop/a/b"], True), (["./shop/*"], ["shop/a"], True),
        (["shop"], ["shopping/x"], False), (["shop"], ["pay/x"], False), (["shop"], None, True),
        (["shop/x.py"], ["shop/x.py"], True), (["."], ["pay/x"], True),
    ],
)  # fmt: skip
def test_r6_only_what_touches_a_service_s_paths_is_its_change(
    tmp_path: Path, paths: list[str], touched: list[str] | None, *, counts: bool
) -> None:
    """Where both are told."""
    story = chain("a")
    story.tell("service.registered", when("03-01T00:00"), service="shop",
               repositories=[{"repository": REPOSITORY, "paths": paths}])  # fmt: skip
    pushed(story, "b", "03-01T06:00", "a", paths=touched)
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "b")
    with window(story, tmp_path) as view:
        assert credits(view) == ({"b": "d2"} if counts else {})
        if counts:
            assert only(view, "dora")["path_filter"] == ("applied" if touched else "none")


@pytest.mark.parametrize(
    ("basis", "hours", "time_of"),
    [("authored", 24, "authored"), ("committed", 22, "committed"), ("merged", 20, "merged")],
)
def test_r6_a_change_begins_when_the_basis_says(
    tmp_path: Path, basis: str, hours: int, time_of: str
) -> None:
    """Authored, committed, or merged."""
    story = chain("a")
    pushed(story, "b", "03-02T00:00", "a", committed_at=when("03-02T02:00"))
    story.tell("change.merged", when("03-02T05:00"), number=7, repository=REPOSITORY,
               merge_commit=commit("b"), merged_at=when("03-02T04:00"))  # fmt: skip
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "b")
    with window(story, tmp_path, commit_time_basis=basis) as view:
        row = only(view, "lead_times")
    assert (row["lead_s"], row["time_of"]) == (hours * 3600, time_of)


def test_r6_what_the_push_of_a_merge_lists_was_merged_with_it(tmp_path: Path) -> None:
    """Code hosts list no commits in a merged change; its head is one of them at least."""
    story = Story()
    for name in "abch":
        pushed(story, name, "03-01T00:00")
    story.tell("change.merged", when("03-02T04:00"), number=7, repository=REPOSITORY,
               merge_commit=commit("m"), head=commit("h"), method="merge")  # fmt: skip
    story.tell("ref.updated", when("03-02T05:00"), before=commit("a"), after=commit("m"),
               forced=False, commits=[{"sha": commit(one)} for one in "bcm"], **PUSH)  # fmt: skip
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, None, commits=[commit(one) for one in "bch"])
    with window(story, tmp_path, commit_time_basis="merged") as view:
        told = {row["commit"]: row["lead_s"] for row in view.table("lead_times").to_pylist()}
    assert told == {commit(one): 20 * 3600 for one in "bch"}


def test_r6_a_commit_without_the_time_wanted_is_no_observation_and_is_said(tmp_path: Path) -> None:
    """What was pushed without a change was never merged."""
    story = chain("a", "b")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "b")
    with window(story, tmp_path, commit_time_basis="merged") as view:
        assert only(view, "dora")["lead_n"] == 0
        assert only(view, "window_gaps")["gap"] == "commits without a time"


def test_r6_a_change_from_after_its_deployment_is_an_anomaly(tmp_path: Path) -> None:
    """A clock was wrong; it is counted apart."""
    story = chain("a", "b")
    pushed(story, "c", "03-09T00:00", "b")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "c")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["lead_n"], dora["negative_lead_times"]) == (1, 1)


def test_r6_what_cannot_be_resolved_is_counted(tmp_path: Path) -> None:
    """A deployment that says nothing; one whose commits are not known; a history with a gap."""
    story = chain("a")
    pushed(story, "c", "03-01T06:00", "b")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3)
    ships(story, "d3", 4, "q")
    ships(story, "d4", 5, "c")
    with window(story, tmp_path) as view:
        assert credits(view) == {"c": "d4"}
        assert only(view, "dora")["unresolved"] == 2
        rows = view.table("window_gaps").to_pylist()
    assert {(row["gap"], row["items"]) for row in rows} == {
        ("unresolved changes", 2), ("unknown commits", 2),
    }  # fmt: skip


def test_r6_a_commit_told_again_keeps_what_was_known_of_it(tmp_path: Path) -> None:
    """Parents from one teller, an earlier time from another."""
    story = Story()
    pushed(story, "a", "03-01T00:00")
    pushed(story, "b", "03-01T05:00", "a")
    pushed(story, "b", "03-01T04:00")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "b")
    with window(story, tmp_path) as view:
        assert only(view, "lead_times")["lead_s"] == 44 * 3600


# Crediting and chaining, as an independent tool's cases have them, told anew


def test_chaining_goes_from_success_to_success_of_the_same_line(tmp_path: Path) -> None:
    """Failures are passed over; other environments and services chain apart."""
    story = chain(*"abcdefg")
    ships(story, "p1", 2, "a")
    ships(story, "s1", 3, "c", environment="staging")
    ships(story, "p2", 4, "c", outcome="failure", impact=False)
    ships(story, "p2", 5, "c", attempt=2)
    ships(story, "x1", 5, "b", service="pay")
    ships(story, "p3", 6, "d", outcome="failure", impact=False)
    ships(story, "p4", 7, "f")
    ships(story, "x2", 8, "g", service="pay")
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "p2", "c": "p2", "d": "p4", "e": "p4", "f": "p4"}
        assert credits(view, "pay@production") == dict.fromkeys("cdefg", "x2")


def test_crediting_walks_every_branch_that_a_merge_brought(tmp_path: Path) -> None:
    """A side branch from before the last deployment comes with the merge."""
    story = chain("a", "b", "c")
    pushed(story, "s", "03-01T05:00", "a")
    pushed(story, "t", "03-01T06:00", "s")
    pushed(story, "m", "03-01T07:00", "c", "t")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "b")
    ships(story, "d3", 4, "m")
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d2", "c": "d3", "s": "d3", "t": "d3"}


def test_crediting_does_not_wait_for_a_change_merged_after_its_deployment(tmp_path: Path) -> None:
    """A branch's own commit was deployed from the branch; its merge brings nothing new."""
    story = chain("a", "b", "c")
    pushed(story, "m", "03-04T12:00", "a", "c")
    ships(story, "d1", 2, "a")
    ships(story, "d2", 3, "c")
    ships(story, "d3", 5, "m")
    with window(story, tmp_path) as view:
        assert credits(view) == {"b": "d2", "c": "d2"}
