"""Samples for Prometheus: what they say, and to whom."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.inside import administer
from tests.serving import PLAIN, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.serving import Running

_SAMPLE = re.compile(r"([a-z_0-9]+)\{((?:[a-z]+=\"(?:[^\"\\]|\\.)*\",?)+)\} ([-+.0-9e]+)")
SERVICE = 'check"out\\'


def _told(running: Running) -> None:
    """Three deployments of a service with an odd name, the last a rollback; an incident."""
    begin = datetime.now(UTC) - timedelta(days=2)
    with running.http() as client:
        for number, content in enumerate("aba"):
            told = event(number, service=SERVICE, artifact={"digest": f"sha256:{content * 64}"})
            told["time"] = (begin + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
            assert client.post("/events", json=told).status_code == 201
        told = event(7)
        told |= {"type": "pipeledger.incident.opened.v1"}
        told["time"] = begin.strftime("%Y-%m-%dT%H:%M:%SZ")
        told["data"] = {"incident": "i", "service": SERVICE, "environment": "production"}
        assert client.post("/events", json=told).status_code == 201


def _get(running: Running, token: str = "", **headers: str) -> httpx.Response:
    said = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{running.url}/metrics", headers=said | headers, timeout=60, verify=PLAIN)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that nobody told who may read its metrics."""
    with serving(tmp_path_factory.mktemp("metrics") / "data") as running:
        _told(running)
        yield running


@pytest.fixture(scope="module")
def samples(server: Running) -> dict[str, tuple[str, float]]:
    """Labels and value of each sample of a service."""
    text = _get(server, server.token).text
    return {match[1]: (match[2], float(match[3])) for match in _SAMPLE.finditer(text)}


def test_the_state_of_the_ledger_is_told(
    server: Running, samples: dict[str, tuple[str, float]]
) -> None:
    """Its size, its newest entry, what is not published yet."""
    labels, size = samples["pipeledger_entries_total"]
    with server.http() as client:
        assert size == int(client.get("/services").headers["Pipeledger-Position"])
    assert labels == 'ledger="default"'
    assert samples["pipeledger_guard_lag_entries"][1] == 0
    assert samples["pipeledger_history_sound"][1] == 1
    assert samples["pipeledger_environments_left_out"][1] == 0
    age = datetime.now(UTC).timestamp() - samples["pipeledger_last_recorded_timestamp_seconds"][1]
    assert 0 <= age < 600


def test_delivery_performance_is_told_by_service_and_environment(
    samples: dict[str, tuple[str, float]],
) -> None:
    """With what the ratios were made of; odd names escaped."""
    labels, deployments = samples["pipeledger_dora_deployments"]
    assert labels == 'ledger="default",service="check\\"out\\\\",environment="production"'
    assert deployments == samples["pipeledger_dora_counted_deployments"][1] == 3
    assert samples["pipeledger_dora_deployments_per_day"][1] == pytest.approx(0.1)
    assert samples["pipeledger_dora_change_fail_ratio"][1] >= 1 / 3
    assert samples["pipeledger_dora_rework_ratio"][1] == pytest.approx(1 / 3)
    assert samples["pipeledger_incidents_open"][1] == 1


def test_what_has_no_value_has_no_sample(samples: dict[str, tuple[str, float]]) -> None:
    """No lead time is known, no incident has ended: neither is zero."""
    assert samples["pipeledger_dora_lead_time_changes"][1] == 0
    assert "pipeledger_dora_lead_time_median_seconds" not in samples
    assert "pipeledger_mttr_seconds" not in samples


def test_the_text_is_what_prometheus_reads(server: Running) -> None:
    """Every sample below its metric's help and type, each metric once."""
    answer = _get(server, server.token)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    told: list[str] = []
    for line in answer.text.splitlines():
        if line.startswith("# HELP "):
            told.append(line.split()[2])
        elif line.startswith("# TYPE "):
            assert line.split()[2:] in ([told[-1], "gauge"], [told[-1], "counter"])
        else:
            match = _SAMPLE.fullmatch(line)
            assert match is not None, line
            assert match[1] == told[-1]
    assert len(told) == len(set(told)) > 10
    assert "up to the full hour, in 20 production environments at most\n" in answer.text


def test_only_an_auditor_or_operator_is_shown_anything(server: Running) -> None:
    """An auditor's reads are recorded, once an hour; this machine is not trusted unless told."""
    assert _get(server).status_code == 401
    assert _get(server, "plt_" + "0" * 60).status_code == 401
    assert _get(server, server.token_of("emitter")).status_code == 403
    auditor = server.token_of("auditor")
    assert [_get(server, auditor).status_code for _ in range(2)] == [200, 200]
    with server.http() as client:
        found = client.get("/entries", params={"type": "pipeledger.evidence.read"}).json()
    assert len(found["entries"]) == 1


def test_this_machine_needs_no_token_where_the_operator_says_so(tmp_path: Path) -> None:
    """But a proxy on it, or a page that makes a name lead here, does."""
    with serving(tmp_path / "data", PIPELEDGER_METRICS="loopback") as running:
        assert "pipeledger_entries_total" in _get(running).text
        assert _get(running, Host="localhost:8400").status_code == 200
        for headers in (
            {"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"},
            {"X-Real-IP": "192.0.2.1"}, {"Host": "rebound.example"}, {"Host": "[::1"},
            {"Authorization": "Basic eA=="},
        ):  # fmt: skip
            assert _get(running, **headers).status_code == 401, headers


def test_a_wrong_setting_stops_the_start(tmp_path: Path) -> None:
    """In one line."""
    done = administer("serve", "--data", tmp_path / "data", "--metrics", "all", status=2)
    assert "'all' is not one of 'token', 'loopback'" in done.stderr
