"""What Datadog sends, answers and is told becomes the right facts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.datadog import SENDER
from intake.registry import read_report
from tests.fixtures import needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

SHA = "c" * 40
DEFAULT = {
    "id": "5", "event_type": "query_alert_monitor", "title": "[P2] [Triggered on {host:a}] CPU",
    "date": "1767261600000", "last_updated": "1767261600000", "org": {"id": "1", "name": "Acme"},
    "body": "see https://app.datadoghq.com/monitors/42?group=x",
}  # fmt: skip
OWN = {
    "alert_id": "42", "alert_cycle_key": "789", "alert_transition": "Triggered", "date": 1767261600,
    "alert_title": "[Triggered] CPU high", "alert_priority": "P1", "alert_scope": "host:a,env:live",
    "event_type": "metric_alert_monitor", "tags": "env:live,service:shop,team:x",
    "link": "https://app.datadoghq.com/event/1?t=s3cr3t", "text_only_msg": "M",
}  # fmt: skip
INCIDENT = {
    "id": "uuid-1", "type": "incidents",
    "attributes": {
        "public_id": 7, "title": "Down", "created": "2026-01-01T10:00:00+00:00",
        "detected": "2026-01-01T09:59:00+00:00", "resolved": "2026-01-01T11:00:00+00:00",
        "customer_impact_start": "2026-01-01T09:50:00+00:00",
        "customer_impact_end": "2026-01-01T10:30:00+00:00",
        "fields": {"severity": {"type": "dropdown", "value": "SEV-2"},
                   "state": {"type": "dropdown", "value": "resolved"},
                   "services": {"type": "autocomplete", "value": ["shop"]}}},
}  # fmt: skip
DEPLOYED = {
    "service": "shop", "env": "live", "version": "1.2", "started_at": 1_767_261_600_000_000_000,
    "finished_at": 1_767_261_660_000_000_000, "team": "web",
    "git": {"commit_sha": SHA, "repository_url": "git@code.example:acme/shop.git"},
}  # fmt: skip


def _one(value: object, name: str = "datadog") -> dict[str, Any]:
    (found,) = told(value, name)
    return found


def test_the_body_of_datadogs_own_says_it_in_its_title() -> None:
    """Transition, group, priority; the monitor stands in a link, the time in milliseconds."""
    found = _one(DEFAULT)
    assert (found["type"], found["rule"], found["target"]) == ("alert.fired", "CPU", "host:a")
    assert (found["fingerprint"], found["priority"], found["severity"]) == (
        "42:host:a", "P2", "high",
    )  # fmt: skip
    assert found["time"] == found["started_at"] == "2026-01-01T10:00:00Z"
    ended = _one(DEFAULT | {"title": "[P2] [Recovered on {host:a}] CPU", "id": "6"})
    assert (ended["type"], ended["fingerprint"]) == ("alert.resolved", "42:host:a")


@pytest.mark.parametrize(
    ("transition", "what"),
    [("Triggered", "alert.fired"), ("Re-Triggered", "alert.fired"), ("No Data", "alert.fired"),
     ("Warn", "alert.fired"), ("Re-No Data", "alert.fired"), ("Renotify", "alert.fired"),
     ("Recovered", "alert.resolved")],
)  # fmt: skip
def test_a_body_of_variables_says_the_transition(transition: str, what: str) -> None:
    """One key links a firing and its end; tags name service and environment."""
    found = _one(OWN | {"alert_transition": transition})
    assert (found["type"], found["fingerprint"]) == (what, "789")
    assert (found["service"], found["service_basis"], found["environment"]) == (
        "shop", "tag", "live",
    )  # fmt: skip
    assert (found["severity"], found["url"]) == ("critical", "https://app.datadoghq.com/event/1")
    assert found["time"] == "2026-01-01T10:00:00Z"


def test_names_of_variables_are_written_in_several_ways() -> None:
    """Operators like capitals and humps."""
    body = {"alertId": 42, "ALERT_TRANSITION": "Recovered", "alertTitle": "CPU", "Date": 1767261600}
    found = _one(body)
    assert (found["type"], found["fingerprint"], found["rule"]) == ("alert.resolved", "42", "CPU")


def test_what_is_no_transition_is_no_fact() -> None:
    """Snapshots, comments, changes of a monitor."""
    assert told(DEFAULT | {"title": "Monitor was edited"}, "datadog") == []
    assert told(OWN | {"alert_transition": "Muted"}, "datadog") == []


def test_incidents_of_the_api_have_a_history() -> None:
    """Noticed, over for customers, resolved; each by its own time."""
    for value in ({"data": INCIDENT}, {"data": [INCIDENT]}):
        opened, restored, resolved = told(value, "datadog-incident")
        assert [one["type"] for one in (opened, restored, resolved)] == [
            "incident.opened", "incident.restored", "incident.resolved",
        ]  # fmt: skip
        assert (opened["incident"], opened["severity"], opened["service"]) == ("7", "SEV-2", "shop")
        assert opened["started_at"] == "2026-01-01T09:50:00+00:00"
        assert restored["restored_at"] == "2026-01-01T10:30:00+00:00"
        assert resolved["time"] == "2026-01-01T11:00:00+00:00"


@pytest.mark.parametrize(
    ("state", "what"),
    [("active", "incident.opened"), ("stable", "incident.restored"),
     ("resolved", "incident.resolved")],
)  # fmt: skip
def test_a_webhook_tells_of_an_incident(state: str, what: str) -> None:
    """By the names of the variables; its commander owns it."""
    value = {
        "incident_public_id": 7,
        "incident_status": state,
        "incident_title": "Down",
        "incident_severity": "SEV-1",
        "incident_commander": "mia@acme.example",
        "incident_url": "https://app.datadoghq.com/incidents/7",
        "date": 1767261600000,
    }
    found = _one(value, "datadog-incident")
    assert (found["type"], found["incident"], found["severity"]) == (what, "7", "SEV-1")
    assert found["owner"] == {"system": "datadog", "email": "mia@acme.example"}


def test_events_of_both_versions_are_a_monitors_or_none() -> None:
    """Version 1 by its title, version 2 by its transition."""
    old = {
        "id": 1,
        "monitor_id": 42,
        "title": "[Triggered on {host:a}] CPU",
        "text": "T",
        "date_happened": 1767261600,
        "alert_type": "error",
        "host": "a",
        "tags": ["env:live"],
    }
    deploy = old | {"title": "shop was deployed"}
    found = _one({"events": [deploy, old]}, "datadog-event")
    assert (found["type"], found["fingerprint"], found["environment"]) == (
        "alert.fired", "42:host:a", "live",
    )  # fmt: skip
    monitor = {"id": 42, "name": "CPU", "priority": 3, "transition": {"trans_name": "Recovered"}}
    new = {
        "id": "AA",
        "type": "event",
        "attributes": {
            "timestamp": "2026-01-01T10:00:00.000Z",
            "tags": ["service:shop"],
            "message": "M",
            "attributes": {"title": "t", "monitor": monitor, "monitor_groups": ["host:a"]},
        },
    }
    found = _one({"data": [new]}, "datadog-event")
    assert (found["type"], found["rule"], found["severity"]) == ("alert.resolved", "CPU", "medium")
    assert (found["fingerprint"], found["service"]) == ("42:host:a", "shop")


def test_what_dora_metrics_are_told_are_deployments_and_failures() -> None:
    """The commit only where it is one."""
    found = _one({"data": {"attributes": DEPLOYED | {"id": "d1"}}}, "datadog-dora")
    assert (found["type"], found["outcome"], found["duration_s"]) == (
        "deployment.finished", "success", 60.0,
    )  # fmt: skip
    assert (found["environment"], found["commit"]) == ("live", SHA)
    assert found["repository"] == "https://code.example/acme/shop"
    bare = _one({"data": {"attributes": DEPLOYED}}, "datadog-dora")
    assert (
        bare["deployment"] == _one({"data": {"attributes": DEPLOYED}}, "datadog-dora")["deployment"]
    )
    assert told({"data": {"id": "x", "type": "dora_deployment"}}, "datadog-dora") == []
    failed = {"name": "Down", "services": ["a", "b"], "started_at": DEPLOYED["started_at"]}
    opened = _one({"data": {"attributes": failed, "id": "i1"}}, "datadog-dora")
    assert (opened["type"], opened["incident"], opened["services"]) == (
        "incident.opened", "i1", ["a", "b"],
    )  # fmt: skip


@pytest.mark.parametrize("per_second", [1, 1_000, 1_000_000_000])
def test_dora_times_are_in_whichever_unit_datadog_takes(per_second: int) -> None:
    """Seconds are not read as nanoseconds, two seconds after 1970 began."""
    times = {"started_at": 1767261600 * per_second, "finished_at": 1767261660 * per_second}
    body = json.dumps({"data": {"attributes": DEPLOYED | times}}).encode()
    (found,) = read_report(body).readings
    assert (found.time, found.data["started_at"], found.data["duration_s"]) == (
        "2026-01-01T10:01:00Z", "2026-01-01T10:00:00Z", 60.0,
    )  # fmt: skip


AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("rollback", {"rolls_back": "bad"}),
        ("rollforward", {"remediates": ["bad"]}),
        ("other", None),
    ],
)
def test_what_put_a_deployment_right_says_so(kind: str, said: dict[str, Any] | None) -> None:
    """The other one took it back, or mended it."""
    patch = {"change_failure": True, "remediation": {"id": "good", "type": kind}}
    body = {"data": {"id": "bad", "type": "dora_deployment_patch_request", "attributes": patch}}
    found = told(json.dumps(body).encode(), "datadog-dora")
    assert found[0]["deployment"] == "bad"
    names = ("deployment", "rolls_back", "remediates")
    rest = [{one: row[one] for one in names if row.get(one)} for row in found[1:]]
    assert rest == ([{"deployment": "good"} | said] if said else [])


@pytest.mark.parametrize(
    ("header", "holds"),
    [("Bearer s3", True), ("Bearer s4", False), ("", False),
     ("Basic " + base64.b64encode(b"dd:s3").decode(), True)],
)  # fmt: skip
def test_datadog_shows_the_secret(header: str, *, holds: bool) -> None:
    """In a header of its operator's own; it signs nothing."""
    assert SENDER.scheme.holds({"authorization": header}, b"{}", "s3", AT) is holds


@needs_fixtures
def test_the_real_alert_says_what_its_row_says() -> None:
    """A test notification of a monitor."""
    row = row_of("datadog/monitor-webhook.triggered.json")
    (found,) = told_file("datadog/monitor-webhook.triggered.json", "datadog")
    assert (found["type"], found["kind_told"], found["fingerprint"]) == (
        "alert.fired", row["event_type"], "18692904",
    )  # fmt: skip
    assert row["title"].endswith(found["rule"])
    moment = datetime.fromtimestamp(int(row["date"]) / 1000, UTC)
    assert found["time"] == moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@needs_fixtures
def test_real_dora_events_say_what_their_rows_say() -> None:
    """The deployment, the failure, and that the one was rolled back by another."""
    path = "datadog/dora-deployment.request.json"
    row, (found,) = row_of(path), told_file(path, "datadog-dora", environment="production")
    assert (found["service"], found["release"], found["commit"], found["repository"]) == (
        row["service"], row["version"], row["commit"], row["repo"],
    )  # fmt: skip
    assert (found["deployment"], found["duration_s"]) == (row["id"], 3600.0)
    path = "datadog/dora-failure.request.json"
    row, (opened, resolved) = row_of(path), told_file(path, "datadog-dora")
    assert [opened["service"]] == json.loads(row["services"])
    assert (opened["title"], opened["severity"], opened["commit"], opened["team"]) == (
        row["name"], row["severity"], row["commit"], row["team"],
    )  # fmt: skip
    assert (opened["time"], resolved["time"]) == (
        "2024-02-13T16:49:04.500000Z", "2024-02-13T16:49:04.600000Z",
    )  # fmt: skip
    path = "datadog/dora-deployment-patch.rollback.json"
    row, (bad, back) = row_of(path), told_file(path, "datadog-dora")
    assert row["change_failure"] == "true"
    assert (bad["type"], bad["impact"]) == ("deployment.assessed", True)
    assert (back["deployment"], back["rolls_back"]) == (
        json.loads(row["remediation"])["id"], bad["deployment"],
    )  # fmt: skip


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    failed = {"name": "Down", "services": ["a"], "started_at": 1_767_261_600_000_000_000}
    for value in (DEFAULT, OWN, {"data": INCIDENT}, {"data": {"attributes": failed, "id": "i"}}):
        check_damaged(json.dumps(value).encode(), 120)
