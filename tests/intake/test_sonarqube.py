"""SonarQube: that an analysis ended, what its gate said, and which issues there are."""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.deliveries import Delivery, read_delivery
from intake.registry import SENDERS, read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import counted, everything, reading_of, readings_of, rows_of

SHA = "c" * 40
CONDITION = {
    "metric": "new_coverage", "operator": "LESS_THAN", "value": "71.2", "status": "ERROR",
    "errorThreshold": "80",
}  # fmt: skip
PAYLOAD: dict[str, Any] = {
    "serverUrl": "https://sonar.example", "taskId": "AV1", "status": "SUCCESS",
    "analysedAt": "2026-01-02T03:04:05+0100", "changedAt": "2026-01-02T09:00:00+0100",
    "revision": SHA, "project": {"key": "acme:shop", "name": "Shop",
                                 "url": "https://sonar.example/dashboard?id=acme%3Ashop"},
    "branch": {"name": "main", "type": "BRANCH", "isMain": True},
    "qualityGate": {"name": "Strict", "status": "ERROR", "conditions": [CONDITION]},
    "properties": {"sonar.analysis.token": "PLANTED"},
}  # fmt: skip
ISSUE = {
    "key": "AW1", "rule": "java:S2068", "severity": "BLOCKER", "component": "acme:shop:src/A.java",
    "project": "acme:shop", "line": 12, "type": "VULNERABILITY", "status": "OPEN",
    "message": "password PLANTED", "author": "mia@acme.example",
}  # fmt: skip


def _issues(*issues: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    paging = {"pageIndex": 1, "pageSize": 100, "total": len(issues)}
    return {"paging": paging, "issues": list(issues), "components": [], **more}


def test_the_task_s_status_is_not_the_gate_s() -> None:
    """The analysis ended well, and the gate failed: two facts, on one commit."""
    scan, gate = readings_of(PAYLOAD, "sonarqube")
    assert (scan.type, gate.type) == (
        "pipeledger.scan.finished.v1", "pipeledger.quality.evaluated.v1",
    )  # fmt: skip
    assert (scan.data["outcome"], scan.data["reported_outcome"]) == ("success", "SUCCESS")
    assert (gate.data["outcome"], gate.data["reported_outcome"]) == ("failure", "ERROR")
    assert gate.data["gate"] == "Strict"
    assert gate.data["conditions"] == [
        {"metric": "new_coverage", "comparator": "LESS_THAN", "threshold": "80", "value": "71.2",
         "outcome": "failure"}
    ]  # fmt: skip
    for one in (scan, gate):
        assert one.time == "2026-01-02T03:04:05+01:00"
        assert one.source == "https://sonar.example/dashboard?id=acme%3Ashop"
        assert (one.data["commit"], one.data["ref"]) == (SHA, "refs/heads/main")
        assert (one.data["target"], one.data["analysis"]) == ("acme:shop", "AV1")
        assert (one.data["service"], one.data["service_basis"]) == ("Shop", "project")
    assert "PLANTED" not in everything([scan, gate])


@pytest.mark.parametrize(
    ("status", "outcome"), [("OK", "success"), ("WARN", "success"), ("ERROR", "failure")]
)
def test_a_gate_is_what_it_says_and_not_what_its_conditions_say(status: str, outcome: str) -> None:
    """A condition in error does not always fail it."""
    gate = {"name": "Short living", "status": status, "conditions": [CONDITION]}
    _, found = readings_of(PAYLOAD | {"qualityGate": gate}, "sonarqube")
    assert found.data["outcome"] == outcome
    assert found.data["conditions"][0]["outcome"] == "failure"


@pytest.mark.parametrize(
    ("status", "outcome"), [("FAILED", "error"), ("CANCELED", "cancelled"), ("SUCCESS", "success")]
)
def test_without_a_gate_there_is_no_verdict(status: str, outcome: str) -> None:
    """A task that failed has no results; its time is when that was."""
    failed = {key: value for key, value in PAYLOAD.items()
              if key not in ("qualityGate", "analysedAt")} | {"status": status}  # fmt: skip
    (scan,) = readings_of(failed, "sonarqube")
    assert scan.data["outcome"] == outcome
    assert scan.time == "2026-01-02T09:00:00+01:00"
    (same,) = readings_of(failed | {"qualityGate": {"status": "NONE"}}, "sonarqube")
    assert same.type == scan.type


def test_a_gate_that_an_issue_turned_is_no_analysis() -> None:
    """Somebody marked one as false positive: no task, and the instant is that of the change."""
    turned = {key: value for key, value in PAYLOAD.items() if key != "taskId"}
    (gate,) = readings_of(turned, "sonarqube")
    assert gate.type == "pipeledger.quality.evaluated.v1"
    assert gate.time == "2026-01-02T09:00:00+01:00"
    del turned["changedAt"]
    assert readings_of(turned, "sonarqube")[0].time is None


def test_a_change_request_is_named_and_is_no_branch() -> None:
    """`PULL_REQUEST` with its number."""
    branch = {"name": "8543", "type": "PULL_REQUEST", "url": "https://sonar.example/p?x=1"}
    for one in readings_of(PAYLOAD | {"branch": branch}, "sonarqube"):
        assert one.data["change"] == "8543"
        assert one.data["url"] == "https://sonar.example/p?x=1"
        assert "ref" not in one.data


def test_a_delivery_proves_itself_by_the_documented_header() -> None:
    """HMAC-SHA256 of the body in hexadecimal, nothing before it."""
    sender, at = SENDERS["sonarqube"], datetime(2026, 1, 1, tzinfo=UTC)
    body = json.dumps(PAYLOAD).encode()
    digits = hmac.new(b"s3", body, "sha256").hexdigest()
    held = {"x-sonar-webhook-hmac-sha256": digits}
    assert sender.scheme.holds(held, body, "s3", at)
    assert not sender.scheme.holds(held, body + b" ", "s3", at)
    assert not sender.scheme.holds(held, body, "other", at)
    assert not sender.scheme.holds({"x-hub-signature-256": f"sha256={digits}"}, body, "s3", at)
    assert not sender.scheme.holds({}, body, "s3", at)
    told = read_delivery(sender, Delivery("sonar", None, "application/json", body))
    assert [one.type[11:-3] for one in told] == ["scan.finished", "quality.evaluated"]
    strange = Delivery("sonar", None, "application/json", b'{"a": 1}')
    assert read_delivery(sender, strange)[0].type == "pipeledger.source.unmapped.v1"


def test_the_api_s_gate_has_no_instant() -> None:
    """Its period's date is when new code began."""
    answer = {"projectStatus": {
        "status": "ERROR", "periods": [{"index": 1, "date": "2025-01-01T00:00:00+0000"}],
        "conditions": [{"status": "ERROR", "metricKey": "coverage", "comparator": "LT",
                        "errorThreshold": "80", "actualValue": "62.5"}],
    }}  # fmt: skip
    gate = reading_of(answer, "sonarqube-api")
    assert (gate.time, gate.data["outcome"]) == (None, "failure")
    assert gate.data["conditions"] == [
        {"metric": "coverage", "comparator": "LT", "threshold": "80", "value": "62.5",
         "outcome": "failure"}
    ]  # fmt: skip
    none = {"projectStatus": {"status": "NONE", "conditions": []}}
    assert readings_of(none, "sonarqube-api") == []


def test_what_is_closed_is_no_finding_any_more() -> None:
    """A server lists it for a month; what somebody accepted is there still, and suppressed."""
    found = reading_of(
        _issues(
            ISSUE,
            ISSUE | {"severity": "MINOR", "status": "CLOSED", "resolution": "FIXED"},
            ISSUE | {"severity": "INFO", "status": "RESOLVED", "resolution": "FALSE-POSITIVE"},
            ISSUE | {"severity": "MAJOR", "issueStatus": "ACCEPTED"},
        ),
        "sonarqube-api",
    )
    assert counted(found) == {"blocker": 1, "info": 1, "major": 1}
    assert (found.data["closed"], found.data["suppressed"]) == (1, 2)
    assert [one["level"] for one in rows_of(found)] == ["blocker", "info", "major"]
    assert (found.data["kind"], found.data["target"]) == ("sast", "acme:shop")
    assert "claimed" not in found.data
    row = rows_of(found)[0]
    assert (row["fingerprint"], row["target"], row["line"]) == ("AW1", "src/A.java", 12)
    assert (row["severity"], row["level"]) == ("critical", "blocker")
    for hidden in ("PLANTED", "mia"):
        assert hidden not in everything([found])


@pytest.mark.parametrize(
    ("severity", "harm", "expected"),
    [
        ("BLOCKER", "BLOCKER", "critical"), ("CRITICAL", "HIGH", "high"),
        ("MAJOR", "MEDIUM", "medium"), ("MINOR", "LOW", "low"), ("INFO", "INFO", "info"),
    ],
)  # fmt: skip
def test_both_scales_of_sonarqube_say_the_same(severity: str, harm: str, expected: str) -> None:
    """An issue is as grave whichever of them a server lists; most issues are major."""
    issue = {name: one for name, one in ISSUE.items() if name != "severity"}
    told = ({"severity": severity}, {"impacts": [{"severity": harm}]})
    found = [rows_of(reading_of(_issues(issue | one), "sonarqube-api"))[0] for one in told]
    assert [one["severity"] for one in found] == [expected, expected]


def test_a_page_of_many_says_how_many_there_are() -> None:
    """What is not in the file is not counted, not forgotten, and not gone."""
    page = _issues(ISSUE, paging={"pageIndex": 1, "pageSize": 1, "total": 812})
    found = reading_of(page, "sonarqube-api")
    assert (found.data["claimed"], found.data["findings_count"]) == ({"total": 812}, 1)
    assert found.data["extent"] == "unknown"
    assert "extent" not in reading_of(_issues(ISSUE), "sonarqube-api").data


def test_a_server_that_only_rates_harm_has_severities_too() -> None:
    """The worst of the impacts."""
    issue = {key: value for key, value in ISSUE.items() if key != "severity"}
    impacts = [{"softwareQuality": "SECURITY", "severity": "LOW"}, {"severity": "HIGH"}]
    found = reading_of(_issues(issue | {"impacts": impacts}), "sonarqube-api")
    assert counted(found) == {"high": 1}


def test_hotspots_are_read_like_issues() -> None:
    """By the probability that they are vulnerabilities."""
    spot = {"key": "H1", "ruleKey": "java:S4790", "component": "acme:shop:B.java",
            "project": "acme:shop", "vulnerabilityProbability": "HIGH", "status": "REVIEWED",
            "resolution": "SAFE", "author": "mia@acme.example"}  # fmt: skip
    answer = {"paging": {"total": 1}, "hotspots": [spot], "components": []}
    found = reading_of(answer, "sonarqube-api")
    assert (counted(found), found.data["suppressed"]) == ({"high": 1}, 1)
    assert rows_of(found)[0]["rule"] == "java:S4790"
    # Neither answer takes back what the other shows.
    issues = reading_of(_issues(ISSUE), "sonarqube-api")
    assert found.data["target"] == issues.data["target"]
    assert (found.data["tool"], issues.data["tool"]) == ("SonarQube hotspots", "SonarQube")


@pytest.mark.parametrize(
    ("status", "outcome"), [("SUCCESS", "success"), ("FAILED", "error"), ("CANCELED", "cancelled")]
)
def test_a_background_task_says_who_asked_for_it(status: str, outcome: str) -> None:
    """And how long it took; its status is not the gate's."""
    task = {"id": "AV1", "type": "REPORT", "componentKey": "acme:shop", "status": status,
            "submittedAt": "2026-01-02T03:00:00+0000", "startedAt": "2026-01-02T03:00:01+0000",
            "executedAt": "2026-01-02T03:00:06+0000", "executionTimeMs": 5123,
            "submitterLogin": "mia", "branch": "main"}  # fmt: skip
    found = reading_of({"task": task}, "sonarqube-api")
    assert found.type == "pipeledger.scan.finished.v1"
    assert (found.data["outcome"], found.data["duration_s"]) == (outcome, 5.123)
    assert found.data["actor"] == {"system": "sonarqube", "login": "mia"}
    assert (found.time, found.data["analysis"]) == ("2026-01-02T03:00:06+00:00", "AV1")
    for other in ({"status": "PENDING"}, {"status": "IN_PROGRESS"}, {"type": "ISSUE_SYNC"}):
        assert readings_of({"task": task | other}, "sonarqube-api") == []


def test_a_report_that_was_handed_in_is_no_result() -> None:
    """`report-task.txt`: a step ended; the analysis comes after."""
    lines = [
        "organization=acme", "projectKey=acme:shop", "serverUrl=https://sonar.example",
        "serverVersion=9.9.1.69595", "dashboardUrl=https://sonar.example/dashboard?id=acme%3Ashop",
        "ceTaskId=AV1", "ceTaskUrl=https://sonar.example/api/ce/task?id=AV1",
    ]  # fmt: skip
    for end in ("\n", "\r\n"):
        found = reading_of(end.join(lines).encode(), "sonar-report-task")
        assert found.type == "pipeledger.task.finished.v1"
        assert found.data["analysis"] == "AV1"
        assert found.data["url"] == "https://sonar.example/dashboard?id=acme%3Ashop"
        assert found.data["tool_version"] == "9.9.1.69595"
        assert found.source == "https://sonar.example/dashboard?id=acme%3Ashop"
    with pytest.raises(RefusedError, match="no format is recognised"):
        read_report("\n".join(lines[:5]).encode())
    with pytest.raises(RefusedError, match="ceTaskId"):
        read_report(b"projectKey=a", "sonar-report-task")


@pytest.mark.parametrize(
    "value",
    [
        {"startAt": 0, "maxResults": 50, "total": 1, "issues": [{"key": "OPS-1"}]},
        {"projectStatus": {"status": "OK", "conditions": []}, "more": 1},
        {"task": {"id": "1", "status": "done"}},
        {"project": {"id": 1}, "status": "success", "properties": {}, "changedAt": "x"},
    ],
)
def test_what_only_looks_like_it_is_left_alone(value: dict[str, Any]) -> None:
    """A tracker's issues, another system's task."""
    with pytest.raises(RefusedError, match="no format is recognised"):
        read_report(json.dumps(value).encode())


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith("sonarqube/")
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(name for name in ROWS if "webhook" in name))
def test_real_deliveries_say_what_their_row_says(name: str) -> None:
    """Task, gate, conditions, project, branch, time."""
    row = ROWS[name]
    scan, gate = readings_of((FOLDER / name).read_bytes(), "sonarqube")
    told = dict(re.findall(r"(task status|taskId|analysedAt|revision|project|branch)=([^;]+)", row))
    verdict = re.search(r"gate=(.+?) status=(\w+); conditions=(\d+) \(([^)]*)\)", row)
    assert verdict is not None
    assert scan.data["reported_outcome"] == told["task status"]
    assert scan.data["analysis"] == told["taskId"]
    assert scan.time == f"{told['analysedAt'][:-2]}:{told['analysedAt'][-2:]}"
    assert gate.time == scan.time
    assert scan.data.get("commit", "-") == told["revision"]
    assert scan.data["target"] == told["project"]
    assert scan.data.get("change", "-") == told["branch"].partition("/")[0]
    assert (gate.data["gate"], gate.data["reported_outcome"]) == (verdict[1], verdict[2])
    words = {"OK": "success", "ERROR": "failure", "NO_VALUE": "skipped"}
    found = [one["outcome"] for one in gate.data["conditions"]]
    assert len(found) == int(verdict[3])
    assert {word: found.count(word) for word in found} == {
        words[word]: int(number) for word, number in re.findall(r"(\w+)=(\d+)", verdict[4])
    }


@needs_fixtures
@pytest.mark.parametrize("name", sorted(name for name in ROWS if "webhook" not in name))
def test_real_lists_say_what_their_row_says(name: str) -> None:
    """Issues by severity and status, the total, the gate."""
    row = ROWS[name]
    report = read_report((FOLDER / name).read_bytes())
    scan = report.readings[0]
    told = re.search(r"total=([-\d]+); issues=(\d+) severity ([^;]+);", row)
    assert told is not None
    states = {
        word: int(number)
        for word, number in re.findall(
            r"(\w+)=(\d+)", row.partition("status ")[2].partition(";")[0]
        )
    }
    closed = states.pop("CLOSED", 0)
    assert scan.data.get("closed", 0) == closed
    assert scan.data["findings_count"] == sum(counted(scan).values()) == int(told[2]) - closed
    listed = {word.lower(): int(number) for word, number in re.findall(r"(\w+)=(\d+)", told[3])}
    assert all(number <= listed[word] for word, number in counted(scan).items())
    assert closed or counted(scan) == listed
    if told[1] != "-":
        assert "claimed" not in scan.data
    found = [one.get("status") for one in rows_of(scan)]
    assert {word: found.count(word) for word in found} == states
    verdict = re.search(r"gate=(\w+) conditions OK=(\d+)", row)
    gates = [one for one in report.readings if one.type == "pipeledger.quality.evaluated.v1"]
    if verdict is None:
        assert gates == []
        return
    (gate,) = gates
    assert gate.data["reported_outcome"] == verdict[1]
    assert [one["outcome"] for one in gate.data["conditions"]] == ["success"] * int(verdict[2])


@needs_fixtures
def test_a_summary_that_contradicts_its_rows_is_only_claimed() -> None:
    """Six findings in the header, none in the file."""
    scan, _ = readings_of(
        (FOLDER / "sonarqube/sonar-report-no-finding.json").read_bytes(), "sonar-report"
    )
    assert counted(scan) == {}
    assert scan.data["claimed"] == {"blocker": 0, "critical": 1, "major": 0, "minor": 5}


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    report = {"sonarBaseURL": "https://sonar.example", "sonarComponent": "shop",
              "issues": [ISSUE], "summary": {"critical": 1},
              "qualityGateStatus": {"projectStatus": PAYLOAD["qualityGate"]}}  # fmt: skip
    task = {"id": "1", "type": "REPORT", "status": "SUCCESS", "submittedAt": "x",
            "executionTimeMs": 1, "submitterLogin": "mia"}  # fmt: skip
    gate = {"projectStatus": PAYLOAD["qualityGate"]}
    for sample in (PAYLOAD, _issues(ISSUE), report, {"task": task}, gate):
        check_damaged(json.dumps(sample).encode(), 160)
    check_damaged(b"projectKey=a\nceTaskId=b\nceTaskUrl=c\nserverUrl=https://x.example\n", 160)
