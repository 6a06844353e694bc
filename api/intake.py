"""What systems deliver by their own webhooks: `POST intake/{source}`."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from api.bodies import read_body
from api.described import RECEIPTS
from api.doors import check_intake
from api.entrance import SOURCE, look_up, peer_of
from api.ingest import Original
from api.readings import Arrival, drafts_of
from api.refusing import UnauthorisedError
from api.telemetry.journey import journey_of, travel
from api.writing import answer_all
from domain.errors import RefusedError
from intake.deliveries import Delivery, headers_of, read_delivery, unmapped
from intake.registry import SENDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.served import Served
    from domain.draft import Draft
    from intake.sender import Sender
    from store.sources import Source

    Known = tuple[Served, Source, Sender]

MAX_DELIVERY: Final = 32 * 1_048_576
"""Bytes of one delivery, unpacked; code hosts send at most 25 MiB."""
REFUSALS_S: Final = 60.0
AT_MOST: Final = 1_000
"""That a delivery was refused is told once in so long for a source: strangers may try for ever."""
AT_ONCE: Final = 4
"""Deliveries that are read at the same time."""

_QUICK: Final = 65_536
"""Bytes of a body that are judged at once; for more, nobody else should wait."""
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_LOG: Final = logging.getLogger("pipeledger.intake")

router = APIRouter()


@router.post("/v1/{ledger}/intake/{source}", status_code=201, tags=["write"], responses=RECEIPTS)
async def post_delivery(
    request: Request, ledger: str, source: Annotated[str, Path(max_length=40)]
) -> Response:
    """A system's own webhook, authenticated by that system's scheme; answered with receipts."""
    return await travel(request, ledger, lambda: _post(request, ledger, source))


async def _post(request: Request, ledger: str, name: str) -> Response:
    state = request.app.state
    # By where they come from: whoever proves nothing must not spend what a source may send.
    state.strangers.take(peer_of(request))
    known = await _known(request, ledger, name)
    headers = headers_of(request.headers)
    with state.unproven.holding() as take:
        # Also where there is no such name: what is wrong with a body would tell which ones are.
        body = await read_body(request, MAX_DELIVERY, take)
        here, source, sender = await _proven(request, known, headers, body)
        state.rates.take(source.credential.id)
        told = headers.get("content-type", "").partition(";")[0].strip().lower()
        media_type = told if _MEDIA_TYPE.fullmatch(told) else "application/octet-stream"
        if sender.folded is not None:
            media_type, body = sender.folded(headers, media_type, body)
        delivery = Delivery(source.name, headers.get(sender.kind_header or ""), media_type, body)

        def prepare() -> list[Draft]:
            started = time.time_ns()
            drafts = _drafts(request, here, source, sender, delivery)
            if (journey := journey_of(request)) is not None:
                journey.events = len(drafts)
                journey.stage("door", started)
            return drafts

        async with state.deliveries:
            drafts = await run_in_threadpool(prepare)
        return await answer_all(request, here, source.credential, list(drafts), atomic=True)


async def _known(request: Request, ledger: str, name: str) -> Known | None:
    here: Served | None = request.app.state.served.get(ledger)
    source = None
    if here is not None:
        source = here.sources.remembered(name)
        if source is None:
            source = await look_up(request, SOURCE, here.sources.find, name)
    sender = SENDERS.get(source.kind) if source is not None else None
    return None if here is None or source is None or sender is None else (here, source, sender)


async def _proven(
    request: Request, known: Known | None, headers: Mapping[str, str], body: bytes
) -> Known:
    # What is not there and what does not prove itself look alike from outside.
    if known is None:
        raise _stranger()
    state = request.app.state
    _, source, sender = known
    judged = headers, body, source.secret, state.clock()
    if len(body) > _QUICK:
        holds = await run_in_threadpool(sender.scheme.holds, *judged)
    else:
        holds = sender.scheme.holds(*judged)
    if not holds:
        if state.refusals.now((known[0].ledger.name, source.name)):
            _LOG.warning("a delivery was refused: it does not prove who sent it",
                         extra={"source": source.name})  # fmt: skip
        raise _stranger()
    return known


def _stranger() -> UnauthorisedError:
    return UnauthorisedError("no source of this name, or the delivery is not its own")


def _drafts(
    request: Request, here: Served, source: Source, sender: Sender, delivery: Delivery
) -> list[Draft]:
    state = request.app.state
    # Ids of deliveries stand in headers, which nobody signed; the body is what was.
    digest = hashlib.sha256(delivery.body).hexdigest()
    arrival = Arrival(
        identity=f"{sender.name}-{digest[:40]}",
        source=f"/intake/{source.name}",
        credential=source.credential,
        door=check_intake,
        assurance="observed",
        received=state.clock(),
    )
    original = Original("original", delivery.media_type, delivery.body)
    try:
        readings = read_delivery(sender, delivery)
        return drafts_of(here.register, readings, original, arrival, state.entropy)
    except RefusedError as refusal:
        # The sender would repeat it and give up; it stays, and is reported.
        readings = [unmapped(delivery, refusal)]
        return drafts_of(here.register, readings, original, arrival, state.entropy)
