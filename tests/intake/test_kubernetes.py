"""Audit events of Kubernetes become the right facts, without a secret among them.

One system's objects, case by case, so it is long.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.deliveries import Delivery, read_delivery
from intake.kubernetes import SENDER
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

MIA = {"system": "kubernetes", "login": "mia"}
ROBOT = "system:serviceaccount:ci:deployer"
UID = "0b7e7c1e-0000-4000-8000-000000000001"
TEMPLATE = {"spec": {"containers": [{"name": "web", "image": "registry.example/web:2"}]}}
ROWS = {
    name: dict(part.partition("=")[::2] for part in row.split("; "))
    for name, row in facts("SOURCES-platforms.tsv").items()
    if name.startswith("kubernetes/")
}


def _event(verb: str, path: str, code: int = 200, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """`path` is namespace, resource, name and part, as in `shop/pods/web/exec`."""
    namespace, resource, name, part = (path.split("/") + [""] * 3)[:4]
    told = {"namespace": namespace, "resource": resource, "name": name, "subresource": part}
    return {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
        "auditID": "a-1", "stage": "ResponseComplete", "verb": verb,
        "requestURI": f"/apis/{path}?command=planted-5ecret",
        "user": {"username": "mia"}, "userAgent": "kubectl/v1.31.0 (linux/amd64)",
        "objectRef": {key: value for key, value in told.items() if value},
        "responseStatus": {"code": code},
        "requestReceivedTimestamp": "2026-01-01T10:00:00.000000Z",
        "stageTimestamp": "2026-01-01T10:00:02.500000Z",
    } | more  # fmt: skip


def _user(name: str) -> dict[str, Any]:
    return {"user": {"username": name}}


def _read(*events: dict[str, Any]) -> list[dict[str, Any]]:
    report = read_report("\n".join(map(json.dumps, events)).encode())
    assert report.format.name == "kubernetes-audit"
    found = []
    for reading in report.readings:
        through_door(reading)
        found.append(reading.data | {"type": reading.type[11:-3], "time": reading.time})
    assert "planted-5ecret" not in json.dumps(found)
    return found


def _one(*arguments: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as `_event`
    (found,) = _read(_event(*arguments, **more))
    return found


def _object(**spec: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "metadata": {"name": "web", "uid": UID, "generation": 4,
                     "labels": {"app.kubernetes.io/version": "2.0"}},
        "spec": {"template": TEMPLATE, **spec},
    }  # fmt: skip


@pytest.mark.parametrize("verb", ["create", "update", "patch"])
@pytest.mark.parametrize("resource", ["deployments", "statefulsets", "daemonsets", "rollouts"])
def test_a_workload_that_is_written_begins_a_deployment(verb: str, resource: str) -> None:
    """What the server took is not up yet."""
    found = _one(verb, f"shop/{resource}/web", responseObject=_object())
    assert (found["type"], found["deployment"]) == ("deployment.started", f"{UID}.4")
    assert (found["service"], found["service_basis"]) == ("web", "workload")
    assert (found["environment"], found["environment_basis"]) == ("shop", "namespace")
    assert found["artifacts"] == [{"name": "registry.example/web:2"}]
    assert (found["release"], found["actor"], found["action"]) == ("2.0", MIA, verb)
    assert found["time"] == "2026-01-01T10:00:02.500000Z"
    assert not {"kind", "outcome", "workload"} & found.keys()


@pytest.mark.parametrize(("code", "outcome"), [(403, "failure"), (422, "failure"), (500, "error")])
def test_a_workload_that_is_refused_was_not_deployed(code: int, outcome: str) -> None:
    """And nothing was changed by it."""
    found = _one("patch", "shop/deployments/web", code)
    assert (found["type"], found["outcome"]) == ("deployment.finished", outcome)
    assert (found["impact"], found["reported_outcome"]) == (False, str(code))


def test_a_digest_is_the_artifact() -> None:
    """Where the one image has one."""
    digest = "sha256:" + "d" * 64
    spec = {"template": {"spec": {"containers": [{"image": f"registry.example/web@{digest}"}]}}}
    found = _one("create", "shop/deployments/web", requestObject={"spec": spec})
    assert found["artifact"] == {"name": "registry.example/web", "digest": digest}
    assert found["deployment"] == "a-1"


UNDO_STEPS = [
    {"op": "replace", "path": "/spec/template", "value": TEMPLATE},
    {"op": "replace", "path": "/metadata/annotations", "value": {"x": "planted-5ecret"}},
]
UNDO_MERGE = {"spec": {"template": TEMPLATE | {"$patch": "replace"}}}


@pytest.mark.parametrize(
    ("path", "patch", "agent", "kind"),
    [
        ("shop/deployments/web", UNDO_STEPS, "kubectl/v1.31.0", "rollback"),
        ("shop/daemonsets/web", UNDO_MERGE, "kubectl/v1.31.0", "rollback"),
        ("shop/deployments/web", UNDO_STEPS, "some-operator/1", None),
        ("shop/deployments/web", UNDO_STEPS[:1], "kubectl/v1.31.0", None),
        ("shop/deployments/web", {"spec": {"template": TEMPLATE}}, "kubectl/v1.31.0", None),
    ],
)
def test_undoing_a_rollout_is_a_rollback(
    path: str, patch: object, agent: str, kind: str | None
) -> None:
    """Known by the request that `kubectl rollout undo` makes; it has no verb of its own."""
    found = _one("patch", path, requestObject=patch, userAgent=agent)
    assert (found["type"], found.get("kind")) == ("deployment.started", kind)
    assert found.get("kind_basis") == ("request" if kind else None)


def test_the_old_way_of_rolling_back_is_one_too() -> None:
    """Before version 1.16 there was a part of the resource for it."""
    assert _one("create", "shop/deployments/web/rollback", 201)["kind"] == "rollback"


RESTART = {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "x"}}}}


@pytest.mark.parametrize(
    ("verb", "path", "patch"),
    [
        ("patch", "shop/deployments/web", {"spec": {"replicas": 3}}),
        ("patch", "shop/deployments/web/scale", {"spec": {"replicas": 3}}),
        ("patch", "shop/deployments/web", {"metadata": {"labels": {"a": "b"}}}),
        ("patch", "shop/deployments/web", {"spec": RESTART}),
        ("patch", "shop/deployments/web", [{"op": "replace", "path": "/spec/replicas"}]),
        ("delete", "shop/deployments/web", {"kind": "DeleteOptions"}),
        ("deletecollection", "shop/deployments", None),
    ],
)
def test_scaling_restarting_and_removing_are_no_deployments(
    verb: str, path: str, patch: object
) -> None:
    """They change the configuration."""
    found = _one(verb, path, requestObject=patch)
    assert (found["type"], found["outcome"], found["action"]) == (
        "config.changed", "success", verb,
    )  # fmt: skip
    assert found["resource"] == path.removeprefix("shop/")


def _status(reason: str, since: str, status: str = "True") -> dict[str, Any]:
    condition = {"type": "Progressing", "status": status, "reason": reason,
                 "lastUpdateTime": since}  # fmt: skip
    return {"requestObject": _object() | {"status": {"conditions": [condition]}},
            **_user("system:serviceaccount:kube-system:deployment-controller")}  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "since", "outcome"),
    [
        ("NewReplicaSetAvailable", "2026-01-01T10:00:02Z", "success"),
        ("ProgressDeadlineExceeded", "2026-01-01T10:00:02Z", "failure"),
        ("NewReplicaSetAvailable", "2026-01-01T09:00:00Z", None),
        ("ReplicaSetUpdated", "2026-01-01T10:00:02Z", None),
    ],
)
def test_a_deployment_ends_when_its_controller_says_so(
    reason: str, since: str, outcome: str | None
) -> None:
    """Once, when the condition came to be; it is the deployment that was begun before."""
    found = _read(_event("update", "shop/deployments/web/status", **_status(reason, since)))
    if outcome is None:
        assert found == []
        return
    assert (found[0]["type"], found[0]["outcome"]) == ("deployment.finished", outcome)
    assert (found[0]["deployment"], found[0]["reported_outcome"]) == (f"{UID}.4", reason)


def test_controllers_do_what_was_asked_of_them_and_robots_ask() -> None:
    """What a pipeline's service account writes is a deployment, by nobody."""
    for name in ("system:serviceaccount:kube-system:deployment-controller",
                 "system:serviceaccount:kube-system:horizontal-pod-autoscaler",
                 "system:kube-controller-manager"):  # fmt: skip
        assert _read(_event("update", "shop/deployments/web", **_user(name))) == []
    found = _one("patch", "shop/deployments/web", **_user(ROBOT))
    assert found["workload"] == ROBOT
    assert "actor" not in found


def test_who_acts_for_somebody_is_somebody() -> None:
    """A proxy that impersonates a person, and a person that impersonates a service account."""
    mia = {"impersonatedUser": {"username": "mia"}}
    found = _one("patch", "shop/deployments/web", **_user(ROBOT), **mia)
    assert (found["actor"], found["workload"]) == (MIA, ROBOT)
    found = _one("patch", "shop/deployments/web", impersonatedUser={"username": ROBOT})
    assert (found["actor"], found["acting_as"]) == (MIA, ROBOT)
    found = _one("patch", "shop/deployments/web", **_user("mia@x.example"))
    assert found["actor"] == {"system": "kubernetes", "email": "mia@x.example"}


@pytest.mark.parametrize(
    ("verb", "path", "code", "told", "outcome"),
    [
        ("get", "shop/secrets/db", 200, "shop/db", "success"),
        ("list", "shop/secrets", 200, "shop/*", "success"),
        ("watch", "/secrets", 200, "*/*", "success"),
        ("get", "shop/secrets/db", 403, "shop/db", "failure"),
    ],
)
def test_a_secret_that_is_read_is_somebody_s_reading(
    verb: str, path: str, code: int, told: str, outcome: str
) -> None:
    """Of a list all are read; a refusal is told as such."""
    found = _one(verb, path, code, responseObject={"data": {"p": "planted-5ecret"}})
    assert (found["type"], found["path"], found["outcome"]) == ("secret.accessed", told, outcome)
    assert found["accessor"] == found["actor"] == MIA
    assert "accessor" not in _one(verb, path, code, **_user(ROBOT))


VALUE = {"data": {"password": "planted-5ecret"}}


@pytest.mark.parametrize(
    ("verb", "code", "body", "kind"),
    [
        ("create", 201, VALUE, "secret.created"),
        ("patch", 200, VALUE, "secret.rotated"),
        ("patch", 200, {"stringData": {"password": "planted-5ecret"}}, "secret.rotated"),
        ("patch", 200, {"metadata": {"labels": {}}}, "config.changed"),
        ("patch", 200, {"data": None}, "config.changed"),
        ("patch", 200, None, "config.changed"),
        ("update", 200, VALUE, "config.changed"),
        ("delete", 200, None, "secret.revoked"),
        ("create", 403, VALUE, "config.changed"),
        ("delete", 404, None, "config.changed"),
    ],
)
def test_a_secret_is_rotated_only_where_a_value_was_set(
    verb: str, code: int, body: object, kind: str
) -> None:
    """An update may leave it as it is; a refusal changes nothing."""
    found = _one(verb, "shop/secrets/db", code, requestObject=body, responseObject=body)
    assert found["type"] == kind
    if kind == "config.changed":
        assert found["outcome"] == ("success" if code < 400 else "failure")
    else:
        assert (found["system"], found["path"]) == ("kubernetes", "shop/db")


@pytest.mark.parametrize("part", ["exec", "attach", "portforward", "ephemeralcontainers"])
@pytest.mark.parametrize("verb", ["create", "get"])
def test_going_into_a_container_is_an_extraordinary_right(part: str, verb: str) -> None:
    """With the length of the session, and without the command."""
    found = _one(verb, f"shop/pods/web-0/{part}", 101)
    assert (found["type"], found["target"]) == ("access.elevated", "namespaces/shop/pods/web-0")
    assert (found["role"], found["subject"], found["duration_s"]) == (f"pods/{part}", MIA, 2.5)
    assert _read(_event(verb, f"shop/pods/web-0/{part}", 403)) == []


def test_a_binding_gives_each_of_its_subjects_a_right() -> None:
    """People are people; groups and service accounts are told by their names."""
    body = {
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [
            {"kind": "User", "name": "ben"}, {"kind": "Group", "name": "oncall"},
            {"kind": "ServiceAccount", "name": "deployer", "namespace": "ci"},
            {"kind": "User", "name": "system:kube-scheduler"},
        ],
    }  # fmt: skip
    found = _read(_event("create", "/clusterrolebindings/admins", 201, requestObject=body))
    assert {one["type"] for one in found} == {"access.granted"}
    assert {(one["target"], one["role"]) for one in found} == {("cluster", "cluster-admin")}
    assert [one.get("grantee") for one in found] == [
        None, "group:oncall", ROBOT, "system:kube-scheduler",
    ]  # fmt: skip
    assert [one.get("subject") for one in found] == [
        {"system": "kubernetes", "login": "ben"}, None, None, None,
    ]  # fmt: skip
    assert all("environment" not in one for one in found)


@pytest.mark.parametrize(
    ("verb", "path", "code", "kind"),
    [
        ("create", "shop/rolebindings/devs", 201, "access.granted"),
        ("delete", "shop/rolebindings/devs", 200, "access.revoked"),
        ("patch", "shop/rolebindings/devs", 200, "config.changed"),
        ("create", "shop/rolebindings/devs", 403, "config.changed"),
        ("patch", "/clusterroles/reader", 200, "config.changed"),
        ("create", "shop/roles/reader", 201, "config.changed"),
    ],
)
def test_rights_are_given_and_taken_where_the_event_says_so(
    verb: str, path: str, code: int, kind: str
) -> None:
    """Whom a change of a binding or role concerns it does not say."""
    found = _one(verb, path, code, **_user(ROBOT))
    assert found["type"] == kind
    if kind.startswith("access"):
        assert (found["target"], found["resource"]) == ("namespaces/shop", "rolebindings/devs")


def test_who_cannot_prove_themselves_failed_to_log_in() -> None:
    """Without the query of the address."""
    found = _one("get", "/", 401, objectRef=None, **_user("system:anonymous"))
    assert (found["type"], found["target"]) == ("login.failed", "/apis//")


@pytest.mark.parametrize(
    ("verb", "path", "user", "body", "known"),
    [
        ("create", "shop/configmaps/a", "mia", VALUE, True),
        ("create", "shop/configmaps/a", ROBOT, VALUE, False),
        ("create", "shop/pods/a", "mia", {}, True),
        ("create", "shop/pods/a", ROBOT, {}, False),
        ("create", "shop/pods/a", ROBOT, {"spec": {"hostPID": True}}, True),
        ("create", "shop/pods/a", ROBOT,
         {"spec": {"initContainers": [{"securityContext": {"privileged": True}}]}}, True),
        ("get", "shop/pods/a", "mia", None, False),
        ("create", "shop/events/a", "mia", None, False),
        ("create", "/subjectaccessreviews", "mia", None, False),
        ("create", "shop/services/a/proxy", "mia", None, False),
    ],
)  # fmt: skip
def test_what_somebody_writes_by_hand_is_news(
    verb: str, path: str, user: str, body: object, known: object
) -> None:
    """And a pod that may do what it wants, whoever makes it."""
    found = _read(_event(verb, path, requestObject=body, **_user(user)))
    assert bool(found) is known
    assert {one["type"] for one in found} <= {"config.changed"}


def test_a_token_that_somebody_had_made_is_a_secret() -> None:
    """Components have them made all the time."""
    body = {"status": {"token": "planted-5ecret"}}
    found = _one("create", "ci/serviceaccounts/deployer/token", 201, responseObject=body)
    assert (found["type"], found["path"]) == ("secret.created", "ci/serviceaccounts/deployer")
    robot = _event("create", "ci/serviceaccounts/deployer/token", 201, **_user("system:node:n1"))
    assert _read(robot) == []


@pytest.mark.parametrize(
    "more",
    [
        {"stage": "RequestReceived"}, {"stage": "ResponseStarted"},
        {"requestURI": "/apis/apps/v1/namespaces/shop/deployments?dryRun=All"},
        {"objectRef": None},
    ],
)  # fmt: skip
def test_only_the_last_stage_of_what_was_really_done_counts(more: dict[str, Any]) -> None:
    """A rehearsal is none."""
    assert _read(_event("create", "shop/deployments/web", 201, **more)) == []


def test_a_deployment_without_a_name_is_a_change() -> None:
    """The server makes the name, and at the level of metadata does not tell it."""
    assert _one("create", "shop/deployments")["type"] == "config.changed"


def test_lists_lines_and_arrays_are_read_in_the_order_of_time() -> None:
    """Events in a list may leave kind and version out."""
    later = _event("get", "shop/secrets/b", stageTimestamp="2026-01-01T11:00:00Z")
    early = _event("get", "shop/secrets/a", stageTimestamp="2026-01-01T09:00:00.5Z")
    bare = {key: value for key, value in early.items() if key not in ("kind", "apiVersion")}
    several = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [later, bare]}
    lines = "\n".join(map(json.dumps, ({"kind": "EventList", "items": [later]}, early)))
    for body in (json.dumps(several), json.dumps([later, early]), lines,
                 json.dumps(several, indent=1)):  # fmt: skip
        report = read_report(body.encode())
        assert [one.data["path"] for one in report.readings] == ["shop/a", "shop/b"]


def test_a_delivery_proves_itself_by_the_token_of_the_kubeconfig() -> None:
    """And is kept whole where no event type is for any of it."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": "Bearer s3cret"}, b"", "s3cret", at)
    assert not SENDER.scheme.holds({"authorization": "Bearer other"}, b"", "s3cret", at)
    for items, kind in (([_event("get", "shop/secrets/a")], "secret.accessed"),
                        ([_event("get", "shop/pods/a")], "source.unmapped"),
                        ([], "source.unmapped")):  # fmt: skip
        body = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": items}
        delivery = Delivery("k8s", None, "application/json", json.dumps(body).encode())
        (reading,) = read_delivery(SENDER, delivery)
        assert reading.type == f"pipeledger.{kind}.v1"


EXPECTED: dict[str, tuple[str, dict[str, Any]]] = {
    "attach-cluster-admin-role": ("access.granted", {"role": "cluster-admin", "target": "cluster"}),
    "create-deployment": ("deployment.started", {"service": "nginx-deployment"}),
    "create-nginx-pod-privileged": ("config.changed", {"privileged": True, "outcome": "success"}),
    "delete-deployment": ("config.changed", {"resource": "deployments/nginx-deployment"}),
    "delete-secret": ("secret.revoked", {"path": "default/example-secret"}),
    "modify-cluster-role-node-problem-detector": (
        "config.changed", {"resource": "clusterroles/system:node-problem-detector"},
    ),
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_events_say_what_their_row_says(name: str) -> None:
    """Who, where, when, with which answer, and what of it is a fact."""
    row = ROWS[name]
    (reading,) = read_report((FOLDER / name).read_bytes()).readings
    through_door(reading)
    kind, expected = EXPECTED[name.removeprefix("kubernetes/audit.").removesuffix(".json")]
    data = reading.data
    assert reading.type == f"pipeledger.{kind}.v1"
    assert expected.items() <= data.items()
    assert reading.time == row["stageTimestamp"]
    assert (data["audit"], data["reported_outcome"]) == (row["auditID"], row["code"])
    assert data.get("environment") == row.get("namespace")
    assert reading.kind == f"{row['resource']}.{row['verb']}"
    told = data["actor"]["login"] if "actor" in data else data["workload"]
    assert told == row["user"]
    assert ("workload" in data) == row["user"].startswith("system:")


@needs_fixtures
def test_every_real_event_is_expected() -> None:
    """A file that is added must be looked at."""
    assert len(ROWS) == len(EXPECTED)


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    events = [
        _event("patch", "shop/deployments/web", requestObject=UNDO_STEPS,
               responseObject=_object()),
        _event("update", "shop/deployments/web/status",
               **_status("NewReplicaSetAvailable", "2026-01-01T10:00:02Z")),
        _event("create", "/clusterrolebindings/a", 201, requestObject={
            "roleRef": {"name": "r"}, "subjects": [{"kind": "User", "name": "ben"}]}),
    ]  # fmt: skip
    for event in events:
        check_damaged(json.dumps(event).encode(), 120)
    check_damaged("\n".join(map(json.dumps, events)).encode(), 120)
