"""People, what was asked for and by whom, and a grant of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from domain.decisions.approving import (
    GrantApproval,
)
from domain.decisions.authorship import Authorship
from domain.decisions.fact import (
    ApprovalGranted,
    ApprovalRequested,
    CommitPushed,
    Fact,
    PersonLinked,
)
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


def pushed(**who: Any) -> Fact:  # noqa: ANN401 - JSON
    """The commit was pushed, and whoever made it."""
    return CommitPushed({"commit": SHA} | who, position=1)


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
