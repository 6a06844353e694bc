"""The compliance report and OSCAL over HTTP: what controls came to, for people and for tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.answered import headers_of, is_had
from api.answering import answered
from api.asking import ControlQuestion
from api.described import forms
from api.doors import PART_READERS
from api.negotiation import prefer
from api.reads import enter_reading
from exporters import assessment
from exporters.assessment import frameworks_of
from exporters.oscal import MEDIA_TYPE as OSCAL
from exporters.oscal import write_oscal
from exporters.report.page import POLICY, write_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.served import Served
    from exporters.assessment import Assessment
    from projections.catalogue import Catalogue, Framework

router = APIRouter()

HTML: Final = "text/html"
HEADERS: Final = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Of a report that a browser opens."""
_Framework = Annotated[str, Field(max_length=100)]


class ReportQuestion(ControlQuestion):
    """The same, with the frameworks wanted; none: all."""

    framework: Annotated[list[_Framework], Field(default_factory=list, max_length=100)]


@router.get(
    "/v1/{ledger}/report", tags=["compliance"], response_class=Response,
    responses=forms(HTML),
)  # fmt: skip
async def get_report(
    request: Request, ledger: str, asked: Annotated[ReportQuestion, Query()]
) -> Response:
    """What controls came to and why, as a page for people, screens and paper."""
    catalogue = _catalogue(request)
    wanted = frameworks_of(catalogue, asked.framework)
    return await _answer(request, ledger, asked, (catalogue, wanted), HTML, write_report)


@router.get(
    "/v1/{ledger}/compliance/{framework}/oscal", tags=["compliance"], response_class=Response,
    responses=forms(OSCAL),
)  # fmt: skip
async def get_oscal(
    request: Request, ledger: str, framework: _Framework,
    asked: Annotated[ControlQuestion, Query()],
) -> Response:  # fmt: skip
    """What the controls of a framework came to, as OSCAL assessment results."""
    catalogue = _catalogue(request)
    wanted = frameworks_of(catalogue, [framework])
    return await _answer(request, ledger, asked, (catalogue, wanted), OSCAL, write_oscal)


async def _answer(
    request: Request,
    ledger: str,
    asked: ControlQuestion,
    of: tuple[Catalogue, tuple[Framework, ...]],
    media: str,
    write: Callable[[Assessment], bytes],
) -> Response:
    prefer(request.headers.get("accept", ""), (media,))
    here, _ = await enter_reading(request, ledger, PART_READERS)
    chosen = asked.chosen(request.app.state.clock())

    def make(here: Served) -> Response:
        catalogue, wanted = of
        question = assessment.ask(here.history, catalogue, wanted, chosen, asked.known_at)
        headers = headers_of(question, media) | HEADERS
        headers["Pipeledger-Controls"] = catalogue.digest
        if is_had(request, headers):
            return Response(status_code=304, headers=headers)
        note = here.ledger.reader.checkpoint
        found = assessment.answered(here.history, question, catalogue, note)
        kind = f"{media}; charset=utf-8" if media == HTML else media
        return Response(write(found), headers=headers, media_type=kind)

    return await answered(request, make, here)


def _catalogue(request: Request) -> Catalogue:
    found: Catalogue = request.app.state.catalogue
    return found
