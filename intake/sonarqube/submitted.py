"""`report-task.txt`, which a scanner writes when it has handed its report to the server.

The server works it through afterwards: neither the analysis nor the gate has a result yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.report import Format, fact
from intake.rows import named
from intake.sonarqube.analysis import source_of
from intake.sonarqube.gate import TOOL

if TYPE_CHECKING:
    from intake.report import Reading
    from intake.shape import Shape

_TASK: Final = "SonarQube report handed in"
_MOST: Final = 16_384


def claims(shape: Shape) -> bool:
    """Lines of names and values, among them the project and the task."""
    lines = shape.head.splitlines()
    names = {line.partition("=")[0].strip() for line in lines if "=" in line}
    return {"projectKey", "ceTaskId", "ceTaskUrl"} <= names


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no such file.
    """
    if len(body) > _MOST:
        raise RefusedError("body", f"a task file is at most {_MOST} bytes")
    told = {
        name.strip(): value
        for name, mark, value in (line.partition("=") for line in body.decode().splitlines())
        if mark
    }
    analysis, project = named(told.get("ceTaskId")), named(told.get("projectKey"))
    if analysis is None or project is None:
        raise RefusedError("body", "expected projectKey= and ceTaskId=")
    data = {
        "task": _TASK,
        "outcome": "success",
        "tool": TOOL,
        "tool_version": named(told.get("serverVersion")),
        "analysis": analysis,
        "url": named(told.get("dashboardUrl")),
    }
    source = source_of(told.get("serverUrl"), project)
    return [fact("task.finished", None, data, source=source)]


FORMAT: Final = Format("sonar-report-task", "SonarQube task file", "text/plain", claims, read)
