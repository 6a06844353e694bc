"""What only this recorder promises, on each PostgreSQL; every scenario ends with `fsck`."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem

from domain.errors import ConflictError, DamageError, ReusedIdError, TooLargeError, UnavailableError
from domain.log.checkpoint import open_checkpoint
from domain.log.entry import MAX_ENTRY, parse_entry
from domain.log.key import parse_vkey
from domain.log.tree import verify_inclusion
from store.ledger.group import Appended
from store.ledger.guard import FileGuard
from store.ledger.opening import examine
from store.ledger.request import ConditionFailedError
from tests.store.ledger.conftest import ORIGIN, Home, draft

if TYPE_CHECKING:
    from pathlib import Path

    from store.ledger.ledger import Ledger


def sound(home: Home) -> bool:
    """Whether fsck finds nothing; what it finds is shown."""
    assert [str(one) for one in examine("test", ORIGIN, home.place, home.around)] == []
    return True


def kept(ledger: Ledger, *numbers: int, atomic: bool = True) -> list[Appended]:
    """Append drafts of these numbers."""
    batch = ledger.submit([draft(number) for number in numbers], atomic=atomic).result(60)
    assert all(isinstance(outcome, Appended) for outcome in batch.outcomes)
    return [outcome for outcome in batch.outcomes if isinstance(outcome, Appended)]


def test_positions_have_no_gaps_and_streams_are_numbered(home: Home) -> None:
    """Across batches and re-openings."""
    first = kept(home.open(), 1, 2, 3)
    home.close()
    second = kept(home.open(), 4, 5)
    entries = [parse_entry(one.raw) for one in (*first, *second)]
    assert [entry.seq.position for entry in entries] == [2, 3, 4, 5, 6]
    assert [entry.seq.stream_numbers for entry in entries] == [(1,), (2,), (3,), (4,), (5,)]
    assert sound(home)


def test_an_answer_is_covered_by_a_signed_checkpoint_and_has_a_proof(home: Home) -> None:
    """The receipt's checkpoint verifies, and the entry is included in it."""
    ledger = home.open()
    batch = ledger.submit([draft(1)]).result(60)
    (outcome,) = batch.outcomes
    assert isinstance(outcome, Appended)
    log_key = parse_vkey(ledger.vkeys[1])
    checkpoint = open_checkpoint(batch.checkpoint, [log_key], ORIGIN)
    path = ledger.reader.inclusion(outcome.position, checkpoint.size)
    verify_inclusion(outcome.leaf, outcome.position - 1, checkpoint.size, path, checkpoint.root)
    assert home.guard.read() == batch.checkpoint


def test_a_repeat_gives_the_first_entry_and_other_bytes_a_conflict(home: Home) -> None:
    """Within one batch, across batches and after opening again."""
    ledger = home.open()
    (first,) = kept(ledger, 1)
    home.close()
    ledger = home.open()
    (again,) = kept(ledger, 1)
    assert (again.position, again.raw, again.repeated) == (first.position, first.raw, True)
    batch = ledger.submit(
        [draft(2), draft(2), draft(2, body=b"{}")], atomic=False
    ).result(60)  # fmt: skip
    assert [type(outcome) for outcome in batch.outcomes] == [Appended, Appended, ReusedIdError]
    with pytest.raises(ConflictError):
        ledger.submit([draft(3), draft(1, body=b"{}")]).result(60)
    assert kept(ledger, 4)[0].position == 4
    assert sound(home)


def test_a_repeat_among_new_events_takes_no_position(home: Home) -> None:
    """Whether this writer or another one took it in, each delivery leads to its own entry."""
    mine, other = home.open(), home.open()
    kept(mine, 1)
    mixed = kept(mine, 2, 1, 3)
    assert [(one.position, one.repeated) for one in mixed] == [(3, False), (2, True), (4, False)]
    assert [one.position for one in kept(other, 3, 4, 5)] == [4, 5, 6]
    again = kept(mine, 6, 5, 4, 3)
    assert [(one.position, one.repeated) for one in again] == [
        (7, False), (6, True), (5, True), (4, True)
    ]  # fmt: skip
    assert sound(home)


def test_conditions_see_what_is_committed_and_what_is_pending(home: Home) -> None:
    """Of two decisions that exclude each other one passes, also when sent at once."""
    ledger = home.open()
    query = DCBQuery(items=[DCBQueryItem(types=["seat.taken"], tags=["seat:1"])])
    passed: list[int] = []
    refused: list[Exception] = []

    def decide() -> None:
        try:
            passed.append(
                ledger.append([DCBEvent("seat.taken", b"x", ["seat:1"])], DCBAppendCondition(query))
            )
        except ConditionFailedError as error:
            refused.append(error)

    threads = [threading.Thread(target=decide) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), len(refused)) == (1, 11)
    assert sound(home)


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([(("a",), ("t:1",)), (("a",), ("t:2",))], [2, 3, 5]),
        ([(("a",), ("t:1",)), (("b",), ("t:2",)), (("a",), ("t:2",))], [2, 3, 4, 5]),
        ([((), ("t:1",)), ((), ("t:3",))], [2, 5, 6]),
        ([(("a", "b"), ("t:2",)), (("b", "a"), ("t:3",))], [3, 4, 5]),
        ([(("a",), ("t:1", "t:2")), (("c",), ("t:1",)), (("c",), ("t:3",))], [5, 6]),
        ([(("a",), ("t:4",)), (("a",), ("t:5",))], []),
    ],
)
def test_a_question_of_many_parts_finds_what_matches_any_of_them_once(
    home: Home, items: list[tuple[tuple[str, ...], tuple[str, ...]]], found: list[int]
) -> None:
    """In order, and the first of them where one is enough."""
    ledger = home.open()
    for kind, *tags in (
        ("a", "t:1"), ("a", "t:2"), ("b", "t:2"), ("a", "t:1", "t:2", "t:3"), ("c", "t:3"),
    ):  # fmt: skip
        ledger.append([DCBEvent(type=kind, data=b"x", tags=list(tags))])
    query = DCBQuery(items=[DCBQueryItem(types=list(one), tags=list(two)) for one, two in items])
    assert [event.position for event in ledger.read(query)] == found
    assert [event.position for event in ledger.read(query, limit=1)] == found[:1]
    assert [event.position for event in ledger.read(query, after=3)] == [
        position for position in found if position > 3
    ]


def test_time_never_runs_backwards(home: Home) -> None:
    """A clock that steps back gives the time of the entry before."""
    now = datetime(2026, 6, 1, tzinfo=UTC)
    home.clock = lambda: now
    (first,) = kept(home.open(), 1)
    home.close()
    home.clock = lambda: now - timedelta(days=1)
    (second,) = kept(home.open(), 2)
    assert parse_entry(second.raw).seq.at == parse_entry(first.raw).seq.at
    assert sound(home)


def test_an_entry_has_65535_bytes_at_most(home: Home) -> None:
    """More is refused and nothing is kept; the ledger goes on."""
    ledger = home.open()
    wide = draft(1, tags=tuple(f"t:{n:02d}{'x' * 195}" for n in range(32)))
    (outcome,) = ledger.submit([wide]).result(60).outcomes
    assert isinstance(outcome, Appended)
    assert len(outcome.raw) < MAX_ENTRY
    with pytest.raises(TooLargeError):
        ledger.submit([draft(2, tags=tuple(f"t:{n}" for n in range(33)))])
    assert kept(ledger, 3)[0].position == 3
    assert sound(home)


@pytest.mark.parametrize("table", ["entries", "tags", "tiles", "checkpoints"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "truncate"],
)
def test_the_log_tables_cannot_be_changed(home: Home, table: str, statement: str) -> None:
    """Not by their owner either, nor by a session that plays replica."""
    column = {"entries": "pos", "tags": "tag", "tiles": "idx", "checkpoints": "size"}[table]
    text = statement.format(f"ledger_test.{table}", column, column)
    for replica in (False, True):
        with home.database.connect() as connection:
            if replica:
                connection.execute("SET session_replication_role = replica")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(text)


def test_a_row_forged_before_the_next_append_stops_the_ledger(home: Home) -> None:
    """It is named, and nothing is signed over it."""
    ledger = home.open()
    kept(ledger, 1)
    before = home.guard.read()
    with home.database.connect() as connection:
        connection.execute(
            "INSERT INTO ledger_test.entries SELECT 3, at, time, type, leaf, entry"
            " FROM ledger_test.entries WHERE pos = 2"
        )
    with pytest.raises(DamageError, match="position 3"):
        ledger.submit([draft(2)]).result(60)
    with pytest.raises(DamageError, match="position 3"):
        ledger.submit([draft(3)])
    assert home.guard.read() == before


def test_an_older_database_does_not_start(home: Home) -> None:
    """The guard knows more entries than the database has."""
    kept(home.open(), 1, 2)
    home.close()
    with home.database.connect() as connection, connection.transaction():
        connection.execute("ALTER TABLE ledger_test.entries DISABLE TRIGGER append_only")
        connection.execute("DELETE FROM ledger_test.entries WHERE pos = 3")
    with pytest.raises(DamageError, match="older than what was signed"):
        home.open()


def test_another_history_of_the_same_length_does_not_start(home: Home, tmp_path: Path) -> None:
    """A copy that went on by itself contradicts the guard."""
    kept(home.open(), 1)
    home.close()
    elsewhere = FileGuard(tmp_path / "copy.guard")
    note = home.guard.read()
    assert note is not None
    elsewhere.swap(None, note)
    kept(home.open(), 2)
    home.close()
    home.guard = elsewhere
    kept(home.open(), 3)  # The copied guard lets it go on: the database is ahead of it.
    home.close()
    with home.database.connect() as connection, connection.transaction():
        connection.execute("ALTER TABLE ledger_test.entries DISABLE TRIGGER append_only")
        connection.execute("UPDATE ledger_test.entries SET leaf = sha256('x') WHERE pos = 2")
    with pytest.raises(DamageError, match="another tree"):
        home.open()


def test_an_empty_guard_does_not_start(home: Home, tmp_path: Path) -> None:
    """Losing the guard is not a new beginning."""
    home.guard = FileGuard(tmp_path / "nothing")
    with pytest.raises(DamageError, match="guard of ledger test is empty"):
        home.open()


class FaultyGuard:
    """A guard whose next swaps fail, before or after they are done."""

    def __init__(self, inner: FileGuard) -> None:
        self.inner = inner
        self.failing = 0
        self.done_anyway = False

    def read(self) -> bytes | None:
        """What stands there."""
        return self.inner.read()

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Swap, or fail."""
        if self.failing:
            self.failing -= 1
            if self.done_anyway:
                self.inner.swap(old, new)
            raise UnavailableError("the guard was told to fail")
        self.inner.swap(old, new)


@pytest.mark.parametrize("done_anyway", [False, True], ids=["not done", "done, reported failed"])
def test_a_swap_that_fails_once_is_tried_again(
    home: Home,
    done_anyway: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The sender notices nothing."""
    assert isinstance(home.guard, FileGuard)
    guard = FaultyGuard(home.guard)
    home.guard = guard
    ledger = home.open()
    guard.failing, guard.done_anyway = 1, done_anyway
    assert kept(ledger, 1)[0].position == 2
    assert kept(ledger, 2)[0].position == 3
    assert sound(home)


def test_a_guard_that_stays_away_answers_unavailable_and_loses_nothing(home: Home) -> None:
    """The event is committed and not shown; sent again it gets its receipt, once."""
    assert isinstance(home.guard, FileGuard)
    guard = FaultyGuard(home.guard)
    home.guard = guard
    ledger = home.open()
    guard.failing = 100
    with pytest.raises(UnavailableError):
        ledger.submit([draft(1)]).result(60)
    assert ledger.published.size == 1
    guard.failing = 0
    (again,) = kept(ledger, 1)
    assert (again.position, again.repeated, ledger.published.size) == (2, True, 2)
    assert sound(home)


def test_entries_that_were_not_guarded_are_verified_and_signed_at_the_start(home: Home) -> None:
    """As after a kill between commit and guard."""
    assert isinstance(home.guard, FileGuard)
    real = home.guard
    guard = FaultyGuard(real)
    home.guard = guard
    ledger = home.open()
    guard.failing = 100
    with pytest.raises(UnavailableError):
        ledger.submit([draft(1), draft(2)]).result(60)
    home.close()
    home.guard = real
    assert home.open().published.size == 3
    assert sound(home)


def test_two_writers_of_one_ledger_make_one_chain(home: Home) -> None:
    """Alternately and at once; each verifies what the other added."""
    one, two = home.open(), home.open()
    for number in range(6):
        kept((one, two)[number % 2], number)

    def write(ledger: Ledger, start: int) -> None:
        for number in range(start, start + 20):
            kept(ledger, number)

    threads = [
        threading.Thread(target=write, args=(ledger, start))
        for ledger, start in ((one, 100), (two, 200), (one, 300), (two, 400))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (last,) = kept(one, 999)
    assert last.position == 1 + 6 + 80 + 1
    assert sound(home)
