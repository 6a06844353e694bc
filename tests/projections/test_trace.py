"""The line of a commit, digest, deployment, change or ticket, hop by hop, with its gaps."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import NotFoundError, RefusedError
from domain.event import read_event
from pipeledger.words import data_of, form_of
from projections.following import history_of
from projections.trace import HOPS, MOST, Hop, Trace, answer, trace_of
from tests.projections.telling import (
    REPOSITORY,
    Story,
    artifact,
    commit,
    deployed,
    impaired,
    pushed,
    when,
    window,
)
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from pathlib import Path

    from store.ledger.ledger import Ledger

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


@pytest.fixture
def story() -> Story:
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


def test_a_commit_of_which_nothing_else_is_known_shows_every_gap(tmp_path: Path) -> None:
    """And the line to paste for each."""
    story = Story()
    pushed(story, "a", "03-01T08:00")
    trace = traced(story, commit("a"), tmp_path)
    found = states(trace)
    assert found == {
        "ticket": "none", "commit": "asserted", "change": "missing", "review": "missing",
        "build": "missing", "tests": "missing", "scans": "missing", "artifact": "missing",
        "approval": "missing", "deployment": "missing", "incident": "none", "recovery": "none",
    }  # fmt: skip
    gaps = {one.name: one.gap for one in trace.hops if one.state == "missing"}
    runs = {name: shlex.split(gap.run) for name, gap in gaps.items() if gap is not None}
    assert runs.keys() == gaps.keys()
    assert all(words[0] == "pipeledger" for words in runs.values())
    assert f"commit={commit('a')}" in runs["build"]
    assert runs["tests"][:2] == ["pipeledger", "record"]
    assert runs["deployment"][1:3] == ["run", "deployment"]


def test_what_an_event_says_cannot_run_when_its_line_is_pasted(tmp_path: Path) -> None:
    """Names come from whoever sends events."""
    story = Story()
    service = "shop; rm -rf ~ #$(id)`id`'"
    deployed(story, "d1", "03-02T13:00", "v1", service=service)
    trace = traced(story, "d1", tmp_path)
    gap = hop(trace, "build").gap
    assert gap is not None
    words = shlex.split(gap.run)
    assert f"service={service}" in words
    assert words[:3] == ["pipeledger", "emit", "build"]
    assert shlex.join(words) == gap.run


def test_the_code_host_can_tell_itself_what_somebody_asserted(tmp_path: Path) -> None:
    """Where its address says which one it is."""
    story = Story()
    pushed(story, "a", "03-01T08:00", repository="https://github.com/acme/shop")
    trace = traced(story, commit("a"), tmp_path)
    asserted, missing = hop(trace, "commit").gap, hop(trace, "change").gap
    assert asserted is not None
    assert missing is not None
    assert asserted.run == missing.lasting == "pipeledger-server source add github"


def test_a_commit_that_reached_staging_alone_is_missing_where_the_service_runs(
    tmp_path: Path,
) -> None:
    """The service reached production before, and this commit did not."""
    story = Story()
    pushed(story, "z", "02-27T08:00")
    deployed(story, "d0", "02-28T10:00", "v0", commit=commit("z"))
    pushed(story, "a", "03-01T08:00", "z")
    deployed(story, "s1", "03-01T10:00", "v1", environment="staging", commit=commit("a"))
    trace = traced(story, commit("a"), tmp_path)
    assert hop(trace, "deployment", "staging").state == "asserted"
    lacking = hop(trace, "deployment", "production")
    assert (lacking.state, lacking.items) == ("missing", ())
    assert lacking.gap is not None
    assert "environment=production" in lacking.gap.run


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


def test_an_open_incident_and_an_unrecovered_failure_are_gaps_of_the_recovery(
    tmp_path: Path,
) -> None:
    """Told by the source whose ids they have."""
    story = Story()
    deployed(story, "d1", "03-02T13:00", "v1", outcome="failure", impact=True)
    gap = hop(traced(story, DIGEST, tmp_path), "recovery").gap
    assert gap is not None
    assert 'remediates:=["d1"]' in shlex.split(gap.run)
    impaired(story, "i1", "03-02T13:30", caused_by="d1")
    gap = hop(traced(story, DIGEST, tmp_path), "recovery").gap
    assert gap is not None
    assert shlex.split(gap.run)[2:] == [
        "incident.restored", "--source", "https://ci.example/acme", "incident=i1",
    ]  # fmt: skip


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


def test_what_is_no_word_or_not_known_is_refused(tmp_path: Path) -> None:
    """And an abbreviation must name one commit; a name that is one exactly comes first."""
    story = Story()
    for name in ("a", "b"):
        story.tell("commit.pushed", when("03-01T08:00"), repository=REPOSITORY,
                   commit="abcdef1" + commit(name)[7:])  # fmt: skip
    with window(story, tmp_path) as view:
        for what in ("nothing", commit("x"), artifact("x")["digest"], "abc"):
            with pytest.raises(NotFoundError):
                trace_of(view, what)
        for what in ("", "x" * 5000, "abcdef1"):
            with pytest.raises(RefusedError, match="what"):
                trace_of(view, what)
    deployed(story, "abcdef1", "03-02T13:00", "v1")
    trace = traced(story, "abcdef1", tmp_path)
    assert [kind for kind, _ in trace.found] == ["deployment"]


def test_what_was_voided_or_came_later_is_not_on_the_line(story: Story, tmp_path: Path) -> None:
    """The line is that of the position asked for."""
    with window(story, tmp_path, known_at=7) as view:
        assert states(trace_of(view, commit("m")))["build"] == "missing"
    story.tell("event.voided", when("03-03T10:00"), assurance="decided", position=8,
               reason="wrong")  # fmt: skip
    assert states(traced(story, DIGEST, tmp_path))["build"] == "missing"


EXAMPLES = {
    "COMMIT": commit("a"), "DIGEST": DIGEST, "LOGIN": "bob", "NUMBER": "7", "ID": "x-1",
    "SERVICE": "shop", "REPOSITORY": REPOSITORY, "ENVIRONMENT": "production",
}  # fmt: skip


def _filled(word: str) -> str:
    name, sign, value = word.partition("=")
    return f"{name}{sign}{EXAMPLES.get(value, value)}"


def test_what_is_to_be_pasted_is_taken_by_the_ledger(tmp_path: Path) -> None:
    """Each `emit` names a type and fields that the vocabulary knows."""
    bare, broken = Story(), Story()
    pushed(bare, "a", "03-01T08:00")
    deployed(broken, "d1", "03-02T13:00", "v1", outcome="failure", impact=True)
    lines = [
        one.gap.run
        for story, what in ((bare, commit("a")), (broken, "d1"))
        for one in traced(story, what, tmp_path).hops if one.gap is not None
    ]  # fmt: skip
    impaired(broken, "i1", "03-02T13:30", caused_by="d1")
    lines += [one.gap.run for one in traced(broken, "d1", tmp_path).hops if one.gap is not None]
    kinds = set()
    for line in lines:
        words = shlex.split(line)
        if words[1] == "emit":
            form = form_of(words[2])
            data = form.data | data_of([_filled(one) for one in words[3:] if "=" in one])
            read_event({
                "specversion": "1.0", "id": "1", "source": "https://ci.example",
                "type": f"pipeledger.{form.type}.v1", "time": when("03-03T10:00"), "data": data,
            })  # fmt: skip
            kinds.add(words[2])
    assert kinds == {
        "change.merged", "change.reviewed", "build", "approval", "hotfix", "incident.restored",
    }  # fmt: skip


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
