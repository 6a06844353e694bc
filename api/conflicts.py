"""Ids that were used again with other bytes: refused, and recorded by their digest."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from api.decisions import decide
from domain.errors import PipeledgerError
from store.ledger.ledger import SERVER

if TYPE_CHECKING:
    from fastapi import Request

    from api.served import Served
    from domain.draft import Draft
    from domain.errors import ReusedIdError
    from store.credentials import Credential

PERIOD_S: Final = 3600.0
AT_MOST: Final = 100
"""Conflicts of one credential that are recorded in a period; a broken sender shall not fill the
ledger with them."""
_LOG: Final = logging.getLogger("pipeledger.api")


async def record(
    request: Request, here: Served, credential: Credential, draft: Draft, error: ReusedIdError
) -> None:
    """Append `event.conflicted`, once an hour for one id and digest.

    The refusal stands whether this succeeds or not.
    """
    delivery = draft.delivery
    if error.position is None or delivery is None:
        return
    digest = sha256(delivery.received).hexdigest()
    # What others send must not decide whether this is recorded.
    if not request.app.state.conflicts.now(
        (error.position, digest), (here.ledger.name, credential.id)
    ):
        return
    data: dict[str, Any] = {
        "position": error.position,
        "digest": f"sha256:{digest}",
        "credential": credential.id,
    }
    state = request.app.state
    try:
        await run_in_threadpool(
            decide, here.ledger, "pipeledger.event.conflicted.v1", data, SERVER,
            state.clock(), state.entropy,
        )  # fmt: skip
    except PipeledgerError as failure:
        _LOG.warning("a conflict was not recorded: %s", failure)
