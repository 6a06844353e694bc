"""What the ledger's past was: deployments, incidents and the numbers made of them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.asking import ListQuestion, MetricQuestion  # noqa: TC001 - the framework reads them
from api.doors import PART_READERS
from api.entrance import JSON
from api.negotiation import prefer
from api.reads import enter_reading
from api.tables import ARROW, CSV, PARQUET
from domain.log.wire import write_base64
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.host import Served
    from projections.history import Answer

router = APIRouter()

_MEDIA: Final = (JSON, CSV, ARROW, PARQUET)


@dataclass(frozen=True, slots=True)
class _Listing:
    """How a table is listed.

    Attributes:
        filters: columns that a question may choose a value for.
        during: column of the instant that lies in the window, or None.
        order: columns that put rows in order and tell them apart.
        empty: what to say where there is no row, and what to run.
    """

    filters: tuple[str, ...]
    during: str | None
    order: tuple[str, ...]
    empty: tuple[str, str]


_NO_DEPLOYMENT: Final = (
    "no deployment was reported that matches",
    "pipeledger emit deployment.finished deployment=ID service=NAME environment=NAME outcome=…",
)
LISTINGS: Final = {
    "deployments": _Listing(
        ("service", "team", "environment", "repository"), "finished_at",
        ("finished_at", "deployment_key"), _NO_DEPLOYMENT,
    ),
    "incidents": _Listing(
        ("service", "team", "environment"), "started_at", ("started_at", "incident_key"),
        ("no incident was reported that matches",
         "pipeledger emit incident.opened incident=ID service=NAME environment=NAME"),
    ),
    "services": _Listing(
        ("service", "team"), None, ("service", "effective_from"),
        ("no service was seen yet", _NO_DEPLOYMENT[1]),
    ),
    "environments": _Listing(
        ("environment",), None, ("environment", "effective_from"),
        ("no environment was seen yet", _NO_DEPLOYMENT[1]),
    ),
}  # fmt: skip
"""Tables that are listed under their own names."""
METRICS: Final = {
    "dora": (("dora", "comparison", "window_gaps"), _NO_DEPLOYMENT),
    "mttr": (("mttr",), ("no incident ended in the window", LISTINGS["incidents"].empty[1])),
}
"""Metrics: the tables that answer them, the main one first, and what to say where there is none."""


async def get_listing(request: Request, ledger: str, asked: ListQuestion, name: str) -> Response:
    """Rows of a table, page by page."""
    listing = LISTINGS[name]
    wanted = Selection(
        name, asked.equals(*listing.filters),
        listing.during if asked.since is not None or asked.to is not None else None,
        listing.order, asked.offset, asked.limit,
    )  # fmt: skip
    return await _answer(request, ledger, [wanted], asked.window(), asked.known_at, listing.empty)


async def get_metric(request: Request, ledger: str, asked: MetricQuestion, name: str) -> Response:
    """A metric for a window, with what it counted."""
    tables, empty = METRICS[name]
    chosen = asked.chosen(request.app.state.clock())
    wanted = [
        Selection(one, order=("part", "window_from", "group_key"))
        if one in METRICS else Selection(one)
        for one in tables
    ]  # fmt: skip
    return await _answer(request, ledger, wanted, chosen, asked.known_at, empty)


async def _answer(
    request: Request,
    ledger: str,
    wanted: Sequence[Selection],
    chosen: Mapping[str, Any],
    known_at: str | None,
    empty: tuple[str, str],
) -> Response:
    media = prefer(request.headers.get("accept", ""), _MEDIA)
    here, _ = await enter_reading(request, ledger, PART_READERS)
    return await run_in_threadpool(_make, request, here, wanted, chosen, known_at, empty, media)


def _make(
    request: Request,
    here: Served,
    wanted: Sequence[Selection],
    chosen: Mapping[str, Any],
    known_at: str | None,
    empty: tuple[str, str],
    media: str,
) -> Response:
    answer = here.history.ask(wanted, chosen, known_at)
    proof = answer.proof
    headers = {
        "Pipeledger-Position": str(proof.position),
        "Pipeledger-Root": write_base64(bytes.fromhex(proof.root)),
        "Pipeledger-Definitions": proof.digest,
        "ETag": _etag(answer, media),
        "Vary": "Accept",
        "Cache-Control": "no-cache",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    main = answer.tables[wanted[0].table]
    page = wanted[0]
    if page.limit is not None and main.num_rows == page.limit:
        link = request.url.include_query_params(
            offset=page.offset + page.limit, known_at=proof.position
        )
        headers["Link"] = f'<{link.path}?{link.query}>; rel="next"'
    if media != JSON:
        return Response(encode(main, media), headers=headers, media_type=media)
    told = answer.told()
    if not main.num_rows:
        told["empty"] = {"why": empty[0], "run": empty[1]}
    return Response(msgspec.json.encode(told), headers=headers, media_type=JSON)


def _etag(answer: Answer, media: str) -> str:
    """The same for the same rows: position, parameters and definitions settle them."""
    proof = {name: value for name, value in answer.proof.told().items() if name != "checkpoint"}
    said = (proof, [one.told() for one in answer.selections], media)
    return f'"{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]}"'


def encode(table: pa.Table, media: str) -> bytes:
    """A table in one of the forms for analysts; in CSV, lists are texts with spaces between."""
    out = io.BytesIO()
    if media == PARQUET:
        pyarrow.parquet.write_table(table, out, compression="zstd")
    elif media == ARROW:
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
    else:
        for at, column in enumerate(table.schema):
            if pa.types.is_list(column.type):
                texts = [
                    None if one is None else " ".join(map(str, one))
                    for one in table[column.name].to_pylist()
                ]
                table = table.set_column(at, column.name, pa.array(texts, pa.string()))
        pyarrow.csv.write_csv(table, out)
    return out.getvalue()


def _add(path: str, name: str, *, metric: bool) -> None:
    """Add a route; all of a kind differ by the name of their table alone."""
    if metric:

        async def number(
            request: Request, ledger: str, asked: Annotated[MetricQuestion, Query()]
        ) -> Response:
            return await get_metric(request, ledger, asked, name)

        router.add_api_route(
            path, number, methods=["GET"], tags=["history"], name=name, summary=name.upper()
        )
    else:

        async def rows(
            request: Request, ledger: str, asked: Annotated[ListQuestion, Query()]
        ) -> Response:
            return await get_listing(request, ledger, asked, name)

        router.add_api_route(
            path, rows, methods=["GET"], tags=["history"], name=name, summary=name.capitalize()
        )


for _name in LISTINGS:
    _add(f"/v1/{{ledger}}/{_name}", _name, metric=False)
for _name in METRICS:
    _add(f"/v1/{{ledger}}/metrics/{_name}", _name, metric=True)
