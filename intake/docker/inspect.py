"""What `docker inspect` prints: containers are what runs on a host, images say what they are of.

Environment variables, commands and mounts are not read: secrets stand there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from intake.address import repository_of
from intake.docker.labels import project_in, service_in
from intake.ids import commit_of, digest_of
from intake.instant import told_time
from intake.json_body import read_all
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from intake.shape import Shape

_HOST: Final = "local"
_MOST: Final = 10_000
_LABEL: Final = "org.opencontainers.image."
_Digests: TypeAlias = dict[str | None, set[str]]


class _Object(msgspec.Struct, gc=False, rename="pascal"):
    """An object; any field may be missing or null."""


class Health(_Object):
    """What the health check says."""

    status: str | None = None


class State(_Object):
    """What a container does."""

    running: bool | None = None
    restarting: bool | None = None
    health: Health | None = None


class Config(_Object):
    """What it is made from."""

    image: str | None = None
    labels: dict[str, Any] | None = None


class Inspected(_Object):
    """A container or an image."""

    id: str | None = None
    name: str | None = None
    image: str | None = None
    created: str | None = None
    state: State | None = None
    config: Config | None = None
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None


def claims(shape: Shape) -> bool:
    """Containers with their state, or images with their digests."""
    members = (shape.element or {}).keys()
    return {"Id", "State", "Config", "HostConfig"} <= members or (
        {"Id", "RepoTags", "RepoDigests", "RootFS"} <= members
    )


def read(body: bytes) -> list[Reading]:
    """The readings of a list: one for all containers that run, one for each image.

    Raises:
        RefusedError: no such list; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_all(body, Inspected)
    containers = [one for one in told if one.state is not None]
    images = [one for one in told if one.state is None and one.repo_digests is not None]
    found = list(_projects(containers, images))
    # Where containers are listed, images only tell their digests.
    return found if containers else [one for each in images for one in _described(each)]


def _projects(containers: list[Inspected], images: list[Inspected]) -> Iterator[Reading]:
    """What runs of each project; of what is of none, on the host."""
    known = {one.id: _by_name(one.repo_digests or []) for one in images}
    running: dict[str | None, list[dict[str, Any]]] = {}
    for one in containers[:_MOST]:
        labels = (one.config.labels if one.config is not None else None) or {}
        several = running.setdefault(project_in(labels), [])
        if one.state is not None and one.state.running is True:
            several.append(_running(one, labels, known))
    for project, found in running.items():
        yield fact("runtime.snapshot", None, {
            "tool": "Docker",
            "system": "docker",
            "environment": project or _HOST,
            "environment_basis": "project" if project else "host",
            "running": found,
        })  # fmt: skip


def _running(
    one: Inspected, labels: Mapping[str, Any], known: Mapping[str | None, _Digests]
) -> dict[str, Any]:
    service = service_in(labels)
    image = named(one.config.image if one.config is not None else None)
    health = one.state.health.status if one.state is not None and one.state.health else None
    ready = int(health == "healthy") if health else None
    # Docker calls it running while it waits to be started again.
    if one.state is not None and one.state.restarting:
        ready = 0
    told: dict[str, Any] = {
        "service": service or named((one.name or "").removeprefix("/")) or "unknown",
        "service_basis": "label" if service else "container",
        "image": image,
        "image_id": digest_of(one.image),
        "digest": _digest(image, known.get(one.image, {})),
        "namespace": project_in(labels),
        "replicas": 1,
        "ready": ready,
        "health": named(health),
    }
    return {name: value for name, value in told.items() if value is not None}


def _by_name(told: list[str]) -> _Digests:
    """The digests of an image by the names before them; all of them by None."""
    found: _Digests = {None: set()}
    for one in told:
        if (digest := digest_of(one)) is not None:
            found[None].add(digest)
            found.setdefault(one.partition("@")[0], set()).add(digest)
    return found


def _digest(image: str | None, known: _Digests) -> str | None:
    """The digest under which a registry gives out the image, where that is clear."""
    if (pinned := digest_of(image)) is not None:
        return pinned
    head, colon, tag = (image or "").rpartition(":")
    wanted = head if colon and "/" not in tag else image
    found = known.get(wanted) or known.get(None) or set()
    return next(iter(found)) if len(found) == 1 else None


def _described(one: Inspected) -> Iterator[Reading]:
    """An image, with what its labels say it was made from (OCI's annotations)."""
    digest = _digest(None, _by_name(one.repo_digests or []))
    name = next(iter(map(named, one.repo_tags or ())), None)
    labels = (one.config.labels if one.config is not None else None) or {}
    if digest is None and name is None:
        return
    artifact = {"digest": digest, "name": name}
    yield fact("artifact.described", told_time(one.created), {
        "tool": "Docker",
        "artifact": {key: value for key, value in artifact.items() if value is not None},
        "image_id": digest_of(one.id),
        "target": name,
        "commit": commit_of(_text(labels, "revision")),
        "repository": repository_of(_text(labels, "source")),
        "release": named(_text(labels, "version")),
    })  # fmt: skip


def _text(labels: Mapping[str, Any], name: str) -> str | None:
    value = labels.get(_LABEL + name)
    return value if isinstance(value, str) else None


FORMAT: Final = Format("docker-inspect", "docker inspect", "application/json", claims, read)
