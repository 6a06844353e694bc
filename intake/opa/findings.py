"""What policies object to, as rows of a findings document; messages stay in the original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.fingerprint import Fingerprints
from intake.rows import Rows, named

if TYPE_CHECKING:
    from intake.report import Document

SEVERITIES: Final = {"failure": "high", "warning": "medium", "exception": "info"}
"""Of what a rule objects to, where the policy names no severity."""


class Findings:
    """A document being written."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._rows = Rows("findings")
        self._prints = Fingerprints()

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self,
        kind: str,
        rule: str | None,
        target: str | None,
        text: str,
        severity: str | None = None,
    ) -> None:
        """Write one down.

        Args:
            kind: `failure`, `warning` or `exception`.
            rule: path of the rule.
            target: the file it is about.
            text: what the rule says; it tells findings apart and is not written down.
            severity: as the policy names it.
        """
        place = named(target)
        self._rows.add({
            "tool": self._tool,
            "rule": named(rule),
            "fingerprint": self._prints.give(self._tool, rule, place, text),
            "target": place,
            "severity": severity or SEVERITIES[kind],
            "kind": kind,
        })  # fmt: skip

    def document(self) -> Document | None:
        """The document; None where there is nothing in it."""
        return self._rows.document()
