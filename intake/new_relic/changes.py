"""New Relic's change tracking: deployments as NerdGraph and the older REST API answer them.

A marker says when a deployment began, and never how it ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.address import address_of
from intake.ids import commit_of
from intake.instant import told_epoch, told_time
from intake.json_body import read_fields
from intake.order import by_time
from intake.person import account_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_MUTATION: Final = "changeTrackingCreateDeployment"
_EVENT: Final = "changeTrackingCreateEvent"
_OLD: Final = frozenset({"revision", "timestamp"})


class _Deployment(msgspec.Struct, gc=False, rename="camel"):
    """A deployment; the older API calls id and version otherwise."""

    deployment_id: str | None = None
    id: int | str | None = None
    entity_guid: str | None = None
    version: str | None = None
    revision: str | None = None
    commit: str | None = None
    description: str | None = None
    deployment_type: str | None = None
    deep_link: str | None = None
    user: str | None = None
    timestamp: int | str | None = None


class _Search(msgspec.Struct, gc=False):
    """Deployments that were looked for."""

    results: list[_Deployment] | None = None


class _Entity(msgspec.Struct, gc=False):
    """What was deployed."""

    name: str | None = None
    deployments: _Search | None = msgspec.field(name="deploymentSearch", default=None)


class _Actor(msgspec.Struct, gc=False):
    """Whoever asks."""

    entity: _Entity | None = None


class _Event(msgspec.Struct, gc=False, rename="camel"):
    """A change of any category; deployments are one of them."""

    change_tracking_id: str | None = None
    category: str | None = None
    type: str | None = None
    version: str | None = None
    commit: str | None = None
    description: str | None = None
    deep_link: str | None = None
    user: str | None = None
    timestamp: int | str | None = None
    entity: _Entity | None = None

    def deployment(self) -> _Deployment | None:
        """The deployment that it is, or None."""
        if (self.category or "").lower() != "deployment":
            return None
        return _Deployment(
            deployment_id=self.change_tracking_id, version=self.version, commit=self.commit,
            description=self.description, deployment_type=self.type, deep_link=self.deep_link,
            user=self.user, timestamp=self.timestamp,
        )  # fmt: skip


class _Made(msgspec.Struct, gc=False, rename="camel"):
    """What came of making one."""

    change_tracking_event: _Event | None = None


class _Data(msgspec.Struct, gc=False):
    """What NerdGraph answers."""

    created: _Deployment | None = msgspec.field(name=_MUTATION, default=None)
    made: _Made | None = msgspec.field(name=_EVENT, default=None)
    actor: _Actor | None = None


class _Answer(msgspec.Struct, gc=False):
    """Any of the answers."""

    data: _Data | None = None
    deployment: _Deployment | None = None
    deployments: list[_Deployment] | None = None


def claims(shape: Shape) -> bool:
    """A deployment that was made or looked for."""
    data = shape.inside("data")
    if _MUTATION in data.object or _EVENT in data.object:
        return True
    if "deploymentSearch" in data.inside("actor").inner("entity"):
        return True
    return any(shape.inside(name).object.keys() >= _OLD for name in ("deployment", "deployments"))


def read(body: bytes) -> list[Reading]:
    """The readings of an answer, earliest first.

    Raises:
        RefusedError: no such answer; the place is named.
        TooLargeError: a limit was passed.
    """
    answer = read_fields(body, _Answer)
    return by_time(one for told, name in _all(answer) for one in _reading(told, name))


def _all(answer: _Answer) -> Iterator[tuple[_Deployment, str | None]]:
    data = answer.data or _Data()
    for one in (data.created, answer.deployment, *(answer.deployments or ())):
        if one is not None:
            yield one, None
    event = data.made.change_tracking_event if data.made else None
    if event is not None and (found := event.deployment()) is not None:
        yield found, event.entity.name if event.entity else None
    entity = data.actor.entity if data.actor else None
    if entity is not None and entity.deployments is not None:
        for one in entity.deployments.results or ():
            yield one, entity.name


def _reading(one: _Deployment, name: str | None) -> Iterator[Reading]:
    identity = one.deployment_id or (str(one.id) if one.id is not None else None)
    version = one.version or one.revision
    if identity is None or (deployment := named(identity)) is None:
        return
    data = {
        "deployment": deployment,
        "service": named(name),
        "service_basis": "application" if named(name) else None,
        "release": named(version),
        "commit": commit_of(one.commit) or commit_of(version),
        "strategy": named((one.deployment_type or "").lower()),
        "reason": one.description or None,
        "actor": account_of("newrelic", one.user),
        "url": address_of(one.deep_link),
        "entity": named(one.entity_guid),
        "tool": "New Relic",
    }
    told = told_epoch(one.timestamp, 1_000)
    if told is None and isinstance(one.timestamp, str):
        told = told_time(one.timestamp)
    yield fact("deployment.started", told, data, kind="deployment")


FORMAT: Final = Format(
    "new-relic-change", "New Relic change tracking", "application/json", claims, read
)
