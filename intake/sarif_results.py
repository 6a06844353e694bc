"""One SARIF result as a row of the findings document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.fingerprint import fingerprint_of
from intake.rows import named
from intake.scanners import NOT_TOLD
from intake.severity import of_score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.sarif_run import Run
    from intake.sarif_structure import ArtifactLocation, Result, Rule

_SEVERITIES: Final = {"error": "high", "warning": "medium", "note": "low", "none": "info"}
_IN_ORDER: Final = frozenset({"pass", "notApplicable", "informational"})
_LINE_HASH: Final = "primaryLocationLineHash"


def is_suppressed(result: Result) -> bool:
    """Whether a result counts as suppressed (section 3.27.23)."""
    found = result.suppressions or ()
    return bool(found) and all(one.status in (None, "accepted") for one in found)


def is_finding(result: Result) -> bool:
    """Whether there is something to look at (sections 3.27.9 and 3.27.24).

    What is in order is none, and neither is what an earlier run found and this one did not.
    """
    return result.kind not in _IN_ORDER and result.baseline_state != "absent"


def finding_of(
    tool: str, run: Run, result: Result, rule: Rule | None, level: str
) -> dict[str, Any]:
    """The row of a result.

    Its severity is the band of the rule's CVSS score where it has one (`security-severity`), else
    that of the level: error high, warning medium, note low, none info.
    """
    reference = result.rule.id if result.rule is not None else None
    name = named(result.rule_id or reference or (rule.id if rule is not None else None))
    path, line = _place(run, result)
    score = rule.properties.security_severity if rule is not None and rule.properties else None
    fingerprint, basis = _fingerprint(tool, name, path, result)
    return {
        "tool": tool,
        "rule": name,
        "fingerprint": fingerprint,
        "fingerprint_basis": basis,
        "target": path,
        "line": line,
        "severity": of_score(score) or _SEVERITIES[level],
        "level": level,
        "kind": named(result.kind),
        "baseline": named(result.baseline_state),
        "suppressed": is_suppressed(result) or None,
    }


def _place(run: Run, result: Result) -> tuple[str | None, int | None]:
    for location in result.locations or ():
        physical = location.physical_location
        if physical is not None and physical.artifact_location is not None:
            line = physical.region.start_line if physical.region is not None else None
            return named(_address(run, physical.artifact_location)), line
        for logical in location.logical_locations or ():
            if (name := logical.fully_qualified_name or logical.name) is not None:
                return named(name), None
    return None, None


def _address(run: Run, place: ArtifactLocation) -> str | None:
    """A file's address, which may stand among the run's artifacts (section 3.4.5)."""
    artifacts = run.artifacts or ()
    if place.uri is None and 0 <= place.index < len(artifacts):
        location = artifacts[place.index].location
        return location.uri if location is not None else None
    return place.uri


def _fingerprint(tool: str, rule: str | None, path: str | None, result: Result) -> tuple[str, str]:
    """What stays the same for the same problem, and where it comes from.

    The tool's own comes first (sections 3.27.16 and 3.27.17), the newest version of it. Without
    one it is made of tool, rule, file and message; lines move, so they do not go in.
    """
    for basis, told in (
        ("fingerprints", result.fingerprints),
        ("partialFingerprints", result.partial_fingerprints),
    ):
        if value := _newest(told):
            return value, basis
    message = result.message
    text = (message.text or message.id) if message is not None else None
    return fingerprint_of(tool, rule, path, text), "made"


def _newest(told: Mapping[str, Any] | None) -> str | None:
    texts = {
        name: value
        for name, value in (told or {}).items()
        if isinstance(value, str) and value not in ("", NOT_TOLD)
    }
    if not texts:
        return None
    # Code hosts compare results by the hash of the line; it is always the same choice then.
    stem = min((_versioned(name)[0] for name in texts), key=lambda one: (one != _LINE_HASH, one))
    name = max((name for name in texts if _versioned(name)[0] == stem), key=_versioned)
    return named(f"{name}:{texts[name]}")


def _versioned(name: str) -> tuple[str, int]:
    stem, _, version = name.rpartition("/v")
    return (stem, int(version)) if version.isdecimal() and len(version) < 6 else (name, 0)  # noqa: PLR2004 - more digits are no version
