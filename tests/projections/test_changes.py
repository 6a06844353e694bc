"""Proposed changes: who approved what, what was merged, and when it reached which environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.telling import (
    REPOSITORY,
    Story,
    commit,
    deployed,
    instant,
    only,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = f"{REPOSITORY}#7"


def told(story: Story, what: str, at: str, **data: Any) -> int:  # noqa: ANN401 - JSON
    """Something was said of the proposed change 7."""
    step: dict[str, Any] = {"repository": REPOSITORY, "number": 7} | data
    return story.tell(f"change.{what}", when(at), **step)


def proposed(story: Story, head: str = "b") -> None:
    """Ann proposed it, with the commits a and b."""
    told(
        story, "proposed", "03-02T09:00", author="ann", head=commit(head),
        commits=[{"sha": commit("a"), "authored_at": when("03-01T08:00")}, {"sha": commit("b")}],
    )  # fmt: skip


def reviewed(
    story: Story, by: str, at: str, head: str | None = "b", verdict: str = "approved"
) -> int:
    """Somebody reviewed it."""
    return told(
        story, "reviewed", at, reviewer=by, verdict=verdict,
        reviewed=commit(head) if head else None,
    )  # fmt: skip


def merged(story: Story, at: str = "03-03T10:00", head: str = "b", **more: Any) -> int:  # noqa: ANN401
    """It was merged as m."""
    data = {"merge_commit": commit("m"), "merged_by": "bob", "method": "merge"} | more
    return told(story, "merged", at, author="ann", head=commit(head), merged_at=when(at), **data)


def test_a_change_has_its_reviews_its_merge_and_its_way_to_production(tmp_path: Path) -> None:
    """From the first commit on, with the first deployment of each environment."""
    story = Story()
    pushed(story, "z", "02-27T08:00")
    deployed(story, "d0", "02-28T10:00", "v0", commit=commit("z"))
    deployed(story, "s0", "02-28T09:00", "v0", commit=commit("z"), environment="staging")
    proposed(story)
    review = reviewed(story, "bob", "03-03T08:00")
    merged(story)
    pushed(story, "m", "03-03T10:00", "z", "b")
    pushed(story, "n", "03-03T11:00", "m")
    deployed(story, "s1", "03-03T12:00", "v1", commit=commit("m"), environment="staging")
    deployed(story, "d1", "03-04T10:00", "v2", commit=commit("n"))
    deployed(story, "d2", "03-05T10:00", "v3", commit=commit("n"))
    with window(story, tmp_path) as view:
        found = only(view, "changes")
        ways = {row["environment"]: row for row in view.table("change_deployments").to_pylist()}
        (one,) = view.table("reviews").to_pylist()
    assert found["change_key"] == KEY
    assert (found["state"], found["approval"], found["approvers"]) == (
        "merged", "of its head", ["bob"],
    )  # fmt: skip
    assert (found["author"], found["merged_by"], found["method"]) == ("ann", "bob", "merge")
    assert found["commits"] == [commit("a"), commit("b")]
    assert found["merge_commit"] == commit("m")
    assert found["first_commit_at"] == instant("03-01T08:00")
    assert found["production_at"] == instant("03-04T10:00")
    assert found["production_deployment_key"].endswith(" d1")
    assert (found["review_s"], found["release_s"], found["lead_s"]) == (
        25 * 3600, 24 * 3600, 74 * 3600,
    )  # fmt: skip
    assert found["lines"] == ["shop@production", "shop@staging"]
    assert {place: row["deployment"] for place, row in ways.items()} == {
        "staging": "s1", "production": "d1",
    }  # fmt: skip
    assert ways["staging"]["from_merge_s"] == 2 * 3600
    assert ways["staging"]["commit"] == commit("m")
    assert (one["position"], one["stands"], one["is_of_head"]) == (review, True, True)


def _approval(story: Story, tmp_path: Path) -> tuple[str, list[str]]:
    with window(story, tmp_path) as view:
        found = only(view, "changes")
    return found["approval"], found["approvers"]


def test_an_approval_of_an_earlier_commit_is_not_one_of_what_was_merged(tmp_path: Path) -> None:
    """Something was pushed after it."""
    story = Story()
    proposed(story)
    reviewed(story, "bob", "03-03T08:00", "a")
    merged(story)
    assert _approval(story, tmp_path) == ("of an earlier commit", ["bob"])


def test_an_approval_that_names_no_commit_is_told_as_that(tmp_path: Path) -> None:
    """No guess which one it was."""
    story = Story()
    proposed(story)
    reviewed(story, "bob", "03-03T08:00", None)
    merged(story)
    assert _approval(story, tmp_path) == ("of an unknown commit", ["bob"])


def test_an_approval_by_an_author_or_by_who_pushed_last_is_no_other_s(tmp_path: Path) -> None:
    """Neither Ann, who proposed it, nor Cem, who pushed the last commit, nor a helper."""
    for reviewer, more in (("ann", {}), ("cem", {"last_pusher": "cem"}),
                           ("dee", {"co_authors": ["dee"]})):  # fmt: skip
        story = Story()
        proposed(story)
        told(story, "updated", "03-02T10:00", head=commit("b"), **more)
        reviewed(story, reviewer, "03-03T08:00")
        merged(story)
        assert _approval(story, tmp_path) == ("by whoever made it", [reviewer])


def test_linked_accounts_are_one_person_who_reviews(tmp_path: Path) -> None:
    """An author's other account is the author, and a person's last word counts."""
    ann, bob, second = ("per_" + one * 32 for one in "abc")
    story = Story()
    told(story, "proposed", "03-02T08:00", author=ann, head=commit("b"))
    reviewed(story, bob, "03-03T08:00")
    reviewed(story, second, "03-03T09:00", verdict="changes_requested")
    told(story, "merged", "03-03T10:00", author=ann, head=commit("b"), merge_commit=commit("m"),
         merged_at=when("03-03T10:00"))  # fmt: skip
    assert _approval(story, tmp_path) == ("of its head", [bob])
    for one, other in ((bob, second), (ann, second)):
        story.tell("person.linked", when("03-05T08:00"), person=one, other=other, reason="same",
                   assurance="decided")  # fmt: skip
        with window(story, tmp_path) as view:
            rows = view.table("reviews").to_pylist()
        assert [row["stands"] for row in rows] == [False, True]
        assert {row["by_author"] for row in rows} == {one == ann}


def test_a_review_that_was_dismissed_or_came_late_approves_nothing(tmp_path: Path) -> None:
    """And a comment takes nothing back."""
    story = Story()
    proposed(story)
    reviewed(story, "bob", "03-03T08:00")
    reviewed(story, "bob", "03-03T08:30", verdict="commented")
    reviewed(story, "cem", "03-03T08:00")
    reviewed(story, "cem", "03-03T09:00", verdict="dismissed")
    reviewed(story, "eva", "03-03T09:00", verdict="changes_requested")
    reviewed(story, "dee", "03-03T10:01")
    merged(story)
    with window(story, tmp_path) as view:
        found = only(view, "changes")
    assert (found["approval"], found["approvers"], found["refusers"], found["reviews"]) == (
        "of its head", ["bob"], ["eva"], 6,
    )  # fmt: skip


def test_a_change_without_a_review_says_so(tmp_path: Path) -> None:
    """Merged by its own author."""
    story = Story()
    proposed(story)
    merged(story, merged_by="ann")
    assert _approval(story, tmp_path) == ("none", [])


def test_a_change_that_was_closed_is_abandoned_until_it_is_proposed_again(tmp_path: Path) -> None:
    """By the time at which it was said."""
    story = Story()
    proposed(story)
    told(story, "abandoned", "03-03T09:00")
    with window(story, tmp_path) as view:
        found = only(view, "changes")
        assert (found["state"], found["abandoned_at"]) == ("abandoned", instant("03-03T09:00"))
    told(story, "proposed", "03-04T09:00", head=commit("b"))
    with window(story, tmp_path) as view:
        assert only(view, "changes")["state"] == "open"


def test_a_change_came_only_where_its_landing_is_contained(tmp_path: Path) -> None:
    """Its head is not deployed by a deployment of something before the merge."""
    story = Story()
    pushed(story, "z", "02-27T08:00")
    pushed(story, "m", "03-03T10:00", "z")
    proposed(story)
    merged(story, method="squash", original_commits=[commit("a"), commit("b")])
    deployed(story, "d0", "03-03T11:00", "v0", commit=commit("z"))
    with window(story, tmp_path) as view:
        assert view.table("change_deployments").num_rows == 0
        assert only(view, "changes")["production_at"] is None
    deployed(story, "d1", "03-04T11:00", "v1", commit=commit("m"), outcome="failure", impact=True)
    with window(story, tmp_path) as view:
        assert view.table("change_deployments").num_rows == 0


# What a change is made of and merged as; what was deployed on which day of which service; and what
# it came with where.
WAYS: list[tuple[dict[str, Any], list[tuple[str, int, str]], list[tuple[str, int, str | None]]]] = [
    # What came to the branch is all that counts, where it comes.
    ({"commits": "ab", "merge_commit": "m"}, [("x", 4, "ab"), ("x", 5, "m"), ("y", 6, "m")],
     [("x", 5, "m"), ("y", 6, "m")]),
    # Else all that the change was made of, when the last of that came, whenever it was told.
    ({"commits": "ab", "merge_commit": "m"}, [("x", 6, "a"), ("x", 5, "b"), ("y", 7, "a")],
     [("x", 6, None)]),
    ({"head": "h", "merge_commit": "m"}, [("x", 4, "h")], [("x", 4, None)]),
    ({"commits": "a", "original_commits": "o", "merge_commit": "m"}, [("x", 4, "ao")],
     [("x", 4, None)]),
    # Its last state stands for what came to the branch only where nobody names that.
    ({"commits": "a", "head": "h"}, [("x", 4, "a"), ("x", 5, "h")], [("x", 5, "h")]),
    ({"commits": "a", "head": "h"}, [("x", 4, "a")], []),
    # One that was not merged came nowhere.
    ({"what": "proposed", "commits": "a", "head": "h"}, [("x", 4, "ah")], []),
]  # fmt: skip


def test_a_change_came_to_each_line_with_what_was_merged_or_with_all_of_it(tmp_path: Path) -> None:
    """Nobody told the history of the commits, only which of them were deployed."""
    story, expected = Story(), []
    for number, (more, deployments, came) in enumerate(WAYS):
        names = {one: commit(f"{number} {one}") for one in "abhmo"}
        data: dict[str, Any] = {
            key: names[value] if key in ("head", "merge_commit") else [names[one] for one in value]
            for key, value in more.items() if key != "what"
        }  # fmt: skip
        if "commits" in data:
            data["commits"] = [{"sha": one} for one in data["commits"]]
        story.tell(f"change.{more.get('what', 'merged')}", when("03-03T10:00"), number=number,
                   repository=REPOSITORY, **data)  # fmt: skip
        at = {}
        for service, day, commits in deployments:
            name = f"{service}{number}"
            at[service, day] = deployed(story, f"{name} {day}", f"03-{day:02d}T10:00", service=name,
                                        commits=[names[one] for one in commits])  # fmt: skip
        for service, day, landed in came:
            name = f"{service}{number}"
            expected.append((
                f"{REPOSITORY}#{number}", REPOSITORY, str(number), f"{name}@production", name,
                "production", f"{name} {day}", landed and names[landed], (day - 3) * 86_400,
                [at[service, day]],
            ))  # fmt: skip
    columns = ("change_key", "repository", "number", "line", "service", "environment",
               "deployment", "commit", "from_merge_s", "positions")  # fmt: skip
    with window(story, tmp_path) as view:
        rows = view.table("change_deployments").to_pylist()
    found = [tuple(row[name] for name in columns) for row in rows]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_a_change_belongs_to_the_services_that_are_built_from_its_repository(
    tmp_path: Path,
) -> None:
    """Where it does not say so itself."""
    story = Story()
    proposed(story)
    story.tell(
        "service.registered", when("03-01T08:00"), service="shop",
        repositories=[{"repository": REPOSITORY}],
    )  # fmt: skip
    story.tell(
        "service.registered", when("03-01T08:00"), service="fleet",
        repositories=[{"repository": REPOSITORY, "role": "manifests"}],
    )  # fmt: skip
    with window(story, tmp_path) as view:
        assert only(view, "changes")["services"] == ["shop"]
