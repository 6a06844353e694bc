"""Approvals, decided here or reported by other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.log.by import By
from tests.projections.telling import Story, artifact, commit, instant, only, when, window

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = artifact("v1")["digest"]
ASKER, AUTHOR, STARTER, TOKEN, BOB, CEM, DORA = ("per_" + one * 32 for one in "abcdef0")


def decided(story: Story, what: str, at: str, **data: Any) -> int:  # noqa: ANN401 - JSON
    """A step of the approval apr-1 in this ledger."""
    step = {"approval": "apr-1"} | data
    return story.tell(f"approval.{what}", when(at), assurance="decided", **step)


def asked(story: Story, **more: Any) -> None:  # noqa: ANN401 - JSON
    """It was asked for, of two people."""
    decided(
        story, "requested", "03-03T08:00", requester="ann", required=2,
        subjects=[{"kind": "artifact", "digest": DIGEST}], environments=["production"], **more,
    )  # fmt: skip


def test_an_approval_is_granted_when_as_many_people_granted_it_as_it_requires(
    tmp_path: Path,
) -> None:
    """The same person twice is one person."""
    story = Story()
    asked(story)
    decided(story, "granted", "03-03T09:00", approver="bob")
    decided(story, "granted", "03-03T09:30", approver="bob")
    with window(story, tmp_path) as view:
        found = only(view, "approvals")
    assert (found["state"], found["granted_from"]) == ("requested", None)
    decided(story, "granted", "03-03T10:00", approver="cem", valid_until=when("03-04T00:00"))
    with window(story, tmp_path) as view:
        found = only(view, "approvals")
    assert (found["approval_key"], found["is_decided"], found["state"]) == (
        "apr-1",
        True,
        "granted",
    )
    assert (found["requester"], found["approvers"]) == ("ann", ["bob", "cem"])
    assert (found["granted_from"], found["granted_until"]) == (
        instant("03-03T10:00"), instant("03-04T00:00"),
    )  # fmt: skip
    assert found["subjects"] == [f"artifact {DIGEST}"]
    assert (found["environments"], found["required"]) == (["production"], 2)
    assert found["positions"] == [1, 2, 3, 4]


def test_an_approval_that_is_withdrawn_or_rejected_holds_no_more(tmp_path: Path) -> None:
    """From then on; before, it did."""
    story = Story()
    decided(story, "granted", "03-03T09:00", approver="bob")
    decided(story, "withdrawn", "03-03T11:00")
    with window(story, tmp_path) as view:
        found = only(view, "approvals")
    assert (found["state"], found["granted_until"]) == ("withdrawn", instant("03-03T11:00"))
    story = Story()
    decided(story, "requested", "03-03T08:00", subjects=[])
    decided(story, "rejected", "03-03T09:00", approver="bob")
    with window(story, tmp_path) as view:
        found = only(view, "approvals")
    assert (found["state"], found["rejected_by"], found["granted_from"]) == (
        "rejected", ["bob"], None,
    )  # fmt: skip


def test_a_reported_approval_is_another_tool_s_word(tmp_path: Path) -> None:
    """Its id is unique at its source; a verdict with the request's time comes after the request."""
    story = Story()
    told: dict[str, Any] = {
        "approval": "9/production", "commit": commit("a"), "environment": "production",
        "subjects": [{"kind": "commit", "commit": commit("a")}],
    }  # fmt: skip
    for source in ("https://code.example/a", "https://code.example/b"):
        story.tell(
            "approval.reported", when("03-03T09:00"), source=source, verdict="approved",
            assurance="observed", approver="bob", **told,
        )  # fmt: skip
        story.tell(
            "approval.reported", when("03-03T09:00"), source=source, verdict="requested",
            assurance="observed", requester="ann", **told,
        )  # fmt: skip
    with window(story, tmp_path) as view:
        rows = view.table("approvals").to_pylist()
    assert {row["approval_key"] for row in rows} == {
        "https://code.example/a 9/production", "https://code.example/b 9/production",
    }  # fmt: skip
    for row in rows:
        assert (row["state"], row["is_decided"], row["assurance"]) == ("granted", False, "observed")
        assert (row["approvers"], row["environments"]) == (["bob"], ["production"])
        assert row["subjects"] == [f"commit {commit('a')}"]


def test_linked_accounts_are_one_person_who_granted_whenever_they_were_linked(
    tmp_path: Path,
) -> None:
    """And two again when the link is taken back; the decision counts likewise."""
    said: dict[str, Any] = {"reason": "same", "assurance": "decided"}
    story = Story()
    asked(story)
    decided(story, "granted", "03-03T09:00", approver=BOB)
    decided(story, "granted", "03-03T10:00", approver=CEM)
    story.tell("person.linked", when("03-05T10:00"), person=CEM, other=DORA, **said)
    story.tell("person.linked", when("03-05T10:00"), person=BOB, other=DORA, **said)
    with window(story, tmp_path) as view:
        found = only(view, "approvals")
    assert (found["state"], found["granted_from"]) == ("requested", None)
    assert found["approvers"] == [BOB, CEM]
    decided(story, "granted", "03-06T10:00", approver=AUTHOR)
    with window(story, tmp_path) as view:
        found = only(view, "approvals")
    assert (found["state"], found["granted_from"]) == ("granted", instant("03-06T10:00"))
    story.tell("person.unlinked", when("03-07T10:00"), person=DORA, other=BOB, **said)
    with window(story, tmp_path) as view:
        assert only(view, "approvals")["granted_from"] == instant("03-03T10:00")


def test_every_role_that_was_asked_for_is_waited_for(tmp_path: Path) -> None:
    """Two may have granted in the same one, while an account of one was linked to an author's."""
    story = Story()
    asked(story, roles=["security", "release"])
    decided(story, "granted", "03-03T09:00", approver=BOB, role="security")
    decided(story, "granted", "03-03T10:00", approver=CEM, role="security")
    with window(story, tmp_path) as view:
        found = only(view, "approvals")
    assert (found["state"], found["granted_from"]) == ("requested", None)
    decided(story, "granted", "03-03T11:00", approver=DORA, role="release")
    with window(story, tmp_path) as view:
        found = only(view, "approvals")
    assert (found["state"], found["granted_from"]) == ("granted", instant("03-03T11:00"))
    other = Story()
    asked(other, roles=["security", "release"])
    decided(other, "granted", "03-03T09:00", approver=BOB, role="release")
    decided(other, "granted", "03-03T10:00", approver=BOB, role="security")
    decided(other, "granted", "03-03T11:00", approver=CEM, role="security")
    with window(other, tmp_path) as view:
        assert only(view, "approvals")["granted_from"] == instant("03-03T11:00")


@pytest.mark.parametrize("part", [ASKER, AUTHOR, STARTER, TOKEN])
def test_who_asked_for_or_made_it_is_none_of_those_who_granted(tmp_path: Path, part: str) -> None:
    """By any account; what another tool reports is that tool's word."""
    told = {
        "requester": ASKER, "actor": STARTER, "authors": [AUTHOR],
        "by": By(TOKEN, "crd_" + "a" * 32, "token"),
    }  # fmt: skip
    subjects = [{"kind": "artifact", "digest": DIGEST}]
    for what, state in (("decided", "requested"), ("reported", "granted")):
        story = Story()
        if what == "decided":
            decided(story, "requested", "03-03T08:00", subjects=subjects, **told)
            decided(story, "granted", "03-03T09:00", approver=BOB)
        else:
            decided(story, "reported", "03-03T08:00", verdict="requested", **told)
            decided(story, "reported", "03-03T09:00", verdict="approved", approver=BOB)
        story.tell("person.linked", when("03-05T10:00"), person=BOB, other=part, reason="same",
                   assurance="decided")  # fmt: skip
        with window(story, tmp_path) as view:
            found = only(view, "approvals")
        assert (found["state"], found["approvers"]) == (state, [BOB])
