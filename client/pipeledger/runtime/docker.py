"""Containers of one host, as `docker inspect` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeledger.errors import UnseenError
from pipeledger.looking import at, labelled, listed, text, texts
from pipeledger.runtime.asking import ask, ask_text
from pipeledger.runtime.workload import Runtime, Seen, image_of

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS = (
    "com.docker.compose.service",
    "com.docker.swarm.service.name",
    "org.opencontainers.image.title",
)
_PROJECTS = ("com.docker.compose.project", "com.docker.stack.namespace")
_TRIES = 3


def look(context: str, labels: Sequence[str]) -> Runtime:
    """What runs on a host.

    Raises:
        UnseenError: docker cannot tell.
    """
    docker = ("docker", "--context", context) if context else ("docker",)
    for left in reversed(range(_TRIES)):
        ids = ask_text(*docker, "ps", "--quiet", "--no-trunc").decode("ascii", "replace").split()
        if not ids:
            return Runtime([], complete=True)
        try:
            containers = ask(*docker, "container", "inspect", *ids)
        except UnseenError:
            # One that ended in between makes the whole answer an error.
            if not left:
                raise
            continue
        break
    seen_in(containers, labels)
    used = sorted({text(one, "Image") for one in containers} - {""})
    images = listed({"": ask(*docker, "image", "inspect", *used)}, "") if used else []
    return Runtime(seen_in([*containers, *(images or [])], labels).seen, complete=True)


def seen_in(document: Any, labels: Sequence[str]) -> Runtime:  # noqa: ANN401 - JSON
    """What a list of containers says; images in the same list tell their digests.

    Raises:
        UnseenError: no such list.
    """
    items = listed({"": document}, "")
    containers = [one for one in items or () if "State" in one and "Config" in one]
    digests = {
        text(one, "Id"): texts(one, "RepoDigests") for one in items or () if "RepoDigests" in one
    }
    if items is None or (items and not containers):
        raise UnseenError("no containers, as `docker inspect` prints them")
    return Runtime([_seen(one, digests, labels) for one in containers])


def _seen(one: dict[str, Any], digests: dict[str, list[str]], labels: Sequence[str]) -> Seen:
    told = at(one, "Config", "Labels")
    service, basis = labelled(told, [*labels, *LABELS])
    image, image_id = text(one, "Config", "Image"), text(one, "Image")
    health = text(one, "State", "Health", "Status")
    running = at(one, "State", "Running") is True
    return Seen(
        service or text(one, "Name").removeprefix("/") or "unknown",
        basis or "container",
        image,
        _digest(image, digests.get(image_id, [])),
        image_of(image_id)[1],
        namespace=labelled(told, _PROJECTS)[0],
        running=running,
        ready=running and health == "healthy" if health else None,
    )


def _digest(image: str, known: list[str]) -> str:
    """The digest under which a registry gives out the image, where that is clear."""
    if pinned := image_of(image)[0]:
        return pinned
    wanted = _repository(image)
    own = {image_of(one)[0] for one in known if one.partition("@")[0] == wanted}
    found = own or {image_of(one)[0] for one in known}
    return found.pop() if len(found) == 1 else ""


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    # A colon before a slash belongs to a port.
    return head if colon and "/" not in tag else name
