"""What was found in one image or repository: a scan, and what its compliance checks found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.fingerprint import Fingerprints
from intake.number import count_of
from intake.rows import named
from intake.scan import Scan, differing
from intake.severity import of_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.instant import Told
    from intake.report import Reading

TOOL: Final = "Prisma Cloud"
WORDS: Final = ("critical", "high", "medium", "low")
_USED_IN: Final = " (used in "
_FIXED: Final = "fixed in "


class Found:
    """Vulnerabilities and issues of compliance, as they are met."""

    def __init__(self, target: str | None, *, image: bool) -> None:
        """Begin with nothing.

        Args:
            target: what was scanned.
            image: it is an image, and no repository of source code.
        """
        self._target = target
        self._kind = "container" if image else "sca"
        self._scan, self._checks = Scan(*WORDS), Scan(*WORDS)
        self._prints = Fingerprints()
        self.checked = False
        """Whether compliance was looked at."""

    def vulnerability(
        self,
        rule: str | None,
        severity: str | None,
        package: str | None,
        version: str | None,
        status: str | None,
        path: str | None = None,
    ) -> None:
        """Count a vulnerability and write it down.

        Args:
            rule: its id.
            severity: in the tool's word.
            package: its name; binary packages behind it are left out.
            version: of the package.
            status: `fixed in` and versions, or another word.
            path: where the package lies.

        Raises:
            TooLargeError: too many.
        """
        name = named((package or "").partition(_USED_IN)[0])
        fixed = status.removeprefix(_FIXED) if status and status.startswith(_FIXED) else None
        self._scan.add(severity or "unknown", {
            "tool": TOOL,
            "rule": named(rule),
            "fingerprint": self._prints.give(TOOL, rule, path or name),
            "fingerprint_basis": "made",
            "target": named(path) or self._target,
            "severity": of_word(severity),
            "package": name,
            "version": named(version),
            "fixed": named(fixed),
        })  # fmt: skip

    def issue(self, rule: str | None, severity: str | None) -> None:
        """Count an issue of compliance and write it down.

        Args:
            rule: its id, else its title.
            severity: in the tool's word.

        Raises:
            TooLargeError: too many.
        """
        self.checked = True
        self._checks.add(severity or "unknown", {
            "tool": TOOL,
            "rule": named(rule),
            "fingerprint": self._prints.give(TOOL, "compliance", rule),
            "fingerprint_basis": "made",
            "target": self._target,
            "severity": of_word(severity),
            "status": "failed",
        })  # fmt: skip

    def readings(
        self,
        told: Told | None,
        data: Mapping[str, Any],
        passed: Mapping[str, bool | None],
        totals: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None] = (None, None),
    ) -> list[Reading]:
        """The readings.

        Args:
            told: when it was scanned.
            data: all else; None is left out.
            passed: whether the thresholds hold that are set for it: `vulnerabilities`,
                `compliance`, or either's `scan`.
            totals: what headers count, of vulnerabilities and of compliance.
        """
        common = {"tool": TOOL, "target": self._target} | dict(data)
        found = [self._scan.reading("vulnerabilities by severity", told, common | {
            "kind": self._kind,
            "thresholds": _holding(passed, "vulnerabilities", "scan"),
            "claimed": _claimed(self._scan, totals[0]),
        })]  # fmt: skip
        if self.checked:
            found.append(self._checks.reading("issues of compliance by severity", told, common | {
                "kind": "baseline",
                "benchmark": "Prisma Cloud compliance checks",
                "thresholds": _holding(passed, "compliance"),
                "claimed": _claimed(self._checks, totals[1]),
            }))  # fmt: skip
        return found


def _holding(passed: Mapping[str, bool | None], *names: str) -> dict[str, bool] | None:
    return {name: held for name in names if (held := passed.get(name)) is not None} or None


def _claimed(scan: Scan, totals: Mapping[str, Any] | None) -> dict[str, int] | None:
    """Totals count in four words what vendors say in more."""
    counted = dict.fromkeys((*WORDS, "total"), 0)
    for word, number in scan.counts.items():
        counted["total"] += number
        if (band := of_word(word)) in counted:
            counted[band] += number
    told = totals or {}
    return differing(counted, {word: count_of(told.get(word)) for word in counted})
