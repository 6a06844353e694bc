"""Checkmarx One's results as its command line writes them; one `scan.finished` a part of it.

What a value in a configuration is, and code, are not read: they may be secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import TooLargeError
from intake.checkmarx.common import KINDS, ONE, WORDS, is_set_aside, row, word_of
from intake.fingerprint import Fingerprints
from intake.instant import told_time
from intake.json_body import read_fields
from intake.limits import MAX_RUNS
from intake.number import count_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan, differing

if TYPE_CHECKING:
    from intake.shape import Shape

_MARKS: Final = frozenset({"results", "totalCount", "scanID"})
_RESULT: Final = frozenset({"type", "similarityId", "severity", "state"})


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class _Node(_Object):
    file_name: str | None = None
    line: int | None = None


class _Data(_Object):
    query_name: str | None = None
    nodes: list[_Node] | None = None
    file_name: str | None = None
    filename: str | None = msgspec.field(name="filename", default=None)
    line: int | None = None
    package_identifier: str | None = None
    rule_name: str | None = None


class _Details(_Object):
    cve_name: str | None = None


class _Result(_Object):
    type: str | None = None
    id: str | None = None
    similarity_id: str | int | None = None
    status: str | None = None
    state: str | None = None
    severity: str | None = None
    found_at: str | None = None
    data: _Data | None = None
    vulnerability_details: _Details | None = None


class _Output(_Object):
    results: list[_Result] | None
    total_count: Any = None
    scan_id: str | None = msgspec.field(name="scanID", default=None)


def claims(shape: Shape) -> bool:
    """Results with their number and the scan's id, or Checkmarx' results without them."""
    told = (shape.members or {}).keys()
    return told >= _MARKS or (
        "results" in told and shape.first("results").keys() >= _RESULT
    )  # fmt: skip


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: no results of Checkmarx One; the place is named.
        TooLargeError: a limit was passed.
    """
    output = read_fields(body, _Output)
    results = output.results or []
    fingerprints, scans, latest = Fingerprints(), dict[str, Scan](), dict[str, str]()
    for one in results:
        kind = (one.type or "").strip().lower()
        if kind not in scans:
            if len(scans) == MAX_RUNS:
                raise TooLargeError("field results", f"more than {MAX_RUNS} types")
            scans[kind] = Scan(*WORDS)
        scan = scans[kind]
        # The scan was over no earlier than its newest result was found.
        if one.found_at and one.found_at.endswith("Z"):
            latest[kind] = max(latest.get(kind, ""), one.found_at)
        aside = is_set_aside(one.state)
        scan.suppressed += aside
        scan.add(word_of(one.severity), _row(one, fingerprints, aside=aside))
    total = count_of(output.total_count)
    common = {
        "tool": ONE,
        "analysis": named(output.scan_id),
        "claimed": differing({"total": len(results)}, {"total": total}),
        # What one page of several does not show is not gone.
        "extent": "unknown" if total is not None and total > len(results) else None,
    }
    # A clean file does not say what was looked for.
    return [
        scan.reading(
            "results by severity", told_time(latest.get(kind)), common | {"kind": KINDS.get(kind)}
        )
        for kind, scan in (scans or {"": Scan(*WORDS)}).items()
    ]


def _row(one: _Result, fingerprints: Fingerprints, *, aside: bool) -> dict[str, Any]:
    data, details = one.data or _Data(), one.vulnerability_details or _Details()
    node = data.nodes[0] if data.nodes else _Node()
    target = data.file_name or data.filename or node.file_name or data.package_identifier
    line = count_of(data.line if data.line is not None else node.line)
    similarity = named(str(one.similarity_id)) if one.similarity_id is not None else None
    return row(
        ONE, fingerprints,
        rule=data.query_name or details.cve_name or data.rule_name or one.id, target=target,
        severity=one.severity or "", similarity=similarity, suppressed=aside, line=line,
        package=named(data.package_identifier), status=named(one.status),
    )  # fmt: skip


FORMAT: Final = Format("checkmarx-one", "Checkmarx One results", "application/json", claims, read)
