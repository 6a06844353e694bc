"""Reads by auditors: recorded once for a reader, query and hour (design section 7).

Recorded is what was asked for, without the values of filters: people search for names. Their
digest tells whether two reads asked the same.

A program that reads on and on cannot make the ledger grow without end: what one reader asks for in
an hour beyond `EACH` queries is recorded once for each resource. So an answer that was had stays
the newest one too: asked for again in its hour, it appends nothing.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from api.decisions import decide
from api.entrance import enter
from domain.draft import Delivery
from domain.errors import PipeledgerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fastapi import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.served import Served
    from domain.log.by import By
    from domain.log.key import Entropy
    from store.credentials import Credential

EACH: Final = 500
"""Queries of one reader that are recorded one by one in an hour."""
HEADER: Final = b"pipeledger-read"
WAIT_S: Final = 5.0
"""An answer waits so long for its record, and is given without it then."""
_PAGING: Final = frozenset({"after", "limit", "offset"})
_RECORDED: Final = b"recorded"
_NOT_RECORDED: Final = b"not recorded"
_LOG: Final = logging.getLogger("pipeledger.api")


class Recorded:
    """The reads of this hour that are in the ledger; used by one event loop only."""

    def __init__(self) -> None:
        self._hour = ""
        self._by_reader: dict[tuple[str, str], set[str]] = {}

    def of(self, ledger: str, reader: str, hour: str) -> set[str]:
        """Digests of what a reader read of a ledger; what is recorded is to be added."""
        if hour != self._hour:
            self._hour = hour
            self._by_reader.clear()
        return self._by_reader.setdefault((ledger, reader), set())


class Telling:
    """An application whose answers say whether the read that they are was recorded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and "read" in state:
                message["headers"] = [*message["headers"], (HEADER, state["read"])]
            await send(message)

        await self._app(scope, receive, tell)


async def enter_reading(
    request: Request, ledger: str, roles: tuple[str, ...]
) -> tuple[Served, Credential]:
    """What `enter` gives and raises; an auditor's read is in the ledger before its answer."""
    here, credential = await enter(request, ledger, roles)
    await record_read(request, here, credential, path_of(request, here))
    return here, credential


def path_of(request: Request, here: Served) -> str:
    """What is read, below the ledger's address."""
    return request.url.path.removeprefix(f"/v1/{here.ledger.name}/")


async def record_read(
    request: Request,
    here: Served,
    credential: Credential,
    path: str,
    about: Mapping[str, str] | None = None,
) -> None:
    """Have an auditor's read in the ledger before its answer; other roles' are not recorded.

    The answer is given all the same where that cannot be done, and says so.

    Args:
        request: with what it asks for in its query.
        here: the ledger that is read.
        credential: whose read it is.
        path: what is read.
        about: further fields of the event, of names that are the ledger's own.
    """
    if credential.role != "auditor":
        return
    state = request.app.state
    said: dict[str, Any] = request.scope.setdefault("state", {})
    now: datetime = state.clock()
    hour = f"{now:%Y-%m-%dT%H}"
    done: set[str] = state.reads.of(here.ledger.name, credential.id, hour)
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in _PAGING)
    resource = path.partition("/")[0]
    digest = _digest(f"{credential.id}\n{path}\n{asked}\n{hour}")
    # Positions, commitments and pages are the ledger's own; a stream's name may have come from
    # outside.
    shown = path if resource in {"entries", "documents", "console", "log"} else resource
    names = sorted({name for name, _ in asked})
    query = (shown + ("?" + "&".join(names) if names else ""))[:200]
    if digest not in done and len(done) >= EACH:
        digest = _digest(f"{credential.id}\n{resource}\nand more\n{hour}")
        query, about = f"{resource} and more", None
    if digest not in done:
        data = {"evidence": resource, "query": query, "digest": f"sha256:{digest}", **(about or {})}
        if not await _append(here, data, credential.by, now, state.entropy):
            said["read"] = _NOT_RECORDED
            return
        done.add(digest)
    said["read"] = _RECORDED


def record_export(
    here: Served, what: str, position: int, digest: str, by: By, at: datetime, entropy: Entropy
) -> int:
    """Record that a copy was taken out of the ledger, once for its reader, state and hour.

    Args:
        here: the ledger.
        what: kind of the copy.
        position: of its state.
        digest: of the copy, `sha256:` and hexadecimal.
        by: who took it.
        at: the present instant.
        entropy: random bytes for the event.

    Returns:
        The position of the event.

    Raises:
        PipeledgerError: it cannot be appended.
    """
    query = f"{what}?known_at={position}"
    name = _digest(f"{by.credential}\n{query}\n{at:%Y-%m-%dT%H}")
    data = {"evidence": what, "query": query, "digest": digest}
    once = Delivery(f"{here.ledger.origin}/exports", name, name.encode())
    return decide(here.ledger, "pipeledger.evidence.exported.v1", data, by, at, entropy, once)


async def _append(
    here: Served, data: dict[str, Any], by: By, at: datetime, entropy: Entropy
) -> bool:
    name = data["digest"].removeprefix("sha256:")
    # Several processes and restarts are one reader's hour too.
    once = Delivery(f"{here.ledger.origin}/reads", name, name.encode())
    append = functools.partial(
        decide, here.ledger, "pipeledger.evidence.read.v1", data, by, at, entropy, once
    )
    future = asyncio.get_running_loop().run_in_executor(None, append)
    await asyncio.wait({future}, timeout=WAIT_S)
    if not future.done():
        _LOG.warning("a read was not recorded in time")
        future.add_done_callback(_heard)
        return False
    return _heard(future)


def _heard(future: asyncio.Future[int]) -> bool:
    """Whether an append was made; why not is told to operators."""
    try:
        future.result()
    except PipeledgerError as failure:
        # A ledger that takes no more events must still be there to be read.
        _LOG.warning("a read was not recorded: %s", failure)
        return False
    return True


def _digest(said: str) -> str:
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
