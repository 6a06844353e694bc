"""What Jenkins X keeps of runs becomes the right facts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake.registry import read_report
from tests.fixtures import FOLDER, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door
from tests.intake.scans import readings_of

SHA = "a" * 40
BEGAN, ENDED = "2026-01-05T10:00:00Z", "2026-01-05T10:01:30Z"


def _type(kind: str) -> str:
    return f"pipeledger.{kind}.v1"


def _activity(status: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "apiVersion": "jenkins.io/v1", "kind": "PipelineActivity",
        "metadata": {"name": "acme-shop-main-12"},
        "spec": {"pipeline": "acme/shop/main", "build": "12", "status": status,
                 "gitUrl": "https://code.example/acme/shop.git", "gitBranch": "main",
                 "gitRepository": "shop", "lastCommitSHA": SHA, "version": "1.2.3",
                 "startedTimestamp": BEGAN, "completedTimestamp": ENDED,
                 "steps": list(steps)} | more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("Succeeded", "success"), ("Failed", "failure"), ("Error", "error"),
        ("Aborted", "cancelled"), ("NotExecuted", "skipped"), ("TimedOut", "failure"),
    ],
)  # fmt: skip
def test_a_run_ends_as_its_status_says(status: str, outcome: str) -> None:
    """With commit, repository and branch."""
    (found,) = readings_of(_activity(status), "jenkins-x")
    data = found.data
    assert found.type == _type("pipeline.finished")
    assert (data["outcome"], data["reported_outcome"]) == (outcome, status)
    assert (data["commit"], data["repository"]) == (SHA, "https://code.example/acme/shop")
    assert (data["ref"], data["pipeline"]) == ("refs/heads/main", "acme/shop/main")
    assert (found.time, data["started_at"], data["duration_s"]) == (ENDED, BEGAN, 90)


def test_a_promotion_is_a_deployment() -> None:
    """Of the version, into the environment that it names; also one that failed."""
    step = {"kind": "Promote", "promote": {
        "name": "promote", "environment": "production", "status": "Failed",
        "startedTimestamp": BEGAN, "completedTimestamp": ENDED}}  # fmt: skip
    found = readings_of(_activity("Failed", step), "jenkins-x")
    (deployed,) = [one for one in found if one.type == _type("deployment.finished")]
    data = deployed.data
    assert (data["service"], data["environment"]) == ("shop", "production")
    assert (data["release"], data["outcome"]) == ("1.2.3", "failure")
    assert data["deployment"] == "acme-shop-main-12/production"


def test_a_stage_may_wait_for_somebody() -> None:
    """That is a request for approval; nobody has answered it."""
    step = {"stage": {"name": "go live", "status": "WaitingForApproval"}}
    found = readings_of(_activity("Running", step), "jenkins-x")
    assert {one.type for one in found} == {_type("pipeline.started"), _type("approval.reported")}
    (asked,) = [one for one in found if one.type == _type("approval.reported")]
    assert (asked.data["verdict"], asked.data["approval"]) == (
        "requested", "acme-shop-main-12/go live",
    )  # fmt: skip


def test_releases_and_jobs_are_read_too() -> None:
    """A Release names a version; a LighthouseJob holds the record of its run."""
    release = {"apiVersion": "jenkins.io/v1", "kind": "Release",
               "metadata": {"name": "shop-1.2.3", "creationTimestamp": ENDED},
               "spec": {"name": "shop", "version": "v1.2.3"}}  # fmt: skip
    (found,) = readings_of(release, "jenkins-x")
    assert (found.type, found.time) == (_type("release.created"), ENDED)
    assert (found.data["service"], found.data["version"]) == ("shop", "1.2.3")
    record = {"name": "r-1", "status": "aborted", "owner": "acme", "repo": "shop",
              "branch": "PR-7", "lastCommitSHA": SHA}  # fmt: skip
    job = {"apiVersion": "lighthouse.jenkins.io/v1alpha1", "kind": "LighthouseJob",
           "metadata": {"name": "x"}, "status": {"activity": record}}  # fmt: skip
    (found,) = readings_of({"kind": "List", "apiVersion": "v1", "items": [job]}, "jenkins-x")
    assert (found.data["outcome"], found.data["run"]) == ("cancelled", "r-1")
    assert found.data["ref"] == "PR-7"


REAL: dict[str, dict[str, Any]] = {
    "pipelineactivity.failed-multi-stage.yaml": {
        "run": "cb-kubecd-bdd-spring-1568135191-master-1", "outcome": "failure",
        "repository": "https://github.com/cb-kubecd/bdd-spring-1568135191",
        "commit": "7307e06426062dc31f76fd95abecbb8f93af5b54", "ref": "refs/heads/master",
        "build": "1", "pipeline": "cb-kubecd/bdd-spring-1568135191/master",
        "reported_outcome": "Failed", "started_at": "2019-09-10T17:43:41Z",
        "time": "2019-09-10T17:11:30Z", "duration_s": None,
    },
    "pipelineactivity.running.yaml": {
        "type": "pipeline.started", "run": "jstrachan/nodey510/master/1600603078522",
        "repository": "https://github.com/jstrachan/nodey510",
        "commit": "5a694a615045f2821aa40aefe86aab9192667193", "build": "1600603078522",
        "pipeline": "jstrachan/nodey510/master", "ref": "refs/heads/master", "outcome": None,
    },
    "lighthouse-activityrecord.success.yaml": {
        "run": "jenkins-x-jx-pr-7463-boot-vault-9mbgb-17", "outcome": "success", "ref": "PR-7463",
        "repository": "https://github.com/jenkins-x/jx", "build": "17", "context": "boot-vault",
        "commit": "8a3c5f595cdc3162e46390c72a5d22fb9c89d1df", "reported_outcome": "success",
        "started_at": "2020-07-20T19:50:21Z", "time": "2020-07-20T20:50:27Z",
    },
    "lighthouse-activityrecord.failed.yaml": {
        "run": "jenkins-x-charts-jx-build-templ-wbbx6-7", "outcome": "failure", "ref": "PR-1533",
        "repository": "https://github.com/jenkins-x-charts/jx-build-templates", "build": "7",
        "context": "pr-build", "commit": "3bb45bf8478b267bc38e8ad5ad6356cfb8a97d0f",
        "reported_outcome": "failure", "started_at": "2020-07-20T18:50:22Z",
        "time": "2020-07-20T18:50:43Z",
    },
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(REAL))
def test_a_real_file_says_what_its_row_says(name: str) -> None:
    """What the table of the files' sources says was read off them."""
    wanted = {"type": "pipeline.finished"} | REAL[name]
    kind = _type(wanted.pop("type"))
    report = read_report((FOLDER / "jenkins-x" / name).read_bytes())
    assert report.format.name == "jenkins-x"
    for one in report.readings:
        through_door(one)
    (whole,) = [one for one in report.readings if one.type == kind]
    told = {"time": whole.time} | whole.data
    assert {key: told.get(key) for key in wanted} == wanted


@needs_fixtures
def test_the_real_stages_ended_each_in_its_own_way() -> None:
    """One was never executed."""
    name = "pipelineactivity.failed-multi-stage.yaml"
    found = read_report((FOLDER / "jenkins-x" / name).read_bytes()).readings
    stages = {one.data["task"]: one.data["outcome"] for one in found if "task" in one.data}
    assert stages == {
        "meta pipeline": "success", "from build pack": "failure", "something else": "skipped",
    }  # fmt: skip


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    stage = {"stage": {"name": "a", "status": "Failed", "completedTimestamp": ENDED}}
    promote = {"promote": {"environment": "live", "status": "Succeeded"}}
    check_damaged(json.dumps(_activity("Succeeded", stage, promote)).encode(), 140)
    record = "\n".join(
        (
            "buildId: '7'",
            f"lastCommitSHA: {SHA}",
            "gitURL: https://a.example/b/c",
            "name: r-1",
            "status: failure",
            "stages:",
            "- {name: a, status: x}",
        )
    )
    check_damaged(record.encode(), 100)
