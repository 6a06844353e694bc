"""What a CycloneDX file says of vulnerabilities: statements on them, or a scanner's findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.fingerprint import Fingerprints
from intake.purl import purl_of
from intake.report import fact
from intake.rows import Rows, named
from intake.scan import Scan
from intake.severity import of_score, of_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.bom.cyclonedx_structure import Rating, Vulnerability
    from intake.bom.inventory import Bom
    from intake.report import Reading

_OF_THE_DOCUMENT: Final = frozenset({"serial", "document_name", "format_version", "purl"})
UNSTATED: Final = "not_stated"
_UNKNOWN: Final = "unknown"
_SEVERITIES: Final = ("critical", "high", "medium", "low", "info", _UNKNOWN)


def stated(bom: Bom, vulnerabilities: Iterable[Vulnerability]) -> Reading:
    """Statements on exploitability (VEX), counted by state.

    Raises:
        TooLargeError: too many.
    """
    rows = Rows("statements")
    counts: dict[str, int] = {}
    for one in vulnerabilities:
        analysis = one.analysis
        state = named(analysis.state if analysis is not None else None) or UNSTATED
        counts[state] = counts.get(state, 0) + 1
        rows.add({
            "vulnerability": named(one.id),
            "source": named(one.source.name) if one.source is not None else None,
            "state": state,
            "justification": named(analysis.justification) if analysis is not None else None,
            "response": (analysis.response if analysis is not None else None) or None,
            "severity": severity_of(one),
            "affects": _affected(one) or None,
        })  # fmt: skip
    document = rows.document()
    data = bom.common() | {
        "kind": "vex",
        "counts": dict(sorted(counts.items())),
        "statements": document.digest if document else None,
    }
    return fact("artifact.described", bom.told, data, documents=(document,))


def scanned(bom: Bom, vulnerabilities: Iterable[Vulnerability], *, is_image: bool) -> Reading:
    """Findings of a scanner that writes them into a bill of materials, counted by severity.

    Raises:
        TooLargeError: too many.
    """
    scan = Scan(*_SEVERITIES)
    fingerprints = Fingerprints()
    tool = named(bom.tool)
    for one in vulnerabilities:
        severity, rule = severity_of(one) or _UNKNOWN, named(one.id)
        affected = _affected(one)
        scan.add(severity, {
            "tool": tool, "rule": rule, "severity": severity,
            "fingerprint": fingerprints.give(tool, rule, *affected),
            "fingerprint_basis": "made", "target": affected[0] if affected else None,
            "targets": affected[1:] or None,
        })  # fmt: skip
    common = {name: value for name, value in bom.common().items() if name not in _OF_THE_DOCUMENT}
    data = common | {
        "kind": "container" if is_image else "sca",
        # Another version of it is scanned as the same: `release` tells which one it was.
        "target": named(bom.subject.name) if bom.subject is not None else None,
    }
    return scan.reading("vulnerabilities by severity", bom.told, data)


def severity_of(one: Vulnerability) -> str | None:
    """By the rating of who told of it, else the worst of all ratings; None without any.

    Who told of it without rating it (`unknown`) says nothing against the others.
    """
    teller = one.source.name if one.source is not None else None
    rated = [(rating.source.name if rating.source else None, _band(rating))
             for rating in one.ratings or ()]  # fmt: skip
    every = [band for _, band in rated if band is not None]
    own = [band for source, band in rated if band and band != _UNKNOWN and source == teller]
    return min(own or every, key=_SEVERITIES.index, default=None)


def _band(rating: Rating) -> str | None:
    return of_word(rating.severity) if rating.severity else of_score(rating.score)


def _affected(one: Vulnerability) -> list[str]:
    return [ref for ref in (purl_of(item.ref) for item in one.affects or ()) if ref is not None]
