"""One `scan.finished` in the making: findings are counted and written down as they are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intake.report import fact
from intake.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.instant import Told
    from intake.report import Reading


class Scan:
    """Findings of one scan.

    Attributes:
        suppressed: how many of them people or settings set aside. They are among the counts where
            the tool lists them with the others, and beside where it keeps them apart (`set_aside`).
    """

    def __init__(self, *words: str) -> None:
        """Begin with no finding.

        Args:
            words: the tool's severities in lower case; each stands in the counts, also with zero.
        """
        self._counts = dict.fromkeys(words, 0)
        self._rows = Rows("findings")
        self.suppressed = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """Findings by severity, so far."""
        return self._counts

    @property
    def total(self) -> int:
        """How many findings were counted."""
        return sum(self._counts.values())

    def add(self, word: str, row: Mapping[str, object]) -> None:
        """Count a finding and write it down.

        Args:
            word: its severity in the tool's own word, any case.
            row: its fields; None is left out.

        Raises:
            TooLargeError: too many findings.
        """
        self.count(word)
        self.write(row)

    def count(self, word: str) -> None:
        """Count a finding that `write` writes down together with others like it."""
        key = word.strip().lower() or "unknown"
        self._counts[key] = self._counts.get(key, 0) + 1

    def write(self, row: Mapping[str, object]) -> None:
        """Write down what was counted.

        Raises:
            TooLargeError: too many findings.
        """
        self._rows.add(row)

    def set_aside(self, row: Mapping[str, object]) -> None:
        """Write down what the tool found and was told to leave out; it is not among the counts.

        Raises:
            TooLargeError: too many findings.
        """
        self.suppressed += 1
        self._rows.add({**row, "suppressed": True})

    def reading(
        self, counted: str, told: Told | None, data: Mapping[str, object], source: str | None = None
    ) -> Reading:
        """The reading.

        Args:
            counted: what the counts are of.
            told: when it ended, or None.
            data: all else; None is left out.
            source: see `Reading`.
        """
        document = self._rows.document()
        found = {
            "outcome": "success",
            "counts": self._counts,
            "counted": counted,
            "suppressed": self.suppressed or None,
            "findings": document.digest if document else None,
            "findings_count": len(self._rows),
        }
        return fact(
            "scan.finished", told, {**found, **data}, source=source, documents=(document,)
        )  # fmt: skip


def differing(
    counted: Mapping[str, int], claimed: Mapping[str, int | None]
) -> dict[str, int] | None:
    """What a header claims, if any of it differs from what was counted, else None."""
    told = {name: number for name, number in claimed.items() if number is not None}
    return told if any(counted[name] != number for name, number in told.items()) else None
