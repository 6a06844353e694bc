"""The result of one image: a scan, and what policies make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from intake.fingerprint import Fingerprints
from intake.ids import digest_of
from intake.instant import told_epoch
from intake.number import count_of, seconds_of
from intake.person import account_of
from intake.report import fact
from intake.rows import named
from intake.scan import Scan, differing
from intake.severity import of_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from intake.aqua.structure import Assurance, Package, Result, Vulnerability
    from intake.report import Reading

TOOL: Final = "Aqua"
WORDS: Final = ("critical", "high", "medium", "low", "negligible")
COUNTED: Final = "vulnerabilities by severity"
_BARE: Final = re.compile(r"[0-9a-f]{64}")
_MOST: Final = 100


def scan_of(
    found: Iterable[tuple[Package | None, Vulnerability]], target: str | None
) -> Scan:  # fmt: skip
    """Vulnerabilities of one image, counted and written down.

    Args:
        found: each with the package it is in.
        target: the image.

    Raises:
        TooLargeError: too many.
    """
    scan, prints = Scan(*WORDS), Fingerprints()
    for package, one in found:
        name = package.name if package is not None else one.file
        place = (package.path or package.name) if package is not None else one.file
        row = {
            "tool": TOOL,
            "rule": named(one.name),
            "fingerprint": prints.give(TOOL, one.name, place),
            "fingerprint_basis": "made",
            "target": named(package.path if package is not None else one.file) or named(target),
            "severity": of_word(one.word),
            "package": named(name),
            "version": named(package.version) if package is not None else None,
            "fixed": named(one.fix_version),
        }
        if one.is_acknowledged:
            scan.set_aside(row)
        else:
            scan.add(one.word, row)
    return scan


def result_of(result: Result, name: str | None = None) -> Iterator[Reading]:
    """The readings of a result.

    Args:
        result: of one image.
        name: of the image, where it stands around the result.

    Raises:
        RefusedError: it does not say what was found, if anything.
        TooLargeError: too many vulnerabilities.
    """
    target = named(result.image or result.image_name or name)
    totals = result.vulnerability_summary or result.cves_counts or {}
    told = result.cves is not None or result.resources is not None or bool(result.error)
    if not told and count_of(totals.get("total")) != 0:
        raise RefusedError("field resources", "neither resources nor cves, and no error")
    if result.cves is not None:
        scan = scan_of(((None, one) for one in result.cves), target)
    else:
        scan = scan_of(
            (
                (each.resource, one)
                for each in result.resources or ()
                for one in each.vulnerabilities or ()
            ),
            target,
        )
    started = result.scan_started.seconds if result.scan_started is not None else None
    began = told_epoch(started)
    published = told_epoch(result.data_date)
    common: dict[str, Any] = {
        "tool": TOOL,
        "target": target,
        "artifact": _artifact(result),
        "actor": account_of("aqua", named(result.initiating_user)),
    }
    # In an acknowledged one's place there is nobody to say whether the totals count it.
    yield scan.reading(COUNTED, began, common | {
        "kind": "container",
        "outcome": "error" if result.error else "success",
        "claimed": None if scan.suppressed else differing(_all(scan.counts), _told(totals)),
        "started_at": began.time if began is not None else None,
        "duration_s": seconds_of(result.scan_duration),
        "database_date": published.time if published is not None else None,
        "thresholds": _thresholds(result.assurance),
        "reported_outcome": named(result.status),
    })  # fmt: skip
    refused = result.assurance.disallowed if result.assurance is not None else result.disallowed
    if refused is not None:
        checks = (result.assurance.checks_performed if result.assurance else None) or ()
        failed = sum(one.failed is True for one in checks)
        yield fact("policy.evaluated", began, common | {
            "policy": "image assurance",
            "decision": "deny" if refused else "allow",
            "counts": {"passed": len(checks) - failed, "failed": failed} if checks else None,
            "counted": "checks of policies" if checks else None,
            "reported_outcome": "disallowed" if refused else "allowed",
        })  # fmt: skip


def _all(counts: Mapping[str, int]) -> dict[str, int]:
    return {**counts, "total": sum(counts.values())}


def _told(totals: Mapping[str, Any]) -> dict[str, int | None]:
    return {word: count_of(totals.get(word)) for word in (*WORDS, "total")}


def digest_in(text: str | None) -> str | None:
    """A digest, which Aqua also writes without its algorithm."""
    told = (text or "").strip().lower()
    return f"sha256:{told}" if _BARE.fullmatch(told) else digest_of(told)


def _artifact(result: Result) -> dict[str, str] | None:
    """By the digest that a registry knows, where one is told."""
    known = (result.metadata.repo_digests if result.metadata is not None else None) or []
    digests = {digest for one in known if (digest := digest_of(one)) is not None}
    told = digests.pop() if len(digests) == 1 else digest_in(result.digest)
    told = told or digest_of(result.image)
    return {"digest": told} if told is not None else None


def _thresholds(assurance: Assurance | None) -> dict[str, bool] | None:
    """Whether each control of each policy holds."""
    found: dict[str, bool] = {}
    for one in (assurance.checks_performed if assurance is not None else None) or ():
        name = named("/".join(filter(None, (one.policy_name, one.control))))
        if name is not None and (name in found or len(found) < _MOST):
            found[name] = found.get(name, True) and one.failed is not True
    return found or None
