"""Vulnerabilities in the packages of one project or image.

Snyk lists a vulnerability once for each path to its package. Those entries are what is counted;
distinct ids stand beside, and a finding is a vulnerability in a package, however many paths lead
there.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from intake.fingerprint import fingerprint_of
from intake.ids import artifact_of
from intake.number import count_of
from intake.rows import named
from intake.scan import Scan, differing
from intake.severity import of_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.report import Reading
    from intake.snyk.structure import Project, Vulnerability

TOOL: Final = "Snyk"
WORDS: Final = ("critical", "high", "medium", "low")
_SYSTEMS: Final = frozenset({"deb", "apk", "rpm", "linux", "dockerfile"})
_IMAGE: Final = "docker-image|"
_LICENCE: Final = "license"
_PATHS: Final = re.compile(r"(\d{1,9}) vulnerable dependency paths?")


def packages_of(project: Project, image: Project | None = None) -> Iterator[Reading]:
    """The readings of a project, and of the applications found in it.

    Args:
        project: as it came.
        image: the image that the project is an application of, or None.

    Raises:
        TooLargeError: too many findings.
    """
    yield _reading(project, image)
    for one in project.applications or ():
        yield from packages_of(one, image or project)


def _reading(project: Project, image: Project | None) -> Reading:
    scan = Scan(*WORDS)
    distinct: dict[str | None, str] = {}
    rows: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    entries = project.vulnerabilities or []
    for one in entries:
        scan.count(one.word)
        distinct.setdefault(one.id, one.word)
        key = (one.id, one.package)
        if (row := rows.get(key)) is None:
            row = rows[key] = _row(one, project)
        row["paths"] += 1
        row["versions"][one.version] = None
    for row in rows.values():
        scan.write(_written(row))
    filtered = project.filtered
    for reason, left in (
        ("ignore", filtered.ignore if filtered is not None else None),
        ("patch", filtered.patch if filtered is not None else None),
    ):
        for one in left or ():
            row = _row(one, project) | {"versions": {one.version: None}}
            scan.set_aside({**_written(row), "reason": reason})
    unique = Counter(distinct.values())
    told = _PATHS.match(project.summary or "")
    data: dict[str, Any] = {
        "tool": TOOL,
        "kind": "container" if _is_image(image or project) else "sca",
        "unique": {word: unique[word] for word in (*WORDS, *(unique.keys() - {*WORDS}))},
        "claimed": differing(
            {"unique": len(distinct), "paths": len(entries)},
            {"unique": count_of(project.unique_count), "paths": int(told[1]) if told else None},
        ),
        "scanned": count_of(project.dependency_count),
        "thresholds": None if project.ok is None else {"ok": project.ok},
        **_target(project, image),
    }
    return scan.reading("vulnerability entries, one a path, by severity", None, data)


def _is_image(project: Project) -> bool:
    return (
        project.docker is not None
        or project.package_manager in _SYSTEMS
        or (project.project_name or "").startswith(_IMAGE)
    )


def _target(project: Project, image: Project | None) -> dict[str, Any]:
    if _is_image(image or project):
        path = (image or project).path
        return {"target": named(path), "artifact": artifact_of(path)}
    return {"target": named(project.project_name) or named(project.path)}


def _row(one: Vulnerability, project: Project) -> dict[str, Any]:
    rule, package = named(one.id), named(one.package)
    return {
        "tool": TOOL,
        "rule": rule,
        "fingerprint": fingerprint_of(TOOL, rule, package, project.file),
        "fingerprint_basis": "made",
        "target": named(project.file) or named(project.project_name),
        "severity": of_word(one.word),
        "kind": _LICENCE if one.type == _LICENCE else None,
        "package": package,
        "fixed": named(", ".join(one.fixed_in or ())),
        "upgradable": one.is_upgradable,
        "paths": 0,
        "versions": {},
    }


def _written(row: dict[str, Any]) -> dict[str, Any]:
    versions = [one for one in row["versions"] if one]
    return {
        **{name: value for name, value in row.items() if name != "versions"},
        "version": named(", ".join(versions)),
        "paths": row["paths"] or None,
    }
