"""Issues and security hotspots, as SonarQube's web API and reports made of it list them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.fingerprint import fingerprint_of
from intake.number import count_of
from intake.rows import named
from intake.scan import Scan
from intake.severity import of_word
from intake.sonarqube.gate import TOOL

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS: Final = ("blocker", "critical", "major", "minor", "info")
"""Severities of issues, from the worst."""

# As SonarQube itself sets one scale beside the other: an issue that is critical does high harm.
_SEVERITIES: Final = {
    "blocker": "critical", "critical": "high", "major": "medium", "minor": "low",
}  # fmt: skip
_IMPACTS: Final = ("blocker", "high", "medium", "low", "info")
_SUPPRESSED: Final = frozenset({
    "FALSE-POSITIVE", "FALSE_POSITIVE", "WONTFIX", "ACCEPTED", "SAFE",
})  # fmt: skip
_CLOSED: Final = frozenset({"CLOSED", "FIXED", "REMOVED"})


class Impact(msgspec.Struct, gc=False):
    """How an issue harms one quality of the software."""

    severity: str | None = None


class Issue(msgspec.Struct, rename="camel", gc=False):
    """An issue or a hotspot; neither its message nor who wrote the line is read."""

    key: str | None = None
    rule: str | None = None
    rule_key: str | None = None
    severity: str | None = None
    vulnerability_probability: str | None = None
    impacts: list[Impact] | None = None
    component: str | None = None
    project: str | None = None
    line: int | str | None = None
    type: Any = None
    status: str | None = None
    issue_status: str | None = None
    resolution: str | None = None


class Listed:
    """Issues as they are met.

    Attributes:
        scan: what was counted.
        closed: how many more there were that are mended or gone: no findings any more.
        projects: keys of the projects they are of.
    """

    def __init__(self, *words: str) -> None:
        self.scan = Scan(*words)
        self.closed = 0
        self.projects: set[str] = set()

    def take(self, issues: Sequence[Issue]) -> None:
        """Count issues and write them down; those that are mended or gone are counted apart.

        Raises:
            TooLargeError: too many.
        """
        for one in issues:
            states = {one.status, one.issue_status, one.resolution}
            suppressed = bool(states & _SUPPRESSED)
            self.scan.suppressed += suppressed
            if (project := named(one.project)) is not None:
                self.projects.add(project)
            if states & _CLOSED and not suppressed:
                # A server goes on listing for a month what was mended.
                self.closed += 1
                continue
            word = _severity(one)
            self.scan.add(word, _row(one, word, suppressed=suppressed))


def _severity(one: Issue) -> str:
    told = one.severity or one.vulnerability_probability
    if told:
        return told.lower()
    # Servers that only rate the harm to each quality list no other severity.
    harms = {(impact.severity or "").lower() for impact in one.impacts or ()}
    return next((word for word in _IMPACTS if word in harms), "unknown")


def _row(one: Issue, word: str, *, suppressed: bool) -> dict[str, Any]:
    rule, key = named(one.rule or one.rule_key), named(one.key)
    path = one.component
    if path is not None and one.project:
        path = path.removeprefix(f"{one.project}:")
    target = named(path)
    return {
        "tool": TOOL,
        "rule": rule,
        "fingerprint": key or fingerprint_of(TOOL, rule, target),
        "fingerprint_basis": "key" if key else "made",
        "target": target,
        "line": count_of(one.line),
        "severity": _SEVERITIES.get(word) or of_word(word),
        "level": named(word),
        "type": named(one.type) if isinstance(one.type, str) else None,
        "status": named(one.issue_status or one.status),
        "resolution": named(one.resolution),
        "suppressed": suppressed or None,
    }
