"""Reports of the package `sonar-report`: issues, hotspots and the gate, from the web API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import differing
from intake.sonarqube.analysis import source_of
from intake.sonarqube.gate import TOOL, Gate, gate_reading
from intake.sonarqube.issues import WORDS, Issue, Listed

if TYPE_CHECKING:
    from intake.shape import Shape

_MEMBERS: Final = frozenset({"sonarBaseURL", "issues", "summary"})


class _Summary(msgspec.Struct, gc=False):
    blocker: int | None = None
    critical: int | None = None
    major: int | None = None
    minor: int | None = None


class _Evaluated(msgspec.Struct, rename="camel", gc=False):
    project_status: Gate | None = None


class _Report(msgspec.Struct, rename="camel", gc=False):
    """A report; its date is a day for people, and no instant."""

    issues: list[Issue]
    server: str | None = msgspec.field(default=None, name="sonarBaseURL")
    sonar_component: str | None = None
    in_new_code_period: bool | None = None
    quality_gate_status: _Evaluated | str | None = None
    summary: _Summary | None = None


def claims(shape: Shape) -> bool:
    """The server's address with issues and their summary."""
    return (shape.members or {}).keys() >= _MEMBERS


def read(body: bytes) -> list[Reading]:
    """The readings of a report: the issues, and the gate's verdict where it has one.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = read_fields(body, _Report)
    listed = Listed(*WORDS)
    listed.take(report.issues)
    summary = report.summary or _Summary()
    source = source_of(report.server, report.sonar_component)
    target = named(report.sonar_component)
    data = {
        "tool": TOOL,
        "kind": "sast",
        "target": target,
        "closed": listed.closed or None,
        "extent": "changes" if report.in_new_code_period else None,
        "claimed": differing(listed.scan.counts, msgspec.structs.asdict(summary)),
    }
    found = [
        listed.scan.reading(
            "issues and hotspots by severity, without closed ones", None, data, source
        )
    ]
    evaluated = report.quality_gate_status
    if isinstance(evaluated, _Evaluated) and evaluated.project_status is not None:
        verdict = gate_reading(evaluated.project_status, None, {"target": target}, source)
        found += [verdict] if verdict is not None else []
    return found


FORMAT: Final = Format("sonar-report", "sonar-report JSON", "application/json", claims, read)
