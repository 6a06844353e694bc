"""What came from sources is counted for many who ask at once."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import UnavailableError
from domain.log.entry import parse_at, parse_entry
from store import source_counts
from store.ledger.reader import Filter
from store.postgres import database
from store.source_counts import Count, SourceCounts
from tests.store.ledger.conftest import SENDER, Home, draft, home

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["home"]
MANY = 6


@pytest.fixture
def counting(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SourceCounts, int]]:
    """The counts of a ledger with one source and three events of it; two sessions for all."""
    short = database._SESSION.replace(f"'{database.LOCK_TIMEOUT}'", "'50ms'")
    monkeypatch.setattr(database, "_SESSION", short)
    with database.Database(home.database.conninfo, pool_size=2) as narrow:
        ledger = replace(home, database=narrow).open()
        ledger.submit([draft(number) for number in range(3)]).result(60)
        with narrow.connect() as connection:
            connection.execute(
                "INSERT INTO ledger_test.sources (name, kind, credential, principal, sealed,"
                " added_at) VALUES ('ci', 'github', %s, 'p', 'x', now())",
                (SENDER.credential,),
            )
        yield SourceCounts(narrow, "ledger_test"), ledger.published.size
        home.close()


def test_more_ask_at_once_than_there_are_sessions(counting: tuple[SourceCounts, int]) -> None:
    """Each gets the counts, and each event is counted once."""
    counts, size = counting
    together = threading.Barrier(MANY)

    def ask(_: int) -> int:
        together.wait(10)
        return counts.read(size)["ci"].delivered

    with ThreadPoolExecutor(MANY) as threads:
        assert list(threads.map(ask, range(MANY))) == [3] * MANY


def test_counts_are_those_of_a_fold_over_the_entries(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each source for itself, in several steps and in one, and not of what came since."""
    other, operator = (replace(SENDER, credential=f"crd_{one * 32}") for one in "cd")
    senders = {SENDER.credential: "ci", other.credential: "hub"}
    unmapped, gap = "pipeledger.source.unmapped", "pipeledger.source.gap"
    told = [
        (SENDER, "pipeledger.build.finished", "line/ci"), (other, unmapped, "source/ci"),
        (operator, unmapped, "line/ci"), (operator, gap, "source/ci"),
        (operator, gap, "source/hub"),
        (SENDER, unmapped, "line/ci"), (other, "pipeledger.build.finished", "line/hub"),
        (operator, gap, "source/ci"), (operator, gap, "source/gone"),
        (SENDER, unmapped, "source/hub"),
    ]  # fmt: skip
    ledger = home.open()
    with home.database.connect() as connection:
        connection.cursor().executemany(
            "INSERT INTO ledger_test.sources (name, kind, credential, principal, sealed, added_at)"
            " VALUES (%s, 'github', %s, 'p', 'x', now())",
            [(name, credential) for credential, name in senders.items()],
        )
    counts = SourceCounts(home.database, "ledger_test")
    for at_once in (4, 10_000):
        monkeypatch.setattr(source_counts, "_AT_ONCE", at_once)
        before = ledger.published.size
        for number, (by, kind, stream) in enumerate(told):
            one = replace(draft(number, kind=kind, streams=(stream,)), by=by, delivery=None)
            # By itself, so that each has an instant of its own.
            ledger.submit([one]).result(60)
        for size in (before + 7, ledger.published.size):
            expected: dict[str, Count] = defaultdict(Count)
            for row in ledger.reader.entries(size, Filter(), limit=1000):
                entry = parse_entry(row.raw)
                sender, kind = entry.context.by.credential, entry.context.type
                if sender in senders:
                    count = expected[senders[sender]]
                    count.delivered += 1
                    count.unmapped += kind == unmapped
                    count.last_position, count.last_at = row.position, parse_at(entry.seq.at)
                elif kind == gap:
                    for name in ("ci", "hub"):
                        expected[name].gaps += f"source/{name}" in entry.context.streams
            assert counts.read(size) == expected
    home.close()


def test_a_process_that_counts_for_long_makes_others_come_later(
    counting: tuple[SourceCounts, int], home: Home
) -> None:
    """Whoever waited for it in vain is told so."""
    counts, size = counting
    with home.database.connect() as other, other.transaction():
        other.execute("SELECT upto FROM ledger_test.source_counted FOR UPDATE")
        with pytest.raises(UnavailableError, match="cannot do it now"):
            counts.read(size)
    assert counts.read(size)["ci"].delivered == 3
