"""What Alertmanager sends becomes the right facts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.alertmanager import SENDER
from intake.labelled import fingerprint_of
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

NEVER = "0001-01-01T00:00:00Z"
PLANTED = "s3cr3t-value"
ALERT = {
    "status": "firing", "fingerprint": "1a30ba71cca2921f",
    "startsAt": "2026-01-01T10:00:00.123456789Z",
    "endsAt": NEVER, "labels": {"alertname": "ProbeFailure", "severity": "critical",
                                "instance": "https://shop.example", "password": PLANTED},
    "annotations": {"summary": "S", "description": "D"},
    "generatorURL": f"http://mia:{PLANTED}@prom.example:9090/graph?g0.expr=up&token={PLANTED}",
}  # fmt: skip
GROUP = {
    "version": "4", "groupKey": "{}:{}", "receiver": "ops", "status": "firing",
    "truncatedAlerts": 0, "externalURL": "http://alerts.example:9093", "groupLabels": {},
    "commonLabels": {}, "commonAnnotations": {}, "alerts": [ALERT],
}  # fmt: skip
Fact = tuple[str, dict[str, Any]]


def _readings(*alerts: object, **changes: object) -> list[Fact]:
    body = GROUP | {"alerts": list(alerts)} | changes
    report = read_report(json.dumps(body).encode())
    assert report.format.name == "alertmanager"
    for reading in report.readings:
        through_door(reading)
        assert reading.source == "http://alerts.example:9093"
        assert PLANTED not in repr(reading)
    return [
        (one.type.removeprefix("pipeledger.").removesuffix(".v1"), one.data | {"time": one.time})
        for one in report.readings
    ]


def test_an_alert_fires_when_it_began() -> None:
    """It is told by what Alertmanager calls it; of the rule's address the query is left out."""
    ((what, data),) = _readings(ALERT)
    assert (what, data["fingerprint"], data["rule"]) == (
        "alert.fired", "1a30ba71cca2921f", "ProbeFailure",
    )  # fmt: skip
    assert data["time"] == data["started_at"] == "2026-01-01T10:00:00.123456789Z"
    assert (data["severity"], data["priority"]) == ("critical", "critical")
    assert (data["target"], data["description"]) == ("https://shop.example", "D")
    assert data["url"] == "http://prom.example:9090/graph"
    assert not {"ended_at", "omitted", "service", "environment", "actor"} & data.keys()


def test_each_alert_has_a_status_of_its_own() -> None:
    """The group says firing while one of them fires; they are told in the order of their times."""
    ended = ALERT | {"status": "resolved", "endsAt": "2026-01-01T11:00:00Z", "fingerprint": "f2"}
    later = ALERT | {"startsAt": "2026-01-01T12:00:00+01:00", "fingerprint": "f3"}
    for status in ("firing", "resolved"):
        found = _readings(ended, later, ALERT, status=status)
        assert [(what, data["fingerprint"]) for what, data in found] == [
            ("alert.fired", "1a30ba71cca2921f"), ("alert.resolved", "f2"), ("alert.fired", "f3"),
        ]  # fmt: skip
    ((_, data),) = _readings(ended)
    assert data["time"] == data["ended_at"] == "2026-01-01T11:00:00Z"
    assert data["started_at"] == "2026-01-01T10:00:00.123456789Z"


def test_nothing_ended_in_the_year_1() -> None:
    """That is an instant which is not set: the alert ended, and when is not told."""
    ((what, data),) = _readings(ALERT | {"status": "resolved", "endsAt": NEVER})
    assert (what, data["time"]) == ("alert.resolved", None)
    assert "ended_at" not in data
    ((what, data),) = _readings(ALERT | {"startsAt": NEVER})
    assert (what, data["time"], "started_at" in data) == ("alert.fired", None, False)


@pytest.mark.parametrize(
    ("labels", "made"),
    [
        ({"name": "garland, briggs", "fear": "love is not enough"}, f"{5799056148416392346:016x}"),
        ({"severity": "critical", "host": "andromeda", "alertname": "High CPU Temperature"},
         "a1bc48475b20e73d"),
    ],
)  # fmt: skip
def test_an_alert_without_a_fingerprint_gets_the_one_of_its_labels(
    labels: dict[str, str], made: str
) -> None:
    """Old versions sent none; the others make it so, and the alert stays the same one."""
    assert fingerprint_of(labels) == made
    ((_, data),) = _readings(ALERT | {"labels": labels, "fingerprint": None})
    assert data["fingerprint"] == made
    assert _readings(ALERT | {"labels": {}, "fingerprint": None}) == []


def test_labels_may_name_service_and_environment() -> None:
    """Rules set them; that the service is a label's is said."""
    labels = {"alertname": "A", "service": "shop", "env": "live", "severity": "page"}
    ((_, data),) = _readings(ALERT | {"labels": labels})
    assert (data["service"], data["service_basis"], data["environment"]) == (
        "shop", "label", "live",
    )  # fmt: skip
    assert (data["severity"], data["priority"]) == ("unknown", "page")


def test_alerts_that_were_left_out_are_counted() -> None:
    """Where a limit on their number is set."""
    ((_, data),) = _readings(ALERT, truncatedAlerts=3)
    assert data["omitted"] == 3


def test_an_alert_in_no_known_state_is_no_fact() -> None:
    """And neither is a group without alerts."""
    assert _readings(ALERT | {"status": "pending"}) == []
    assert _readings() == []


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ("Bearer shared-secret", True),
        ("Basic " + base64.b64encode(b"anybody:shared-secret").decode(), True),
        ("Bearer another-secret", False),
        ("Basic " + base64.b64encode(b"shared-secret:").decode(), False),
        ("shared-secret", False),
        ("", False),
    ],
)
def test_alertmanager_proves_itself_as_http_clients_do(header: str, *, holds: bool) -> None:
    """By a token or a password."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    told = {"authorization": header} if header else {}
    assert SENDER.scheme.holds(told, b"{}", "shared-secret", at) is holds


ROWS = {
    name.removeprefix("alertmanager/"): dict(part.partition("=")[::2] for part in row.split("; "))
    for name, row in facts("SOURCES-platforms.tsv").items()
    if name.startswith("alertmanager/")
}
TYPES = {"firing": "alert.fired", "resolved": "alert.resolved"}


@needs_fixtures
@pytest.mark.parametrize(
    ("name", "number"),
    [("webhook-v4.firing.json", 1), ("webhook-v4.firing-two-alerts.json", 2),
     ("webhook-v4.resolved.json", 1)],
)  # fmt: skip
def test_real_groups_say_what_their_row_says(name: str, number: int) -> None:
    """Status, rule, severity, fingerprint, times."""
    assert len(ROWS) == 3
    told = ROWS[name]
    readings = read_report((FOLDER / "alertmanager" / name).read_bytes()).readings
    assert len(readings) == number
    for reading in readings:
        through_door(reading)
        assert reading.type == f"pipeledger.{TYPES[told['status']]}.v1"
        assert reading.source == told.get("externalURL", reading.source)
        assert reading.time == (told["startsAt"] if told["status"] == "firing" else None)
        assert "ended_at" not in reading.data
    data = readings[0].data
    assert (data["rule"], data["severity"], data["started_at"], data["receiver"]) == (
        told["alertname"], told["severity"], told["startsAt"], told["receiver"],
    )  # fmt: skip
    assert data["fingerprint"] == told.get("fingerprint", data["fingerprint"])


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    ended = ALERT | {"status": "resolved", "endsAt": "2026-01-01T11:00:00Z", "fingerprint": None}
    check_damaged(json.dumps(GROUP | {"alerts": [ALERT, ended]}).encode(), 400)
