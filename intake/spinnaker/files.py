"""Executions as Gate's API gives them, one or several, or as the policy engine is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading
from intake.shape import shape_of
from intake.spinnaker.execution import deploying_stages, stage_of, whole
from intake.spinnaker.structure import Asked, Execution, Question

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_MARKS: Final = frozenset({"id", "application", "stages", "status"})
_OWN: Final = frozenset({"authentication", "trigger", "pipelineConfigId", "buildTime"})


def claims(shape: Shape) -> bool:
    """An execution, the first of several, or a question of the policy engine about one."""
    if _is_execution(shape.members or shape.element or {}):
        return True
    question = shape.inner("input") if shape.members else {}
    raw = question.get("pipeline")
    return raw is not None and "stage" in question and _is_execution(
        shape_of(bytes(raw)).members or {})  # fmt: skip


def _is_execution(members: Members) -> bool:
    return members.keys() >= _MARKS and bool(_OWN & members.keys())


def read(body: bytes) -> list[Reading]:
    """The readings of executions and their stages.

    Raises:
        RefusedError: no execution; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if shape.members is None:
        several = read_fields(body, list[Execution])
        return by_time(one for execution in several for one in whole(execution))
    if "input" in shape.members:
        asked = read_fields(body, Question).input or Asked()
        if asked.pipeline is None:
            return []
        found = whole(asked.pipeline)
        if asked.stage is not None:
            found += stage_of(asked.pipeline, asked.stage, deploying_stages(asked.pipeline))
        return by_time(found)
    return by_time(whole(read_fields(body, Execution)))


FORMAT: Final = Format(
    "spinnaker-execution", "Spinnaker execution", "application/json", claims, read
)
