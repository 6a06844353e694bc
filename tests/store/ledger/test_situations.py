"""A restored backup, a second writer, a copied folder: one tree, and the way out is said.

Every scenario ends with the same question: was anything signed that contradicts what stands?
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from api.guards.witness import WitnessGuard
from api.witness.tree import LedgerTree
from domain.errors import DamageError, PipeledgerError, RefusedError, SettingError
from domain.log.checkpoint import open_checkpoint
from domain.log.key import parse_vkey
from domain.log.tree import verify_consistency
from store.ledger.group import Appended
from store.ledger.guard import FileGuard
from store.ledger.keys import LedgerKeys
from store.ledger.opening import Place, create_ledger, examine
from store.ledger.refilling import refill_guard
from store.postgres.database import Database
from tests.store.ledger.conftest import ORIGIN, Home, draft
from tests.witnessing import witnessing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.log.checkpoint import Checkpoint
    from store.ledger.guard import Guard
    from store.ledger.ledger import Ledger
    from tests.conftest import Server


@contextlib.contextmanager
def copied(server: Server, home: Home) -> Iterator[Home]:
    """The ledger on a copy of its database, with the same keys and the same guard."""
    name = str(conninfo_to_dict(home.database.conninfo)["dbname"])
    with psycopg.connect(server.conninfo, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
    for conninfo in server.fresh(name):
        with Database(conninfo) as database:
            guard = home.guard
            if isinstance(guard, WitnessGuard):
                guard = WitnessGuard(
                    guard._client, ORIGIN, LedgerTree(database, "ledger_test").prove
                )
            made = replace(home, database=database, guard=guard, opened=[])
            yield made
            made.close()


@pytest.fixture(params=["folder", pytest.param("witness", marks=pytest.mark.long)])
def guarded(
    request: pytest.FixtureRequest, ledger_database: Database, tmp_path: Path
) -> Iterator[Home]:
    """A created ledger, guarded by a folder or by a witness that several servers share."""
    place = Place(tmp_path / "ledger")
    with contextlib.ExitStack() as stack:
        guard: Guard = FileGuard(tmp_path / "guard")
        if request.param == "witness":
            keys = LedgerKeys.create(place.keys, ORIGIN, os.urandom)
            witness = stack.enter_context(witnessing(tmp_path / "w", keys.log.verifier.vkey()))
            guard = WitnessGuard(
                witness.client(), ORIGIN, LedgerTree(ledger_database, "ledger_test").prove
            )
        made = Home(ledger_database, place, guard)
        made.create()
        yield made
        made.close()


def append(ledger: Ledger, *numbers: int) -> list[Appended]:
    """Append drafts that are all taken."""
    outcomes = ledger.submit([draft(number) for number in numbers]).result(60).outcomes
    return [one for one in outcomes if isinstance(one, Appended)]


def said(ledger: Ledger, note: bytes | None) -> Checkpoint:
    """What a note of this ledger says."""
    assert note is not None
    return open_checkpoint(note, [parse_vkey(ledger.vkeys[1])], ORIGIN)


def sound(home: Home) -> bool:
    """Whether fsck finds no damage."""
    found = examine("test", ORIGIN, home.place, home.around)
    return not [one for one in found if one.damage]


def size_of(home: Home) -> int:
    """How many entries the database has."""
    with home.database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM ledger_test.entries").fetchone()
    assert row is not None
    return int(row[0])


def test_a_restored_backup_does_not_start_and_the_newest_database_does(
    postgres: Server, guarded: Home
) -> None:
    """The guard knows more; it is told what is missing and what to run."""
    home = guarded
    append(home.open(), 1, 2)
    home.close()
    with copied(postgres, home) as backup:
        append(home.open(), 3, 4)
        before = said(home.opened[0], home.guard.read())
        home.close()
        with pytest.raises(DamageError) as stopped:
            backup.open()
        assert stopped.value.position == 4
        for words in ("of 5 entries, the database has 3", "import ledger --ledger test",
                      "write-ahead log", "entries 4 to 5"):  # fmt: skip
            assert words in str(stopped.value)
        assert size_of(backup) == 3
        ledger = home.open()
        assert said(ledger, home.guard.read()) == before
    assert append(ledger, 5)[0].position == 6
    assert sound(home)


def test_of_two_writers_on_copies_the_later_one_stops_for_good(
    postgres: Server, guarded: Home
) -> None:
    """Nobody is told that its event was kept, nothing more is appended, the first goes on."""
    home = guarded
    append(home.open(), 1)
    home.close()
    with copied(postgres, home) as copy:
        first, second = home.open(), copy.open()
        kept = append(first, 2, 3)
        with pytest.raises(DamageError, match="two histories") as stopped:
            append(second, 4)
        assert "stop every server of this ledger" in str(stopped.value)
        left = size_of(copy)
        for number in (5, 6):
            with pytest.raises(DamageError, match="two histories"):
                append(second, number)
        assert size_of(copy) == left
        assert second.published.size == 2
        assert append(first, 4)[0].position == kept[-1].position + 1
        copy.close()
        with pytest.raises(DamageError):
            copy.open()
        assert said(first, home.guard.read()) == said(first, first.published.checkpoint)
    assert sound(home)


def test_a_copy_that_went_on_does_not_start_over_the_guards_history(
    postgres: Server, guarded: Home
) -> None:
    """Of the same length and longer: what stands behind the fork was never acknowledged."""
    home = guarded
    append(home.open(), 1)
    home.close()
    with copied(postgres, home) as copy:
        second = copy.open()
        append(home.open(), 2)
        for number in (7, 8, 9):
            with contextlib.suppress(PipeledgerError):
                second.submit([draft(number)]).result(60)
        copy.close()
        with pytest.raises(DamageError, match="another tree of 3 entries"):
            copy.open()
    assert append(home.open(), 7)[0].position == 4
    assert sound(home)


def test_copied_data_without_its_guard_does_not_start(home: Home, tmp_path: Path) -> None:
    """It may be the second of two; it is told how a ledger moves."""
    append(home.open(), 1)
    home.close()
    home.guard = FileGuard(tmp_path / "copy.guard")
    with pytest.raises(DamageError) as stopped:
        home.open()
    for words in ("guard of ledger test is empty", "export ledger", "PIPELEDGER_GUARD",
                  "guard restore --ledger test --checkpoint FILE"):  # fmt: skip
        assert words in str(stopped.value)
    assert home.guard.read() is None
    with pytest.raises(SettingError, match="its guard holds none"):
        create_ledger("test", ORIGIN, home.place, home.around)


def test_a_guard_that_is_emptied_under_a_server_stops_it(home: Home, tmp_path: Path) -> None:
    """The event stands unacknowledged; once the guard is filled again it is acknowledged, once."""
    ledger = home.open()
    append(ledger, 1)
    kept = ledger.published.checkpoint
    (tmp_path / "guard" / "checkpoint").unlink()
    for number in (2, 3):
        with pytest.raises(DamageError, match="is empty"):
            append(ledger, number)
    home.close()
    with pytest.raises(DamageError, match="is empty"):
        home.open()
    found = refill_guard("test", ORIGIN, home.place, home.around, kept)
    assert found.size == 2
    again = append(home.open(), 2, 3)
    assert [(one.position, one.repeated) for one in again] == [(3, True), (4, False)]
    assert sound(home)


def test_a_lost_guard_takes_the_newest_that_is_known(home: Home, tmp_path: Path) -> None:
    """From an older checkpoint, from a newer one than the database remembers, or from none."""
    ledger = home.open()
    older = ledger.published.checkpoint
    append(ledger, 1)
    newest = ledger.published.checkpoint
    home.close()
    for number, evidence in enumerate((older, newest, None)):
        home.guard = FileGuard(tmp_path / f"fresh-{number}")
        refill_guard("test", ORIGIN, home.place, home.around, evidence)
        assert home.guard.read() == newest
    with home.database.connect() as connection:
        connection.execute("ALTER TABLE ledger_test.checkpoints DISABLE TRIGGER append_only")
        connection.execute("DELETE FROM ledger_test.checkpoints WHERE size = 2")
        connection.execute("ALTER TABLE ledger_test.checkpoints ENABLE ALWAYS TRIGGER append_only")
    home.guard = FileGuard(tmp_path / "newer")
    refill_guard("test", ORIGIN, home.place, home.around, newest)
    assert home.guard.read() == newest
    assert append(home.open(), 2)[0].position == 3
    assert sound(home)


def test_a_lost_guard_does_not_take_what_the_database_contradicts(
    postgres: Server, home: Home, tmp_path: Path
) -> None:
    """A backup, another history, no note, a damaged entry; nor does a guard that is not lost."""
    ledger = home.open()
    append(ledger, 1)
    home.close()
    with copied(postgres, home) as copy:
        ledger = home.open()
        append(ledger, 2)
        newest = ledger.published.checkpoint
        home.close()
        with pytest.raises(SettingError, match="is not lost"):
            refill_guard("test", ORIGIN, copy.place, copy.around, newest)
        copy.guard = FileGuard(tmp_path / "lost")
        with pytest.raises(DamageError, match="older than what was signed"):
            refill_guard("test", ORIGIN, copy.place, copy.around, newest)
        with pytest.raises(RefusedError):
            refill_guard("test", ORIGIN, copy.place, copy.around, b"no note")
        with pytest.raises(PipeledgerError):
            refill_guard(
                "test", ORIGIN, copy.place, copy.around, newest.replace(b"\n3\n", b"\n2\n")
            )
        assert copy.guard.read() is None
        refill_guard("test", ORIGIN, copy.place, copy.around, None)
        append(copy.open(), 9)
        copy.close()
        copy.guard = FileGuard(tmp_path / "lost again")
        with pytest.raises(DamageError, match="another tree of 3 entries"):
            refill_guard("test", ORIGIN, copy.place, copy.around, newest)
        with copy.database.connect() as connection:
            connection.execute("ALTER TABLE ledger_test.tags DISABLE TRIGGER append_only")
            connection.execute("DELETE FROM ledger_test.tags WHERE tag = 'service:checkout'")
        with pytest.raises(DamageError, match="position 2"):
            refill_guard("test", ORIGIN, copy.place, copy.around, None)
        assert copy.guard.read() is None


def test_servers_on_one_database_with_guards_of_their_own_make_one_tree(
    home: Home, tmp_path: Path
) -> None:
    """Each signs only what follows; no two checkpoints contradict each other."""
    append(home.open(), 1)
    shutil.copytree(tmp_path / "guard", tmp_path / "second")
    other = replace(home, guard=FileGuard(tmp_path / "second"), opened=[])
    one, two = home.opened[0], other.open()
    notes = []
    for number in range(2, 10):
        ledger = (one, two)[number % 2]
        notes.append(ledger.submit([draft(number)]).result(60).checkpoint)
    other.close()
    for former, later in itertools.pairwise(notes):
        small, large = said(one, former), said(one, later)
        proof = one.reader.consistency(small.size, large.size)
        verify_consistency(small.size, large.size, small.root, large.root, proof)
    # Only then its guard has the last checkpoint again.
    append(one, 10)
    assert sound(home)


def test_a_guard_that_was_put_back_is_followed_after_everything_was_verified(
    home: Home, tmp_path: Path
) -> None:
    """What comes behind an older guard is verified, and a forged entry is not signed."""
    append(home.open(), 1)
    home.close()
    shutil.copytree(tmp_path / "guard", tmp_path / "older")
    append(home.open(), 2, 3)
    home.close()
    home.guard = FileGuard(tmp_path / "older")
    assert home.open().published.size == 4
    home.close()
    assert sound(home)
    with home.database.connect() as connection:
        connection.execute(
            "INSERT INTO ledger_test.entries SELECT 5, at, time, type, leaf, entry"
            " FROM ledger_test.entries WHERE pos = 4"
        )
    before = home.guard.read()
    with pytest.raises(DamageError, match="position 5"):
        home.open()
    assert home.guard.read() == before


def test_another_ledgers_guard_is_named_as_such(home: Home) -> None:
    """At the start, and under a running server."""
    ledger = home.open()
    note = home.guard.read()
    assert note is not None
    home.guard.swap(note, note.replace(b"test", b"toast"))
    with pytest.raises(DamageError, match="holds no checkpoint of it"):
        append(ledger, 1)
    home.close()
    with pytest.raises(DamageError, match="another ledger's may stand there"):
        home.open()
