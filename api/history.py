"""What the ledger's past was: deployments, incidents and the numbers made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from api.answered import headers_of, is_had, max_age
from api.answering import answered
from api.asking import AsOf, ListQuestion, MetricQuestion  # noqa: TC001 - the framework reads them
from api.described import forms
from api.doors import PART_READERS
from api.emptiness import Asked, why_empty
from api.entrance import JSON, facts
from api.listings import LISTINGS, METRICS
from api.negotiation import prefer
from api.paging import next_page
from api.reads import enter_reading
from api.tables import ARROW, CSV, PARQUET, write_table
from domain.errors import RefusedError
from projections.definitions import definitions
from projections.selection import MOST, Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from api.emptiness import Origin
    from api.served import Served

router = APIRouter()

_MEDIA: Final = (JSON, CSV, ARROW, PARQUET)
Digest = Annotated[str, Path(pattern="^[a-z0-9]{1,20}:[0-9a-f]{32,128}$")]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an answer is to be made of.

    Attributes:
        selections: rows of tables, the one that comes page by page, or alone, first.
        chosen: the parameters.
        known_at: as it was asked for.
        origin: what it is made of.
        matching: the rows of the origin that it is made of.
        numbers: the table of a metric, or nothing.
        counted: columns of that table that are zero where there is nothing.
    """

    selections: tuple[Selection, ...]
    chosen: Mapping[str, Any]
    known_at: str | None
    origin: Origin
    matching: Selection
    numbers: str = ""
    counted: tuple[str, ...] = ()


async def get_listing(request: Request, ledger: str, asked: ListQuestion, name: str) -> Response:
    """Rows of a table, page by page."""
    listing = LISTINGS[name]
    rows = listing.selection(asked)
    chosen = listing.chosen(asked, request.app.state.clock())
    wanted = _Wanted((rows,), chosen, asked.known_at, listing.origin, rows)
    return await _answer(request, ledger, wanted)


async def get_metric(request: Request, ledger: str, asked: MetricQuestion, name: str) -> Response:
    """A metric for a window, with what it counted, and where that is wanted what it is made of."""
    metric = METRICS[name]
    matching = metric.of.matching(asked)
    if asked.group_by not in ("none", *metric.of.filters):
        raise RefusedError("query group_by", f"{name} is not told apart by {asked.group_by}")
    if asked.at is not None:
        raise RefusedError("query at", "a number is of a window; choose by from and to")
    if not asked.evidence and (asked.limit is not None or asked.offset is not None):
        raise RefusedError("query limit", "numbers come whole; pages are of their evidence")
    selections = tuple(
        Selection(one, order=("part", "window_from", "group_key"))
        if one == name else Selection(one)
        for one in metric.tables
    )  # fmt: skip
    chosen = asked.chosen(request.app.state.clock())
    if asked.evidence:
        selections = (asked.page(metric.evidence), *selections)
    wanted = _Wanted(
        selections, chosen, asked.known_at, metric.of.origin, matching, name, metric.counted
    )
    return await _answer(request, ledger, wanted)


async def get_artifact(
    request: Request, ledger: str, digest: Digest, asked: Annotated[AsOf, Query()]
) -> Response:
    """One artifact, and what was done with it."""
    listing = LISTINGS["artifacts"]
    main = replace(listing.origin.rows, equals={"digest": digest})
    about = [
        replace(LISTINGS[name].origin.rows, equals={"artifact": digest}, limit=MOST)
        for name in ("tests", "scans", "approvals")
    ]
    deployments = LISTINGS["deployments"].origin.rows
    about.append(replace(deployments, contains={"artifacts": digest}, limit=MOST))
    wanted = _Wanted((main, *about), asked.window(), asked.known_at, listing.origin, main)
    return await _answer(request, ledger, wanted)


@router.get("/v1/{ledger}/definitions", tags=["history"])
async def get_definitions(request: Request, ledger: str) -> Response:
    """The SQL and the steps that every table and number is made with."""
    here, _ = await enter_reading(request, ledger, PART_READERS)
    told = {
        name: {"layer": one.layer, "digest": one.digest, "needs": one.needs, "text": one.text}
        for name, one in definitions().items()
    }
    body = msgspec.json.encode({"definitions": told})
    return Response(body, headers=facts(here), media_type=JSON)


async def _answer(request: Request, ledger: str, wanted: _Wanted) -> Response:
    media = prefer(request.headers.get("accept", ""), _MEDIA)
    here, _ = await enter_reading(request, ledger, PART_READERS)
    return await answered(request, _make, request, here, wanted, media)


def _make(request: Request, here: Served, wanted: _Wanted, media: str) -> Response:
    question = here.history.question(
        wanted.selections, wanted.chosen, wanted.known_at, max_age(request)
    )
    proof = question.proof
    headers = headers_of(question, media)
    if is_had(request, headers):
        return Response(status_code=304, headers=headers)
    answer = here.history.answer(question)
    page = wanted.selections[0]
    rows = answer.tables[page.table]
    if page.limit is not None and rows.num_rows == page.limit:
        following = page.offset + page.limit
        headers["Link"] = next_page(request, offset=following, known_at=proof.position)
    if media != JSON:
        return Response(write_table(rows, media), headers=headers, media_type=media)
    told = answer.told()
    main = answer.tables[wanted.numbers] if wanted.numbers else rows
    if not page.offset and _is_empty(main, wanted.counted):
        asked = Asked(wanted.matching, wanted.chosen, question, metric=bool(wanted.numbers))
        told["empty"] = why_empty(here.history, wanted.origin, asked)
    return Response(msgspec.json.encode(told), headers=headers, media_type=JSON)


def _is_empty(main: pa.Table, counted: tuple[str, ...]) -> bool:
    if not counted:
        return bool(main.num_rows == 0)
    return not any(any(main[column].to_pylist()) for column in counted)


def _add(path: str, name: str, *, metric: bool) -> None:
    """Add a route; all of a kind differ by the name of their table alone."""
    if metric:

        async def number(
            request: Request, ledger: str, asked: Annotated[MetricQuestion, Query()]
        ) -> Response:
            return await get_metric(request, ledger, asked, name)

        router.add_api_route(
            path, number, methods=["GET"], tags=["history"], name=name, summary=name.upper(),
            responses=forms(*_MEDIA),
        )  # fmt: skip
    else:

        async def rows(
            request: Request, ledger: str, asked: Annotated[ListQuestion, Query()]
        ) -> Response:
            return await get_listing(request, ledger, asked, name)

        router.add_api_route(
            path, rows, methods=["GET"], tags=["history"], name=name, summary=name.capitalize(),
            responses=forms(*_MEDIA),
        )  # fmt: skip


router.add_api_route(
    "/v1/{ledger}/artifacts/{digest}", get_artifact, methods=["GET"], tags=["history"],
    name="artifact", summary="Artifact", responses=forms(*_MEDIA),
)  # fmt: skip
for _name in LISTINGS:
    _add(f"/v1/{{ledger}}/{_name}", _name, metric=False)
for _name in METRICS:
    _add(f"/v1/{{ledger}}/metrics/{_name}", _name, metric=True)
