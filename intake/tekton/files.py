"""Runs as the cluster has them (`kubectl get pipelinerun -o json`, `tkn`), one or a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading
from intake.shape import shape_of
from intake.tekton.runs import PIPELINE, TASKS, pipeline_run, task_run
from intake.tekton.structure import Listed, Run, Spec

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_LISTS: Final = frozenset({"List", "PipelineRunList", "TaskRunList", "CustomRunList"})
_GROUP: Final = b'"tekton.dev/'
_OF_PIPELINES: Final = frozenset({"pipelineRef", "pipelineSpec"})
_OF_TASKS: Final = frozenset({"taskRef", "taskSpec"})


def claims(shape: Shape) -> bool:
    """Runs: one, a list, or an array; Chains and other tools write them without their kind."""
    if shape.text("kind") in _LISTS:
        return _is_run(shape.first("items"))
    told = shape.members or shape.element or {}
    if _is_run(told):
        return True
    if "kind" in told or not {"metadata", "spec", "status"} <= told.keys():
        return False
    return bool((_OF_PIPELINES | _OF_TASKS) & shape.inner("spec").keys())


def _is_run(members: Members) -> bool:
    group = bytes(members.get("apiVersion", b"")).startswith(_GROUP)
    return group and _text(members.get("kind")) in (PIPELINE, *TASKS)


def _text(raw: msgspec.Raw | None) -> str | None:
    try:
        return msgspec.json.decode(raw, type=str) if raw is not None else None
    except msgspec.DecodeError:
        return None


def read(body: bytes) -> list[Reading]:
    """The readings of runs.

    Raises:
        RefusedError: no run; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if shape.members is None:
        runs = read_fields(body, list[Run])
    elif shape.text("kind") in _LISTS:
        runs = read_fields(body, Listed).items or []
    else:
        runs = [read_fields(body, Run)]
    return by_time(reading for run in runs for reading in _readings(run))


def _readings(run: Run) -> list[Reading]:
    if run.kind == PIPELINE or (run.kind is None and _runs_pipeline(run)):
        return pipeline_run(run)
    return task_run(run) if run.kind is None or run.kind in TASKS else []


def _runs_pipeline(run: Run) -> bool:
    spec = run.spec or Spec()
    return spec.pipeline_ref is not None or spec.pipeline_spec is not None


FORMAT: Final = Format("tekton", "Tekton runs", "application/json", claims, read)
