"""Reads by auditors: recorded once for a reader, query and hour (design section 7).

Recorded is what was asked for, without the values of filters: people search for names. Their
digest tells whether two reads asked the same.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from api.decisions import decide
from api.entrance import enter
from domain.draft import Delivery
from domain.errors import PipeledgerError

if TYPE_CHECKING:
    from fastapi import Request

    from api.host import Served
    from store.credentials import Credential

PERIOD_S: Final = 3600.0
AT_MOST: Final = 100_000
_PAGING: Final = frozenset({"after", "limit", "offset"})
_LOG: Final = logging.getLogger("pipeledger.api")


async def enter_reading(
    request: Request, ledger: str, roles: tuple[str, ...]
) -> tuple[Served, Credential]:
    """What `enter` gives and raises; an auditor's read is in the ledger before its answer."""
    here, credential = enter(request, ledger, roles)
    await record_read(
        request, here, credential, request.url.path.removeprefix(f"/v1/{here.ledger.name}/")
    )
    return here, credential


async def record_read(request: Request, here: Served, credential: Credential, path: str) -> None:
    """Have an auditor's read in the ledger before its answer; other roles' are not recorded.

    Args:
        request: with what it asks for in its query.
        here: the ledger that is read.
        credential: whose read it is.
        path: what is read.
    """
    if credential.role != "auditor":
        return
    state = request.app.state
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in _PAGING)
    now = state.clock()
    said = f"{credential.id}\n{path}\n{asked}\n{now:%Y-%m-%dT%H}"
    digest = sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
    if not state.reads.now(digest):
        return
    resource = path.partition("/")[0]
    # Positions, commitments and pages are the ledger's own; a stream's name may have come from
    # outside.
    shown = path if resource in {"entries", "documents", "console"} else resource
    names = sorted({name for name, _ in asked})
    data = {
        "evidence": resource,
        "query": (shown + ("?" + "&".join(names) if names else ""))[:200],
        "digest": f"sha256:{digest}",
    }
    # Several processes and restarts are one reader's hour too.
    once = Delivery(f"{here.ledger.origin}/reads", digest, digest.encode())
    try:
        await run_in_threadpool(
            decide, here.ledger, "pipeledger.evidence.read.v1", data, credential.by, now,
            state.entropy,
            once,
        )  # fmt: skip
    except PipeledgerError as failure:
        # A ledger that takes no more events must still be there to be read.
        _LOG.warning("a read was not recorded: %s", failure)
