"""What the ledgers of one place share."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from domain.people import Account
from store.postgres.database import POOL_SIZE

if TYPE_CHECKING:
    from tests.api.homes import Home


def test_persons_are_looked_up_while_every_other_session_is_in_use(home: Home) -> None:
    """Readers that need a person's key for the entry at hand do not wait for each other."""
    (person,) = home.here.register.resolve([Account(email="anna@x.org")])
    with ExitStack() as readers:
        for _ in range(POOL_SIZE):
            readers.enter_context(home.host.database.session("writer"))
        register = home.host.register(home.here.ledger.origin.rpartition("/")[2])
        assert [one["email"] for one in register.accounts(person)] == ["anna@x.org"]
