"""What commands stand on holds until their event is appended, whoever else commands meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from eventsourcing.dcb.domain import Selector, Tagged
from psycopg import sql

from api import facts
from api.deciding import BY_SERVER, Deciding
from api.decisions import decide
from api.host import now
from api.proposals import proposed_at, waiting
from api.sightings import register
from domain.decisions.command import LIFE
from domain.decisions.fact import FACTS, CommandWithdrawn, EnvironmentRegistered
from domain.decisions.registering import SeeEnvironment
from domain.errors import ConflictError, NotFoundError
from domain.events import TYPES
from domain.log.entry import parse_entry
from store.ledger.ledger import SERVER
from store.ledger.request import ConditionFailedError
from tests.api.homes import Home, interrupted
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from api.served import Served
    from domain.draft import Draft

SOURCE = "https://ci.example/acme"
TIER = {"environment": "eu", "tier": "production", "reason": "It serves customers"}


Between = Callable[[Home, Deciding], object]


def test_a_condition_on_any_type_of_a_decision_refuses(home: Home) -> None:
    """By the stored type: a class path in it would match nothing."""
    store = facts.repository(home.here, BY_SERVER, now(), os.urandom).eventstore
    tier = {"environment": "eu", "tier": "test"}
    for number, kind in enumerate(FACTS.values(), 10):
        assert kind.TOPIC in TYPES
        made = (
            CommandWithdrawn({"proposal": 1})
            if kind is EnvironmentRegistered
            else EnvironmentRegistered(tier)
        )
        wanted = [Selector(types=[kind])]
        # Nothing of this type is there after the last entry: it is appended.
        store.append([Tagged([], made)], wanted, home.size)
        before = home.size
        home.here.ledger.submit([draft(number, kind=kind.TOPIC)]).result(60)
        with pytest.raises(ConditionFailedError):
            store.append([Tagged([], made)], wanted, before)


def _linked(home: Home, _: Deciding) -> None:
    decide(
        home.here.ledger, "pipeledger.person.linked.v1",
        {"person": home.ada.principal, "other": home.operator("cleo").principal}, SERVER, now(),
        os.urandom,
    )  # fmt: skip


ALONE: dict[str, tuple[Between, Between]] = {
    "the same event is voided": (
        lambda _, by: by.void(3, "Reported twice"),
        lambda _, by: by.void(3, "It never was"),
    ),
    "the same environment is registered": (
        lambda _, by: by.register("environment.registered", TIER),
        lambda _, by: by.register("environment.registered", TIER | {"tier": "test"}),
    ),
    "the same environment is seen": (
        lambda _, by: by.register("environment.registered", TIER | {"environment": "qa"}),
        lambda home, _: register(home.here, [_seen("qa")], now(), os.urandom),
    ),
    "the same service is registered": (
        lambda _, by: by.register("service.registered", {"service": "shop", "team": "pay"}),
        lambda _, by: by.register("service.registered", {"service": "shop", "team": "web"}),
    ),
    "a second operator comes": (
        lambda _, by: by.void(3, "Reported twice"),
        lambda home, _: home.operator("ben"),
    ),
    "persons are linked": (lambda _, by: by.void(3, "Reported twice"), _linked),
}
"""What is commanded, and what comes between its reading and its append."""


@pytest.mark.parametrize(("command", "between"), ALONE.values(), ids=ALONE.keys())
def test_a_command_is_refused_when_between_reading_and_append(
    home: Home, monkeypatch: pytest.MonkeyPatch, command: Between, between: Between
) -> None:
    """What it stands on changes; and nothing of it is kept."""
    late = home.by(home.ada)
    kept = interrupted(monkeypatch, late, lambda: between(home, home.by(home.ada)))
    with pytest.raises(ConflictError, match="meanwhile"):
        command(home, late)
    assert home.size == kept()


def test_a_command_is_not_refused_for_what_it_does_not_stand_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another event is voided, another environment registered, an event sent."""
    late = home.by(home.ada)

    def between() -> None:
        home.by(home.ada).void(4, "Reported twice")
        home.by(home.ada).register("environment.registered", TIER)
        home.here.ledger.submit([draft(3)]).result(60)

    interrupted(monkeypatch, late, between)
    assert late.void(3, "Reported twice").expires is None


@pytest.mark.parametrize("first", ["confirm", "withdraw"])
@pytest.mark.parametrize("second", ["confirm", "withdraw"])
def test_a_proposal_ends_once(
    home: Home, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    """Whoever confirms or withdraws it at the same moment."""
    ben = home.operator("ben")
    at = home.by(home.ada).void(3, "Reported twice").position

    def end(by: Deciding, how: str) -> object:
        return by.confirm(at) if how == "confirm" else by.withdraw(at, None)

    late = home.by(ben)
    interrupted(monkeypatch, late, lambda: end(home.by(ben), first))
    with pytest.raises(ConflictError, match="meanwhile"):
        end(late, second)
    with pytest.raises(ConflictError, match="was confirmed or withdrawn"):
        end(home.by(ben), second)


def test_of_two_processes_one_voids(home: Home) -> None:
    """At the same moment; the other is told that something came meanwhile, or that it was."""
    outcomes: list[object] = []
    start = threading.Barrier(2)

    def command(here: Served) -> None:
        start.wait()
        try:
            outcomes.append(home.by(home.ada, here).void(3, "Reported twice").position)
        except ConflictError as error:
            outcomes.append(error)

    with home.other() as there:
        threads = [threading.Thread(target=command, args=(one,)) for one in (home.here, there)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(type(one).__name__ for one in outcomes) == ["ConflictError", "int"]


def test_an_environment_is_seen_once_by_however_many_processes(home: Home) -> None:
    """And not at all where an operator said what it is, or its name tells nothing."""
    home.by(home.ada).register("environment.registered", TIER | {"environment": "live"})
    before = home.size
    with home.other() as there:
        for here in (home.here, there, home.here):
            register(here, map(_seen, ("prod", "live", "moon")), now(), os.urandom)
    assert home.size == before + 1
    row = home.here.ledger.reader.entry(before + 1, before + 1)
    context = parse_entry(row.raw).context
    assert (context.type, context.assurance) == (EnvironmentRegistered.TOPIC, "decided")
    assert (context.by, context.tags) == (SERVER, ("environment:prod",))


def test_seeing_loses_against_who_knows(home: Home) -> None:
    """A name is a guess: it never comes after what an operator said meanwhile."""
    seen = SeeEnvironment("prod", "production", SERVER, now())
    known = facts.repository(home.here, BY_SERVER, now(), os.urandom)
    known.advance(seen)
    seen.execute()
    home.by(home.ada).register("environment.registered", TIER | {"environment": "prod"})
    with pytest.raises(ConditionFailedError):
        known.save(seen)


def test_what_was_proposed_is_read_and_decided_as_it_was_commanded(home: Home) -> None:
    """Free text included, which stands in the clear nowhere."""
    ben = home.operator("ben")
    reason = "Reported twice, says quetzal@example.com"
    done = home.by(home.ada).void(3, reason)
    assert done.expires is not None
    (found,) = waiting(home.here.ledger, now())
    assert found == proposed_at(home.here.ledger, done.position)
    assert found.data == {"position": 3, "reason": reason}
    decided = home.by(ben).confirm(done.position)
    row = home.here.ledger.reader.entry(decided.position, home.size)
    parts = {part.name: part.body for part in home.here.ledger.reader.parts(row)}
    assert reason.encode() in parts["text"]
    assert b"quetzal" not in parts["event"]
    assert waiting(home.here.ledger, now()) == []


def test_what_has_expired_waits_no_more(home: Home) -> None:
    """Seven days after it was proposed."""
    home.operator("ben")
    home.by(home.ada).void(3, "Reported twice")
    ledger = home.here.ledger
    assert len(waiting(ledger, now() + LIFE / 2)) == 1
    assert waiting(ledger, now() + LIFE) == []


def test_a_proposal_whose_text_was_removed_is_not_confirmed(home: Home) -> None:
    """A reason that nobody can read any more is none."""
    ben = home.operator("ben")
    at = home.by(home.ada).void(3, "Reported twice, says quetzal@example.com").position
    parts = sql.Identifier(home.here.ledger.schema, "parts")
    gone = sql.SQL("DELETE FROM {} WHERE pos = %s AND name = 'text'").format(parts)
    with home.host.database.session("redactor") as connection:
        connection.execute(gone, (at,))
    with pytest.raises(ConflictError, match="removed"):
        home.by(ben).confirm(at)


def test_nothing_is_commanded_about_what_is_not_there(home: Home) -> None:
    """No entry, no proposal, no deployment."""
    by = home.by(home.ada)
    with pytest.raises(NotFoundError):
        by.void(home.size + 1, "Reported twice")
    with pytest.raises(NotFoundError):
        by.confirm(3)
    with pytest.raises(NotFoundError):
        by.assess("deployment", SOURCE, "d-none", {"impact": True, "reason": "Seen"})


def _seen(environment: str) -> Draft:
    return draft(1, body=b'{"data":{"environment":"%s"}}' % environment.encode())
