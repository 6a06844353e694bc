"""Codecov's own report of a commit: files with their totals in arrays, and the uploads it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.codecov.totals import TOOL
from intake.coverage.measured import Counted, measured
from intake.instant import told_epoch
from intake.json_body import read_fields
from intake.number import count_of
from intake.report import Format, Reading

if TYPE_CHECKING:
    from intake.shape import Shape

# Places in an array of totals.
_LINES: Final = 1
_HITS: Final = 2
_FILE_TOTALS: Final = 1
_MOST: Final = 2**31


class _Session(msgspec.Struct, gc=False):
    """An upload."""

    d: Any = None


class _Report(msgspec.Struct, gc=False):
    files: dict[str, Any]
    sessions: dict[str, _Session]


def claims(shape: Shape) -> bool:
    """Files in arrays by their names, and sessions by their numbers."""
    if not {"files", "sessions"} <= (shape.members or {}).keys():
        return False
    files, sessions = shape.inner("files"), shape.inner("sessions")
    first = next(iter(files.values()), None)
    return (
        bool(sessions)
        and all(name.isdigit() for name in sessions)
        and (first is None or bytes(first).startswith(b"["))
    )


def read(body: bytes) -> list[Reading]:
    """The reading of a report.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = read_fields(body, _Report)
    totals = [found for one in report.files.values() if (found := _totals(one)) is not None]
    counted = Counted(
        files=len(report.files),
        lines=(sum(hits for _, hits in totals), sum(lines for lines, _ in totals)),
        branches=None,
    )
    uploaded = [count for one in report.sessions.values() if (count := count_of(one.d)) is not None]
    more = {"counted": "totals of files", "tool": TOOL, "uploads": len(report.sessions)}
    return [measured("codecov-report", counted, told_epoch(max(uploaded, default=None)), more)]


def _totals(file: object) -> tuple[int, int] | None:
    """Lines and hits of a file."""
    if not isinstance(file, list) or len(file) <= _FILE_TOTALS:
        return None
    told = file[_FILE_TOTALS]
    if not isinstance(told, list) or len(told) <= _HITS:
        return None
    lines, hits = count_of(told[_LINES]), count_of(told[_HITS])
    if lines is None or hits is None or max(lines, hits) > _MOST:
        return None
    return lines, hits


FORMAT: Final = Format("codecov-report", "Codecov report", "application/json", claims, read)
