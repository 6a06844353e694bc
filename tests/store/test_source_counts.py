"""What came from sources is counted for many who ask at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import UnavailableError
from store.postgres import database
from store.source_counts import SourceCounts
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
        yield SourceCounts(narrow, "ledger_test", ledger.reader), ledger.published.size
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
