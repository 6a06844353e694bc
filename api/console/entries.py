"""One entry as a page: what every position on the other pages leads to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from api import receipts
from api.console.asking import read_query
from api.console.entrance import shown
from api.console.page import HEADERS, draw
from api.doors import PART_READERS, TRACERS
from api.entrance import Position  # noqa: TC001 - the framework reads it
from api.reading import PROOF_JSON
from api.reads import record_read
from domain.log.entry import parse_entry
from domain.log.part import EVENT_PART

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.served import Served
    from store.credentials import Credential

router = APIRouter(include_in_schema=False)

MAX_SHOWN: Final = 65_536
"""Characters of an event that are shown; a file has all of it."""


class EntryQuestion(BaseModel):
    """What the page of an entry is asked: nothing but its address."""

    model_config = ConfigDict(extra="forbid")


class _Part(NamedTuple):
    """What an entry commits to.

    Attributes:
        name: of the part.
        media_type: what its bytes are.
        length: in bytes.
        is_there: it can still be read.
    """

    name: str
    media_type: str
    length: int
    is_there: bool


@router.get("/console/{ledger}/entries/{position}")
async def get_entry(request: Request, ledger: str, position: Position) -> Response:
    """An entry; with the event where the role may see it."""

    def make(here: Served, credential: Credential) -> Response:
        published = here.ledger.published
        row = here.ledger.reader.entry(position, published.size)
        entry = parse_entry(row.raw)
        there = here.ledger.reader.names(row)
        event = None
        if credential.role in PART_READERS:
            found = here.ledger.reader.parts(row, (EVENT_PART,))
            event = _text(found[0].body) if found else None
        told = [
            _Part(EVENT_PART, "application/json", entry.context.event.length, EVENT_PART in there),
            *(_Part(one.name, one.media_type, one.length, one.name in there)
              for one in entry.context.parts),
        ]  # fmt: skip
        return draw(
            "entry.html", ledger=ledger, role=credential.role, here="", row=row,
            entry=receipts.shown(row), parts_told=told, may_read=credential.role in PART_READERS,
            event=None if event is None else event[:MAX_SHOWN],
            is_cut=event is not None and len(event) > MAX_SHOWN,
            origin=here.ledger.origin, size=published.size, root=published.root.hex(),
        )  # fmt: skip

    return await _page(request, ledger, f"entries/{position}", make)


@router.get("/console/{ledger}/entries/{position}/proof")
async def get_proof(request: Request, ledger: str, position: Position) -> Response:
    """The same as a file, with its proof and the parts that the role may see."""

    def make(here: Served, credential: Credential) -> Response:
        row = here.ledger.reader.entry(position, here.ledger.published.size)
        file = receipts.proof(here.ledger, position, here.cosigners.shown)
        parts = here.ledger.reader.parts(row) if credential.role in PART_READERS else []
        body = msgspec.json.encode(receipts.bundle(row, file, parts))
        name = f"{ledger}-{position}.pipeledger.json"
        return Response(body, media_type=PROOF_JSON, headers=HEADERS | {
            "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store",
        })  # fmt: skip

    return await _page(request, ledger, f"entries/{position}/proof", make)


async def _page(
    request: Request, ledger: str, name: str, make: Callable[[Served, Credential], Response]
) -> Response:
    async def recorded(here: Served, credential: Credential) -> Response:
        read_query(EntryQuestion, request.query_params)
        await record_read(request, here, credential, f"console/{name}")
        return await run_in_threadpool(make, here, credential)

    # Those whom the page of a line shows positions; what else the API lets them read, it does here.
    return await shown(request, ledger, recorded, TRACERS)


def _text(body: bytes) -> str:
    """An event as people read it; what is no JSON, as it is."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
    return json.dumps(said, ensure_ascii=False, indent=2)
