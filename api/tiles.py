"""The log's tiles over HTTP, as C2SP tlog-tiles has them beside `log/checkpoint`.

Whoever may read entries may read them; a bundle is entries, so an auditor's reading of bundles is
recorded, once an hour for all of them. Without a token there is `pipeledger-server export log`.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.described import only
from api.doors import READERS
from api.entrance import enter, facts
from api.reads import record_read
from domain.log.tile import ENTRIES, MEDIA_TYPE, ROOT, Tile

FOR_EVER: Final = "private, max-age=31536000, immutable"
"""A name stands for the same bytes always; private, since a token was needed."""

router = APIRouter()


@router.get(
    "/v1/{ledger}/log/tile/{path:path}", tags=["log"], response_class=Response,
    responses=only(MEDIA_TYPE),
)  # fmt: skip
async def get_tile(request: Request, ledger: str, path: str) -> Response:
    """A tile of hashes (`<level>/<number>`) or a bundle of entries (`entries/<number>`).

    Numbers stand in groups of three digits, such as `x001/234`; 256 elements make a full one, and
    fewer stand under `<number>.p/<width>`. Nothing beyond the published checkpoint is there.
    """
    del path  # the framework lets a line feed at its end pass
    here, credential = await enter(request, ledger, READERS)
    tile = Tile.parse(ROOT + "/" + request.scope["path"].partition(f"/log/{ROOT}/")[2])
    if tile.level is None:
        await record_read(request, here, credential, f"log/{ROOT}/{ENTRIES}")
    size = here.ledger.published.size
    content = await run_in_threadpool(here.ledger.tiled.read, tile, size)
    headers = facts(here) | {"Cache-Control": FOR_EVER}
    return Response(content, headers=headers, media_type=MEDIA_TYPE)
