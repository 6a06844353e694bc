"""Logs are JSON, one object a line, and speak of nobody."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from api.telemetry import logs
from tests.inside import administer
from tests.serving import event, serving

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "quetzal"
TRACE = "a1" * 16


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All that a talkative server wrote while personal data was thrown at it."""
    folder = tmp_path_factory.mktemp("logs")
    with (
        serving(folder / "data", PIPELEDGER_LOG_LEVEL="info") as server,
        server.http() as http,
    ):
        person = {"account": CANARY, "email": f"{CANARY}@aviary.example", "name": CANARY}
        said = event(1, actor=person, reason=f"ask @{CANARY}")
        headers = {"traceparent": f"00-{TRACE}-{'b2' * 8}-01"}
        assert http.post("/events", json=said, headers=headers).status_code == 201
        assert http.post("/events", json=said | {"type": CANARY}).status_code == 400
        assert http.get("/entries", params={"stream": f"person:{CANARY}"}).status_code < 500
        assert http.get(f"/streams/{CANARY}/1").status_code == 200
        assert http.get(f"/nowhere/{CANARY}").status_code == 404
        assert http.get("/entries/1", headers={"Authorization": CANARY}).status_code == 401
    return server.printed.everything()


def _objects(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_each_request_is_one_line_with_its_route_status_and_time(lines: list[str]) -> None:
    """The route's template, never the path that was asked for."""
    first = next(one for one in _objects(lines) if one["logger"] == "pipeledger.requests")
    assert first.pop("duration_ms") > 0
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "request",
        "level": "info",
        "logger": "pipeledger.requests",
        "method": "POST",
        "route": "/v1/{ledger}/events",
        "status": 201,
        "trace_id": TRACE,
    }


def test_nothing_personal_is_logged(lines: list[str]) -> None:
    """Not from bodies, queries, paths or headers."""
    statuses = [one["status"] for one in _objects(lines) if "status" in one]
    assert {201, 400, 404, 401} <= set(statuses)
    assert not [line for line in lines if CANARY in line.lower()]


def test_by_default_requests_are_not_logged(tmp_path: Path) -> None:
    """Only what an operator has to act on is."""
    with serving(tmp_path / "data") as server, server.http() as http:
        assert http.post("/events", json=event()).status_code == 201
    assert not _objects(server.printed.everything())


def test_an_unknown_level_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """And the message lists the known ones."""
    words = ("serve", "--data", tmp_path / "data")
    ran = administer(*words, status=2, variables={"PIPELEDGER_LOG_LEVEL": "loud"})
    assert "PIPELEDGER_LOG_LEVEL: expected one of debug, info, warning, error" in ran.stderr
    assert not (tmp_path / "data").exists()


def test_of_an_exception_only_its_type_and_its_way_are_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Messages of others may carry values of events."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        logs.configure("warning")
        try:
            int(CANARY)
        except ValueError:
            logging.getLogger("pipeledger.tried").exception("it failed")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    written = json.loads(capsys.readouterr().err)
    assert written["error"] == "ValueError"
    assert written["at"][-1].startswith("test_logs.py:")
    assert CANARY not in json.dumps(written)
