"""Waivers, emergencies and links of persons: who decides them, for how long, and with whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from domain.decisions.command import LIFE, Proposal
from domain.decisions.emergencies import DeclareEmergency
from domain.decisions.fact import (
    CommandProposed,
    EmergencyDeclared,
    Fact,
    PersonLinked,
    PersonUnlinked,
    TokenIssued,
    WaiverExpired,
    WaiverGranted,
    WaiverRevoked,
)
from domain.decisions.linking import LinkPersons, UnlinkPersons
from domain.decisions.waiving import ExpireWaiver, GrantWaiver, RevokeWaiver
from domain.errors import ConflictError, NotFoundError, PipeledgerError, RefusedError
from domain.log.by import By
from domain.log.entry import format_at

if TYPE_CHECKING:
    from domain.decisions.command import Command

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ADA, BEN, CLEO = (f"per_{letter * 32}" for letter in "abc")
YEAR = timedelta(days=365)


def by(person: str) -> By:
    """Somebody with a token."""
    return By(person, f"crd_{person[4:]}", "token")


def operator(person: str) -> Fact:
    """Somebody is an operator."""
    data = {"credential": f"crd_{person[4:]}", "principal": person, "role": "operator"}
    return TokenIssued(data, position=2)


def linked(one: str, other: str) -> Fact:
    """Two ids are one person."""
    return PersonLinked({"person": one, "other": other}, position=4)


ONE = (operator(ADA),)
TWO = (operator(ADA), operator(BEN))


def told(command: Command, *facts: Fact) -> Fact:
    """What a command decides after these facts."""
    for fact in facts:
        fact.mutate(command)
    command.execute()
    (made,) = command.new_decisions
    return made.decision


def waiver(
    person: str = ADA, confirmed: bool = False, at: datetime = NOW, **said: Any  # noqa: FBT001, FBT002, ANN401
) -> GrantWaiver:  # fmt: skip
    """A waiver is proposed, or what Ada proposed at position 7 is confirmed."""
    data = {
        "waiver": "wvr-1", "controls": ["VUL-01"], "reason": "No fix yet",
        "expires": format_at(NOW + timedelta(days=90)),
    }  # fmt: skip
    proposal = Proposal(7, by(ADA), NOW + LIFE) if confirmed else None
    return GrantWaiver(data | said, by(person), at, proposal)


WAIVERS: dict[str, tuple[GrantWaiver, tuple[Fact, ...], type[Fact | PipeledgerError]]] = {
    "one operator alone is refused": (waiver(), ONE, ConflictError),
    "two operators propose it": (waiver(), TWO, CommandProposed),
    "an operator by two accounts is one, and refused":
        (waiver(), (*TWO, linked(ADA, BEN)), ConflictError),
    "who is no operator proposes nothing": (waiver(CLEO), TWO, ConflictError),
    "another operator confirms it": (waiver(BEN, confirmed=True), TWO, WaiverGranted),
    "nobody confirms their own": (waiver(ADA, confirmed=True), TWO, ConflictError),
    "nobody confirms their own by another account":
        (waiver(BEN, confirmed=True), (*TWO, operator(CLEO), linked(ADA, BEN)), ConflictError),
    "it is not confirmed twice":
        (waiver(BEN, confirmed=True),
         (*TWO, WaiverGranted({"waiver": "wvr-1", "proposal": 7}, position=9)), ConflictError),
    "a year is the longest": (waiver(expires=format_at(NOW + YEAR)), TWO, CommandProposed),
    "a second more is too long":
        (waiver(expires=format_at(NOW + YEAR + timedelta(seconds=1))), TWO, RefusedError),
    "ten years are too long": (waiver(expires=format_at(NOW + 10 * YEAR)), TWO, RefusedError),
    "it ends in the future": (waiver(expires=format_at(NOW)), TWO, RefusedError),
    "what ended before it was confirmed is not":
        (waiver(BEN, confirmed=True, at=NOW + timedelta(days=2),
                expires=format_at(NOW + timedelta(days=1))), TWO, RefusedError),
    "it needs a reason": (waiver(reason=" "), TWO, RefusedError),
    "it says from what": (waiver(controls=None, services=["shop"]), TWO, RefusedError),
    "a rule of a tool is enough": (waiver(controls=None, rules=["CVE-1"]), TWO, CommandProposed),
    "a test that is none is refused": (waiver(controls=["VUL-1"]), TWO, RefusedError),
}  # fmt: skip


@pytest.mark.parametrize(("command", "facts", "outcome"), WAIVERS.values(), ids=WAIVERS.keys())
def test_a_waiver(
    command: GrantWaiver, facts: tuple[Fact, ...], outcome: type[Fact | PipeledgerError]
) -> None:
    """Comes to this."""
    if issubclass(outcome, PipeledgerError):
        with pytest.raises(outcome):
            told(command, *facts)
    else:
        assert type(told(command, *facts)) is outcome


def test_a_waiver_names_both_persons_and_the_next_step_where_there_is_one() -> None:
    """Who proposed it asked for it, who confirmed it approved."""
    made = told(waiver(BEN, confirmed=True), *TWO)
    assert (made.data["requester"], made.data["approver"]) == (ADA, BEN)
    assert (made.data["proposal"], "second" in made.data) == (7, False)
    with pytest.raises(ConflictError, match="token create --role operator"):
        told(waiver(), *ONE)


GRANTED = WaiverGranted({"waiver": "wvr-1", "expires": "2026-06-01T00:00:00Z"}, position=9)
END = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_waiver_is_revoked_once_while_it_holds() -> None:
    """By one operator, with a reason; the rule holds again."""

    def revoke(*facts: Fact, at: datetime = NOW, reason: str | None = "Fixed") -> Fact:
        return told(RevokeWaiver({"waiver": "wvr-1", "reason": reason}, by(ADA), at), *facts)

    assert type(revoke(GRANTED)) is WaiverRevoked
    with pytest.raises(NotFoundError):
        revoke()
    with pytest.raises(RefusedError, match="reason"):
        revoke(GRANTED, reason=None)
    with pytest.raises(ConflictError, match="position 10"):
        revoke(GRANTED, WaiverRevoked({"waiver": "wvr-1"}, position=10))
    with pytest.raises(ConflictError, match="holds no more"):
        revoke(GRANTED, at=END)


def test_a_waiver_ends_by_its_date_and_not_before_or_twice() -> None:
    """To the second."""

    def expire(*facts: Fact, at: datetime = END) -> Fact:
        return told(ExpireWaiver({"waiver": "wvr-1"}, by(ADA), at), *facts)

    assert type(expire(GRANTED)) is WaiverExpired
    with pytest.raises(ConflictError, match="to come"):
        expire(GRANTED, at=END - timedelta(seconds=1))
    for kind in (WaiverRevoked, WaiverExpired):
        with pytest.raises(ConflictError, match="ended"):
            expire(GRANTED, kind({"waiver": "wvr-1"}, position=10))


def emergency(**said: Any) -> DeclareEmergency:  # noqa: ANN401 - JSON
    """An emergency is declared."""
    data = {"emergency": "emg-1", "reason": "Payments fail", "service": "shop"}
    return DeclareEmergency(data | said, by(ADA), NOW)


def test_an_emergency_is_to_be_approved_in_three_days_unless_it_says_otherwise() -> None:
    """And in thirty at most."""
    made = told(emergency())
    assert type(made) is EmergencyDeclared
    assert made.data["approve_until"] == format_at(NOW + timedelta(hours=72))
    month = format_at(NOW + timedelta(days=30))
    assert told(emergency(approve_until=month)).data["approve_until"] == month
    for until in (NOW, NOW + timedelta(days=30, seconds=1)):
        with pytest.raises(RefusedError, match="field approve_until"):
            told(emergency(approve_until=format_at(until)))


def test_an_emergency_says_why_what_and_by_whom() -> None:
    """And its id is its own."""
    with pytest.raises(RefusedError, match="field reason"):
        told(emergency(reason=""))
    with pytest.raises(RefusedError, match="field subjects"):
        told(emergency(service=None))
    with pytest.raises(RefusedError, match=r"field subjects\.0"):
        told(emergency(subjects=[{"kind": "artifact"}]))
    with pytest.raises(ConflictError, match="before"):
        told(emergency(), EmergencyDeclared({"emergency": "emg-1"}, position=9))
    server = By("wkl_" + "0" * 32, "crd_" + "0" * 32, "server")
    data = {"emergency": "emg-1", "reason": "Payments fail", "service": "shop"}
    with pytest.raises(ConflictError, match="in their own name"):
        told(DeclareEmergency(data, server, NOW))


def link(person: str = ADA, other: str = CLEO, reason: str = "Same login") -> LinkPersons:
    """Two ids are linked by Ada."""
    return LinkPersons({"person": person, "other": other, "reason": reason}, by(ADA), NOW)


def unlink(person: str = ADA, other: str = CLEO) -> UnlinkPersons:
    """Two ids are told apart by Ada."""
    data = {"person": person, "other": other, "reason": "Two people"}
    return UnlinkPersons(data, by(ADA), NOW)


LINKS: dict[str, tuple[Command, tuple[Fact, ...], type[Fact | PipeledgerError]]] = {
    "one operator links": (link(), ONE, PersonLinked),
    "two operators make it a proposal": (link(), TWO, CommandProposed),
    "a link needs a reason": (link(reason=""), ONE, RefusedError),
    "nobody is linked with themselves": (link(ADA, ADA), ONE, RefusedError),
    "nobody is linked twice": (link(), (*ONE, linked(CLEO, ADA)), ConflictError),
    "nobody is linked who is along a chain":
        (link(), (*ONE, linked(ADA, BEN), linked(BEN, CLEO)), ConflictError),
    "who was told apart is linked again":
        (link(), (*ONE, linked(ADA, CLEO), PersonUnlinked({"person": CLEO, "other": ADA})),
         PersonLinked),
    "one operator unlinks": (unlink(), (*ONE, linked(CLEO, ADA)), PersonUnlinked),
    "what is not linked is not unlinked": (unlink(), ONE, ConflictError),
    "a chain is unlinked where its links are":
        (unlink(), (*ONE, linked(ADA, BEN), linked(BEN, CLEO)), ConflictError),
}  # fmt: skip


@pytest.mark.parametrize(("command", "facts", "outcome"), LINKS.values(), ids=LINKS.keys())
def test_a_link(
    command: Command, facts: tuple[Fact, ...], outcome: type[Fact | PipeledgerError]
) -> None:
    """Comes to this."""
    if issubclass(outcome, PipeledgerError):
        with pytest.raises(outcome):
            told(command, *facts)
    else:
        assert type(told(command, *facts)) is outcome
