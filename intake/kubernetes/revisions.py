"""Deployments and their replica sets, as `kubectl get -o json` lists them: which revision stands.

Going back to a revision makes no new replica set: the old one gets the next number, and those it
had before stand in its `revision-history`. That is what a `kubectl rollout undo` leaves behind.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.image import images_of
from intake.instant import told_time
from intake.json_body import read_items
from intake.kubernetes.structure import RESTARTED, decoded
from intake.number import count_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Members, Shape

_KINDS: Final = frozenset({b'"Deployment"', b'"ReplicaSet"'})
_GROUPS: Final = (b'"apps/', b'"extensions/')
_REVISION: Final = "deployment.kubernetes.io/revision"
_HISTORY: Final = "deployment.kubernetes.io/revision-history"
_CAUSE: Final = "kubernetes.io/change-cause"
_VERSION: Final = "app.kubernetes.io/version"
_OWN: Final = frozenset({RESTARTED, "pod-template-hash"})
_ENDS: Final = {"NewReplicaSetAvailable": "success", "ProgressDeadlineExceeded": "failure"}


class _Owner(msgspec.Struct, gc=False):
    """What an object is of."""

    kind: str | None = None
    name: str | None = None
    uid: str | None = None


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    """What every object has."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    creation_timestamp: str | None = None
    labels: dict[str, Any] | None = None
    annotations: dict[str, Any] | None = None
    owner_references: list[_Owner] | None = None

    def note(self, name: str) -> str | None:
        """An annotation, if it is a text."""
        found = (self.annotations or {}).get(name)
        return found if isinstance(found, str) else None


class _Container(msgspec.Struct, gc=False):
    """A container of a pod."""

    image: str | None = None


class _PodSpec(msgspec.Struct, gc=False):
    """The containers of a pod."""

    containers: list[_Container] | None = None


class _Pod(msgspec.Struct, gc=False):
    """What pods are made from."""

    spec: _PodSpec | None = None


class _Condition(msgspec.Struct, gc=False, rename="camel"):
    """One condition of a deployment."""

    type: str | None = None
    reason: str | None = None
    last_update_time: str | None = None


class _Spec(msgspec.Struct, gc=False):
    """What is wanted."""

    template: msgspec.Raw = msgspec.Raw(b"null")


class _Status(msgspec.Struct, gc=False):
    """What is."""

    conditions: list[_Condition] | None = None


class _Object(msgspec.Struct, gc=False):
    """A deployment or a replica set."""

    kind: str | None = None
    metadata: _Metadata | None = None
    spec: _Spec | None = None
    status: _Status | None = None


class _Line:
    """A deployment with its replica sets, by their numbers."""

    def __init__(self) -> None:
        self.deployment: _Object | None = None
        self.sets: dict[int, _Object] = {}
        self.owner: str | None = None

    @property
    def uid(self) -> str | None:
        """Of the deployment, which its replica sets know as well."""
        own = self.deployment.metadata if self.deployment else None
        return (own.uid if own else None) or self.owner


def claims(shape: Shape) -> bool:
    """Deployments or replica sets: one, a list, or an array."""
    return _is_workload(shape.object) or _is_workload(shape.inside("items").object)


def _is_workload(one: Members) -> bool:
    return bytes(one.get("kind", b"")) in _KINDS and bytes(one.get("apiVersion", b"")).startswith(
        _GROUPS
    )


def read(body: bytes) -> list[Reading]:
    """The readings of the revisions that stand there, earliest first.

    Raises:
        RefusedError: no such objects; the place is named.
        TooLargeError: a limit was passed.
    """
    found = read_items(body, _Object, "items")
    lines = _lines(found)
    return by_time(one for name, line in lines.items() for one in _readings(*name, line))


def _lines(objects: list[_Object]) -> dict[tuple[str | None, str], _Line]:
    lines: dict[tuple[str | None, str], _Line] = defaultdict(_Line)
    for one in objects:
        meta = one.metadata or _Metadata()
        place, name = named(meta.namespace), named(meta.name)
        if one.kind == "Deployment" and name is not None:
            lines[place, name].deployment = one
        elif one.kind == "ReplicaSet":
            owners = (owner for owner in meta.owner_references or () if owner.kind == "Deployment")
            owner, number = next(owners, _Owner()), count_of(meta.note(_REVISION))
            if (of := named(owner.name)) is not None and number is not None:
                lines[place, of].sets[number] = one
                lines[place, of].owner = owner.uid
    return lines


def _readings(place: str | None, name: str, line: _Line) -> Iterator[Reading]:
    own = line.deployment.metadata if line.deployment else None
    current = count_of(own.note(_REVISION)) if own else max(line.sets, default=None)
    for number, one in line.sets.items():
        # When a set that was brought back later became the current one is told for the last alone.
        if number != current and not _before(one):
            meta = one.metadata or _Metadata()
            data = _common(place, name, number, one, line.uid) | _restarted(number, line)
            yield fact("deployment.started", told_time(meta.creation_timestamp), data, kind="set")
    if current is not None:
        yield _current(place, name, current, line)


def _current(place: str | None, name: str, number: int, line: _Line) -> Reading:
    standing = line.sets.get(number)
    data = _common(place, name, number, line.deployment or standing, line.uid)
    data |= _back(place, name, number, standing, line.uid) or _restarted(number, line)
    if line.deployment is None:
        meta = (standing.metadata if standing else None) or _Metadata()
        made = None if "kind" in data else told_time(meta.creation_timestamp)
        return fact("deployment.started", made, data, kind="set")
    status = line.deployment.status or _Status()
    progress = next((one for one in status.conditions or () if one.type == "Progressing"), None)
    reason = progress.reason if progress else None
    outcome = _ENDS.get(reason or "")
    told = told_time(progress.last_update_time if progress else None)
    data |= {"outcome": outcome, "reported_outcome": named(reason)}
    what = "deployment.finished" if outcome is not None else "deployment.progressed"
    return fact(what, told, data, kind="deployment")


def _back(
    place: str | None, name: str, number: int, one: _Object | None, uid: str | None
) -> dict[str, Any]:  # fmt: skip
    """That a revision is an earlier one, brought back."""
    before = _before(one) if one is not None else []
    if not before:
        return {}
    return {
        "kind": "rollback",
        "kind_basis": "revision-history",
        "rolls_back": revision_of(place, name, number - 1, uid),
        "restores": revision_of(place, name, before[-1], uid),
    }


def _restarted(number: int, line: _Line) -> dict[str, Any]:
    """That a revision is the one before it, started anew (`kubectl rollout restart`)."""
    found = line.sets.get(number), line.sets.get(number - 1)
    (at, now), (earlier, before) = (_made_from(one) for one in found)
    if at is None or at == earlier or now is None or now != before:
        return {}
    return {"kind": "redeploy", "kind_basis": "restartedAt"}


def _made_from(one: _Object | None) -> tuple[object, dict[str, Any] | None]:
    """When pods were to start anew, and all else that they are made from."""
    template = decoded(one.spec.template, dict[str, Any]) if one and one.spec else None
    meta = (template or {}).get("metadata")
    if template is None or not isinstance(meta, dict):
        return None, template
    apart = {
        name: {key: value for key, value in told.items() if key not in _OWN}
        for name in ("annotations", "labels") if isinstance(told := meta.get(name), dict) and told
    }  # fmt: skip
    notes = meta.get("annotations")
    at = notes.get(RESTARTED) if isinstance(notes, dict) else None
    kept = {name: value for name, value in (meta | apart).items() if value}
    return at, template | {"metadata": kept}


def _before(one: _Object) -> list[int]:
    """Numbers that a replica set had before, in their order."""
    meta = one.metadata or _Metadata()
    told = (count_of(part) for part in (meta.note(_HISTORY) or "").split(",")[:1000])
    return [number for number in told if number is not None]


def _common(
    place: str | None, name: str, number: int, one: _Object | None, uid: str | None
) -> dict[str, Any]:  # fmt: skip
    meta = (one.metadata if one else None) or _Metadata()
    template = decoded(one.spec.template, _Pod) if one and one.spec else None
    pod = template.spec if template else None
    version = (meta.labels or {}).get(_VERSION)
    return {
        "deployment": revision_of(place, name, number, uid),
        "service": name,
        "service_basis": "workload",
        "environment": place,
        "environment_basis": "namespace" if place else None,
        "release": named(version) if isinstance(version, str) else None,
        "revision": number,
        "reason": meta.note(_CAUSE),
        "tool": "Kubernetes",
    } | images_of(one.image for one in ((pod.containers if pod else None) or ()))


def revision_of(
    place: str | None, name: str | None, number: int | str, uid: str | None
) -> str | None:  # fmt: skip
    """The id of a revision: an object that was removed and made again begins with 1 once more.

    Args:
        place: the namespace.
        name: of the object.
        number: of the revision.
        uid: of the object, where it is told.
    """
    stem = f"{place or ''}/{name}#{number}".lstrip("/")
    return named(f"{stem}@{uid}" if uid else stem)


FORMAT: Final = Format(
    "kubernetes-revisions", "Kubernetes deployments and replica sets", "application/json", claims,
    read,
)  # fmt: skip
