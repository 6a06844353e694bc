"""What the database does in the middle of an append costs nothing that was acknowledged."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from psycopg import OperationalError, sql

from domain.draft import SealedPart
from domain.errors import ConflictError, PipeledgerError, RefusedError, UnavailableError
from domain.log.succession import ROTATED
from store.documents import DocumentStore
from store.ledger.group import Appended
from store.ledger.opening import examine
from store.ledger.succession import ValidKeys
from store.postgres.database import Database
from tests.store.cutting import Cut, cutting
from tests.store.ledger.conftest import ORIGIN, Home, draft
from tests.store.ledger.rotations import entries, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.draft import Draft
    from store.ledger.ledger import Ledger
    from store.postgres.database import Connection
    from tests.store.cutting import Proxy


LARGE = b'{"large":"' + b"x" * 40_000 + b'"}'


@pytest.fixture
def between(home: Home) -> Iterator[tuple[Home, Proxy]]:
    """A ledger whose way to the database can be cut."""
    with cutting(home.database.conninfo) as proxy, Database(proxy.conninfo) as database:
        database.prepare()
        yield replace(home, database=database, opened=home.opened), proxy


def outcome(ledger: Ledger, number: int) -> Appended | PipeledgerError:
    """What became of one draft."""
    try:
        (found,) = ledger.submit([draft(number)]).result(60).outcomes
    except PipeledgerError as error:
        return error
    return found


def sound(home: Home) -> bool:
    """Whether fsck finds nothing."""
    return list(examine("test", ORIGIN, home.place, home.around)) == []


# COMMIT travels with the first COPY and is executed when the entries, the last rows, are there.
COMMIT = b'{"v":1,"prev":'

CUTS = {
    "before the transaction begins": Cut(b"BEGIN"),
    "while the transaction begins": Cut(b"BEGIN", passed_on=True),
    "while rows are sent": Cut(b"COPY"),
    "after rows were sent": Cut(b"COPY", passed_on=True),
    "before the commit arrives": Cut(COMMIT),
    "after the commit, before its answer": Cut(COMMIT, passed_on=True),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_connection_that_is_lost_costs_no_event_and_doubles_none(
    between: tuple[Home, Proxy], cut: Cut
) -> None:
    """Acknowledged or not, sent again it stands there once, and the ledger goes on."""
    home, proxy = between
    ledger = home.open()
    assert isinstance(outcome(ledger, 1), Appended)
    proxy.cut = replace(cut)
    first = outcome(ledger, 2)
    assert proxy.cuts == 1
    proxy.cut = None
    again = outcome(ledger, 2)
    assert isinstance(again, Appended)
    assert again.position == 3
    if isinstance(first, Appended):
        assert (first.position, first.leaf, again.repeated) == (3, again.leaf, True)
    else:
        assert isinstance(first, UnavailableError)
    following = outcome(ledger, 3)
    assert isinstance(following, Appended)
    assert following.position == 4
    assert ledger.published.size == 4
    assert sound(home)


def test_a_commit_that_happened_is_answered_although_its_answer_was_lost(
    between: tuple[Home, Proxy],
) -> None:
    """The chain itself says so: the planned leaf stands at the planned position."""
    home, proxy = between
    ledger = home.open()
    proxy.cut = Cut(COMMIT, passed_on=True)
    found = outcome(ledger, 1)
    assert isinstance(found, Appended)
    assert (found.position, found.repeated) == (2, False)
    assert sound(home)


def test_many_writers_lose_nothing_while_connections_are_lost(
    between: tuple[Home, Proxy],
) -> None:
    """Every acknowledged event is there once, at the position that was said."""
    home, proxy = between
    ledger = home.open()
    proxy.cut = Cut(COMMIT, passed_on=True, times=3)
    told: dict[int, Appended] = {}

    def write(start: int) -> None:
        for number in range(start, start + 12):
            while not isinstance(found := outcome(ledger, number), Appended):
                assert isinstance(found, UnavailableError)
            told[number] = found

    writers = [threading.Thread(target=write, args=(100 * start,)) for start in range(1, 5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(told) == 48
    assert sorted(one.position for one in told.values()) == list(range(2, 50))
    assert sound(home)


def test_an_answer_that_nobody_can_ask_for_is_said_to_be_unknown(
    between: tuple[Home, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that may stand is sent again here: not twice, nor against its own condition."""
    home, proxy = between
    going, there = threading.Event(), threading.Event()

    def clock() -> datetime:
        there.set()
        going.wait(10)
        return datetime.now(UTC)

    going.set()
    ledger = replace(home, clock=clock).open()
    assert isinstance(outcome(ledger, 1), Appended)
    going.clear()
    there.clear()
    first = ledger.submit([draft(2)])
    there.wait(10)
    seat = replace(draft(3, kind="seat.taken", body=LARGE), delivery=None)
    alone = DCBAppendCondition(DCBQuery(items=[DCBQueryItem(types=["seat.taken"])]))
    group = [ledger.submit([seat], condition=alone), ledger.submit([draft(4)])]
    group.append(ledger.submit([replace(draft(5), delivery=None)]))
    proxy.cut = Cut(b'"type":"seat.taken"', passed_on=True)
    asked = []

    def connect(_: str) -> NoReturn:
        asked.append(threading.current_thread().name)
        raise UnavailableError("the database is away")

    monkeypatch.setattr(home.database, "connect", connect)
    going.set()
    for future in group:
        with pytest.raises(UnavailableError, match="whether the events stand is not known"):
            future.result(60)
    assert (proxy.cuts, asked.count("sequencer")) == (1, 1)
    monkeypatch.undo()
    assert first.result(0).outcomes
    again = outcome(ledger, 4)
    assert isinstance(again, Appended)
    assert (again.position, again.repeated, ledger.published.size) == (5, True, 6)
    assert sound(home)


def test_an_answer_that_does_not_come_in_time_is_said_to_be_unknown(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever appended by the library's interface is told what everybody is."""
    going = threading.Event()

    def clock() -> datetime:
        going.wait(10)
        return datetime.now(UTC)

    ledger = replace(home, clock=clock).open()
    monkeypatch.setattr("store.ledger.ledger._ANSWER_LIMIT_S", 0.01)
    with pytest.raises(UnavailableError, match="whether the events stand is not known"):
        ledger.append([DCBEvent("seat.taken", b"{}", [])])
    going.set()


def test_keys_that_were_not_taken_up_are_before_the_next_append(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step stands, is told so, and what follows is signed by both keys."""
    ledger = home.open()
    change, load = ledger.rotating().begin("intake"), ValidKeys.load
    step = replace(draft(1, kind=ROTATED, tags=change.tags), delivery=None, signers=change.signers)

    def fails(keys: ValidKeys, connection: Connection) -> None:
        monkeypatch.setattr(ValidKeys, "load", load)
        load(keys, connection)
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(ValidKeys, "load", fails)
    with pytest.raises(UnavailableError, match="committed, but not published"):
        ledger.submit([step], condition=change.condition).result(60)
    assert isinstance(outcome(ledger, 2), Appended)
    assert [raw.count(b'{"k":') for raw in entries(ledger)] == [1, 2, 2]
    assert sound(home)


STATES = {
    "no memory": "53200",
    "disk full": "53100",
    "read only": "25006",
    "deadlock": "40P01",
    "serialization": "40001",
    "lock not available": "55P03",
    "query cancelled": "57014",
    "internal": "XX000",
}


@contextlib.contextmanager
def refusing(home: Home, table: str, state: str) -> Iterator[None]:
    """The database takes nothing into a table for the length of the block."""
    name = sql.Identifier("ledger_test", table)
    with home.database.connect() as connection:
        connection.execute(
            sql.SQL(
                "CREATE FUNCTION ledger_test.fail() RETURNS trigger LANGUAGE plpgsql AS"
                " $$BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = {}; END$$"
            ).format(sql.Literal(state))
        )
        connection.execute(
            sql.SQL(
                "CREATE TRIGGER fail BEFORE INSERT ON {} FOR EACH STATEMENT"
                " EXECUTE FUNCTION ledger_test.fail()"
            ).format(name)
        )
        connection.commit()
        yield
        connection.execute(sql.SQL("DROP TRIGGER fail ON {}").format(name))
        connection.commit()


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
@pytest.mark.parametrize("table", ["entries", "parts", "deliveries"])
def test_an_error_of_the_database_is_told_and_forgotten(home: Home, table: str, state: str) -> None:
    """Nothing of the group is kept; the next append works as if nothing had been."""
    ledger = home.open()
    with refusing(home, table, state):
        assert isinstance(outcome(ledger, 1), UnavailableError)
    found = outcome(ledger, 1)
    assert isinstance(found, Appended)
    assert (found.position, found.repeated) == (2, False)
    assert sound(home)


def test_documents_of_what_is_not_in_the_ledger_do_not_stay(home: Home) -> None:
    """Of a repeat, a used id, a failed condition, a batch that is refused, an error."""
    ledger = home.open()

    def large(number: int, body: bytes = LARGE) -> Draft:
        return draft(number, body=body, tags=("large:yes",))

    def send(*drafts: Draft, condition: DCBAppendCondition | None = None) -> list[bool]:
        batch = ledger.submit(drafts, condition=condition).result(60)
        return [one.repeated for one in batch.outcomes if isinstance(one, Appended)]

    assert send(large(1)) == [False]
    assert send(large(1), large(2), large(2)) == [True, False, True]
    taken = DCBAppendCondition(DCBQuery(items=[DCBQueryItem(tags=["large:yes"])]))
    with pytest.raises(ConflictError):
        send(large(1, LARGE + b" "))
    with pytest.raises(ConflictError):
        send(large(3), condition=taken)
    with pytest.raises(RefusedError):
        send(large(3), draft(4, body=b""))
    with pytest.raises(RefusedError):
        send(replace(large(3), parts=(SealedPart(large(3).event, ("per_nobody",)),)))
    with refusing(home, "parts", "53100"), pytest.raises(UnavailableError):
        send(large(3))
    named = [ledger.reader.parts(row)[0].commitment.hex() for row in rows(ledger)[1:]]
    assert sorted(named) == list(DocumentStore(home.place.documents))
    assert sound(home)


def test_sessions_that_an_administrator_ends_are_opened_again(home: Home) -> None:
    """As in a switch-over to a standby."""
    ledger = home.open()
    assert isinstance(outcome(ledger, 1), Appended)
    with home.database.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    results = [outcome(ledger, 2) for _ in range(3)]
    assert isinstance(results[-1], Appended)
    assert results[-1].position == 3
    assert sound(home)
