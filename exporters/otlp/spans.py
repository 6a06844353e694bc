"""Runs of pipelines as traces: the run is the root, its steps lie below it.

Each event becomes a span on its own, whenever it comes: identifiers are made of the run's and the
event's names, so a step finds its run though the run ends later, and what is sent twice is the same
span twice. A step whose run never ends has a parent that was never sent, which receivers show.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from domain.errors import RefusedError
from domain.instant import read_time
from exporters.otlp.attributes import conventional, identity_of, task_of

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from exporters.told import Told

STEPS: Final = frozenset({
    "task.finished", "build.finished", "tests.finished", "scan.finished", "deployment.finished",
})  # fmt: skip
_BAD: Final = frozenset({"failure", "error"})
_PARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def span_of(told: Told, resource: Resource, scope: InstrumentationScope) -> ReadableSpan | None:
    """The span of a run or of a step; None: the event is neither."""
    if told.what == "pipeline.finished":
        name, kind = f"RUN {told.text('pipeline') or told.text('run')}", SpanKind.SERVER
    elif told.what in STEPS:
        name, kind = task_of(told), SpanKind.INTERNAL
    else:
        return None
    is_run = kind is SpanKind.SERVER
    run = _run(told)
    trace = _trace_of(run or told.id, told)
    own = _span_of(run, told) if is_run and run else _number(8, "step", str(told.position), told)
    attributes = identity_of(told) | conventional(told)
    if is_run:
        attributes["cicd.pipeline.action.name"] = "RUN"
    ended = nanoseconds(told.occurred_at)
    return ReadableSpan(
        name,
        context=_context(trace, own),
        parent=_context(trace, _span_of(run, told)) if run and not is_run else None,
        resource=resource,
        attributes=attributes,
        links=_links(told),
        kind=kind,
        status=Status(StatusCode.ERROR if told.text("outcome") in _BAD else StatusCode.UNSET),
        start_time=min(_began(told), ended),
        end_time=ended,
        instrumentation_scope=scope,
    )


def place_of(told: Told) -> SpanContext | None:
    """Trace and span that an event belongs to, so that its log record is found there."""
    run = _run(told)
    if told.what in STEPS:
        own = _number(8, "step", str(told.position), told)
        return _context(_trace_of(run or told.id, told), own)
    return _context(_trace_of(run, told), _span_of(run, told)) if run else None


def nanoseconds(instant: datetime) -> int:
    """Nanoseconds since 1970, which OTLP counts in; what lies before is its beginning."""
    return max(0, (instant - _EPOCH) // _MICROSECOND * 1_000)


def _run(told: Told) -> str | None:
    run, attempt = told.text("run"), told.data.get("attempt")
    # A deployment counts its own attempts.
    if run is None or told.what.startswith("deployment.") or not isinstance(attempt, int):
        return run
    return f"{run}\n{attempt}" if attempt > 1 else run


def _trace_of(run: str, told: Told) -> int:
    return _number(16, "trace", run, told)


def _span_of(run: str, told: Told) -> int:
    return _number(8, "run", run, told)


def _number(size: int, what: str, name: str, told: Told) -> int:
    named = f"pipeledger/otlp/v1\n{what}\n{told.origin}\n{told.source}\n{name}"
    # Zero is no identifier (W3C Trace Context).
    return int.from_bytes(sha256(named.encode()).digest()[:size]) or 1


def _context(trace: int, span: int) -> SpanContext:
    return SpanContext(trace, span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _links(told: Told) -> list[Link]:
    found = _PARENT.fullmatch(told.traceparent or "")
    if found is None:
        return []
    context = SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True)
    return [Link(context)] if context.is_valid else []


def _began(told: Told) -> int:
    ended, stated = nanoseconds(told.occurred_at), told.text("started_at")
    if stated is not None:
        try:
            return nanoseconds(read_time(stated, "started_at"))
        except RefusedError:
            return ended
    seconds = told.data.get("duration_s")
    if isinstance(seconds, int | float) and 0 <= seconds < ended / 1e9:
        return ended - int(seconds * 1e9)
    return ended
