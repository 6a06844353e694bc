"""Argo CD's applications and notifications, and rollouts, become the right deployments."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.argocd.files import SENDER
from intake.deliveries import Delivery, read_delivery
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

A, B, C = "a" * 40, "b" * 40, "c" * 40
GIT = "https://code.example/acme/shop"
SOURCE = {"repoURL": GIT + ".git", "path": "deploy", "targetRevision": "main"}
ROWS = {
    name: dict(part.partition("=")[::2] for part in row.split("; "))
    for name, row in facts("SOURCES-platforms.tsv").items()
    if name.startswith("argocd/")
}


def _entry(number: int, revision: str, source: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": number, "revision": revision, "source": source or SOURCE,
        "deployStartedAt": f"2026-01-0{number + 1}T10:00:00Z",
        "deployedAt": f"2026-01-0{number + 1}T10:00:05Z",
    }  # fmt: skip


def _state(phase: str, revision: str, day: int = 9, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    begun, ended = f"2026-01-0{day}T10:00:00Z", f"2026-01-0{day}T10:01:00Z"
    return {
        "phase": phase, "startedAt": begun,
        "operation": {"sync": {"revision": revision}, "initiatedBy": {"automated": True}},
        "syncResult": {"revision": revision, "source": SOURCE},
    } | ({} if phase in ("Running", "Terminating") else {"finishedAt": ended}) | more  # fmt: skip


def _app(*history: dict[str, Any], **status: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {"project": "retail", "source": SOURCE,
                 "destination": {"name": "eu-1", "namespace": "production"}},
        "status": {"history": list(history), **status},
    }  # fmt: skip


def _read(value: object) -> list[dict[str, Any]]:
    report = read_report(json.dumps(value).encode())
    for reading in report.readings:
        through_door(reading)
    return [
        reading.data | {"type": reading.type[11:-3], "time": reading.time}
        for reading in report.readings
    ]


def test_each_entry_of_the_history_is_a_deployment_that_succeeded() -> None:
    """Which revision of which repository went where, and when it began and ended."""
    (found,) = _read(_app(_entry(0, A)))
    assert found == {
        "type": "deployment.finished", "time": "2026-01-01T10:00:05Z",
        "deployment": "argocd/shop@2026-01-01T10:00:00Z", "tool": "Argo CD",
        "service": "shop", "service_basis": "application", "project": "retail",
        "environment": "production", "environment_basis": "namespace",
        "targets": [{"site": "eu-1"}], "repository": GIT, "commit": A, "config": f"git:{A}",
        "outcome": "success",
        "started_at": "2026-01-01T10:00:00Z", "duration_s": 5,
    }  # fmt: skip


def test_going_back_to_what_ran_before_is_a_rollback() -> None:
    """And going on to what was rolled back from is none; the same again is a redeployment."""
    history = [_entry(number, sha) for number, sha in enumerate((A, A, B, A, A, B, C))]
    found = _read(_app(*history))
    assert [one.get("kind") for one in found] == [
        None, "redeploy", None, "rollback", "redeploy", "planned", None,
    ]  # fmt: skip
    assert found[3]["rolls_back"] == found[2]["deployment"]
    assert found[3]["restores"] == found[1]["deployment"]
    assert found[3]["kind_basis"] == "history"
    assert sum("rolls_back" in one for one in found) == 1


def test_the_branch_a_revision_was_asked_for_by_does_not_count_and_parameters_do() -> None:
    """Another branch at the same commit is the same; other parameters are another deployment."""
    moved = SOURCE | {"targetRevision": "release"}
    other = SOURCE | {"helm": {"parameters": [{"name": "color", "value": "blue"}]}}
    history = [_entry(0, A), _entry(1, A, moved), _entry(2, A, other), _entry(3, A)]
    assert [one.get("kind") for one in _read(_app(*history))] == [
        None, "redeploy", "planned", "rollback",
    ]  # fmt: skip


def test_the_newest_operation_and_its_entry_are_one_deployment() -> None:
    """They began at the same instant."""
    sync = {"status": "Synced", "revision": B}
    digest = "sha256:" + "d" * 64
    found = _read(_app(
        _entry(0, A), _entry(8, B), operationState=_state("Succeeded", B), sync=sync,
        summary={"images": ["registry.example/shop@" + digest]}, health={"status": "Healthy"},
    ))  # fmt: skip
    assert [one["deployment"] for one in found] == [
        "argocd/shop@2026-01-01T10:00:00Z", "argocd/shop@2026-01-09T10:00:00Z",
    ]  # fmt: skip
    last = found[1]
    assert (last["outcome"], last["reported_outcome"]) == ("success", "Succeeded")
    assert (last["trigger"], last["health"]) == ("automatic", "Healthy")
    assert last["artifact"] == {"name": "registry.example/shop", "digest": digest}
    assert "actor" not in last


@pytest.mark.parametrize(
    ("phase", "kind", "outcome"),
    [
        ("Succeeded", "deployment.finished", "success"),
        ("Failed", "deployment.finished", "failure"),
        ("Error", "deployment.finished", "error"),
        ("Running", "deployment.started", None),
        ("Terminating", "deployment.progressed", None),
    ],
)
def test_an_operation_is_in_its_phase(phase: str, kind: str, outcome: str | None) -> None:
    """The running one and the ended one are the same deployment."""
    (found,) = _read(_app(operationState=_state(phase, A)))
    assert (found["type"], found.get("outcome")) == (kind, outcome)
    assert found["reported_outcome"] == phase
    assert found["deployment"] == "argocd/shop@2026-01-09T10:00:00Z"
    assert found["time"] == f"2026-01-09T10:0{0 if outcome is None else 1}:00Z"


def test_a_rollback_that_failed_is_one_too() -> None:
    """By whom, and whether it changed anything."""
    history = [_entry(0, A), _entry(1, B)]
    state = _state("Failed", A, operation={
        "sync": {"revision": A, "source": SOURCE}, "initiatedBy": {"username": "mia@x.example"},
    }, syncResult={"revision": A, "source": SOURCE, "resources": [
        {"status": "Synced", "message": "service/shop unchanged"},
        {"status": "SyncFailed", "message": "denied"},
    ]})  # fmt: skip
    last = _read(_app(*history, operationState=state))[-1]
    assert (last["outcome"], last["kind"], last["impact"]) == ("failure", "rollback", False)
    assert last["rolls_back"] == "argocd/shop@2026-01-02T10:00:00Z"
    assert last["actor"] == {"system": "argocd", "email": "mia@x.example"}
    assert last["trigger"] == "manual"
    state["syncResult"]["resources"][0]["message"] = "service/shop configured"
    assert _read(_app(operationState=state))[-1]["impact"] is True
    del state["syncResult"]["resources"]
    assert "impact" not in _read(_app(operationState=state))[-1]


def test_a_source_in_the_operation_does_not_make_a_rollback() -> None:
    """Newer versions name it in every synchronisation."""
    state = _state("Succeeded", B)
    state["operation"]["sync"]["source"] = SOURCE
    assert "kind" not in _read(_app(_entry(0, A), operationState=state))[-1]


def test_a_rehearsal_is_no_deployment_and_a_part_is_marked() -> None:
    """`dryRun`, and a synchronisation of chosen resources."""
    state = _state("Succeeded", A)
    state["operation"]["sync"]["dryRun"] = True
    assert _read(_app(operationState=state)) == []
    state["operation"]["sync"] = {"revision": A, "resources": [{"kind": "Service"}]}
    assert _read(_app(operationState=state))[0]["partial"] is True


def test_several_sources_and_charts_are_told_one_by_one() -> None:
    """A chart's version is no commit; with two repositories there is not one commit."""
    chart = {"repoURL": "https://charts.example", "chart": "till", "targetRevision": "1.x"}
    entry = _entry(0, A) | {"sources": [chart, SOURCE], "revisions": ["1.2.3", A], "source": {}}
    (found,) = _read(_app(entry))
    assert (found["commit"], found["repository"]) == (A, GIT)
    assert found["sources"][0] == {
        "repository": "https://charts.example", "chart": "till", "revision": "1.2.3",
    }  # fmt: skip
    entry |= {"sources": [SOURCE, SOURCE], "revisions": [A, B]}
    (found,) = _read(_app(entry))
    assert "commit" not in found
    assert [one["commit"] for one in found["sources"]] == [A, B]


def test_lists_and_answers_of_the_server_are_read() -> None:
    """Arrays, lists, and applications without kind and version; in the order of time."""
    one, other = _app(_entry(1, A)), _app(_entry(0, B))
    for app in (one, other):
        del app["kind"], app["apiVersion"]
    for value in ([one, other], {"items": [one, other]}, {"kind": "List", "items": [one, other]}):
        assert [found["commit"] for found in _read(value)] == [B, A]
    assert _read(_app()) == []


def _deliver(value: object) -> list[Any]:
    body = json.dumps(value).encode()
    found = read_delivery(SENDER, Delivery("argo", None, "application/json", body))
    for reading in found:
        through_door(reading)
    return found


def test_of_a_notification_the_operation_is_news_and_the_history_is_not() -> None:
    """Whoever writes the template may name service and environment."""
    app = _app(_entry(0, A), _entry(1, B), operationState=_state("Succeeded", A))
    for value in (app, {"app": app}):
        (reading,) = _deliver(value)
        assert (reading.type, reading.kind) == ("pipeledger.deployment.finished.v1",
                                                "sync.Succeeded")  # fmt: skip
        assert (reading.data["kind"], reading.data["service_basis"]) == ("rollback", "application")
    (reading,) = _deliver({"app": app, "service": "till", "environment": "live"})
    assert (reading.data["service"], reading.data["environment"]) == ("till", "live")
    assert not {"service_basis", "environment_basis"} & reading.data.keys()
    assert len(read_report(json.dumps({"app": app}).encode()).readings) == 1


@pytest.mark.parametrize(
    "value", [{"app": {"metadata": {}, "status": {}}}, {"text": "synced"}, {"app": _app()}]
)
def test_a_notification_that_tells_of_no_operation_is_kept_as_it_came(value: object) -> None:
    """Nothing that came is dropped."""
    (reading,) = _deliver(value)
    assert reading.type == "pipeledger.source.unmapped.v1"


def test_a_notification_proves_itself_as_its_service_is_set_up() -> None:
    """A bearer token among the headers, or basic authentication."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    basic = base64.b64encode(b"argocd:s3cret").decode()
    for told in ("Bearer s3cret", f"Basic {basic}"):
        assert SENDER.scheme.holds({"authorization": told}, b"{}", "s3cret", at)
        assert not SENDER.scheme.holds({"authorization": told}, b"{}", "other", at)
    assert not SENDER.scheme.holds({}, b"{}", "s3cret", at)


def test_no_parameter_gets_into_a_fact() -> None:
    """Of a chart, a plugin, or a message."""
    secret = "planted-5ecret"
    source = SOURCE | {
        "helm": {"parameters": [{"name": "password", "value": secret}], "values": secret},
        "plugin": {"env": [{"name": "TOKEN", "value": secret}]},
        "repoURL": f"https://user:{secret}@code.example/acme/shop",
    }  # fmt: skip
    state = _state("Failed", A, message=secret)
    state["syncResult"] |= {"source": source, "resources": [{"message": secret}]}
    app = _app(_entry(0, A, source), operationState=state)
    app["spec"]["source"] = source
    app["metadata"]["annotations"] = {"note": secret}
    found = json.dumps(_read(app))
    assert secret not in found
    assert json.loads(found)[0]["repository"] == GIT


def _rollout(**status: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "shop", "namespace": "production",
                     "annotations": {"rollout.argoproj.io/revision": "7"}},
        "spec": {"strategy": {"canary": {}},
                 "template": {"spec": {"containers": [{"image": "registry.example/shop:7"}]}}},
        "status": status,
    }  # fmt: skip


def _progressing(reason: str) -> dict[str, str]:
    return {"type": "Progressing", "reason": reason, "lastUpdateTime": "2026-01-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("status", "kind", "outcome", "time"),
    [
        ({"abort": True, "abortedAt": "2026-01-01T11:00:00Z",
          "conditions": [_progressing("RolloutAborted")]},
         "deployment.finished", "failure", "2026-01-01T11:00:00Z"),
        ({"conditions": [_progressing("ProgressDeadlineExceeded")]},
         "deployment.finished", "failure", "2026-01-01T10:00:00Z"),
        ({"currentPodHash": "x", "stableRS": "x",
          "conditions": [_progressing("NewReplicaSetAvailable")]},
         "deployment.finished", "success", "2026-01-01T10:00:00Z"),
        ({"currentPodHash": "x", "stableRS": "w",
          "conditions": [_progressing("NewReplicaSetAvailable")]},
         "deployment.progressed", None, "2026-01-01T10:00:00Z"),
        ({"pauseConditions": [{"reason": "CanaryPauseStep",
                               "startTime": "2026-01-01T12:00:00Z"}]},
         "deployment.progressed", None, "2026-01-01T12:00:00Z"),
    ],
)  # fmt: skip
def test_a_rollout_is_complete_aborted_or_under_way(
    status: dict[str, Any], kind: str, outcome: str | None, time: str
) -> None:
    """Complete only when the new pods are the stable ones."""
    (found,) = _read(_rollout(**status))
    assert (found["type"], found.get("outcome"), found["time"]) == (kind, outcome, time)
    assert (found["deployment"], found["strategy"]) == ("production/shop#7", "canary")
    assert found["artifacts"] == [{"name": "registry.example/shop:7"}]


def test_a_rollout_that_was_made_again_begins_other_deployments() -> None:
    """Its revisions are counted from 1 once more."""
    rollout = _rollout(conditions=[_progressing("NewReplicaSetAvailable")])
    rollout["metadata"]["uid"] = "u-2"
    (found,) = _read(rollout)
    assert found["deployment"] == "production/shop#7@u-2"


@needs_fixtures
def test_the_real_application_says_what_its_row_says() -> None:
    """Two synchronisations; the second by somebody."""
    name = "argocd/application.test-app.json"
    row = ROWS[name]
    report = read_report((FOLDER / name).read_bytes())
    first, second = report.readings
    history = json.loads(row["history"])
    assert [one.time for one in report.readings] == [one["deployedAt"] for one in history]
    assert [one.data["commit"] for one in report.readings] == [one["revision"] for one in history]
    for one in (first, second):
        through_door(one)
        assert one.data["service"] == row["name"]
        assert one.data["repository"] + ".git" == row["repo"]
        assert one.data["outcome"] == "success"
        assert one.data["environment"] == "default"
    assert second.data["reported_outcome"] == row["phase"]
    assert second.data["health"] == row["health"]
    assert second.data["started_at"] == row["startedAt"]
    assert second.data["actor"]["login"] == json.loads(row["initiatedBy"])["username"]
    assert second.data["kind"] == "redeploy"
    assert "actor" not in first.data


@needs_fixtures
def test_the_history_with_rollbacks_says_what_its_row_says() -> None:
    """The file is YAML, as the cluster keeps it."""
    row = ROWS["argocd/application.dev-app-taxi.yaml"]
    report = read_report((FOLDER / "argocd/application.dev-app-taxi.yaml").read_bytes())
    found = [one.data | {"time": one.time} for one in report.readings]
    assert [one["time"] for one in found] == [
        one["deployedAt"] for one in json.loads(row["history"])
    ]
    assert [one.get("kind") for one in found] == [
        None, "redeploy", None, "rollback", "planned", None,
    ]  # fmt: skip
    assert found[3]["rolls_back"] == found[2]["deployment"]
    assert (found[5]["trigger"], found[5]["commit"]) == ("automatic", row["revision"])
    assert {one["service"] for one in found} == {"dev-app-taxi"}


@needs_fixtures
def test_the_aborted_rollout_says_what_its_row_says() -> None:
    """The file is YAML, as the cluster keeps it."""
    row = ROWS["argocd/rollout.aborted.yaml"]
    (reading,) = read_report((FOLDER / "argocd/rollout.aborted.yaml").read_bytes()).readings
    found = reading.data
    assert (found["outcome"], found["reported_outcome"]) == ("failure", "RolloutAborted")
    assert (found["service"], found["environment"]) == (row["name"], row["namespace"])
    assert reading.time == "2020-11-13T08:25:53Z"


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    app = _app(_entry(0, A), _entry(1, B), operationState=_state("Failed", A))
    for value in (app, {"app": app}, _rollout(conditions=[_progressing("RolloutAborted")])):
        check_damaged(json.dumps(value).encode(), 150)
