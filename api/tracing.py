"""The line of one thing: from its source to its recovery, with what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.answered import headers_of, is_had, max_age
from api.answering import answered
from api.asking import KnownAt  # noqa: TC001 - the framework reads it
from api.described import forms
from api.doors import TRACERS
from api.entrance import JSON
from api.negotiation import prefer
from api.reads import enter_reading
from api.tables import ARROW, CSV, PARQUET, write_table
from projections import trace

if TYPE_CHECKING:
    from api.served import Served

router = APIRouter()
_MEDIA: Final = (JSON, CSV, ARROW, PARQUET)


@router.get("/v1/{ledger}/trace/{what:path}", tags=["history"], responses=forms(*_MEDIA))
async def get_trace(
    request: Request, ledger: str, what: str, asked: Annotated[KnownAt, Query()]
) -> Response:
    """The line of a commit, digest, deployment, change (`repository#number`) or ticket.

    As JSON: hop by hop, with the line to paste that fills each gap, and the rows that it is put
    together from. In the other forms the rows alone.
    """
    media = prefer(request.headers.get("accept", ""), _MEDIA)
    here, _ = await enter_reading(request, ledger, TRACERS)
    return await answered(request, _make, request, here, what, asked.known_at, media)


def _make(request: Request, here: Served, what: str, known_at: str | None, media: str) -> Response:
    trace.check_word(what)
    question = here.history.question(trace.SELECTIONS, {"trace": what}, known_at, max_age(request))
    headers = headers_of(question, media)
    if is_had(request, headers):
        return Response(status_code=304, headers=headers)
    answer = here.history.answer(question)
    line = trace.trace_in(answer.tables, what)
    if media == JSON:
        body = msgspec.json.encode(answer.told() | {"trace": line.told()})
    else:
        order = [("hop_number", "ascending"), ("happened_at", "ascending")]
        body = write_table(answer.tables["trace_items"].sort_by(order), media)
    return Response(body, headers=headers, media_type=media)
