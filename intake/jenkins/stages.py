"""Runs of pipelines, their stages and what they wait for, as the REST API plugin has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.instant import told_epoch
from intake.jenkins.common import MILLIS, OUTCOMES, SYSTEM, TOOL, ended, place_of
from intake.jenkins.structure import PendingInput, Stage
from intake.json_body import read_fields
from intake.number import seconds_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.shape import shape_of

if TYPE_CHECKING:
    from intake.jenkins.common import Place
    from intake.shape import Members, Shape

_STAGE: Final = frozenset({"_links", "name", "status", "startTimeMillis"})
_INPUT: Final = frozenset({"id", "proceedUrl", "abortUrl"})
_NODE: Final = "/execution/node/"
_MOST: Final = 5000


def claims(shape: Shape) -> bool:
    """`wfapi/describe` of a run or stage, `wfapi/runs`, `wfapi/pendingInputActions`."""
    told = shape.members or shape.element or {}
    return _is_stage(told) or (shape.element or {}).keys() >= _INPUT


def _is_stage(members: Members) -> bool:
    return members.keys() >= _STAGE and b"/wfapi/" in bytes(members["_links"])


def read(body: bytes) -> list[Reading]:
    """The readings of runs, stages and pending inputs.

    Raises:
        RefusedError: none of these; the place is named.
        TooLargeError: a limit was passed.
    """
    element = shape_of(body).element
    if element is None:
        return by_time(_readings(read_fields(body, Stage)))
    if element.keys() >= _INPUT:
        found = map(_waiting, read_fields(body, list[PendingInput]))
        return [one for one in found if one is not None]
    return by_time(reading for one in read_fields(body, list[Stage]) for reading in _readings(one))


def _readings(told: Stage) -> list[Reading]:
    address = (told.links.itself.href if told.links and told.links.itself else None) or ""
    place = place_of(address)
    if place is None:
        return []
    if _NODE in address:
        return _stage(told, place)
    stages = [one for stage in (told.stages or ())[:_MOST] for one in _stage(stage, place)]
    return [*_run(told, place), *stages]


def _run(told: Stage, place: Place) -> list[Reading]:
    began = told_epoch(told.start_time_millis, MILLIS)
    outcome = OUTCOMES.get(told.status or "")
    if outcome is None:
        if told.status not in ("IN_PROGRESS", "PAUSED_PENDING_INPUT"):
            return []
        return [fact("pipeline.started", began, _common(place), kind="run", source=place.server)]
    at = told_epoch(told.end_time_millis, MILLIS)
    at = at or ended(told.start_time_millis, told.duration_millis)
    data = _common(place) | _ended(told, outcome)
    return [fact("pipeline.finished", at, data, kind="run", source=place.server)]


def _stage(told: Stage, place: Place) -> list[Reading]:
    outcome, name = OUTCOMES.get(told.status or ""), named(told.name)
    if outcome is None or name is None:
        return []
    data = _common(place) | _ended(told, outcome) | {
        "task": name,
        "node": named(told.id),
        "runner": named(told.exec_node),
    }  # fmt: skip
    at = ended(told.start_time_millis, told.duration_millis)
    return [fact("task.finished", at, data, kind="stage", source=place.server)]


def _common(place: Place) -> dict[str, Any]:
    return {"tool": TOOL, "run": place.run, "pipeline": named(place.job)}


def _ended(told: Stage, outcome: str) -> dict[str, Any]:
    began = told_epoch(told.start_time_millis, MILLIS)
    return {
        "outcome": outcome,
        "reported_outcome": named(told.status),
        "started_at": began.time if began else None,
        "duration_s": seconds_of(told.duration_millis, MILLIS),
    }


def _waiting(told: PendingInput) -> Reading | None:
    """A pipeline waits for somebody to let it go on; who did so, Jenkins tells elsewhere."""
    place, identity = place_of(told.proceed_url), named(told.id)
    if place is None or identity is None:
        return None
    data = {
        "tool": TOOL,
        "run": place.run,
        "system": SYSTEM,
        "approval": named(f"{place.run}/{identity}"),
        "verdict": "requested",
        "reason": told.message,
    }
    return fact("approval.reported", None, data, kind="input", source=place.server)


FORMAT: Final = Format(
    "jenkins-stages", "Jenkins pipeline stages", "application/json", claims, read
)
