"""Events as Spinnaker's echo sends them: of orca's pipelines and stages, and of builds it saw.

Echo signs nothing; its REST endpoints take a user and password, or fixed headers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import RefusedError
from intake.address import address_of
from intake.instant import told_epoch
from intake.jenkins.common import OUTCOMES as BUILDS
from intake.jenkins.common import ended, place_of
from intake.json_body import read_all
from intake.number import count_of, seconds_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender
from intake.shape import shape_of
from intake.spinnaker.execution import (
    MILLIS,
    OUTCOMES,
    TOOL,
    deploying_stages,
    run,
    stage_of,
)
from intake.spinnaker.structure import (
    Content,
    Context,
    Details,
    Event,
    Execution,
    Project,
    Stage,
    StageDetails,
)

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_PHASES: Final = frozenset({"starting", "complete", "failed"})
_WHOLE: Final = frozenset({"pipeline", "orchestration"})
_NAMELESS: Final = "stage"
_SOURCES: Final = (b'"orca"', b'"igor"', b'"echo"')
_DETAILS: Final = frozenset({"type", "source"})


def claims(shape: Shape) -> bool:
    """Details and content of an event of orca, igor or echo, maybe under its name."""
    return _details(shape.object) is not None


def _details(members: Members) -> Members | None:
    inner = members
    if {"eventName", "payload"} <= members.keys():
        inner = shape_of(bytes(members["payload"])).members or {}
    if not {"details", "content"} <= inner.keys():
        return None
    told = shape_of(bytes(inner["details"])).members or {}
    return told if told.keys() >= _DETAILS and bytes(told["source"]) in _SOURCES else None


def kind_of(shape: Shape) -> str | None:
    """The type that an event has in its details."""
    told = _details(shape.object) or {}
    try:
        return msgspec.json.decode(told["type"], type=str) if "type" in told else None
    except msgspec.DecodeError:
        return None


def read(body: bytes) -> list[Reading]:
    """The readings of events: one, several in an array, or one a line.

    Raises:
        RefusedError: no event; the place is named.
        TooLargeError: a limit was passed.
    """
    events = read_all(body, Event)
    return by_time(reading for one in events for reading in _readings(one.payload or one))


def _readings(event: Event) -> list[Reading]:
    details, content = event.details or Details(), event.content or Content()
    system, _, rest = (details.type or "").partition(":")
    if details.source == "igor" and details.type == "build":
        return _build(content)
    what, _, phase = rest.partition(":")
    if system != "orca" or phase not in _PHASES:
        return []
    execution = content.execution or _told(details, content)
    execution.canceled = execution.canceled or content.canceled
    if what in _WHOLE:
        return run(execution, phase)
    return _stage(execution, content, phase) if what == "stage" else []


def _told(details: Details, content: Content) -> Execution:
    """The execution of an event that only names it."""
    return Execution(
        id=content.execution_id, application=details.application,
        start_time=content.start_time, end_time=content.end_time,
    )  # fmt: skip


def _stage(execution: Execution, content: Content, phase: str) -> list[Reading]:
    """The stage of an event: as the execution has it, where it has it, else as the event says."""
    context = content.context or Context()
    details = content.stage_details or context.stage_details or StageDetails()
    name, kind = details.name or content.name, details.type or context.type
    identity = content.stage_id or details.id
    began = details.start_time or content.start_time
    alike = [
        one for one in execution.stages or ()
        if (
            one.id == identity if identity is not None
            else one.name == name and (kind is None or one.type == kind)
        )
    ]  # fmt: skip
    same = [one for one in alike if one.start_time == began] or alike
    if len(same) == 1:
        stage = same[0]
        stage.context = stage.context or context
    else:
        synthetic = details.is_synthetic or content.is_synthetic
        stage = Stage(
            # Events without a name are of a stage, and that is all they say.
            id=identity, type=kind, name=name or kind or _NAMELESS, start_time=began,
            context=context,
            synthetic_stage_owner="told" if synthetic else None,
        )  # fmt: skip
    if phase == "starting":
        stage.status = "RUNNING"
    elif stage.status not in OUTCOMES:
        failed = "CANCELED" if execution.canceled else "TERMINAL"
        stage.status = "SUCCEEDED" if phase == "complete" else failed
    stage.end_time = stage.end_time or details.end_time or content.end_time
    return stage_of(execution, stage, deploying_stages(execution))


def _build(content: Content) -> list[Reading]:
    """A build that igor saw in a CI system."""
    try:
        project = msgspec.convert(content.project, Project)
    except msgspec.ValidationError:
        raise RefusedError("field content.project", "no project with its last build") from None
    build = project.last_build
    if build is None or build.number is None or project.name is None:
        return []
    place = place_of(build.url)
    began, spent = count_of(build.timestamp), build.duration
    data = {
        "tool": TOOL,
        "run": place.run if place else named(f"{project.name}/{build.number}"),
        "pipeline": named(project.name),
        "url": address_of(build.url),
        "builder": named(content.master),
    }
    source = place.server if place else None
    if build.building or build.result is None:
        at = told_epoch(began, MILLIS)
        return [fact("pipeline.started", at, data, kind="build", source=source)]
    if build.result not in BUILDS:
        return []
    start = told_epoch(began, MILLIS)
    done = data | {
        "outcome": BUILDS[build.result],
        "reported_outcome": build.result,
        "started_at": start.time if start else None,
        "duration_s": seconds_of(spent, MILLIS),
    }
    return [fact("pipeline.finished", ended(began, spent), done, kind="build", source=source)]


_ENTER: Final = (
    "in echo-local.yml, rest: endpoints: url as above, username: pipeledger, password: the secret "
    "(or headers: Authorization: Bearer and the secret)"
)
FORMAT: Final = Format("spinnaker", "Spinnaker events", "application/json", claims, read)
SENDER: Final = Sender(
    name="spinnaker",
    title="Spinnaker",
    scheme=AnyOf((Basic(_ENTER), Shared("authorization", _ENTER, prefix="Bearer "))),
    formats=(FORMAT,),
    kind_of=kind_of,
)
