"""What deployments brought, and which of them are on a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.projections.story import Story
from tests.projections.telling import REPOSITORY, artifact, commit, deployed, impaired, pushed, when
from tests.projections.tracing import DIGEST, SEEN, hop, traced

if TYPE_CHECKING:
    from pathlib import Path


def test_a_commit_came_with_the_first_deployment_whose_history_has_it(tmp_path: Path) -> None:
    """That is known by the parents that were told, so it is asserted, and says by what."""
    story = Story()
    for name, parents in (("z", ()), ("a", ("z",)), ("b", ("a",)), ("c", ("b",))):
        pushed(story, name, "03-01T08:00", *parents, **SEEN)
    for name, at, source in (("d0", "03-01T10:00", "z"), ("d1", "03-02T10:00", "b"),
                             ("d2", "03-03T10:00", "c")):  # fmt: skip
        deployed(story, name, at, f"of {source}", commit=commit(source), **SEEN)
    found = hop(traced(story, commit("a"), tmp_path), "deployment", "production")
    assert found.state == "asserted"
    assert [(one.id, one.tie, one.tied_to) for one in found.items] == [
        ("d1", "contains", commit("a"))
    ]


def test_a_deployment_brings_the_changes_that_no_earlier_one_of_its_line_had(
    tmp_path: Path,
) -> None:
    """Not only that of the commit it was built of."""
    story = Story()
    for name, parents in (("z", ()), ("a", ("z",)), ("b", ("a",)), ("c", ("b",))):
        pushed(story, name, "03-01T08:00", *parents)
        if name != "z":
            story.tell(
                "change.merged", when("03-01T09:00"), repository=REPOSITORY,
                number=ord(name), head=commit(name), merge_commit=commit(name),
            )  # fmt: skip
    deployed(story, "d0", "03-01T10:00", commit=commit("z"))
    deployed(story, "d1", "03-02T10:00", commit=commit("b"))
    deployed(story, "d2", "03-03T10:00", commit=commit("c"))
    for name, numbers in (("d0", []), ("d1", ["97", "98"]), ("d2", ["99"])):
        found = hop(traced(story, name, tmp_path), "change").items
        assert [str(one.id).rpartition("#")[2] for one in found] == numbers


def test_a_deployment_that_lists_its_commits_brought_no_others(tmp_path: Path) -> None:
    """And another repository that comes to a line has a baseline of its own."""
    story = Story()
    lib = "https://code.example/acme/lib"
    for name, parents, where in (("z", (), REPOSITORY), ("a", ("z",), REPOSITORY),
                                 ("b", ("a",), REPOSITORY), ("k", (), lib),
                                 ("l", ("k",), lib)):  # fmt: skip
        pushed(story, name, "03-01T08:00", *parents, repository=where)
        story.tell("change.merged", when("03-01T09:00"), repository=where, number=ord(name),
                   head=commit(name), merge_commit=commit(name))  # fmt: skip
    deployed(story, "d0", "03-01T10:00", commit=commit("z"))
    deployed(story, "d1", "03-02T10:00", commits=[commit("b")])
    deployed(story, "d2", "03-03T10:00", commit=commit("l"), repository=lib)
    for name, numbers in (("d1", ["98"]), ("d2", ["108"])):
        found = hop(traced(story, name, tmp_path), "change").items
        assert [str(one.id).rpartition("#")[2] for one in found] == numbers


def test_a_deployment_that_did_not_end_or_changed_nothing_is_on_its_line(tmp_path: Path) -> None:
    """It is no deployment that holds, and is found by its id all the same."""
    story = Story()
    story.tell("build.finished", when("03-02T10:00"), **SEEN, service="shop", outcome="success",
               commit=commit("a"), artifact=artifact("v1"))  # fmt: skip
    story.tell("deployment.started", when("03-02T11:00"), **SEEN, deployment="d1", service="shop",
               environment="production", artifact=artifact("v1"))  # fmt: skip
    deployed(story, "d2", "03-02T12:00", "v1", outcome="cancelled")
    for what in ("d1", "d2", DIGEST):
        trace = traced(story, what, tmp_path)
        found = hop(trace, "deployment", "production")
        assert found.state == "missing"
        assert [(one.id, one.outcome, one.tie) for one in found.items] == [
            ("d1", "begun", "artifact"), ("d2", "cancelled", "artifact"),
        ]  # fmt: skip
        assert hop(trace, "build").state == "proved"


def test_a_recovery_says_how_long_it_took_where_somebody_says_when_it_began(tmp_path: Path) -> None:
    """Of the other one nothing, not zero."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1", **SEEN)
    impaired(story, "a", "03-02T11:00", restored="03-02T12:00", caused_by="d1")
    story.tell("incident.resolved", when("03-02T13:00"), incident="b", service="shop",
               environment="production", resolved_at=when("03-02T13:00"))  # fmt: skip
    story.tell("incident.assessed", when("03-03T10:00"), incident="b", caused_by="d1")
    found = hop(traced(story, "d1", tmp_path), "recovery").items
    assert [(one.id, one.facts) for one in found] == [("a", ["impaired_s=3600.0"]), ("b", [])]
