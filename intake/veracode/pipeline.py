"""Veracode's Pipeline Scan: `results.json`, and `filtered_results.json` with what is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import repository_of
from intake.fingerprint import Fingerprints
from intake.ids import commit_of
from intake.json_body import read_fields
from intake.number import count_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan
from intake.veracode.common import WORDS, cwe_of, severity_of, word_of

if TYPE_CHECKING:
    from intake.shape import Shape

_TOOL: Final = "Veracode Pipeline Scan"
_MARKS: Final = frozenset({"scan_id", "scan_status", "findings"})
_OWN: Final = frozenset({"pipeline_scan", "modules", "modules_count", "dev_stage"})
_MOST: Final = 100


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class _Source(_Object):
    file: str | None = None
    line: Any = None


class _Files(_Object):
    source_file: _Source | None = None


class _Match(_Object):
    flaw_hash: str | None = None
    cause_hash: str | None = None
    procedure_hash: str | None = None


class _Finding(_Object):
    severity: Any = None
    issue_type: str | None = None
    cwe_id: Any = None
    files: _Files | None = None
    flaw_match: _Match | None = None


class _Results(_Object):
    scan_id: str | None = None
    scan_status: str | None = None
    pipeline_scan: str | None = None
    modules: list[str] | None = None
    findings: list[_Finding] | None = None
    project_name: str | None = None
    project_uri: str | None = None
    project_ref: str | None = None
    commit_hash: str | None = None


def claims(shape: Shape) -> bool:
    """A scan with its state and findings, and what only the Pipeline Scan says."""
    told = (shape.members or {}).keys()
    return told >= _MARKS and bool(_OWN & told)


def read(body: bytes) -> list[Reading]:
    """The reading of the results.

    Raises:
        RefusedError: no such results; the place is named.
        TooLargeError: a limit was passed.
    """
    results = read_fields(body, _Results)
    scan, fingerprints = Scan(*WORDS), Fingerprints()
    for one in results.findings or ():
        word = word_of(one.severity)
        source = (one.files.source_file if one.files else None) or _Source()
        match = one.flaw_match or _Match()
        rule = cwe_of(one.cwe_id) or named(one.issue_type)
        hashes = [match.procedure_hash, match.flaw_hash, match.cause_hash]
        scan.add(word, {
            "tool": _TOOL,
            "rule": rule,
            "fingerprint": fingerprints.give(_TOOL, rule, source.file, *hashes),
            "fingerprint_basis": "flaw match" if any(hashes) else "made",
            "target": named(source.file),
            "line": count_of(source.line),
            "severity": severity_of(word),
            "level": word,
            "type": named(one.issue_type),
        })  # fmt: skip
    modules = [name for one in results.modules or () if (name := named(one)) is not None]
    status = named(results.scan_status)
    return [scan.reading("findings by severity", None, {
        "tool": _TOOL,
        "tool_version": named(results.pipeline_scan),
        "kind": "sast",
        "outcome": "success" if status == "SUCCESS" else "error",
        "reported_outcome": status,
        "analysis": named(results.scan_id),
        "target": named(results.project_name),
        "targets": modules[:_MOST] or None,
        "repository": repository_of(results.project_uri),
        "ref": named(results.project_ref),
        "commit": commit_of(results.commit_hash),
    })]  # fmt: skip


FORMAT: Final = Format(
    "veracode-pipeline", "Veracode Pipeline Scan", "application/json", claims, read
)
