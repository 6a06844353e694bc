"""Traces and metrics by the OpenTelemetry SDK.

Spans are made when a request is over, from times that were noted: a group serves many requests,
and each request's trace shows the stages of its own group. Nothing personal is in them: names of
ledgers, numbers, stages. Everything else (endpoints, headers, resource, sampler) the SDK reads
from the standard variables itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace import set_span_in_context as in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Meter

    from api.telemetry.journey import Journey
    from store.ledger.observer import Stage

_NAME: Final = "pipeledger"
_MAX_LINKS: Final = 32
_SERVER_ERRORS: Final = 500
_NS: Final = 1e-9
_propagator = TraceContextTextMapPropagator()


class Exported:
    """Telemetry that leaves the process."""

    def __init__(self, traces: str | None, metrics: str | None) -> None:
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: "pipeledger-server"}
        resource = Resource.create(named)
        self._tracers = TracerProvider(resource=resource)
        if traces is not None:
            sink = OTLPSpanExporter() if traces == "otlp" else ConsoleSpanExporter()
            self._tracers.add_span_processor(BatchSpanProcessor(sink))
        readers = []
        if metrics is not None:
            to = OTLPMetricExporter() if metrics == "otlp" else ConsoleMetricExporter()
            readers.append(PeriodicExportingMetricReader(to))
        self._meters = MeterProvider(readers, resource)
        self._tracer = self._tracers.get_tracer(_NAME)
        self.observer = Meters(self._meters.get_meter(_NAME))

    def tell(self, journey: Journey) -> None:
        """Make the spans of a request; see `Telemetry`."""
        head = None if journey.parent is None else _remote(journey.parent)
        senders = [
            context for one in journey.senders[:_MAX_LINKS] if (context := _remote(one)) is not None
        ]
        # The header's caller is the parent; without it, the only sender is.
        only = senders[0] if len(journey.senders) == 1 and senders else None
        span = self._tracer.start_span(
            "append",
            head or only,
            SpanKind.SERVER,
            {
                "pipeledger.ledger": journey.ledger,
                "pipeledger.events": journey.events,
                "http.response.status_code": journey.status,
            },
            [Link(get_current_span(one).get_span_context()) for one in senders],
            journey.started,
        )
        if journey.status >= _SERVER_ERRORS:
            span.set_status(Status(StatusCode.ERROR))
        inside = in_context(span)
        for stage in sorted(journey.stages, key=lambda one: one.start_ns):
            child = self._tracer.start_span(stage.name, inside, start_time=stage.start_ns)
            child.end(stage.end_ns)
        span.end(journey.ended)
        self.observer.answered(journey.status)

    def witnessed(self, ledger: str, behind: int, forks: int) -> None:
        """Note how far a ledger's witnesses are; see `Telemetry`."""
        self.observer.witnessed(ledger, behind, forks)

    def close(self) -> None:
        """Send what is left; gives up after the exporter's own patience."""
        self._tracers.shutdown()
        self._meters.shutdown()


class Meters:
    """What the recorder tells, as instruments."""

    def __init__(self, meter: Meter) -> None:
        self._events = meter.create_counter(
            "pipeledger.append.events", "{event}", "Events that are durable"
        )
        self._requests = meter.create_counter(
            "pipeledger.append.requests", "{request}", "Answered requests, by status"
        )
        self._durations = meter.create_histogram(
            "pipeledger.append.stage.duration", "s", "Time in a stage of a group"
        )
        self._groups = meter.create_histogram(
            "pipeledger.append.group.size", "{event}", "Events in a transaction"
        )
        self._lag = meter.create_histogram(
            "pipeledger.guard.lag", "s", "From commit until the guard holds the checkpoint"
        )
        self._queue = meter.create_gauge(
            "pipeledger.append.queue", "{request}", "Requests that wait for their group"
        )
        self._behind = meter.create_gauge(
            "pipeledger.witness.lag", "{entry}", "Entries without a quorum of witnesses"
        )
        self._forks = meter.create_gauge(
            "pipeledger.witness.forks", "{fork}", "Signs of another history of a ledger"
        )

    def stage(self, stage: Stage, events: int) -> None:
        """Count a stage that ended."""
        seconds = (stage.end_ns - stage.start_ns) * _NS
        self._durations.record(seconds, {"stage": stage.name})
        if stage.name == "commit":
            self._events.add(events)
            self._groups.record(events)
        elif stage.name == "guard":
            self._lag.record(seconds)

    def queued(self, requests: int) -> None:
        """Note how many wait."""
        self._queue.set(requests)

    def witnessed(self, ledger: str, behind: int, forks: int) -> None:
        """Note how far a ledger's witnesses are."""
        self._behind.set(behind, {"pipeledger.ledger": ledger})
        self._forks.set(forks, {"pipeledger.ledger": ledger})

    def answered(self, status: int) -> None:
        """Count an answer."""
        self._requests.add(1, {"http.response.status_code": status})


def _remote(traceparent: str) -> Context | None:
    context = _propagator.extract({"traceparent": traceparent})
    return context if get_current_span(context).get_span_context().is_valid else None
