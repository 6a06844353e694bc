"""Events leave a real server by its commands and while it runs."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.api.collector import collecting
from tests.inside import administer
from tests.serving import event, serving

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


def command(
    data: Path, *words: str, status: int = 0, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run an export over a server's data."""
    return administer("export", *words, "--data", data, status=status, variables=environ)


def test_commands_send_what_is_new_beside_a_running_server(tmp_path: Path) -> None:
    """By OTLP with figures, and as CDEvents into a file; the second time nothing."""
    file = tmp_path / "events.ndjson"
    with serving(tmp_path / "data") as running, collecting() as collector:
        with running.http() as client:
            for number in range(3):
                assert client.post("/events", json=event(number)).status_code == 201
        place = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        sent = command(running.data, "otlp", environ=place)
        size = len(collector.records)
        assert f"{size} events sent, up to position {size}" in sent.stdout
        assert "pipeledger.entries" in collector.metrics
        again = command(running.data, "otlp", environ=place)
        assert f"0 events sent, up to position {size}" in again.stdout
        assert len(collector.records) == size
        command(running.data, "cdevents", str(file))
    types = [json.loads(line)["context"]["type"] for line in file.read_text().splitlines()]
    assert len(types) == size
    assert types[-1].startswith("dev.cdevents")


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        (("otlp",), {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (("cdevents", "ftp://broker.example"), {}, "http address"),
        (("cdevents", "broker.example:9000/in"), {}, "an address begins with http:// or https://"),
        (("cdevents", "--header", "x", "http://127.0.0.1:1"), {}, "NAME=VALUE"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(
    tmp_path: Path, words: tuple[str, ...], environ: dict[str, str], said: str
) -> None:
    """Before a database is started."""
    done = command(tmp_path, *words, status=2, environ=environ)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not [*tmp_path.iterdir()]


@pytest.mark.long
def test_a_running_server_sends_by_itself_and_ends_though_nobody_listens(tmp_path: Path) -> None:
    """With the option `--outgoing otlp`."""
    with (
        collecting() as collector,
        serving(
            tmp_path / "data", PIPELEDGER_OUTGOING="otlp",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        ) as running,
        running.http() as client,
    ):  # fmt: skip
        assert client.post("/events", json=event(1)).status_code == 201
        until = time.monotonic() + 60
        while not any(r.event_name == "pipeledger.deployment.finished" for r in collector.records):
            assert time.monotonic() < until
        assert len(collector.records) == len({r.observed_time_unix_nano for r in collector.records})
    begun = time.monotonic()
    with serving(
        tmp_path / "other", PIPELEDGER_OUTGOING="otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
    ) as running, running.http() as client:  # fmt: skip
        assert client.post("/events", json=event(2)).status_code == 201
    assert time.monotonic() - begun < 60
