"""What Opsgenie sends and answers becomes the right facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.opsgenie import SENDER
from tests.fixtures import needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

ALERT = {
    "alertId": "a-1", "message": "CPU is high", "alias": "x", "entity": "web-1", "tinyId": "2",
    "createdAt": 1_767_261_600_000, "updatedAt": 1_767_261_660_000_000_110, "priority": "P2",
    "username": "mia@acme.example", "userId": "u",
}  # fmt: skip


def _delivery(action: str, **changes: object) -> dict[str, Any]:
    return {"action": action, "alert": ALERT | changes, "integrationId": "i", "source": {}}


def test_an_alert_fires_and_is_closed() -> None:
    """Milliseconds at first, nanoseconds beside them; a login that is an address is a person."""
    (fired,) = told(_delivery("Create"), "opsgenie")
    (closed,) = told(_delivery("Close", priority=2), "opsgenie")
    assert (fired["type"], fired["time"]) == ("alert.fired", "2026-01-01T10:00:00Z")
    assert (closed["type"], closed["ended_at"]) == ("alert.resolved", "2026-01-01T10:01:00Z")
    assert fired["fingerprint"] == closed["fingerprint"] == "a-1"
    assert (closed["priority"], closed["severity"], closed["target"]) == ("P2", "high", "web-1")
    assert closed["actor"] == {"system": "opsgenie", "email": "mia@acme.example"}
    assert "actor" not in told(_delivery("Close", username="System"), "opsgenie")[0]


@pytest.mark.parametrize("action", ["Acknowledge", "AddNote", "Escalate", "Delete", "AssignOwner"])
def test_what_neither_fires_nor_ends_is_no_fact(action: str) -> None:
    """The delivery is kept as it came."""
    assert told(_delivery(action), "opsgenie") == []


@pytest.mark.parametrize(
    ("action", "what"),
    [("Create", "incident.opened"), ("Close", "incident.resolved"),
     ("reopen", "incident.reopened"), ("Acknowledge", "incident.acknowledged")],
)  # fmt: skip
def test_an_incident_is_told_by_its_actions(action: str, what: str) -> None:
    """Its priority is its severity."""
    incident = {"id": "n-1", "message": "Down", "priority": "P1", "createdAt": 1_767_261_600_000,
                "updatedAt": 1_767_261_660_000, "username": "mia@acme.example"}  # fmt: skip
    value = {"action": action, "incident": incident, "integrationName": "hook"}
    (found,) = told(value, "opsgenie")
    assert (found["type"], found["incident"], found["severity"]) == (what, "n-1", "P1")


def test_an_incident_is_over_when_it_is_resolved_and_not_when_it_is_closed() -> None:
    """It is closed by whoever has written it up, days later."""
    incident = {"id": "n-1", "message": "Down", "updatedAt": 1_767_261_660_000}
    value = {"action": "ResolveIncident", "incident": incident, "integrationName": "hook"}
    restored, resolved = told(value, "opsgenie")
    assert [one["type"] for one in (restored, resolved)] == [
        "incident.restored", "incident.resolved",
    ]  # fmt: skip
    assert restored["restored_at"] == resolved["resolved_at"] == "2026-01-01T10:01:00Z"
    (closed,) = told(value | {"action": "CloseIncident"}, "opsgenie")
    assert (closed["type"], "restored_at" in closed) == ("incident.resolved", False)


def test_incidents_of_the_api_have_begun_and_may_be_over() -> None:
    """With when they impaired, where that is told."""
    one = {"id": "n-1", "tinyId": "1", "message": "Down", "status": "resolved", "priority": "P1",
           "createdAt": "2026-01-01T10:00:00Z", "updatedAt": "2026-01-01T11:00:00Z",
           "impactStartDate": "2026-01-01T09:50:00Z", "impactedServices": []}  # fmt: skip
    opened, resolved = told({"data": [one]}, "opsgenie")
    assert (opened["type"], opened["started_at"]) == ("incident.opened", "2026-01-01T09:50:00Z")
    assert (resolved["type"], resolved["resolved_at"]) == (
        "incident.resolved", "2026-01-01T11:00:00Z",
    )  # fmt: skip
    (alone,) = told({"data": one | {"status": "open"}}, "opsgenie")
    assert alone["type"] == "incident.opened"


def test_opsgenie_shows_the_secret() -> None:
    """In a header of its operator's own."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": "Bearer s3"}, b"", "s3", at)
    assert not SENDER.scheme.holds({"authorization": "GenieKey s3"}, b"", "s3", at)


@needs_fixtures
def test_the_real_alert_says_what_its_row_says() -> None:
    """Id, message, who, and when."""
    row = row_of("opsgenie/webhook.create.json")
    (found,) = told_file("opsgenie/webhook.create.json", "opsgenie")
    assert (found["type"], found["reported_outcome"]) == ("alert.fired", row["action"])
    assert (found["fingerprint"], found["description"]) == (row["alertId"], row["message"])
    assert found["actor"]["email"] == row["username"]
    moment = datetime.fromtimestamp(int(row["createdAt"]) / 1000, UTC)
    assert datetime.fromisoformat(found["time"]) == moment


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for action in ("Create", "Close"):
        check_damaged(json.dumps(_delivery(action)).encode(), 120)
