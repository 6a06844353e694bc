"""The systems that deliver by webhook: `GET sources`, `POST sources`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.delivering import address, listed
from api.doors import READERS
from api.entrance import JSON, enter, facts
from api.granting import Granting
from api.reads import enter_reading
from domain.errors import RefusedError, SettingError
from intake.registry import SENDERS

if TYPE_CHECKING:
    from store.sources import Source

router = APIRouter()

MAX_EVERY_S: Final = 366 * 86_400


class NewSource(BaseModel):
    """A source that is to deliver."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(max_length=40)]
    name: Annotated[str | None, Field(max_length=40)] = None
    every_s: Annotated[int | None, Field(ge=1, le=MAX_EVERY_S)] = None
    secret: Annotated[str | None, Field(max_length=200, repr=False)] = None


@router.get("/v1/{ledger}/sources", tags=["read"])
async def get_sources(request: Request, ledger: str) -> Response:
    """Every source with its last delivery, counts and whether it is silent for too long."""
    here, _ = await enter_reading(request, ledger, READERS)
    now, given_on = request.app.state.clock(), facts(here)
    found = await run_in_threadpool(listed, here, now)
    return Response(msgspec.json.encode({"sources": found}), 200, given_on, JSON)


@router.post("/v1/{ledger}/sources", status_code=201, tags=["decide"])
async def post_source(request: Request, ledger: str, wanted: NewSource) -> Response:
    """Let a system deliver; its address and secret are in the answer, this once."""
    here, credential = await enter(request, ledger, ("operator",))
    state = request.app.state

    def grant() -> Source:
        granting = Granting(here, credential.by, state.clock(), state.entropy)
        try:
            return granting.source(
                wanted.name or wanted.kind, wanted.kind, wanted.every_s, wanted.secret
            )
        except SettingError as error:
            raise RefusedError("body", str(error)) from None

    source = await run_in_threadpool(grant)
    base = state.public_url or str(request.base_url).rstrip("/")
    body = {
        "name": source.name,
        "kind": source.kind,
        "url": address(base, ledger, source),
        "secret": source.secret,
        "enter": SENDERS[source.kind].scheme.enter,
    }
    return Response(msgspec.json.encode(body), 201, facts(here) | {"Cache-Control": "no-store"},
                    JSON)  # fmt: skip
