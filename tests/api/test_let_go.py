"""Ledgers that nobody asks about any more are let go by the process that derives, and come back."""

from __future__ import annotations

import gc
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from psycopg import sql

from projections.apart.messages import Follow, Make, read_said, read_tables, write
from projections.apart.program import IDLE_S, Program
from projections.parameters import Parameters
from projections.selection import Selection
from store.ledger.opening import schema_of
from tests.api.test_apart import ended
from tests.serving import event
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from api.host import Host
    from api.served import Served
    from projections.apart.messages import Asked
    from tests.api.homes import Home

_numbers = count(1)


@dataclass
class Clock:
    """Seconds, as told; counts who looks."""

    now: float = 0.0
    looked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self) -> float:
        """What is told."""
        self.looked.release()
        return self.now


@dataclass
class Asking:
    """The program of the process that derives, run by this one with another clock."""

    host: Host
    connection: Connection
    clock: Clock

    def said(self, *asked: Asked) -> Any:  # noqa: ANN401 - of several types
        """The next answer."""
        for one in asked:
            self.connection.send_bytes(write(one))
        assert self.connection.poll(60), "no answer"
        return read_said(self.connection.recv_bytes())

    def passes(self, seconds: float) -> None:
        """Time passes, and it looks."""
        self.clock.now += seconds
        while self.clock.looked.acquire(blocking=False):
            pass
        # The first may have begun before; at the second, one that began since is over.
        for _ in range(2):
            assert self.clock.looked.acquire(timeout=60), "it does not look"

    def held(self) -> set[int]:
        """Processes of the database that serve whoever follows a ledger: they give no name."""
        with self.host.database.session() as connection:
            return {pid for (pid,) in connection.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND application_name = ''"
            )}  # fmt: skip


def newest(of: Served) -> Follow:
    """The question for a ledger's newest state."""
    at = of.ledger.published
    return Follow(next(_numbers), of.ledger.name, at.size, at.root, at.checkpoint)


@contextmanager
def program(host: Host, look_s: float) -> Iterator[Asking]:
    """Run it over all ledgers that there are."""
    (ours, theirs), clock = Pipe(), Clock()
    made = Program(theirs, host.apart(0)._begin, clock, look_s)

    def run() -> None:
        with suppress(EOFError, OSError):
            made.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Asking(host, ours, clock)
    finally:
        ours.close()
        thread.join()
        # The rest it leaves to the end of its process.
        clock.now += IDLE_S
        made._let_go()
        for one in made._databases:
            one.close()


@pytest.fixture
def other(home: Home) -> Iterator[Served]:
    """A second ledger."""
    name = f"{home.here.ledger.name}-other"
    home.host.create(name, f"ledger.example/{name}")
    found = home.host.open(name)
    found.ledger.submit([draft(1)]).result(60)
    yield found
    found.close()


def test_a_ledger_that_nobody_asks_about_is_let_go_and_answers_the_same_later(home: Home) -> None:
    """With its connection and its events, though nobody asks anything at all."""
    told = [draft(number, body=json.dumps(event(number)).encode()) for number in range(10, 50)]
    home.here.ledger.submit(told).result(60)
    rows, used, free = [], [], []
    # What earlier tests left in circles would otherwise go meanwhile.
    gc.collect()
    with program(home.host, 0.01) as asking:
        for _ in range(2):
            asked = newest(home.here)
            version, size = asking.said(asked).version, home.size
            made = asking.said(Make(
                asked.number, asked.ledger, size, asked.root, asked.checkpoint, version,
                Parameters(known_at=size), (Selection("deployments", order=("deployment_key",)),),
            ))  # fmt: skip
            rows.append(read_tables(made.tables)["deployments"].to_pylist())
            held = asking.held()
            used.append(pa.total_allocated_bytes())
            asking.passes(IDLE_S - 1)
            assert asking.held() == held
            asking.passes(1)
            assert all(map(ended, held))
            free.append(pa.total_allocated_bytes())
    assert len(rows[0]) == len(told)
    assert rows[0] == rows[1]
    # What all ledgers share was made by the first question, and stays.
    assert free[0] == free[1] < min(used)


def test_a_question_that_is_under_way_keeps_its_ledger(home: Home) -> None:
    """However long it takes; the time begins when it is answered."""
    entries = sql.Identifier(schema_of(home.here.ledger.name), "entries")
    with program(home.host, 0.01) as asking:
        asking.said(newest(home.here))
        held = asking.held()
        home.here.ledger.submit([draft(10)]).result(60)
        with home.host.database.connect() as connection, connection.transaction():
            connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(entries))
            asking.connection.send_bytes(write(newest(home.here)))
            asking.passes(2 * IDLE_S)
            assert asking.held() == held
        assert asking.said().size == home.size
        asking.passes(IDLE_S - 1)
        assert asking.held() == held
        asking.passes(1)
        assert all(map(ended, held))


def test_each_ledger_has_its_own_time_and_others_that_are_asked_about_do_not_matter(
    home: Home, other: Served
) -> None:
    """It looks whenever somebody asks, not only when nobody does."""
    with program(home.host, 600) as asking:
        asking.said(newest(home.here))
        first = asking.held()
        asking.clock.now += IDLE_S / 2
        asking.said(newest(other))
        second = asking.held() - first
        asking.clock.now += IDLE_S / 2
        # It looks after each message, and reads the second when it has looked.
        for _ in range(2):
            asking.said(newest(other))
        assert all(map(ended, first))
        assert (len(first), asking.held()) == (1, second)
