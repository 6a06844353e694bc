"""Veracode's Findings API: what is known of an application; one `scan.finished` a kind of scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of
from intake.fingerprint import Fingerprints
from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan
from intake.shape import shape_of
from intake.veracode.common import TOOL, WORDS, cwe_of, severity_of, word_of

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_KINDS: Final = {"STATIC": "sast", "DYNAMIC": "dast", "SCA": "sca", "MANUAL": None}
_FINDING: Final = frozenset({"scan_type", "finding_details"})


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class _Named(_Object):
    id: Any = None
    name: str | None = None


class _Status(_Object):
    status: str | None = None
    resolution: str | None = None
    resolution_status: str | None = None
    last_seen_date: str | None = None


class _Details(_Object):
    """What was found; neither requests nor answers nor attacks."""

    severity: Any = None
    cwe: _Named | None = None
    cve: _Named | None = None
    file_path: str | None = None
    file_name: str | None = None
    file_line_number: Any = None
    module: str | None = None
    url: str | None = None
    component_filename: str | None = None
    version: str | None = None


class _Finding(_Object):
    issue_id: int | str | None = None
    scan_type: str | None = None
    context_guid: str | None = None
    violates_policy: bool | None = None
    finding_status: _Status | None = None
    finding_details: _Details | None = None


class _Embedded(_Object):
    findings: list[_Finding] | None = None


class _Page(_Object):
    total_elements: Any = None


class _Answer(_Object):
    page: _Page | None = None
    findings: list[_Finding] | None = None
    embedded: _Embedded | None = msgspec.field(name="_embedded", default=None)


def claims(shape: Shape) -> bool:
    """Findings of scans, as the API embeds them or taken out of there."""
    return _are_findings(shape.first("findings")) or _are_findings(_embedded(shape))


def _embedded(shape: Shape) -> Members:
    raw = shape.inner("_embedded").get("findings") if shape.members else None
    return (shape_of(bytes(raw)).element or {}) if raw is not None else {}


def _are_findings(first: Members) -> bool:
    return first.keys() >= _FINDING


def read(body: bytes) -> list[Reading]:
    """The readings of an answer.

    Raises:
        RefusedError: no findings; the place is named.
        TooLargeError: a limit was passed.
    """
    answer = read_fields(body, _Answer)
    findings = [*(answer.findings or ()),
                *((answer.embedded.findings if answer.embedded else None) or ())]  # fmt: skip
    by_kind: dict[str, list[_Finding]] = {}
    for one in findings:
        by_kind.setdefault((one.scan_type or "").upper(), []).append(one)
    total = count_of(answer.page.total_elements) if answer.page else None
    claimed = total if total is not None and total > len(findings) else None
    return [_scan(kind, several, claimed) for kind, several in by_kind.items()]


def _scan(kind: str, findings: list[_Finding], claimed: int | None) -> Reading:
    """The reading of one kind.

    Args:
        kind: of a scan.
        findings: of that kind.
        claimed: how many there are of all kinds, where these are one page of several.
    """
    scan, fingerprints = Scan(*WORDS), Fingerprints()
    closed = violating = 0
    for one in findings:
        status = one.finding_status or _Status()
        aside = (status.resolution_status or "").upper() == "APPROVED"
        is_closed = (status.status or "").upper() == "CLOSED"
        # An approved mitigation closes a finding; it is counted once.
        scan.suppressed += aside and not is_closed
        closed += is_closed
        violating += bool(one.violates_policy) and not is_closed and not aside
        details = one.finding_details or _Details()
        word = word_of(details.severity)
        row = _row(one, details, word, fingerprints) | {
            "status": named(status.status),
            "resolution": named(status.resolution),
            "suppressed": aside or None,
            "policy": one.violates_policy or None,
        }
        # What was mended is no finding; what a mitigation closed may be there still.
        if aside or not is_closed:
            scan.add(word, row)
    guids = {named(one.context_guid) for one in findings}
    seen = [one.finding_status.last_seen_date for one in findings if one.finding_status]
    # The scan that saw the newest of them was over by then.
    latest = max((text for text in seen if text and text.endswith("Z")), default=None)
    # What the other pages have may violate it still.
    judged = violating or (claimed is None and any(
        one.violates_policy is not None for one in findings
    ))  # fmt: skip
    return scan.reading("findings by severity", told_time(latest), {
        "tool": TOOL,
        "kind": _KINDS.get(kind),
        "target": guids.pop() if len(guids) == 1 else None,
        "closed": closed or None,
        "claimed": {"findings of all pages": claimed} if claimed is not None else None,
        "extent": "unknown" if claimed is not None else None,
        "thresholds": {"policy": violating == 0} if judged else None,
    })  # fmt: skip


def _row(
    one: _Finding, details: _Details, word: str, fingerprints: Fingerprints
) -> dict[str, Any]:  # fmt: skip
    cwe = cwe_of(details.cwe.id) if details.cwe else None
    rule = (named(details.cve.name) if details.cve else None) or cwe
    target = named(details.component_filename) or named(details.file_path) or named(
        details.file_name) or address_of(details.url) or named(details.module)  # fmt: skip
    issue = named(str(one.issue_id)) if one.issue_id is not None else None
    # A finding keeps its number within its application.
    place = f"{one.context_guid or ''}/{issue}" if issue is not None else target
    return {
        "tool": TOOL,
        "rule": rule,
        "fingerprint": fingerprints.give(TOOL, rule, place),
        "fingerprint_basis": "issue" if issue is not None else "made",
        "target": target,
        "line": count_of(details.file_line_number),
        "severity": severity_of(word),
        "level": word,
        "issue": issue,
        "cwe": cwe,
        "version": named(details.version),
    }


FORMAT: Final = Format(
    "veracode-findings", "Veracode Findings API", "application/json", claims, read
)
