"""Who comes in: what the entrance refuses before any route is run."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.requests import Request

from api.entrance import LOOKUPS, known
from api.refusing import UnauthorisedError
from domain.errors import UnavailableError
from domain.log.dsse import ENVELOPE_MEDIA_TYPE
from store.recent import Recent

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


SIGNED = {
    "payloadType": "application/cloudevents+json", "payload": "e30=",
    "signatures": [{"sig": "AA=="}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/v1/own/entries", {"method": "GET"}),
        ("/console/login", {"data": {"ledger": "own", "token": "plt_of"}}),
        ("/v1/own/intake/nothing", {"json": {}}),
        ("/v1/own/events", {"json": SIGNED, "headers": {"Content-Type": ENVELOPE_MEDIA_TYPE}}),
    ],
    ids=["token", "login", "source", "signature"],
)
def test_strangers_who_are_looked_up_leave_threads_to_those_who_came_in(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, path: str, sent: dict[str, Any]
) -> None:
    """However many there are, at whatever door, while the database is silent."""
    own = doors.app.state.served["own"]
    text = doors.tokens["auditor"][0]
    assert own.tokens.find(text) is not None
    over = threading.Event()

    def silent(*_: bytes) -> Any:  # noqa: ANN401 - of each door
        over.wait(60)
        raise UnavailableError("silent")

    monkeypatch.setattr(own.tokens, "_look_up", silent)
    # Of this test's event loop.
    for door, most in LOOKUPS.items():
        monkeypatch.setitem(doors.app.state.lookups, door, asyncio.Semaphore(most))
    for each in (own.sources, own.emitters):
        monkeypatch.setattr(each, "_known", Recent(silent, time.monotonic))

    async def ask() -> int:
        transport = httpx.ASGITransport(doors.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            strangers = [asyncio.create_task(client.request(**wrong(one))) for one in range(60)]
            for _ in range(100):
                await asyncio.sleep(0)
            known = {"Authorization": f"Bearer {text}"}
            answer = await asyncio.wait_for(client.get("/v1/own/entries/1", headers=known), 20)
            assert not any(one.done() for one in strangers)
            over.set()
            assert {one.status_code for one in await asyncio.gather(*strangers)} == {503}
            return answer.status_code

    def wrong(number: int) -> dict[str, Any]:
        asked: dict[str, Any] = {"method": "POST", "url": path} | sent
        if path.endswith("entries"):
            asked["headers"] = {"Authorization": f"Bearer plt_{number}"}
        return asked

    try:
        assert asyncio.run(ask()) == 200
    finally:
        over.set()
