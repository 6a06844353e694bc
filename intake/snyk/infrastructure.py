"""Issues of infrastructure as code: Snyk writes one object a file, and they are one scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.fingerprint import Fingerprints
from intake.rows import named
from intake.scan import Scan
from intake.severity import of_word
from intake.snyk.packages import TOOL, WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.report import Reading
    from intake.snyk.structure import Misconfiguration, Project


def infrastructure_of(files: Sequence[Project]) -> Reading:
    """The reading of the files of one project.

    Raises:
        TooLargeError: too many findings.
    """
    scan, fingerprints = Scan(*WORDS), Fingerprints()
    for file in files:
        for one in file.issues or ():
            row = _row(one, file, fingerprints)
            if one.is_ignored:
                scan.set_aside(row)
            else:
                scan.add(one.severity or "unknown", row)
    verdicts = [file.ok for file in files if file.ok is not None]
    data: dict[str, Any] = {
        "tool": TOOL,
        "kind": "iac",
        "target": named(files[0].project_name) or named(files[0].path),
        "scanned": len(files),
        "thresholds": {"ok": all(verdicts)} if verdicts else None,
    }
    return scan.reading("issues by severity", None, data)


def _row(one: Misconfiguration, file: Project, fingerprints: Fingerprints) -> dict[str, Any]:
    rule, target = named(one.id or one.public_id), named(file.file)
    resource = named(".".join(str(step) for step in one.path or ()))
    line = one.line_number
    return {
        "tool": TOOL,
        "rule": rule,
        "fingerprint": fingerprints.give(TOOL, rule, target, resource),
        "fingerprint_basis": "made",
        "target": target,
        "severity": of_word(one.severity),
        "resource": resource,
        "line": line if line is not None and line > 0 else None,
    }
