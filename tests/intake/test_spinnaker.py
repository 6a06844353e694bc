"""What Spinnaker says of executions, stages and judgements becomes the right facts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.deliveries import Delivery, read_delivery
from intake.registry import read_report
from intake.spinnaker import SENDER
from tests.fixtures import FOLDER, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door
from tests.intake.scans import everything, readings_of

SHA, PLANTED = "a" * 40, "planted-5ecret"
START, END = 1_767_607_200_000, 1_767_607_290_500
BEGAN, ENDED = "2026-01-05T10:00:00Z", "2026-01-05T10:01:30.500000Z"


def _type(kind: str) -> str:
    return f"pipeledger.{kind}.v1"


def _execution(status: str, *stages: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": "01E", "type": "PIPELINE", "application": "shop", "name": "Deploy",
        "status": status, "canceled": False, "startTime": START,
        "endTime": None if status == "RUNNING" else END,
        "authentication": {"user": "mia@acme.example"},
        "trigger": {"type": "manual", "user": "mia@acme.example",
                    "parameters": {"password": PLANTED},
                    "buildInfo": {"scm": [{"sha1": SHA, "branch": "main"}]}},
        "stages": list(stages),
    } | more  # fmt: skip


def _stage(kind: str, status: str, name: str = "s", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": "st-1", "type": kind, "name": name, "status": status, "startTime": START,
        "endTime": END, "context": {"token": PLANTED},
    } | more  # fmt: skip


def _event(kind: str, execution: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "details": {"source": "orca", "type": kind, "application": "shop", "created": str(END),
                    "requestHeaders": {"Authorization": [PLANTED]}},
        "content": {"execution": execution, "executionId": "01E"} | more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "canceled", "outcome"),
    [
        ("SUCCEEDED", False, "success"), ("TERMINAL", False, "failure"),
        ("STOPPED", False, "failure"), ("CANCELED", True, "cancelled"),
        ("TERMINAL", True, "cancelled"), ("SKIPPED", False, "skipped"),
    ],
)  # fmt: skip
def test_an_execution_ends_as_its_status_says(status: str, outcome: str, *, canceled: bool) -> None:
    """One that was called off is cancelled, whatever its status is."""
    value = _execution(status, canceled=canceled)
    (found,) = readings_of(value, "spinnaker-execution")
    data = found.data
    assert found.type == _type("pipeline.finished")
    assert (data["outcome"], data["reported_outcome"]) == (outcome, status)
    assert (found.time, data["started_at"], data["duration_s"]) == (ENDED, BEGAN, 90.5)
    assert (data["run"], data["pipeline"], data["commit"]) == ("01E", "Deploy", SHA)
    assert data["actor"] == {"system": "spinnaker", "email": "mia@acme.example"}
    assert PLANTED not in everything([found])


@pytest.mark.parametrize(
    ("user", "workload"),
    [
        ("[anonymous]", None), (None, None),
        ("a@managed-service-account", "a@managed-service-account"),
    ],
)  # fmt: skip
def test_nobody_and_services_are_no_persons(user: str | None, workload: str | None) -> None:
    """An execution that another one or a clock began."""
    trigger = {"type": "pipeline", "user": user, "parentExecution": {"id": "00P"}}
    value = _execution("SUCCEEDED", trigger=trigger)
    (found,) = readings_of(value, "spinnaker-execution")
    assert "actor" not in found.data
    assert found.data.get("workload") == workload
    assert found.data["parent_run"] == "00P"


@pytest.mark.parametrize(
    ("word", "status", "verdict"),
    [
        ("continue", "SUCCEEDED", "approved"), ("stop", "TERMINAL", "rejected"),
        ("Stop", "TERMINAL", "rejected"), (None, "RUNNING", "requested"),
    ],
)  # fmt: skip
def test_a_judgement_is_somebodys(word: str | None, status: str, verdict: str) -> None:
    """Continue approves, stop refuses, neither waits; who and when are the stage's last change."""
    context = {"judgmentStatus": word, "lastModifiedBy": "noor", "instructions": "look"}
    stage = _stage("manualJudgment", status, context=context,
                   lastModified={"user": "noor", "lastModifiedTime": START + 5000})  # fmt: skip
    found = readings_of(_execution("RUNNING", stage), "spinnaker-execution")
    (told,) = [one for one in found if one.type == _type("approval.reported")]
    assert (told.data["verdict"], told.data["approval"]) == (verdict, "st-1")
    if word is None:
        assert (told.time, told.data.get("approver")) == (BEGAN, None)
    else:
        assert told.time == "2026-01-05T10:00:05Z"
        assert told.data["approver"] == {"system": "spinnaker", "login": "noor"}


def test_a_judgement_without_an_answer_that_ended_approves_nothing() -> None:
    """It timed out, or the pipeline was called off: nobody said anything."""
    stage = _stage("manualJudgment", "TERMINAL", context={})
    found = readings_of(_execution("TERMINAL", stage), "spinnaker-execution")
    assert [one.type for one in found] == [_type("pipeline.finished"), _type("task.finished")]


@pytest.mark.parametrize(
    ("kind", "deployed"),
    [
        ("deployManifest", None),
        ("undoRolloutManifest", "rollback"),
        ("rollbackCluster", "rollback"),
    ],
)
def test_a_stage_that_deploys_is_a_deployment(kind: str, deployed: str | None) -> None:
    """Of the application with the account; some kinds take a version back."""
    context = {"account": "prod-eu", "manifests": [{"data": PLANTED}]}
    stage = _stage(kind, "TERMINAL", "Deploy", context=context)
    found = readings_of(_execution("TERMINAL", stage), "spinnaker-execution")
    (one,) = [one for one in found if one.type == _type("deployment.finished")]
    assert (one.data["service"], one.data["environment"]) == ("shop", "prod-eu")
    assert (one.data["outcome"], one.data.get("kind")) == ("failure", deployed)
    assert PLANTED not in everything(found)


def test_a_stage_that_names_no_account_deploys_nowhere() -> None:
    """Or several of them: then where is not told."""
    context = {"clusters": [{"account": "a"}, {"account": "b"}]}
    stage = _stage("deploy", "SUCCEEDED", context=context)
    found = readings_of(_execution("SUCCEEDED", stage), "spinnaker-execution")
    assert [one.type for one in found] == [_type("pipeline.finished"), _type("task.finished")]


@pytest.mark.parametrize(
    ("accounts", "deployed"), [(("a",), ["st-1"]), (("a", "b"), ["st-2", "st-3"])]
)
def test_what_a_stage_is_made_of_is_no_deployment_more(
    accounts: tuple[str, ...], deployed: list[str]
) -> None:
    """Of one that deploys to several accounts each part is one."""
    clusters = {"clusters": [{"account": one} for one in accounts]}
    parts = [
        _stage("createServerGroup", "SUCCEEDED", id=f"st-{number}", parentStageId="st-1",
               syntheticStageOwner="STAGE_BEFORE", context={"account": one})
        for number, one in enumerate(accounts, 2)
    ]  # fmt: skip
    execution = _execution("SUCCEEDED", _stage("deploy", "SUCCEEDED", context=clusters), *parts)
    found = readings_of(execution, "spinnaker-execution")
    told = [one.data["deployment"] for one in found if one.type == _type("deployment.finished")]
    assert told == deployed
    details = {"id": "st-2", "name": "s", "type": "createServerGroup"}
    event = _event("orca:stage:complete", execution, stageDetails=details)
    assert len(readings_of(event, "spinnaker")) == len(accounts) - 1
    # Orca tells the stage's id beside its name, and not its type.
    (whole,) = execution["stages"][:1]
    by_id = _event("orca:stage:complete", execution, stageId="st-2", isSynthetic=True, name="s")
    assert len(readings_of(by_id, "spinnaker")) == len(accounts) - 1
    by_id["content"] |= {"stageId": whole["id"], "isSynthetic": False}
    assert len(readings_of(by_id, "spinnaker")) == 3 - len(accounts)


def test_what_another_stage_put_there_is_no_deployment_more_where_nobody_says_which() -> None:
    """The stage that deploys has an event of its own."""
    content = {"executionId": "01E", "endTime": END, "context": {"account": "prod"}}
    details = {"name": "s", "startTime": START, "endTime": END}
    deployed = []
    for identity, kind, synthetic in (
        ("st-1", "deploy", False), ("st-2", "createServerGroup", True),
    ):  # fmt: skip
        stage = details | {"id": identity, "type": kind, "isSynthetic": synthetic}
        told = {"source": "orca", "type": "orca:stage:complete", "application": "shop"}
        event = {"details": told, "content": content | {"stageDetails": stage}}
        found = readings_of(event, "spinnaker")
        deployed += [one.data["deployment"] for one in found
                     if one.type == _type("deployment.finished")]  # fmt: skip
    assert deployed == ["st-1"]


@pytest.mark.parametrize("wrapped", [False, True])
def test_events_say_what_happened(*, wrapped: bool) -> None:
    """Alone, or under their name."""
    event: dict[str, Any] = _event("orca:pipeline:failed", _execution("TERMINAL"))
    if wrapped:
        event = {"eventName": "spinnaker_events", "payload": event}
    (found,) = readings_of(event, "spinnaker")
    assert (found.type, found.data["outcome"]) == (_type("pipeline.finished"), "failure")
    assert found.kind == "orca:pipeline:failed"
    assert PLANTED not in everything([found])


def test_a_pipeline_that_begins_has_no_outcome() -> None:
    """Whatever status it has at that moment."""
    event = _event("orca:pipeline:starting", _execution("RUNNING"))
    (found,) = readings_of(event, "spinnaker")
    assert (found.type, found.time) == (_type("pipeline.started"), BEGAN)


def test_an_event_of_a_stage_is_about_that_stage() -> None:
    """As the execution has it, or, where it does not, as the event says itself."""
    other = _stage("wait", "SUCCEEDED", "Wait", id="st-0")
    stage = _stage("bake", "RUNNING", "Bake")
    details = {"name": "Bake", "type": "bake", "startTime": START, "endTime": END}
    for stages in ((other, stage), (other,)):
        event = _event("orca:stage:failed", _execution("RUNNING", *stages), stageDetails=details)
        (found,) = readings_of(event, "spinnaker")
        assert (found.type, found.data["task"]) == (_type("task.finished"), "Bake")
        assert (found.data["outcome"], found.time) == ("failure", ENDED)


def test_a_judgement_in_an_event_is_reported() -> None:
    """With the context of the event."""
    details = {"name": "Go?", "type": "manualJudgment", "startTime": START}
    context = {"judgmentStatus": "stop", "lastModifiedBy": "noor"}
    event = _event("orca:stage:failed", _execution("RUNNING"), stageDetails=details,
                   context=context, endTime=END)  # fmt: skip
    told = {one.type: one for one in readings_of(event, "spinnaker")}
    assert told[_type("approval.reported")].data["verdict"] == "rejected"
    assert told[_type("task.finished")].data["outcome"] == "failure"


def test_an_event_may_only_name_its_execution() -> None:
    """Then its own times, and how its type ends, are all there is."""
    content = {"executionId": "01E", "startTime": START, "endTime": END, "canceled": False,
               "context": {"credentials": "prod", "stageDetails": {"endTime": END}}}  # fmt: skip
    for kind, what, outcome in (
        ("orca:stage:complete", "task.finished", "success"),
        ("orca:pipeline:failed", "pipeline.finished", "failure"),
    ):
        details = {"source": "orca", "type": kind, "application": "shop"}
        (found,) = readings_of({"details": details, "content": content}, "spinnaker")
        data = found.data
        assert (found.type, data["outcome"], data["run"]) == (_type(what), outcome, "01E")
        assert (found.time, data["duration_s"], data["application"]) == (ENDED, 90.5, "shop")
        assert data.get("task") == ("stage" if what == "task.finished" else None)


def test_other_kinds_are_kept_as_they_came() -> None:
    """Orca's tasks are parts of stages."""
    body = json.dumps(_event("orca:task:complete", _execution("RUNNING"))).encode()
    (found,) = read_delivery(SENDER, Delivery("spinnaker", None, "application/json", body))
    assert (found.type, found.data["kind"]) == (_type("source.unmapped"), "orca:task:complete")


def test_the_secret_is_a_password_or_a_token() -> None:
    """Echo's endpoints take both."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    basic = "Basic " + base64.b64encode(b"pipeledger:s3cret").decode()
    for value, holds in ((basic, True), ("Bearer s3cret", True), ("Bearer other", False)):
        assert SENDER.scheme.holds({"authorization": value}, b"{}", "s3cret", at) is holds


@needs_fixtures
def test_the_real_builds_say_what_their_row_says() -> None:
    """First and last of each result that igor saw."""
    report = read_report((FOLDER / "spinnaker" / "echo.build-events.jsonl").read_bytes())
    assert report.format.name == "spinnaker"
    for one in report.readings:
        through_door(one)
    assert {
        (one.data["reported_outcome"], one.data["pipeline"], one.data["run"].rpartition("-")[2],
         one.data["outcome"])
        for one in report.readings
    } >= {
        ("SUCCESS", "T-800 Hubot Keep-Alive", "172518", "success"),
        ("FAILURE", "TVUI-OPS Restart Shared Harness", "69", "failure"),
        ("ABORTED", "CPIE-acmeair-multibuild", "310", "cancelled"),
        ("UNSTABLE", "nrdp-linux-15.1.1", "184", "failure"),
    }  # fmt: skip
    lines = (FOLDER / "spinnaker" / "echo.build-events.jsonl").read_text().splitlines()
    assert len(report.readings) == len(lines)


@needs_fixtures
def test_the_real_judgement_says_what_its_row_says() -> None:
    """Asked of the policy engine: the pipeline runs, and somebody let it go on."""
    name = "execution.manual-judgment-continue.json"
    begun, judged = read_report((FOLDER / "spinnaker" / name).read_bytes()).readings
    for one in (begun, judged):
        through_door(one)
    assert (begun.type, begun.time) == (
        _type("pipeline.started"), "2021-05-11T19:42:07.602000Z",
    )  # fmt: skip
    assert begun.data["run"] == "01F5EF6V1CTYQBD3HBNZXG0CTJ"
    assert begun.data["pipeline"] == "scale deployments"
    assert begun.data["actor"] == {"system": "spinnaker", "login": "myUserName"}
    data = judged.data
    assert (judged.type, judged.time) == (
        _type("approval.reported"), "2021-05-11T19:42:23.342000Z",
    )  # fmt: skip
    assert (data["verdict"], data["reported_outcome"]) == ("approved", "continue")
    assert data["approval"] == "01F5EF6V5C94PAJ0JPEDAGV18W"
    assert data["approver"] == {"system": "spinnaker", "login": "myUserName"}


@needs_fixtures
def test_the_real_execution_says_what_its_row_says() -> None:
    """Its status is that of a failure, and it was called off with its parent."""
    name = "execution.pipeline-canceled.json"
    found = read_report((FOLDER / "spinnaker" / name).read_bytes()).readings
    (whole,) = [one for one in found if one.type == _type("pipeline.finished")]
    data = whole.data
    assert (data["outcome"], data["reported_outcome"]) == ("cancelled", "TERMINAL")
    assert (data["run"], data["pipeline"]) == (
        "3e0c2e5c-fd3c-4e4d-934e-e315066cbde9", "Deployment Strategy",
    )  # fmt: skip
    assert (data["started_at"], whole.time) == (
        "2017-11-09T18:15:52.570000Z", "2017-11-09T18:16:20.982000Z",
    )  # fmt: skip
    assert (data["trigger"], data["application"]) == ("pipeline", "tracks")
    assert "actor" not in data


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    judged = _stage("manualJudgment", "SUCCEEDED", context={"judgmentStatus": "continue"})
    deployed = _stage("deploy", "SUCCEEDED", context={"account": "prod"})
    execution = _execution("TERMINAL", judged, deployed)
    details = {"name": "s", "type": "deploy"}
    event = _event("orca:stage:complete", _execution("RUNNING", deployed), stageDetails=details)
    built = {
        "details": {"source": "igor", "type": "build"},
        "content": {
            "project": {
                "name": "a",
                "lastBuild": {"number": 1, "result": "SUCCESS", "timestamp": str(START)},
            }
        },
    }
    for value in (execution, event, built):
        check_damaged(json.dumps(value).encode(), 120)
