"""Who may approve what, and until when: attacks, and random histories beside a plain model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from domain.decisions.approval import Approval
from domain.decisions.approving import (
    ExpireApproval,
    GrantApproval,
    RejectApproval,
    WithdrawApproval,
)
from domain.decisions.authorship import MOST_COMMITS, Authorship
from domain.decisions.fact import (
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalWithdrawn,
    ArtifactPublished,
    BuildFinished,
    ChangeMerged,
    CommitPushed,
    Fact,
    PersonLinked,
    PersonUnlinked,
    RefUpdated,
    ReleaseCreated,
    TokenIssued,
    TokenRevoked,
)
from domain.decisions.requesting import RequestApproval
from domain.errors import ConflictError, NotFoundError, RefusedError
from domain.log.by import By

if TYPE_CHECKING:
    from domain.decisions.command import Command

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
UNTIL = "2026-05-02T00:00:00Z"
ANN, BOB, CEM, DEE, EVE = (f"per_{letter * 32}" for letter in "abcde")
SHA, OTHER = "c" * 40, "d" * 40
DIGEST = "sha256:" + "1" * 64
COMMIT = {"kind": "commit", "commit": SHA}
IMAGE = {"kind": "artifact", "digest": DIGEST}


def by(person: str, how: str = "token") -> By:
    """Somebody with a token, whose id is the person's."""
    return By(person, f"crd_{person[4:]}", how)


def requested(**more: Any) -> Fact:  # noqa: ANN401 - JSON
    """Ann asked, at position 2."""
    data = {"approval": "apr-1", "subjects": [COMMIT], "requester": ANN} | more
    return ApprovalRequested(data, by(ANN), 2)


def granted(person: str, role: str | None = None, position: int = 5) -> Fact:
    """Somebody granted it."""
    data = {"approval": "apr-1", "approver": person} | ({"role": role} if role else {})
    return ApprovalGranted(data, by(person), position)


def ended(kind: type[Fact], person: str = BOB) -> Fact:
    """It ended, at position 6."""
    return kind({"approval": "apr-1"}, by(person), 6)


def linked(one: str, other: str) -> Fact:
    """Two ids are one person."""
    return PersonLinked({"person": one, "other": other}, position=7)


def unlinked(one: str, other: str) -> Fact:
    """They are two after all."""
    return PersonUnlinked({"person": one, "other": other}, position=8)


def pushed(**who: Any) -> Fact:  # noqa: ANN401 - JSON
    """The commit was pushed, and whoever made it."""
    return CommitPushed({"commit": SHA} | who, position=1)


def token(person: str, *roles: str) -> Fact:
    """A token that approves in these roles."""
    return TokenIssued({"credential": f"crd_{person[4:]}", "approves_as": list(roles)}, position=1)


def told(command: Command, *facts: Fact) -> Fact:
    """What a command decides after these facts."""
    for fact in facts:
        fact.mutate(command)
    command.execute()
    (made,) = command.new_decisions
    return made.decision


def grant(
    person: str,
    *facts: Fact,
    at: datetime = NOW,
    how: str = "token",
    declarer: str | None = None,
    **said: Any,  # noqa: ANN401 - JSON
) -> Fact:
    """Somebody grants apr-1 after these facts, which were all known when it was looked at."""
    asked = next((one.data for one in facts if isinstance(one, ApprovalRequested)), {})
    authorship = Authorship(asked.get("subjects") or [COMMIT], asked.get("service"))
    for _ in range(4):
        for fact in facts:
            authorship.learn(fact)
    data = {"approval": "apr-1"} | said
    return told(GrantApproval(data, by(person, how), at, authorship, declarer), *facts)


ATTACKS: dict[str, tuple[str, tuple[Fact, ...], str]] = {
    "who requested it": (ANN, (requested(),), "who requested it"),
    "who requested it, by another account":
        (BOB, (requested(), linked(ANN, BOB)), "who requested it"),
    "who requested it, by an account linked before it was requested":
        (BOB, (linked(ANN, BOB), requested()), "who requested it"),
    "who requested it, by a chain of accounts":
        (CEM, (requested(), linked(CEM, BOB), linked(BOB, ANN)), "who requested it"),
    "who started the job that requested it":
        (BOB, (requested(actor=BOB),), "who requested it"),
    "an author whom the request names": (BOB, (requested(authors=[BOB]),), "an author"),
    "an author whom the ledger knows": (BOB, (pushed(authors=[BOB]), requested()), "an author"),
    "an author who became known after it was requested":
        (BOB, (requested(), pushed(authors=[BOB])), "an author"),
    "an author by another account":
        (CEM, (pushed(authors=[BOB]), requested(), linked(BOB, CEM)), "an author"),
    "a co-author": (BOB, (pushed(authors=[ANN], co_authors=[CEM, BOB]), requested()), "an author"),
    "the committer": (BOB, (pushed(authors=[ANN], committer=BOB), requested()), "an author"),
    "who pushed it": (BOB, (pushed(authors=[ANN], pusher=BOB), requested()), "an author"),
    "who pushed it before somebody else did":
        (BOB, (pushed(pusher=BOB), pushed(pusher=CEM), requested()), "an author"),
    "who pushed the branch":
        (BOB, (RefUpdated({"ref": "refs/heads/main", "after": SHA, "pusher": BOB}), requested()),
         "an author"),
    "an author of a commit in the merged change":
        (BOB, (ChangeMerged({"commit": SHA, "author": ANN,
                             "commits": [{"sha": OTHER, "authors": [BOB]}]}), requested()),
         "an author"),
    "an author of what a squashed change was made of":
        (BOB, (ChangeMerged({"commit": SHA, "author": ANN, "head": OTHER}),
               CommitPushed({"commit": OTHER, "authors": [BOB]}), requested()), "an author"),
    "an author of what a change merged that names the merge alone":
        (BOB, (ChangeMerged({"merge_commit": SHA, "author": BOB}), requested()), "an author"),
    "an author of what the artifact was built from":
        (BOB, (BuildFinished({"artifacts": [{"digest": DIGEST}], "commit": SHA}),
               pushed(authors=[BOB]), requested(subjects=[IMAGE])), "an author"),
    "an author of what the published artifact says it is from":
        (BOB, (ArtifactPublished({"artifact": {"digest": DIGEST}, "commit": SHA}),
               pushed(authors=[BOB]), requested(subjects=[IMAGE])), "an author"),
    "an author of what the release's artifact was built from":
        (BOB, (ReleaseCreated({"service": "shop", "version": "1.4",
                               "artifacts": [{"digest": DIGEST}]}),
               BuildFinished({"artifact": {"digest": DIGEST}, "commit": SHA}),
               pushed(authors=[BOB]),
               requested(service="shop", subjects=[{"kind": "release", "release": "1.4"}])),
         "an author"),
    "the same person twice": (BOB, (requested(required=2), granted(BOB)), "granted it before"),
    "the same person twice, by another account":
        (CEM, (requested(required=2), granted(BOB), linked(BOB, CEM)), "granted it before"),
    "after it was rejected": (BOB, (requested(), ended(ApprovalRejected)), "was rejected"),
    "after it was withdrawn": (BOB, (requested(), ended(ApprovalWithdrawn)), "was withdrawn"),
    "after it expired": (BOB, (requested(), ended(ApprovalExpired)), "was expired"),
    "after it was granted": (CEM, (requested(), granted(BOB)), "nothing is left"),
    "a role that the token has not": (BOB, (requested(roles=["security"]),), "role security"),
    "a role that another token of the person has not":
        (BOB, (token(BOB, "product"), requested(roles=["security"])), "role security"),
    "a role that is covered, where another one is missing":
        (CEM, (token(CEM, "security"), requested(roles=["security", "product"], required=2),
               granted(BOB, "security")), "role product"),
    "with a token that was revoked":
        (BOB, (requested(), TokenRevoked({"credential": f"crd_{BOB[4:]}"})), "revoked"),
    "what was redacted": (BOB, (ApprovalRequested({}, by(ANN), 2),), "redacted"),
}  # fmt: skip


@pytest.mark.parametrize(("person", "facts", "why"), ATTACKS.values(), ids=ATTACKS.keys())
def test_a_grant_is_refused_to(person: str, facts: tuple[Fact, ...], why: str) -> None:
    """And the refusal says which rule forbids it."""
    with pytest.raises(ConflictError, match=why):
        grant(person, *facts)


ALLOWED: dict[str, tuple[str, tuple[Fact, ...]]] = {
    "somebody else": (BOB, (pushed(authors=[ANN]), requested())),
    "whose accounts were told apart":
        (BOB, (requested(), linked(ANN, BOB), unlinked(BOB, ANN))),
    "who made another commit":
        (BOB, (CommitPushed({"commit": OTHER, "authors": [BOB]}), requested())),
    "who only tagged it":
        (BOB, (RefUpdated({"ref": "refs/tags/1.4", "after": SHA, "pusher": BOB}), requested())),
    "who reviewed its change":
        (BOB, (ChangeMerged({"commit": SHA, "author": ANN, "merged_by": BOB}), requested())),
    "who made another artifact":
        (BOB, (BuildFinished({"artifact": {"digest": "sha256:" + "2" * 64}, "commit": SHA}),
               pushed(authors=[BOB]), requested(subjects=[IMAGE]))),
    "who made another version of the service":
        (BOB, (ReleaseCreated({"service": "shop", "version": "1.5", "author": BOB}),
               requested(service="shop", subjects=[{"kind": "release", "release": "1.4"}]))),
    "a second person": (CEM, (requested(required=2), granted(BOB))),
    "whose token approves in the role":
        (BOB, (token(BOB, "security"), requested(roles=["security"]))),
}  # fmt: skip


@pytest.mark.parametrize(("person", "facts"), ALLOWED.values(), ids=ALLOWED.keys())
def test_a_grant_is_free_to(person: str, facts: tuple[Fact, ...]) -> None:
    """Whoever is independent."""
    assert grant(person, *facts).data["approver"] == person


def test_a_grant_says_what_was_approved() -> None:
    """So that it is evidence by itself; and in which role."""
    bound = {"environments": ["production"], "valid_until": UNTIL, "ticket": "OPS-1"}
    made = grant(BOB, token(BOB, "security"), requested(roles=["security"], **bound))
    assert type(made) is ApprovalGranted
    assert made.data == bound | {
        "approval": "apr-1", "subjects": [COMMIT], "approver": BOB, "role": "security",
    }  # fmt: skip


@pytest.mark.parametrize(("seconds", "is_late"), [(-1, False), (0, True), (1, True)])
def test_nothing_is_granted_from_the_second_on_at_which_it_ends(
    seconds: int, *, is_late: bool
) -> None:
    """Whether somebody recorded the end or not."""
    at = datetime(2026, 5, 2, tzinfo=UTC) + timedelta(seconds=seconds)
    facts = (requested(valid_until=UNTIL),)
    if is_late:
        with pytest.raises(ConflictError, match="until 2026-05-02T00:00:00"):
            grant(BOB, *facts, at=at)
    else:
        assert grant(BOB, *facts, at=at).data["valid_until"] == UNTIL


def test_who_declared_the_emergency_does_not_approve_it_afterwards() -> None:
    """Nor by another account."""
    asked = requested(emergency="emg-1")
    with pytest.raises(ConflictError, match="declared the emergency"):
        grant(BOB, asked, declarer=BOB)
    with pytest.raises(ConflictError, match="declared the emergency"):
        grant(CEM, asked, linked(BOB, CEM), declarer=BOB)
    assert grant(CEM, asked, declarer=BOB).data["emergency"] == "emg-1"


def test_a_grant_of_another_digest_is_refused() -> None:
    """Who approves may say what they looked at: all that was asked, or it is not granted."""
    other = {"kind": "artifact", "digest": "sha256:" + "2" * 64}
    for meant in ([other], [IMAGE, other], []):
        with pytest.raises(RefusedError, match="field subjects"):
            grant(BOB, requested(subjects=[IMAGE]), subjects=meant)
    made = grant(BOB, requested(subjects=[IMAGE, COMMIT]), subjects=[COMMIT, IMAGE])
    assert made.data["subjects"] == [IMAGE, COMMIT]


def test_the_server_approves_nothing() -> None:
    """Anybody with its data may stand behind it."""
    with pytest.raises(ConflictError, match="in their own name"):
        grant(BOB, requested(), how="server")


def test_nothing_is_granted_that_nobody_asked_for() -> None:
    """There is no such approval."""
    for step in (
        GrantApproval({"approval": "apr-1"}, by(BOB), NOW, Authorship([], None)),
        RejectApproval({"approval": "apr-1", "reason": "No"}, by(BOB), NOW),
        WithdrawApproval({"approval": "apr-1"}, by(BOB), NOW, approves=True),
        ExpireApproval({"approval": "apr-1"}, by(BOB), NOW),
    ):
        with pytest.raises(NotFoundError):
            told(step)


def test_each_role_is_brought_by_a_person_of_their_own() -> None:
    """Where one has several, they say in which; the last person has to bring what is missing."""
    asked = requested(roles=["security", "product"], required=2)
    two = token(BOB, "security", "product")
    assert grant(BOB, two, asked).data["role"] == "security"
    assert grant(BOB, two, asked, role="product").data["role"] == "product"
    with pytest.raises(ConflictError, match="does not approve as legal"):
        grant(BOB, two, asked, role="legal")
    last = (token(CEM, "security"), asked, granted(BOB, "product"))
    assert grant(CEM, *last).data["role"] == "security"
    three = requested(roles=["security", "product"], required=3)
    facts = (token(CEM, "security"), three, granted(BOB, "security"))
    assert grant(CEM, *facts).data["role"] == "security"


def test_commits_that_came_to_light_meanwhile_refuse_the_grant() -> None:
    """Their authors were not looked up: whoever grants looks again."""
    authorship = Authorship([IMAGE], None)
    command = GrantApproval({"approval": "apr-1"}, by(BOB), NOW, authorship)
    build = BuildFinished({"artifact": {"digest": DIGEST}, "commit": SHA}, position=9)
    with pytest.raises(ConflictError, match="meanwhile"):
        told(command, requested(subjects=[IMAGE]), build)


def test_what_too_many_commits_stand_behind_is_asked_for_in_parts() -> None:
    """Each of them is a condition of the append."""
    authorship = Authorship([COMMIT], None)
    many = [f"{number:040x}" for number in range(MOST_COMMITS)]
    authorship.learn(ChangeMerged({"commit": SHA, "original_commits": many}))
    with pytest.raises(RefusedError, match="ask in parts"):
        authorship.selectors()


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
    for fact in (
        requested(ticket="OPS-1"), requested(ticket="OPS-2"), granted(BOB),
        ApprovalGranted({}, by(CEM), 6), ApprovalGranted({}),
        ApprovalGranted({"approver": DEE}, by(EVE), 8),
    ):  # fmt: skip
        approval.learn(fact)
    assert approval.asked["ticket"] == "OPS-1"
    assert [one.person for one in approval.grants] == [BOB, CEM, "", DEE]


def test_who_sent_the_request_does_not_grant_it_whoever_it_names() -> None:
    """Where nobody sent it, nobody is kept out for that."""
    data = requested().data | {"requester": ANN}
    with pytest.raises(ConflictError, match="who requested it"):
        grant(CEM, ApprovalRequested(data, by(CEM), 2))
    assert grant(CEM, ApprovalRequested(data, None, 2)).data["approver"] == CEM


def test_a_grant_without_roles_says_none_unless_it_was_named() -> None:
    """A token that approves as nothing in particular is enough."""
    plain = TokenIssued({"credential": f"crd_{BOB[4:]}"}, position=1)
    assert "role" not in grant(BOB, plain, requested()).data
    assert grant(BOB, token(BOB, "security"), requested(), role="security").data["role"] == (
        "security"
    )


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
