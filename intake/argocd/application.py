"""What an application says: the synchronisations of its history, and the newest operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.errors import TooLargeError
from intake.address import repository_of
from intake.argocd.past import Line, content_of
from intake.ids import commit_of
from intake.image import images_of
from intake.instant import seconds_between, told_time
from intake.limits import MAX_FACTS
from intake.number import count_of
from intake.order import by_time
from intake.person import account_of
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.argocd.past import Content
    from intake.argocd.structure import (
        Application,
        Compared,
        Deployed,
        Initiator,
        Result,
        Source,
        State,
        Sync,
    )
    from intake.instant import Told
    from intake.report import Reading

SYSTEM: Final = "argocd"
TOOL: Final = "Argo CD"
ENDS: Final = {"Succeeded": "success", "Failed": "failure", "Error": "error"}
_UNDER_WAY: Final = {"Running": "deployment.started", "Terminating": "deployment.progressed"}
_DONE: Final = frozenset({"Synced", "Pruned"})
_MOST: Final = 100


def deployments_of(app: Application) -> list[Reading]:
    """Each synchronisation of the history, and the newest operation where that is another.

    Raises:
        TooLargeError: the history is too long.
    """
    newest = _newest(app)
    found = []
    line = Line()
    for one in _past(app):
        identity = _identity(app, one.deploy_started_at) or _numbered(app, one)
        if identity is None:
            continue
        content = content_of(one.revision, one.revisions, one.source, one.sources)
        if newest is None or newest.data["deployment"] != identity:
            found.append(_deployed(app, one, identity, line.kind_of(content)))
        line.add(identity, content)
    return by_time([*found, newest] if newest is not None else found)


def operation_of(
    app: Application, service: str | None = None, environment: str | None = None
) -> list[Reading]:
    """The newest operation alone; the history only tells which kind it is of.

    Args:
        app: as the notification holds it.
        service: as whoever wrote the notification's template calls it.
        environment: likewise.
    """
    newest = _newest(app)
    if newest is None:
        return []
    for name, told in (("service", named(service)), ("environment", named(environment))):
        if told is not None:
            newest.data[name] = told
            newest.data.pop(f"{name}_basis", None)
    return [newest]


def _past(app: Application) -> list[Deployed]:
    """The history, oldest first."""
    past = (app.status.history if app.status else None) or []
    if len(past) > MAX_FACTS:
        raise TooLargeError("field status.history", f"more than {MAX_FACTS} entries")
    return sorted(past, key=lambda one: one.id or 0)


def _newest(app: Application) -> Reading | None:
    state = app.status.operation_state if app.status else None
    sync = state.operation.sync if state and state.operation else None
    identity = _identity(app, state.started_at if state else None)
    if state is None or identity is None or (sync is not None and sync.dry_run):
        return None
    phase = state.phase or ""
    what = "deployment.finished" if phase in ENDS else _UNDER_WAY.get(phase)
    if what is None:
        return None
    begun, ended = told_time(state.started_at), told_time(state.finished_at)
    retries = count_of(state.retry_count)
    told = state.sync_result or sync
    data = _common(app) | _spanning(begun, ended) | _origin(told) | {
        "deployment": identity,
        "attempt": retries + 1 if retries is not None else None,
        "outcome": ENDS.get(phase),
        "reported_outcome": named(phase),
        "partial": True if sync is not None and sync.resources else None,
        "health": named(app.status.health.status) if app.status and app.status.health else None,
    }  # fmt: skip
    data |= _begun_by(state.operation.initiated_by if state.operation else None)
    data |= _line_before(app, state).kind_of(_content(told))
    if phase == "Succeeded" and _runs(app, told):
        summary = app.status.summary if app.status else None
        data |= images_of((summary.images if summary else None) or ())
    if phase in ENDS and phase != "Succeeded":
        data["impact"] = _impact(state.sync_result)
    if what != "deployment.finished":
        data.pop("started_at")
        return fact(what, begun, data, kind=f"sync.{phase}")
    return fact(what, ended, data, kind=f"sync.{phase}")


def _line_before(app: Application, state: State) -> Line:
    line = Line()
    for one in _past(app):
        identity = _identity(app, one.deploy_started_at) or _numbered(app, one)
        if identity is not None and one.deploy_started_at != state.started_at:
            line.add(identity, content_of(one.revision, one.revisions, one.source, one.sources))
    return line


def _deployed(
    app: Application, one: Deployed, identity: str, kind: dict[str, Any]
) -> Reading:  # fmt: skip
    begun, ended = told_time(one.deploy_started_at), told_time(one.deployed_at)
    data = _common(app) | _spanning(begun, ended) | _origin(one) | _begun_by(one.initiated_by)
    data |= kind | {"deployment": identity, "outcome": "success"}
    return fact("deployment.finished", ended, data, kind="history")


def _identity(app: Application, started: str | None) -> str | None:
    """The same for the running, the ended and the past operation: each began at one instant."""
    meta, told = app.metadata, told_time(started)
    if meta is None or not meta.name or told is None:
        return None
    return named(f"{meta.namespace or ''}/{meta.name}@{told.time}".lstrip("/"))


def _numbered(app: Application, one: Deployed) -> str | None:
    """Entries of before 1.5 do not say when they began."""
    meta = app.metadata
    if meta is None or not meta.name or one.id is None:
        return None
    return named(f"{meta.namespace or ''}/{meta.name}#{one.id}".lstrip("/"))


def _common(app: Application) -> dict[str, Any]:
    place = app.spec.destination if app.spec else None
    namespace = named(place.namespace) if place else None
    site = (named(place.name) or named(place.server)) if place else None
    environment = namespace or site
    service = named(app.metadata.name) if app.metadata else None
    return {
        "tool": TOOL,
        "service": service,
        "service_basis": "application" if service else None,
        "environment": environment,
        "environment_basis": "namespace" if namespace else ("cluster" if site else None),
        "targets": [{"site": site}] if site else None,
        "project": named(app.spec.project) if app.spec else None,
    }


def _spanning(begun: Told | None, ended: Told | None) -> dict[str, Any]:
    return {
        "started_at": begun.time if begun else None,
        "duration_s": seconds_between(begun, ended),
    }


def _begun_by(who: Initiator | None) -> dict[str, Any]:
    person = account_of(SYSTEM, who.username) if who else None
    trigger = "manual" if person else ("automatic" if who and who.automated else None)
    return {"actor": person, "triggered_by": person, "trigger": trigger}


def _origin(told: Result | Sync | Deployed | None) -> dict[str, Any]:
    """Repository and commit where there is one of each; all of them in `sources` else."""
    if told is None:
        return {}
    pairs = list(
        zip(told.sources or [told.source or {}], told.revisions or [told.revision], strict=False)
    )
    found = [_named_source(source, revision) for source, revision in pairs[:_MOST]]
    git = [one for one in found if "commit" in one and "chart" not in one]
    alone = git[0] if len(git) == 1 else {}
    return {
        "repository": alone.get("repository"),
        "commit": alone.get("commit"),
        "config": f"git:{alone['commit']}" if alone else None,
        "sources": found if len(found) > 1 or (found and "chart" in found[0]) else None,
    }


def _named_source(source: Source, revision: str | None) -> dict[str, str]:
    told = {name: value for name, value in source.items() if isinstance(value, str)}
    fields = {
        "repository": repository_of(told.get("repoURL")),
        "chart": named(told.get("chart")),
        "path": named(told.get("path")),
        "commit": commit_of(revision),
        "revision": named(revision),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _content(told: Result | Sync | None) -> Content | None:
    if told is None:
        return None
    return content_of(told.revision, told.revisions, told.source, told.sources)


def _runs(app: Application, told: Result | Sync | None) -> bool:
    """Whether what runs is what this operation brought, so that its images are the operation's."""
    now = app.status.sync if app.status else None
    if now is None or told is None or now.status != "Synced":
        return False
    return _revisions(now) == _revisions(told) != []


def _revisions(told: Result | Sync | Compared) -> Sequence[str]:
    return [one for one in (told.revisions or [told.revision]) if one]


def _impact(result: Result | None) -> bool | None:
    """Whether a failed operation changed what runs; None where it does not say."""
    if result is None or not result.resources:
        return None
    return any(
        one.status in _DONE and not (one.message or "").endswith("unchanged")
        for one in result.resources
    )
