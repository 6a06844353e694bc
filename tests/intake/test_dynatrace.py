"""Problems of Dynatrace, and deployments it is told of, become the right facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.dynatrace import SENDER
from tests.fixtures import needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

DETAILS = {"id": "p-1_V2", "startTime": 1_767_261_600_000, "endTime": -1, "status": "OPEN",
           "severityLevel": "AVAILABILITY"}  # fmt: skip
NOTICE = {
    "State": "OPEN", "ProblemTitle": "Outage", "PID": "p-1_V2", "ProblemID": "P-7",
    "ProblemURL": "https://abc.live.dynatrace.com/#problems/problemdetails;pid=p-1_V2",
    "ImpactedEntities": [{"type": "SERVICE", "name": "shop", "entity": "S"}],
    "ProblemDetails": DETAILS, "ProblemDetailsText": "T", "Tags": "env:live",
}  # fmt: skip
PROBLEM = {
    "problemId": "p-1_V2", "displayId": "P-7", "title": "Outage", "status": "CLOSED",
    "severityLevel": "ERROR", "impactLevel": "SERVICES", "startTime": 1_767_261_600_000,
    "endTime": 1_767_261_660_000, "affectedEntities": [{"entityId": {"id": "S"}, "name": "shop"}],
}  # fmt: skip


def _one(value: object, name: str = "dynatrace") -> dict[str, Any]:
    (found,) = told(value, name)
    return found


def test_a_problem_fires_and_is_resolved() -> None:
    """It is the same one in the webhook and in the API; -1 is no end."""
    found = _one(NOTICE)
    assert (found["type"], found["fingerprint"], found["rule"]) == (
        "alert.fired", "p-1_V2", "Outage",
    )  # fmt: skip
    assert (found["priority"], found["target"], found["time"]) == (
        "AVAILABILITY", "shop", "2026-01-01T10:00:00Z",
    )  # fmt: skip
    assert found["source"] == "https://abc.live.dynatrace.com"
    assert not {"ended_at", "severity"} & found.keys()
    ended = NOTICE | {"State": "RESOLVED", "ProblemDetails": "a text",
                      "ProblemDetailsJSONv2": DETAILS | {"endTime": 1_767_261_660_000}}  # fmt: skip
    assert _one(ended)["ended_at"] == "2026-01-01T10:01:00Z"
    fired, resolved = told({"totalCount": 1, "problems": [PROBLEM]}, "dynatrace")
    assert (fired["type"], resolved["type"]) == ("alert.fired", "alert.resolved")
    assert resolved["time"] == "2026-01-01T10:01:00Z"
    assert resolved["fingerprint"] == "p-1_V2"


def test_problems_of_version_1_are_read() -> None:
    """Their ids have another name there."""
    first = {"id": "p-1_V2", "displayName": "7", "status": "OPEN", "severityLevel": "ERROR",
             "startTime": 1_767_261_600_000, "endTime": -1}  # fmt: skip
    for value in ({"result": first}, {"result": {"problems": [first]}}):
        found = _one(value)
        assert (found["type"], found["fingerprint"], found["priority"]) == (
            "alert.fired", "p-1_V2", "ERROR",
        )  # fmt: skip


def test_what_is_merged_is_told_of_no_more_and_what_is_unknown_is_no_fact() -> None:
    """States are Dynatrace's."""
    assert _one(NOTICE | {"State": "MERGED"})["type"] == "alert.resolved"
    assert told(NOTICE | {"State": "SLEEPING"}, "dynatrace") == []


@pytest.mark.parametrize("version", [1, 2])
def test_a_deployment_began(version: int) -> None:
    """How it ended is not told; nor is the environment in version 1."""
    one: dict[str, Any] = {"eventType": "CUSTOM_DEPLOYMENT", "startTime": 1_767_261_600_000}
    if version == 1:
        one |= {"deploymentName": "n", "deploymentVersion": "1.2", "deploymentProject": "shop",
                "ciBackLink": "https://ci.example/7"}  # fmt: skip
    else:
        stem = "dt.event.deployment."
        one |= {
            "title": "n",
            "properties": {
                stem + "version": "1.2",
                stem + "release_product": "shop",
                stem + "release_stage": "live",
                stem + "ci_back_link": "https://ci.example/7",
            },
        }
    (found,) = told(one, "dynatrace-deployment", environment="live")
    assert (found["type"], found["service"], found["environment"], found["release"]) == (
        "deployment.started", "shop", "live", "1.2",
    )  # fmt: skip
    assert (found["url"], found["time"]) == ("https://ci.example/7", "2026-01-01T10:00:00Z")


def test_dynatrace_shows_the_secret() -> None:
    """In a header of its operator's own."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": "Bearer s3"}, b"", "s3", at)
    assert not SENDER.scheme.holds({"authorization": "Api-Token s3"}, b"", "s3", at)


@needs_fixtures
def test_real_notifications_say_what_their_rows_say() -> None:
    """State, id, title, and what Keptn adds: stage, service, time."""
    row = row_of("dynatrace/problem-notification.open.json")
    (found,) = told_file("dynatrace/problem-notification.open.json", "dynatrace")
    assert (found["type"], found["reported_outcome"]) == ("alert.fired", row["State"])
    assert (found["fingerprint"], found["rule"], found["time"]) == (
        row["PID"], row["title"], row["time"],
    )  # fmt: skip
    assert (found["environment"], found["service"]) == (row["stage"], row["service"])
    row = row_of("dynatrace/problem-notification.resolved.json")
    (found,) = told_file("dynatrace/problem-notification.resolved.json", "dynatrace")
    assert (found["type"], found["fingerprint"], found["priority"]) == (
        "alert.resolved", row["PID"], row["severity"],
    )  # fmt: skip
    for name, moment in (("started_at", "startTime"), ("ended_at", "endTime")):
        at = datetime.fromtimestamp(int(row[moment]) / 1000, UTC)
        assert datetime.fromisoformat(found[name]) == at
    assert found["target"] == "Third Party Monitor"


@needs_fixtures
def test_the_real_problem_says_what_its_row_says() -> None:
    """Open, so it has no end."""
    row = row_of("dynatrace/problems-api-v2.problem.json")
    (found,) = told_file("dynatrace/problems-api-v2.problem.json", "dynatrace")
    assert (found["type"], found["fingerprint"], found["rule"], found["priority"]) == (
        "alert.fired", row["problemId"], row["title"], row["severityLevel"],
    )  # fmt: skip
    assert found["time"] == "2021-11-30T11:22:00Z"


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for value in (NOTICE, {"problems": [PROBLEM]}):
        check_damaged(json.dumps(value).encode(), 120)
