"""The short way to `POST events` answers exactly as the framework's way does."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI, Request

from api.app import make_app
from api.direct import Direct
from api.host import now
from tests.serving import Running, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Scope

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
THE_FRAMEWORKS = {"atomic": "false"}
"""A query that changes nothing, and for which only the framework is asked."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the module."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


# As compact as a batch is taken apart: so a repeat is one there too.
KNOWN = json.dumps(event(1), separators=(",", ":"))
ASKED: dict[str, dict[str, Any]] = {
    "an event": {"content": KNOWN, "headers": STRUCTURED},
    "no JSON": {"content": "{", "headers": STRUCTURED},
    "no event": {"content": "[]", "headers": STRUCTURED},
    "another's type": {
        "content": json.dumps(event(2) | {"type": "pipeledger.token.issued.v1"}),
        "headers": STRUCTURED,
    },
    "no content type": {"content": json.dumps(event(3))},
    "too much": {"content": b" " * 1_048_577, "headers": STRUCTURED},
    "an unknown encoding": {
        "content": json.dumps(event(4)),
        "headers": STRUCTURED | {"Content-Encoding": "br"},
    },
    "no token": {
        "content": json.dumps(event(5)),
        "headers": STRUCTURED | {"Authorization": "Bearer plt_none"},
    },
    "a batch": {
        "content": f"[{KNOWN},{{}}]",
        "headers": {"Content-Type": "application/cloudevents-batch+json"},
    },
    "an envelope that is none": {
        "content": "{}",
        "headers": {"Content-Type": "application/vnd.dsse.envelope.v1+json"},
    },
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_both_ways_give_one_answer(server: Running, asked: dict[str, Any]) -> None:
    """Status, media type and every byte of the body."""
    with server.http() as http:
        # Known from now on, so that what is kept is a repeat on either way.
        http.post("/events", content=KNOWN, headers=STRUCTURED)
        short = http.post("/events", **asked)
        long = http.post("/events", params=THE_FRAMEWORKS, **asked)
    assert short.status_code == long.status_code
    assert short.content == long.content
    left = {"date", "pipeledger-position", "pipeledger-root"}
    assert {k: v for k, v in short.headers.items() if k not in left} == {
        k: v for k, v in long.headers.items() if k not in left
    }
    assert left & short.headers.keys() == left & long.headers.keys()


def test_what_is_not_plain_is_asked_of_the_framework(server: Running) -> None:
    """Other methods, queries it refuses, and paths that only begin alike."""
    with server.http() as http:
        assert http.get("/events").status_code == 405
        assert http.post("/events", params={"atomic": "perhaps"}).status_code == 400
        assert http.post("/events/more").status_code == 404
        described = http.get(f"{server.url}/openapi.json").json()
    assert "post" in described["paths"]["/v1/{ledger}/events"]


def test_an_error_of_the_servers_own_is_answered_and_raised() -> None:
    """The caller learns nothing of it; the server, which logs it, does."""
    scope: Scope = {
        "type": "http", "method": "POST", "path": "/v1/default/events", "query_string": b"",
        "root_path": "", "headers": [(b"authorization", b"Bearer x")],
    }  # fmt: skip
    sent: list[Message] = []

    class Broken:
        """A ledger whose tokens cannot even be looked for."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    served: Any = {"default": Broken()}
    app = Direct(make_app(served, os.urandom, now))
    with pytest.raises(AttributeError):
        asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"]) == {
        "type": "about:blank", "title": "Internal Server Error", "status": 500,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/default/events", "/console/login"])
def test_a_sender_who_goes_away_is_no_error(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Strangers must not fill the logs: nothing is raised and nothing is told."""
    kind = b"application/vnd.dsse.envelope.v1+json"
    scope: Scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "root_path": "",
        "headers": [(b"content-type", kind)], "http_version": "1.1", "scheme": "http",
        "server": ("ledger.example", 80), "client": ("192.0.2.1", 1),
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Direct(make_app({}, os.urandom, now))(scope, receive, send))
    assert sent[0]["status"] == 400
    assert caplog.records == []


@pytest.mark.parametrize(("peer", "seen"), [("127.0.0.1", "https"), ("192.0.2.1", "http")])
def test_on_the_longer_way_a_proxy_of_this_machine_is_believed(peer: str, seen: str) -> None:
    """Which scheme its client used; nobody else is believed."""
    app = FastAPI()

    @app.get("/scheme")
    async def scheme(request: Request) -> str:
        return request.url.scheme

    async def ask() -> str:
        wire = httpx.ASGITransport(Direct(app), client=(peer, 1))
        async with httpx.AsyncClient(transport=wire, base_url="http://ledger.example") as client:
            answer = await client.get("/scheme", headers={"X-Forwarded-Proto": "https"})
        return str(answer.json())

    assert asyncio.run(ask()) == seen
