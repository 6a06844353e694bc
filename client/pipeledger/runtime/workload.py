"""Containers as they were seen, and the rows of a snapshot that they make."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")


@dataclass(frozen=True)
class Seen:
    """One container, or one application of a deployment tool.

    Attributes:
        service: what it belongs to.
        service_basis: what told so.
        image: as the runtime names it.
        digest: of the image as a registry knows it, or nothing.
        image_id: the runtime's own id of it, or nothing.
        revisions: of its configuration's source.
        namespace: in which it runs.
        container: its name within the workload.
        site: where it runs.
        sync: the deployment tool's own word.
        health: likewise.
        running: whether it runs; None where that is not said.
        ready: whether it is ready; None where that is not said.
    """

    service: str
    service_basis: str
    image: str = ""
    digest: str = ""
    image_id: str = ""
    revisions: tuple[str, ...] = ()
    namespace: str = ""
    container: str = ""
    site: str = ""
    sync: str = ""
    health: str = ""
    running: bool | None = None
    ready: bool | None = None


@dataclass(frozen=True)
class Runtime:
    """What was seen of an environment.

    Attributes:
        seen: its containers.
        complete: whether that is all there is; None where nobody can tell.
    """

    seen: list[Seen] = field(default_factory=list)
    complete: bool | None = None


def rows_of(seen: Iterable[Seen], site: str) -> list[dict[str, Any]]:
    """One row for what is the same but for how often it runs.

    Args:
        seen: containers.
        site: where they run, if they do not say so themselves.
    """
    counts: dict[Seen, list[tuple[bool | None, bool | None]]] = {}
    for one in seen:
        alike = replace(one, running=None, ready=None, site=one.site or site)
        counts.setdefault(alike, []).append((one.running, one.ready))
    rows = []
    for alike, states in counts.items():
        row = {name: value for name, value in asdict(alike).items() if value}
        if revisions := row.pop("revisions", None):
            row["revisions"] = list(revisions)
        running = [state for state, _ in states if state is not None]
        ready = [state for _, state in states if state is not None]
        if running:
            row["replicas"] = sum(running)
        if ready:
            row["ready"] = sum(ready)
        rows.append(row)
    return sorted(rows, key=_order)


def image_of(reference: str) -> tuple[str, str]:
    """Registry's digest and runtime's own id in what a runtime says of an image.

    With a repository before it, a digest is that of the manifest a registry gives out; alone it is
    the runtime's own id. The kubelet's documentation settles no form; these are in use.
    """
    bare = _SCHEME.sub("", reference.strip())
    name, separator, digest = bare.rpartition("@")
    if _DIGEST.fullmatch(digest) is None:
        return "", ""
    return (digest, "") if separator and name else ("", digest)


def _order(row: dict[str, Any]) -> tuple[str, ...]:
    names = ("site", "namespace", "service", "container", "digest", "image")
    return tuple(str(row.get(name, "")) for name in names)
