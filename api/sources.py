"""The systems that deliver by webhook: `GET sources`, `POST sources`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.doors import READERS
from api.entrance import JSON, enter, facts
from api.granting import Granting
from api.reads import enter_reading
from domain.errors import RefusedError, SettingError
from intake.registry import SENDERS
from store.source_counts import Count

if TYPE_CHECKING:
    from datetime import datetime

    from api.host import Served
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
    now = request.app.state.clock()
    found = await run_in_threadpool(shown, here, now)
    return Response(msgspec.json.encode({"sources": found}), 200, facts(here), JSON)


@router.post("/v1/{ledger}/sources", status_code=201, tags=["decide"])
async def post_source(request: Request, ledger: str, wanted: NewSource) -> Response:
    """Let a system deliver; its address and secret are in the answer, this once."""
    here, credential = enter(request, ledger, ("operator",))
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
    base = str(request.base_url).rstrip("/")
    body = {
        "name": source.name,
        "kind": source.kind,
        "url": address(base, ledger, source),
        "secret": source.secret,
        "enter": SENDERS[source.kind].scheme.enter,
    }
    return Response(msgspec.json.encode(body), 201, facts(here) | {"Cache-Control": "no-store"},
                    JSON)  # fmt: skip


def address(base: str, ledger: str, source: Source) -> str:
    """Where a source delivers."""
    return f"{base}/v1/{ledger}/intake/{source.name}"


def shown(here: Served, now: datetime) -> list[dict[str, Any]]:
    """The sources as the answer lists them."""
    counts = here.counts.read(here.ledger.published.size)
    return [_shown(one, counts.get(one.name, Count()), now) for one in here.sources.valid()]


def _shown(source: Source, count: Count, now: datetime) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "added_at": source.added_at,
        "every_s": source.every_s,
        "delivered": count.delivered,
        "unmapped": count.unmapped,
        "gaps": count.gaps,
        "last_position": count.last_position,
        "last_at": count.last_at,
        "silent": silent_since(source, count, now) is not None,
    }


def silent_since(source: Source, count: Count, now: datetime) -> datetime | None:
    """Since when a source that is expected to deliver has not; None where it is in time."""
    if source.every_s is None:
        return None
    last = count.last_at or source.added_at
    return last if now - last > timedelta(seconds=source.every_s) else None
