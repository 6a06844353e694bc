"""Fixtures for tests of the embedded server's life cycle."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from store.postgres.account import Account, service_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.postgres.server import EmbeddedPostgres

_PATIENCE_S: Final = 60.0
_numbers: Iterator[int] = iter(range(1_000_000))


@pytest.fixture
def data(reachable: Path) -> Path:
    """A data folder, not made yet, that the service account will reach."""
    return reachable / f"data{next(_numbers)}"


@pytest.fixture(scope="session")
def account() -> Account:
    """The account that runs the embedded server here."""
    return service_account({}) or Account(
        name=os.environ.get("USER", "self"), uid=os.geteuid(), gid=os.getegid()
    )


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds; fail when it does not within a minute."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, "the condition never held"
            time.sleep(0.01)

    return wait


@pytest.fixture
def ask() -> Callable[[EmbeddedPostgres, str], str]:
    """Run one statement on a server; its first column as text, or nothing."""

    def run(server: EmbeddedPostgres, statement: str) -> str:
        with psycopg.connect(server.conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
        return "" if row is None else str(row[0])

    return run
