"""What Jenkins says of builds and stages becomes the right facts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake.deliveries import Delivery, read_delivery
from intake.jenkins import SENDER
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

SHA, OTHER = "a" * 40, "b" * 40
SECRET = "planted-5ecret"
BEGAN = 1_767_261_600_000
SERVER = "https://ci.example/jenkins"
ROWS = {
    name: dict(part.partition("=")[::2] for part in row.split("; "))
    for name, row in facts("SOURCES-platforms.tsv").items()
    if name.startswith(("jenkins/build-api", "jenkins/wfapi"))
}


def _checkout(sha: str = SHA, url: str = "git@code.example:acme/shop.git") -> dict[str, Any]:
    return {
        "_class": "hudson.plugins.git.util.BuildData", "remoteUrls": [url],
        "lastBuiltRevision": {"SHA1": sha, "branch": [{"name": "refs/remotes/origin/main"}]},
    }  # fmt: skip


def _caused(*causes: dict[str, Any]) -> dict[str, Any]:
    return {"_class": "hudson.model.CauseAction", "causes": list(causes)}


USER = {"_class": "hudson.model.Cause$UserIdCause", "userId": "mia", "userName": "Mia Chen"}
TIMER = {"_class": "hudson.triggers.TimerTrigger$TimerTriggerCause"}


def _build(*actions: object, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "number": 31,
        "url": f"{SERVER}/view/all/job/acme/job/shop/job/feature%252Fx/31/",
        "fullDisplayName": "acme » shop » feature/x #31", "building": False,
        "result": "SUCCESS", "timestamp": BEGAN, "duration": 90_500, "actions": list(actions),
    } | more  # fmt: skip


def _read(value: object, name: str) -> list[dict[str, Any]]:
    report = read_report(json.dumps(value).encode())
    assert report.format.name == name
    found = []
    for reading in report.readings:
        through_door(reading)
        found.append(reading.data | {
            "type": reading.type[11:-3], "time": reading.time, "source": reading.source,
        })  # fmt: skip
    assert SECRET not in json.dumps(found)
    return found


def _one(value: object, name: str = "jenkins") -> dict[str, Any]:
    (found,) = _read(value, name)
    return found


def test_a_build_is_a_run_of_its_pipeline() -> None:
    """With the tag that Jenkins gives to it, which the job's own events carry too."""
    assert _one(_build(_checkout(), _caused(USER), {}, None, builtOn="agent-1")) == {
        "type": "pipeline.finished", "source": SERVER, "tool": "Jenkins",
        "run": "jenkins-acme-shop-feature%2Fx-31", "pipeline": "acme/shop/feature%2Fx",
        "url": f"{SERVER}/view/all/job/acme/job/shop/job/feature%252Fx/31/",
        "outcome": "success", "reported_outcome": "SUCCESS", "runner": "agent-1",
        "started_at": "2026-01-01T10:00:00Z", "time": "2026-01-01T10:01:30.500000Z",
        "duration_s": 90.5, "repository": "https://code.example/acme/shop", "commit": SHA,
        "ref": "refs/heads/main", "trigger": "UserIdCause",
        "actor": {"system": "jenkins", "login": "mia", "name": "Mia Chen"},
        "triggered_by": {"system": "jenkins", "login": "mia", "name": "Mia Chen"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("SUCCESS", "success"), ("UNSTABLE", "failure"), ("FAILURE", "failure"),
        ("ABORTED", "cancelled"), ("NOT_BUILT", "skipped"),
    ],
)  # fmt: skip
def test_a_result_is_what_jenkins_means_by_it(result: str, outcome: str) -> None:
    """In the API and in notifications alike."""
    for found in (_one(_build(result=result)),
                  _one(_notified("COMPLETED", status=result), "jenkins-notification")):  # fmt: skip
        assert (found["type"], found["outcome"]) == ("pipeline.finished", outcome)
        assert found["reported_outcome"] == result


def test_a_build_that_runs_has_begun() -> None:
    """Its duration is zero until it ends."""
    found = _one(_build(building=True, result=None, duration=0))
    assert (found["type"], found["time"]) == ("pipeline.started", "2026-01-01T10:00:00Z")
    assert "outcome" not in found
    assert _read(_build(result="UNHEARD_OF"), "jenkins") == []


def test_nobody_is_not_somebody() -> None:
    """Timers, other builds, and whoever has not logged in."""
    found = _one(_build(_caused(TIMER)))
    assert (found["trigger"], "actor" in found) == ("TimerTriggerCause", False)
    found = _one(_build(_caused(USER | {"userId": None, "userName": "anonymous"})))
    assert "actor" not in found
    above = {"_class": "hudson.model.Cause$UpstreamCause", "upstreamProject": "acme/base",
             "upstreamBuild": 7}  # fmt: skip
    assert _one(_build(_caused(above)))["parent_run"] == "jenkins-acme-base-7"


def test_who_interrupted_a_build_did_not_begin_it() -> None:
    """Interruptions have causes as well."""
    stopped = {"_class": "jenkins.model.InterruptedBuildAction", "causes": [USER]}
    found = _one(_build(_caused(TIMER), stopped, result="ABORTED"))
    assert (found["trigger"], "actor" in found) == ("TimerTriggerCause", False)


def test_of_several_repositories_none_is_the_build_s() -> None:
    """A pipeline that loads a library has two; the same one twice is one."""
    assert _one(_build(_checkout(), _checkout()))["commit"] == SHA
    found = _one(_build(_checkout(), _checkout(OTHER, "https://code.example/acme/steps")))
    assert not {"commit", "repository", "ref"} & found.keys()


def test_tests_of_a_build_are_counted_as_jenkins_counts_them() -> None:
    """By the action of the API, or the notification's summary."""
    counted = {"_class": "hudson.tasks.junit.TestResultAction", "totalCount": 10, "failCount": 2,
               "skipCount": 1}  # fmt: skip
    summary = {"total": 10, "failed": 2, "passed": 7, "skipped": 1, "failed_tests": ["x"]}
    for value, name in ((_build(counted, _checkout()), "jenkins"),
                        (_notified("COMPLETED", status="UNSTABLE", test_summary=summary),
                         "jenkins-notification")):  # fmt: skip
        run, tests = _read(value, name)
        assert tests["type"] == "tests.finished"
        assert tests["counts"] == {"passed": 7, "failure": 2, "skipped": 1}
        assert tests["outcome"] == "failure"
        assert (tests["run"], tests["commit"]) == (run["run"], SHA)
    none = counted | {"totalCount": 1, "failCount": 0, "skipCount": 1}
    assert _read(_build(none), "jenkins")[1]["outcome"] == "skipped"
    assert len(_read(_build(none | {"totalCount": 0, "failCount": 3}), "jenkins")) == 1


def test_the_builds_of_a_job_are_read_in_the_order_of_time() -> None:
    """However the list is called."""
    later = _build(timestamp=BEGAN + 1_000_000, number=32)
    for name in ("builds", "allBuilds"):
        times = [one["started_at"] for one in _read({name: [later, _build()]}, "jenkins")]
        assert times == sorted(times)
        assert len(times) == 2


def _notified(phase: str, **build: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "name": "shop", "display_name": "shop", "url": "job/acme/job/shop/",
        "build": {
            "full_url": f"{SERVER}/job/acme/job/shop/31/", "url": "job/acme/job/shop/31/",
            "number": 31, "queue_id": 4, "timestamp": BEGAN, "duration": 0, "phase": phase,
            "scm": {"url": f"https://mia:{SECRET}@code.example/acme/shop.git",
                    "branch": "origin/main", "commit": SHA, "culprits": ["mia"]},
            "parameters": {"TOKEN": SECRET}, "log": SECRET, "notes": SECRET, **build,
        },
    }  # fmt: skip


def test_a_build_is_told_of_once_as_begun_and_once_as_ended() -> None:
    """Although the plugin tells of four phases."""
    ended = {"status": "SUCCESS", "duration": 90_500, "timestamp": BEGAN + 90_500}
    phases = [_notified("QUEUED"), _notified("STARTED"), _notified("COMPLETED", **ended),
              _notified("FINALIZED", **ended)]  # fmt: skip
    found = [_read(one, "jenkins-notification") for one in phases]
    assert [[one["type"] for one in readings] for readings in found] == [
        [], ["pipeline.started"], ["pipeline.finished"], [],
    ]  # fmt: skip
    (begun,), (done,) = found[1:3]
    assert begun["time"] == done["started_at"] == "2026-01-01T10:00:00Z"
    assert (done["time"], done["duration_s"]) == ("2026-01-01T10:01:30.500000Z", 90.5)
    assert begun["run"] == done["run"] == "jenkins-acme-shop-31"
    assert (done["commit"], done["ref"]) == (SHA, "refs/heads/main")
    assert done["repository"] == "https://code.example/acme/shop"
    assert done["source"] == SERVER


def test_older_versions_of_the_plugin_tell_less() -> None:
    """No root address, and a text for when the build began."""
    value = _notified("COMPLETED", status="FAILURE", timestamp="2026-01-01T10:00:00.29+00:00")
    del value["build"]["full_url"]
    found = _one(value, "jenkins-notification")
    assert (found["run"], found["source"]) == ("jenkins-acme-shop-31", None)
    assert (found["started_at"], found["time"]) == ("2026-01-01T10:00:00.29+00:00", None)


def test_a_delivery_proves_itself_by_the_password_in_its_address() -> None:
    """What tells nothing new is kept as it came."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    headers = {"authorization": "Basic " + base64.b64encode(b"jenkins:s3cret").decode()}
    assert SENDER.scheme.holds(headers, b"", "s3cret", at)
    assert not SENDER.scheme.holds(headers, b"", "other", at)
    for phase, kind in (("STARTED", "pipeline.started"), ("FINALIZED", "source.unmapped")):
        body = json.dumps(_notified(phase, status="FAILURE")).encode()
        (reading,) = read_delivery(SENDER, Delivery("ci", None, "application/json", body))
        assert reading.type == f"pipeledger.{kind}.v1"


def _stage(number: int, status: str, path: str = "execution/node/{}/") -> dict[str, Any]:
    href = f"/jenkins/job/Test%20Workflow/16/{path.format(number)}wfapi/describe"
    return {
        "_links": {"self": {"href": href}}, "id": str(number), "name": f"Stage {number}",
        "status": status, "startTimeMillis": BEGAN + number * 1000, "durationMillis": 500,
        "execNode": "", "error": {"message": SECRET},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("SUCCESS", "success"), ("FAILED", "failure"), ("UNSTABLE", "failure"),
        ("ABORTED", "cancelled"), ("NOT_EXECUTED", "skipped"), ("IN_PROGRESS", None),
        ("PAUSED_PENDING_INPUT", None),
    ],
)  # fmt: skip
def test_a_stage_that_ended_is_a_task(status: str, outcome: str | None) -> None:
    """One that runs or waits is none yet."""
    found = _read(_stage(5, status), "jenkins-stages")
    if outcome is None:
        assert found == []
        return
    assert (found[0]["type"], found[0]["outcome"]) == ("task.finished", outcome)
    assert (found[0]["task"], found[0]["run"]) == ("Stage 5", "jenkins-Test Workflow-16")
    assert found[0]["pipeline"] == "Test Workflow"
    assert (found[0]["started_at"], found[0]["time"]) == (
        "2026-01-01T10:00:05Z", "2026-01-01T10:00:05.500000Z",
    )  # fmt: skip


def test_a_run_has_its_stages_with_it() -> None:
    """Alone, or in a list of runs."""
    stages = {"stages": [_stage(1, "SUCCESS"), _stage(2, "FAILED")]}
    run = _stage(0, "FAILED", "") | stages | {"endTimeMillis": BEGAN + 9000}
    for value in (run, [run]):
        found = _read(value, "jenkins-stages")
        assert [one["type"] for one in found] == [
            "task.finished", "task.finished", "pipeline.finished",
        ]  # fmt: skip
        assert (found[-1]["outcome"], found[-1]["time"]) == ("failure", "2026-01-01T10:00:09Z")
    waiting = _stage(0, "PAUSED_PENDING_INPUT", "") | stages
    assert _read(waiting, "jenkins-stages")[0]["type"] == "pipeline.started"


def test_a_pending_input_is_a_request_for_approval() -> None:
    """What it asks is free text."""
    value = [{"id": "E1", "message": "Deploy?", "inputs": [],
              "proceedUrl": "/jenkins/job/shop/11/input/E1/proceedEmpty",
              "abortUrl": "/jenkins/job/shop/11/input/E1/abort"}]  # fmt: skip
    found = _one(value, "jenkins-stages")
    assert (found["type"], found["verdict"]) == ("approval.reported", "requested")
    assert (found["approval"], found["reason"]) == ("jenkins-shop-11/E1", "Deploy?")


@needs_fixtures
@pytest.mark.parametrize("name", sorted(name for name in ROWS if "build-api" in name))
def test_real_builds_say_what_their_row_says(name: str) -> None:
    """Result, start, length, end, cause, commit; display names where there is no address."""
    row = ROWS[name]
    (reading,) = read_report((FOLDER / name).read_bytes()).readings
    through_door(reading)
    data = reading.data
    assert (data["run"], data["reported_outcome"]) == (row["fullDisplayName"], row["result"])
    assert data["pipeline"] == row["fullDisplayName"].removesuffix(f" #{row['number']}")
    assert data["outcome"] == {
        "SUCCESS": "success", "FAILURE": "failure", "ABORTED": "cancelled",
    }[row["result"]]  # fmt: skip
    began = datetime.fromtimestamp(int(row["timestamp_ms"]) / 1000, UTC)
    length = timedelta(milliseconds=int(row["duration_ms"]))
    assert abs(datetime.fromisoformat(data["started_at"]) - began) < timedelta(milliseconds=1)
    assert reading.time is not None
    ended = datetime.fromisoformat(reading.time)
    assert abs(ended - began - length) < timedelta(milliseconds=1)
    assert data["duration_s"] == length.total_seconds()
    assert data.get("commit") == row.get("commit")
    assert data.get("actor", {}).get("name", "None") == row["user"]
    assert ("repository" in data) == ("repo" in row)


@needs_fixtures
def test_the_real_stage_says_what_its_row_says() -> None:
    """A stage of the second run of a pipeline."""
    (name,) = (name for name in ROWS if "wfapi" in name)
    row = ROWS[name]
    (reading,) = read_report((FOLDER / name).read_bytes()).readings
    through_door(reading)
    data = reading.data
    assert (data["task"], data["node"]) == (row["name"], row["id"])
    assert (data["reported_outcome"], data["outcome"]) == (row["status"], "success")
    assert data["duration_s"] == int(row["durationMillis"]) / 1000
    assert (data["run"], data["pipeline"]) == ("jenkins-pipeline-test2-2", "pipeline-test2")
    assert data["started_at"] == "2022-09-08T15:40:34.424000Z"
    assert int(row["startTimeMillis"]) == 1_662_651_634_424


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    run = _stage(0, "FAILED", "") | {"stages": [_stage(1, "SUCCESS")]}
    for value in (_build(_checkout(), _caused(USER)), _notified("COMPLETED", status="FAILURE"),
                  run, [run]):  # fmt: skip
        check_damaged(json.dumps(value).encode(), 120)
