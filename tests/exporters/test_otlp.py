"""What a receiver of OTLP gets: runs as traces, every event as a record, figures as gauges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import UnavailableError
from exporters.figures import KINDS, Figure
from exporters.otlp.sending import Sending
from exporters.outgoing import Outgoing
from tests.api.collector import Collector, collecting
from tests.exporters.receiving import Entries, all_of
from tests.projections.story import ORIGIN, SOURCE, Story
from tests.projections.telling import artifact, commit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

MINUTE = 60 * 10**9


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A receiver that the variables point to."""
    with collecting() as here:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", here.url)
        yield here


@pytest.fixture
def sending(collector: Collector) -> Iterator[Sending]:
    """What sends there."""
    assert collector.url
    here = Sending()
    yield here
    here.close()


ABOUT: dict[str, Any] = {
    "service": "shop", "commit": commit("a"), "run": "r-1",
    "repository": "https://code.example/acme/shop",
}  # fmt: skip


def run() -> Story:
    """A run of ten minutes with a build, tests that fail, a scan and a deployment."""
    story = Story()
    for what, minute, more in (
        ("pipeline.started", 0, {"pipeline": "release"}),
        ("build.finished", 2,
         {"outcome": "success", "duration_s": 60, "artifacts": [artifact("a")]}),
        ("tests.finished", 5,
         {"kind": "unit", "outcome": "failure", "started_at": "2026-03-01T10:03:00Z",
          "counts": {"passed": 3, "failure": 1}}),
        ("scan.finished", 6, {"kind": "sast", "tool": "semgrep", "outcome": "success"}),
        ("deployment.finished", 9,
         {"deployment": "d-1", "environment": "production", "outcome": "success", "attempt": 2,
          "artifact": artifact("a")}),
        ("pipeline.finished", 10,
         {"pipeline": "release", "outcome": "failure", "duration_s": 600,
          "url": "https://ci.example/acme/runs/1"}),
    ):  # fmt: skip
        data: dict[str, Any] = {**ABOUT, **more}
        story.tell(what, f"2026-03-01T10:{minute:02}:00Z", **data)
    return story


def values(attributes: Any) -> dict[str, Any]:  # noqa: ANN401 - repeated field
    """Attributes as a receiver reads them."""

    def plain(one: KeyValue) -> Any:  # noqa: ANN401 - of several types
        kind = one.value.WhichOneof("value")
        if kind == "array_value":
            return [item.string_value for item in one.value.array_value.values]
        return getattr(one.value, str(kind))

    return {one.key: plain(one) for one in attributes}


def test_a_run_is_a_trace_with_its_steps_below(sending: Sending, collector: Collector) -> None:
    """Names and results by the semantic conventions."""
    sending.send(all_of(run()))
    spans = {span.name: span for span in collector.spans}
    root = spans["RUN release"]
    assert sorted(spans) == [
        "RUN release", "build.finished", "semgrep", "shop to production", "unit tests.finished"
    ]  # fmt: skip
    assert {span.trace_id for span in spans.values()} == {root.trace_id}
    assert root.parent_span_id == b""
    below = [span for span in spans.values() if span is not root]
    assert {span.parent_span_id for span in below} == {root.span_id}
    assert (root.end_time_unix_nano - root.start_time_unix_nano) == 10 * MINUTE
    assert root.kind == root.SPAN_KIND_SERVER
    assert root.status.code == root.status.STATUS_CODE_ERROR
    told = values(root.attributes)
    assert told["cicd.pipeline.name"] == "release"
    assert told["cicd.pipeline.run.id"] == "r-1"
    assert told["cicd.pipeline.result"] == "failure"
    assert told["cicd.pipeline.action.name"] == "RUN"
    assert told["cicd.pipeline.run.url.full"] == "https://ci.example/acme/runs/1"
    assert told["vcs.repository.name"] == "shop"
    assert told["vcs.ref.head.revision"] == commit("a")
    assert (told["pipeledger.origin"], told["pipeledger.position"]) == (ORIGIN, 6)


def test_steps_say_what_they_are_and_how_long_they_took(
    sending: Sending, collector: Collector
) -> None:
    """By their stated beginning or their duration."""
    sending.send(all_of(run()))
    spans = {span.name: span for span in collector.spans}
    lengths = {
        name: (span.end_time_unix_nano - span.start_time_unix_nano) // MINUTE
        for name, span in spans.items()
    }
    assert (lengths["build.finished"], lengths["unit tests.finished"], lengths["semgrep"]) == (
        1,
        2,
        0,
    )
    kinds = {
        name: values(span.attributes).get("cicd.pipeline.task.type") for name, span in spans.items()
    }
    assert kinds["build.finished"] == "build"
    assert kinds["unit tests.finished"] == "test"
    assert kinds["shop to production"] == "deploy"
    deployment = values(spans["shop to production"].attributes)
    assert deployment["deployment.environment.name"] == "production"
    assert (deployment["deployment.id"], deployment["deployment.status"]) == ("d-1", "succeeded")
    assert deployment["artifact.hash"] == artifact("a")["digest"]


def test_every_event_is_a_record_in_the_trace_of_its_run(
    sending: Sending, collector: Collector
) -> None:
    """What failed is an error; its data stands beside it."""
    sending.send(all_of(run()))
    assert len(collector.records) == 6
    root = next(span for span in collector.spans if span.name == "RUN release")
    assert {record.trace_id for record in collector.records} == {root.trace_id}
    tests = collector.records[2]
    told = values(tests.attributes)
    assert tests.event_name == "pipeledger.tests.finished"
    assert tests.body.string_value == "tests.finished shop failure"
    assert tests.severity_text == "ERROR"
    assert told["pipeledger.data.counts.failure"] == 1
    assert told["pipeledger.event.id"] == "e-3"
    assert told["pipeledger.source"] == SOURCE
    assert collector.services == {"pipeledger"}


def test_what_is_sent_twice_is_the_same_twice(sending: Sending, collector: Collector) -> None:
    """A receiver may have taken the traces, and refused the records."""
    collector.refuses["/v1/logs"] = 1
    events = all_of(run())
    with pytest.raises(UnavailableError, match="log records"):
        sending.send(events)
    assert collector.records == []
    first = [span.SerializeToString() for span in collector.spans]
    sending.send(events)
    assert [span.SerializeToString() for span in collector.spans] == first + first


def test_a_receiver_that_refuses_loses_nothing(
    sending: Sending, collector: Collector, tmp_path: Path
) -> None:
    """The mark stays, and the next run sends what is missing."""
    outgoing = Outgoing(Entries(run()), ORIGIN, tmp_path, "otlp")
    collector.refuses["/v1/traces"] = 1
    with pytest.raises(UnavailableError):
        outgoing.run(6, sending.send)
    assert (outgoing.reached(), collector.records) == (0, [])
    assert outgoing.run(6, sending.send).position == 6
    assert outgoing.run(6, sending.send).before == 6
    positions = [values(one.attributes)["pipeledger.position"] for one in collector.records]
    assert positions == [1, 2, 3, 4, 5, 6]


def test_attempts_of_a_run_are_traces_of_their_own(sending: Sending, collector: Collector) -> None:
    """And so are runs of the same id at two sources."""
    story = Story()
    for attempt, source in ((1, SOURCE), (2, SOURCE), (1, "https://ci.example/other")):
        story.tell("pipeline.finished", "2026-03-01T10:00:00Z", source=source, run="r",
                   attempt=attempt, outcome="success")  # fmt: skip
    sending.send(all_of(story))
    assert len({span.trace_id for span in collector.spans}) == 3


def test_the_sender_s_own_trace_is_linked(sending: Sending, collector: Collector) -> None:
    """By the extension `traceparent`; what is none is passed over."""
    story = Story()
    for parent in (f"00-{'a' * 32}-{'b' * 16}-01", "00-zz"):
        story.tell("pipeline.finished", "2026-03-01T10:00:00Z", run="r", outcome="success",
                   extensions={"traceparent": parent})  # fmt: skip
    sending.send(all_of(story))
    linked = [[link.trace_id.hex() for link in span.links] for span in collector.spans]
    assert linked == [["a" * 32], []]


def test_odd_times_are_no_negative_spans(sending: Sending, collector: Collector) -> None:
    """A beginning after the end, and a duration longer than the time since 1970."""
    story = Story()
    story.tell("task.finished", "2026-03-01T10:00:00Z", task="t", outcome="success",
               started_at="2026-03-01T11:00:00Z")  # fmt: skip
    story.tell("task.finished", "2026-03-01T10:00:00Z", task="t", outcome="success",
               duration_s=10**12)  # fmt: skip
    story.tell("task.finished", "1960-01-01T00:00:00Z", task="t", outcome="success")
    sending.send(all_of(story))
    for span in collector.spans:
        assert 0 <= span.start_time_unix_nano <= span.end_time_unix_nano


def test_figures_are_gauges_with_their_units(sending: Sending, collector: Collector) -> None:
    """Under the same names as for Prometheus, dotted."""
    labels = {"ledger": "default", "service": "shop", "environment": "production"}
    sending.send_figures([Figure(kind, labels, at) for at, kind in enumerate(KINDS)])
    assert len(collector.metrics) == len(KINDS)
    lead = collector.metrics["pipeledger.dora.lead_time_median"]
    assert lead.unit == "s"
    (point,) = lead.gauge.data_points
    assert values(point.attributes) == labels
    assert point.as_double or point.as_int
    collector.refuses["/v1/metrics"] = 1
    with pytest.raises(UnavailableError, match="metrics"):
        sending.send_figures([Figure(KINDS[0], labels, 1)])
