"""Builds as Jenkins' own API has them (`api/json`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.address import address_of, repository_of
from intake.ids import commit_of, ref_of
from intake.instant import told_epoch
from intake.jenkins.common import MILLIS, OUTCOMES, SYSTEM, TOOL, ended, place_of
from intake.jenkins.structure import Build, Builds
from intake.jenkins.tested import tests
from intake.json_body import read_fields
from intake.number import seconds_of
from intake.order import by_time
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.jenkins.structure import Action, Cause
    from intake.shape import Members, Shape

_BUILD: Final = frozenset({"number", "result", "timestamp"})
_LISTS: Final = ("builds", "allBuilds")
_CAUSES: Final = "hudson.model.CauseAction"


def claims(shape: Shape) -> bool:
    """A build, or a job with its builds."""
    return _is_build(shape.members or {}) or any(_is_build(shape.first(one)) for one in _LISTS)


def _is_build(members: Members) -> bool:
    told = members.keys()
    address = bytes(members.get("url", b""))
    return told >= _BUILD and ("fullDisplayName" in told or b"/job/" in address)


def read(body: bytes) -> list[Reading]:
    """The readings of builds.

    Raises:
        RefusedError: no build; the place is named.
        TooLargeError: a limit was passed.
    """
    several = read_fields(body, Builds)
    builds = [*(several.builds or ()), *(several.all_builds or ())]
    if not builds:
        builds = [read_fields(body, Build)]
    return by_time(reading for one in builds for reading in _readings(one))


def _readings(build: Build) -> list[Reading]:
    actions = [one for one in build.actions or () if one is not None]
    began, source, data = (
        told_epoch(build.timestamp, MILLIS),
        _server(build),
        _common(build, actions),
    )
    if data is None:
        return []
    data |= _cause(actions)
    if build.building or build.result is None:
        return [fact("pipeline.started", began, data, kind="build.started", source=source)]
    if build.result not in OUTCOMES:
        return []
    at = ended(build.timestamp, build.duration)
    done = data | {
        "outcome": OUTCOMES[build.result],
        "reported_outcome": build.result,
        "started_at": began.time if began else None,
        "duration_s": seconds_of(build.duration, MILLIS),
    }
    found = [fact("pipeline.finished", at, done, kind="build.finished", source=source)]
    for one in actions:
        counts = {"total": one.total_count, "failed": one.fail_count, "skipped": one.skip_count}
        of_run = {name: data[name] for name in ("tool", "run", "repository", "commit")}
        found += tests(of_run, at, source, counts)
    return found


def _server(build: Build) -> str | None:
    place = place_of(build.url)
    return place.server if place else None


def _common(build: Build, actions: list[Action]) -> dict[str, Any] | None:
    place, shown = place_of(build.url), named(build.full_display_name)
    if place is None and (shown is None or build.number is None):
        return None
    return {
        "tool": TOOL,
        "run": place.run if place else shown,
        "pipeline": named(place.job) if place else named((shown or "").rpartition(" #")[0]),
        "url": address_of(build.url),
        "runner": named(build.built_on),
    } | _revision(actions)


def _revision(actions: list[Action]) -> dict[str, Any]:
    """What was built; of several repositories (a library of steps is one) it is not told which."""
    found = {
        (repository_of(one.remote_urls[0] if one.remote_urls else None), commit): one
        for one in actions
        if one.last_built_revision is not None
        and (commit := commit_of(one.last_built_revision.sha)) is not None
    }
    if len(found) != 1:
        return {"repository": None, "commit": None}
    (((repository, commit), action),) = found.items()
    revision = action.last_built_revision
    branches = (revision.branch if revision else None) or []
    return {
        "repository": repository,
        "commit": commit,
        "ref": ref_of(branches[0].name) if len(branches) == 1 else None,
    }


def _cause(actions: list[Action]) -> dict[str, Any]:
    """Who or what began it. Other actions have causes too: of an interruption, for one."""
    causes = [
        cause
        for one in actions
        if one.class_ in (None, _CAUSES)
        for cause in one.causes or ()
    ]  # fmt: skip
    person = next((who for one in causes if (who := _person(one)) is not None), None)
    above = next((one for one in causes if one.upstream_project), None)
    return {
        "actor": person,
        "triggered_by": person,
        "trigger": next((word for one in causes if (word := _word(one.class_))), None),
        "parent_run": named(
            f"jenkins-{above.upstream_project.replace('/', '-')}-{above.upstream_build}"
        ) if above and above.upstream_project and above.upstream_build is not None else None,
    }  # fmt: skip


def _person(cause: Cause) -> dict[str, Any] | None:
    # Nobody who has logged in has no id, and then the name is "anonymous".
    if not cause.user_id:
        return None
    return person_of(SYSTEM, login=cause.user_id, name=cause.user_name)


def _word(name: str | None) -> str | None:
    """A class without its package: `UserIdCause`."""
    return named((name or "").rpartition(".")[2].rpartition("$")[2])


FORMAT: Final = Format("jenkins", "Jenkins build", "application/json", claims, read)
