"""Fixtures of tests that command a ledger without HTTP."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

import pytest

from api.granting import Granting
from api.host import Host, Settings, now
from store.ledger.ledger import SERVER
from tests.api.homes import Home
from tests.clusters import prepared
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_numbers = count(1)


@pytest.fixture(scope="module")
def host(reachable: Path) -> Iterator[Host]:
    """A place for ledgers; that conditions hold on every PostgreSQL, the recorder's tests show."""
    with Host(Settings(prepared(reachable / "deciding" / "data"))) as made:
        yield made


@pytest.fixture
def home(host: Host) -> Iterator[Home]:
    """A ledger of its own for each test."""
    name = f"deciding-{next(_numbers)}"
    host.create(name, f"ledger.example/{name}")
    here = host.open(name)
    granting = Granting(here, SERVER, now(), os.urandom)
    ada = here.tokens.find(granting.token("operator", "ada"))
    assert ada is not None
    here.ledger.submit([draft(1), draft(2)]).result(60)
    yield Home(host, here, ada)
    here.close()
