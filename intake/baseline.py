"""Scans of hardening baselines: checks by what came of them, and those that somebody must look at.

Counts are of all checks, by the tool's own word. Written down are those that failed, and those that
the tool leaves to people, each with a `status` in one vocabulary: `failed`, `manual`, `error`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.fingerprint import Fingerprints
from intake.rows import named
from intake.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.instant import Told
    from intake.report import Reading


class Baseline:
    """Checks of one run."""

    def __init__(self, tool: str, *words: str) -> None:
        """Begin with no check.

        Args:
            tool: its name.
            words: its own for what came of a check, in lower case; each stands in the counts.
        """
        self._tool = tool
        self._scan = Scan(*words)
        self._prints = Fingerprints()

    @property
    def counts(self) -> Mapping[str, int]:
        """Checks by the tool's word, so far."""
        return self._scan.counts

    @property
    def total(self) -> int:
        """How many checks were counted."""
        return self._scan.total

    def met(
        self,
        word: str,
        rule: str | None,
        status: str | None,
        *,
        target: str | None = None,
        severity: str = "unknown",
        suppressed: bool = False,
        **more: Any,  # noqa: ANN401 - fields of a row
    ) -> None:
        """Count a check, and write it down where it has a status.

        Args:
            word: what came of it, as the tool says.
            rule: its id.
            status: `failed`, `manual` or `error`; None: nobody has to look at it.
            target: what of the machine or cluster it is about.
            severity: in our vocabulary.
            suppressed: somebody said that it need not hold.
            more: fields of the row.

        Raises:
            TooLargeError: too many.
        """
        self._scan.count(word)
        if status is None:
            return
        row = {
            "tool": self._tool,
            "rule": named(rule),
            "fingerprint": self._prints.give(self._tool, rule, target),
            "fingerprint_basis": "made",
            "target": named(target),
            "severity": severity,
            "status": status,
            **more,
        }
        if suppressed:
            self._scan.set_aside(row)
        else:
            self._scan.write(row)

    def reading(self, counted: str, told: Told | None, data: Mapping[str, Any]) -> Reading:
        """The reading.

        Args:
            counted: what the counts are of.
            told: when it ended, or None.
            data: all else; None is left out.
        """
        common = {"tool": self._tool, "kind": "baseline"}
        return self._scan.reading(counted, told, common | dict(data))
