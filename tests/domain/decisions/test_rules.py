"""The rules of commands, one table: what the ledger holds, what is commanded, what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from domain.decisions.assessing import AssessDeployment, AssessIncident, Subject
from domain.decisions.command import LIFE, Proposal
from domain.decisions.fact import (
    CommandProposed,
    CommandWithdrawn,
    EnvironmentRegistered,
    EventVoided,
    Fact,
    PersonLinked,
    PersonUnlinked,
    ServiceRegistered,
    TokenIssued,
    TokenRevoked,
)
from domain.decisions.registering import RegisterEnvironment, RegisterService, SeeEnvironment
from domain.decisions.voiding import Target, Void
from domain.decisions.withdrawing import Withdraw
from domain.errors import ConflictError, NotFoundError, PipeledgerError, RefusedError
from domain.log.by import By

if TYPE_CHECKING:
    from domain.decisions.command import Command

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ADA, BEN, CLEO = (f"per_{letter * 32}" for letter in "abc")
SERVER = By("wkl_" + "0" * 32, "crd_" + "0" * 32, "server")
DEPLOYMENT = Target(42, "pipeledger.deployment.finished", "asserted")


def by(person: str) -> By:
    """Somebody with a token."""
    return By(person, "crd_" + "1" * 32, "token")


def token(person: str, *, role: str = "operator", until: datetime | None = None) -> Fact:
    """A token was issued; its id is the person's."""
    data = {"credential": f"crd_{person[4:]}", "principal": person, "role": role}
    return TokenIssued(data | ({"expires": until.isoformat()} if until else {}), position=2)


def revoked(person: str) -> Fact:
    """The token was revoked."""
    return TokenRevoked({"credential": f"crd_{person[4:]}"}, position=3)


def linked(one: str, other: str) -> Fact:
    """Two ids are one person."""
    return PersonLinked({"person": one, "other": other}, position=4)


def environment(person: str = ADA, **said: Any) -> RegisterEnvironment:  # noqa: ANN401 - JSON
    """A tier is commanded."""
    data = {"environment": "eu", "tier": "production", "reason": "It serves customers"}
    return RegisterEnvironment(data | said, by(person), NOW)


def confirming(
    person: str = BEN, proposer: str = ADA, expires: datetime = NOW + LIFE
) -> RegisterEnvironment:
    """A tier that was proposed at position 7 is confirmed."""
    data = {"environment": "eu", "tier": "production", "reason": "It serves customers"}
    return RegisterEnvironment(data, by(person), NOW, Proposal(7, by(proposer), expires))


def void(
    target: Target = DEPLOYMENT, reason: str | None = "Reported twice", who: By | None = None
) -> Void:
    """A void is commanded."""
    return Void({"reason": reason}, who or by(ADA), NOW, target=target)


def told(command: Command, *facts: Fact) -> Fact | None:
    """What a command decides after these facts."""
    for fact in facts:
        fact.mutate(command)
    command.execute()
    return command.new_decisions[0].decision if command.new_decisions else None


ONE = (token(ADA),)
TWO = (token(ADA), token(BEN))


@dataclass(frozen=True)
class Outcome:
    """What a fact must be."""

    kind: type[Fact]
    second: str | None = None


DECIDED = Outcome(EnvironmentRegistered)
PROPOSED = Outcome(CommandProposed)
BOTH = Outcome(EnvironmentRegistered, ADA)
ROWS: dict[str, tuple[Command, tuple[Fact, ...], Outcome | type[PipeledgerError]]] = {
    "one operator decides alone": (environment(), ONE, DECIDED),
    "two operators make it a proposal": (environment(), TWO, PROPOSED),
    "a token of another role makes no second operator":
        (environment(), (*ONE, token(BEN, role="approver")), DECIDED),
    "a second token of one person makes no second operator":
        (environment(), (*ONE, TokenIssued({"credential": "crd_x", "principal": ADA,
                                            "role": "operator"})), DECIDED),
    "a revoked token makes no second operator": (environment(), (*TWO, revoked(BEN)), DECIDED),
    "an expired token makes no second operator":
        (environment(), (*ONE, token(BEN, until=NOW)), DECIDED),
    "a token that has not expired makes one":
        (environment(), (*ONE, token(BEN, until=NOW + timedelta(seconds=1))), PROPOSED),
    "linked accounts are one operator": (environment(), (*TWO, linked(ADA, BEN)), DECIDED),
    "accounts linked through a third are one operator":
        (environment(), (*TWO, linked(BEN, CLEO), linked(CLEO, ADA)), DECIDED),
    "accounts that were unlinked are two operators":
        (environment(), (*TWO, linked(ADA, BEN), PersonUnlinked({"person": BEN, "other": ADA})),
         PROPOSED),
    "the server decides while there is one operator":
        (void(who=SERVER), ONE, Outcome(EventVoided)),
    "the server proposes nothing where there are two": (void(who=SERVER), TWO, ConflictError),
    "whose token was just revoked proposes nothing":
        (environment(CLEO), (*TWO, token(CLEO), revoked(CLEO)), ConflictError),
    "another operator confirms": (confirming(), TWO, BOTH),
    "nobody confirms their own": (confirming(ADA), TWO, ConflictError),
    "nobody confirms their own by another account":
        (confirming(BEN), (*TWO, token(CLEO), linked(ADA, BEN)), ConflictError),
    "nobody confirms who is no operator": (confirming(CLEO), TWO, ConflictError),
    "what was proposed by who is no operator any more is not confirmed":
        (confirming(), (*TWO, token(CLEO), revoked(ADA)), ConflictError),
    "nothing is confirmed after it expired": (confirming(expires=NOW), TWO, ConflictError),
    "nothing is confirmed twice":
        (confirming(), (*TWO, EnvironmentRegistered({"environment": "eu", "proposal": 7},
                                                    position=8)), ConflictError),
    "nothing is confirmed that was withdrawn":
        (confirming(), (*TWO, CommandWithdrawn({"proposal": 7}, position=8)), ConflictError),
    "what ended another proposal ends not this one":
        (confirming(), (*TWO, CommandWithdrawn({"proposal": 6}, position=8)), BOTH),
    "a tier needs a reason": (environment(reason=" \n"), ONE, RefusedError),
    "a service needs something to be said of it":
        (RegisterService({"service": "shop", "reason": "New"}, by(ADA), NOW), ONE, RefusedError),
    "a service may be said to have nothing any more": (
        RegisterService({"service": "shop", "repositories": []}, by(ADA), NOW), ONE,
        Outcome(ServiceRegistered),
    ),
    "an event is voided": (void(), ONE, Outcome(EventVoided)),
    "a void needs a reason": (void(reason=None), ONE, RefusedError),
    "nothing is voided twice":
        (void(), (*ONE, EventVoided({"position": 42}, position=50)), ConflictError),
    "nothing that is voided already is proposed to be voided":
        (void(), (*TWO, EventVoided({"position": 42}, position=50)), ConflictError),
    "a void of another event forbids nothing":
        (void(), (*ONE, EventVoided({"position": 41}, position=50)), Outcome(EventVoided)),
    "what the ledger says of itself cannot be voided":
        (void(Target(1, "pipeledger.ledger.created", "decided")), ONE, ConflictError),
    "what a source says of itself cannot be voided":
        (void(Target(9, "pipeledger.source.heartbeat", "observed")), ONE, ConflictError),
    "a decision cannot be voided":
        (void(Target(9, "pipeledger.approval.granted", "decided")), ONE, ConflictError),
    "an operator's own assessment cannot be voided":
        (void(Target(9, "pipeledger.deployment.assessed", "decided")), ONE, ConflictError),
    "a sender's assessment can be":
        (void(Target(9, "pipeledger.deployment.assessed", "asserted")), ONE,
         Outcome(EventVoided)),
    "what no type is known of cannot be voided":
        (void(Target(9, "other.type", "asserted")), ONE, ConflictError),
    "a new environment is seen": (SeeEnvironment("eu", "test", SERVER, NOW), (), DECIDED),
    "withdrawing ends a proposal":
        (Withdraw({}, by(BEN), NOW, proposal=Proposal(7, by(ADA), NOW + LIFE),
                  becoming=EventVoided), (), Outcome(CommandWithdrawn)),
    "what was confirmed is not withdrawn":
        (Withdraw({}, by(BEN), NOW, proposal=Proposal(7, by(ADA), NOW + LIFE),
                  becoming=EventVoided), (EventVoided({"proposal": 7}, position=9),),
         ConflictError),
    "what has expired is not withdrawn":
        (Withdraw({}, by(BEN), NOW, proposal=Proposal(7, by(ADA), NOW), becoming=EventVoided),
         (), ConflictError),
}  # fmt: skip


@pytest.mark.parametrize(("command", "facts", "outcome"), ROWS.values(), ids=ROWS.keys())
def test_a_command_after_facts(
    command: Command, facts: tuple[Fact, ...], outcome: Outcome | type[PipeledgerError]
) -> None:
    """Comes to this."""
    if isinstance(outcome, Outcome):
        made = told(command, *facts)
        assert type(made) is outcome.kind
        assert made.data.get("second") == outcome.second
    else:
        with pytest.raises(outcome):
            told(command, *facts)
        assert command.new_decisions == []


def test_an_environment_that_something_was_said_of_is_not_new() -> None:
    """Whoever said it."""
    command = SeeEnvironment("eu", "test", SERVER, NOW)
    assert told(command, EnvironmentRegistered({"environment": "eu", "tier": "dr"})) is None


def test_a_proposal_holds_what_is_commanded_and_until_when() -> None:
    """Under the name of what it will become, for seven days."""
    made = told(environment(), *TWO)
    assert made is not None
    assert made.data == {
        "command": "environment.registered",
        "expires": "2026-05-08T12:00:00.000000Z",
        "environment_registered": {
            "environment": "eu", "tier": "production", "basis": "operator",
            "reason": "It serves customers",
        },
    }  # fmt: skip


def test_who_confirms_decides_and_who_proposed_is_named() -> None:
    """With the position of the proposal."""
    made = told(confirming(), *TWO)
    assert made is not None
    assert made.data == {
        "environment": "eu", "tier": "production", "basis": "operator",
        "reason": "It serves customers", "second": ADA, "proposal": 7,
    }  # fmt: skip


SUBJECT = Subject("deployment", "https://ci.example", "d-1")
INCIDENT = Subject("incident", "https://ci.example", "i/1")


def test_an_assessment_stands_among_the_events_of_its_subject() -> None:
    """By the source that reported it, whose stream has the id by its digest where it must."""
    command = AssessDeployment(
        SUBJECT, {"impact": False, "reason": "Nobody saw it"}, by(ADA), NOW, known=True
    )
    made = told(command)
    assert made is not None
    assert made.source == SUBJECT.source
    assert made.data == {"impact": False, "reason": "Nobody saw it", "deployment": "d-1"}
    assert INCIDENT.stream.startswith("incident/")
    assert "/1" not in INCIDENT.stream.removeprefix("incident/")


@pytest.mark.parametrize(
    ("said", "known", "error"),
    [
        ({"impact": True}, True, RefusedError),
        ({"reason": "Seen again"}, True, RefusedError),
        ({"service": "shop", "reason": "Seen again"}, True, RefusedError),
        ({"impact": True, "reason": "Seen again"}, False, NotFoundError),
    ],
    ids=["no reason", "nothing restated", "only where it was", "nobody reported it"],
)
def test_an_assessment_is_refused(
    said: dict[str, Any], error: type[PipeledgerError], *, known: bool
) -> None:
    """Without a reason, without anything restated, or of nothing known."""
    with pytest.raises(error):
        told(AssessDeployment(SUBJECT, said, by(ADA), NOW, known=known))


def test_an_incident_is_assessed_by_its_own_fields() -> None:
    """What restates a deployment restates no incident."""
    said = {"impact": True, "reason": "Seen again"}
    with pytest.raises(RefusedError, match="caused_by"):
        told(AssessIncident(INCIDENT, said, by(ADA), NOW, known=True))
    made = told(AssessIncident(INCIDENT, said | {"caused_by": "d-1"}, by(ADA), NOW, known=True))
    assert made is not None
    assert made.data["incident"] == "i/1"
