"""A register of its own for each test, on each PostgreSQL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from store.people.keys import RegisterKeys
from store.people.register import Register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.postgres.database import Database


@pytest.fixture
def keys(tmp_path: Path) -> RegisterKeys:
    """New secrets."""
    return RegisterKeys.create(tmp_path / "secrets", os.urandom)


@pytest.fixture
def opened(
    ledger_database: Database, schema_name: str, keys: RegisterKeys
) -> Callable[[], Register]:
    """Open the register anew, with nothing in memory."""
    return lambda: Register(ledger_database, schema_name, keys, os.urandom)


@pytest.fixture
def register(opened: Callable[[], Register]) -> Register:
    """An empty register."""
    return opened()
