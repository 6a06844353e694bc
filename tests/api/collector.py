"""A collector that speaks OTLP over HTTP and keeps what came."""

from __future__ import annotations

import contextlib
import gzip
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
    from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
    from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """What came, in order.

    Attributes:
        url: where it listens.
        spans: all spans.
        records: all log records.
        metrics: the newest state of each metric.
        refuses: how often each path answers 400 before it takes anything.
        bodies: the requests' bodies, decompressed.
    """

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    records: list[LogRecord] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    services: set[str] = field(default_factory=set)
    bodies: list[bytes] = field(default_factory=list)

    def take(self, path: str, body: bytes) -> bytes:
        """Keep a request; the answer to it."""
        self.bodies.append(body)
        if path == "/v1/traces":
            for traces in ExportTraceServiceRequest.FromString(body).resource_spans:
                self._note({one.key: one.value.string_value for one in traces.resource.attributes})
                self.spans += [span for scope in traces.scope_spans for span in scope.spans]
            return bytes(ExportTraceServiceResponse().SerializeToString())
        if path == "/v1/logs":
            for logs in ExportLogsServiceRequest.FromString(body).resource_logs:
                self._note({one.key: one.value.string_value for one in logs.resource.attributes})
                self.records += [one for scope in logs.scope_logs for one in scope.log_records]
            return bytes(ExportLogsServiceResponse().SerializeToString())
        for sent in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            self._note({one.key: one.value.string_value for one in sent.resource.attributes})
            for scope in sent.scope_metrics:
                self.metrics |= {metric.name: metric for metric in scope.metrics}
        return bytes(ExportMetricsServiceResponse().SerializeToString())

    def _note(self, attributes: dict[str, str]) -> None:
        self.services.add(attributes["service.name"])

    def roots(self) -> list[Span]:
        """Spans of whole requests, in the order of their beginnings."""
        found = [span for span in self.spans if span.name == "append"]
        return sorted(found, key=lambda span: span.start_time_unix_nano)

    def below(self, root: Span) -> list[Span]:
        """The spans right below one, in the order of their beginnings."""
        found = [span for span in self.spans if span.parent_span_id == root.span_id]
        return sorted(found, key=lambda span: span.start_time_unix_nano)


@contextlib.contextmanager
def collecting() -> Iterator[Collector]:
    """Listen for the length of the block."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            refused = collector.refuses.get(self.path, 0)
            collector.refuses[self.path] = max(0, refused - 1)
            answer = b"" if refused else collector.take(self.path, body)
            self.send_response(400 if refused else 200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        collector.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
