"""Requests, rejections, withdrawals and the states that an approval goes through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.decisions.approval import Approval
from domain.decisions.approving import (
    ExpireApproval,
    RejectApproval,
    WithdrawApproval,
)
from domain.decisions.authorship import Authorship
from domain.decisions.fact import (
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalWithdrawn,
    ChangeMerged,
    Fact,
)
from domain.decisions.requesting import RequestApproval
from domain.errors import ConflictError, RefusedError
from tests.domain.decisions.approving import (
    ANN,
    BOB,
    CEM,
    COMMIT,
    DEE,
    EVE,
    IMAGE,
    NOW,
    OTHER,
    SHA,
    UNTIL,
    by,
    ended,
    granted,
    linked,
    pushed,
    requested,
    told,
)


def ask(*facts: Fact, **said: Any) -> Fact:  # noqa: ANN401 - JSON
    """Ann asks after these facts."""
    data = {"approval": "apr-1", "subjects": [COMMIT]} | said
    authorship = Authorship(data["subjects"] or [], data.get("service"))
    for fact in facts:
        authorship.learn(fact)
    return told(RequestApproval(data, by(ANN), NOW, authorship), *facts)


def test_a_request_names_who_made_it_as_far_as_anybody_knows() -> None:
    """Whom who asks names, and whom the ledger knows."""
    made = ask(pushed(authors=[BOB], pusher=CEM), authors=["dee", BOB], roles=["a", "b"])
    assert made.data["authors"] == ["dee", BOB, CEM]
    assert (made.data["requester"], made.data["required"]) == (ANN, 2)
    assert "authors" not in ask().data


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"subjects": []}, "field subjects"),
        ({"subjects": None}, "field subjects"),
        ({"subjects": [{"kind": "word"}]}, "field subjects.0"),
        ({"subjects": [COMMIT] * 101}, "field subjects"),
        ({"subjects": [COMMIT, {"kind": "artifact", "commit": SHA}]}, "field subjects.1"),
        ({"subjects": [{"kind": "release", "release": "1.4"}]}, "field service"),
        ({"subjects": [COMMIT | {"digest": "sha256:" + "1" * 64}]}, "field subjects.0"),
        (
            {
                "subjects": [IMAGE, {"kind": "release", "release": "1.4", "commit": SHA}],
                "service": "shop",
            },
            "field subjects.1",
        ),
        ({"valid_until": "2026-05-01T12:00:00Z"}, "field valid_until"),
        ({"valid_from": UNTIL, "valid_until": UNTIL}, "field valid_until"),
        ({"required": 0}, "field required"),
        ({"required": 21}, "field required"),
        ({"roles": ["a", "b"], "required": 1}, "field required"),
        ({"roles": ["a", "a"]}, "field roles"),
    ],
)
def test_a_request_that_nobody_could_grant_is_refused(said: dict[str, Any], place: str) -> None:
    """With the field named."""
    with pytest.raises(RefusedError) as refusal:
        ask(**said)
    assert refusal.value.place == place


def test_an_author_who_was_forgotten_is_not_named_again() -> None:
    """The ledger has nobody of that id any more; the others stay."""
    authorship = Authorship([COMMIT], None)
    data = {"approval": "apr-1", "subjects": [COMMIT]}
    command = RequestApproval(data, by(ANN), NOW, authorship, erased=[BOB])
    assert told(command, pushed(authors=[BOB, CEM])).data["authors"] == [CEM]


def test_an_approval_afterwards_is_of_all_that_went_ahead() -> None:
    """And perhaps of more, but not of something else."""

    def afterwards(*subjects: dict[str, str]) -> Fact:
        data = {"approval": "apr-1", "subjects": list(subjects), "emergency": "emg-1"}
        declared = {"subjects": [COMMIT]}
        authorship = Authorship(subjects, None)
        return told(RequestApproval(data, by(ANN), NOW, authorship, declared=declared))

    assert afterwards(IMAGE, COMMIT).data["subjects"] == [IMAGE, COMMIT]
    assert afterwards(COMMIT).data["subjects"] == [COMMIT]
    with pytest.raises(RefusedError, match="went ahead"):
        afterwards(IMAGE)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"service": "other"}, "field service"),
        ({"service": None}, "field service"),
        ({"environments": ["staging"]}, "field environments"),
        ({"environments": ["dr", "staging"]}, "field environments"),
        ({"environments": []}, "field environments"),
    ],
)
def test_an_approval_afterwards_is_of_what_went_ahead_where_it_did(
    said: dict[str, Any], place: str
) -> None:
    """Version 1.4 of another service is another release, and a test is not production."""
    subject = {"kind": "release", "release": "1.4"}
    declared = {"subjects": [subject], "service": "shop", "environments": ["production", "dr"]}
    data = {"approval": "apr-1", "emergency": "emg-1", **declared}

    def afterwards(**said: Any) -> Fact:  # noqa: ANN401 - JSON
        asked = data | said
        authorship = Authorship([subject], asked["service"])
        return told(RequestApproval(asked, by(ANN), NOW, authorship, declared=declared))

    with pytest.raises(RefusedError) as refused:
        afterwards(**said)
    assert refused.value.place == place
    more = ["dr", "production", "staging"]
    assert afterwards(environments=more).data["environments"] == more


def test_an_id_is_requested_once() -> None:
    """A second request of the same id would replace what was approved."""
    with pytest.raises(ConflictError, match="before"):
        ask(requested())


def test_only_who_requested_it_or_approves_takes_it_back() -> None:
    """By any account of theirs."""

    def withdraw(person: str, *facts: Fact, approves: bool = False) -> Fact:
        data = {"approval": "apr-1"}
        return told(WithdrawApproval(data, by(person), NOW, approves=approves), requested(), *facts)

    with pytest.raises(ConflictError, match="nobody else"):
        withdraw(BOB)
    assert type(withdraw(ANN)) is ApprovalWithdrawn
    assert type(withdraw(BOB, linked(ANN, BOB))) is ApprovalWithdrawn
    assert type(withdraw(CEM, granted(BOB), approves=True)) is ApprovalWithdrawn


def test_a_rejection_says_why_and_comes_before_the_grant() -> None:
    """What was granted is withdrawn."""
    with pytest.raises(RefusedError, match="reason"):
        told(RejectApproval({"approval": "apr-1"}, by(BOB), NOW), requested())
    rejected = RejectApproval({"approval": "apr-1", "reason": "Not tried"}, by(BOB), NOW)
    with pytest.raises(ConflictError, match="withdraws"):
        told(rejected, requested(), granted(CEM))


@pytest.mark.parametrize(
    ("facts", "at", "state"),
    [
        ((requested(),), NOW, "requested"),
        ((requested(), granted(BOB)), NOW, "granted"),
        ((requested(required=2), granted(BOB)), NOW, "requested"),
        ((requested(required=2), granted(BOB), granted(CEM), linked(CEM, BOB)), NOW, "requested"),
        ((requested(required=2), granted(BOB), granted(CEM), granted(DEE), linked(CEM, BOB)), NOW,
         "granted"),
        ((requested(), granted(BOB), linked(ANN, BOB)), NOW, "requested"),
        ((requested(actor=CEM), granted(BOB), linked(CEM, BOB)), NOW, "requested"),
        ((requested(authors=[CEM]), granted(BOB), linked(CEM, BOB)), NOW, "requested"),
        ((requested(required=2, roles=["a", "b"]), granted(BOB, "a"), granted(CEM, "a")), NOW,
         "requested"),
        ((requested(required=2, roles=["a", "b"]), granted(BOB, "a"), granted(CEM, "a"),
          granted(DEE, "b")), NOW, "granted"),
        ((requested(), granted(BOB), ended(ApprovalWithdrawn)), NOW, "withdrawn"),
        ((requested(), ended(ApprovalRejected), ended(ApprovalExpired)), NOW, "rejected"),
        ((requested(valid_until=UNTIL), granted(BOB)), NOW, "granted"),
        ((requested(valid_until=UNTIL), granted(BOB)), NOW + timedelta(days=1), "expired"),
        ((requested(valid_until=UNTIL), ended(ApprovalRejected)), NOW + timedelta(days=1),
         "rejected"),
        ((), NOW, "requested"),
    ],
)  # fmt: skip
def test_an_approval_is(facts: tuple[Fact, ...], at: datetime, state: str) -> None:
    """In one state at each instant; what ended it first ended it."""
    approval = Approval()
    for fact in facts:
        approval.learn(fact)
    assert approval.state(at) == state


def test_what_was_asked_first_is_what_is_approved() -> None:
    """And whoever granted it is whom the event names, or else who sent it."""
    approval = Approval()
    assert approval.requesters == []
    for fact in (
        requested(ticket="OPS-1"), requested(ticket="OPS-2"), granted(BOB),
        ApprovalGranted({}, by(CEM), 6), ApprovalGranted({}),
        ApprovalGranted({"approver": DEE}, by(EVE), 8),
    ):  # fmt: skip
        approval.learn(fact)
    assert approval.asked["ticket"] == "OPS-1"
    assert [one.person for one in approval.grants] == [BOB, CEM, "", DEE]


def test_an_approval_ends_by_its_date_and_not_before_or_twice() -> None:
    """To the second; without a date never."""

    def expire(*facts: Fact, at: datetime = datetime(2026, 5, 2, tzinfo=UTC)) -> Fact:
        return told(ExpireApproval({"approval": "apr-1"}, by(BOB), at), *facts)

    dated = requested(valid_until=UNTIL)
    assert type(expire(dated)) is ApprovalExpired
    for facts in ((requested(),), (dated, ended(ApprovalWithdrawn))):
        with pytest.raises(ConflictError, match="still to come"):
            expire(*facts)
    with pytest.raises(ConflictError, match="still to come"):
        expire(dated, at=NOW)


@pytest.mark.parametrize(
    "said",
    [
        {"subjects": [COMMIT] * 100}, {"required": 1}, {"required": 20},
        {"roles": ["a", "b"], "required": 2}, {"roles": ["a", "b"], "required": 3},
        {"subjects": [{"kind": "release", "release": "1.4"}], "service": "shop"},
        {"valid_until": UNTIL}, {"valid_from": "2026-05-01T23:59:59Z", "valid_until": UNTIL},
        {"valid_from": UNTIL},
    ],
)  # fmt: skip
def test_a_request_may_go_to_the_bounds(said: dict[str, Any]) -> None:
    """And says what was asked."""
    assert ask(**said).data.items() >= said.items()


def test_a_request_is_made_by_a_person_after_a_look_at_all_that_is_known() -> None:
    """Not by the server, nor past commits that came meanwhile."""
    data = {"approval": "apr-1", "subjects": [COMMIT]}
    with pytest.raises(ConflictError, match="in their own name"):
        told(RequestApproval(data, by(ANN, "server"), NOW, Authorship([COMMIT], None)))
    merged = ChangeMerged({"commit": SHA, "head": OTHER}, position=9)
    with pytest.raises(ConflictError, match="meanwhile"):
        told(RequestApproval(data, by(ANN), NOW, Authorship([COMMIT], None)), merged)


def test_an_id_stays_taken_whatever_is_told_after() -> None:
    """A commit takes none."""
    with pytest.raises(ConflictError, match="before"):
        ask(requested(), pushed(authors=[BOB]))
