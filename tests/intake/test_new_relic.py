"""What New Relic sends, and the changes it tracks, become the right facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.new_relic import SENDER
from tests.fixtures import needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

ISSUE = {
    "id": "i-1", "issueUrl": "https://radar-api.service.newrelic.com/accounts/1/issues/i-1?x=1",
    "title": "CPU is high", "priority": "CRITICAL", "impactedEntities": ["shop"],
    "state": "ACTIVATED", "trigger": "STATE_CHANGE", "isCorrelated": "false",
    "createdAt": 1_767_261_600_000, "updatedAt": 1_767_261_660_000, "totalIncidents": 1,
    "alertConditionNames": ["High CPU"], "workflowName": "w",
}  # fmt: skip
OLD = {
    "incident_id": 12, "current_state": "open", "condition_name": "Down", "policy_name": "P",
    "timestamp": 1_767_261_600_000, "details": "D", "severity": "CRITICAL", "owner": "Mia",
    "incident_url": "https://alerts.newrelic.com/accounts/1/incidents/12", "targets": [],
}  # fmt: skip


def _issue(**changes: object) -> dict[str, Any]:
    (found,) = told(ISSUE | changes, "new-relic")
    return found


@pytest.mark.parametrize(
    ("state", "trigger", "what", "time"),
    [("CREATED", "STATE_CHANGE", "incident.opened", "2026-01-01T10:00:00Z"),
     ("ACTIVATED", "STATE_CHANGE", "incident.opened", "2026-01-01T10:00:00Z"),
     ("ACTIVATED", "PRIORITY_CHANGED", "incident.assessed", "2026-01-01T10:01:00Z"),
     ("ACTIVATED", "USER_ACTION", "incident.acknowledged", "2026-01-01T10:01:00Z"),
     ("ACKNOWLEDGED", "ACKNOWLEDGED", "incident.acknowledged", "2026-01-01T10:01:00Z"),
     ("CLOSED", "INCIDENT_CLOSED", "incident.resolved", "2026-01-01T10:01:00Z")],
)  # fmt: skip
def test_an_issue_is_an_incident_with_a_life(
    state: str, trigger: str, what: str, time: str
) -> None:
    """It begins when it was made; everything else happened when it was last changed."""
    found = _issue(state=state, trigger=trigger)
    assert (found["type"], found["time"], found["incident"]) == (what, time, "i-1")
    assert (found["severity"], found["target"], found["rule"]) == ("CRITICAL", "shop", "High CPU")
    assert found["started_at"] == "2026-01-01T10:00:00Z"
    assert found["url"].endswith("/issues/i-1")
    assert found["source"] == "https://radar-api.service.newrelic.com"


def test_other_states_are_no_facts_and_missing_fields_are_absent() -> None:
    """Templates are changed by their operators."""
    assert told(ISSUE | {"state": "MUTED"}, "new-relic") == []
    found = _issue(impactedEntities=["a", "b"], createdAt=None, updatedAt="soon", trigger=None)
    assert (found["targets"], found["time"]) == (["a", "b"], None)
    assert "target" not in found


def test_an_issue_whose_end_has_no_time_did_not_end_when_it_began() -> None:
    """Then it is over when it is told of."""
    found = _issue(state="CLOSED", trigger="INCIDENT_CLOSED", updatedAt=None)
    assert (found["type"], found["time"]) == ("incident.resolved", None)
    assert "resolved_at" not in found
    assert found["started_at"] == "2026-01-01T10:00:00Z"


def test_a_template_of_an_operator_may_say_little() -> None:
    """Id, state and address are enough; the id may be a number."""
    little = {
        "id": 1234,
        "state": "acknowledged",
        "owner": "Alice",
        "condition_name": "Down",
        "issueUrl": "https://alerts.newrelic.com/i/1",
        "createdAt": 1_767_261_600_000,
    }
    (found,) = told(little, "new-relic")
    assert (found["type"], found["incident"], found["rule"], found["time"]) == (
        "incident.acknowledged", "1234", "Down", "2026-01-01T10:00:00Z",
    )  # fmt: skip
    assert found["acknowledged_by"] == {"system": "newrelic", "login": "Alice"}


@pytest.mark.parametrize(
    ("state", "what"),
    [("open", "incident.opened"), ("acknowledged", "incident.acknowledged"),
     ("closed", "incident.resolved")],
)  # fmt: skip
def test_incidents_of_before_workflows_are_read(state: str, what: str) -> None:
    """Whoever acknowledged it is its owner."""
    (found,) = told(OLD | {"current_state": state}, "new-relic")
    assert (found["type"], found["incident"], found["rule"]) == (what, "12", "Down")
    assert found["time"] == "2026-01-01T10:00:00Z"
    if state == "acknowledged":
        assert found["acknowledged_by"] == {"system": "newrelic", "login": "Mia"}


def test_a_workflow_in_the_place_of_a_channel_names_one_target_and_nobody() -> None:
    """The body of the channel's that it keeps differs in these."""
    body = OLD | {"owner": "N/A", "targets": {"id": "g", "name": "shop", "type": "HOST"}}
    (found,) = told(body | {"current_state": "acknowledged"}, "new-relic")
    assert (found["type"], found["target"]) == ("incident.acknowledged", "shop")
    assert not {"owner", "acknowledged_by"} & found.keys()


def test_a_marker_says_when_a_deployment_began() -> None:
    """By NerdGraph or the older API; whoever sends it names the environment."""
    sha = "a" * 40
    one = {
        "deploymentId": "d1",
        "entityGuid": "G",
        "version": "1.2",
        "commit": sha,
        "user": "mia",
        "deploymentType": "ROLLING",
        "timestamp": 1_767_261_600_000,
        "changelog": "c",
    }
    made = {"data": {"changeTrackingCreateDeployment": one}}
    searched = {
        "data": {"actor": {"entity": {"name": "shop", "deploymentSearch": {"results": [one]}}}}
    }
    for value in (made, searched):
        (found,) = told(value, "new-relic-change", service="shop", environment="live")
        assert (found["type"], found["deployment"], found["service"]) == (
            "deployment.started", "d1", "shop",
        )  # fmt: skip
        assert (found["commit"], found["release"], found["strategy"]) == (sha, "1.2", "rolling")
        assert found["time"] == "2026-01-01T10:00:00Z"
    event = {
        "changeTrackingId": "d1",
        "category": "Deployment",
        "type": "Rolling",
        "commit": sha,
        "entity": {"name": "shop"},
        "timestamp": 1_767_261_600_000,
        "version": "1.2",
    }
    newer = {"data": {"changeTrackingCreateEvent": {"changeTrackingEvent": event}}}
    (found,) = told(newer, "new-relic-change", environment="live")
    assert (found["deployment"], found["service"], found["strategy"]) == ("d1", "shop", "rolling")
    event["category"] = "Operational"
    assert told(newer, "new-relic-change") == []
    old = {"deployment": {"id": 3, "revision": sha, "timestamp": "2026-01-01T10:00:00Z"}}
    (found,) = told(old, "new-relic-change", service="shop", environment="live")
    assert (found["deployment"], found["commit"]) == ("3", sha)


def test_new_relic_shows_the_secret() -> None:
    """It signs nothing."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": "Bearer s3"}, b"", "s3", at)
    assert not SENDER.scheme.holds({"authorization": "Bearer s"}, b"", "s3", at)


@needs_fixtures
@pytest.mark.parametrize(
    ("name", "what", "when"),
    [("issue-webhook.activated.json", "incident.opened", "createdAt"),
     ("issue-webhook.closed.json", "incident.resolved", "updatedAt")],
)  # fmt: skip
def test_real_issues_say_what_their_rows_say(name: str, what: str, when: str) -> None:
    """State, priority, title, entity, times in milliseconds."""
    row, (found,) = row_of(f"new-relic/{name}"), told_file(f"new-relic/{name}", "new-relic")
    assert (found["type"], found["incident"], found["title"]) == (what, row["id"], row["title"])
    assert (found["severity"], [found["target"]]) == (
        row["priority"], json.loads(row["impactedEntities"]),
    )  # fmt: skip
    moment = datetime.fromtimestamp(int(row[when]) / 1000, UTC)
    assert datetime.fromisoformat(found["time"]) == moment


@needs_fixtures
def test_the_real_old_incident_says_what_its_row_says() -> None:
    """A test notification."""
    row = row_of("new-relic/legacy-incident.open.json")
    (found,) = told_file("new-relic/legacy-incident.open.json", "new-relic")
    assert (found["type"], found["incident"]) == ("incident.opened", row["incident_id"])
    assert (found["severity"], found["rule"], found["description"]) == (
        row["severity"], row["condition_name"], row["details"],
    )  # fmt: skip
    assert found["time"] == "2020-09-25T11:23:27.849000Z"


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for value in (ISSUE, OLD):
        check_damaged(json.dumps(value).encode(), 120)
