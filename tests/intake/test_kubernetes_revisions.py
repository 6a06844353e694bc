"""What a rollout leaves behind in a cluster tells of deployments, rollbacks above all."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.intake.damage import check_damaged
from tests.intake.told import told
from tests.intake.watched import WATCHED

LISTED: dict[str, Any] = WATCHED["kubernetes-revisions"]
EVENT: dict[str, Any] = WATCHED["kubernetes-events"]["items"][0]


def test_a_revision_that_was_there_before_is_a_rollback() -> None:
    """It takes back the one before it and restores the last number of its history."""
    first, last = told(LISTED, "kubernetes-revisions")
    assert (first["type"], first["deployment"], first["time"]) == (
        "deployment.started", "shop/web#2", "2026-01-01T11:00:00Z",
    )  # fmt: skip
    assert (last["type"], last["outcome"], last["kind"], last["kind_basis"]) == (
        "deployment.finished", "success", "rollback", "revision-history",
    )  # fmt: skip
    assert (last["deployment"], last["rolls_back"], last["restores"]) == (
        "shop/web#3", "shop/web#2", "shop/web#1",
    )  # fmt: skip
    assert (last["service"], last["environment"], last["time"]) == (
        "web", "shop", "2026-01-01T12:00:00Z",
    )  # fmt: skip
    assert last["artifacts"] == [{"name": "reg.example/web:1"}]


@pytest.mark.parametrize(
    ("reason", "what", "outcome"),
    [("NewReplicaSetAvailable", "deployment.finished", "success"),
     ("ProgressDeadlineExceeded", "deployment.finished", "failure"),
     ("ReplicaSetUpdated", "deployment.progressed", None)],
)  # fmt: skip
def test_a_deployment_alone_says_how_its_revision_stands(
    reason: str, what: str, outcome: str | None
) -> None:
    """Without its replica sets no rollback is seen in it."""
    one = copy.deepcopy(LISTED["items"][0])
    one["status"]["conditions"][0]["reason"] = reason
    (found,) = told(one, "kubernetes-revisions")
    assert (found["type"], found.get("outcome"), found["reported_outcome"]) == (
        what, outcome, reason,
    )  # fmt: skip
    assert "kind" not in found


@pytest.mark.parametrize(("image", "kind"), [("a", "redeploy"), ("b", None)])
def test_a_restart_deploys_the_same_again(image: str, kind: str | None) -> None:
    """Where nothing else of the template is another; what is new is not hidden by a restart."""
    listed = copy.deepcopy(LISTED["items"])
    del listed[1]["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"]
    for one, name, at in ((listed[1], image, "2026-01-01T12:00:00Z"), (listed[2], "a", None)):
        notes = {"kubectl.kubernetes.io/restartedAt": at} if at else {}
        one["spec"] = {"template": {
            "metadata": {"labels": {"app": "web", "pod-template-hash": at}, "annotations": notes},
            "spec": {"containers": [{"image": name}]},
        }}  # fmt: skip
    for items in (listed, listed[1:]):
        last = next(one for one in told(items, "kubernetes-revisions") if one["revision"] == 3)
        assert last.get("kind") == kind
        assert last.get("kind_basis") == ("restartedAt" if kind else None)


def test_replica_sets_alone_show_the_rollback_too() -> None:
    """When that was, they do not say: the set is as old as its first revision."""
    sets = LISTED["items"][1:]
    first, last = told(sets, "kubernetes-revisions")
    assert (first["deployment"], first["time"]) == ("shop/web#2", "2026-01-01T11:00:00Z")
    assert (last["type"], last["kind"], last["time"]) == ("deployment.started", "rollback", None)
    assert (last["rolls_back"], last["restores"]) == ("shop/web#2", "shop/web#1")


@pytest.mark.parametrize("alone", [False, True])
def test_an_object_that_was_made_again_begins_other_deployments(*, alone: bool) -> None:
    """Its numbers begin with 1 once more: without its uid they would be those of long ago."""
    found = {}
    for uid in ("11", "22"):
        listed = copy.deepcopy(LISTED["items"])
        listed[0]["metadata"]["uid"] = uid
        for one in listed[1:]:
            one["metadata"]["ownerReferences"][0]["uid"] = uid
        first, last = told(listed[1:] if alone else listed, "kubernetes-revisions")
        assert (last["rolls_back"], last["restores"]) == (
            first["deployment"], f"shop/web#1@{uid}",
        )  # fmt: skip
        found[uid] = (first["deployment"], last["deployment"])
    assert found == {uid: (f"shop/web#2@{uid}", f"shop/web#3@{uid}") for uid in ("11", "22")}
    back = copy.deepcopy(EVENT)
    back["involvedObject"]["uid"] = "22"
    (event,) = told({"kind": "EventList", "items": [back]}, "kubernetes-events")
    assert event["restores"] == "shop/web#1@22"


def test_an_event_tells_of_a_rollback() -> None:
    """With the revision that was brought back."""
    (found,) = told({"kind": "EventList", "items": [EVENT]}, "kubernetes-events")
    assert (found["type"], found["kind"], found["restores"]) == (
        "deployment.started", "rollback", "shop/web#1",
    )  # fmt: skip
    assert (found["service"], found["environment"], found["time"]) == (
        "web", "shop", "2026-01-01T12:00:00Z",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "reason", "outcome", "deployed"),
    [("Rollout", "RolloutAborted", "failure", None),
     ("Rollout", "RolloutCompleted", "success", None),
     ("HelmRelease", "RollbackSucceeded", "success", "rollback"),
     ("HelmRelease", "UpgradeFailed", "failure", "planned")],
)  # fmt: skip
def test_controllers_tell_how_it_ended(
    kind: str, reason: str, outcome: str, deployed: str | None
) -> None:
    """Argo Rollouts and Flux, by the newer interface as well; others tell nothing."""
    about = {"kind": kind, "name": "web", "namespace": "shop"}
    event = {"kind": "Event", "metadata": {"uid": "e"}, "regarding": about, "reason": reason,
             "note": "n", "eventTime": "2026-01-01T12:00:00.123456Z"}  # fmt: skip
    (found,) = told(event, "kubernetes-events")
    assert (found["type"], found["outcome"], found.get("kind")) == (
        "deployment.finished", outcome, deployed,
    )  # fmt: skip
    assert found["time"] == "2026-01-01T12:00:00.123456Z"
    assert told(event | {"reason": "ScalingReplicaSet"}, "kubernetes-events") == []
    assert told(event | {"regarding": about | {"kind": "Pod"}}, "kubernetes-events") == []


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for value in (LISTED, WATCHED["kubernetes-events"]):
        check_damaged(json.dumps(value).encode(), 150)
