"""What comes in as files: `POST reports`."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api import ingest
from api.bodies import read_body
from api.doors import READERS
from api.entrance import enter
from api.ingest import Original
from api.telemetry.journey import journey_of, travel
from api.writing import answer_all
from domain.door import read_json
from domain.instant import read_time
from intake.limits import MAX_REPORT
from intake.registry import ReadReport, read_report

if TYPE_CHECKING:
    from datetime import datetime

    from api.host import Served
    from domain.draft import Draft
    from domain.log.key import Entropy
    from intake.report import Reading
    from store.credentials import Credential

router = APIRouter()

ROWS: Final = "application/x-ndjson"
DEFAULT_SOURCE: Final = "/reports/"
AT_ONCE: Final = 2
"""Reports that are read at the same time; each may take memory of several times its size."""


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

    def facts(self) -> dict[str, Any]:
        """The fields of the event's data that the sender gives."""
        facts = self.model_dump(exclude_none=True, exclude={"format", "source", "at", "artifact"})
        return facts | ({"artifact": {"digest": self.artifact}} if self.artifact else {})


@router.post("/v1/{ledger}/reports", status_code=201, tags=["write"])
async def post_report(
    request: Request, ledger: str, context: Annotated[Context, Query()]
) -> Response:
    """A scanner's or test tool's file, recognised by its content; answered with receipts."""
    return await travel(request, ledger, lambda: _post(request, ledger, context))


async def _post(request: Request, ledger: str, context: Context) -> Response:
    here, credential = enter(request, ledger, READERS)
    state = request.app.state
    if context.at is not None:
        read_time(context.at, "query at")
    async with state.reports:
        body = await read_body(request, MAX_REPORT)

        def prepare() -> tuple[ReadReport, list[Draft]]:
            started = time.time_ns()
            report = read_report(body, context.format)
            drafts = _drafts(here, report, body, context, credential, state.entropy,
                             state.clock())  # fmt: skip
            if (journey := journey_of(request)) is not None:
                journey.events = len(drafts)
                journey.stage("door", started)
            return report, drafts

        report, drafts = await run_in_threadpool(prepare)
        first = report.readings[0].data
        told = {"format": report.format.name, "tool": first.get("tool"),
                "version": first.get("tool_version")}  # fmt: skip
        recognised = {name: value for name, value in told.items() if value is not None}
        return await answer_all(
            request, here, credential, list(drafts), atomic=True,
            more={"recognised": recognised},
        )  # fmt: skip


def _drafts(
    here: Served,
    report: ReadReport,
    body: bytes,
    context: Context,
    credential: Credential,
    entropy: Entropy,
    received: datetime,
) -> list[Draft]:
    """The drafts of a report's facts; the file itself goes with the first."""
    identity = _identity(body, context)
    original = Original("original", report.format.media_type, body)
    drafts = []
    for number, reading in enumerate(report.readings):
        value = _event(reading, context, _source(report, context, credential), received)
        value["id"] = f"{identity}-{number}"
        value["data"]["documents"] = [
            _described(one) for one in (original, *_parts(reading))
        ]  # fmt: skip
        # Through the same door as everybody's events: intake is no way around it.
        checked = read_json(msgspec.json.encode(value))
        drafts.append(
            ingest.draft_of(
                checked, body, credential, here.register, entropy,
                original=original if number == 0 else None, documents=_parts(reading),
            )
        )  # fmt: skip
    return drafts


def _event(reading: Reading, context: Context, source: str, received: datetime) -> dict[str, Any]:
    # What the file says itself comes first; what the sender says fills the rest.
    data = context.facts() | reading.data
    if reading.time is not None:
        time, basis = reading.time, "source" if reading.local_time is None else "source_local"
    elif context.at is not None:
        time, basis = context.at, "caller"
    else:
        time, basis = received.isoformat().replace("+00:00", "Z"), "received"
    data["time_basis"] = basis
    if reading.local_time is not None:
        data["local_time"] = reading.local_time
    return {
        "specversion": "1.0", "source": source, "type": reading.type, "time": time, "data": data,
    }  # fmt: skip


def _source(report: ReadReport, context: Context, credential: Credential) -> str:
    if context.source is not None:
        return context.source
    # A credential that may speak for one system only speaks for that one.
    return credential.sources[0] if credential.sources else DEFAULT_SOURCE + report.format.name


def _identity(body: bytes, context: Context) -> str:
    """The same file with the same context is the same report, however often it comes."""
    said = json.dumps(context.model_dump(exclude_none=True), sort_keys=True)
    digest = hashlib.sha256(said.encode() + b"\0" + body)
    return f"report-{digest.hexdigest()[:40]}"


def _parts(reading: Reading) -> list[Original]:
    return [Original(one.name, ROWS, one.body) for one in reading.documents]


def _described(one: Original) -> dict[str, Any]:
    return {
        "name": one.name, "media_type": one.media_type, "length": len(one.body),
        "digest": f"sha256:{hashlib.sha256(one.body).hexdigest()}",
    }  # fmt: skip
