"""What a set of policies decided about a run: one `policy.evaluated`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.opa.findings import Findings
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from intake.instant import Told
    from intake.report import Reading

TOOL: Final = "sentinel"
ADVISORY: Final = "advisory"
_HARD: Final = ("hard-failed", "mandatory-failed")
_SOFT: Final = "soft-failed"
_WARNED: Final = "advisory-failed"
_BROKEN: Final = "errored"


def decision_of(counts: Mapping[str, int]) -> str:
    """What counts of policies come to; one that could not be evaluated decides nothing."""
    if any(counts.get(name) for name in (*_HARD, _SOFT)):
        return "deny"
    if counts.get(_BROKEN):
        return "undecided"
    if counts.get(_WARNED):
        return "warn"
    return "allow" if counts.get("passed") else "undecided"


def enforcement_of(counts: Mapping[str, int]) -> str | None:
    """The strictest level at which one failed; None where none did."""
    if any(counts.get(name) for name in _HARD):
        return "hard"
    if counts.get(_SOFT):
        return "soft"
    return ADVISORY if counts.get(_WARNED) else None


def checked(
    told: Told | None,
    policies: Iterable[tuple[str, bool, str | None]],
    counts: Mapping[str, int],
    data: Mapping[str, Any],
) -> Reading:
    """The reading.

    Args:
        told: when it was decided.
        policies: name, whether it held, and the level at which it is enforced.
        counts: of policies, by what came of them.
        data: all else; comes before what the counts tell.

    Raises:
        TooLargeError: too many policies.
    """
    names: set[str] = set()
    tool = data.get("tool") or TOOL
    findings = Findings(tool)
    for name, held, level in policies:
        names.add(name)
        if not held:
            findings.add("warning" if level == ADVISORY else "failure", name, None, "")
    document = findings.document()
    found: dict[str, Any] = {
        "policy": named(next(iter(names))) if len(names) == 1 else None,
        "decision": decision_of(counts),
        "enforcement": enforcement_of(counts),
        "counts": dict(counts),
        "counted": "policies",
        "findings": document.digest if document else None,
        "findings_count": len(findings) if names else None,
        "tool": tool,
    }
    whole = found | {name: value for name, value in data.items() if value is not None}
    whole["policy"] = whole["policy"] or tool
    return fact("policy.evaluated", told, whole, documents=[document])
