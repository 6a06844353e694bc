"""Sends batches of events to whatever speaks OTLP over HTTP.

Endpoints, headers, certificates and time limits the SDK reads from the standard variables
(`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS` and so on).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from domain.errors import UnavailableError
from exporters.otlp.records import record_of
from exporters.otlp.spans import span_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exporters.figures import Figure
    from exporters.told import Told

_SCOPE: Final = InstrumentationScope("pipeledger.deliveries")


class Sending:
    """One receiver. One thread at a time."""

    def __init__(self, service: str = "pipeledger") -> None:
        """Prepare it; nothing is sent.

        Args:
            service: `service.name` of what is sent; `OTEL_RESOURCE_ATTRIBUTES` adds to it.
        """
        self._resource = Resource.create({SERVICE_NAME: service})
        self._spans = OTLPSpanExporter()
        self._records = OTLPLogExporter()
        self._figures = OTLPMetricExporter()

    def send(self, batch: Sequence[Told]) -> None:
        """Send events; the receiver has accepted all of them on return.

        Raises:
            UnavailableError: the receiver did not accept them, after some patience.
        """
        spans = [
            span for told in batch if (span := span_of(told, self._resource, _SCOPE)) is not None
        ]
        # Should the second fail, both go out again, with the identities they had.
        if spans and self._spans.export(spans) is not SpanExportResult.SUCCESS:
            raise UnavailableError("the receiver of traces did not accept them")
        records = [record_of(told, self._resource, _SCOPE) for told in batch]
        if records and self._records.export(records) is not LogRecordExportResult.SUCCESS:
            raise UnavailableError("the receiver of log records did not accept them")

    def send_figures(self, figures: Iterable[Figure]) -> None:
        """Send figures as they are now, as gauges.

        Raises:
            UnavailableError: the receiver did not accept them, after some patience.
        """
        reader = InMemoryMetricReader()
        provider = MeterProvider([reader], self._resource)
        meter = provider.get_meter(_SCOPE.name)
        gauges = {}
        for one in figures:
            kind = one.kind
            if kind not in gauges:
                gauges[kind] = meter.create_gauge(kind.dotted, kind.unit, kind.meaning)
            gauges[kind].set(one.value, dict(one.labels))
        data = reader.get_metrics_data()
        provider.shutdown()
        if data is not None and self._figures.export(data) is not MetricExportResult.SUCCESS:
            raise UnavailableError("the receiver of metrics did not accept them")

    def close(self) -> None:
        """Close the connections."""
        for one in (self._spans, self._records, self._figures):
            one.shutdown()
