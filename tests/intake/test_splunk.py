"""What Splunk sends and keeps becomes the right facts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from intake.splunk import SENDER
from tests.fixtures import needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

PLANTED = "s3cr3t-value"
ALERT = {
    "sid": "scheduler__1", "search_name": "errors", "app": "search", "owner": "admin",
    "results_link": f"https://splunk.example:8000/app/search/@go?sid=1&token={PLANTED}",
    "result": {"_time": "1767261600.25", "host": "a", "_raw": f"password={PLANTED}", "count": "3"},
}  # fmt: skip
JOB = {
    "event_tag": "job_event", "type": "completed", "job_name": "acme/shop", "build_number": 7,
    "job_result": "SUCCESS", "job_duration": 12.5, "user": "mia", "trigger_by": "manual",
    "build_url": "job/acme/job/shop/7/",
}  # fmt: skip
INCIDENT = {
    "incidentNumber": "12", "currentPhase": "RESOLVED", "startTime": "2026-01-01T10:00:00Z",
    "entityDisplayName": "Down", "host": "a", "transitions": [
        {"name": "ACKED", "at": "2026-01-01T10:01:00Z", "by": "mia"},
        {"name": "RESOLVED", "at": "2026-01-01T11:00:00Z", "by": "SYSTEM"}],
}  # fmt: skip


def _event(event: object) -> dict[str, object]:
    return {"time": 1767261600, "host": "ci", "sourcetype": "json:jenkins", "event": event}


def test_a_search_fires() -> None:
    """The saved search is the alert; of its result only time and host are read."""
    (found,) = told(ALERT, "splunk")
    assert (found["type"], found["fingerprint"], found["rule"], found["target"]) == (
        "alert.fired", "search/errors", "errors", "a",
    )  # fmt: skip
    assert found["time"] == "2026-01-01T10:00:00.250000Z"
    assert (found["source"], found["url"]) == (
        "https://splunk.example:8000", "https://splunk.example:8000/app/search/@go",
    )  # fmt: skip
    assert PLANTED not in repr(found)
    assert "actor" not in found


def test_times_and_names_may_be_missing() -> None:
    """Rows of statistics have no time; a search that was not kept is known by its run."""
    (found,) = told(ALERT | {"search_name": None, "result": {"count": "3"}}, "splunk")
    assert (found["fingerprint"], found["time"]) == ("scheduler__1", None)
    zoned = {"_time": "2026-01-01T11:00:00.000+01:00", "host": ["a", "b"]}
    (found,) = told(ALERT | {"result": zoned}, "splunk")
    assert found["time"] == "2026-01-01T11:00:00.000+01:00"
    assert "target" not in found


@pytest.mark.parametrize(
    ("word", "outcome"),
    [("SUCCESS", "success"), ("UNSTABLE", "failure"), ("FAILURE", "failure"),
     ("ABORTED", "cancelled"), ("NOT_BUILT", "skipped")],
)  # fmt: skip
def test_jobs_in_the_collector_are_pipelines(word: str, outcome: str) -> None:
    """With Jenkins' own word beside; anything else in there is no fact."""
    lines = [_event(JOB | {"job_result": word}), _event("a text"), _event({"event_tag": "queue"})]
    (found,) = told("\n".join(map(json.dumps, lines)), "splunk-events")
    assert (found["type"], found["outcome"], found["run"]) == (
        "pipeline.finished", outcome, "jenkins-acme-shop-7",
    )  # fmt: skip
    assert (found["reported_outcome"], found["duration_s"]) == (word, 12.5)
    assert found["triggered_by"] == {"system": "jenkins", "login": "mia"}
    (begun,) = told(_event(JOB | {"type": "started", "user": "(timer)"}), "splunk-events")
    assert begun["type"] == "pipeline.started"
    assert not {"outcome", "triggered_by"} & begun.keys()


def test_incidents_of_on_call_have_a_life() -> None:
    """Who took it on; the system is nobody."""
    opened, taken, resolved = told({"incidents": [INCIDENT]}, "splunk-on-call")
    assert [one["type"] for one in (opened, taken, resolved)] == [
        "incident.opened", "incident.acknowledged", "incident.resolved",
    ]  # fmt: skip
    assert taken["acknowledged_by"] == {"system": "victorops", "login": "mia"}
    assert resolved["resolved_at"] == "2026-01-01T11:00:00Z"
    assert "actor" not in resolved
    hook = {"incident_name": 12, "current_phase": "UNACKED", "timestamp": "1767261600"}
    (found,) = told(hook, "splunk-on-call")
    assert (found["type"], found["incident"], found["time"]) == (
        "incident.opened", "12", "2026-01-01T10:00:00Z",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("header", "holds"),
    [("Splunk s3", True), ("Bearer s3", True), ("s3", False), ("", False),
     ("Basic " + base64.b64encode(b"x:s3").decode(), True), ("Splunk s4", False)],
)  # fmt: skip
def test_splunk_shows_the_secret(header: str, *, holds: bool) -> None:
    """As its collector's clients do."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": header}, b"", "s3", at) is holds


@needs_fixtures
def test_the_real_alert_says_what_its_row_says() -> None:
    """Search, run, host, time."""
    row = row_of("splunk/alert-webhook.sudo-session.json")
    (found,) = told_file("splunk/alert-webhook.sudo-session.json", "splunk")
    assert (found["type"], found["rule"], found["search"], found["target"]) == (
        "alert.fired", row["search_name"], row["sid"], row["host"],
    )  # fmt: skip
    moment = datetime.fromtimestamp(int(row["_time"]), UTC)
    assert datetime.fromisoformat(found["time"]) == moment


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for value in (ALERT, _event(JOB), {"incidents": [INCIDENT]}):
        check_damaged(json.dumps(value).encode(), 120)
