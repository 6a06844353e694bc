"""Alerts of ZAP as they are met, whichever way a report writes them.

An alert is what one rule found at one site; its instances are the places. Requests, responses and
evidence are never read: sessions and passwords stand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from intake.address import address_of
from intake.fingerprint import Fingerprints
from intake.instant import told_time
from intake.number import count_of
from intake.rows import named
from intake.scan import Scan, differing

if TYPE_CHECKING:
    from intake.report import Reading

TOOL: Final = "ZAP"
_RISKS: Final = {0: "info", 1: "low", 2: "medium", 3: "high"}
_WORDS: Final = ("high", "medium", "low", "info")
_FALSE_POSITIVE: Final = 0
_MOST_TARGETS: Final = 100


@dataclass(slots=True)
class Alert:
    """One alert; numbers as the report writes them, mostly as texts.

    Attributes:
        plugin: id of the rule.
        reference: id of the kind of alert, which tells several of one rule apart.
        name: of the alert.
        risk: 0 informational to 3 high.
        confidence: 0 false positive to 4 confirmed by somebody.
        cwe: number of the weakness.
        count: how many instances there are, as the report says.
        instances: how many it lists; None where it lists none at all, as before version 2.4.
    """

    plugin: object = None
    reference: object = None
    name: str | None = None
    risk: object = None
    confidence: object = None
    cwe: object = None
    count: object = None
    instances: int | None = None


class Sites:
    """The sites of a report and what was found there."""

    def __init__(self) -> None:
        self._scan = Scan(*_WORDS)
        self._fingerprints = Fingerprints()
        self._targets: dict[str, None] = {}
        self._sites = self._listed = self._claimed = 0
        self._has_claims = False
        self._site: str | None = None

    def enter(self, name: str | None) -> None:
        """Alerts that follow were found at this site."""
        self._sites += 1
        self._site = address_of(name) or named(name)
        if self._site is not None:
            self._targets[self._site] = None

    def add(self, alert: Alert) -> None:
        """Count an alert and write it down.

        Raises:
            TooLargeError: too many alerts.
        """
        claimed = count_of(alert.count)
        listed = 1 if alert.instances is None else alert.instances
        self._listed += listed
        self._has_claims |= claimed is not None
        self._claimed += listed if claimed is None else claimed
        risk = count_of(alert.risk)
        word = _RISKS.get(risk, "unknown") if risk is not None else "unknown"
        wrong = count_of(alert.confidence) == _FALSE_POSITIVE
        self._scan.suppressed += wrong
        self._scan.add(word, self._row(alert, word, listed, suppressed=wrong))

    def _row(
        self, alert: Alert, word: str, listed: int, *, suppressed: bool
    ) -> dict[str, Any]:  # fmt: skip
        plugin, reference = _id(alert.plugin), _id(alert.reference)
        rule = reference or plugin
        weakness = count_of(alert.cwe)
        return {
            "tool": TOOL,
            "rule": rule,
            "fingerprint": self._fingerprints.give(TOOL, rule, named(alert.name), self._site),
            "fingerprint_basis": "made",
            "target": self._site,
            "severity": word,
            "confidence": count_of(alert.confidence),
            "cwe": f"CWE-{weakness}" if weakness else None,
            "occurrences": listed,
            "suppressed": suppressed or None,
        }

    def reading(
        self, version: str | None, created: str | None, generated: str | None, errors: int = 0
    ) -> Reading:
        """The reading of the report.

        Args:
            version: of ZAP.
            created: instant with a zone, which versions from 2025 on write.
            generated: the same in words and without a zone.
            errors: of the plan that ran the scan.
        """
        targets = list(self._targets)
        data: dict[str, Any] = {
            "tool": TOOL,
            "tool_version": named(version),
            "kind": "dast",
            "outcome": "error" if errors else "success",
            "errors": errors or None,
            "target": targets[0] if self._sites == len(targets) == 1 else None,
            "targets": targets[:_MOST_TARGETS] or None,
            "scanned": self._sites,
            "occurrences": self._listed,
            "claimed": differing(
                {"occurrences": self._listed},
                {"occurrences": self._claimed if self._has_claims else None},
            ),
        }
        told = told_time(created) or told_time(generated)
        return self._scan.reading("alerts by risk", told, data)


def _id(value: object) -> str | None:
    return named(str(value)) if isinstance(value, str | int) and value not in ("", -1) else None
