"""Veracode's detailed report in XML: one `scan.finished` an analysis, and the policy's verdict.

Descriptions and remarks are not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from intake.address import address_of
from intake.fingerprint import Fingerprints
from intake.instant import told_time
from intake.number import count_of
from intake.order import by_time
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.scan import Scan, differing
from intake.veracode.common import TOOL, WORDS, cwe_of, severity_of, word_of
from intake.xml_body import read_elements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.buffer import Buffer
    from intake.shape import Shape

_ROOT: Final = "detailedreport"
_ANALYSES: Final = {
    "static-analysis": "static", "dynamic-analysis": "dynamic", "manual-analysis": "manual",
}  # fmt: skip
_FLAWS: Final = {"staticflaws": "static", "dynamicflaws": "dynamic", "manualflaws": "manual"}
_KINDS: Final = {"static": "sast", "dynamic": "dast", "manual": None, "sca": "sca"}
_COMPOSITION: Final = "software_composition_analysis"
_CLOSED: Final = frozenset({"fixed", "remediated", "cannot reproduce"})
_VERDICTS: Final = {
    "pass": "success", "conditional pass": "success", "did not pass": "failure",
    "not assessed": "skipped",
}  # fmt: skip


def claims(shape: Shape) -> bool:
    """The outermost element, in Veracode's namespace or with its application."""
    return shape.root == _ROOT and "app_name" in shape.attributes


def read(body: Buffer) -> list[Reading]:
    """The readings of a report.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = _Report()
    read_elements(body, report)
    return by_time(report.readings())


class _Report:
    """Hears the elements."""

    def __init__(self) -> None:
        self._root: Mapping[str, str] = {}
        self._analyses: dict[str, Mapping[str, str]] = {}
        self._scans: dict[str, Scan] = {}
        self._closed: dict[str, int] = {}
        self._flaws: str | None = None
        self._component: Mapping[str, str] = {}
        self._fingerprints = Fingerprints()
        self._depth = self._counted = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            if name != _ROOT:
                raise RefusedError("document", f"expected the element {_ROOT}")
            self._root = attributes
        elif name in _ANALYSES:
            self._analyses[_ANALYSES[name]] = attributes
            self._scan(_ANALYSES[name])
        elif name in _FLAWS:
            self._flaws = _FLAWS[name]
        elif name == "flaw" and self._flaws is not None:
            self._flaw(self._flaws, attributes)
        elif name == _COMPOSITION and count_of(attributes.get("third_party_components")) != 0:
            # Reports of other analyses have the element too, with no component.
            self._scan("sca")
        elif name == "component":
            self._component = attributes
        elif name == "vulnerability":
            self._vulnerability(attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        if name in _FLAWS:
            self._flaws = None

    def _scan(self, analysis: str) -> Scan:
        return self._scans.setdefault(analysis, Scan(*WORDS))

    def _flaw(self, analysis: str, told: Mapping[str, str]) -> None:
        scan, word = self._scan(analysis), word_of(told.get("severity"))
        self._counted += 1
        status = (told.get("remediation_status") or "").strip().lower()
        aside = (told.get("mitigation_status") or "").lower() == "accepted"
        is_closed = not aside and status in _CLOSED
        scan.suppressed += aside
        self._closed[analysis] = self._closed.get(analysis, 0) + is_closed
        path = (told.get("sourcefilepath") or "") + (told.get("sourcefile") or "")
        target = named(path) or address_of(told.get("url")) or named(told.get("module"))
        rule, issue = cwe_of(told.get("cweid")), named(told.get("issueid"))
        row = self._row(word, rule, target, issue) | {
            "line": count_of(told.get("line")),
            "issue": issue,
            "category": named(told.get("categoryname")),
            "status": named(told.get("remediation_status")),
            "suppressed": aside or None,
            "policy": (told.get("affects_policy_compliance") or "").lower() == "true" or None,
        }
        # What was mended is no finding.
        if not is_closed:
            scan.add(word, row)

    def _vulnerability(self, told: Mapping[str, str]) -> None:
        scan, word = self._scan("sca"), word_of(told.get("severity"))
        aside = (told.get("mitigation") or "").lower() == "true"
        scan.suppressed += aside
        part = self._component
        package = named(part.get("library")) or named(part.get("file_name"))
        scan.add(word, self._row(word, named(told.get("cve_id")), package, None) | {
            "package": package,
            "version": named(part.get("version")),
            "cwe": cwe_of(told.get("cwe_id")),
            "suppressed": aside or None,
        })  # fmt: skip

    def _row(
        self, word: str, rule: str | None, target: str | None, issue: str | None
    ) -> dict[str, Any]:
        # A flaw keeps its number within its application.
        place = f"{self._root.get('app_id') or ''}/{issue}" if issue is not None else target
        return {
            "tool": TOOL,
            "rule": rule,
            "fingerprint": self._fingerprints.give(TOOL, rule, place),
            "fingerprint_basis": "issue" if issue is not None else "made",
            "target": target,
            "severity": severity_of(word),
            "level": word,
        }

    def readings(self) -> list[Reading]:
        root = self._root
        made = told_time(root.get("generation_date"))
        total = {"total": count_of(root.get("total_flaws"))}
        claimed = differing({"total": self._counted}, total)
        common = {
            "tool": TOOL,
            "target": named(root.get("app_name")),
            "analysis": named(root.get("build_id")),
            "actor": person_of("veracode", name=root.get("submitter")),
        }
        found = []
        for name, scan in self._scans.items():
            told = self._analyses.get("static" if name == "sca" else name, {})
            begun = told_time(told.get("submitted_date"))
            ended = told_time(told.get("published_date")) or made
            counted = "vulnerabilities by severity" if name == "sca" else "flaws by severity"
            found.append(scan.reading(counted, ended, common | {
                "kind": _KINDS[name],
                "tool_version": named(told.get("engine_version")),
                "started_at": begun.time if begun and begun.local is None else None,
                "closed": self._closed.get(name) or None,
                "claimed": claimed if name != "sca" else None,
            }))  # fmt: skip
        status = named(root.get("policy_compliance_status"))
        verdict = _VERDICTS.get((status or "").lower())
        if verdict is not None:
            data = common | {
                "outcome": verdict, "gate": named(root.get("policy_name")),
                "reported_outcome": status,
            }  # fmt: skip
            found.append(fact("quality.evaluated", made, data))
        return found


FORMAT: Final = Format(
    "veracode", "Veracode detailed report", "application/xml", claims, read, read
)
