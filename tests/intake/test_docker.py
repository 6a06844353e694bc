"""Docker's events say what came and went; what it inspects says what runs and what it is of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake.registry import read_report
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door
from tests.intake.scans import everything, reading_of, readings_of

CANARY = "quetzal-4711"
DIGEST, OTHER, CONFIG = ("sha256:" + digit * 64 for digit in "abc")
COMPOSE = {"com.docker.compose.project": "acme", "com.docker.compose.service": "web"}


def event(kind: str, action: str, name: str = "web-1", **attributes: str) -> dict[str, Any]:
    """An event of an engine."""
    return {
        "Type": kind, "Action": action, "scope": "local", "time": 1767323045,
        "timeNano": 1767323045123456789,
        "Actor": {"ID": "id-1", "Attributes": {"name": name, "note": CANARY} | attributes},
    }  # fmt: skip


def _fact(value: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    readings = read_report(json.dumps(value).encode()).readings
    for one in readings:
        through_door(one)
    if not readings:
        return None, {}
    (one,) = readings
    assert one.time == "2026-01-02T03:04:05.123456Z"
    assert CANARY not in everything(readings)
    return one.type.removeprefix("pipeledger.").removesuffix(".v1"), one.data


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (event("container", "create", image=f"shop@{DIGEST}", **COMPOSE), "config.changed",
         {"resource": "container/web-1", "action": "create", "artifact": {"digest": DIGEST},
          "service": "web", "environment": "acme", "outcome": "success"}),
        (event("container", "die", exitCode="137"), "config.changed",
         {"action": "die", "outcome": "failure", "exit_status": 137}),
        (event("container", "die", exitCode="0"), "config.changed", {"outcome": "success"}),
        (event("container", "oom"), "config.changed", {"outcome": "failure"}),
        (event("container", f"exec_start: sh -c {CANARY}"), None, {}),
        (event("container", "attach"), None, {}),
        (event("container", "health_status: unhealthy"), "alert.fired",
         {"fingerprint": "id-1", "target": "web-1"}),
        (event("container", "health_status: healthy"), "alert.resolved", {"fingerprint": "id-1"}),
        (event("image", "pull"), "config.changed", {"resource": "image/id-1"}),
        (event("image", "push") | {"Actor": {"ID": f"reg.example/shop@{DIGEST}"}},
         "artifact.published", {"artifact": {"digest": DIGEST, "name": "reg.example/shop"}}),
        (event("secret", "create", "db"), "secret.created", {"path": "db", "system": "docker"}),
        (event("secret", "remove", "db"), "secret.revoked", {"path": "db"}),
        # Labels are all that can be changed of a secret.
        (event("secret", "update", "db"), "config.changed", {"resource": "secret/db"}),
        (event("network", "connect"), None, {}),
        (event("network", "create", "front"), "config.changed", {"resource": "network/front"}),
        (event("service", "update", "shop"), "config.changed", {"resource": "service/shop"}),
        (event("service", "update", "shop", **{"updatestate.new": "rollback_started",
                                               "image.new": f"shop@{DIGEST}"}),
         "deployment.started", {"kind": "rollback", "service": "shop", "environment": "local",
                                "environment_basis": "scope", "artifact": {
                                    "name": "shop", "digest": DIGEST}}),
        (event("service", "update", "shop", **{"updatestate.new": "paused"}),
         "deployment.finished", {"outcome": "failure"}),
    ],
    ids=lambda value: f"{value['Type']} {value['Action']}" if isinstance(value, dict)
    and "Type" in value else None,
)  # fmt: skip
def test_an_event_is_what_changed(
    value: dict[str, Any], kind: str | None, expected: dict[str, Any]
) -> None:
    """What goes on all the time, and what people typed, is no fact."""
    found, data = _fact(value)
    assert found == kind
    assert {name: data.get(name) for name in expected} == expected


def test_the_beginning_and_the_end_of_a_deployment_are_of_one() -> None:
    """A service has no id for it, so it is known by when it began."""
    states = ("updating", "completed", "updating", "rollback_started", "rollback_completed")
    lines = [
        event("service", "update", "shop", **{"updatestate.new": state}) | {"timeNano": at}
        for at, state in enumerate(states, 1767323045_000_000_000)
    ]
    found = readings_of("\n".join(map(json.dumps, lines)).encode(), "docker-events")
    ids = [one.data["deployment"] for one in found]
    assert ids[0] == ids[1] != ids[2] != ids[3] == ids[4]
    assert [one.data.get("kind") for one in found] == [None, None, None, "rollback", "rollback"]


def test_an_update_that_the_swarm_turns_back_failed() -> None:
    """No other event says so; the image is told before the update begins."""
    lines = [
        event("service", "update", "shop", **told) | {"timeNano": 1767323045_000_000_000 + at}
        for at, told in enumerate((
            {"image.old": f"shop@{DIGEST}", "image.new": f"shop@{OTHER}"},
            {"updatestate.new": "updating"},
            {"updatestate.old": "updating", "updatestate.new": "rollback_started",
             "image.old": f"shop@{OTHER}", "image.new": f"shop@{DIGEST}"},
            {"updatestate.old": "rollback_started", "updatestate.new": "rollback_completed"},
        ))
    ]  # fmt: skip
    found = readings_of("\n".join(map(json.dumps, lines)).encode(), "docker-events")
    told = [
        (one.type[11:-3], one.data.get("outcome"), one.data["artifact"]["digest"])
        for one in found[1:]
    ]
    assert told == [
        ("deployment.started", None, OTHER), ("deployment.finished", "failure", OTHER),
        ("deployment.started", None, DIGEST), ("deployment.finished", "success", DIGEST),
    ]  # fmt: skip
    begun, failed, back, done = (one.data for one in found[1:])
    assert begun["deployment"] == failed["deployment"] != back["deployment"] == done["deployment"]
    assert back["rolls_back"] == done["rolls_back"] == begun["deployment"]
    assert "rolls_back" not in failed
    assert "kind" not in failed


def container(
    name: str,
    address: str = "reg.example:5000/shop:1",
    labels: dict[str, str] | None = None,
    *,
    runs: bool = True,
) -> dict[str, Any]:
    """A container, as it is inspected."""
    return {
        "Id": "i", "Name": f"/{name}", "Image": CONFIG, "HostConfig": {"Binds": [CANARY]},
        "State": {"Running": runs, "Health": {"Status": "healthy"}},
        "Config": {"Image": address, "Env": [f"PASSWORD={CANARY}"], "Labels": labels},
    }  # fmt: skip


def image(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An image, as it is inspected."""
    labels = {"org.opencontainers.image.revision": "a" * 40,
              "org.opencontainers.image.source": "https://code.example/acme/shop",
              "org.opencontainers.image.version": "1.2.0"}  # fmt: skip
    return {
        "Id": CONFIG, "RepoTags": ["reg.example:5000/shop:1"], "Created": "2026-01-02T03:04:05Z",
        "RepoDigests": [f"reg.example:5000/shop@{DIGEST}", f"other@{OTHER}"], "RootFS": {},
        "Config": {"Env": [CANARY], "Labels": labels},
    } | more  # fmt: skip


def test_what_runs_is_a_snapshot_of_each_project() -> None:
    """An image in the same list tells the digest; what has stopped runs no more."""
    found = readings_of(
        [container("acme-web-1", labels=COMPOSE), container("old", labels=COMPOSE, runs=False),
         container("lone", f"shop@{OTHER}"), image()], "docker-inspect",
    )  # fmt: skip
    acme, host = found
    assert (acme.data["environment"], acme.data["environment_basis"]) == ("acme", "project")
    (web,) = acme.data["running"]
    assert (web["service"], web["service_basis"], web["digest"]) == ("web", "label", DIGEST)
    assert (web["image_id"], web["replicas"], web["ready"]) == (CONFIG, 1, 1)
    assert (host.data["environment"], host.data["environment_basis"]) == ("local", "host")
    (lone,) = host.data["running"]
    assert (lone["service"], lone["digest"]) == ("lone", OTHER)
    assert CANARY not in everything(found)


def test_what_falls_over_again_and_again_is_not_ready() -> None:
    """Docker calls it running between two starts; without a health check nothing else tells."""
    value = container("web") | {"State": {"Running": True, "Restarting": True}}
    (running,) = reading_of([value], "docker-inspect").data["running"]
    assert running["ready"] == 0
    steady = container("web") | {"State": {"Running": True, "Restarting": False}}
    assert "ready" not in reading_of([steady], "docker-inspect").data["running"][0]


def test_an_image_alone_says_what_it_was_made_from() -> None:
    """By the labels that OCI names; of several digests none is taken."""
    found = reading_of([image(RepoDigests=[f"shop@{DIGEST}"])], "docker-inspect")
    assert found.type == "pipeledger.artifact.described.v1"
    data = found.data
    assert data["artifact"] == {"digest": DIGEST, "name": "reg.example:5000/shop:1"}
    assert (data["commit"], data["repository"]) == ("a" * 40, "https://code.example/acme/shop")
    assert (data["release"], data["image_id"]) == ("1.2.0", CONFIG)
    assert "digest" not in reading_of([image()], "docker-inspect").data["artifact"]


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    lines = [event("container", "die", exitCode="1"), event("image", "push"),
             event("service", "update", "x", **{"updatestate.new": "updating"})]  # fmt: skip
    check_damaged("\n".join(map(json.dumps, lines)).encode(), 120)
    check_damaged(json.dumps([container("a", labels=COMPOSE), image()]).encode(), 100)
    check_damaged(json.dumps([image()]).encode(), 100)
