"""What each command stands on: whatever of it comes meanwhile refuses the command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from domain.decisions.approving import ExpireApproval, GrantApproval
from domain.decisions.assessing import AssessDeployment, Subject
from domain.decisions.authorship import Authorship
from domain.decisions.command import Proposal
from domain.decisions.emergencies import DeclareEmergency
from domain.decisions.fact import (
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalWithdrawn,
    ChangeMerged,
    ChangeProposed,
    ChangeReviewed,
    ChangeUpdated,
    CommandWithdrawn,
    CommitPushed,
    DeploymentAssessed,
    EmergencyDeclared,
    EnvironmentRegistered,
    EventVoided,
    Fact,
    PersonLinked,
    PersonUnlinked,
    RefUpdated,
    ServiceRegistered,
    TokenIssued,
    TokenRevoked,
    WaiverExpired,
    WaiverGranted,
    WaiverRevoked,
)
from domain.decisions.linking import LinkPersons
from domain.decisions.registering import RegisterEnvironment, RegisterService, SeeEnvironment
from domain.decisions.requesting import RequestApproval
from domain.decisions.voiding import Target, Void
from domain.decisions.waiving import ExpireWaiver, GrantWaiver
from domain.decisions.withdrawing import Withdraw
from domain.errors import ConflictError, NotFoundError
from domain.log.by import By
from domain.log.names import short_hash

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.decisions.command import Command

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ADA = By("per_" + "a" * 32, "crd_1", "token")
SHA = "c" * 40
COMMIT = {"kind": "commit", "commit": SHA}
PROPOSAL = Proposal(7, ADA, NOW + timedelta(days=1))

Boundary = list[tuple[set[type[Fact]], list[str]]]
OPERATORS: Boundary = [({TokenIssued, TokenRevoked, PersonLinked, PersonUnlinked}, [])]
PERSONS: Boundary = [({PersonLinked, PersonUnlinked}, [])]
STEPS: Boundary = [(
    {ApprovalRequested, ApprovalGranted, ApprovalRejected, ApprovalWithdrawn, ApprovalExpired},
    ["stream:approval/apr-1"],
)]  # fmt: skip
MADE: Boundary = [(
    {CommitPushed, RefUpdated, ChangeProposed, ChangeUpdated, ChangeReviewed, ChangeMerged},
    [f"commit:{SHA}"],
)]  # fmt: skip


def made() -> Authorship:
    """Who made the commit, not looked up yet."""
    return Authorship([COMMIT], None)


def said(**data: Any) -> tuple[dict[str, Any], By, datetime]:  # noqa: ANN401 - JSON
    """What Ada says now."""
    return data, ADA, NOW


ROWS: dict[str, tuple[Callable[[], Command], Boundary]] = {
    "an environment": (lambda: RegisterEnvironment(*said(environment="eu")),
                       [*OPERATORS, ({EnvironmentRegistered}, ["environment:eu"])]),
    "an environment that is confirmed": (
        lambda: RegisterEnvironment(*said(environment="eu"), PROPOSAL),
        [*OPERATORS, ({EnvironmentRegistered, CommandWithdrawn}, ["proposal:7"]),
         ({EnvironmentRegistered}, ["environment:eu"])]),
    "an environment that is seen": (lambda: SeeEnvironment("eu", "test", ADA, NOW),
                                    [({EnvironmentRegistered}, ["environment:eu"])]),
    "a service": (lambda: RegisterService(*said(service="shop", team="a")),
                  [*OPERATORS, ({ServiceRegistered}, ["service:shop"])]),
    "a void": (lambda: Void(*said(), target=Target(42, "x", "asserted")),
               [*OPERATORS, ({EventVoided}, ["position:42"])]),
    "a link": (lambda: LinkPersons(*said(person="a", other="b")), OPERATORS),
    "a withdrawal": (lambda: Withdraw(*said(), proposal=PROPOSAL, becoming=EventVoided),
                     [({EventVoided, CommandWithdrawn}, ["proposal:7"])]),
    "a waiver": (lambda: GrantWaiver(*said(waiver="w-1")),
                 [*OPERATORS, ({WaiverGranted}, ["stream:waiver/w-1"])]),
    "the end of a waiver": (lambda: ExpireWaiver(*said(waiver="w-1")),
                            [({WaiverGranted, WaiverRevoked, WaiverExpired},
                              ["stream:waiver/w-1"])]),
    "an emergency": (lambda: DeclareEmergency(*said(emergency="e-1")),
                     [({EmergencyDeclared}, ["stream:emergency/e-1"])]),
    "an assessment": (
        lambda: AssessDeployment(Subject("deployment", "ci", "d-1"), *said(), known=True),
        [({DeploymentAssessed}, [f"stream:deployment/{short_hash('ci')}.d-1"])]),
    "a request": (lambda: RequestApproval(*said(approval="apr-1"), made()),
                  [({ApprovalRequested}, STEPS[0][1]), *MADE]),
    "the end of an approval": (lambda: ExpireApproval(*said(approval="apr-1")),
                               [*STEPS, *PERSONS]),
    "a grant": (lambda: GrantApproval(*said(approval="apr-1"), made()),
                [*STEPS, *PERSONS, ({TokenIssued, TokenRevoked}, ["stream:credential/crd_1"]),
                 *MADE]),
}  # fmt: skip


@pytest.mark.parametrize(("command", "boundary"), ROWS.values(), ids=ROWS.keys())
def test_a_command_stands_on(command: Callable[[], Command], boundary: Boundary) -> None:
    """These facts, and no others."""
    found = command().consistency_boundary()
    assert [(set(one.types), list(one.tags)) for one in found] == boundary


def told(command: Command, *facts: Fact) -> dict[str, Any]:
    """The data of what a command decides after these facts."""
    for fact in facts:
        fact.mutate(command)
    command.execute()
    (one,) = command.new_decisions
    assert type(one.decision) is command.makes
    return one.decision.data


def test_a_command_says_what_it_was_given_and_nothing_empty() -> None:
    """With what each adds of its own."""
    assert told(RegisterService(*said(service="shop", team="a", scope=None))) == {
        "service": "shop", "team": "a",
    }  # fmt: skip
    environment = said(environment="eu", tier="test", reason="New")
    assert told(RegisterEnvironment(*environment))["basis"] == "operator"
    target = Target(42, "pipeledger.deployment.finished", "asserted")
    assert told(
        Void(*said(reason="Twice"), target=target), TokenRevoked({"position": 42}, position=9)
    ) == {"reason": "Twice", "position": 42}
    assert told(SeeEnvironment("eu", "test", ADA, NOW)) == {
        "environment": "eu", "tier": "test", "basis": "name",
    }  # fmt: skip
    assert told(Withdraw(*said(), proposal=PROPOSAL, becoming=EventVoided)) == {"proposal": 7}
    pair = {"person": "a", "other": "b", "reason": "One login"}
    assert told(LinkPersons(*said(**pair))) == pair


def test_a_fact_stands_nowhere_before_it_is_appended() -> None:
    """And is by nobody yet."""
    fact = EventVoided({})
    assert (fact.position, fact.by, fact.source) == (0, None, None)


def waiver(**more: Any) -> GrantWaiver:  # noqa: ANN401 - JSON
    """A waiver that Ada proposes."""
    data = {"waiver": "w-1", "rules": ["r"], "reason": "No fix", "expires": "2026-05-02T00:00:00Z"}
    return GrantWaiver(*said(**data | more))


def test_a_waivers_id_is_taken_once_and_two_operators_grant_it() -> None:
    """What is known of operators takes no id."""
    two = [
        TokenIssued({"credential": name, "principal": person, "role": "operator"})
        for name, person in (("crd_1", ADA.principal), ("crd_2", "per_2"))
    ]
    with pytest.raises(ConflictError, match="two operators decide this"):
        waiver().execute()
    taken = waiver()
    for fact in (*two, WaiverGranted({"waiver": "w-1"}, position=1), *two):
        fact.mutate(taken)
    with pytest.raises(ConflictError, match="granted before"):
        taken.execute()
    free = waiver()
    for fact in two:
        fact.mutate(free)
    free.execute()
    assert len(free.new_decisions) == 1


def test_a_redacted_waiver_has_no_date_that_it_ends_by() -> None:
    """Nobody knows it."""
    with pytest.raises(ConflictError, match="still to come"):
        told(ExpireWaiver(*said(waiver="w-1")), WaiverGranted({}, position=3))
    with pytest.raises(NotFoundError):
        told(ExpireWaiver(*said(waiver="w-1")))


def test_an_emergency_may_name_where_instead_of_what() -> None:
    """An environment is enough."""
    data = said(emergency="e-1", reason="Payments fail", environments=["production"])
    assert told(DeclareEmergency(*data))["environments"] == ["production"]
