"""The gate before every route of a ledger: no token, no word.

A route asks for a role itself; what a stranger sends is not even read before. So one that was
added and forgot to ask is closed all the same, and no answer tells a stranger what is there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from api import problems
from api.bodies import read_body
from api.entrance import known
from api.ingest import MAX_EVENT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PATH: Final = re.compile(r"/v1/(?P<ledger>[^/]*)(?:/(?P<rest>.*))?", re.DOTALL)
_ASKING: Final = re.compile(r"events|reports|intake/[^/]*|log/keys", re.DOTALL)
"""Below a ledger: what asks by itself who sends, or is for everybody. They bound their bodies."""


class Gate:
    """An application behind the gate."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        match = _gated(scope["path"]) if scope["type"] == "http" else None
        if match is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            await known(request, match["ledger"])
            if scope["method"] == "POST":
                # The framework would read as much as is sent.
                receive = _again(await read_body(request, MAX_EVENT), receive)
        except problems.REFUSALS as error:
            await problems.tell(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_gated(path: str) -> bool:
    """Whether a route of this path is behind the gate."""
    return _gated(path) is not None


def _gated(path: str) -> re.Match[str] | None:
    match = _PATH.fullmatch(path)
    return None if match is None or _ASKING.fullmatch(match["rest"] or "") else match


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read once more, and then what comes."""
    kept: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return kept.pop() if kept else await receive()

    return give
