"""Predicates that say that something was checked: summaries of verifications, tests, scans."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import field

from intake.fingerprint import fingerprint_of
from intake.instant import told_time
from intake.json_body import read_fields
from intake.report import Reading, fact
from intake.rows import Rows, named
from intake.scan import Scan
from intake.severity import of_score, of_word

if TYPE_CHECKING:
    from intake.in_toto.said import Said

_VERDICTS: Final = {"PASSED": "success", "WARNED": "success", "FAILED": "failure"}
_SEVERITIES: Final = ("critical", "high", "medium", "low", "info", "unknown")


class _Object(msgspec.Struct, rename="camel", gc=False):
    """An object; any field may be missing or null."""


class Identity(_Object):
    """Who or what, by a URI."""

    id: str | None = None
    uri: str | None = None


class Summary(_Object):
    """A verification summary (SLSA, v0.1 to v1) or a simple verification result (in-toto)."""

    verifier: Identity | None = None
    time_verified: str | None = None
    time_created: str | None = None
    resource_uri: str | None = None
    policy: Identity | None = None
    verification_result: str | None = None
    verified_levels: list[str] | None = None
    properties: list[str] | None = None
    old_time: str | None = field(name="time_verified", default=None)
    old_resource: str | None = field(name="resource_uri", default=None)
    old_result: str | None = field(name="verification_result", default=None)
    old_level: str | None = field(name="policy_level", default=None)


class TestResult(_Object):
    """Results of tests (in-toto, v0.1)."""

    result: str | None = None
    url: str | None = None
    passed_tests: list[str] | None = None
    warned_tests: list[str] | None = None
    failed_tests: list[str] | None = None


class Database(_Object):
    """What a scanner knows."""

    last_update: str | None = None


class Scanner(_Object):
    """A scanner and what it found; in cosign's predicate that is of any form."""

    uri: str | None = None
    version: str | None = None
    db: Database | None = None
    result: Any = None


class ScanTimes(_Object):
    """When it was scanned."""

    scan_started_on: str | None = None
    scan_finished_on: str | None = None


class Vulnerabilities(_Object):
    """Results of a vulnerability scan (in-toto, cosign)."""

    scanner: Scanner | None = None
    metadata: ScanTimes | None = None


def verification(said: Said) -> list[Reading]:
    """A verification that another tool made and summed up.

    Raises:
        RefusedError: of another structure; the field is named.
    """
    one = read_fields(said.predicate, Summary)
    word = named(one.verification_result or one.old_result)
    # A simple result lists what was found to hold; there is none of what does not.
    outcome = _VERDICTS.get((word or "").upper()) or ("success" if one.properties else None)
    if outcome is None:
        return []
    levels = one.verified_levels or one.properties or [one.old_level or ""]
    told = told_time(one.time_verified or one.old_time or one.time_created)
    data = said.base | {
        "outcome": outcome,
        "reported_outcome": word,
        "verifier": named(one.verifier.id) if one.verifier else None,
        "levels": [level for level in map(named, levels) if level] or None,
        "resource": named(one.resource_uri or one.old_resource),
        "policy": named(one.policy.uri) if one.policy else None,
    }
    return [
        fact("attestation.verified", told, data | verified_subject(subject))
        for subject in said.subjects
        if subject
    ]


def verified_subject(subject: dict[str, Any]) -> dict[str, Any]:
    """A subject where an artifact must be named; of a commit there is none but its name."""
    return subject | {"artifact": subject["artifact"] or {"name": f"commit {subject['commit']}"}}


def tests(said: Said) -> list[Reading]:
    """The result of a run of tests.

    Raises:
        RefusedError: of another structure; the field is named.
        TooLargeError: too many tests.
    """
    one = read_fields(said.predicate, TestResult)
    word = named(one.result)
    lists = {"passed": one.passed_tests, "warned": one.warned_tests, "failed": one.failed_tests}
    counts = {status: len(names) for status, names in lists.items() if names is not None}
    outcome = "failure" if counts.get("failed") else _VERDICTS.get((word or "").upper())
    if outcome is None:
        return []
    rows = Rows("results")
    for status, names in lists.items():
        for name in names or ():
            rows.add({"name": named(name), "status": status})
    document = rows.document()
    data = said.base | {
        "outcome": outcome,
        "reported_outcome": word,
        "counts": counts or None,
        "counted": "names of tests" if counts else None,
        "format": "in-toto",
        "url": named(one.url),
        "results": document.digest if document else None,
    }
    return _of_each(fact("tests.finished", said.logged_at, data, documents=[document]), said)


def scan(said: Said) -> list[Reading]:
    """The result of a vulnerability scan; findings in a scanner's own form are not counted.

    Raises:
        RefusedError: of another structure; the field is named.
        TooLargeError: too many findings.
    """
    one = read_fields(said.predicate, Vulnerabilities)
    scanner, times = one.scanner or Scanner(), one.metadata or ScanTimes()
    began = told_time(times.scan_started_on)
    updated = told_time(scanner.db.last_update) if scanner.db else None
    tool = _tool(scanner.uri)
    data = said.base | {
        "tool": tool,
        "tool_version": named(scanner.version),
        "format": "in-toto",
        "database_date": updated.time if updated and updated.local is None else None,
        "started_at": began.time if began else None,
    }
    told = told_time(times.scan_finished_on) or said.logged_at
    if not isinstance(scanner.result, list):
        return _of_each(fact("scan.finished", told, data | {"outcome": "success"}), said)
    found = Scan(*_SEVERITIES)
    for each in scanner.result:
        if isinstance(each, dict):
            rule = named(each["id"]) if isinstance(each.get("id"), str) else None
            severity = _severity(each.get("severity"))
            found.add(severity, {
                "tool": tool, "rule": rule, "fingerprint": fingerprint_of(tool, rule),
                "severity": severity,
            })  # fmt: skip
    return _of_each(found.reading("vulnerabilities by severity", told, data), said)


def _of_each(whole: Reading, said: Said) -> list[Reading]:
    """The reading of each subject; one document is of all, and goes with the first."""
    return [
        replace(
            whole,
            data=whole.data | {name: one for name, one in subject.items() if one is not None},
            documents=() if number else whole.documents,
        )
        for number, subject in enumerate(said.subjects)
    ]


def _tool(uri: str | None) -> str | None:
    """A scanner's name: the last step of its package URL or address, without version."""
    plain = (uri or "").partition("?")[0].partition("#")[0].rstrip("/")
    return named(plain.rpartition("/")[2].partition("@")[0].lower())


def _severity(told: object) -> str:
    """The worst of the severities that were given by several methods."""
    found = set()
    for one in told if isinstance(told, list) else [told]:
        score = one.get("score") if isinstance(one, dict) else None
        if isinstance(score, str | int | float) and not isinstance(score, bool):
            word = of_word(str(score))
            found.add(word if word != "unknown" else _band(score))
    return next((word for word in _SEVERITIES if word in found), "unknown")


def _band(score: str | float) -> str:
    try:
        return of_score(score) or "unknown"
    except OverflowError:
        return "unknown"
