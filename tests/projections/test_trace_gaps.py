"""What is missing on a line, and what to paste that fills it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from domain.event import read_event
from pipeledger.words import data_of, form_of
from tests.projections.story import Story
from tests.projections.telling import REPOSITORY, commit, deployed, impaired, pushed, when
from tests.projections.tracing import DIGEST, hop, states, traced

if TYPE_CHECKING:
    from pathlib import Path


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
