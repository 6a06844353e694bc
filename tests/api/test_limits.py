"""What strangers and credentials may take of the server at once."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64encode
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.app import make_app
from api.budget import Budget
from api.envelopes import PAYLOAD_TYPE
from api.granting import Granting
from api.host import now
from api.rates import Rates
from api.refusing import TooManyError
from api.seldom import Seldom
from domain.errors import UnavailableError
from domain.log.dsse import pae
from domain.log.emitter import EmitterKey
from store.ledger.ledger import SERVER
from tests.serving import event

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tests.api.homes import Home

SIGNED = {"Content-Type": "application/vnd.dsse.envelope.v1+json"}


def post(app: FastAPI, ledger: str, content: bytes, peer: str = "192.0.2.9") -> httpx.Response:
    """What a signed event without a token is answered."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://ledger.example") as one:
            return await one.post(f"/v1/{ledger}/events", content=content, headers=SIGNED)

    return asyncio.run(ask())


def test_a_bucket_empties_and_fills_with_time() -> None:
    """At once what a pause saved up, then so many a second."""
    clock = [0.0]
    rates = Rates(2.0, 3.0, lambda: clock[0])
    for _ in range(3):
        rates.take("a")
    with pytest.raises(TooManyError):
        rates.take("a")
    rates.take("b")
    clock[0] = 0.5
    rates.take("a")
    with pytest.raises(TooManyError):
        rates.take("a")


def test_newcomers_do_not_fill_anybody_s_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who have rested are forgotten first."""
    monkeypatch.setattr("api.rates._REMEMBERED", 100)
    clock = [0.0]
    rates = Rates(1.0, 5.0, lambda: clock[0])
    for number in range(95):
        rates.take(f"rested {number}")
    clock[0] = 10.0
    for _ in range(5):
        rates.take("busy")
    for number in range(45):
        rates.take(f"new {number}")
    with pytest.raises(TooManyError):
        rates.take("busy")


def test_nobody_uses_up_what_is_done_seldom_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each asker has so many keys of its own in a period; those beyond the most share theirs."""
    monkeypatch.setattr("api.seldom._ASKERS", 2)
    clock = [0.0]
    seldom = Seldom(60, 2, lambda: clock[0])
    assert [seldom.now(key, "a") for key in (1, 1, 2, 3)] == [True, False, True, False]
    assert seldom.now(3, "b")
    assert [seldom.now(key, asker) for key, asker in ((1, "c"), (1, "d"), (2, "e"), (3, "f"))] == [
        True, False, True, False,
    ]  # fmt: skip
    clock[0] = 60.0
    assert seldom.now(3, "a")


def test_names_of_ledgers_that_are_not_there_share_one_bucket() -> None:
    """Whoever makes them up gets no new one for each."""
    app = make_app({}, os.urandom, now)
    app.state.strangers = Rates(0, 2, lambda: 0.0)
    statuses = [post(app, f"made-up-{number}", b"{}").status_code for number in range(3)]
    assert statuses[:2] == [400, 400]
    assert statuses[2] == 429


def test_who_signs_nothing_spends_nothing_of_those_who_sign(home: Home) -> None:
    """They have a bucket by where they come from; who signed has one by the key."""
    private = Ed25519PrivateKey.generate()
    key = EmitterKey.ed25519(private.public_key().public_bytes_raw())
    Granting(home.here, SERVER, now(), os.urandom).key(key, "runner")
    name = home.here.ledger.name
    app = make_app({name: home.here}, os.urandom, now)
    app.state.strangers = Rates(0, 6, lambda: 0.0)
    app.state.rates = Rates(0, 1, lambda: 0.0)

    def sent(number: int, signer: Ed25519PrivateKey, peer: str) -> int:
        said = json.dumps(event(number) | {"pipeledgerorigin": home.here.ledger.origin}).encode()
        signature = signer.sign(pae(PAYLOAD_TYPE, said))
        envelope = {"payloadType": PAYLOAD_TYPE, "payload": b64encode(said).decode(),
                    "signatures": [{"sig": b64encode(signature).decode()}]}  # fmt: skip
        return post(app, name, json.dumps(envelope).encode(), peer).status_code

    strange = Ed25519PrivateKey.generate()
    assert [sent(number, strange, "192.0.2.1") for number in range(7)] == [403] * 6 + [429]
    assert sent(1, private, "192.0.2.2") == 201
    assert sent(2, private, "192.0.2.2") == 429


def test_what_nobody_proved_yet_has_a_budget() -> None:
    """Beyond it is 503 with when to try again; at the end of a request its share is free again."""
    app = make_app({}, os.urandom, now)
    app.state.unproven = Budget(10)
    refused = post(app, "default", b" " * 11)
    assert refused.status_code == 503
    assert "Retry-After" in refused.headers
    assert app.state.unproven.left == 10
    assert post(app, "default", b" " * 10).status_code == 400
    assert app.state.unproven.left == 10


def test_a_budget_is_shared() -> None:
    """One holds what another cannot have meanwhile."""
    budget = Budget(10)
    with budget.holding() as take:
        take(6)
        with budget.holding() as other:
            other(4)
            with pytest.raises(UnavailableError):
                other(1)
        take(4)
    assert budget.left == 10
