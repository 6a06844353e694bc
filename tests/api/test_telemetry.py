"""Operators see every append in their own tracing and metrics, with the sender's trace."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request
from starlette.responses import Response

from api.telemetry import switch
from api.telemetry.journey import travel
from tests.api.collector import Collector, collecting
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.telemetry.journey import Journey

HEADER = f"00-{'a1' * 16}-{'b2' * 8}-01"
SENDER = f"00-{'c3' * 16}-{'d4' * 8}-01"
OTHER = f"00-{'e5' * 16}-{'f6' * 8}-01"
CANARY = "quetzal@aviary.example"
STAGES = {"door", "people", "sign", "group", "commit", "guard", "publish"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """What a collector was told of a server's whole life."""
    folder = tmp_path_factory.mktemp("telemetry")
    with collecting() as collector:
        with (
            serving(folder / "data", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as server,
            server.http() as http,
        ):
            person = {"account": "quetzal", "email": CANARY}
            for answer, status in (
                (http.post("/events", json=event(1), headers={"traceparent": HEADER}), 201),
                (http.post("/events", json=event(2) | {"traceparent": SENDER}), 201),
                (
                    http.post(
                        "/events",
                        content=json.dumps(
                            [
                                event(3) | {"traceparent": SENDER},
                                event(4) | {"traceparent": OTHER},
                                event(5, actor=person, reason=f"ask {CANARY}"),
                            ]
                        ),
                        headers={"content-type": "application/cloudevents-batch+json"},
                    ),
                    201,
                ),
                (http.post("/events", json=event(6) | {"type": CANARY}), 400),
                (http.post("/events", json=event(7) | {"traceparent": "00-garbage"}), 201),
                (
                    http.post(
                        "/events",
                        content=json.dumps(
                            [
                                event(8) | {"traceparent": SENDER},
                                event(9) | {"traceparent": "00-garbage"},
                            ]
                        ),
                        headers={
                            "content-type": "application/cloudevents-batch+json",
                            "traceparent": "00-garbage",
                        },
                    ),
                    201,
                ),
            ):
                assert answer.status_code == status
        # The server has ended: what it still held was sent.
        yield collector


def test_an_append_joins_the_trace_of_the_request_that_brought_it(told: Collector) -> None:
    """The header of W3C Trace Context names the caller."""
    root = told.roots()[0]
    assert root.trace_id.hex() == "a1" * 16
    assert root.parent_span_id.hex() == "b2" * 8


def test_every_stage_of_an_append_is_a_span_below_it(told: Collector) -> None:
    """From the door to publishing, in order, each with a real length inside the request."""
    root = told.roots()[0]
    stages = told.below(root)
    assert {span.name for span in stages} == STAGES
    assert [span.name for span in stages if span.name in {"door", "people"}] == ["door", "people"]
    ends = [next(s.end_time_unix_nano for s in stages if s.name == name) for name in
            ("door", "people", "group", "commit", "guard", "publish")]  # fmt: skip
    assert ends == sorted(ends)
    for span in stages:
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano
        assert span.trace_id == root.trace_id


def test_an_event_carries_its_senders_trace(told: Collector) -> None:
    """The CloudEvents extension for tracing, where no header speaks for the request."""
    root = told.roots()[1]
    assert (root.trace_id.hex(), root.parent_span_id.hex()) == ("c3" * 16, "d4" * 8)
    assert {span.trace_id for span in told.below(root)} == {root.trace_id}


def test_a_batch_of_several_senders_is_a_trace_of_its_own_linked_to_theirs(
    told: Collector,
) -> None:
    """None of them is the parent; all of them find it."""
    root = told.roots()[2]
    assert root.parent_span_id == b""
    assert [link.trace_id.hex() for link in root.links] == ["c3" * 16, "e5" * 16]
    assert {one.key: one.value.int_value for one in root.attributes}["pipeledger.events"] == 3


def test_a_refused_event_and_a_broken_trace_harm_nobody(told: Collector) -> None:
    """A refusal is told with its status; a trace that cannot be read is none."""
    refused, broken, both = told.roots()[3:]
    attributes = {one.key: one.value.int_value for one in refused.attributes}
    assert attributes["http.response.status_code"] == 400
    assert not {"group", "commit"} & {span.name for span in told.below(refused)}
    assert broken.parent_span_id == b""
    assert {span.name for span in told.below(broken)} == STAGES
    # A header that is none leaves the only sender that can be read a link: it is not the only one.
    assert both.parent_span_id == b""
    assert [link.trace_id.hex() for link in both.links] == ["c3" * 16]


def test_metrics_count_what_became_durable(told: Collector) -> None:
    """Events, groups, stages, guard lag and answers by status."""
    (events,) = told.metrics["pipeledger.append.events"].sum.data_points
    (groups,) = told.metrics["pipeledger.append.group.size"].histogram.data_points
    (lag,) = told.metrics["pipeledger.guard.lag"].histogram.data_points
    # The first entries of a ledger and its tokens are appended too, before and beside these.
    assert events.as_int >= 6
    assert groups.sum == events.as_int
    assert 0 < lag.count <= groups.count
    assert lag.sum > 0
    stages = {
        point.attributes[0].value.string_value
        for point in told.metrics["pipeledger.append.stage.duration"].histogram.data_points
    }
    assert stages == STAGES - {"door", "people"}
    answers = {
        point.attributes[0].value.int_value: point.as_int
        for point in told.metrics["pipeledger.append.requests"].sum.data_points
    }
    assert answers == {201: 5, 400: 1}


def test_nothing_that_leaves_names_a_person(told: Collector) -> None:
    """Not even where the event did."""
    assert told.spans
    assert not [body for body in told.bodies if b"quetzal" in body.lower()]
    assert told.services == {"pipeledger-server"}


def test_what_cannot_be_told_is_answered_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """The event stands; its sender gets the receipt, and operators the error."""

    class Broken:
        def tell(self, _: Journey) -> None:
            raise IndexError

    app = SimpleNamespace(state=SimpleNamespace(telemetry=Broken()))
    request = Request({"type": "http", "headers": [], "app": app})

    async def work() -> Response:
        return Response(status_code=201)

    answer = asyncio.run(travel(request, "default", work))
    assert answer.status_code == 201
    assert "a request was not told" in caplog.text


@pytest.mark.long
def test_a_collector_that_is_gone_costs_no_append(tmp_path: Path) -> None:
    """Telemetry is best effort; the ledger is not."""
    with collecting() as collector:
        url = collector.url
    with (
        serving(
            tmp_path / "data", OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_TIMEOUT="1"
        ) as server,
        server.http() as http,
    ):
        assert http.post("/events", json=event()).status_code == 201


@pytest.mark.parametrize(
    ("environ", "traces", "metrics"),
    [
        ({}, None, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, "otlp", "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, "otlp", None),
        ({"OTEL_METRICS_EXPORTER": "console"}, None, "console"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_METRICS_EXPORTER": "none"},
            "otlp",
            None,
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, None, None),
    ],
)
def test_the_standard_variables_switch_each_signal(
    environ: dict[str, str], traces: str | None, metrics: str | None
) -> None:
    """As the OpenTelemetry specification of SDK configuration says."""
    assert switch.exporter(environ, "traces") == traces
    assert switch.exporter(environ, "metrics") == metrics


def test_without_the_variables_the_sdk_is_not_loaded() -> None:
    """Nothing is spent on what nobody asked for."""
    program = (
        "import sys; import api.serving; from api.telemetry import switch;"
        "assert switch.start({}) is None;"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stdout == b"[]\n"
