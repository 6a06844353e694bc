"""The compliance report for whoever is logged in, with the window and filters of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from api.answering import answered
from api.console.asking import PageQuestion, read_query
from api.console.entrance import shown
from api.console.page import HTML
from api.reads import record_read
from api.reporting import HEADERS
from exporters import assessment
from exporters.assessment import frameworks_of
from exporters.report.page import write_report

if TYPE_CHECKING:
    from api.served import Served
    from projections.catalogue import Catalogue
    from store.credentials import Credential

router = APIRouter(include_in_schema=False)


@router.get("/console/{ledger}/report")
async def get_report(request: Request, ledger: str) -> Response:
    """Of all frameworks."""
    return await _send(request, ledger)


@router.get("/console/{ledger}/report/{framework}")
async def get_report_of(request: Request, ledger: str, framework: str) -> Response:
    """Of one framework."""
    return await _send(request, ledger, framework)


async def _send(request: Request, ledger: str, *named: str) -> Response:
    async def recorded(here: Served, credential: Credential) -> Response:
        # Before it is recorded: all words of the question are ours, whatever an address says.
        asked = read_query(PageQuestion, request.query_params)
        catalogue: Catalogue = request.app.state.catalogue
        wanted = frameworks_of(catalogue, named)
        chosen = asked.narrowed(request.app.state.clock())

        def make() -> Response:
            question = assessment.ask(here.history, catalogue, wanted, chosen, asked.known_at)
            note = here.ledger.reader.checkpoint
            page = write_report(assessment.answered(here.history, question, catalogue, note))
            return Response(page, headers=HEADERS | {"Cache-Control": "no-store"}, media_type=HTML)

        path = "/".join(("console", "report", *named))
        about = {"framework": named[0]} if named else None
        await record_read(request, here, credential, path, about)
        return await answered(request, make)

    return await shown(request, ledger, recorded)
