"""CxSAST's XML report: queries, and what each found.

Its times have no zone; they are those of the server. When a scan ended is not told, so its start
and length are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.checkmarx.common import (
    EXTENTS,
    SAST,
    WORDS,
    cwe_of,
    is_set_aside,
    row,
    spent_s,
    word_of,
)
from intake.fingerprint import Fingerprints
from intake.instant import told_time
from intake.number import count_of
from intake.person import person_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan
from intake.xml_body import read_elements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.buffer import Buffer
    from intake.shape import Shape

_ROOT: Final = "CxXMLResults"


def claims(shape: Shape) -> bool:
    """The outermost element."""
    return shape.root == _ROOT


def read(body: Buffer) -> list[Reading]:
    """The reading of a report.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = _Report()
    read_elements(body, report)
    return [report.reading()]


class _Report:
    """Hears the elements; snippets of code are texts, and those are not listened to."""

    def __init__(self) -> None:
        self._root: Mapping[str, str] = {}
        self._query: Mapping[str, str] = {}
        self._result: Mapping[str, str] | None = None
        self._similarity: str | None = None
        self._scan = Scan(*WORDS)
        self._fingerprints = Fingerprints()
        self._depth = self._queries = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            if name != _ROOT:
                raise RefusedError("document", f"expected the element {_ROOT}")
            self._root = attributes
        elif name == "Query":
            self._query = attributes
            self._queries += 1
        elif name == "Result":
            self._result, self._similarity = attributes, None
        elif name == "Path" and self._similarity is None:
            self._similarity = named(attributes.get("SimilarityId"))

    def end(self, name: str) -> None:
        self._depth -= 1
        if name == "Result" and self._result is not None:
            self._add(self._result)
            self._result = None

    def _add(self, result: Mapping[str, str]) -> None:
        query = self._query
        severity = result.get("Severity") or query.get("Severity")
        aside = (result.get("FalsePositive") or "").lower() == "true" or is_set_aside(
            result.get("state")
        )
        self._scan.suppressed += aside
        self._scan.add(word_of(severity), row(
            SAST, self._fingerprints, rule=query.get("name"), target=result.get("FileName"),
            severity=severity or "", similarity=self._similarity, suppressed=aside,
            line=count_of(result.get("Line")), cwe=cwe_of(query.get("cweId")),
            language=named(query.get("Language")), status=named(result.get("Status")),
        ))  # fmt: skip

    def reading(self) -> Reading:
        root = self._root
        who = person_of("checkmarx", name=root.get("InitiatorName"))
        return self._scan.reading("results by severity", told_time(root.get("ScanStart")), {
            "tool": SAST,
            "tool_version": named(root.get("CheckmarxVersion")),
            "kind": "sast",
            "target": named(root.get("ProjectName")),
            "analysis": named(root.get("ScanId")),
            "profile": named(root.get("Preset")),
            "scanned": count_of(root.get("FilesScanned")),
            "duration_s": spent_s(root.get("ScanTime")),
            "extent": EXTENTS.get((root.get("ScanType") or "").lower()),
            "rules": self._queries,
            "actor": who,
        })  # fmt: skip


FORMAT: Final = Format(
    "checkmarx-sast", "Checkmarx CxSAST XML report", "application/xml", claims, read, read
)
