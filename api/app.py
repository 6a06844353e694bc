"""The HTTP application: thin routes over open ledgers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from fastapi import Depends, FastAPI, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse

from api import (
    approvals,
    budget,
    commands,
    compliance,
    conflicts,
    history,
    intake,
    keys,
    packs,
    problems,
    prometheus,
    reading,
    reads,
    recording,
    reporting,
    sightings,
    sources,
    tiles,
    tracing,
    writing,
)
from api.answering import Answering
from api.console import compliance as compliance_pages
from api.console import entrance, pages, problem
from api.console import entries as entry_pages
from api.console import report as report_pages
from api.console.session import Sessions
from api.described import describe
from api.entrance import LOOKUPS, TEXT
from api.gate import Gate
from api.ledgers import stopped_line
from api.parameters import check_parameters
from api.rates import Rates
from api.seldom import Seldom
from api.witness.telling import standing_line
from projections.catalogue import built_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from api.served import Served
    from api.telemetry.journey import Telemetry
    from projections.catalogue import Catalogue

_PER_SECOND: Final = 5000.0
_BURST: Final = 10_000.0


def make_app(
    served: Mapping[str, Served],
    entropy: Callable[[int], bytes],
    clock: Callable[[], datetime],
    telemetry: Telemetry | None = None,
    *,
    catalogue: Catalogue | None = None,
    metrics_on_loopback: bool = False,
    public_url: str | None = None,
) -> FastAPI:
    """The application over open ledgers.

    Args:
        served: by name.
        entropy: random bytes for salts.
        clock: the present instant in UTC.
        telemetry: is told of every append, or None.
        catalogue: of controls in effect; None: the one that comes along.
        metrics_on_loopback: processes of this machine need no token for `/metrics`.
        public_url: the address that others reach it by; None: the one that a request came to.
    """
    # No page of the framework's own: its assets would come from another host. Nor its own route
    # to the description, which stands beside what is asked before every other one.
    app = FastAPI(
        title="Pipeledger", version="0.1.0", docs_url=None, redoc_url=None, openapi_url=None,
        dependencies=[Depends(check_parameters)],
    )  # fmt: skip
    app.state.served = served
    app.state.entropy = entropy
    app.state.clock = clock
    app.state.telemetry = telemetry
    app.state.catalogue = catalogue or built_in()
    app.state.reports = asyncio.Semaphore(recording.AT_ONCE)
    app.state.lookups = {door: asyncio.Semaphore(most) for door, most in LOOKUPS.items()}
    app.state.deliveries = asyncio.Semaphore(intake.AT_ONCE)
    app.state.rates = Rates(_PER_SECOND, _BURST, time.monotonic)
    app.state.strangers = Rates(_PER_SECOND, _BURST, time.monotonic)
    app.state.wrong_tokens = Rates(entrance.WRONG_PER_S, entrance.WRONG_AT_ONCE, time.monotonic)
    app.state.answering = Answering()
    app.state.unproven = budget.Budget(budget.MOST)
    app.state.sessions = Sessions(served, entropy, clock)
    app.state.reads = reads.Recorded()
    app.state.conflicts = Seldom(conflicts.PERIOD_S, conflicts.AT_MOST, time.monotonic)
    app.state.refusals = Seldom(intake.REFUSALS_S, intake.AT_MOST, time.monotonic)
    app.state.sightings = Seldom(sightings.PERIOD_S, sightings.AT_MOST, time.monotonic)
    app.state.metrics_on_loopback = metrics_on_loopback
    app.state.public_url = public_url
    app.state.numbers = prometheus.Numbers(time.monotonic)
    app.add_middleware(reads.Telling)
    app.add_middleware(Gate)
    problems.install(app, problem.is_page, problem.draw_problem)
    for room in (
        writing,
        recording,
        intake,
        sources,
        reading,
        keys,
        tiles,
        history,
        reporting,
        compliance,
        packs,
        commands,
        approvals,
        tracing,
        prometheus,
        entrance,
        pages,
        compliance_pages,
        entry_pages,
        report_pages,
    ):
        app.include_router(room.router)

    @app.api_route("/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
    async def openapi() -> Response:
        """The description of the interface."""
        return JSONResponse(app.openapi())

    @app.get("/healthz", tags=["operation"], response_class=PlainTextResponse)
    async def healthz() -> Response:
        """The process answers."""
        return Response("ok\n", media_type=TEXT)

    @app.get("/readyz", tags=["operation"], response_class=PlainTextResponse)
    async def readyz() -> Response:
        """The database answers for every served ledger; below stands how many are not served.

        And how far witnesses are.
        """

        def ask() -> str:
            for one in served.values():
                one.ledger.reader.newest()
            told = ("ready", stopped_line(served), standing_line(served.values()))
            return "".join(f"{line}\n" for line in told if line is not None)

        return Response(await run_in_threadpool(ask), media_type=TEXT)

    describe(app)
    return app
