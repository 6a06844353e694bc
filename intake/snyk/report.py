"""Snyk's JSON (`--json` of `test`, `container test`, `iac test`): one project, or an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.json_body import read_fields
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.snyk.infrastructure import infrastructure_of
from intake.snyk.packages import TOOL, packages_of
from intake.snyk.structure import Project

if TYPE_CHECKING:
    from intake.shape import Shape

_PACKAGES: Final = frozenset({
    "dependencyCount", "packageManager", "licensesPolicy", "uniqueCount",
})  # fmt: skip
_FAILED: Final = frozenset({"ok", "error", "path"})


def claims(shape: Shape) -> bool:
    """`ok` with vulnerabilities and Snyk's other members, with issues, or with an error."""
    if shape.members is None and shape.element is None:
        return False
    members = shape.object.keys()
    if "ok" not in members:
        return False
    packages = "vulnerabilities" in members and bool(_PACKAGES & members)
    return packages or "infrastructureAsCodeIssues" in members or members >= _FAILED


def read(body: bytes) -> list[Reading]:
    """The readings of a file: one a project, and one for the files of infrastructure as code.

    Raises:
        RefusedError: no report of Snyk; the place is named.
        TooLargeError: a limit was passed.
    """
    several = body.lstrip().startswith(b"[")
    projects = read_fields(body, list[Project]) if several else [read_fields(body, Project)]
    found: list[Reading] = []
    files: dict[str | None, list[Project]] = {}
    for one in projects:
        if one.error is not None:
            found.append(_failed(one))
        elif one.issues is not None:
            files.setdefault(one.project_name, []).append(one)
        elif one.vulnerabilities is not None:
            found.extend(packages_of(one))
    return found + [infrastructure_of(those) for those in files.values()]


def _failed(project: Project) -> Reading:
    """Nothing was scanned; what Snyk says of it may hold anything, and stays in the original."""
    data = {
        "tool": TOOL,
        "outcome": "error",
        "errors": 1,
        "target": named(project.project_name) or named(project.path),
    }
    return fact("scan.finished", None, data)


FORMAT: Final = Format("snyk", "Snyk JSON", "application/json", claims, read)
