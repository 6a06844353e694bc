"""A ledger of its own for each test, on each PostgreSQL."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from domain.draft import Delivery, Draft
from domain.log.by import By
from domain.log.part import EVENT_PART, Part
from store.ledger.guard import FileGuard, Guard
from store.ledger.opening import Place, Surroundings, create_ledger, open_ledger
from store.postgres.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.ledger.ledger import Ledger
    from tests.conftest import Server

ORIGIN = "ledger.example/test"
SENDER = By("wkl_" + "a" * 32, "crd_" + "b" * 32, "token")


@dataclass
class Home:
    """A created ledger that can be opened, closed and opened again."""

    database: Database
    place: Place
    guard: Guard
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    opened: list[Ledger] = field(default_factory=list)

    @property
    def around(self) -> Surroundings:
        """What the ledger is given from outside."""
        return Surroundings(self.database, self.guard, self.clock, os.urandom)

    def create(self) -> None:
        """Make the ledger."""
        create_ledger("test", ORIGIN, self.place, self.around)

    def open(self) -> Ledger:
        """Open it; closed again after the test."""
        ledger = open_ledger("test", ORIGIN, self.place, self.around)
        self.opened.append(ledger)
        return ledger

    def close(self) -> None:
        """Close whatever is open."""
        while self.opened:
            self.opened.pop().close()


def _created(database: Database, folder: Path) -> Iterator[Home]:
    made = Home(database, Place(folder / "ledger"), FileGuard(folder / "guard"))
    made.create()
    yield made
    made.close()


@pytest.fixture
def home(ledger_database: Database, tmp_path: Path) -> Iterator[Home]:
    """A created ledger, not open yet."""
    yield from _created(ledger_database, tmp_path)


@contextmanager
def shared(server: Server, folder: Path) -> Iterator[Ledger]:
    """An open ledger for several tests, which only read what one fixture wrote."""
    for conninfo in server.fresh(server.template):
        with Database(conninfo) as database:
            for home in _created(database, folder):
                yield home.open()


@pytest.fixture
def ledger(home: Home) -> Ledger:
    """An open ledger that holds `ledger.created` only."""
    return home.open()


def draft(
    number: int,
    *,
    tags: tuple[str, ...] = ("service:checkout",),
    streams: tuple[str, ...] = ("line/checkout@production",),
    body: bytes | None = None,
    identity: str | None = None,
    kind: str = "pipeledger.deployment.finished",
) -> Draft:
    """A draft that differs by its number."""
    content = body if body is not None else b'{"number":%d}' % number
    return Draft(
        type=kind,
        version=1,
        assurance="asserted",
        by=SENDER,
        streams=streams,
        tags=tuple(sorted(tags)),
        event=Part(EVENT_PART, "application/json", content, os.urandom(32)),
        delivery=Delivery("https://ci.example", identity or f"evt-{number}", content),
        time=datetime(2026, 1, 1, tzinfo=UTC),
    )
