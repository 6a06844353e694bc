"""Which keys there are, which are in doubt, and what they signed."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.doors import READERS
from api.entrance import JSON, enter, facts

router = APIRouter()


@router.get("/v1/{ledger}/keys", tags=["log"])
async def get_all_keys(request: Request, ledger: str) -> Response:
    """The ledger's own keys with their ranges, and what is reported compromised.

    `compromised` lists for each report the positions in doubt, as ranges of first and last. Keys
    are replaced and revoked on the server's own machine (`pipeledger-server key`).
    """
    here, _ = await enter(request, ledger, READERS)

    def find() -> bytes:
        held = here.ledger
        keys: list[dict[str, Any]] = [
            {
                "key": term.key.id, "vkey": term.key.vkey(), "first": term.first,
                "last": term.last,
                "purpose": "log" if term.key.name == held.origin else "intake",
            }
            for term in held.succession.terms
        ]  # fmt: skip
        reports = [
            {
                "key": report.key, "since": report.since, "reported": report.position,
                "positions": ranges,
            }
            for report, ranges in held.compromised()
        ]  # fmt: skip
        return msgspec.json.encode({"keys": keys, "compromised": reports})

    return Response(await run_in_threadpool(find), headers=facts(here), media_type=JSON)
