"""coverage.py's JSON report (`coverage json`), formats 1 to 3.

Counted are the summaries of the files; totals that differ stand beside as `claimed`. Its percentage
is of lines and branches together where branches were measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from intake.coverage.measured import Counted, measured
from intake.instant import told_time
from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_ROUNDED: Final = 0.005
_Lines = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class _Meta(msgspec.Struct, gc=False):
    """How it was measured."""

    version: str
    timestamp: str | None = None
    branch_coverage: bool = False


class _Summary(msgspec.Struct, gc=False):
    """Numbers of a file, or of all; those of branches only where they were measured."""

    covered_lines: _Lines
    num_statements: _Lines
    num_branches: _Lines | None = None
    covered_branches: _Lines | None = None
    percent_covered: float | None = None


class _File(msgspec.Struct, gc=False):
    """A source file."""

    summary: _Summary


class _Report(msgspec.Struct, gc=False):
    """The whole file."""

    meta: _Meta
    files: dict[str, _File]
    totals: _Summary


def claims(shape: Shape) -> bool:
    """`meta`, `files` and `totals`; what was measured stands in `meta`."""
    told = shape.members or {}
    return {"meta", "files", "totals"} <= told.keys() and "branch_coverage" in shape.inner("meta")


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no report of coverage.py; the place is named.
        TooLargeError: a limit was passed.
    """
    report = read_fields(body, _Report)
    summaries = [one.summary for one in report.files.values()]
    measures_branches = report.meta.branch_coverage
    counted = Counted(
        files=len(summaries),
        lines=(
            sum(one.covered_lines for one in summaries),
            sum(one.num_statements for one in summaries),
        ),
        branches=_branches(summaries) if measures_branches else None,
        whole=measures_branches,
    )
    more = {
        "counted": "summaries of files",
        "claimed": _differing(report.totals, counted),
        "tool": "coverage.py",
        "tool_version": named(report.meta.version),
    }
    return [measured("coverage-py", counted, told_time(report.meta.timestamp), more)]


def _branches(summaries: list[_Summary]) -> tuple[int, int] | None:
    """Covered branches and all; None where an old report does not say how many are covered."""
    if any(one.covered_branches is None or one.num_branches is None for one in summaries):
        return None
    covered = sum(one.covered_branches or 0 for one in summaries)
    return covered, sum(one.num_branches or 0 for one in summaries)


def _differing(totals: _Summary, counted: Counted) -> dict[str, float] | None:
    told = {
        "covered_lines": totals.covered_lines, "num_statements": totals.num_statements,
        "covered_branches": totals.covered_branches, "num_branches": totals.num_branches,
        "percent_covered": totals.percent_covered,
    }  # fmt: skip
    branches = counted.branches or (None, None)
    # Without its branches the percentage cannot be worked out again.
    percent = None if counted.whole and counted.branches is None else counted.percent()
    found = dict(zip(told, (*counted.lines, *branches, percent), strict=True))
    differ = any(
        value is not None and claim is not None and abs(claim - value) > _ROUNDED
        for claim, value in ((told[name], found[name]) for name in told)
    )
    return {name: value for name, value in told.items() if value is not None} if differ else None


FORMAT: Final = Format("coverage-py", "coverage.py JSON", "application/json", claims, read)
