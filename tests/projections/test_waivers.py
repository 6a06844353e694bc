"""Waivers and emergencies as rows: what they are about, and when they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.log.by import By
from tests.projections.telling import Story, artifact, commit, instant, only, when, window

if TYPE_CHECKING:
    from pathlib import Path

ANN, BOB = (By("per_" + name * 32, "crd_" + name * 32, "token") for name in "ab")
DIGEST = artifact("v1")["digest"]


def granted(story: Story, **more: Any) -> int:  # noqa: ANN401 - JSON
    """The waiver wvr-1 was proposed by one and confirmed by the other."""
    data = {"waiver": "wvr-1", "controls": ["VUL-01"], "expires": when("03-30T00:00")} | more
    return story.tell(
        "waiver.granted", when("03-03T09:00"), at=instant("03-03T09:00"), assurance="decided",
        by=BOB, requester=ANN.principal, approver=BOB.principal, **data,
    )  # fmt: skip


def test_a_waiver_holds_from_when_it_was_granted_until_its_date(tmp_path: Path) -> None:
    """With what it excepts from, where, and who decided it."""
    story = Story()
    granted(
        story, rules=["CVE-2026-1"], fingerprints=["f-1"], services=["shop"], artifacts=[DIGEST],
        environments=["production"], scope=["billing"], ticket="SEC-9",
    )  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "waivers")
    assert (found["waiver"], found["controls"], found["rules"], found["fingerprints"]) == (
        "wvr-1", ["VUL-01"], ["CVE-2026-1"], ["f-1"],
    )  # fmt: skip
    assert (found["services"], found["environments"], found["artifacts"], found["scope"]) == (
        ["shop"], ["production"], [DIGEST], ["billing"],
    )  # fmt: skip
    assert (found["requester"], found["approver"]) == (ANN.principal, BOB.principal)
    assert (found["holds_from"], found["holds_until"]) == (
        instant("03-03T09:00"), instant("03-30T00:00"),
    )  # fmt: skip
    assert (found["revoked_at"], found["ticket"], found["positions"]) == (None, "SEC-9", [1])


@pytest.mark.parametrize(
    ("what", "at", "until"),
    [
        ("revoked", "03-10T12:00", "03-10T12:00"),
        ("revoked", "03-31T12:00", "03-30T00:00"),
        ("expired", "03-31T12:00", "03-30T00:00"),
    ],
)
def test_a_waiver_holds_no_more_when_it_is_revoked_or_its_date_has_passed(
    tmp_path: Path, what: str, at: str, until: str
) -> None:
    """Whichever is first; when somebody noticed that the date had passed changes nothing."""
    story = Story()
    granted(story)
    story.tell(
        f"waiver.{what}", when(at), at=instant(at), assurance="decided", by=ANN, waiver="wvr-1"
    )
    with window(story, tmp_path) as view:
        found = only(view, "waivers")
    assert found["holds_until"] == instant(until)
    assert found["positions"] == [1, 2]
    assert found["revoked_by"] == (ANN.principal if what == "revoked" else None)


def test_a_waiver_of_one_service_says_so_in_the_same_column(tmp_path: Path) -> None:
    """Whether it names it alone or in a list; what names none is for all."""
    story = Story()
    granted(story, service="shop", environment="production", artifact={"digest": DIGEST})
    granted(story, waiver="wvr-2")
    with window(story, tmp_path) as view:
        one = only(view, "waivers", waiver="wvr-1")
        other = only(view, "waivers", waiver="wvr-2")
    assert (one["services"], one["environments"], one["artifacts"]) == (
        ["shop"], ["production"], [DIGEST],
    )  # fmt: skip
    assert (other["services"], other["environments"], other["artifacts"]) == ([], [], [])


def test_an_emergency_says_what_went_ahead_and_until_when_it_is_to_be_approved(
    tmp_path: Path,
) -> None:
    """The approval afterwards names it."""
    story = Story()
    at = story.tell(
        "emergency.declared", when("03-03T09:00"), at=instant("03-03T09:00"), assurance="decided",
        by=ANN, emergency="emg-1", reason="Payments fail", incident="INC-7", service="shop",
        environments=["production"], subjects=[{"kind": "commit", "commit": commit("a")}],
        approve_until=when("03-06T09:00"),
    )  # fmt: skip
    story.tell(
        "approval.requested", when("03-03T10:00"), assurance="decided", by=ANN, approval="apr-1",
        subjects=[{"kind": "commit", "commit": commit("a")}], emergency="emg-1",
    )  # fmt: skip
    story.tell(
        "approval.granted", when("03-03T11:00"), assurance="decided", by=BOB, approval="apr-1",
        approver=BOB.principal,
    )  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "emergencies")
        approval = only(view, "approvals", emergency=found["emergency"])
    assert (found["incident"], found["service"], found["environments"]) == (
        "INC-7", "shop", ["production"],
    )  # fmt: skip
    assert (found["declared_by"], found["declared_at"]) == (ANN.principal, instant("03-03T09:00"))
    assert found["subjects"] == [f"commit {commit('a')}"]
    assert (found["approve_until"], found["positions"]) == (instant("03-06T09:00"), [at])
    assert (approval["state"], approval["approvers"]) == ("granted", [BOB.principal])
