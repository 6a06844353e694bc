"""Alerts of Kibana and Elastic Security, and watches, become the right facts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.elastic import SENDER
from tests.fixtures import needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

FLAT: dict[str, Any] = {
    "@timestamp": "2026-01-01T10:05:00.000Z", "kibana.alert.rule.name": "CPU",
    "kibana.alert.rule.uuid": "r", "kibana.alert.uuid": "u", "kibana.alert.status": "active",
    "kibana.alert.start": "2026-01-01T10:00:00.000Z", "kibana.alert.rule.consumer": "alerts",
    "kibana.alert.instance.id": "host-a", "kibana.alert.reason": "R", "kibana.version": "8.12.0",
    "kibana.alert.rule.rule_type_id": "metrics.alert.threshold", "service.name": "shop",
}  # fmt: skip
NESTED = {
    "@timestamp": "2026-01-01T10:05:00.000Z", "host": {"name": "a"}, "user": {"name": "mia"},
    "kibana": {"version": "8.12.0", "alert": {
        "uuid": "u", "status": "active", "severity": "high",
        "rule": {"name": "Odd login", "uuid": "r", "consumer": "siem"}}},
}  # fmt: skip
BODY = {
    "rule": {"id": "r", "name": "CPU", "type": ".es-query", "url": "https://k.example/x?y=1"},
    "alert": {"id": "host-a", "uuid": "u", "actionGroup": "query matched"},
    "date": "2026-01-01T10:00:00.000Z", "context": {"message": "M"},
}  # fmt: skip


def _one(value: object, name: str = "elastic") -> dict[str, Any]:
    (found,) = told(value, name)
    return found


def test_what_a_rule_noticed_is_an_alert() -> None:
    """Its id lasts from its firing to its recovery."""
    found = _one(FLAT)
    assert (found["type"], found["fingerprint"], found["rule"]) == ("alert.fired", "u", "CPU")
    assert (found["target"], found["service"]) == ("host-a", "shop")
    assert (found["time"], found["started_at"]) == (
        "2026-01-01T10:05:00.000Z", "2026-01-01T10:00:00.000Z",
    )  # fmt: skip
    over = FLAT | {"kibana.alert.status": "recovered",
                   "kibana.alert.end": "2026-01-01T10:05:00.000Z"}  # fmt: skip
    ended = _one(over)
    assert (ended["type"], ended["fingerprint"]) == ("alert.resolved", "u")
    assert ended["ended_at"] == "2026-01-01T10:05:00.000Z"


def test_what_security_detected_is_a_threat() -> None:
    """However its fields are written, and wherever they were found."""
    hits = {"hits": {"total": 1, "hits": [{"_index": "i", "_source": NESTED}]}}
    for value in (NESTED, [NESTED], hits):
        found = _one(value)
        assert (found["type"], found["rule"], found["severity"], found["target"]) == (
            "threat.detected", "Odd login", "high", "a",
        )  # fmt: skip
        assert found["actor"] == {"system": "elastic", "login": "mia"}


def test_detections_of_before_version_8_are_threats() -> None:
    """They lie in `signal`."""
    signal = {"@timestamp": "2026-01-01T10:00:00.000Z", "host": {"name": "a"}, "signal": {
        "status": "open", "original_time": "2026-01-01T09:59:00.000Z",
        "rule": {"id": "r", "name": "Odd login", "severity": "low"}}}  # fmt: skip
    found = _one(signal)
    assert (found["type"], found["rule"], found["severity"], found["target"]) == (
        "threat.detected", "Odd login", "low", "a",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("group", "what"),
    [("query matched", "alert.fired"), ("recovered", "alert.resolved"),
     ("Tracked entity contained", "alert.fired"), ("notGeoContained", "alert.resolved")],
)  # fmt: skip
def test_a_webhook_says_what_became_of_an_alert(group: str, what: str) -> None:
    """By the documented body."""
    found = _one(BODY | {"alert": {"id": "host-a", "uuid": "u", "actionGroup": group}},
                 "elastic-webhook")  # fmt: skip
    assert (found["type"], found["fingerprint"], found["rule"]) == (what, "u", "CPU")
    assert (found["url"], found["time"]) == ("https://k.example/x", "2026-01-01T10:00:00.000Z")


def test_a_watch_fires_where_its_condition_was_met() -> None:
    """Otherwise its record is no fact."""
    watch = {"watch_id": "w", "state": "executed", "trigger_event": {}, "result": {
        "execution_time": "2026-01-01T10:00:00.000Z", "condition": {"met": True}}}  # fmt: skip
    found = _one(watch, "elastic-webhook")
    assert (found["type"], found["rule"], found["tool"]) == ("alert.fired", "w", "Watcher")
    quiet = watch | {"result": {"condition": {"met": False}}}
    assert told(quiet, "elastic-webhook") == []


@pytest.mark.parametrize(
    ("header", "holds"),
    [("Basic " + base64.b64encode(b"k:s3").decode(), True), ("Bearer s3", True),
     ("ApiKey s3", True), ("ApiKey s4", False), ("", False)],
)  # fmt: skip
def test_kibana_shows_the_secret(header: str, *, holds: bool) -> None:
    """As its webhook connector is set up."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": header}, b"", "s3", at) is holds


@needs_fixtures
def test_the_real_alert_says_what_its_row_says() -> None:
    """Rule, version and time of a detection."""
    row = row_of("elastic/security-alert.ecs.json")
    (found,) = told_file("elastic/security-alert.ecs.json", "elastic")
    assert (found["type"], found["time"], found["rule"], found["tool_version"]) == (
        "threat.detected", row["ts"], row["rule"], row["kibana"],
    )  # fmt: skip
    assert (found["severity"], found["target"]) == ("high", "My-PC")


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for value in (FLAT, NESTED, BODY):
        check_damaged(json.dumps(value).encode(), 120)
