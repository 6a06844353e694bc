"""Changes, branches and artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.cdevents.event import id_of
from intake.purl import artifact_named
from intake.rows import named

if TYPE_CHECKING:
    from intake.cdevents.event import Event
    from intake.report import Reading


def proposed(event: Event) -> Reading | None:
    """A change was proposed."""
    return _changed(event, "change.proposed", {"description": event.content.description})


def updated(event: Event) -> Reading | None:
    """A change was updated."""
    return _changed(event, "change.updated", {})


def merged(event: Event) -> Reading | None:
    """A change was merged."""
    return _changed(event, "change.merged", {})


def abandoned(event: Event) -> Reading | None:
    """A change was given up."""
    return _changed(event, "change.abandoned", {})


def _changed(event: Event, what: str, more: dict[str, Any]) -> Reading | None:
    repository = event.repository()
    if repository is None:
        return None
    return event.reading(what, {"repository": repository, "number": event.name} | more)


def branch_created(event: Event) -> Reading | None:
    """A branch was made."""
    return _branch(event, {"created": True})


def branch_deleted(event: Event) -> Reading | None:
    """A branch was deleted."""
    return _branch(event, {"deleted": True})


def _branch(event: Event, what: dict[str, bool]) -> Reading | None:
    repository, name = event.repository(), event.name
    if repository is None or name is None:
        return None
    ref = name if name.startswith("refs/") else f"refs/heads/{name}"
    return event.reading("ref.updated", {"repository": repository, "ref": ref} | what)


def packaged(event: Event) -> Reading | None:
    """An artifact was made of a change: where it comes from."""
    change = event.content.change
    data = {
        "kind": "provenance",
        "artifact": artifact_named(event.subject),
        "change": id_of(change),
        "repository": _of_change(event),
    }
    return event.reading("artifact.described", data)


def _of_change(event: Event) -> str | None:
    """A change's source is the repository."""
    change = event.content.change
    return named(change.source) if change is not None else None


def signed(event: Event) -> Reading | None:
    """An artifact was signed."""
    return event.reading("artifact.signed", {"artifact": artifact_named(event.subject)})


def published(event: Event) -> Reading | None:
    """An artifact was published."""
    data = {
        "artifact": artifact_named(event.subject),
        "actor": event.person(event.content.user),
    }
    return event.reading("artifact.published", data)
