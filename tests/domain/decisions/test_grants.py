"""Who may grant an approval and who may not: four eyes, whatever a person is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

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
    PersonUnlinked,
    RefUpdated,
    ReleaseCreated,
    TokenIssued,
    TokenRevoked,
)
from domain.errors import ConflictError, NotFoundError, RefusedError
from tests.domain.decisions.approving import (
    ANN,
    BOB,
    CEM,
    COMMIT,
    DEE,
    DIGEST,
    IMAGE,
    NOW,
    OTHER,
    SHA,
    UNTIL,
    by,
    ended,
    grant,
    granted,
    linked,
    pushed,
    requested,
    told,
)


def unlinked(one: str, other: str) -> Fact:
    """They are two after all."""
    return PersonUnlinked({"person": one, "other": other}, position=8)


def token(person: str, *roles: str) -> Fact:
    """A token that approves in these roles."""
    return TokenIssued({"credential": f"crd_{person[4:]}", "approves_as": list(roles)}, position=1)


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
    "an author whom the push of a tag alone tells":
        (BOB, (RefUpdated({"ref": "refs/tags/1.4", "after": SHA, "pusher": CEM,
                           "commits": [{"sha": SHA, "authors": [BOB]}]}), requested()),
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
    "a third person, where the first two turned out to be one":
        (DEE, (requested(required=2), granted(BOB), granted(CEM), linked(BOB, CEM))),
    "another person, where the first turned out to have requested it":
        (CEM, (requested(), granted(BOB), linked(BOB, ANN))),
    "another person, where the first turned out to be an author":
        (CEM, (requested(), granted(BOB), pushed(authors=[DEE]), linked(BOB, DEE))),
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
