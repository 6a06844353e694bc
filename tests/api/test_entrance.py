"""Who comes in: what the entrance refuses before any route is run."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.requests import Request

from api.entrance import known
from api.refusing import UnauthorisedError

if TYPE_CHECKING:
    from tests.api.doors import Doors


@pytest.mark.parametrize("headers", [[], [(b"authorization", b"Bearer plt_x")]])
def test_nobody_comes_in_to_a_ledger_that_is_not_there(headers: list[tuple[bytes, bytes]]) -> None:
    """With the words for a token that is none, so that nobody learns which ledgers there are."""
    app = SimpleNamespace(state=SimpleNamespace(served={}))
    request = Request({"type": "http", "headers": headers, "app": app})
    with pytest.raises(UnauthorisedError, match="a valid token for this ledger is needed"):
        asyncio.run(known(request, "default"))


@pytest.mark.parametrize("path", ["/v1/own/entries", "/v1/own/events", "/metrics"])
def test_nobody_waits_for_a_token_that_is_being_looked_up(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The database is silent, and the process answers all the same; who is known comes in."""
    tokens = doors.app.state.served["own"].tokens
    text = doors.tokens["emitter"][0]
    assert tokens.find(text) is not None
    asked, over = threading.Event(), threading.Event()

    def silent(_: bytes) -> None:
        asked.set()
        over.wait(5)

    monkeypatch.setattr(tokens, "_look_up", silent)

    async def ask() -> tuple[int, int]:
        transport = httpx.ASGITransport(doors.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            wrong = {"Authorization": f"Bearer plt_of{path}"}
            method = "POST" if path.endswith("events") else "GET"
            stranger = asyncio.create_task(client.request(method, path, headers=wrong))
            assert await asyncio.to_thread(asked.wait, 5)
            known = {"Authorization": f"Bearer {text}"}
            answer = await client.get("/v1/own/log/checkpoint", headers=known)
            assert not stranger.done()
            over.set()
            return answer.status_code, (await stranger).status_code

    assert asyncio.run(ask()) == (200, 401)
