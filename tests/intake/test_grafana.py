"""What Grafana sends, and what it noted down, becomes the right facts."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake.grafana import SENDER
from tests.fixtures import needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

ALERT = {
    "status": "firing", "fingerprint": "f1", "startsAt": "2026-01-01T10:00:00+01:00",
    "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "https://g.example/alerting/1?orgId=1",
    "labels": {"alertname": "High", "severity": "critical", "grafana_folder": "shop",
               "instance": "a:9100", "env": "live"},
    "annotations": {"summary": "S"}, "values": {"A": 1.5}, "silenceURL": "https://g.example/s",
}  # fmt: skip
GROUP = {
    "receiver": "ops", "status": "firing", "orgId": 1, "version": "1", "groupKey": "{}",
    "externalURL": "https://g.example/", "truncatedAlerts": 2, "alerts": [ALERT],
    "title": "[FIRING:1]", "state": "alerting", "message": "M",
}  # fmt: skip
OLD = {
    "ruleId": 7, "ruleName": "CPU", "state": "alerting", "title": "[Alerting] CPU", "orgId": 3,
    "ruleUrl": "https://g.example/d/x?orgId=1", "message": "M", "evalMatches": [],
}  # fmt: skip
NOTE = {
    "id": 5, "alertId": 9, "alertName": "CPU", "newState": "Alerting", "prevState": "Pending",
    "time": 1_767_261_600_123, "timeEnd": 1_767_261_600_123, "tags": [],
    "text": "CPU {alertname=CPU, host=a} - A=1",
}  # fmt: skip


def _group(**changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    return told(GROUP | changes, "grafana")


def test_each_alert_of_a_group_is_told_by_its_own_status() -> None:
    """The group fires while one does; times are those of the alert."""
    ended = ALERT | {"status": "resolved", "fingerprint": "f2", "endsAt": "2026-01-01T09:30:00Z"}
    first, second = _group(alerts=[ended, ALERT])
    assert [(one["type"], one["fingerprint"], one["time"]) for one in (first, second)] == [
        ("alert.fired", "f1", "2026-01-01T10:00:00+01:00"),
        ("alert.resolved", "f2", "2026-01-01T09:30:00Z"),
    ]
    assert (first["rule"], first["severity"], first["environment"]) == ("High", "critical", "live")
    assert (first["target"], first["omitted"], first["tool"]) == ("a:9100", 2, "Grafana")
    assert (first["source"], first["url"]) == ("https://g.example/", "https://g.example/alerting/1")
    assert _group(alerts=[{"status": "firing"}]) == []


@pytest.mark.parametrize(
    ("state", "what"),
    [("alerting", "alert.fired"), ("no_data", "alert.fired"), ("ok", "alert.resolved")],
)
def test_an_old_rule_changes_its_state(state: str, what: str) -> None:
    """It is named by organisation and number, and has no time."""
    (found,) = told(OLD | {"state": state}, "grafana")
    assert (found["type"], found["fingerprint"], found["time"]) == (what, "3.7", None)
    assert (found["rule"], found["url"]) == ("CPU", "https://g.example/d/x")
    assert "target" not in found


@pytest.mark.parametrize("state", ["paused", "pending", "unknown"])
def test_other_states_are_no_alerts(state: str) -> None:
    """Nobody is told that something fires."""
    assert told(OLD | {"state": state}, "grafana") == []


def test_an_old_rule_that_is_true_of_one_series_names_its_instance() -> None:
    """Of several none is the target."""
    one = {"metric": "m", "value": 1, "tags": {"instance": "a"}}
    assert told(OLD | {"evalMatches": [one]}, "grafana")[0]["target"] == "a"
    assert "target" not in told(OLD | {"evalMatches": [one, one]}, "grafana")[0]


def test_annotations_of_alerting_are_a_history() -> None:
    """What people noted is none; an end is one only of what fired."""
    ended = NOTE | {"newState": "Normal (NoData)", "prevState": "Alerting",
                    "time": 1_767_261_660_000, "text": "CPU {alertname=CPU, host=a}"}  # fmt: skip
    people = {"id": 1, "time": 1, "timeEnd": 1, "text": "deployed", "tags": ["deploy"]}
    quiet = NOTE | {"newState": "Normal", "prevState": "Pending"}
    first, second = told([people, ended, quiet, NOTE], "grafana-annotations")
    assert (first["type"], second["type"]) == ("alert.fired", "alert.resolved")
    assert first["fingerprint"] == second["fingerprint"]
    assert (first["time"], second["ended_at"]) == (
        "2026-01-01T10:00:00.123000Z", "2026-01-01T10:01:00Z",
    )  # fmt: skip
    assert "ended_at" not in first
    other = told([NOTE | {"text": "CPU {alertname=CPU, host=b}"}], "grafana-annotations")
    assert other[0]["fingerprint"] != first["fingerprint"]


def test_a_rule_that_keeps_firing_for_a_while_ends_when_it_is_normal() -> None:
    """Grafana calls it recovering in between; that is neither an end nor another firing."""
    recovering = NOTE | {"newState": "Recovering", "prevState": "Alerting"}
    ended = NOTE | {"newState": "Normal", "prevState": "Recovering", "time": 1_767_261_660_000}
    found = told([ended, recovering, NOTE], "grafana-annotations")
    assert [one["type"] for one in found] == ["alert.fired", "alert.resolved"]
    assert found[1]["ended_at"] == "2026-01-01T10:01:00Z"


AT = datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
BODY = json.dumps(GROUP).encode()


def _signed(body: bytes) -> str:
    return hmac.new(b"s3", body, "sha256").hexdigest()


@pytest.mark.parametrize(
    ("headers", "holds"),
    [
        ({"x-grafana-alerting-signature": _signed(BODY)}, True),
        ({"x-grafana-alerting-signature": _signed(BODY + b" ")}, False),
        ({"authorization": "Bearer s3"}, True),
        ({"authorization": "Bearer s4"}, False),
        ({}, False),
    ],
)
def test_grafana_signs_the_body_or_shows_the_secret(
    headers: dict[str, str], *, holds: bool
) -> None:
    """As its contact point is set up."""
    assert SENDER.scheme.holds(headers, BODY, "s3", AT) is holds


@pytest.mark.parametrize(("late", "holds"), [(0, True), (299, True), (301, False), (-301, False)])
def test_a_time_that_was_signed_must_be_near(late: int, *, holds: bool) -> None:
    """Time, colon and body are signed together; an older delivery may be a replay."""
    stamp = str(int((AT - timedelta(seconds=late)).timestamp()))
    headers = {
        "x-grafana-alerting-signature": _signed(f"{stamp}:".encode() + BODY),
        "x-grafana-alerting-signature-timestamp": stamp,
    }
    assert SENDER.scheme.holds(headers, BODY, "s3", AT) is holds
    later = {**headers, "x-grafana-alerting-signature-timestamp": str(int(AT.timestamp()) + 1)}
    assert not SENDER.scheme.holds(later, BODY, "s3", AT)


@needs_fixtures
def test_real_groups_say_what_their_row_says() -> None:
    """Rule, status, fingerprint and times of the first alert; how many there are."""
    for name in ("unified-alerting.resolved.json", "unified-alerting.firing-and-resolved.json"):
        row, found = row_of(f"grafana/{name}"), told_file(f"grafana/{name}", "grafana")
        assert len(found) == int(row["alerts"])
        first = next(one for one in found if one["fingerprint"] == row["fingerprint0"])
        assert (first["rule"], first["receiver"], first["type"]) == (
            row["alert0"], row["receiver"], f"alert.{row['alert0_status']}",
        )  # fmt: skip
        assert (first["started_at"], first["time"]) == (row["startsAt0"], row["endsAt0"])
    assert [one["type"] for one in found] == ["alert.fired", "alert.resolved", "alert.resolved"]


@needs_fixtures
def test_the_real_old_alert_says_what_its_row_says() -> None:
    """State, rule, and no time."""
    row = row_of("grafana/legacy.alerting.json")
    (found,) = told_file("grafana/legacy.alerting.json", "grafana")
    assert (found["type"], found["reported_outcome"]) == ("alert.fired", row["state"])
    assert (found["rule"], found["fingerprint"]) == (row["ruleName"], f"1.{row['ruleId']}")
    assert (found["description"], found["time"]) == (row["message"], None)
    assert found["url"] == row["ruleUrl"].partition("?")[0]


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for value in (GROUP, OLD, [NOTE, NOTE | {"newState": "ok", "prevState": "no_data"}]):
        check_damaged(json.dumps(value).encode(), 150)
