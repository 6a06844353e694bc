"""Events of an engine, a JSON object a line; they do not say who did it.

A service of a swarm is deployed; a container that comes or goes is a change, for a job's container
does so too. Commands that ran in a container are not read: they hold what people typed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.docker.labels import project_in, service_in
from intake.ids import artifact_of
from intake.image import images_of
from intake.instant import told_epoch
from intake.json_body import read_all
from intake.number import count_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.instant import Told
    from intake.shape import Shape

TOOL: Final = "Docker"
_MARKS: Final = frozenset({"Type", "Action", "Actor"})
_NANOS: Final = 1_000_000_000
_CONTAINER: Final = frozenset({
    "create", "start", "stop", "kill", "die", "destroy", "rename", "update", "pause", "unpause",
    "oom", "restart",
})  # fmt: skip
_IMAGE: Final = frozenset({"pull", "delete", "import", "load", "tag", "untag", "remove", "prune"})
_OTHERS: Final = frozenset({
    "create", "update", "destroy", "remove", "install", "enable", "disable", "reload", "prune",
})  # fmt: skip
# What a secret is cannot be changed: an update is one of its labels.
_SECRETS: Final = {"create": "secret.created", "remove": "secret.revoked"}
_HEALTH: Final = {"unhealthy": "alert.fired", "healthy": "alert.resolved"}
_STATES: Final = {
    "updating": ("deployment.started", None, None),
    "completed": ("deployment.finished", "success", None),
    "paused": ("deployment.finished", "failure", None),
    "rollback_started": ("deployment.started", None, "rollback"),
    "rollback_completed": ("deployment.finished", "success", "rollback"),
    "rollback_paused": ("deployment.finished", "failure", "rollback"),
}  # fmt: skip
_UPDATING: Final = "updating"
_TURNED_BACK: Final = "rollback_started"


class Actor(msgspec.Struct, gc=False):
    """What an event is about."""

    id: str | None = msgspec.field(default=None, name="ID")
    attributes: dict[str, Any] | None = msgspec.field(default=None, name="Attributes")


class Event(msgspec.Struct, gc=False):
    """An event."""

    type: str | None = msgspec.field(default=None, name="Type")
    action: str | None = msgspec.field(default=None, name="Action")
    actor: Actor | None = msgspec.field(default=None, name="Actor")
    scope: str | None = None
    time: Any = None
    nanos: Any = msgspec.field(default=None, name="timeNano")

    @property
    def told(self) -> Told | None:
        """When it was, as exactly as it says."""
        return told_epoch(self.nanos, _NANOS) or told_epoch(self.time)

    def text(self, name: str) -> str | None:
        """An attribute that is a text."""
        value = ((self.actor.attributes if self.actor else None) or {}).get(name)
        return value if isinstance(value, str) and value else None


def claims(shape: Shape) -> bool:
    """Events, one or several."""
    members = shape.object
    return members.keys() >= _MARKS and bool({"time", "timeNano"} & members.keys())


def read(body: bytes) -> list[Reading]:
    """The readings of events that changed something.

    Raises:
        RefusedError: no events; the line is named.
        TooLargeError: a limit was passed.
    """
    return by_time(_readings(read_all(body, Event)))


def _readings(events: list[Event]) -> Iterator[Reading]:
    services: dict[str | None, _Service] = {}
    for one in events:
        action = (one.action or "").partition(":")[0].strip()
        reader = _READERS.get(one.type or "", _other)
        if one.type == "service" and action == "update":
            identity = one.actor.id if one.actor else None
            yield from _service(one, services.setdefault(identity, _Service()))
        elif (reading := reader(one, action)) is not None:
            yield reading


@dataclass(slots=True)
class _Service:
    """What earlier events of a file tell of a service.

    Attributes:
        deployment: the newest. It has no id: it is known by when it began, or was first told of.
        rolls_back: the one before, where it takes that back.
        image: which runs; an update tells it before it begins.
    """

    deployment: str | None = None
    rolls_back: str | None = None
    image: list[str] = field(default_factory=list)


def _name(one: Event) -> str:
    return named(one.text("name")) or named(one.actor.id if one.actor else None) or "unknown"


def _made(one: Event, what: str, data: dict[str, Any]) -> Reading:
    labels = (one.actor.attributes if one.actor else None) or {}
    service, project = service_in(labels), project_in(labels)
    common: dict[str, Any] = {
        "tool": TOOL,
        "service": service,
        "service_basis": "label" if service else None,
        "environment": project,
        "environment_basis": "project" if project else None,
        "reported_outcome": named((one.action or "").partition(":")[0]),
    }
    return fact(what, one.told, common | data, kind=named(f"{one.type}.{one.action}"[:200]))


def _changed(one: Event, action: str, **more: Any) -> Reading:  # noqa: ANN401 - fields
    data = {"resource": named(f"{one.type}/{_name(one)}"), "action": action, "outcome": "success"}
    return _made(one, "config.changed", data | more)


def _container(one: Event, action: str) -> Reading | None:
    if action == "health_status":
        return _health(one)
    if action not in _CONTAINER:
        return None
    status = count_of(one.text("exitCode")) if action == "die" else None
    failed = action == "oom" or bool(status)
    return _changed(
        one, action,
        artifact=artifact_of(one.text("image")),
        image=named(one.text("image")),
        exit_status=status,
        outcome="failure" if failed else "success",
    )  # fmt: skip


def _health(one: Event) -> Reading | None:
    word = (one.action or "").partition(":")[2].strip()
    what = _HEALTH.get(word)
    identity = named(one.actor.id if one.actor else None)
    if what is None or identity is None:
        return None
    return _made(one, what, {
        "fingerprint": identity,
        "rule": "health check",
        "target": _name(one),
        "reported_outcome": word,
    })  # fmt: skip


def _image(one: Event, action: str) -> Reading | None:
    name = named(one.actor.id if one.actor else None) or _name(one)
    if action == "push":
        artifact = (artifact_of(name) or {}) | {"name": name.partition("@")[0]}
        return _made(one, "artifact.published", {"artifact": artifact})
    if action not in _IMAGE:
        return None
    data = {"resource": named(f"image/{name}"), "action": action, "outcome": "success"}
    return _made(one, "config.changed", data | {"artifact": artifact_of(name)})


def _secret(one: Event, action: str) -> Reading | None:
    what = _SECRETS.get(action)
    return _other(one, action) if what is None else _made(one, what, {
        "path": _name(one), "system": "docker", "operation": action,
    })  # fmt: skip


def _other(one: Event, action: str) -> Reading | None:
    return _changed(one, action) if action in _OTHERS else None


def _service(one: Event, seen: _Service) -> Iterator[Reading]:
    """A service that gets another image or setting; without a state it is a setting."""
    state, image = one.text("updatestate.new") or "", one.text("image.new")
    if state == _TURNED_BACK and one.text("updatestate.old") == _UPDATING and seen.deployment:
        # The swarm gave the update up; that it failed no other event says.
        yield _deployed(one, seen, state, ("deployment.finished", "failure", None))
    if image is not None:
        seen.image = [image]
    if state not in _STATES:
        yield _changed(one, "update")
        return
    what, _, kind = _STATES[state]
    if what == "deployment.started" or seen.deployment is None:
        seen.rolls_back = seen.deployment if kind else None
        identity = one.actor.id if one.actor else None
        seen.deployment = named(f"{identity}@{one.nanos or one.time}") or "unknown"
    yield _deployed(one, seen, state, _STATES[state])


def _deployed(
    one: Event, seen: _Service, state: str, told: tuple[str, str | None, str | None]
) -> Reading:
    what, outcome, kind = told
    place = named(one.text("com.docker.stack.namespace")) or named(one.scope) or "swarm"
    basis = "project" if one.text("com.docker.stack.namespace") else "scope"
    return _made(one, what, {
        "deployment": seen.deployment,
        "service": _name(one),
        "service_basis": "workload",
        "environment": place,
        "environment_basis": basis,
        "kind": kind,
        "kind_basis": "state" if kind else None,
        "rolls_back": seen.rolls_back if kind else None,
        "outcome": outcome,
        "reported_outcome": state,
    } | images_of(seen.image))  # fmt: skip


_READERS: Final = {"container": _container, "image": _image, "secret": _secret}
FORMAT: Final = Format("docker-events", "Docker events", "application/x-ndjson", claims, read)
