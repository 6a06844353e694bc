"""Conftest's JSON, of every version: one `policy.evaluated` for each namespace.

Of old versions successes are a list, results are texts, and names begin with capital letters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import field

from intake.json_body import read_fields
from intake.number import count_of
from intake.opa.findings import Findings
from intake.opa.verdicts import path_of, reasons_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.severity import of_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_TOOL: Final = "conftest"
_UNNAMED: Final = "conftest"
_KINDS: Final = ("failure", "warning", "exception")


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class Location(_Object):
    """The file that a result is about."""

    file: str | None = None


class Result(_Object):
    """What a rule says."""

    msg: str | None = None
    loc: Location | None = None
    metadata: dict[str, Any] | None = None


Results = list[str | Result] | None


class Check(_Object):
    """The results of one file and namespace."""

    filename: str | None = None
    namespace: str | None = None
    successes: int | list[Any] | None = None
    skipped: Results = None
    warnings: Results = None
    failures: Results = None
    exceptions: Results = None
    old_successes: list[Any] | None = field(name="Successes", default=None)
    old_warnings: Results = field(name="Warnings", default=None)
    old_failures: Results = field(name="Failures", default=None)


def claims(shape: Shape) -> bool:
    """An array of files with their successes."""
    members = shape.element or {}
    return "filename" in members and bool({"successes", "Successes"} & members.keys())


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: nothing that Conftest writes; the place is named.
        TooLargeError: a limit was passed.
    """
    spaces: dict[str, list[Check]] = {}
    for one in read_fields(body, list[Check]):
        spaces.setdefault(named(one.namespace) or _UNNAMED, []).append(one)
    return by_time(_reading(space, checks) for space, checks in spaces.items())


def _reading(space: str, checks: list[Check]) -> Reading:
    findings = Findings(_TOOL)
    counts = dict.fromkeys(("successes", "failures", "warnings", "exceptions", "skipped"), 0)
    reasons: list[str | None] = []
    for check in checks:
        counts["successes"] += _successes(check)
        counts["skipped"] += len(check.skipped or ())
        for kind, result in _results(check):
            counts[f"{kind}s"] += 1
            reasons.append(result.msg)
            metadata = result.metadata or {}
            query, severity = metadata.get("query"), metadata.get("severity")
            word = of_word(severity) if isinstance(severity, str) else "unknown"
            findings.add(
                kind,
                path_of(query) if isinstance(query, str) else space,
                (result.loc.file if result.loc else None) or check.filename,
                result.msg or "",
                word if word != "unknown" else None,
            )
    document = findings.document()
    files = {named(check.filename) for check in checks}
    return fact("policy.evaluated", None, {
        "policy": space,
        "decision": _decision(counts),
        "counts": counts,
        "counted": "results of rules",
        "target": files.pop() if len(files) == 1 else None,
        "reasons": reasons_of(reasons),
        "findings": document.digest if document else None,
        "findings_count": len(findings),
        "tool": _TOOL,
    }, documents=[document])  # fmt: skip


def _results(check: Check) -> Iterator[tuple[str, Result]]:
    told = (
        (check.failures, check.old_failures), (check.warnings, check.old_warnings),
        (check.exceptions, None),
    )  # fmt: skip
    for kind, lists in zip(_KINDS, told, strict=True):
        for one in (*(lists[0] or ()), *(lists[1] or ())):
            yield kind, Result(msg=one) if isinstance(one, str) else one


def _successes(check: Check) -> int:
    told = check.successes if check.successes is not None else check.old_successes
    return len(told) if isinstance(told, list) else count_of(told) or 0


def _decision(counts: dict[str, int]) -> str:
    if counts["failures"]:
        return "deny"
    if counts["warnings"]:
        return "warn"
    # Where no rule applied, nothing was decided.
    return "allow" if counts["successes"] or counts["exceptions"] else "undecided"


FORMAT: Final = Format("conftest", "Conftest JSON", "application/json", claims, read)
