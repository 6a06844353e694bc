"""A ledger on each PostgreSQL, for what leaves it."""

from __future__ import annotations

from tests.store.ledger.conftest import home, ledger

__all__ = ["home", "ledger"]
