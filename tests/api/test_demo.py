"""The demo: an organisation's quarter, by the tools' own ways, verified from outside."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from api.demo import files
from api.demo.organisation import DAYS, Emitted, Organisation, Report, Webhook
from intake.deliveries import Delivery, read_delivery
from intake.github.webhook import SENDER
from intake.registry import read_report
from tests.serving import BIN

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.long
def test_the_same_seed_gives_the_same_quarter() -> None:
    """Byte for byte; another seed gives another."""
    assert list(Organisation(7, NOW).quarter()) == list(Organisation(7, NOW).quarter())
    assert list(Organisation(8, NOW).quarter()) != list(Organisation(7, NOW).quarter())


@pytest.fixture(scope="module")
def quarter() -> list[Webhook | Report | Emitted]:
    """What happens in one, in order."""
    return list(Organisation(7, NOW).quarter())


def test_the_quarter_has_what_an_organisation_has(
    quarter: list[Webhook | Report | Emitted],
) -> None:
    """Red runs, broken deployments and their rollbacks, a failover; all of it before now."""
    kinds: Counter[str] = Counter()
    red = 0
    for one in quarter:
        if isinstance(one, Webhook):
            delivery = Delivery("github", one.kind, "application/json", one.body)
            readings = read_delivery(SENDER, delivery)
            assert all("header_kind" not in reading.data for reading in readings)
        elif isinstance(one, Report):
            readings = read_report(one.body).readings
            red += readings[0].data["outcome"] == "failure"
        else:
            kinds[one.event["type"]] += 1
            readings = []
            assert one.event["time"] <= NOW.isoformat()
            kinds["rollback"] += one.event["data"].get("kind") == "rollback"
        for reading in readings:
            kinds[reading.type] += 1
            assert reading.time is not None
            assert NOW - timedelta(days=DAYS + 2) < datetime.fromisoformat(reading.time) < NOW
    assert "pipeledger.source.unmapped.v1" not in kinds
    assert 0.03 < red / kinds["pipeledger.tests.finished.v1"] < 0.2
    assert kinds["rollback"] == kinds["pipeledger.incident.opened.v1"] > 5
    assert kinds["pipeledger.failover.finished.v1"] == 1
    assert kinds["pipeledger.change.merged.v1"] == kinds["pipeledger.change.reviewed.v1"] > 200


def test_a_red_commit_is_not_deployed(quarter: list[Webhook | Report | Emitted]) -> None:
    """What is deployed has green tests."""
    red, deployed = set(), set()
    for one in quarter:
        if isinstance(one, Report) and b"<failure" in one.body:
            red.add(one.context["commit"])
        elif isinstance(one, Emitted) and "deployment" in one.event["type"]:
            deployed.add(one.event["data"]["commit"])
    assert red
    assert not red & deployed


def test_its_files_are_what_the_tools_write() -> None:
    """Read by the same intake as everybody's, with the counts that were meant."""
    chance = random.Random(1)  # noqa: S311 - a sample, no secret
    (tests,) = read_report(files.junit(chance, NOW, 2)).readings
    assert (tests.data["tool"], tests.data["outcome"]) == ("pytest", "failure")
    assert (tests.data["counts"]["failure"], tests.data["counts"]["skipped"]) == (2, 3)
    assert "claimed" not in tests.data
    (scan,) = read_report(files.sarif(chance, NOW, "a" * 40, "https://code.example/x")).readings
    assert (scan.data["tool"], scan.data["commit"]) == ("Semgrep OSS", "a" * 40)
    assert scan.time == "2026-04-01T00:00:00Z"


@pytest.mark.long
def test_the_demo_ends_well_and_says_what_it_did(tmp_path: Path) -> None:
    """The command itself, with a server and a client of its own."""
    done = subprocess.run(
        [BIN / "pipeledger-server", "demo", "--exit", "--port", "0"],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    positions = re.search(r"positions 1 to (\d+): every entry checked", said)
    assert positions is not None
    assert int(positions[1]) > 2500
    for pattern in (
        r"\d+  GitHub webhooks, signed",
        r"\d+ tests in JUnit XML, \d+ findings in SARIF",
        r"numbered without gaps",
        r"NOT SOUND: position \d+: part event",
    ):
        assert re.search(pattern, said), pattern
    assert list(tmp_path.iterdir()) == []
