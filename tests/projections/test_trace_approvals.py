"""Reviews and approvals of a line, and when they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.story import Story
from tests.projections.telling import artifact, commit, deployed, pushed, when
from tests.projections.tracing import CHANGE, DIGEST, SEEN, hop, traced

if TYPE_CHECKING:
    from pathlib import Path


def test_an_approval_of_an_earlier_commit_or_by_the_author_does_not_hold(tmp_path: Path) -> None:
    """The review is missing, and what was found stays listed."""
    for reviewer, head in (("ann", "a"), ("bob", "x")):
        story = Story()
        pushed(story, "a", "03-01T08:00", **SEEN)
        data = CHANGE | {"author": "ann", "head": commit("a")}
        story.tell("change.reviewed", when("03-02T10:00"), **SEEN, **data, reviewer=reviewer,
                   verdict="approved", reviewed=commit(head))  # fmt: skip
        story.tell("change.merged", when("03-02T11:00"), **SEEN, **data, merge_commit=commit("a"),
                   merged_at=when("03-02T11:00"))  # fmt: skip
        found = hop(traced(story, commit("a"), tmp_path), "review")
        assert (found.state, len(found.items)) == ("missing", 1)
        assert found.gap is not None
        assert "reviewed=COMMIT" in found.gap.run


def test_an_approval_for_another_environment_does_not_let_it_into_production(
    tmp_path: Path,
) -> None:
    """It is listed, and missing for production."""
    story = Story()
    deployed(story, "d1", "03-02T13:00", "v1")
    story.tell(
        "approval.granted", when("03-02T12:00"), assurance="decided", approval="apr-1",
        subjects=[{"kind": "artifact", "digest": DIGEST}], environments=["staging"],
    )  # fmt: skip
    found = hop(traced(story, "d1", tmp_path), "approval")
    assert (found.state, len(found.items)) == ("missing", 1)
    assert found.gap is not None
    assert "production" in found.gap.why


def test_an_approval_that_is_proved_for_one_environment_is_not_for_another(
    tmp_path: Path,
) -> None:
    """Neither staging's nor another production's."""
    for others in (["staging"], ["prod-us"]):
        story = Story()
        deployed(story, "d1", "03-02T13:00", "v1", environment=others[0])
        deployed(story, "d2", "03-02T14:00", "v1")
        proved: dict[str, Any] = {
            "assurance": "decided", "subjects": [{"kind": "artifact", "digest": DIGEST}],
        }  # fmt: skip
        story.tell("approval.granted", when("03-02T12:00"), **proved, approval="apr-1",
                   environments=others)  # fmt: skip
        story.tell("approval.reported", when("03-02T12:30"), approval="2", verdict="approved",
                   environment="production", artifact=artifact("v1"))  # fmt: skip
        assert hop(traced(story, DIGEST, tmp_path), "approval").state == "asserted"
        story.tell("approval.granted", when("03-02T12:40"), **proved, approval="apr-3",
                   environments=["production"])  # fmt: skip
        assert hop(traced(story, DIGEST, tmp_path), "approval").state == "proved"


@pytest.mark.parametrize(
    ("more", "shown", "state"),
    [
        ({"deployment": None, "artifact": artifact("w1")}, 0, "missing"),
        ({"deployment": None}, 1, "asserted"),
        ({"commit": None}, 1, "asserted"),
        ({"commit": None, "source": "https://other.example"}, 0, "missing"),
        ({"until": "03-02T12:30"}, 1, "missing"),
        ({"until": "03-02T13:30"}, 1, "asserted"),
    ],
)
def test_an_approval_is_of_the_line_that_it_is_bound_to_while_it_held(
    tmp_path: Path, more: dict[str, Any], shown: int, state: str
) -> None:
    """Not of another artifact of its commit, nor of another source's deployment."""
    story = Story()
    data: dict[str, Any] = {
        "approval": "1", "verdict": "approved", "environment": "production", "deployment": "d1",
        "commit": commit("a"),
    } | more  # fmt: skip
    until = data.pop("until", None)
    story.tell("build.finished", when("03-02T11:00"), outcome="success", commit=commit("a"),
               artifact=artifact("v1"))  # fmt: skip
    story.tell("approval.reported", when("03-02T12:00"), **data)
    if until:
        story.tell("approval.reported", when(until), **data | {"verdict": "withdrawn"})
    deployed(story, "d1", "03-02T13:00", "v1", commit=commit("a"))
    found = hop(traced(story, DIGEST, tmp_path), "approval")
    assert (len(found.items), found.state) == (shown, state)
