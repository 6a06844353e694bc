"""What Azure DevOps sends becomes the right facts.

One system's deliveries, case by case, so it is long.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.azure_devops import SENDER
from intake.deliveries import Delivery, read_delivery
from intake.registry import read_report
from tests.fixtures import FOLDER, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door
from tests.intake.scans import everything, readings_of

SHA, OTHER, PLANTED = "a" * 40, "b" * 40, "planted-5ecret"
MIA = {"id": "u-1", "displayName": "Mia Chen", "uniqueName": "mia@acme.example"}
NOOR = {"id": "u-2", "displayName": "Noor Ali", "uniqueName": "noor@acme.example"}
REPOSITORY = {"name": "shop", "remoteUrl": "https://acme@dev.azure.com/acme/p/_git/shop"}
ADDRESS = "https://dev.azure.com/acme/p/_git/shop"
MADE = "2026-01-05T10:02:00.1234567Z"


def _type(kind: str) -> str:
    return f"pipeledger.{kind}.v1"


def _hook(kind: str, resource: dict[str, Any], text: str = "") -> dict[str, Any]:
    return {
        "id": "1", "eventType": kind, "publisherId": "tfs", "message": {"text": text},
        "resource": resource, "createdDate": MADE,
        "resourceContainers": {"account": {"id": "x", "baseUrl": "https://dev.azure.com/acme/"}},
    }  # fmt: skip


def _read(kind: str, resource: dict[str, Any], text: str = "") -> list[Any]:
    return readings_of(_hook(kind, resource, text), "azure-devops")


def _pull(status: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "repository": REPOSITORY, "pullRequestId": 7, "status": status, "createdBy": MIA,
        "creationDate": "2026-01-05T09:00:00Z", "closedDate": "2026-01-05T10:00:00Z",
        "title": "t", "sourceRefName": "refs/heads/x", "targetRefName": "refs/heads/main",
        "lastMergeSourceCommit": {"commitId": SHA}, "lastMergeCommit": {"commitId": OTHER},
    } | more  # fmt: skip


def test_a_push_moves_a_branch_and_brings_commits() -> None:
    """Who pushed is not who wrote."""
    resource = {
        "repository": REPOSITORY, "pushedBy": NOOR, "date": "2026-01-05T10:00:00Z",
        "refUpdates": [{"name": "refs/heads/main", "oldObjectId": OTHER, "newObjectId": SHA}],
        "commits": [{"commitId": SHA, "comment": "c", "author": {
            "name": "Mia Chen", "email": "mia@acme.example", "date": "2026-01-04T10:00:00Z"}}],
    }  # fmt: skip
    moved, pushed = _read("git.push", resource)
    assert (moved.type, pushed.type) == (_type("ref.updated"), _type("commit.pushed"))
    assert (moved.data["before"], moved.data["after"]) == (OTHER, SHA)
    assert (moved.data["created"], moved.data["deleted"]) == (False, False)
    assert pushed.data["pusher"]["email"] == "noor@acme.example"
    assert pushed.data["authors"][0]["email"] == "mia@acme.example"
    assert pushed.data["authored_at"] == "2026-01-04T10:00:00Z"
    assert {one.time for one in (moved, pushed)} == {"2026-01-05T10:00:00Z"}
    assert {one.data["repository"] for one in (moved, pushed)} == {ADDRESS}


def test_a_branch_that_was_deleted_has_no_commit() -> None:
    """Its new id is all zeros."""
    update = {"name": "refs/heads/x", "oldObjectId": SHA, "newObjectId": "0" * 40}
    (found,) = _read("git.push", {"repository": REPOSITORY, "refUpdates": [update]})
    assert found.data["deleted"] is True
    assert "after" not in found.data
    assert found.time == MADE


@pytest.mark.parametrize(
    ("kind", "status", "what"),
    [
        ("created", "active", "change.proposed"), ("merged", "completed", "change.merged"),
        ("merged", "active", "change.updated"), ("updated", "completed", "change.merged"),
        ("updated", "abandoned", "change.abandoned"), ("updated", "active", "change.updated"),
    ],
)  # fmt: skip
def test_merged_is_only_what_is_completed(kind: str, status: str, what: str) -> None:
    """A merge commit is made as a trial as well, while the pull request is open."""
    value = _pull(status, closedBy=NOOR, completionOptions={"mergeStrategy": "squash"},
                  mergeStatus="conflicts")  # fmt: skip
    (found,) = _read(f"git.pullrequest.{kind}", value)
    data = found.data
    assert (found.type, data["number"], data["head"]) == (_type(what), 7, SHA)
    assert data["author"]["email"] == "mia@acme.example"
    if (kind, status) == ("merged", "active"):
        assert (data["action"], data["reported_outcome"]) == ("merge attempted", "conflicts")
    if what == "change.merged":
        assert (data["merge_commit"], data["commit"], data["method"]) == (OTHER, OTHER, "squash")
        assert data["merged_by"]["email"] == "noor@acme.example"
        assert found.time == "2026-01-05T10:00:00Z"


@pytest.mark.parametrize(
    ("vote", "words", "verdict"),
    [
        (10, "has approved pull request 7", "approved"),
        (5, "has approved and left suggestions on pull request 7", "approved"),
        (-5, "is waiting for the author on pull request 7", "changes_requested"),
        (-10, "has rejected pull request 7", "changes_requested"),
        (0, "has reset their vote", "dismissed"),
        (10, "has pushed to pull request 7", None),
    ],
)  # fmt: skip
def test_a_vote_is_who_the_words_begin_with(vote: int, words: str, verdict: str | None) -> None:
    """Other reviewers' votes stand there too, from before."""
    reviewers = [NOOR | {"vote": vote}, MIA | {"vote": 10}]
    value = _pull("active", reviewers=reviewers)
    (found,) = _read("git.pullrequest.updated", value, f"Noor Ali {words}")
    if verdict is None:
        assert found.type == _type("change.updated")
    else:
        assert (found.type, found.data["verdict"]) == (_type("change.reviewed"), verdict)
        assert found.data["reviewer"]["email"] == "noor@acme.example"
        assert found.data["reviewed"] == SHA


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"status": "succeeded"}, "success"), ({"status": "failed"}, "failure"),
        ({"status": "partiallySucceeded"}, "failure"), ({"status": "stopped"}, "cancelled"),
        ({"status": "completed", "result": "succeeded"}, "success"),
        ({"status": "completed", "result": "canceled"}, "cancelled"),
        ({"status": "completed", "result": "failed"}, "failure"),
    ],
)  # fmt: skip
def test_a_build_ends_as_its_version_says(told: dict[str, Any], outcome: str) -> None:
    """In `status`, or in `result` where `status` only says that it is over."""
    resource = told | {
        "id": 11, "buildNumber": "2026.1", "reason": "individualCI", "requestedFor": MIA,
        "definition": {"name": "CI"}, "sourceBranch": "refs/heads/main", "sourceVersion": SHA,
        "startTime": "2026-01-05T10:00:00Z", "finishTime": "2026-01-05T10:01:00Z",
        "parameters": json.dumps({"password": PLANTED}),
    }  # fmt: skip
    (found,) = _read("build.complete", resource)
    data = found.data
    assert (found.type, data["outcome"]) == (_type("pipeline.finished"), outcome)
    assert (data["run"], data["build"], data["pipeline"]) == ("11", "2026.1", "CI")
    assert (data["commit"], data["ref"], data["duration_s"]) == (SHA, "refs/heads/main", 60)
    assert data["actor"]["email"] == "mia@acme.example"
    assert found.source == "https://dev.azure.com/acme/"
    assert PLANTED not in everything([found])


@pytest.mark.parametrize(
    ("reason", "who"),
    [
        ("schedule", MIA),
        ("individualCI", {"displayName": "Microsoft.VisualStudio.Services.TFS", "id": "0"}),
        ("individualCI", {"displayName": "p Build Service (acme)", "id": "0"}),
    ],
)
def test_clocks_and_services_are_nobody(reason: str, who: dict[str, Any]) -> None:
    """Whoever a scheduled build is run for did not ask for it."""
    resource = {"id": 1, "result": "succeeded", "reason": reason, "requestedFor": who}
    (found,) = _read("build.complete", resource)
    assert "actor" not in found.data


def test_runs_stages_and_jobs_end_or_begin() -> None:
    """Only what is completed has an outcome."""
    run = {"id": 2, "name": "20260105.1", "pipeline": {"name": "CI"}, "state": "inProgress",
           "createdDate": "2026-01-05T10:00:00Z"}  # fmt: skip
    event = "ms.vss-pipelines.run-state-changed-event"
    (found,) = _read(event, {"run": run})
    assert (found.type, found.time) == (_type("pipeline.started"), "2026-01-05T10:00:00Z")
    done = run | {"state": "completed", "result": "failed", "finishedDate": "2026-01-05T10:09:00Z"}
    (found,) = _read(event, {"run": done})
    assert (found.type, found.data["outcome"], found.time) == (
        _type("pipeline.finished"), "failure", "2026-01-05T10:09:00Z",
    )  # fmt: skip
    assert _read(event, {"run": run | {"state": "canceling"}}) == []
    stage = {"name": "prod", "state": "completed", "result": "rejected"}
    (found,) = _read("ms.vss-pipelines.stage-state-changed-event", {"run": run, "stage": stage})
    assert (found.type, found.data["task"], found.data["outcome"]) == (
        _type("task.finished"), "prod", "failure",
    )  # fmt: skip
    job = {"name": "j", "state": "completed", "result": "skipped"}
    told = {"run": run, "stage": stage, "job": job}
    (found,) = _read("ms.vss-pipelines.job-state-changed-event", told)
    assert (found.data["task"], found.data["stage"], found.data["outcome"]) == (
        "j", "prod", "skipped",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hosted", "address"),
    [
        ({"type": "azureReposGit"}, ADDRESS),
        ({"type": "gitHub", "fullName": "acme/shop"}, "https://github.com/acme/shop"),
    ],
)
def test_a_run_is_of_the_repository_of_its_pipeline(hosted: dict[str, Any], address: str) -> None:
    """With commit and branch; others that it uses are not what was built."""
    used = {
        "self": {"repository": hosted, "refName": "refs/heads/main", "version": SHA},
        "tools": {"repository": hosted, "refName": "refs/heads/x", "version": OTHER},
    }
    run = {"id": 2, "state": "inProgress", "resources": {"repositories": used}}
    resource = {"run": run, "requestedFor": MIA, "repositories": [
        {"alias": "tools", "url": "https://x.example/t"},
        {"alias": "self", "url": REPOSITORY["remoteUrl"]}]}  # fmt: skip
    (found,) = _read("ms.vss-pipelines.run-state-changed-event", resource)
    data = found.data
    assert (data["commit"], data["ref"], data["repository"]) == (SHA, "refs/heads/main", address)
    assert data["actor"]["email"] == "mia@acme.example"
    stage = {"name": "Deploy", "displayName": "Deployment Stage", "attempt": 2,
             "state": "completed", "result": "succeeded"}  # fmt: skip
    (found,) = _read("ms.vss-pipelines.stage-state-changed-event", resource | {"stage": stage})
    assert (found.data["task"], found.data["attempt"]) == ("Deploy", 2)
    assert (found.data["commit"], "actor" in found.data) == (SHA, False)


def test_each_answer_to_a_stage_is_one() -> None:
    """Two were asked, two answered; before that it only waits."""
    steps = [
        {"assignedApprover": {"id": "g", "displayName": "Team"}, "actualApprover": MIA,
         "status": "approved", "comment": "go"},
        {"actualApprover": NOOR, "status": "rejected"},
    ]  # fmt: skip
    place = {"id": "5", "type": "environment", "name": "production"}
    asked = {"id": "ap-1", "status": "rejected", "steps": steps}
    kind = "ms.vss-pipelinechecks-events.approval-"
    found = _read(kind + "completed", {"approval": asked, "resource": place})
    assert [(one.data["verdict"], one.data["approver"]["name"]) for one in found] == [
        ("approved", "Mia Chen"), ("rejected", "Noor Ali"),
    ]  # fmt: skip
    assert {one.data["environment"] for one in found} == {"production"}
    late = {"id": "ap-1", "status": "timedOut", "steps": [steps[0], {"status": "pending"}]}
    found = _read(kind + "completed", {"approval": late, "resource": place})
    assert [one.data["verdict"] for one in found] == ["approved", "expired"]
    waits = {"id": "ap-1", "status": "pending", "steps": [{"status": "pending"}]}
    (found,) = _read(kind + "pending", {"approval": waits, "resource": place})
    assert (found.data["verdict"], found.data.get("approver")) == ("requested", None)


def _asked(status: str, *, automated: bool = False) -> dict[str, Any]:
    return {
        "approval": {"id": 4, "status": status, "approver": NOOR, "approvedBy": NOOR,
                     "approvalType": "preDeploy", "isAutomated": automated,
                     "releaseEnvironment": {"name": "production"}},
        "release": {"id": 9, "name": "Release-9", "createdBy": MIA,
                    "releaseDefinition": {"name": "Shop.CD"},
                    "variables": {"p": {"value": PLANTED}}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("approved", "approved"), ("rejected", "rejected"), ("canceled", "withdrawn"),
        ("pending", "requested"), ("reassigned", None),
    ],
)  # fmt: skip
def test_an_approval_of_a_release_is_bound_to_it(status: str, verdict: str | None) -> None:
    """Who may approve has approved only where the status says so."""
    found = _read("ms.vss-release.deployment-approval-completed-event", _asked(status))
    assert [one.data["verdict"] for one in found] == ([verdict] if verdict else [])
    for one in found:
        assert one.data["subjects"] == [{"kind": "release", "release": "Release-9"}]
        assert one.data["environments"] == ["production"]
        assert ("approver" in one.data) == (status in ("approved", "rejected"))
        assert one.data["requester"]["email"] == "mia@acme.example"
    assert PLANTED not in everything(found)


def test_what_no_person_approves_is_no_approval() -> None:
    """An automated approval lets everything pass."""
    kind = "ms.vss-release.deployment-approval-completed-event"
    assert _read(kind, _asked("approved", automated=True)) == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("succeeded", "success"), ("rejected", "failure"), ("canceled", "cancelled"),
        ("partiallySucceeded", "failure"),
    ],
)  # fmt: skip
def test_a_deployment_ends_as_its_stage_says(status: str, outcome: str) -> None:
    """Service is the release's definition."""
    environment = {"id": 5, "name": "production", "status": status}
    release = {"id": 9, "name": "Release-9", "releaseDefinition": {"name": "Shop.CD"}}
    resource = {"environment": environment, "release": release, "project": {"name": "p"}}
    (begun,) = _read("ms.vss-release.deployment-started-event", resource)
    (ended,) = _read("ms.vss-release.deployment-completed-event", resource)
    assert (begun.type, ended.type) == (
        _type("deployment.started"), _type("deployment.finished"),
    )  # fmt: skip
    assert begun.data["deployment"] == ended.data["deployment"] == "9/5"
    assert (ended.data["service"], ended.data["environment"]) == ("Shop.CD", "production")
    assert (ended.data["outcome"], ended.data["release"]) == (outcome, "Release-9")


def test_an_earlier_release_that_is_deployed_again_is_another_deployment() -> None:
    """It is how one goes back: it did not happen when the release came there first."""
    release = {"id": 9, "name": "Release-9", "releaseDefinition": {"name": "Shop.CD"}}
    told = []
    for attempt in (1, 2):
        resource = {"environment": {"id": 5, "name": "production", "status": "succeeded"},
                    "release": release, "deployment": {"attempt": attempt}}  # fmt: skip
        (ended,) = _read("ms.vss-release.deployment-completed-event", resource)
        # Where a deployment is only begun, its attempt may stand beside it.
        resource = {name: one for name, one in resource.items() if name != "deployment"}
        started = resource | {"attemptId": attempt}
        (begun,) = _read("ms.vss-release.deployment-started-event", started)
        assert begun.data["deployment"] == ended.data["deployment"]
        told.append((ended.data["deployment"], ended.data["release"]))
    assert told == [("9/5", "Release-9"), ("9/5/2", "Release-9")]


def test_releases_and_work_items_are_told() -> None:
    """A release has a version; a work item is a ticket, closed by its state."""
    release = {"id": 9, "name": "Release-9", "createdBy": MIA, "createdOn": "2026-01-05T10:00:00Z",
               "releaseDefinition": {"name": "Shop.CD"}}  # fmt: skip
    (found,) = _read("ms.vss-release.release-created-event", {"release": release})
    assert (found.type, found.data["version"], found.time) == (
        _type("release.created"), "Release-9", "2026-01-05T10:00:00Z",
    )  # fmt: skip
    fields: dict[str, Any] = {
        "System.WorkItemType": "Task", "System.State": "New", "System.Title": "t",
        "System.CreatedBy": "Mia Chen <mia@acme.example>",
    }  # fmt: skip
    (found,) = _read("workitem.created", {"id": 5, "fields": fields})
    assert (found.type, found.data["key"], found.data["kind"]) == (
        _type("ticket.opened"), "5", "task",
    )  # fmt: skip
    assert found.data["actor"]["email"] == "mia@acme.example"
    fields["System.CreatedBy"] = {"displayName": "Jo", "uniqueName": "FABRIKAM\\jo"}
    (found,) = _read("workitem.created", {"id": 5, "fields": fields})
    assert found.data["actor"] == {
        "system": "azure-devops", "name": "Jo", "login": "FABRIKAM\\jo",
    }  # fmt: skip
    changed = {
        "workItemId": 5,
        "fields": {"System.State": {"newValue": "Closed"}},
        "revision": {"fields": fields | {"System.State": "Closed"}},
        "revisedBy": NOOR,
    }
    (found,) = _read("workitem.updated", changed)
    assert (found.type, found.data["status"]) == (_type("ticket.closed"), "Closed")


def test_other_kinds_are_kept_as_they_came() -> None:
    """The vocabulary has nothing for them."""
    body = json.dumps(_hook("ms.vss-release.release-abandoned-event", {})).encode()
    (found,) = read_delivery(SENDER, Delivery("ado", None, "application/json", body))
    assert found.type == _type("source.unmapped")
    assert found.data["kind"] == "ms.vss-release.release-abandoned-event"


def test_the_secret_is_the_password() -> None:
    """The user is not looked at."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    basic = "Basic " + base64.b64encode(b"anyone:s3cret").decode()
    for value, holds in ((basic, True), ("Bearer s3cret", True), ("Basic eDp5", False)):
        assert SENDER.scheme.holds({"authorization": value}, b"{}", "s3cret", at) is holds


REAL: dict[str, tuple[str, dict[str, Any]]] = {
    "git.push.json": ("ref.updated", {
        "time": "2014-05-02T19:17:13.3309587Z", "ref": "refs/heads/main",
        "after": "33b55f7cb7e7e245323987634f960cf4a6e6bc74",
        "repository": "https://dev.azure.com/fabrikam-fiber-inc/DefaultCollection/_git/"
                      "Fabrikam-Fiber-Git", "actor.name": "Jamal Hartnett"}),
    "build.complete.json": ("pipeline.finished", {
        "build": "ConsumerAddressModule_20150407.1", "outcome": "success",
        "reported_outcome": "succeeded", "pipeline": "ConsumerAddressModule",
        "actor.name": "Normal Paulk", "started_at": "2015-04-07T18:04:06.83Z",
        "time": "2015-04-07T18:06:10.69Z", "ref": "refs/heads/master",
        "commit": "600c52d2d5b655caa111abfd863e5a9bd304bb0e", "run": "2"}),
    "git.pullrequest.merged.json": ("change.merged", {
        "number": 1, "author.name": "Jamal Hartnett", "time": "2014-06-30T18:59:12.3660573Z",
        "merge_commit": "eef717f69257a6333f221566c1c987dc94cc0d72"}),
    "release.deployment-approval-completed.json": ("approval.reported", {
        "verdict": "approved", "approver.name": "Chuck Reinhart", "stage": "preDeploy",
        "release": "Release-1", "environment": "Dev", "requester.name": "Chuck Reinhart",
        "time": "2016-09-19T13:03:28.1594606Z"}),
    "release.deployment-completed.json": ("deployment.finished", {
        "environment": "Dev", "outcome": "success", "reported_outcome": "succeeded",
        "release": "Release-1", "service": "Fabrikam", "service_basis": "project",
        "time": "2016-09-19T13:03:28.5345098Z"}),
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(REAL))
def test_a_real_event_says_what_its_row_says(name: str) -> None:
    """What the table of the files' sources says was read off them."""
    kind, wanted = REAL[name]
    found = read_report((FOLDER / "azure-devops" / name).read_bytes()).readings
    for one in found:
        through_door(one)
    (first, *_) = found
    assert first.type == _type(kind)
    told: dict[str, Any] = {"time": first.time} | first.data
    people = {f"{key}.name": value["name"] for key, value in told.items()
              if isinstance(value, dict) and "name" in value}  # fmt: skip
    assert {key: (told | people).get(key) for key in wanted} == wanted


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    push = {"repository": REPOSITORY, "pushedBy": MIA, "commits": [{"commitId": SHA}],
            "refUpdates": [{"name": "refs/heads/x", "newObjectId": SHA}]}  # fmt: skip
    for value in (
        _hook("git.push", push), _hook("git.pullrequest.merged", _pull("completed")),
        _hook("ms.vss-release.deployment-approval-completed-event", _asked("approved")),
        _hook("build.complete", {"id": 1, "result": "failed", "requestedFor": MIA}),
        _hook("workitem.created", {"id": 5, "fields": {"System.CreatedBy": MIA}}),
    ):  # fmt: skip
        check_damaged(json.dumps(value).encode(), 100)
