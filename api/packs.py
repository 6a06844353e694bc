"""Evidence packs over HTTP: asked for, made meanwhile, fetched."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from api.answering import answered
from api.described import only
from api.doors import PART_READERS
from api.entrance import JSON, enter, facts
from api.negotiation import prefer
from api.packing import Scope, identity_of, packing_of, parameters_of
from api.reads import record_export
from domain.errors import NotFoundError
from domain.instant import read_instant
from domain.log.checkpoint import Checkpoint
from exporters.pack import write_pack
from projections.following import redactions

if TYPE_CHECKING:
    from api.making import Making, Pack
    from api.served import Served
    from projections.catalogue import Catalogue

ZIP: Final = "application/zip"
_Name = Annotated[str | None, Field(max_length=500)]
_Ids = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=500)]
_Instant = Annotated[str | None, Field(max_length=40)]
Identity = Annotated[str, PathParameter(pattern="^[0-9a-f]{32}$")]

_MADE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "it is there already, or could not be made: `state` says which"},
}
_FETCHED: Final = only(ZIP) | {202: {"description": "it is being made"}}

router = APIRouter()


class WantedPack(BaseModel):
    """What a pack is about; without a framework and a control, all frameworks."""

    model_config = ConfigDict(extra="forbid")

    frameworks: _Ids = []
    controls: _Ids = Field([], description="single ones, as FRAMEWORK/CONTROL")
    release: _Name = Field(None, description="SERVICE@VERSION")
    service: _Name = None
    team: _Name = None
    environment: _Name = None
    repository: Annotated[str | None, Field(max_length=4096)] = None
    since: _Instant = Field(None, alias="from")
    to: _Instant = None
    known_at: _Instant | Annotated[int, Field(strict=True)] = Field(
        None, description="a position, a day or an instant"
    )

    def scope(self) -> Scope:
        """The same, read.

        Raises:
            RefusedError: an instant is none.
        """
        window = {
            "window_from": read_instant(self.since, "field from"),
            "window_to": read_instant(self.to, "field to"),
        }
        narrowed = ("release", "service", "team", "environment", "repository")
        return Scope(
            frameworks=tuple(self.frameworks),
            controls=tuple(self.controls),
            window={name: one for name, one in window.items() if one is not None},
            narrowed={
                name: getattr(self, name) for name in narrowed if getattr(self, name) is not None
            },
        )


@router.post("/v1/{ledger}/packs", status_code=202, tags=["compliance"], responses=_MADE)
async def post_pack(request: Request, ledger: str, wanted: WantedPack) -> Response:
    """Have an evidence pack made; 200 where it is there already.

    The id is the same for the same question at the same position, and so is the pack.
    """
    here, _ = await enter(request, ledger, PART_READERS)
    return await answered(request, _ask, request, here, wanted)


@router.get("/v1/{ledger}/packs/{identity}", tags=["compliance"], responses=_FETCHED)
async def get_pack(
    request: Request,
    ledger: str,
    identity: Identity,
    wait: Annotated[int, Query(ge=0, le=60, description="seconds to wait for it")] = 0,
) -> Response:
    """The pack as a ZIP file; how far it is (202) while it is made, or where JSON is wanted."""
    here, credential = await enter(request, ledger, PART_READERS)
    media = prefer(request.headers.get("accept", ""), (ZIP, JSON))

    under_way = here.packs.state(identity)
    if under_way is not None:
        # On the event loop: who waits holds no thread.
        await asyncio.wait({asyncio.wrap_future(under_way.ended)}, timeout=wait)

    def give() -> Response:
        pack = here.packs.find(identity, _redacted(here))
        if pack is None or media != ZIP:
            return _told(here, identity, under_way, pack)
        with pack.path.open("rb") as stream:
            digest = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
        state = request.app.state
        # Before a byte of it leaves.
        record_export(
            here, f"packs/{identity}", pack.size, digest, credential.by, state.clock(),
            state.entropy,
        )  # fmt: skip
        # It holds events: an erasure reaches no cache.
        return FileResponse(
            pack.path, headers=_headers(here, identity) | {"Cache-Control": "no-store"},
            media_type=ZIP, filename=f"{identity}.zip",
        )  # fmt: skip

    return await run_in_threadpool(give)


def _ask(request: Request, here: Served, wanted: WantedPack) -> Response:
    catalogue: Catalogue = request.app.state.catalogue
    known_at = None if wanted.known_at is None else str(wanted.known_at)
    at = here.history.known_at(known_at, here.history.newest())
    parameters = parameters_of(wanted.scope(), catalogue, at)
    size = Checkpoint.of(here.ledger.reader.checkpoint(at)).size
    identity = identity_of(parameters, size)
    redacted = _redacted(here)
    under_way, pack = None, here.packs.find(identity, redacted)
    if pack is None:
        under_way = here.packs.make(
            identity, size, redacted,
            lambda target, tell: write_pack(packing_of(here, catalogue), parameters, target, tell),
        )  # fmt: skip
    return _told(here, identity, under_way, pack)


def _told(here: Served, identity: str, under_way: Making | None, pack: Pack | None) -> Response:
    """How far a pack is; `under_way` is from before it was looked for."""
    told: dict[str, Any] = {"id": identity, "state": "made"}
    if pack is not None:
        told |= {"bytes": pack.path.stat().st_size}
    elif under_way is None:
        raise NotFoundError(f"no pack {identity}; POST packs asks for one")
    elif under_way.failure is not None:
        told |= {"state": "failed", "detail": under_way.failure}
    else:
        told |= {"state": "making", "files": under_way.done, "of": under_way.total}
    status = 202 if told["state"] == "making" else 200
    return Response(msgspec.json.encode(told), status, _headers(here, identity), JSON)


def _headers(here: Served, identity: str) -> dict[str, str]:
    return facts(here) | {"Location": f"/v1/{here.ledger.name}/packs/{identity}"}


def _redacted(here: Served) -> int:
    """Position of the last redaction; 0: none."""
    reader = here.ledger.reader
    found = redactions(reader, here.ledger.published.size)
    return max((one.said for one in found), default=0)
