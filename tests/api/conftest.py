"""Fixtures that several files of this room share."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from api.app import make_app
from api.granting import Granting
from api.host import Host, Settings, now
from store.ledger.ledger import SERVER
from tests.api.doors import ROLES, Doors
from tests.api.homes import Home
from tests.api.house import inhabited
from tests.clusters import prepared
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.served import Served
    from store.credentials import Credential
    from tests.api.house import House

_numbers = count(1)


@pytest.fixture(scope="module")
def host(quick: Path) -> Iterator[Host]:
    """A place for ledgers; that conditions hold on every PostgreSQL, the recorder's tests show."""
    with Host(Settings(prepared(quick / f"deciding-{next(_numbers)}" / "data"))) as made:
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


def _found(here: Served, text: str) -> tuple[str, Credential]:
    credential = here.tokens.find(text)
    assert credential is not None
    return text, credential


@pytest.fixture(scope="module")
def doors(quick: Path) -> Iterator[Doors]:
    """Two ledgers of one application, and a token of every kind."""
    with Host(Settings(prepared(quick / f"doors-{next(_numbers)}" / "data"))) as host:
        for name in ("own", "other"):
            host.create(name, f"ledger.example/{name}")
        own, other = host.open("own"), host.open("other")
        granting = Granting(own, SERVER, now(), os.urandom)
        tokens = {role: _found(own, granting.token(role, role)) for role in ROLES}
        there = Granting(other, SERVER, now(), os.urandom)
        tokens["foreign"] = _found(other, there.token("operator", "foreign"))
        over = now() - timedelta(seconds=1)
        expired, credential = own.tokens.draw(own.register.workload(), "operator", (), over)
        own.tokens.keep(expired, credential)
        tokens["expired"] = (expired, credential)
        tokens["revoked"] = _found(own, granting.token("operator", "revoked"))
        revoked = tokens["revoked"][1]
        granting.revoke_token(revoked.id)
        tokens["wrong"] = ("plt_" + "A" * 43, replace(revoked, id=f"crd_{'0' * 32}"))
        own.ledger.submit([draft(1)]).result(60)
        app = make_app({"own": own, "other": other}, os.urandom, now)
        yield Doors(app, tokens)
        for one in (own, other):
            one.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One server for all; each test asks for approvals of its own."""
    with inhabited(tmp_path_factory.mktemp("approvals") / "data") as made:
        yield made
