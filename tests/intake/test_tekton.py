"""What Tekton says of runs becomes the right facts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.deliveries import Delivery, read_delivery
from intake.registry import read_report
from intake.tekton import SENDER
from tests.fixtures import FOLDER, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import everything, readings_of

SHA, DIGEST = "a" * 40, "sha256:" + "d" * 64
PLANTED = "planted-5ecret"
BEGAN, ENDED = "2026-01-05T10:00:00Z", "2026-01-05T10:01:30Z"


def _run(kind: str, status: str, reason: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    ended = {} if status == "Unknown" else {"completionTime": ENDED}
    reference = "pipelineRef" if kind == "PipelineRun" else "taskRef"
    return {
        "apiVersion": "tekton.dev/v1", "kind": kind,
        "metadata": {"name": "shop-7", "namespace": "ci", "uid": "u-1"} | more.pop("metadata", {}),
        "spec": {reference: {"name": "shop"}, "params": [{"name": "token", "value": PLANTED}],
                 "taskRunTemplate": {"serviceAccountName": "builder"}},
        "status": {"startTime": BEGAN, "conditions": [
            {"type": "Succeeded", "status": status, "reason": reason, "message": PLANTED}],
            "results": [{"name": "password", "value": PLANTED}]} | ended | more,
    }  # fmt: skip


def _type(kind: str) -> str:
    return f"pipeledger.{kind}.v1"


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        ("True", "Succeeded", "success"), ("True", "Completed", "success"),
        ("False", "Failed", "failure"), ("False", "PipelineRunTimeout", "failure"),
        ("False", "Cancelled", "cancelled"), ("False", "StoppedRunFinally", "cancelled"),
        ("False", "CouldntGetPipeline", "failure"),
    ],
)  # fmt: skip
def test_a_pipeline_run_ends_as_its_condition_says(
    status: str, reason: str, outcome: str
) -> None:  # fmt: skip
    """`False` is a failure, unless the reason says that somebody stopped it."""
    (found,) = readings_of(_run("PipelineRun", status, reason), "tekton")
    data = found.data
    assert found.type == _type("pipeline.finished")
    assert (data["outcome"], data["reported_outcome"]) == (outcome, reason)
    assert (data["run"], data["pipeline"]) == ("shop-7", "shop")
    assert (found.time, data["started_at"], data["duration_s"]) == (ENDED, BEGAN, 90)
    assert data["workload"] == "system:serviceaccount:ci:builder"
    assert "actor" not in data
    assert PLANTED not in everything([found])


def test_a_pipeline_run_that_runs_has_begun() -> None:
    """Nothing is said of its outcome."""
    (found,) = readings_of(_run("PipelineRun", "Unknown", "Running"), "tekton")
    assert (found.type, found.time) == (_type("pipeline.started"), BEGAN)
    assert "outcome" not in found.data


def test_a_task_run_that_runs_is_no_fact() -> None:
    """The vocabulary has no start of a task."""
    assert readings_of(_run("TaskRun", "Unknown", "Pending"), "tekton") == []


def test_a_task_run_names_its_pipeline_and_the_step_that_failed() -> None:
    """By Tekton's own labels; the exit status is of the first step that failed."""
    labels = {
        "tekton.dev/pipelineRun": "shop-9", "tekton.dev/pipeline": "shop",
        "tekton.dev/pipelineTask": "unit",
    }  # fmt: skip
    steps = [{"name": "a", "terminated": {"exitCode": 0}}, {"terminated": {"exitCode": 2}}]
    value = _run("TaskRun", "False", "Failed", metadata={"labels": labels}, steps=steps)
    (found,) = readings_of(value, "tekton")
    data = found.data
    assert found.type == _type("task.finished")
    assert (data["task"], data["run"], data["pipeline"]) == ("unit", "shop-9", "shop")
    assert (data["outcome"], data["exit_status"], data["job"]) == ("failure", 2, "shop-7")


def test_results_that_chains_knows_make_a_build() -> None:
    """Image and source by the names that Chains gives a meaning."""
    results = [
        {"name": "web-IMAGE_URL", "value": "registry.example/shop:1\n"},
        {"name": "web-IMAGE_DIGEST", "value": DIGEST},
        {"name": "CHAINS-GIT_URL", "value": "https://code.example/acme/shop.git"},
        {"name": "CHAINS-GIT_COMMIT", "value": SHA},
    ]
    task, built = readings_of(_run("TaskRun", "True", "Succeeded", results=results), "tekton")
    assert (task.type, built.type) == (_type("task.finished"), _type("build.finished"))
    assert built.data["artifacts"] == [{"digest": DIGEST, "name": "registry.example/shop:1"}]
    assert built.data["artifact"]["digest"] == DIGEST
    for one in (task, built):
        assert one.data["commit"] == SHA
        assert one.data["repository"] == "https://code.example/acme/shop"


@pytest.mark.parametrize(
    ("results", "count"),
    [
        ([{"name": "IMAGES", "value": f"a/b@{DIGEST},c/d@sha256:{'e' * 64}"}], 2),
        ([{"name": "x-ARTIFACT_OUTPUTS", "value": {"uri": "a/b", "digest": DIGEST}}], 1),
        ([{"name": "x-ARTIFACT_OUTPUTS", "value": {"uri": "a/b", "digest": "sha256:"}}], 0),
        ([{"name": "x-ARTIFACT_OUTPUTS", "value": {"digest": DIGEST}}], 0),
        ([{"name": "IMAGE_DIGEST", "value": DIGEST}], 1),
    ],
)  # fmt: skip
def test_every_way_to_name_artifacts_is_known(results: list[Any], count: int) -> None:
    """A digest without an address is only half of what Chains asks for."""
    found = readings_of(_run("PipelineRun", "True", "Succeeded", results=results), "tekton")
    built = [one for one in found if one.type == _type("build.finished")]
    wanted = 0 if results[0]["name"] == "IMAGE_DIGEST" else count
    assert sum(len(one.data["artifacts"]) for one in built) == wanted


def test_two_sources_are_no_source() -> None:
    """Which of several commits was built is not told."""
    results = [
        {"name": "a-CHAINS-GIT_COMMIT", "value": SHA},
        {"name": "b-CHAINS-GIT_COMMIT", "value": "b" * 40},
    ]
    (found,) = readings_of(_run("PipelineRun", "True", "Succeeded", results=results), "tekton")
    assert "commit" not in found.data


def test_pipelines_as_code_says_who_and_what() -> None:
    """Its annotations name sender, repository, commit and branch."""
    said = {
        "pipelinesascode.tekton.dev/" + name: value
        for name, value in {
            "sender": "mia", "sha": SHA, "repo-url": "https://github.com/acme/shop",
            "branch": "main", "event-type": "push", "git-provider": "github",
        }.items()
    }  # fmt: skip
    value = _run("PipelineRun", "True", "Succeeded", metadata={"annotations": said})
    (found,) = readings_of(value, "tekton")
    data = found.data
    assert data["actor"] == {"system": "github", "login": "mia"}
    assert (data["commit"], data["repository"]) == (SHA, "https://github.com/acme/shop")
    assert (data["ref"], data["trigger"]) == ("refs/heads/main", "push")


def test_lists_and_yaml_are_read() -> None:
    """A list of several, and the same resource as YAML."""
    run = _run("PipelineRun", "True", "Succeeded")
    assert (
        len(readings_of({"apiVersion": "v1", "kind": "List", "items": [run, run]}, "tekton")) == 2
    )
    text = (
        "apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: shop-7}\n"
        "spec: {taskRef: {name: unit}}\nstatus:\n  conditions:\n"
        "  - {type: Succeeded, status: 'False', reason: TaskRunTimeout}\n"
    )
    (found,) = readings_of(text.encode(), "tekton")
    assert (found.data["outcome"], found.data["task"]) == ("failure", "unit")


def _delivered(kind: str, data: dict[str, Any]) -> list[Any]:
    headers = {
        "ce-id": "1", "ce-source": "/apis/x", "ce-specversion": "1.0", "ce-type": kind,
        "ce-time": ENDED,
    }  # fmt: skip
    assert SENDER.folded is not None
    media, body = SENDER.folded(headers, "application/json", json.dumps(data).encode())
    return read_delivery(SENDER, Delivery("tekton", None, media, body))


def test_events_in_binary_mode_are_put_together() -> None:
    """Type and time stand in headers, the run in the body."""
    kind = "dev.tekton.event.pipelinerun."
    run = _run("PipelineRun", "Unknown", "Started")
    (found,) = _delivered(kind + "started.v1", {"pipelineRun": run})
    assert (found.type, found.kind) == (_type("pipeline.started"), kind + "started.v1")
    done = _run("PipelineRun", "False", "Failed")
    (found,) = _delivered(kind + "failed.v1", {"pipelineRun": done})
    assert (found.type, found.data["outcome"]) == (_type("pipeline.finished"), "failure")
    (found,) = _delivered(kind + "unknown.v1", {"pipelineRun": run})
    assert found.type == _type("source.unmapped")


def test_the_secret_is_a_password_or_a_token() -> None:
    """Tekton takes an address with user and password; a proxy may send a token."""
    at, secret = datetime(2026, 1, 1, tzinfo=UTC), "s3cret"
    basic = "Basic " + base64.b64encode(b"tekton:s3cret").decode()
    for value, holds in ((basic, True), ("Bearer s3cret", True), ("Bearer x", False), ("", False)):
        assert SENDER.scheme.holds({"authorization": value}, b"{}", secret, at) is holds


REAL: dict[str, dict[str, Any]] = {
    "pipelinerun.succeeded.json": {
        "types": ["pipeline.finished", "build.finished", "task.finished", "task.finished"],
        "run": "pipelinerun-build", "outcome": "success", "reported_outcome": "Succeeded",
        "time": "2021-03-29T09:50:15Z", "started_at": "2021-03-29T09:50:00Z",
        "pipeline": "test-pipeline",
    },
    "taskrun.succeeded.json": {
        "types": ["task.finished", "build.finished"], "run": "taskrun-build", "task": "build",
        "outcome": "success", "reported_outcome": "Succeeded", "time": "2021-03-29T09:50:15Z",
        "started_at": "2021-03-29T09:50:00Z",
    },
    "pipelinerun.remote-resolver-unknown.json": {
        "types": ["pipeline.started"], "run": "build-push-gke-deploy-run-2", "outcome": None,
        "time": None, "commit": None,
    },
    "cloudevent.taskrun.unknown.body.json": {"types": []},
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(REAL))
def test_a_real_file_says_what_its_row_says(name: str) -> None:
    """What the table of the files' sources says was read off them."""
    wanted = dict(REAL[name])
    found = read_report((FOLDER / "tekton" / name).read_bytes()).readings
    assert [one.type for one in found] == [_type(kind) for kind in wanted.pop("types")]
    for one in found[:1]:
        told = {"time": one.time} | one.data
        assert {key: told.get(key) for key in wanted} == wanted
        assert "commit" not in told  # shortened in all of them


@needs_fixtures
def test_the_real_event_of_a_task_that_runs_is_kept_as_it_came() -> None:
    """Headers and body of one event, put together: it is Pending, and the row says so."""
    begins = FOLDER / "tekton" / "cloudevent.taskrun.unknown"
    told = json.loads(begins.with_name(begins.name + ".headers.json").read_bytes())
    headers = {name.lower(): value for name, value in told.items()}
    body = begins.with_name(begins.name + ".body.json").read_bytes()
    assert SENDER.folded is not None
    media, whole = SENDER.folded(headers, "application/json", body)
    (found,) = read_delivery(SENDER, Delivery("tekton", None, media, whole))
    assert (found.type, found.data["kind"]) == (
        _type("source.unmapped"), "dev.tekton.event.taskrun.unknown.v1",
    )  # fmt: skip


@needs_fixtures
def test_the_real_images_are_those_of_the_results() -> None:
    """The digest of the row; outputs without one, or without an address, are none."""
    found = read_report((FOLDER / "tekton" / "pipelinerun.succeeded.json").read_bytes()).readings
    digest = "sha256:827521c857fdcd4374f4da5442fbae2edb01e7fbae285c3ec15673d4c1daecb7"
    assert found[1].data["artifacts"] == [
        {"digest": digest, "name": "test.io/test/image"}, {"digest": digest, "name": "abc"},
    ]  # fmt: skip


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    results = [{"name": "IMAGES", "value": f"a/b@{DIGEST}"}]
    run = _run("PipelineRun", "True", "Succeeded", results=results)
    run["status"]["taskRuns"] = {"a": {"status": dict(run["status"])}}
    event = {"specversion": "1.0", "id": "1", "source": "/x", "data": {"taskRun": run}}
    event["type"] = "dev.tekton.event.taskrun.successful.v1"
    for value in (run, [run], event):
        check_damaged(json.dumps(value).encode(), 120)
