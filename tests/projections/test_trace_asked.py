"""What a word names of which the line is asked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFoundError, RefusedError
from projections.trace import trace_of
from tests.projections.story import SOURCE, Story
from tests.projections.telling import REPOSITORY, artifact, commit, deployed, when, window
from tests.projections.tracing import DIGEST, hop, traced

if TYPE_CHECKING:
    from pathlib import Path


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


LONG = hashlib.sha256(b"a commit").hexdigest()


def test_a_whole_commit_id_need_not_be_known_however_long_it_is(tmp_path: Path) -> None:
    """Repositories may name their objects by SHA-1 or by SHA-256."""
    for sha in (commit("a"), LONG):
        story = Story()
        story.tell("approval.granted", when("03-02T12:00"), assurance="decided", approval="apr-1",
                   approver="cem", subjects=[{"kind": "commit", "commit": sha}])  # fmt: skip
        trace = traced(story, sha.upper(), tmp_path)
        assert trace.found == (("commit", sha),)
        assert [one.id for one in hop(trace, "approval").items] == ["apr-1"]


def test_sixty_four_digits_are_the_digest_of_an_artifact_that_is_known(tmp_path: Path) -> None:
    """As tools show it without the name of the hash."""
    story = Story()
    deployed(story, "d1", "03-02T13:00", "v1")
    trace = traced(story, DIGEST.removeprefix("sha256:"), tmp_path)
    assert trace.found == (("artifact", DIGEST),)
    assert [one.id for one in hop(trace, "deployment", "production").items] == ["d1"]
    with pytest.raises(NotFoundError):
        traced(story, LONG, tmp_path)


@pytest.mark.parametrize(
    "what",
    [f"{REPOSITORY}#7", "code.example/acme/shop#7", "acme/shop#7", "shop#7", "acme/shop!7",
     f"{REPOSITORY}/pull/7", f"{REPOSITORY}/pull/7/files", f"{REPOSITORY}/pulls/7",
     f"{REPOSITORY}/-/merge_requests/7"],
)  # fmt: skip
def test_a_change_may_be_named_as_people_write_it(what: str, tmp_path: Path) -> None:
    """Without the beginning of its address, or by that of its page."""
    story = Story()
    for number in (7, 17):
        story.tell("change.proposed", when("03-01T08:00"), repository=REPOSITORY, number=number)
    trace = traced(story, what, tmp_path)
    assert trace.found == (("change", f"{REPOSITORY}#7"),)
    assert [one.id for one in hop(trace, "change").items] == [f"{REPOSITORY}#7"]


@pytest.mark.parametrize("what", ["op#7", "#7", "acme#7", "shop", "acme/shop#", "acme/shop#77"])
def test_half_a_name_is_no_change(what: str, tmp_path: Path) -> None:
    """Nor another number."""
    story = Story()
    story.tell("change.proposed", when("03-01T08:00"), repository=REPOSITORY, number=7)
    with pytest.raises(NotFoundError):
        traced(story, what, tmp_path)


def test_a_name_that_several_changes_have_is_refused_with_one_of_them(tmp_path: Path) -> None:
    """The whole address names one."""
    other = "https://other.example/acme/shop"
    story = Story()
    for repository in (REPOSITORY, other):
        story.tell("change.proposed", when("03-01T08:00"), repository=repository, number=7)
    with pytest.raises(RefusedError, match=f"several changes .* such as {REPOSITORY}#7"):
        traced(story, "acme/shop#7", tmp_path)
    assert traced(story, f"{other}#7", tmp_path).found == (("change", f"{other}#7"),)


NAMED = ("pushed", "of a change", "merged", "listed", "built", "deployed", "shipped", "tested",
         "scanned")  # fmt: skip
SAME = "abcdef1"
TICKETS = ("T-1", "T-2", "T-3", "T-4", "T-5", "T-6")


@pytest.fixture(scope="module")
def named() -> Story:
    """Commits and tickets that are named in one place each, and others."""
    story = Story()
    sha = {name: SAME + commit(name)[7:] for name in NAMED}
    at = when("03-02T10:00")
    story.tell("commit.pushed", at, repository="r", commit=sha["pushed"], ticket="T-1")
    story.tell("change.merged", at, repository=REPOSITORY, number=7, commit=sha["of a change"],
               merge_commit=sha["merged"], commits=[{"sha": sha["listed"]}],
               ticket="T-2")  # fmt: skip
    story.tell("build.finished", at, outcome="success", commit=sha["built"],
               artifact=artifact("v1"))  # fmt: skip
    deployed(story, "d1", "03-02T10:00", "v1", commit=sha["deployed"], ticket="T-3",
             commits=[sha["shipped"]])  # fmt: skip
    deployed(story, "d1", "03-02T10:00", "v1", service="pay", ticket="T-3")
    deployed(story, "void", "03-02T10:00", outcome="cancelled")
    deployed(story, "T-1", "03-02T10:00", "v2")
    story.tell("tests.finished", at, outcome="success", commit=sha["tested"], kind="unit")
    story.tell("scan.finished", at, outcome="success", commit=sha["scanned"], kind="sast")
    story.tell("approval.granted", at, assurance="decided", approval="a", approver="cem",
               ticket="T-4", subjects=[{"kind": "commit", "commit": sha["built"]}])  # fmt: skip
    story.tell("incident.opened", at, incident="i", ticket="T-5")
    story.tell("ticket.opened", at, key="T-6", system="tracker")
    return story


def test_each_word_names_what_is_called_so_once(named: Story, tmp_path: Path) -> None:
    """A commit by its first digits, wherever it was told; what is named in full comes first."""
    key, paid, void = (f"{line}@production {SOURCE} {name}" for line, name in (
        ("shop", "d1"), ("pay", "d1"), ("shop", "void"),
    ))  # fmt: skip
    expected: dict[str, set[tuple[str, str]]] = {
        SAME: {("commit", SAME + commit(name)[7:]) for name in NAMED}, SAME[:6]: set(),
        **{ticket: {("ticket", ticket)} for ticket in TICKETS[1:]},
        "T-1": {("ticket", "T-1"), ("deployment", f"shop@production {SOURCE} T-1")},
        DIGEST.removeprefix("sha256:").upper(): {("artifact", DIGEST)},
        DIGEST.upper(): {("artifact", DIGEST)},
        "d1": {("deployment", key), ("deployment", paid)}, key: {("deployment", key)},
        void: {("deployment", void)}, "void": {("deployment", void)},
    }  # fmt: skip
    for word, rows in expected.items():
        with window(named, tmp_path, trace=word) as view:
            found = [(row["kind"], row["value"]) for row in view.table("trace_asked").to_pylist()]
        assert len(found) == len(rows), word
        assert {*found} == rows, word
