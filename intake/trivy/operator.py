"""Resources of the Trivy operator: what it found in the images and objects of a cluster."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.baseline import Baseline
from intake.fingerprint import Fingerprints
from intake.ids import digest_of
from intake.instant import told_time
from intake.json_body import read_all, read_fields
from intake.number import count_of
from intake.order import by_time
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan, differing
from intake.severity import of_word
from intake.shape import shape_of
from intake.trivy.compliance import COUNTED, WORDS, met, titled
from intake.trivy.found import TOOL
from intake.trivy.resources import Delivered, Found, Metadata, Report, Resource, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Members, Shape

_GROUP: Final = b'"aquasecurity.github.io/'
_PLURALS: Final = ".aquasecurity.github.io"
_SEVERITIES: Final = ("critical", "high", "medium", "low", "unknown")
_LABEL: Final = "trivy-operator.resource."
_OLD_LABEL: Final = "starboard.resource."
_PARTS: Final = ("namespace", "kind", "name")
_TEMPLATE: Final = re.compile(r"(?<=.)-[bcdfghjklmnpqrstvwxz2456789]{6,10}\Z")
"""What Kubernetes adds to the name of a Deployment's ReplicaSet: another with each rollout."""
_VERSION: Final = "app.kubernetes.io/version"
_KINDS: Final = {
    "VulnerabilityReport": "container", "ExposedSecretReport": "secret",
    "ConfigAuditReport": "iac", "RbacAssessmentReport": "iac", "InfraAssessmentReport": "iac",
}  # fmt: skip
_COUNTED: Final = {
    "container": "vulnerabilities by severity", "secret": "secrets by severity",
    "iac": "failed checks by severity",
}  # fmt: skip
_COMPLIANCE: Final = "ClusterComplianceReport"


def claims(shape: Shape) -> bool:
    """Resources: one, several, a list, by their kinds, or as the operator sends them."""
    members = shape.object
    if any(_is_ours(one) for one in (members, shape.first("items"), shape.inner("operatorObject"))):
        return True
    return bool(members) and all(name.endswith(_PLURALS) for name in members)


def _is_ours(members: Members) -> bool:
    return bytes(members.get("apiVersion", b"")).startswith(_GROUP)


def read(body: bytes) -> list[Reading]:
    """The readings of resources; those of other kinds, and without a report, have none.

    Raises:
        RefusedError: no such resources; the place is named.
        TooLargeError: a limit was passed.
    """
    members = shape_of(body).members or {}
    if members and all(name.endswith(_PLURALS) for name in members):
        told = read_fields(body, dict[str, list[Resource]])
        return by_time(one for several in told.values() for one in _readings(several))
    if "operatorObject" in members:
        sent = read_fields(body, Delivered).resource
        return by_time(_readings([sent] if sent is not None else []))
    return by_time(_readings(read_all(body, Resource)))


def _readings(resources: list[Resource]) -> Iterator[Reading]:
    for one in resources:
        if one.items is not None:
            yield from _readings(one.items)
        elif one.kind == _COMPLIANCE and one.status is not None:
            yield _compliance(one, one.status)
        elif one.report is not None:
            kind = _KINDS.get((one.kind or "").removeprefix("Cluster"))
            if kind is not None:
                yield _scan(one.metadata or Metadata(), one.report, kind)


def _scan(metadata: Metadata, report: Report, kind: str) -> Reading:
    scan, prints, passed = Scan(*_SEVERITIES), Fingerprints(), 0
    target = _image(report) if kind != "iac" else _owner(metadata)
    for one in (*(report.vulnerabilities or ()), *(report.secrets or ()), *(report.checks or ())):
        if one.success is True:
            passed += 1
        else:
            scan.add(one.severity or "unknown", _row(one, target, prints, kind))
    digest = digest_of(report.artifact.digest) if report.artifact is not None else None
    space = named(metadata.namespace)
    summary = report.summary or {}
    counts = {word: scan.counts.get(word, 0) for word in _SEVERITIES}
    return scan.reading(_COUNTED[kind], told_time(report.update_timestamp), {
        "tool": TOOL,
        "tool_version": named(report.scanner.version) if report.scanner is not None else None,
        "kind": kind,
        "target": target,
        "artifact": {"digest": digest} if digest is not None else None,
        "environment": space,
        "environment_basis": "namespace" if space else None,
        "workload_scanned": _owner(metadata),
        "passed": passed or None,
        "claimed": differing(
            counts, {word: count_of(summary.get(f"{word}Count")) for word in _SEVERITIES}
        ),
    })  # fmt: skip


def _row(one: Found, target: str | None, prints: Fingerprints, kind: str) -> dict[str, Any]:
    rule = one.vulnerability or one.rule or one.check
    # An image has another tag with each build, where the problem is the same.
    place = one.target or (target if kind == "iac" else None)
    return {
        "tool": TOOL,
        "rule": named(rule),
        "fingerprint": prints.give(TOOL, rule, place, one.package),
        "fingerprint_basis": "made",
        "target": named(one.target) or target,
        "severity": of_word(one.severity),
        "package": named(one.package),
        "version": named(one.installed),
        "fixed": named(one.fixed),
        "category": named(one.category),
    }


def _image(report: Report) -> str | None:
    artifact = report.artifact
    if artifact is None or not artifact.repository:
        return None
    server = report.registry.server if report.registry is not None else None
    path = "/".join(filter(None, (server, artifact.repository)))
    return named(f"{path}:{artifact.tag}" if artifact.tag else path)


def _owner(metadata: Metadata) -> str | None:
    """The object that was looked at, as the operator's labels name it."""
    labels = metadata.labels or {}
    told = (labels.get(_LABEL + one, labels.get(_OLD_LABEL + one)) for one in _PARTS)
    space, kind, name = (one if isinstance(one, str) else None for one in told)
    if name and kind == "ReplicaSet":
        name = _TEMPLATE.sub("", name)
    return named("/".join(filter(None, (space, kind, name)))) or named(metadata.name)


def _compliance(one: Resource, status: Status) -> Reading:
    metadata = one.metadata or Metadata()
    benchmark = one.spec.compliance if one.spec is not None else None
    found, number = Baseline(TOOL, *WORDS), 0
    short = status.summary_report
    if short is not None and short.control_check:
        for check in short.control_check:
            failed = count_of(check.total_fail)
            number += failed or 0
            met(found, check.id, check.severity, failed)
    elif status.detail_report is not None:
        for control in status.detail_report.results or ():
            failed = sum(each.success is not True for each in control.checks or ())
            number += failed
            met(found, control.id, control.severity, failed)
    version = (metadata.labels or {}).get(_VERSION)
    summary = status.summary or {}
    counts = {word: found.counts[word] for word in ("fail", "pass")}
    return found.reading(COUNTED, told_time(status.update_timestamp), {
        "tool_version": named(version) if isinstance(version, str) else None,
        "benchmark": titled(benchmark.title, benchmark.version) if benchmark else None,
        "profile": named(benchmark.id if benchmark else None) or named(metadata.name),
        "occurrences": number,
        "claimed": differing(
            counts, {word: count_of(summary.get(f"{word}Count")) for word in counts}
        ),
    })  # fmt: skip


FORMAT: Final = Format(
    "trivy-operator", "Trivy operator resources", "application/json", claims, read
)
