"""Answers of SonarQube's web API, kept as files: gate, issues, hotspots, background task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import seconds_of
from intake.person import account_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import differing
from intake.shape import shape_of
from intake.sonarqube.analysis import branch_of, scan_reading
from intake.sonarqube.gate import TOOL, Gate, gate_reading
from intake.sonarqube.issues import WORDS, Issue, Listed

if TYPE_CHECKING:
    from intake.shape import Shape

_PAGED: Final = frozenset({"paging", "ps"})
_TASK: Final = frozenset({"id", "type", "status", "submittedAt"})
_PROBABILITIES: Final = ("high", "medium", "low")
_ANALYSIS: Final = "REPORT"
_HOTSPOTS: Final = f"{TOOL} hotspots"


class _Paging(msgspec.Struct, gc=False):
    total: int | None = None


class _Task(msgspec.Struct, rename="camel", gc=False):
    id: str | None = None
    type: str | None = None
    status: str | None = None
    component_key: str | None = None
    started_at: str | None = None
    executed_at: str | None = None
    execution_time_ms: Any = None
    submitter_login: str | None = None
    branch: str | None = None
    pull_request: str | None = None


class _Answer(msgspec.Struct, rename="camel", gc=False):
    """An answer; which members are there tells what was asked."""

    project_status: Gate | None = None
    task: _Task | None = None
    issues: list[Issue] | None = None
    hotspots: list[Issue] | None = None
    total: int | None = None
    paging: _Paging | None = None


def claims(shape: Shape) -> bool:
    """`projectStatus`, `task`, or a page of `issues` or `hotspots` with their components."""
    members = (shape.members or {}).keys()
    if members == {"projectStatus"}:
        return "conditions" in shape.inner("projectStatus")
    if members == {"task"}:
        return shape.inner("task").keys() >= _TASK
    listed = bool({"issues", "hotspots"} & members) and "components" in members
    return listed and bool(_PAGED & members)


def read(body: bytes) -> list[Reading]:
    """The readings of an answer.

    Raises:
        RefusedError: no answer of SonarQube; the place is named.
        TooLargeError: a limit was passed.
    """
    answer = read_fields(body, _Answer)
    if answer.project_status is not None:
        # The period's date is when it began, not when the verdict was given.
        verdict = gate_reading(answer.project_status, None, {})
        return [verdict] if verdict is not None else []
    if answer.task is not None:
        ended = _ended(answer.task)
        return [ended] if ended is not None else []
    if "hotspots" in (shape_of(body).members or {}):
        return [_listed(answer, answer.hotspots or [], _PROBABILITIES, "hotspots")]
    return [_listed(answer, answer.issues or [], WORDS, "issues")]


def _ended(task: _Task) -> Reading | None:
    if task.type != _ANALYSIS:
        return None
    begun = told_time(task.started_at)
    change = named(task.pull_request)
    data = {
        "target": named(task.component_key),
        "started_at": begun.time if begun else None,
        "duration_s": seconds_of(task.execution_time_ms, 1000),
        "actor": account_of("sonarqube", task.submitter_login),
        **({"change": change} if change else branch_of(task.branch, None)),
    }
    return scan_reading(task.status, task.id, told_time(task.executed_at), data)


def _listed(
    answer: _Answer, issues: list[Issue], words: tuple[str, ...], what: str
) -> Reading:  # fmt: skip
    listed = Listed(*words)
    listed.take(issues)
    total = answer.paging.total if answer.paging is not None else answer.total
    (project,) = listed.projects if len(listed.projects) == 1 else (None,)
    # An answer is one page of all there are.
    claimed = differing({"total": len(issues)}, {"total": total})
    data = {
        # An answer of the one takes nothing back that an answer of the other shows.
        "tool": _HOTSPOTS if what == "hotspots" else TOOL,
        "kind": "sast",
        "target": project,
        "closed": listed.closed or None,
        "claimed": claimed,
        "extent": "unknown" if claimed is not None else None,
    }
    return listed.scan.reading(f"{what} by severity, without closed ones", None, data)


FORMAT: Final = Format("sonarqube-api", "SonarQube web API", "application/json", claims, read)
