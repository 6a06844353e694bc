"""Semgrep's JSON (`semgrep scan --json`); one `scan.finished` a product that found something.

Counts are of the elements of `results`, by Semgrep's severity. The structure is that of its
published interface (`semgrep_output_v1`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.fingerprint import Fingerprints
from intake.json_body import read_fields
from intake.number import seconds_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan
from intake.scanners import NOT_TOLD

if TYPE_CHECKING:
    from intake.shape import Shape

TOOL: Final = "Semgrep"
_WORDS: Final = ("error", "warning", "info")
# Semgrep's newer words are the vocabulary's own.
_SEVERITIES: Final = {
    "error": "high", "warning": "medium", "info": "low", "critical": "critical", "high": "high",
    "medium": "medium", "low": "low", "inventory": "info", "experiment": "info",
}  # fmt: skip
_MEMBERS: Final = frozenset({
    "version", "results", "errors", "paths", "time", "explanations", "rules_by_engine",
    "engine_requested", "interfile_languages_used", "skipped_rules", "subprojects",
    "mcp_scan_results", "profiling_results",
})  # fmt: skip
_VALIDATED: Final = frozenset({"CONFIRMED_VALID", "CONFIRMED_INVALID", "VALIDATION_ERROR"})
_REMARK: Final = "info"


class _Position(msgspec.Struct, gc=False):
    line: int | None = None


class _Dependency(msgspec.Struct, gc=False):
    package: str | None = None
    version: str | None = None


class _Match(msgspec.Struct, gc=False):
    found_dependency: _Dependency | None = None
    lockfile: str | None = None


class _Supply(msgspec.Struct, gc=False):
    reachable: bool | None = None
    dependency_match: _Match | None = None


class _Extra(msgspec.Struct, gc=False):
    """What a result says; neither the lines of code nor what its variables matched."""

    severity: str | None = None
    fingerprint: str | None = None
    is_ignored: bool | None = None
    sca_info: _Supply | None = None
    validation_state: str | None = None


class _Result(msgspec.Struct, gc=False):
    check_id: str
    path: str | None = None
    start: _Position | None = None
    extra: _Extra | None = None


class _Error(msgspec.Struct, gc=False):
    level: str | None = None


class _Paths(msgspec.Struct, gc=False):
    scanned: list[msgspec.Raw] | None = None
    skipped: list[msgspec.Raw] | None = None


class _Time(msgspec.Struct, gc=False):
    profiling_times: dict[str, Any] | None = None


class _Output(msgspec.Struct, gc=False):
    results: list[_Result]
    errors: list[_Error]
    version: str | None = None
    paths: _Paths | None = None
    time: _Time | None = None


def claims(shape: Shape) -> bool:
    """`results` and `errors`, with Semgrep's results, or with none and its other members."""
    members = shape.members or {}
    if not {"results", "errors"} <= members.keys():
        return False
    first = shape.first("results")
    if first:
        return {"check_id", "extra"} <= first.keys()
    return members.keys() <= _MEMBERS or "scanned" in shape.inner("paths")


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: no output of Semgrep; the place is named.
        TooLargeError: a limit was passed.
    """
    output = read_fields(body, _Output)
    fingerprints = Fingerprints()
    scans: dict[str, Scan] = {}
    for one in output.results:
        extra = one.extra or _Extra()
        scan = scans.setdefault(_product(extra), Scan(*_WORDS))
        row = _row(one, extra, fingerprints)
        scan.suppressed += row["suppressed"] is not None
        scan.add(extra.severity or "unknown", row)
    common = _common(output)
    # Without a result of another product it is known by its name only.
    return [
        scan.reading("results by severity", None, {**common, "kind": kind})
        for kind, scan in (scans or {"sast": Scan(*_WORDS)}).items()
    ]


def _common(output: _Output) -> dict[str, Any]:
    errors = sum((one.level or "error").lower() != _REMARK for one in output.errors)
    paths, times = output.paths or _Paths(), output.time or _Time()
    return {
        "tool": TOOL,
        "tool_version": named(output.version),
        "outcome": "error" if errors else "success",
        "errors": errors or None,
        "scanned": None if paths.scanned is None else len(paths.scanned),
        "skipped": None if paths.skipped is None else len(paths.skipped),
        "duration_s": seconds_of((times.profiling_times or {}).get("total_time")),
    }


def _product(extra: _Extra) -> str:
    if extra.sca_info is not None:
        return "sca"
    return "secret" if extra.validation_state in _VALIDATED else "sast"


def _row(one: _Result, extra: _Extra, fingerprints: Fingerprints) -> dict[str, Any]:
    rule, path = named(one.check_id), named(one.path)
    told = named(extra.fingerprint)
    # Whoever is not signed in gets these words in place of a fingerprint.
    own = told if told is not None and told.lower() != NOT_TOLD else None
    match = (extra.sca_info.dependency_match if extra.sca_info is not None else None) or _Match()
    dependency = match.found_dependency or _Dependency()
    package = named(dependency.package)
    return {
        "tool": TOOL,
        "rule": rule,
        "fingerprint": own or fingerprints.give(TOOL, rule, path, package),
        "fingerprint_basis": "fingerprint" if own else "made",
        "target": path or named(match.lockfile),
        "line": one.start.line if one.start is not None else None,
        "severity": _SEVERITIES.get((extra.severity or "").strip().lower(), "unknown"),
        "package": package,
        "version": named(dependency.version),
        "reachable": extra.sca_info.reachable if extra.sca_info is not None else None,
        "validation": extra.validation_state if extra.validation_state in _VALIDATED else None,
        "suppressed": True if extra.is_ignored else None,
    }


FORMAT: Final = Format("semgrep", "Semgrep JSON", "application/json", claims, read)
