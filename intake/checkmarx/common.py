"""What Checkmarx's formats share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.number import count_of
from intake.rows import named
from intake.severity import of_word

if TYPE_CHECKING:
    from intake.fingerprint import Fingerprints

SAST: Final = "Checkmarx CxSAST"
ONE: Final = "Checkmarx One"
WORDS: Final = ("critical", "high", "medium", "low", "info")
KINDS: Final = {
    "sast": "sast", "sca": "sca", "kics": "iac", "iac": "iac", "containers": "container",
    "sca-container": "container", "sscs-secret-detection": "secret",
}  # fmt: skip
"""What the parts of Checkmarx One look for, by the type of their results."""
EXTENTS: Final = {"full": "full", "incremental": "changes"}
"""What was looked at, by the type of a scan."""
_INFORMATION: Final = frozenset({"information", "informational"})
# CxSAST's number for the first is 1; thresholds of Checkmarx One pass over the second as well.
_JUDGED: Final = frozenset({"not exploitable", "ignored", "1"})
_SPENT: Final = re.compile(r"(\d{1,4})h:(\d{1,2})m:(\d{1,2})s")


def word_of(severity: str | None) -> str:
    """The severity as it is counted; versions spell the lowest differently."""
    word = (severity or "").strip().lower()
    return "info" if word in _INFORMATION else word or "unknown"


def is_set_aside(state: str | None) -> bool:
    """Whether people judged that a result is none; proposing so is not yet a judgement."""
    return (state or "").strip().lower().replace("_", " ") in _JUDGED


def cwe_of(number: str | None) -> str | None:
    """The weakness (CWE) that a query looks for, or None."""
    found = count_of(number)
    return f"CWE-{found}" if found else None


def spent_s(text: str | None) -> float | None:
    """How long a scan took, in seconds, from `00h:07m:13s`."""
    found = _SPENT.fullmatch((text or "").strip())
    if found is None:
        return None
    return float(int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3]))


def row(
    tool: str,
    fingerprints: Fingerprints,
    *,
    rule: str | None,
    target: str | None,
    severity: str,
    similarity: str | None,
    suppressed: bool,
    **more: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    """One finding.

    Args:
        tool: who found it.
        fingerprints: of the file.
        rule: the query, or the vulnerability.
        target: the file or package.
        severity: Checkmarx' own word.
        similarity: Checkmarx' id of what is the same in every scan, or None.
        suppressed: people judged that it is none.
        more: further fields; None is left out.
    """
    name = named(rule)
    parts = (tool, name, similarity) if similarity else (tool, name, target)
    return {
        "tool": tool,
        "rule": name,
        "fingerprint": fingerprints.give(*parts),
        "fingerprint_basis": "similarity id" if similarity else "made",
        "target": named(target),
        "severity": of_word(severity),
        "suppressed": suppressed or None,
    } | more
