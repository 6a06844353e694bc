"""The line of a shop from a change to its recovery, and looking at lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.trace import Hop, Trace, trace_of
from tests.projections.story import Story
from tests.projections.telling import (
    REPOSITORY,
    artifact,
    commit,
    deployed,
    impaired,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path


DIGEST = artifact("v1")["digest"]


SEEN: dict[str, Any] = {"assurance": "observed"}


CHANGE: dict[str, Any] = {"repository": REPOSITORY, "number": 7}


def proposed(story: Story, **more: Any) -> None:  # noqa: ANN401 - JSON
    """Ann's change 7 of the commit a, approved by Bob, merged as m; the code host told of it."""
    data = CHANGE | {"author": "ann", "head": commit("a")} | more
    story.tell("change.proposed", when("03-02T09:00"), **SEEN, **data)
    story.tell(
        "change.reviewed", when("03-02T10:00"), **SEEN, **data, reviewer="bob",
        verdict="approved", reviewed=commit("a"),
    )  # fmt: skip
    story.tell(
        "change.merged", when("03-02T11:00"), **SEEN, **data, merged_by="ann",
        merge_commit=commit("m"), merged_at=when("03-02T11:00"),
    )  # fmt: skip


def built(story: Story) -> None:
    """The artifact v1 was built of m, tested, scanned and described."""
    one: dict[str, Any] = {"service": "shop", "artifact": artifact("v1")}
    story.tell("build.finished", when("03-02T11:10"), **SEEN, **one, outcome="success",
               commit=commit("m"), repository=REPOSITORY)  # fmt: skip
    story.tell("tests.finished", when("03-02T11:20"), outcome="success", commit=commit("m"),
               kind="unit", counts={"passed": 5})  # fmt: skip
    story.tell("scan.finished", when("03-02T11:30"), **one, outcome="success", kind="sca")
    story.tell("artifact.described", when("03-02T11:40"), **one, kind="sbom")


def delivered(story: Story) -> None:
    """It was approved and went to staging and production."""
    story.tell(
        "approval.granted", when("03-02T12:00"), assurance="decided", approval="apr-1",
        approver="cem", subjects=[{"kind": "artifact", "digest": DIGEST}],
        environments=["production"],
    )  # fmt: skip
    deployed(story, "s1", "03-02T12:10", "v1", environment="staging", commit=commit("m"))
    deployed(story, "d1", "03-02T13:00", "v1", commit=commit("m"), **SEEN, ticket="OPS-1")


def shop() -> Story:
    """A shop before change 7, and its line until it broke and was rolled back."""
    story = Story()
    pushed(story, "z", "02-27T08:00")
    deployed(story, "d0", "02-28T10:00", "v0", commit=commit("z"))
    pushed(story, "a", "03-01T08:00", "z", **SEEN)
    proposed(story)
    pushed(story, "m", "03-02T11:00", "z", "a", **SEEN)
    built(story)
    delivered(story)
    impaired(story, "i1", "03-02T13:30", restored="03-02T14:10", caused_by="d1")
    deployed(story, "d2", "03-02T14:00", "v0", kind="rollback", rolls_back="d1")
    return story


def traced(story: Story, what: str, folder: Path) -> Trace:
    """The line of it."""
    with window(story, folder) as view:
        return trace_of(view, what)


def hop(trace: Trace, name: str, environment: str | None = None) -> Hop:
    """The one hop of this name and environment."""
    (found,) = [
        one for one in trace.hops if one.name == name and one.environment == environment
    ]  # fmt: skip
    return found


def states(trace: Trace) -> dict[str, str]:
    """Of each hop."""
    return {
        one.name + (f" {one.environment}" if one.environment else ""): one.state
        for one in trace.hops
    }  # fmt: skip
