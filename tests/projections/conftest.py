"""A ledger on each PostgreSQL, and what follows it."""

from __future__ import annotations

from tests.store.ledger.conftest import home, ledger

__all__ = ["home", "ledger"]
