"""Findings of Trivy, sorted by what was looked for: one scan for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from intake.fingerprint import Fingerprints
from intake.purl import purl_of
from intake.rows import named
from intake.scan import Scan
from intake.severity import of_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.trivy.structure import Finding, Result

What = Literal["packages", "iac", "secret", "license"]

TOOL: Final = "Trivy"
_WORDS: Final = ("critical", "high", "medium", "low", "unknown")
_PACKAGES: Final = frozenset({"os-pkgs", "lang-pkgs"})
_CLASSES: Final[dict[str, What]] = {
    "config": "iac", "secret": "secret", "license": "license", "license-file": "license",
}  # fmt: skip
_MODIFIED: Final[dict[str, What]] = {
    "vulnerability": "packages", "misconfiguration": "iac", "secret": "secret",
    "license": "license",
}  # fmt: skip
_OPERATING_SYSTEM: Final = "os-pkgs"


class Found:
    """What was looked for in a report, and what was found.

    Attributes:
        scans: findings by what was looked for, in the order in which it was met.
        in_image: a package was found in a layer of an image.
        passed: checks in the list that passed.
        excepted: checks in the list that were excepted.
        claimed: totals of checks in the headers.
    """

    def __init__(self) -> None:
        self.scans: dict[What, Scan] = {}
        self.in_image = False
        self.passed = self.excepted = 0
        self.claimed: dict[str, int] = {}
        self._fingerprints = Fingerprints()

    def take(self, result: Result, place: str | None = None) -> None:
        """Sort a result in.

        Args:
            result: of a report.
            place: the resource of a cluster that it is of, or None.

        Raises:
            TooLargeError: too many findings.
        """
        for what in _looked_for(result):
            self._scan(what)
        for one in result.vulnerabilities or ():
            self._add("packages", one, self._package(one, result, place))
            self.in_image |= one.layer is not None and bool(one.layer.digest or one.layer.diff_id)
        for one in result.misconfigurations or ():
            self._check(one, result, place)
        for one in result.secrets or ():
            self._add("secret", one, self._secret(one, result, place))
        for one in result.licenses or ():
            self._add("license", one, self._license(one, result, place))
        self._left_out(result, place)
        if (summary := result.summary) is not None:
            for name, number in (("passed", summary.successes), ("failed", summary.failures),
                                 ("excepted", summary.exceptions)):  # fmt: skip
                if number is not None:
                    self.claimed[name] = self.claimed.get(name, 0) + number

    def _scan(self, what: What) -> Scan:
        return self.scans.setdefault(what, Scan(*_WORDS))

    def _add(self, what: What, one: Finding, row: dict[str, Any]) -> None:
        self._scan(what).add(one.severity or "unknown", row)

    def _check(self, one: Finding, result: Result, place: str | None) -> None:
        """Checks that passed are listed too where it was asked for; they are no findings."""
        status = (one.status or "FAIL").upper()
        if status == "PASS":
            self.passed += 1
        elif status == "EXCEPTION":
            self.excepted += 1
            self._scan("iac").set_aside(self._configuration(one, result, place))
        else:
            self._add("iac", one, self._configuration(one, result, place))

    def _left_out(self, result: Result, place: str | None) -> None:
        rows = {
            "packages": self._package, "iac": self._configuration, "secret": self._secret,
            "license": self._license,
        }  # fmt: skip
        for one in result.modified or ():
            what = _MODIFIED.get(one.type or "")
            if what is not None and one.finding is not None:
                row = rows[what](one.finding, result, place)
                self._scan(what).set_aside({**row, "reason": named(one.status)})

    def _package(self, one: Finding, result: Result, place: str | None) -> dict[str, Any]:
        # The target of a system's packages is the image's name with its tag: another one with
        # each build, where the problem is the same.
        target = result.type if result.kind == _OPERATING_SYSTEM else result.target
        where = one.package_path or target
        return self._row(one, place, one.package_path or result.target, where, {
            "rule": named(one.vulnerability),
            "package": named(one.package),
            "version": named(one.installed),
            "fixed": named(one.fixed),
            "status": named(one.status),
            "purl": purl_of(one.identifier.purl) if one.identifier is not None else None,
        })  # fmt: skip

    def _configuration(self, one: Finding, result: Result, place: str | None) -> dict[str, Any]:
        cause = one.cause
        resource = cause.resource if cause is not None else None
        row = {
            "rule": named(one.check),
            "resource": named(resource),
            "line": (cause.start_line or None) if cause is not None else None,
        }
        return self._row(one, place, result.target, result.target, row, resource or one.message)

    def _secret(self, one: Finding, result: Result, place: str | None) -> dict[str, Any]:
        row = {"rule": named(one.rule), "category": named(one.category), "line": one.start_line}
        return self._row(one, place, result.target, result.target, row)

    def _license(self, one: Finding, result: Result, place: str | None) -> dict[str, Any]:
        where = one.file or result.target
        row = {
            "rule": named(one.name),
            "category": named(one.category),
            "package": named(one.package),
        }
        return self._row(one, place, where, where, row)

    def _row(
        self, one: Finding, place: str | None, target: str | None, stable: str | None,
        row: dict[str, Any], more: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """A row; `stable` stands for the target where that changes from build to build."""
        made = self._fingerprints.give(TOOL, row["rule"], place, stable, row.get("package"), more)
        return {
            "tool": TOOL,
            "rule": row["rule"],
            "fingerprint": made,
            "fingerprint_basis": "made",
            "target": named(_within(place, target)),
            "severity": of_word(one.severity),
            **row,
        }


def _within(place: str | None, target: str | None) -> str | None:
    """The target in a cluster; a manifest's is the resource itself, less its namespace."""
    if place is None or target is None:
        return place or target
    return place if f"/{place}".endswith(f"/{target}") else f"{place}/{target}"


def _looked_for(result: Result) -> Iterator[What]:
    """What a result without findings was searched for, as far as its class says it."""
    kind = result.kind
    if kind in _CLASSES:
        yield _CLASSES[kind]
    elif kind in _PACKAGES:
        if result.vulnerabilities or not result.licenses:
            yield "packages"
    elif kind is None and not _others(result):
        # Before there were classes, vulnerabilities were all that was looked for.
        yield "packages"


def _others(result: Result) -> bool:
    lists = (result.misconfigurations, result.secrets, result.licenses, result.modified)
    return result.summary is not None or any(lists)
