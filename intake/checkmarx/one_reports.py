"""Checkmarx One's other JSON: its scan reports of two versions, and its report for GitLab.

Of a scan report the results of SAST and of infrastructure as code are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.checkmarx.common import KINDS, ONE, WORDS, is_set_aside, row, word_of
from intake.fingerprint import Fingerprints
from intake.instant import told_epoch, told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intake.instant import Told
    from intake.shape import Shape

_PARTS: Final = ("scanResults", "iacScanResults", "scaScanResults")
_TYPE_OF_SAST: Final = "sast"


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class _Node(_Object):
    file_name: str | None = None
    line: int | None = None


class _Found(_Object):
    """One instance of what a query looks for."""

    similarity_id: str | int | None = None
    state: str | None = None
    status: str | None = None
    severity: str | None = None
    file_name: str | None = None
    destination_file_name: str | None = None
    destination_line: int | None = None
    nodes: list[_Node] | None = None
    found_date: Any = None
    last_detection_date: Any = None


class _Query(_Object):
    query_name: str | None = None
    vulnerabilities: list[_Found] | None = None
    results_list: list[_Found] | None = None


class _Group(_Object):
    """A language, or a technology."""

    queries: list[_Query] | None = None


class _Sast(_Object):
    languages: list[_Group] | None = None


class _Results(_Object):
    results_list: list[_Query] | None = None
    sast: _Sast | None = None


class _Technologies(_Object):
    technology: list[_Group] | None = None


class _Header(_Object):
    project_name: str | None = None


class _Summary(_Object):
    scan_id: str | None = None
    scan_completed_date: str | None = None


class _Report(_Object):
    report_header: _Header | None = None
    scan_summary: _Summary | None = None
    scan_results: _Results | None = None
    iac_scan_results: _Technologies | None = None


class _Scanner(_Object):
    name: str | None = None
    version: str | None = None


class _Scan(msgspec.Struct, gc=False):
    end_time: str | None = None
    status: str | None = None
    type: str | None = None
    scanner: _Scanner | None = None


class _Location(_Object):
    file: str | None = None
    start_line: int | None = msgspec.field(name="start_line", default=None)


class _Identifier(_Object):
    value: str | None = None


class _Vulnerability(_Object):
    name: str | None = None
    severity: str | None = None
    location: _Location | None = None
    identifiers: list[_Identifier] | None = None


class _GitLab(_Object):
    scan: _Scan | None = None
    vulnerabilities: list[_Vulnerability] | None = None


def claims(shape: Shape) -> bool:
    """A report's header with results of parts of Checkmarx One, or its scan for GitLab."""
    told = (shape.members or {}).keys()
    if "reportHeader" in told:
        return any(part in told for part in _PARTS)
    scan = shape.inner("scan") if "vulnerabilities" in told else {}
    return b'"Checkmarx' in bytes(scan.get("scanner", b""))


def read(body: bytes) -> list[Reading]:
    """The readings of a report, one a part of Checkmarx One.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = read_fields(body, _GitLab)
    if report.scan is not None:
        return [_for_gitlab(report, report.scan)]
    told = read_fields(body, _Report)
    header, summary = told.report_header or _Header(), told.scan_summary or _Summary()
    common = {
        "tool": ONE,
        "target": named(header.project_name),
        "analysis": named(summary.scan_id),
    }
    ended = told_time(summary.scan_completed_date)
    found = []
    results = told.scan_results
    # What was not run is left out, in one version within the results.
    if results is not None and (results.sast is not None or results.results_list is not None):
        languages = (results.sast.languages if results.sast else None) or ()
        queries = [*(results.results_list or ()), *_queries(languages)]
        found.append(_scan(queries, common | {"kind": KINDS[_TYPE_OF_SAST]}, ended))
    if (iac := told.iac_scan_results) is not None:
        queries = list(_queries(iac.technology or ()))
        found.append(_scan(queries, common | {"kind": KINDS["iac"]}, ended))
    return found


def _queries(groups: Iterable[_Group]) -> Iterator[_Query]:
    for group in groups:
        yield from group.queries or ()


def _scan(queries: list[_Query], data: dict[str, Any], ended: Told | None) -> Reading:
    scan, fingerprints = Scan(*WORDS), Fingerprints()
    latest: Told | None = None
    for query in queries:
        for one in [*(query.vulnerabilities or ()), *(query.results_list or ())]:
            aside = is_set_aside(one.state)
            scan.suppressed += aside
            node = one.nodes[0] if one.nodes else _Node()
            similarity = named(str(one.similarity_id)) if one.similarity_id is not None else None
            scan.add(word_of(one.severity), row(
                ONE, fingerprints, rule=query.query_name,
                target=one.destination_file_name or one.file_name or node.file_name,
                severity=one.severity or "", similarity=similarity, suppressed=aside,
                line=count_of(one.destination_line or node.line), status=named(one.status),
            ))  # fmt: skip
            told = _date(one.found_date) or _date(one.last_detection_date)
            if told is not None and (latest is None or told.time > latest.time):
                latest = told
    return scan.reading("results by severity", ended or latest, data)


def _date(value: object) -> Told | None:
    """A text, or the seconds of it; only in UTC, so that two can be compared."""
    if isinstance(value, dict):
        return told_epoch(value.get("seconds"))
    return told_time(value) if isinstance(value, str) and value.endswith("Z") else None


def _for_gitlab(report: _GitLab, told: _Scan) -> Reading:
    scan, fingerprints = Scan(*WORDS), Fingerprints()
    for one in report.vulnerabilities or ():
        place = one.location or _Location()
        same = next((named(i.value) for i in one.identifiers or () if named(i.value)), None)
        scan.add(word_of(one.severity), row(
            ONE, fingerprints, rule=one.name, target=place.file, severity=one.severity or "",
            similarity=same, suppressed=False, line=count_of(place.start_line),
        ))  # fmt: skip
    scanner = told.scanner or _Scanner()
    return scan.reading("vulnerabilities by severity", told_time(told.end_time), {
        "tool": ONE,
        "tool_version": named(scanner.version),
        "kind": KINDS.get((told.type or "").lower()),
        "outcome": "success" if (told.status or "").lower() == "success" else "error",
        "reported_outcome": named(told.status),
    })  # fmt: skip


FORMAT: Final = Format(
    "checkmarx-one-report", "Checkmarx One scan report", "application/json", claims, read
)
