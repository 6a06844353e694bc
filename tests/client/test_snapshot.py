"""What really runs comes from the caller's own tools, as they say it and no further."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.runtimes import (
    SECRET,
    Tools,
    application,
    container,
    digest,
    pod,
    pods,
    task,
)
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Command
    from tests.client.listening import Listening

NAME = "app.kubernetes.io/name"
HASH = {"pod-template-hash": "6d4c"}


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Stand-ins for the caller's tools."""
    return Tools(tmp_path / "bin")


def taken(ledger: Listening) -> dict[str, Any]:
    """The data of the only event that came."""
    (body,) = ledger.kept
    assert SECRET not in body.decode()
    event = json.loads(body)
    assert event["type"] == "pipeledger.runtime.snapshot.v1"
    data: dict[str, Any] = event["data"]
    return data


def running(
    command: Command, ledger: Listening, tools: Tools, name: str, answers: dict[str, Any],
    *words: str,
) -> list[dict[str, Any]]:  # fmt: skip
    """The workloads of a snapshot, from what a tool answers."""
    tools.add(name, answers)
    system = {"kubectl": "kubernetes", "aws": "ecs"}.get(name, name)
    command("snapshot", system, "production", *words, changes=tools.path)
    found: list[dict[str, Any]] = taken(ledger)["running"]
    return found


def test_pods_of_one_image_are_one_workload_with_replicas(
    command: Command, ledger: Listening, tools: Tools
) -> None:
    """The digest is the status's own; a pod that waits is counted as not running."""
    labels = {NAME: "checkout"}
    said = pods(
        pod("a", labels=labels),
        pod("b", labels=labels, ready=False),
        pod("c", labels=labels, state="waiting", ready=False),
        pod("d", labels=labels, phase="Succeeded"),
    )
    assert running(command, ledger, tools, "kubectl", {"get pods --all-namespaces": said}) == [
        {
            "service": "checkout",
            "service_basis": f"label {NAME}",
            "digest": digest("a"),
            "image": "registry.example/shop/checkout:1.4.0",
            "namespace": "shop",
            "container": "main",
            "replicas": 2,
            "ready": 1,
        }
    ]
    data = taken(ledger)
    assert (data["environment"], data["system"]) == ("production", "kubernetes")
    assert data["complete"] is True
    assert "namespaces" not in data


@pytest.mark.parametrize(
    ("image_id", "found"),
    [
        (f"docker-pullable://r/a@{digest('b')}", {"digest": digest("b")}),
        (f"r:5000/a@{digest('b')}", {"digest": digest("b")}),
        (f"docker://{digest('c')}", {"image_id": digest("c")}),
        (digest("c"), {"image_id": digest("c")}),
        ("", {}),
        ("r/a@sha256:short", {}),
    ],
)
def test_an_image_id_without_repository_is_no_registry_s_digest(
    command: Command, ledger: Listening, tools: Tools, image_id: str, found: dict[str, str]
) -> None:
    """Runtimes write it in several ways; what they do not say stays absent."""
    (row,) = running(command, ledger, tools, "kubectl", {"get pods": pods(pod("a", image_id))})
    assert {key: row[key] for key in ("digest", "image_id") if key in row} == found


@pytest.mark.parametrize(
    ("one", "words", "service", "basis"),
    [
        (pod("a", labels={NAME: "x", "app": "y"}), (), "x", f"label {NAME}"),
        (pod("a", labels={"app": "y", "team": "z"}), (), "y", "label app"),
        (
            pod("a", labels={NAME: "x", "team": "z"}),
            ("--service-label", "team"),
            "z",
            "label team",
        ),
        (
            pod("x-6d4c-1", labels=HASH,
                owner={"kind": "ReplicaSet", "name": "x-6d4c", "controller": True}),
            (), "x", "owner",
        ),
        (
            pod("db-0", owner={"kind": "StatefulSet", "name": "db", "controller": True}),
            (), "db", "owner",
        ),
        (pod("etcd-n1", owner={"kind": "Node", "name": "n1", "controller": True}),
         (), "etcd-n1", "pod"),
    ],
)  # fmt: skip
def test_the_service_says_what_told_it(
    command: Command, ledger: Listening, tools: Tools, one: dict[str, Any],
    words: tuple[str, ...], service: str, basis: str,
) -> None:  # fmt: skip
    """Standard labels, else the workload that owns the pod, else the pod."""
    (row,) = running(command, ledger, tools, "kubectl", {"get pods": pods(one)}, *words)
    assert (row["service"], row["service_basis"]) == (service, basis)


def test_sidecars_and_debuggers_that_run_are_workloads_of_their_own(
    command: Command, ledger: Listening, tools: Tools
) -> None:
    """Init containers that ended are none."""
    one = pod("a", labels={"app": "a"})
    proxy = {"name": "proxy", "image": digest("9"), "imageID": f"r/proxy@{digest('d')}",
             "ready": True}  # fmt: skip
    one["spec"]["initContainers"] = [{"name": "proxy", "image": "r/proxy:2"}]
    one["status"]["initContainerStatuses"] = [
        proxy | {"state": {"running": {}}},
        proxy | {"name": "setup", "state": {"terminated": {}}},
    ]
    one["status"]["ephemeralContainerStatuses"] = [
        {"name": "debugger", "image": "busybox", "imageID": "", "state": {"running": {}}}
    ]
    rows = running(command, ledger, tools, "kubectl", {"get pods": pods(one)})
    assert {row["container"]: row["image"] for row in rows} == {
        "main": "registry.example/shop/checkout:1.4.0",
        "proxy": "r/proxy:2",
        "debugger": "busybox",
    }


def test_only_the_namespaces_that_are_named_are_asked_for_and_the_event_says_so(
    command: Command, ledger: Listening, tools: Tools
) -> None:
    """Complete means: of these."""
    answers = {"--namespace shop ": pods(pod("a")),
               "--namespace pay ": pods(pod("b", namespace="pay"))}  # fmt: skip
    rows = running(command, ledger, tools, "kubectl", answers, "--namespace", "shop",
                   "--namespace", "pay", "--context", "eu", "--site", "eu-1")  # fmt: skip
    assert [(row["namespace"], row["site"]) for row in rows] == [("pay", "eu-1"), ("shop", "eu-1")]
    data = taken(ledger)
    assert (data["complete"], data["namespaces"]) == (True, ["shop", "pay"])
    assert all("--context eu" in asked for asked in tools.asked("kubectl"))


def test_what_is_read_from_a_file_is_complete_only_where_the_caller_says_so(
    command: Command, ledger: Listening, tmp_path: Path
) -> None:
    """A list does not tell what it leaves out; one that was cut off stays incomplete."""
    for number, (more, words, complete) in enumerate(
        [({}, (), None), ({}, ("--complete",), True), ({"continue": "x"}, ("--complete",), False)]
    ):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(pods(pod("a"), **more)))
        command("snapshot", "kubernetes", "production", "--from", file, *words)
        assert json.loads(ledger.kept[-1])["data"].get("complete") is complete
    command(
        "snapshot", "kubernetes", "production", "--from", "-", "--at", "2026-01-31T12:00:00Z",
        stdin=json.dumps(pods()),
    )  # fmt: skip
    event = json.loads(ledger.kept[-1])
    assert (event["time"], event["data"]["running"]) == ("2026-01-31T12:00:00Z", [])


def test_a_tool_that_fails_is_no_empty_environment(
    command: Command, ledger: Listening, tools: Tools
) -> None:
    """Exit 2, the tool's own words, and nothing sent."""
    tools.add("kubectl", {}, failing="pods is forbidden: cannot list at the cluster scope")
    done = command("snapshot", "kubernetes", "production", status=2, changes=tools.path)
    assert "kubectl says: pods is forbidden" in done.stderr
    nowhere = {"PATH": str(tools.folder / "nothing")}
    done = command("snapshot", "argocd", "production", status=2, changes=nowhere)
    assert "the command argocd is not installed" in done.stderr
    assert ledger.kept == []


@pytest.mark.parametrize("system", ["kubernetes", "argocd", "docker", "ecs"])
@pytest.mark.parametrize(
    "said",
    [
        "",
        "[",
        '"x"',
        "7",
        '{"kind":"Status"}',
        '[{"a":1}]',
        "[" * 100_000,
        "[7]",
        '{"kind":"List","items":[7]}',
        '{"kind":"List","items":7}',
        '{"tasks":[7]}',
        '{"tasks":7}',
    ],
)
def test_what_is_no_list_of_workloads_is_refused(
    command: Command, ledger: Listening, system: str, said: str
) -> None:
    """Exit 2 in one line, whatever it is; never an empty snapshot."""
    done = command("snapshot", system, "production", "--from", "-", status=2, stdin=said)
    assert done.stderr.count("\n") == 1
    assert ledger.kept == []


def test_the_tool_gets_the_caller_s_variables_and_not_the_ledger_s_token(
    command: Command, tools: Tools
) -> None:
    """Credentials go where they belong."""
    tools.add("kubectl", {"get pods": pods()})
    command("snapshot", "kubernetes", "production",
            changes=tools.path | {"KUBECONFIG": "/somewhere"})  # fmt: skip
    said = (tools.folder / "kubectl.environment").read_text()
    assert "KUBECONFIG=/somewhere" in said
    assert "PIPELEDGER_TOKEN" not in said


def test_an_application_tells_its_revision_and_state(
    command: Command, ledger: Listening, tools: Tools
) -> None:
    """Images are those of the manifests: a digest only where one is pinned; never complete."""
    said = [
        application("cart", f"r/cart:2@{digest('e')}", "r/proxy:1"),
        application("jobs", sync={"status": "OutOfSync", "revisions": ["1.2.0", "6" * 40]}),
    ]
    rows = running(command, ledger, tools, "argocd", {"app list": said}, "--project", "shop")
    assert tools.asked("argocd") == ["app list --project shop --output json"]
    common = {"service": "cart", "service_basis": "application", "revisions": ["5" * 40],
              "namespace": "shop", "site": "eu-1",
              "sync": "Synced", "health": "Healthy"}  # fmt: skip
    assert rows == [
        common | {"image": "r/proxy:1"},
        common | {"image": f"r/cart:2@{digest('e')}", "digest": digest("e")},
        {key: value for key, value in common.items() if key != "image"}
        | {"service": "jobs", "sync": "OutOfSync", "revisions": ["1.2.0", "6" * 40]},
    ]
    assert "complete" not in taken(ledger)


def test_containers_get_their_digest_from_the_image_they_were_made_of(
    command: Command, ledger: Listening, tools: Tools
) -> None:
    """By the repository they were asked for; an image that was never pushed has none."""
    labels = {"com.docker.compose.service": "web", "com.docker.compose.project": "shop"}
    containers = [
        container("shop-web-1", "r:5000/web:1", digest("1"), labels, Health={"Status": "healthy"}),
        container("tool", "tool", digest("2")),
    ]
    images = [
        {"Id": digest("1"), "RepoDigests": [f"other/web@{digest('7')}",
                                           f"r:5000/web@{digest('8')}"]},
        {"Id": digest("2"), "RepoDigests": []},
    ]  # fmt: skip
    answers = {"ps --quiet": "c1\nc2\n", "container inspect c1 c2": containers,
               f"image inspect {digest('1')} {digest('2')}": images}  # fmt: skip
    assert running(command, ledger, tools, "docker", answers, "--site", "host-1") == [
        {"service": "tool", "service_basis": "container", "image": "tool", "image_id": digest("2"),
         "site": "host-1", "replicas": 1},
        {"service": "web", "service_basis": "label com.docker.compose.service",
         "image": "r:5000/web:1", "digest": digest("8"), "image_id": digest("1"),
         "namespace": "shop", "site": "host-1", "replicas": 1, "ready": 1},
    ]  # fmt: skip
    assert taken(ledger)["complete"] is True


def test_tasks_of_every_cluster_are_described_a_hundred_at_a_time(
    command: Command, ledger: Listening, tools: Tools
) -> None:
    """The service is that of the group; a task that ended in between is no gap."""
    web = {"name": "web", "image": "r/web:3", "imageDigest": digest("f"), "lastStatus": "RUNNING",
           "healthStatus": "HEALTHY"}  # fmt: skip
    arns = [f"arn:{number}" for number in range(150)]
    answers = {
        "list-clusters": {"clusterArns": ["arn:shop"]},
        "list-tasks --cluster arn:shop": {"taskArns": arns},
        "--tasks arn:0 ": {
            "tasks": [task("service:web", web)] * 100,
            "failures": [],
        },
        "--tasks arn:100 ": {
            "tasks": [task("service:web", web)] * 48
            + [task("family:nightly", web | {"lastStatus": "PENDING"})],
            "failures": [{"arn": "arn:149", "reason": "MISSING"}],
        },
    }
    rows = running(command, ledger, tools, "aws", answers)
    common = {"image": "r/web:3", "digest": digest("f"), "namespace": "shop", "container": "web",
              "site": "eu-west-1"}  # fmt: skip
    assert rows == [
        common | {"service": "nightly", "service_basis": "task definition", "replicas": 0},
        common | {"service": "web", "service_basis": "service", "replicas": 148, "ready": 148},
    ]
    assert taken(ledger)["complete"] is True
    assert len(tools.asked("aws")) == 4


def test_a_task_that_cannot_be_described_makes_the_snapshot_incomplete(
    command: Command, ledger: Listening, tools: Tools
) -> None:
    """Saying otherwise does not help."""
    said = {"tasks": [], "failures": [{"arn": "arn:1", "reason": "ACCESS_DENIED"}]}
    answers = {"list-tasks": {"taskArns": ["arn:1"]}, "describe-tasks": said}
    assert running(command, ledger, tools, "aws", answers, "--cluster", "a", "--complete") == []
    assert taken(ledger)["complete"] is False


def test_options_of_another_system_are_refused(command: Command, ledger: Listening) -> None:
    """A filter that is silently ignored would make a part look like the whole."""
    for words in (("docker", "--namespace", "x"), ("kubernetes", "--cluster", "x"),
                  ("ecs", "--service-label", "x"),
                  ("kubernetes", "--namespace", "x", "--from", "-"),
                  ("kubernetes", "--at", "2026-01-01T00:00:00Z")):  # fmt: skip
        command("snapshot", words[0], "production", *words[1:], status=2)
    assert ledger.kept == []


def test_too_much_for_one_event_is_said_and_nothing_is_left_out(
    command: Command, ledger: Listening
) -> None:
    """Half a snapshot would look like a whole one."""
    many = pods(*(pod(f"p{number}", labels={"app": f"a{number}"}) for number in range(10_001)))
    done = command("snapshot", "kubernetes", "production", "--from", "-", status=2,
                   stdin=json.dumps(many))  # fmt: skip
    assert "10001 workloads are too many" in done.stderr
    assert ledger.kept == []


@pytest.mark.long
def test_a_real_ledger_takes_a_snapshot_of_every_system(
    command: Command, tools: Tools, tmp_path: Path
) -> None:
    """Through the real door, with the fields of the vocabulary."""
    tools.add("kubectl", {"get pods": pods(pod("a", labels={NAME: "checkout"}))})
    tools.add("argocd", {"app list": [application("cart", f"r/cart@{digest('e')}")]})
    tools.add("docker", {"ps": "c1\n", "container inspect": [container("w", "w", digest("1"))],
                         "image inspect": []})  # fmt: skip
    web = {"name": "web", "image": "r/web", "imageDigest": digest("f"), "lastStatus": "RUNNING"}
    tools.add("aws", {"list-clusters": {"clusterArns": ["a"]}, "list-tasks": {"taskArns": ["t"]},
                      "describe-tasks": {"tasks": [task("service:web", web)]}})  # fmt: skip
    with serving(tmp_path / "server") as server:
        changes = {"PIPELEDGER_URL": server.url, "PIPELEDGER_TOKEN": server.token} | tools.path
        for system in ("kubernetes", "argocd", "docker", "ecs"):
            done = command("snapshot", system, "production", "--strict", changes=changes)
            assert "recorded runtime.snapshot at position" in done.stdout
        with server.http() as http:
            rows = http.get("/entries?type=pipeledger.runtime.snapshot").json()["entries"]
            entry = http.get(f"/entries/{rows[0]['position']}").json()
    assert [one["tags"] for one in rows] == [["environment:production"]] * 4
    assert entry["event"]["data"]["running"][0]["digest"] == digest("a")
