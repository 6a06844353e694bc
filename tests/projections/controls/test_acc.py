"""ACC-01, ACC-02 and ACC-03: are rights approved, reviewed, used and taken back as they must be?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import ANNA, BERT, CLEO, DORA, Shop, full_items, items

if TYPE_CHECKING:
    from pathlib import Path

NO_TIME = {"time_basis": "received"}


def by_target(shop: Shop, folder: Path, test: str) -> dict[str, tuple[str, str]]:
    """What became of the last item of each target, which is also its service."""
    rows = full_items(shop, folder, test)
    return {row["service"]: (row["outcome"], row["reason"]) for row in rows}


REVIEWED = ("satisfied", "approved and reviewed by others")
USE: dict[str, Any] = {
    "actor": ANNA,
    "approved_by": BERT,
    "until": "2026-03-01T12:00:00Z",
    "break_glass": True,
}
REVIEW: tuple[str, dict[str, Any]] = ("03-03T10:00", {"reviewer": BERT})
USES: dict[str, tuple[dict[str, Any], tuple[str, dict[str, Any]] | None, tuple[str, str]]] = {
    "whole": ({}, REVIEW, REVIEWED),
    "by-nobody": ({"actor": None}, REVIEW, ("violated", "nobody knows who it was")),
    "approved-by-nobody": ({"approved_by": None}, REVIEW, ("violated", "nobody approved it")),
    "approved-by-oneself": (
        {"approved_by": ANNA}, REVIEW, ("violated", "approved by the person who used it"),
    ),
    "approved-by-ones-other-account": (
        {"approved_by": DORA}, REVIEW, ("violated", "approved by the person who used it"),
    ),
    "by-an-approval": ({"approved_by": None, "approval": "a1"}, REVIEW, REVIEWED),
    "by-an-approval-of-ones-own": (
        {"approved_by": None, "approval": "a1", "actor": CLEO}, REVIEW,
        ("violated", "approved by the person who used it"),
    ),
    "by-an-approval-of-ones-other-account": (
        {"approved_by": None, "approval": "a2"}, REVIEW,
        ("violated", "approved by the person who used it"),
    ),
    "by-an-approval-unknown": (
        {"approved_by": None, "approval": "a9"}, REVIEW,
        ("insufficient-evidence", "the ledger does not know that it was approved"),
    ),
    "never-reviewed": ({}, None, ("violated", "nobody else reviewed it")),
    "reviewed-not-after-all": (
        {}, ("03-03T10:00", {"reviewer": BERT, "outcome": "cancelled"}),
        ("violated", "nobody else reviewed it"),
    ),
    "reviewed-by-oneself": (
        {}, ("03-03T10:00", {"reviewer": ANNA}), ("violated", "nobody else reviewed it"),
    ),
    "reviewed-by-oneself-first": ({}, REVIEW, REVIEWED),
    "reviewed-before": (
        {}, ("02-28T10:00", {"reviewer": BERT}), ("violated", "nobody else reviewed it"),
    ),
    "reviewed-at-the-limit": ({}, ("03-06T10:00", {"reviewer": BERT}), REVIEWED),
    "reviewed-a-second-late": (
        {}, ("03-06T10:00:01", {"reviewer": BERT}), ("violated", "reviewed late"),
    ),
    "reviewed-by-its-request": (
        {"request": "r1"}, ("03-03T10:00", {"reviewer": BERT, "reviews": "r1", "target": "all"}),
        REVIEWED,
    ),
    "of-another-request": (
        {"request": "r2"}, ("03-03T10:00", {"reviewer": BERT, "reviews": "r3"}),
        ("violated", "nobody else reviewed it"),
    ),
    "without-an-end": (
        {"until": None}, REVIEW, ("insufficient-evidence", "nobody says until when"),
    ),
    "reviewed-in-hindsight": (
        {}, ("03-03T10:00", {"reviewer": BERT, "recorded": "03-15T10:00"}),
        ("insufficient-evidence", "its review was recorded afterwards"),
    ),
}  # fmt: skip


def test_extraordinary_access_is_approved_and_reviewed_by_others(tmp_path: Path) -> None:
    """As of 20 March; accounts that are one person's are told apart by nobody."""
    shop = Shop()
    shop.approve("a1", "02-28T10:00", "a", service="else")
    own = {"approval": "a2", "assurance": "decided"}
    shop.say("approval.requested", "02-28T10:00", requester=ANNA, subjects=[], **own)
    shop.say("approval.granted", "02-28T11:00", approver=DORA, **own)
    shop.say("person.linked", "02-01T10:00", person=ANNA, other=DORA, assurance="decided")
    shop.say("access.reviewed", "03-02T10:00", target="reviewed-by-oneself-first", reviewer=DORA)
    for name, (more, review, _) in USES.items():
        shop.say("access.elevated", "03-01T10:00", **{"target": name, "service": name} | USE | more)
        if review is not None:
            shop.say("access.reviewed", review[0], **{"target": name} | review[1])
    shop.say("access.elevated", "03-19T10:00", target="new", service="new", **USE)
    shop.build("03-20T10:00", "a", "1")
    found = by_target(shop, tmp_path, "ACC-01")
    assert found.pop("new") == ("not-applicable", "its review is not due yet")
    assert found == {name: expected for name, (_, _, expected) in USES.items()}


MOVES: dict[str, tuple[str, dict[str, Any], tuple[str, str]]] = {
    "approved": ("granted", {"approved_by": BERT}, ("satisfied", "approved by somebody else")),
    "not-approved": ("granted", {}, ("violated", "granted without an approval")),
    "approved-by-oneself": (
        "granted", {"approved_by": DORA}, ("violated", "approved by the person who got it"),
    ),
    "by-an-approval": ("granted", {"approval": "a1"}, ("satisfied", "approved by somebody else")),
    "by-a-later-approval": (
        "granted", {"approval": "a2"}, ("violated", "approved after it was granted"),
    ),
    "by-an-approval-unknown": (
        "granted", {"approval": "a9"},
        ("insufficient-evidence", "the ledger does not know that it was approved"),
    ),
    "by-an-approval-of-ones-own": (
        "granted", {"approval": "own"}, ("violated", "approved by the person who got it"),
    ),
    "by-an-approval-withdrawn": (
        "granted", {"approval": "withdrawn"}, ("violated", "the approval had ended"),
    ),
    "by-an-approval-in-hindsight": (
        "granted", {"approval": "hindsight"},
        ("insufficient-evidence", "the approval was recorded afterwards"),
    ),
    "by-an-approval-at-no-time": (
        "granted", {"approval": "undated"},
        ("insufficient-evidence", "the approval has no time of its own"),
    ),
    "by-an-approval-from-an-import": (
        "granted", {"approval": "imported"},
        ("insufficient-evidence", "the approval is too weakly assured"),
    ),
    "taken-back-by-an-approval-of-ones-own": (
        "revoked", {"approval": "own", "requested_at": "2026-02-28T10:00:00Z"},
        ("satisfied", "taken back in time"),
    ),
    "at-no-time": ("granted", {"approved_by": BERT} | NO_TIME,
                   ("insufficient-evidence", "it has no time of its own")),
    "taken-back": (
        "revoked", {"requested_at": "2026-02-28T10:00:00Z"}, ("satisfied", "taken back in time"),
    ),
    "taken-back-late": (
        "revoked", {"requested_at": "2026-02-28T09:59:59Z"}, ("violated", "taken back late"),
    ),
    "taken-back-for-no-reason": (
        "revoked", {},
        ("insufficient-evidence", "nobody says since when it was to be taken back"),
    ),
    "taken-back-in-hindsight": (
        "revoked", {"requested_at": "2026-02-28T10:00:00Z", "recorded": "03-10T10:00"},
        ("insufficient-evidence", "it was recorded afterwards"),
    ),
}  # fmt: skip


def test_rights_are_granted_after_an_approval_and_taken_back_in_time(tmp_path: Path) -> None:
    """Whoever gets a right approves it by no other account either."""
    shop = Shop()
    shop.approve("a1", "02-28T10:00", "a", service="else")
    shop.approve("a2", "03-02T10:00", "a", service="else")
    for name, told in {
        "own": {"approver": DORA}, "withdrawn": {}, "undated": NO_TIME,
        "hindsight": {"recorded": "03-05T10:00"}, "imported": {"assurance": "imported"},
    }.items():  # fmt: skip
        shop.approve(name, "02-27T10:00", "a", service="else", **told)
    shop.approve("withdrawn", "02-28T10:00", "a", service="else", verdict="withdrawn")
    shop.say("person.linked", "02-01T10:00", person=ANNA, other=DORA, assurance="decided")
    for name, (what, more, _) in MOVES.items():
        data = {"target": name, "service": name, "subject": ANNA} | more
        shop.say(f"access.{what}", "03-01T10:00", **data)
    assert by_target(shop, tmp_path, "ACC-03") == {
        name: expected for name, (_, _, expected) in MOVES.items()
    }
    silent = Shop()
    silent.say("access.granted", "03-01T10:00", target="t", service="t", subject=ANNA)
    assert by_target(silent, tmp_path, "ACC-03") == {
        "t": ("insufficient-evidence", "this ledger knows of no approval of rights at all")
    }


REMOVAL: dict[str, Any] = {"removals": [{"subject": ANNA}]}
REVIEWS: dict[str, tuple[dict[str, Any] | None, str | None, tuple[str, str]]] = {
    "reviewed": ({}, None, ("satisfied", "reviewed")),
    "never": (None, None, ("violated", "not done in the interval")),
    "failed": ({"outcome": "failure"}, None, ("violated", "failed, and not tried again")),
    "given-up": ({"outcome": "cancelled"}, None, ("violated", "failed, and not tried again")),
    "by-nobody": (
        {"reviewer": None}, None, ("insufficient-evidence", "nobody says who reviewed"),
    ),
    "removed": (REMOVAL, "03-08T10:00", ("satisfied", "reviewed")),
    "removed-already": (
        {"removals": [{"subject": ANNA, "done": True}]}, None, ("satisfied", "reviewed"),
    ),
    "removed-late": (
        REMOVAL, "03-08T10:00:01", ("violated", "what was to be removed was not, in time"),
    ),
    "never-removed": (REMOVAL, None, ("violated", "what was to be removed was not, in time")),
    "somebody-else-removed": (
        {"removals": [{"subject": BERT}]}, "03-02T10:00",
        ("violated", "what was to be removed was not, in time"),
    ),
}  # fmt: skip


def test_rights_are_reviewed_in_each_interval_and_what_is_to_go_goes(tmp_path: Path) -> None:
    """Of everything that somebody has rights on, in the 180 days from 1 January."""
    shop = Shop()
    for name, (review, removed, _) in REVIEWS.items():
        shop.say("access.granted", "01-01T10:00", target=name, subject=ANNA)
        if review is not None:
            data = {"target": name, "reviewer": CLEO, "outcome": "success"} | review
            shop.say("access.reviewed", "03-01T10:00", **data)
        if removed is not None:
            shop.say("access.revoked", removed, target=name, subject=ANNA)
    shop.build("07-01T10:00", "a", "1")
    rows = full_items(shop, tmp_path, "ACC-02")
    found = {
        row["item_key"].split()[0]: (row["outcome"], row["reason"])
        for row in rows
        if "2026-01-01" in row["item_key"]
    }
    assert found == {name: expected for name, (_, _, expected) in REVIEWS.items()}


AWARE = {"aware_at": "2026-03-01T10:00:00Z"}
BREACHES: dict[str, tuple[dict[str, Any], str | None, tuple[str, str]]] = {
    "told": ({"notifiable": True} | AWARE, "03-04T10:00", ("satisfied", "told in time")),
    "told-a-second-late": (
        {"notifiable": True} | AWARE, "03-04T10:00:01", ("violated", "told late"),
    ),
    "never-told": ({"notifiable": True} | AWARE, None, ("violated", "nobody was told")),
    "never-assessed": ({}, None, ("violated", "nobody assessed whether it is to be told")),
    "nothing-to-tell": (
        {"notifiable": False}, None, ("not-applicable", "assessed as nothing to be told"),
    ),
    "called-off-late": (
        {"notifiable": True} | AWARE, None, ("violated", "nobody was told"),
    ),
    "assessed-too-late": (
        {"time": "03-04T10:00:01", "notifiable": False} | AWARE, None,
        ("violated", "assessed too late"),
    ),
    "assessed-at-the-limit": (
        {"time": "03-04T10:00:00", "notifiable": False} | AWARE, None,
        ("not-applicable", "assessed as nothing to be told"),
    ),
    "assessed-in-hindsight": (
        {"recorded": "03-10T10:00", "notifiable": False} | AWARE, None,
        ("insufficient-evidence", "that it was assessed was recorded afterwards"),
    ),
    "assessed-late-after-who-knows": (
        {"time": "03-04T10:00:01", "notifiable": False}, None,
        ("insufficient-evidence", "nobody says when it was known"),
    ),
    "known-at-no-time": (
        {"notifiable": True}, "03-02T10:00",
        ("insufficient-evidence", "nobody says when it was known"),
    ),
}  # fmt: skip


def test_authorities_are_told_in_time(tmp_path: Path) -> None:
    """Seventy-two hours from when it was known; an earlier warning where one is wanted."""
    shop = Shop()
    for name, (assessed, told, _) in BREACHES.items():
        shop.say("incident.opened", "03-01T10:00", incident=name, category="privacy")
        if assessed:
            more = {key: one for key, one in assessed.items() if key != "time"}
            shop.say(
                "incident.assessed", assessed.get("time", "03-01T11:00"), incident=name, **more
            )
        if told is not None:
            shop.say("breach.notified", told, incident=name, authority="authority")
    shop.say("incident.assessed", "03-19T10:00", incident="called-off-late", notifiable=False)
    shop.say("incident.opened", "03-01T10:00", incident="outage", category="availability")
    shop.build("03-20T10:00", "a", "1")
    found = items(shop, tmp_path, "INC-02")
    assert found == {name: expected for name, (_, _, expected) in BREACHES.items()}
    early = items(shop, tmp_path, "INC-02", {"early_warning_hours": 24})
    assert early["told"] == ("violated", "the first warning was late")


def test_a_first_warning_alone_is_not_the_whole_message(tmp_path: Path) -> None:
    """What one message was, nobody says; two in time are enough."""
    shop = Shop()
    told = {"one": ("03-02T06:00",), "two": ("03-02T06:00", "03-04T10:00"),
            "second-late": ("03-02T06:00", "03-04T10:00:01")}  # fmt: skip
    for name, times in told.items():
        shop.say("incident.opened", "03-01T10:00", incident=name, category="privacy")
        shop.say("incident.assessed", "03-01T11:00", incident=name, notifiable=True, **AWARE)
        for time in times:
            shop.say("breach.notified", time, incident=name, authority="authority")
    shop.build("03-20T10:00", "a", "1")
    unsaid = ("insufficient-evidence", "nobody says that more than a first warning was told")
    assert items(shop, tmp_path, "INC-02", {"early_warning_hours": 24}) == {
        "one": unsaid, "two": ("satisfied", "told in time"), "second-late": unsaid,
    }  # fmt: skip
