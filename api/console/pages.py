"""The pages of a ledger: overview, deployments, incidents, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api import sources
from api.console import timeline
from api.console.asking import LENGTHS, PageQuestion
from api.console.entrance import shown
from api.console.overview import BANDS, Overview, names_wanted, offered, wanted
from api.console.page import HEADERS, draw
from api.entrance import JSON
from api.history import METRICS
from api.reads import record_read
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.host import Served
    from projections.history import Answer
    from store.credentials import Credential

router = APIRouter(include_in_schema=False)

ROWS: Final = 100
"""Rows on one page of a list."""
_FIELDS: Final = ("days", "from", "to", "service", "team", "environment", "known_at", "tz")


@router.get("/console/{ledger}/overview")
async def get_overview(request: Request, ledger: str) -> Response:
    """The metrics, their course, newest deployments and sources."""

    def make(here: Served, credential: Credential) -> Response:
        asked, answer = _ask(request, here, wanted)
        seen = Overview(answer)
        systems = sources.shown(here, request.app.state.clock())
        return _draw(request, here, credential, "overview", asked, answer, seen=seen,
                     bands=BANDS, sources=systems, empty=METRICS["dora"][1])  # fmt: skip

    return await _page(request, ledger, "overview", make)


@router.get("/console/{ledger}/deployments")
async def get_deployments(request: Request, ledger: str) -> Response:
    """Deployments of every environment along time, and as a list."""

    def make(here: Served, credential: Credential) -> Response:
        filters = ("service", "team", "environment", "repository")
        asked, answer = _ask(request, here, lambda asked: [
            _listed("deployments", asked, filters, "finished_at", "deployment_key"),
            *names_wanted(),
        ])  # fmt: skip
        rows = answer.tables["deployments"].to_pylist()
        turning = _turning(request, asked, rows)
        return _draw(request, here, credential, "deployments", asked, answer, rows=rows[:ROWS],
                     along=timeline.along(rows[:ROWS]), **turning)  # fmt: skip

    return await _page(request, ledger, "deployments", make)


@router.get("/console/{ledger}/incidents")
async def get_incidents(request: Request, ledger: str) -> Response:
    """Incidents as a list."""

    def make(here: Served, credential: Credential) -> Response:
        filters = ("service", "team", "environment")
        asked, answer = _ask(request, here, lambda asked: [
            _listed("incidents", asked, filters, "started_at", "incident_key"), *names_wanted(),
        ])  # fmt: skip
        rows = answer.tables["incidents"].to_pylist()
        return _draw(request, here, credential, "incidents", asked, answer, rows=rows[:ROWS],
                     **_turning(request, asked, rows))  # fmt: skip

    return await _page(request, ledger, "incidents", make)


@router.get("/console/{ledger}/answer")
async def get_answer(request: Request, ledger: str) -> Response:
    """The overview's answer as a file, with what proves it."""

    def make(here: Served, credential: Credential) -> Response:
        del credential
        _, answer = _ask(request, here, wanted)
        name = f"{ledger}-{answer.proof.position}.answer.json"
        return Response(msgspec.json.encode(answer.told()), media_type=JSON, headers=HEADERS | {
            "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store",
        })  # fmt: skip

    return await _page(request, ledger, "answer", make)


async def _page(
    request: Request, ledger: str, name: str, make: Callable[[Served, Credential], Response]
) -> Response:
    async def recorded(here: Served, credential: Credential) -> Response:
        await record_read(request, here, credential, f"console/{name}")
        return await run_in_threadpool(make, here, credential)

    return await shown(request, ledger, recorded)


def _ask(
    request: Request, here: Served, select: Callable[[PageQuestion], list[Selection]]
) -> tuple[PageQuestion, Answer]:
    asked = PageQuestion.of(request.query_params)
    chosen = asked.chosen(request.app.state.clock())
    return asked, here.history.ask(select(asked), chosen, asked.known_at)


def _listed(
    table: str, asked: PageQuestion, filters: tuple[str, ...], instant: str, key: str
) -> Selection:
    # One more than is shown: whether there is a next page.
    return Selection(table, asked.equals(*filters), instant, (f"-{instant}", f"-{key}"),
                     asked.offset, ROWS + 1)  # fmt: skip


def _turning(request: Request, asked: PageQuestion, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Addresses of the pages before and after."""

    def at(offset: int) -> str:
        told = {name: value for name, value in request.query_params.items() if value}
        return "?" + urlencode(told | {"offset": str(offset)})

    return {
        "first": asked.offset + 1,
        "newer": at(max(0, asked.offset - ROWS)) if asked.offset else None,
        "older": at(asked.offset + ROWS) if len(rows) > ROWS else None,
    }


def _draw(
    request: Request,
    here: Served,
    credential: Credential,
    name: str,
    asked: PageQuestion,
    answer: Answer,
    **values: Any,  # noqa: ANN401 - a template's
) -> Response:
    query = {field: request.query_params.get(field, "") for field in _FIELDS}
    kept = urlencode({field: told for field, told in query.items() if told})
    return draw(
        f"{name}.html", ledger=here.ledger.name, role=credential.role, here=name,
        query=query, kept=f"?{kept}" if kept else "", lengths=LENGTHS, picked=asked.picked,
        offered=offered(answer), proof=answer.proof, **values,
    )  # fmt: skip
