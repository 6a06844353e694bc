"""The line of a commit, digest, deployment, change or ticket, hop by hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFoundError
from projections.following import history_of
from projections.trace import HOPS, MOST, answer, trace_of
from tests.projections.story import Story
from tests.projections.telling import REPOSITORY, artifact, commit, deployed, pushed, when, window
from tests.projections.tracing import DIGEST, SEEN, hop, shop, states, traced
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from pathlib import Path

    from store.ledger.ledger import Ledger


@pytest.fixture
def story() -> Story:
    """The shop."""
    return shop()


WHOLE = {
    "ticket": "none", "commit": "proved", "change": "proved", "review": "proved",
    "build": "proved", "tests": "asserted", "scans": "asserted", "artifact": "asserted",
    "approval": "proved", "deployment staging": "asserted", "deployment production": "proved",
    "incident": "asserted", "recovery": "asserted",
}  # fmt: skip


@pytest.mark.parametrize(
    "what", [commit("m"), DIGEST, "d1", "shop@production https://ci.example/acme d1",
             f"{REPOSITORY}#7", "OPS-1", commit("a"), commit("m")[:9]],
)  # fmt: skip
def test_the_line_is_the_same_from_wherever_it_is_asked_for(
    story: Story, what: str, tmp_path: Path
) -> None:
    """From a commit forward, from a deployment back."""
    trace = traced(story, what, tmp_path)
    found = states(trace)
    # What was deployed after the commit of a change is known by the history that was told of it.
    assert found == WHOLE
    assert (trace.line.service, trace.line.repository) == ("shop", REPOSITORY)
    assert (trace.line.commit, trace.line.artifact) == (commit("m"), DIGEST)
    assert [one.id for one in hop(trace, "deployment", "production").items] == ["d1"]
    assert [one.id for one in hop(trace, "incident").items] == ["i1"]
    assert [one.id for one in hop(trace, "recovery").items] == ["d2", "i1"]


def test_each_hop_names_the_events_behind_it_and_what_ties_them(
    story: Story, tmp_path: Path
) -> None:
    """Positions that anybody can look up."""
    trace = traced(story, DIGEST, tmp_path)
    (review,) = hop(trace, "review").items
    assert (review.person, review.outcome, review.tie) == ("bob", "approved", "commit")
    assert (review.tied_to, review.state, review.positions) == (commit("a"), "proved", [5])
    (build,) = hop(trace, "build").items
    assert (build.tie, build.tied_to, build.positions) == ("artifact", DIGEST, [8])
    assert f"commit={commit('m')}" in build.facts
    (tests,) = hop(trace, "tests").items
    assert (tests.tie, tests.tied_to, tests.state) == ("commit", commit("m"), "asserted")
    assert "passed=5" in tests.facts
    (approval,) = hop(trace, "approval").items
    assert (approval.id, approval.person, approval.tie) == ("apr-1", "cem", "artifact")
    (incident,) = hop(trace, "incident").items
    assert (incident.tie, incident.tied_to) == ("deployment", "d1")


def test_what_is_told_says_why_something_is_only_asserted(story: Story, tmp_path: Path) -> None:
    """All of it as JSON values, hop by hop."""
    told = traced(story, commit("m"), tmp_path).told()
    assert told["asked"] == {
        "word": commit("m"), "found": [{"kind": "commit", "value": commit("m")}],
    }  # fmt: skip
    assert list(dict.fromkeys(one["hop"] for one in told["hops"])) == list(HOPS)
    items = {item["id"]: item for one in told["hops"] for item in one["items"]}
    assert "not authenticated" in items["s1"]["why"]
    assert "why" not in items["d1"]
    assert items["d1"]["happened_at"] == "2026-03-02T13:00:00Z"


def test_the_ticket_that_a_commit_of_the_line_names_is_on_it(tmp_path: Path) -> None:
    """Whoever asks by the commit, too."""
    story = Story()
    story.tell("ticket.opened", when("03-01T07:00"), key="SHOP-1", system="jira")
    pushed(story, "a", "03-01T08:00", ticket="SHOP-1")
    for what in ("SHOP-1", commit("a")):
        (item,) = hop(traced(story, what, tmp_path), "ticket").items
        assert item.id == "SHOP-1"


def test_what_was_checked_only_after_production_is_late(tmp_path: Path) -> None:
    """It holds as a check and let nothing through."""
    story = Story()
    deployed(story, "d1", "03-02T13:00", "v1")
    for at in ("03-02T12:59", "03-02T13:01"):
        story.tell("scan.finished", when(at), outcome="success", artifact=artifact("v1"))
    items = hop(traced(story, DIGEST, tmp_path), "scans").items
    assert [one.is_late for one in items] == [False, True]


def test_a_build_that_failed_is_on_the_line_of_its_commit_whatever_it_names(
    tmp_path: Path,
) -> None:
    """It made nothing: the line has no artifact of it."""
    story = Story()
    pushed(story, "a", "03-01T08:00", **SEEN)
    story.tell("build.finished", when("03-02T10:00"), **SEEN, service="shop", outcome="failure",
               commit=commit("a"), artifact=artifact("v1"))  # fmt: skip
    trace = traced(story, commit("a"), tmp_path)
    found = hop(trace, "build")
    assert [(one.outcome, one.holds, one.tie) for one in found.items] == [
        ("failure", False, "commit")
    ]
    assert (found.state, trace.line.artifact) == ("missing", None)


def test_what_another_artifact_of_the_same_commit_went_through_is_not_of_this_one(
    tmp_path: Path,
) -> None:
    """Two services are built from one repository."""
    story = Story()
    for service, name in (("shop", "v1"), ("till", "w1")):
        story.tell("build.finished", when("03-02T10:00"), service=service, outcome="success",
                   commit=commit("a"), artifact=artifact(name))  # fmt: skip
        story.tell("scan.finished", when("03-02T11:00"), outcome="success", service=service,
                   commit=commit("a"), artifact=artifact(name))  # fmt: skip
        deployed(story, f"d-{service}", "03-02T12:00", name, service=service)
    trace = traced(story, DIGEST, tmp_path)
    assert [one.service for one in hop(trace, "scans").items] == ["shop"]
    assert [one.service for one in hop(trace, "build").items] == ["shop"]
    assert [one.id for one in hop(trace, "deployment", "production").items] == ["d-shop"]
    # A commit has both of them.
    both = traced(story, commit("a"), tmp_path)
    assert len(hop(both, "deployment", "production").items) == 2


def test_of_very_many_items_the_newest_are_told_and_the_rest_is_counted(tmp_path: Path) -> None:
    """An artifact is scanned every night for years."""
    story = Story()
    for number in range(MOST + 5):
        story.tell("scan.finished", when(f"03-{number % 28 + 1:02d}T{number % 24:02d}:00"),
                   outcome="success", artifact=artifact("v1"))  # fmt: skip
    found = hop(traced(story, DIGEST, tmp_path), "scans")
    assert (len(found.items), found.left_out) == (MOST, 5)


def test_what_was_voided_or_came_later_is_not_on_the_line(story: Story, tmp_path: Path) -> None:
    """The line is that of the position asked for."""
    with window(story, tmp_path, known_at=7) as view:
        assert states(trace_of(view, commit("m")))["build"] == "missing"
    story.tell("event.voided", when("03-03T10:00"), assurance="decided", position=8,
               reason="wrong")  # fmt: skip
    assert states(traced(story, DIGEST, tmp_path))["build"] == "missing"


def test_a_line_of_an_open_ledger_comes_with_its_proof(ledger: Ledger, tmp_path: Path) -> None:
    """It was told at a position, with a parameter that says of what."""
    body = b'{"time":"2026-03-01T08:00:00Z","data":{"repository":"r","commit":"%s"}}'
    told = [
        draft(number, kind="pipeledger.commit.pushed", body=body % commit(name).encode())
        for number, name in enumerate("ab")
    ]
    ledger.submit(told).result(60)
    history = history_of(ledger, tmp_path / "derived")
    found = answer(history, commit("a"))
    assert found.proof.position == ledger.published.size
    assert found.proof.root == ledger.published.root.hex()
    assert found.proof.parameters.trace == commit("a")
    assert found.told()["trace"]["hops"][1]["state"] == "asserted"
    with pytest.raises(NotFoundError):
        answer(history, commit("b"), known_at="2")
    history.close()
