"""What comes in as files: `POST reports`."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.bodies import keep_body
from api.described import RECEIPTS
from api.doors import READERS, check_door
from api.entrance import enter
from api.ingest import Original
from api.readings import KINDS, Arrival, drafts_of
from api.telemetry.journey import journey_of, travel
from api.writing import answer_all
from domain.errors import RefusedError
from domain.instant import read_time
from intake.limits import MAX_REPORT
from intake.registry import ReadReport, read_report

if TYPE_CHECKING:
    from datetime import datetime

    from domain.draft import Draft
    from intake.scratch import Scratch
    from store.credentials import Credential

router = APIRouter()

DEFAULT_SOURCE: Final = "/reports/"
_APART: Final = {"format", "source", "at", "artifact", "kind"}
AT_ONCE: Final = 2
"""Reports that are read at the same time; a format that is read whole takes several times that."""


class Context(BaseModel):
    """What the sender knows of a report and the report may not say."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[str | None, Field(max_length=40)] = None
    source: Annotated[str | None, Field(max_length=2048)] = None
    at: Annotated[str | None, Field(max_length=40)] = None
    service: Annotated[str | None, Field(max_length=500)] = None
    environment: Annotated[str | None, Field(max_length=500)] = None
    repository: Annotated[str | None, Field(max_length=4096)] = None
    commit: Annotated[str | None, Field(max_length=64)] = None
    artifact: Annotated[str | None, Field(max_length=200)] = None
    run: Annotated[str | None, Field(max_length=500)] = None
    kind: Annotated[str | None, Field(max_length=40)] = None

    def facts(self) -> dict[str, Any]:
        """The fields of the event's data that the sender gives."""
        facts = self.model_dump(exclude_none=True, exclude=_APART)
        return facts | ({"artifact": {"digest": self.artifact}} if self.artifact else {})


@router.post("/v1/{ledger}/reports", status_code=201, tags=["write"], responses=RECEIPTS)
async def post_report(
    request: Request, ledger: str, context: Annotated[Context, Query()]
) -> Response:
    """A scanner's or test tool's file, recognised by its content; answered with receipts."""
    return await travel(request, ledger, lambda: _post(request, ledger, context))


async def _post(request: Request, ledger: str, context: Context) -> Response:
    here, credential = await enter(request, ledger, READERS)
    state = request.app.state
    if context.at is not None:
        read_time(context.at, "query at")
    if context.kind is not None and not any(context.kind in kinds for kinds in KINDS.values()):
        tests, scans = (", ".join(sorted(kinds)) for kinds in KINDS.values())
        raise RefusedError("query kind", f"expected {tests} of tests, or {scans} of a scan")
    body = await keep_body(request, MAX_REPORT)

    def prepare() -> tuple[ReadReport, list[Draft]]:
        started = time.time_ns()
        report = read_report(body, context.format)
        if not report.readings:
            raise RefusedError(
                "body", f"a file of {report.format.title} that tells of nothing known here"
            )
        original = Original("original", report.format.media_type, body.content())
        arrival = _arrival(report, body, context, credential, state.clock())
        drafts = drafts_of(here.register, report.readings, original, arrival, state.entropy)
        if (journey := journey_of(request)) is not None:
            journey.events = len(drafts)
            journey.stage("door", started)
        return report, drafts

    async with state.reports:
        report, drafts = await run_in_threadpool(prepare)
        first = report.readings[0].data
        told = {"format": report.format.name, "tool": first.get("tool"),
                "version": first.get("tool_version")}  # fmt: skip
        recognised = {name: value for name, value in told.items() if value is not None}
        return await answer_all(
            request, here, credential, list(drafts), atomic=True,
            more={"recognised": recognised},
        )  # fmt: skip


def _arrival(
    report: ReadReport, body: Scratch, context: Context, credential: Credential, received: datetime
) -> Arrival:
    # A credential that may speak for one system only speaks for that one.
    chosen = context.source or (credential.sources[0] if credential.sources else None)
    return Arrival(
        identity=_identity(body, context),
        source=chosen or DEFAULT_SOURCE + report.format.name,
        own_source=chosen is not None,
        credential=credential,
        door=check_door,
        assurance="asserted",
        received=received,
        told=context.facts(),
        kind=context.kind,
        at=context.at,
    )


def _identity(body: Scratch, context: Context) -> str:
    """The same file with the same context is the same report, however often it comes."""
    said = json.dumps(context.model_dump(exclude_none=True), sort_keys=True)
    digest = hashlib.sha256(said.encode() + b"\0" + body.digest().encode())
    return f"report-{digest.hexdigest()[:40]}"
