"""Trivy's compliance reports: a benchmark whose controls hold or not.

A control fails with anything that was found for it. One without a number is for people to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import field

from domain.errors import RefusedError
from intake.baseline import Baseline
from intake.json_body import read_fields
from intake.number import count_of
from intake.report import Format, Reading
from intake.rows import named
from intake.severity import of_word
from intake.trivy.found import TOOL

if TYPE_CHECKING:
    from intake.shape import Shape

WORDS: Final = ("pass", "fail", "manual")
STATUSES: Final = {"fail": "failed", "manual": "manual"}
COUNTED: Final = "controls by what came of them"
_FAILED: Final = frozenset({"FAIL", ""})


class _Object(msgspec.Struct, rename="pascal", gc=False):
    """An object; any field may be missing or null."""


class Found(_Object):
    """Something that was found; whether it counts, its status says."""

    status: str | None = None


class Result(_Object):
    """What was found in one target."""

    misconfigurations: list[Found] | None = None
    vulnerabilities: list[Any] | None = None
    secrets: list[Any] | None = None


class Control(_Object):
    """A control, with what was found for it."""

    id: str | None = field(default=None, name="ID")
    severity: str | None = None
    default_status: str | None = None
    results: list[Result] | None = None


class Summary(_Object):
    """A control, with how much was found for it."""

    id: str | None = field(default=None, name="ID")
    severity: str | None = None
    total_fail: Any = None


class Report(_Object):
    """A report; in full or in short."""

    id: str | None = field(default=None, name="ID")
    title: str | None = None
    version: str | None = None
    results: list[Control] | None = None
    controls: list[Summary] | None = field(default=None, name="SummaryControls")


def claims(shape: Shape) -> bool:
    """A benchmark's id and title with its controls; other reports have a schema version."""
    members = (shape.members or {}).keys()
    if not {"ID", "Title"} <= members or "SchemaVersion" in members:
        return False
    return "SummaryControls" in members or {"ID", "Name"} <= shape.first("Results").keys()


def read(body: bytes) -> list[Reading]:
    """The reading of a report.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = read_fields(body, Report)
    found, number = Baseline(TOOL, *WORDS), 0
    if report.controls is not None:
        for short in report.controls:
            number += count_of(short.total_fail) or 0
            met(found, short.id, short.severity, count_of(short.total_fail))
    elif report.results is not None:
        for control in report.results:
            failed = _failed(control)
            number += failed
            met(found, control.id, control.severity, failed)
    else:
        raise RefusedError("field Results", "no controls")
    return [found.reading(COUNTED, None, {
        "benchmark": titled(report.title, report.version),
        "profile": named(report.id),
        "occurrences": number,
    })]  # fmt: skip


def met(found: Baseline, rule: str | None, severity: str | None, failed: int | None) -> None:
    """Count a control.

    Args:
        found: the run.
        rule: its id.
        severity: in Trivy's word.
        failed: how much was found for it; None: nobody looked.
    """
    word = "manual" if failed is None else "fail" if failed else "pass"
    found.met(word, rule, STATUSES.get(word), severity=of_word(severity), failed=failed)


def titled(title: str | None, version: str | None) -> str | None:
    """A benchmark with its version, where the title has none."""
    told = named(title)
    if told is None or not version or version in told:
        return told
    return named(f"{told} {version}")


def _failed(control: Control) -> int:
    checks = [one for result in control.results or () for one in result.misconfigurations or ()]
    others = sum(
        len(result.vulnerabilities or ()) + len(result.secrets or ())
        for result in control.results or ()
    )
    failed = sum((one.status or "").upper() in _FAILED for one in checks) + others
    if not control.results and (control.default_status or "").upper() == "FAIL":
        return 1
    return failed


FORMAT: Final = Format(
    "trivy-compliance", "Trivy compliance report", "application/json", claims, read
)
