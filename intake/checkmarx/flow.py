"""CxFlow's JSON report: issues, each of which stands for the results of one query in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.checkmarx.common import EXTENTS, SAST, WORDS, cwe_of, row, spent_s, word_of
from intake.fingerprint import Fingerprints
from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan, differing

if TYPE_CHECKING:
    from intake.shape import Shape

_MARKS: Final = frozenset({"xissues", "additionalDetails"})
_MOST: Final = 100


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class _Issue(_Object):
    """An issue; code and what people remarked are not read."""

    vulnerability: str | None = None
    similarity_id: str | None = None
    cwe: str | None = None
    language: str | None = None
    severity: str | None = None
    filename: str | None = msgspec.field(name="filename", default=None)
    all_false_positive: bool | None = None


class _Details(_Object):
    summary: dict[str, Any] | None = msgspec.field(name="flow-summary", default=None)
    scan_id: str | int | None = None
    scan_start_date: str | None = None


class _Report(_Object, kw_only=True):
    project: str | None = None
    files: Any = None
    scan_type: str | None = None
    version: str | None = None
    scan_time: str | None = None
    xissues: list[_Issue] | None = msgspec.field(name="xissues")
    additional_details: _Details | None = None


def claims(shape: Shape) -> bool:
    """Issues as CxFlow names them."""
    return (shape.members or {}).keys() >= _MARKS


def read(body: bytes) -> list[Reading]:
    """The reading of a report.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = read_fields(body, _Report)
    details = report.additional_details or _Details()
    scan, fingerprints = Scan(*WORDS), Fingerprints()
    for one in report.xissues or ():
        aside = bool(one.all_false_positive)
        scan.suppressed += aside
        scan.add(word_of(one.severity), row(
            SAST, fingerprints, rule=one.vulnerability, target=one.filename,
            severity=one.severity or "", similarity=named(one.similarity_id), suppressed=aside,
            cwe=cwe_of(one.cwe), language=named(one.language),
        ))  # fmt: skip
    # The summary counts results, of which an issue may hold several.
    summary = list((details.summary or {}).items())[:_MOST]
    told = {word: count_of(number) for text, number in summary if (word := named(word_of(text)))}
    counted = {word: scan.counts.get(word, 0) for word in told}
    identity = details.scan_id
    return [scan.reading("issues by severity", told_time(details.scan_start_date), {
        "tool": SAST,
        "tool_version": named(report.version),
        "kind": "sast",
        "target": named(report.project),
        "analysis": named(str(identity)) if identity is not None else None,
        "scanned": count_of(report.files),
        "duration_s": spent_s(report.scan_time),
        "extent": EXTENTS.get((report.scan_type or "").lower()),
        "claimed": differing(counted, told),
    })]  # fmt: skip


FORMAT: Final = Format("checkmarx-flow", "CxFlow JSON report", "application/json", claims, read)
