"""Events leave as CDEvents that others can read, and that come back as what they were."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import SettingError, UnavailableError
from domain.events.examples import example
from domain.events.registry import TYPES
from exporters.cdevents.event import cdevent_of
from exporters.cdevents.sink import FileSink, HttpSink
from intake.cdevents.kinds import read_cdevent
from tests.exporters.cdevents_contract import CONTENTS, faults
from tests.exporters.receiving import all_of
from tests.fixtures import FOLDER, needs_fixtures
from tests.projections.story import ORIGIN, SOURCE, Story
from tests.projections.telling import artifact, commit, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exporters.told import Told

DIGEST = artifact("a")["digest"]


def one(kind: str, /, **data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The CDEvent of an event."""
    story = Story()
    story.tell(kind, "2026-03-01T10:00:00Z", **data)
    return cdevent_of(all_of(story)[-1])


def test_every_type_of_event_leaves_as_a_sound_cdevent() -> None:
    """With an example of each."""
    story, seen = Story(), set()
    for kind in TYPES.values():
        story.tell(kind.name.removeprefix("pipeledger."), "2026-03-01T10:00:00Z",
                   **example(kind)["data"])  # fmt: skip
    for told in all_of(story):
        event = cdevent_of(told)
        assert faults(event) == [], told.type
        seen.add(event["context"]["type"])
    assert len(seen) > len(CONTENTS)


@needs_fixtures
def test_the_contract_takes_the_specification_s_own_examples() -> None:
    """Of the types that leave here; so it is no narrower than what others check by."""
    found = 0
    for path in (FOLDER / "cdevents").glob("*.json"):
        event = json.loads(path.read_text())
        if event["context"]["type"].removeprefix("dev.cdevents.") in CONTENTS:
            found += 1
            event["context"].pop("version", None)
            assert faults(event) == [], path.name
    assert found >= len(CONTENTS) - 3


@pytest.mark.parametrize(
    ("kind", "data", "expected", "content"),
    [
        ("pipeline.finished", {"run": "r-1", "pipeline": "shop", "outcome": "cancelled"},
         "dev.cdevents.pipelinerun.finished.0.3.0", {"pipelineName": "shop", "outcome": "cancel"}),
        ("pipeline.finished", {"run": "r-1", "outcome": "skipped"},
         "dev.cdeventsx.ledger-pipeline.finished.0.1.0", {"outcome": "skipped"}),
        ("task.finished", {"task": "lint", "run": "r-1", "outcome": "failure"},
         "dev.cdevents.taskrun.finished.0.3.0",
         {"taskName": "lint", "outcome": "failure",
          "pipelineRun": {"id": "r-1", "source": SOURCE}}),
        ("deployment.finished",
         {"deployment": "d", "service": "shop", "environment": "production", "outcome": "success",
          "artifact": {"digest": DIGEST}},
         "dev.cdevents.service.deployed.0.3.0",
         {"environment": {"id": "production"},
          "artifactId": f"pkg:generic/shop@{DIGEST.replace(':', '%3A')}"}),
        ("deployment.finished",
         {"deployment": "d", "service": "shop", "environment": "production", "outcome": "success",
          "kind": "rollback", "artifact": {"purl": "pkg:oci/shop@sha256%3Aaa"}},
         "dev.cdevents.service.rolledback.0.3.0",
         {"environment": {"id": "production"}, "artifactId": "pkg:oci/shop@sha256%3Aaa"}),
        ("deployment.finished",
         {"deployment": "d", "service": "shop", "environment": "production", "outcome": "failure"},
         "dev.cdeventsx.ledger-deployment.failed.0.1.0",
         {"environment": {"id": "production"}, "outcome": "failure"}),
        ("scan.finished", {"kind": "sast", "tool": "semgrep", "outcome": "success"},
         "dev.cdeventsx.ledger-scan.finished.0.1.0", {"outcome": "success"}),
        ("tests.finished", {"kind": "unit", "outcome": "success", "environment": "ci"},
         "dev.cdevents.testsuiterun.finished.0.3.0",
         {"environment": {"id": "ci"}, "outcome": "success",
          "testSuite": {"id": "unit", "name": "unit"}}),
        ("incident.opened", {"incident": "i-1", "service": "shop"},
         "dev.cdeventsx.ledger-incident.opened.0.1.0", {}),
    ],
)  # fmt: skip
def test_an_event_has_the_standard_type_where_there_is_one(
    kind: str, data: dict[str, Any], expected: str, content: dict[str, Any]
) -> None:
    """And ours where the standard one demands what is not known."""
    event = one(kind, **data)
    assert (event["context"]["type"], event["subject"]["content"]) == (expected, content)
    assert faults(event) == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("pipeline.finished", {"run": "r-1", "pipeline": "shop", "outcome": "error"}),
        ("task.finished", {"task": "lint", "run": "r-1", "outcome": "failure"}),
        ("deployment.finished",
         {"deployment": "d", "service": "shop", "environment": "production", "outcome": "success",
          "commit": commit("a"), "artifact": {"digest": DIGEST}}),
        ("deployment.finished",
         {"deployment": "d", "service": "shop", "environment": "production", "outcome": "failure"}),
        ("incident.opened", {"incident": "i-1", "service": "shop", "environment": "production"}),
    ],
)  # fmt: skip
def test_what_left_comes_back_as_what_it_was(kind: str, data: dict[str, Any]) -> None:
    """Read by our own intake of CDEvents."""
    reading = read_cdevent(json.dumps(one(kind, **data)).encode())
    assert reading is not None
    assert reading.type == f"pipeledger.{kind}.v1"
    for name in ("service", "environment", "outcome", "commit", "run", "task"):
        assert reading.data.get(name) == data.get(name)


def test_the_same_run_is_one_chain_and_the_same_event_one_event() -> None:
    """Brokers know what was sent twice by source and id."""
    story = Story()
    for kind in ("pipeline.started", "task.finished", "pipeline.finished"):
        outcome = None if kind.endswith("started") else "success"
        task = "t" if kind.startswith("task") else None
        story.tell(kind, "2026-03-01T10:00:00Z", run="r", outcome=outcome, task=task)
    events = [cdevent_of(told) for told in all_of(story)]
    assert len({event["context"]["chainId"] for event in events}) == 1
    assert len({event["context"]["id"] for event in events}) == 3
    assert events == [cdevent_of(told) for told in all_of(story)]


@dataclass
class Broker:
    """Answers with a status after the other, the last one again and again."""

    statuses: list[int]
    url: str = ""
    taken: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker that takes CloudEvents over HTTP."""
    here = Broker([200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = here.statuses.pop(0) if len(here.statuses) > 1 else here.statuses[0]
            if status == 200:
                here.taken.append((dict(self.headers), json.loads(body)))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        here.url = f"http://127.0.0.1:{server.server_port}/events"
        yield here
        server.shutdown()
        thread.join()


def deployments(count: int) -> list[Told]:
    """So many deployments."""
    story = Story()
    for number in range(count):
        deployed(story, f"d-{number}", "03-01T10:00", str(number))
    return all_of(story)


def test_a_broker_gets_cloudevents_in_order(broker: Broker) -> None:
    """As CDEvents binds them to HTTP; one that is busy is asked again."""
    broker.statuses = [503, 200]
    HttpSink(broker.url, {"Authorization": "Bearer abc"}).send(deployments(3))
    headers, first = broker.taken[0]
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert headers["Authorization"] == "Bearer abc"
    assert first["type"] == first["data"]["context"]["type"]
    assert (first["id"], first["source"]) == ("e-1", SOURCE)
    assert first["data"]["customData"]["pipeledger"]["origin"] == ORIGIN
    assert [body["id"] for _, body in broker.taken] == ["e-1", "e-2", "e-3"]


@pytest.mark.parametrize("status", [302, 400, 401])
def test_a_broker_that_refuses_stops_at_the_event_and_tells_no_secret(
    broker: Broker, status: int
) -> None:
    """The position is named."""
    broker.statuses = [200, status]
    with pytest.raises(UnavailableError, match=f"position 2: the broker answered {status}") as told:
        HttpSink(broker.url, {"Authorization": "Bearer abc"}).send(deployments(3))
    assert "abc" not in str(told.value)
    assert len(broker.taken) == 1


def test_a_broker_that_is_away_is_told_of() -> None:
    """Nothing listens there."""
    with pytest.raises(SettingError):
        HttpSink("ftp://broker.example", {})
    with pytest.raises(UnavailableError, match="position 1"):
        HttpSink("http://127.0.0.1:1/", {}).send(deployments(1))


@pytest.mark.parametrize("cut", [1, 40, -1])
def test_a_line_that_a_kill_cut_off_is_written_anew(tmp_path: Path, cut: int) -> None:
    """The run before sent the same events, and was killed in the second line."""
    path, events = tmp_path / "events.ndjson", deployments(3)
    FileSink(path).send(events)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(whole[0] + whole[1][:cut])
    FileSink(path).send(events)
    assert path.read_bytes().splitlines(keepends=True) == [whole[0], *whole]


@pytest.mark.parametrize("there", [b'{"no": "end"}', b"x" * 5000, b'{"a": 1}\n{'])
def test_what_is_no_line_of_the_events_stays(tmp_path: Path, there: bytes) -> None:
    """It gets an end, so that the first event has a line of its own."""
    path, events = tmp_path / "events.ndjson", deployments(2)
    path.write_bytes(there + b"?")
    FileSink(path).send(events)
    FileSink(path).send([])
    told = path.read_bytes()
    assert told.startswith(there + b"?\n")
    assert [json.loads(line) for line in told.splitlines()[-2:]] == [
        cdevent_of(one) for one in events
    ]


def test_a_file_grows_by_a_line_an_event(tmp_path: Path) -> None:
    """Run after run."""
    path, events = tmp_path / "events.ndjson", deployments(3)
    FileSink(path).send(events[:2])
    FileSink(path).send(events[2:])
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        cdevent_of(told) for told in events
    ]
    with pytest.raises(UnavailableError):
        FileSink(tmp_path).send(events)
