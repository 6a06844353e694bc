"""The pages of a ledger: overview, deployments, incidents, what runs, trace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import msgspec
from fastapi import APIRouter, Request, Response

from api.answered import page_age
from api.answering import answered
from api.console import running, timeline
from api.console.asking import LENGTHS, PageQuestion, Q, TraceQuestion, read_query
from api.console.entrance import shown
from api.console.overview import BANDS, Overview, names_wanted, offered, wanted
from api.console.page import HEADERS, draw, render
from api.delivering import listed
from api.doors import PART_READERS, TRACERS
from api.emptiness import Asked, why_empty
from api.entrance import JSON
from api.listings import LISTINGS, METRICS
from api.problems import status_of
from api.reads import record_read
from domain.errors import NotFoundError, RefusedError
from projections import trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from markupsafe import Markup

    from api.served import Served
    from projections.answer import Answer, Question
    from projections.selection import Selection
    from store.credentials import Credential

router = APIRouter(include_in_schema=False)

ROWS: Final = 100
"""Rows on one page of a list."""
_FIELDS: Final = ("days", "from", "to", "service", "team", "environment", "known_at", "tz")
_overviews: WeakKeyDictionary[Answer, tuple[str, Markup]] = WeakKeyDictionary()


@router.get("/console/{ledger}/overview")
async def get_overview(request: Request, ledger: str) -> Response:
    """The metrics, their course, newest deployments and sources."""

    def make(here: Served, credential: Credential, asked: PageQuestion) -> Response:
        question, answer = _ask(request, here, asked, wanted(asked))
        frame = _frame(request, here, asked, answer)
        return draw(
            "overview.html", **frame, role=credential.role, here="overview", age=question.age,
            measured=_measured(here, asked, question, answer, frame),
            sources=listed(here, request.app.state.clock()),
        )  # fmt: skip

    return await _page(request, ledger, "overview", make, PageQuestion)


@router.get("/console/{ledger}/deployments")
async def get_deployments(request: Request, ledger: str) -> Response:
    """Deployments of every environment along time, and as a list."""

    def make(here: Served, credential: Credential, asked: PageQuestion) -> Response:
        question, answer = _ask(request, here, asked, [
            _listed("deployments", asked), *names_wanted(),
        ])  # fmt: skip
        rows = answer.tables["deployments"].to_pylist()
        following = turning(request, asked, rows)
        return drawn(request, here, credential, "deployments", asked, question, answer,
                     rows=rows[:ROWS], along=timeline.along(rows[:ROWS]), **following)  # fmt: skip

    return await _page(request, ledger, "deployments", make, PageQuestion)


@router.get("/console/{ledger}/incidents")
async def get_incidents(request: Request, ledger: str) -> Response:
    """Incidents as a list."""

    def make(here: Served, credential: Credential, asked: PageQuestion) -> Response:
        question, answer = _ask(request, here, asked, [
            _listed("incidents", asked), *names_wanted(),
        ])  # fmt: skip
        rows = answer.tables["incidents"].to_pylist()
        return drawn(request, here, credential, "incidents", asked, question, answer,
                     rows=rows[:ROWS], **turning(request, asked, rows))  # fmt: skip

    return await _page(request, ledger, "incidents", make, PageQuestion)


@router.get("/console/{ledger}/running")
async def get_running(request: Request, ledger: str) -> Response:
    """What runs where at the end of the window, and whether that is what was deployed."""

    def make(here: Served, credential: Credential, asked: PageQuestion) -> Response:
        question, answer = _ask(request, here, asked, [
            running.wanted(asked, ROWS + 1), running.wanted(asked, ROWS + 1, "drift"),
            *names_wanted(),
        ])  # fmt: skip
        rows = answer.tables["running"].to_pylist()
        drift = {row["line"]: row for row in answer.tables["drift"].to_pylist()}
        return drawn(request, here, credential, "running", asked, question, answer,
                     rows=rows[:ROWS], drift=drift, **turning(request, asked, rows))  # fmt: skip

    return await _page(request, ledger, "running", make, PageQuestion)


@router.get("/console/{ledger}/trace")
async def get_trace(request: Request, ledger: str) -> Response:
    """One line from the commit to the incident, hop by hop, with what is missing."""

    def make(here: Served, credential: Credential, asked: TraceQuestion) -> Response:
        found, refused = None, None
        try:
            if asked.what:
                most = page_age(request, here.history, trace.SELECTIONS)
                found = trace.answer(here.history, asked.what.strip(), asked.known_at, most)
        except (NotFoundError, RefusedError) as error:
            refused = error
        return draw(
            "trace.html", 200 if refused is None else status_of(refused), ledger=ledger,
            role=credential.role, here="trace", asked=asked, refused=refused, found=found,
        )  # fmt: skip

    return await _page(request, ledger, "trace", make, TraceQuestion, TRACERS)


@router.get("/console/{ledger}/answer")
async def get_answer(request: Request, ledger: str) -> Response:
    """The overview's answer as a file, with what proves it."""

    def make(here: Served, credential: Credential, asked: PageQuestion) -> Response:
        del credential
        _, answer = _ask(request, here, asked, wanted(asked))
        name = f"{ledger}-{answer.proof.position}.answer.json"
        return Response(msgspec.json.encode(answer.told()), media_type=JSON, headers=HEADERS | {
            "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store",
        })  # fmt: skip

    return await _page(request, ledger, "answer", make, PageQuestion)


async def _page(
    request: Request,
    ledger: str,
    name: str,
    make: Callable[[Served, Credential, Q], Response],
    model: type[Q],
    roles: tuple[str, ...] = PART_READERS,
) -> Response:
    async def recorded(here: Served, credential: Credential) -> Response:
        # Before it is recorded: the words of a question are ours, whatever an address says.
        asked = read_query(model, request.query_params)
        await record_read(request, here, credential, f"console/{name}")
        return await answered(request, make, here, credential, asked)

    return await shown(request, ledger, recorded, roles)


def _ask(
    request: Request, here: Served, asked: PageQuestion, wanted: list[Selection]
) -> tuple[Question, Answer]:
    chosen = asked.chosen(request.app.state.clock())
    return told(request, here, wanted, chosen, asked.known_at)


def told(
    request: Request,
    here: Served,
    wanted: Sequence[Selection],
    chosen: Mapping[str, Any],
    known_at: str | None,
) -> tuple[Question, Answer]:
    """What a page is made of.

    Args:
        request: of the page.
        here: the ledger.
        wanted: which rows.
        chosen: see `History.question`.
        known_at: likewise.
    """
    most = page_age(request, here.history, wanted)
    question = here.history.question(wanted, chosen, known_at, most)
    return question, here.history.answer(question)


def _listed(table: str, asked: PageQuestion) -> Selection:
    listing = LISTINGS[table]
    # One more than is shown: whether there is a next page.
    return replace(listing.matching(asked), during=listing.origin.instant, offset=asked.offset,
                   limit=ROWS + 1)  # fmt: skip


def _measured(
    here: Served, asked: PageQuestion, question: Question, answer: Answer, frame: dict[str, Any]
) -> Markup:
    """What the overview shows of an answer: the same for whoever is given it.

    A dashboard asks every second, and most of a page's cost is this: it is drawn once an answer,
    and lives as long. With other words of the same question only the last ones are kept.
    """
    kept, measured = _overviews.get(answer, ("", None))
    if measured is None or kept != frame["kept"]:
        seen = Overview(answer)
        measured = render("measured.html", frame | {
            "seen": seen, "bands": BANDS, "offered": offered(answer),
            "empty": _empty(here, asked, question, seen),
        })  # fmt: skip
        _overviews[answer] = frame["kept"], measured
    return measured


def _empty(here: Served, asked: PageQuestion, question: Question, seen: Overview) -> dict[str, str]:
    """Why nothing was counted and what to run; nothing to say where something was."""
    if not seen.is_empty:
        return {}
    proof, listing = question.proof, METRICS["dora"].of
    chosen = {"window_from": proof.parameters.window_from, "window_to": proof.parameters.window_to}
    why = Asked(listing.matching(asked), chosen, question, metric=True)
    return why_empty(here.history, listing.origin, why)


def turning(request: Request, asked: PageQuestion, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Addresses of the pages before and after, of rows of which one more was asked for."""

    def at(offset: int) -> str:
        told = {name: value for name, value in request.query_params.items() if value}
        return "?" + urlencode(told | {"offset": str(offset)})

    return {
        "first": asked.offset + 1,
        "newer": at(max(0, asked.offset - ROWS)) if asked.offset else None,
        "older": at(asked.offset + ROWS) if len(rows) > ROWS else None,
    }


def drawn(
    request: Request,
    here: Served,
    credential: Credential,
    name: str,
    asked: PageQuestion,
    question: Question,
    answer: Answer,
    place: str | None = None,
    **values: Any,  # noqa: ANN401 - a template's
) -> Response:
    """A page of the frame, with its filters and what proves it.

    Args:
        request: with what it was asked.
        here: the ledger.
        credential: who looks.
        name: of the template.
        asked: with what words.
        question: what that means.
        answer: to it.
        place: name of the page in the navigation; None: that of the template.
        values: of the template.
    """
    return draw(
        f"{name}.html", **_frame(request, here, asked, answer), offered=offered(answer),
        role=credential.role, age=question.age, here=place or name, **values,
    )  # fmt: skip


def _frame(request: Request, here: Served, asked: PageQuestion, answer: Answer) -> dict[str, Any]:
    """Values of a page that the answer and the words of its question settle."""
    query = {field: request.query_params.get(field, "") for field in _FIELDS}
    kept = urlencode({field: told for field, told in query.items() if told})
    return {
        "ledger": here.ledger.name, "query": query, "kept": f"?{kept}" if kept else "",
        "lengths": LENGTHS, "picked": asked.picked, "proof": answer.proof,
    }  # fmt: skip
