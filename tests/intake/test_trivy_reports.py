"""Trivy's compliance reports say which controls hold; its operator says what runs in a cluster."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import counted, everything, reading_of, readings_of, rows_of

CANARY = "quetzal-4711"
DIGEST = "sha256:" + "a" * 64
TIME = "2026-01-02T03:04:05Z"


def control(rule: str, *statuses: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A control in full."""
    checks = [{"AVDID": "AVD-1", "Status": one, "Message": CANARY} for one in statuses]
    results = [{"Target": "x", "Misconfigurations": checks}] if statuses else None
    return {"ID": rule, "Name": "n", "Severity": "HIGH", "Results": results} | more


def test_a_control_fails_with_anything_that_was_found() -> None:
    """Also with a vulnerability or a secret; checks that passed are nothing against it."""
    found = readings_of(
        {"ID": "k8s-cis-1.23", "Title": "CIS Kubernetes", "Version": "1.23", "Results": [
            control("1.1", "PASS", "FAIL"),
            control("1.2", "PASS"),
            control("1.3"),
            control("1.4", DefaultStatus="FAIL"),
            control("1.5", Results=[{"Vulnerabilities": [{}], "Secrets": [{"Match": CANARY}]}]),
        ]}, "trivy-compliance",
    )  # fmt: skip
    data = found[0].data
    assert counted(found[0]) == {"fail": 3, "pass": 2}
    assert [row["rule"] for row in rows_of(found[0])] == ["1.1", "1.4", "1.5"]
    assert (data["kind"], data["benchmark"]) == ("baseline", "CIS Kubernetes 1.23")
    assert (data["profile"], data["occurrences"]) == ("k8s-cis-1.23", 4)
    assert CANARY not in everything(found)


def test_a_summary_leaves_to_people_what_has_no_number() -> None:
    """The other ones fail by their number."""
    rows = [
        {"ID": "1", "Severity": "LOW", "TotalFail": 0},
        {"ID": "2", "Severity": "LOW", "TotalFail": 3},
        {"ID": "3", "Severity": "LOW"},
    ]
    value = {"ID": "x", "Title": "CIS v2", "SummaryControls": rows}
    found = reading_of(value, "trivy-compliance")
    assert counted(found) == {"pass": 1, "fail": 1, "manual": 1}
    assert [(row["rule"], row["status"]) for row in rows_of(found)] == [
        ("2", "failed"), ("3", "manual"),
    ]  # fmt: skip


def resource(kind: str, report: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A resource of the operator."""
    labels = {f"trivy-operator.resource.{part}": value for part, value in
              (("kind", "ReplicaSet"), ("name", "web-1"), ("namespace", "shop"))}  # fmt: skip
    return {
        "apiVersion": "aquasecurity.github.io/v1alpha1", "kind": kind,
        "metadata": {"name": "replicaset-web-1", "namespace": "shop", "labels": labels},
        "report": {"updateTimestamp": TIME, "scanner": {"name": "Trivy", "version": "0.60"}}
        | report,
    } | more  # fmt: skip


IMAGE = {
    "artifact": {"repository": "acme/web", "tag": "1", "digest": DIGEST},
    "registry": {"server": "reg.example"},
}
VULNERABLE = resource("VulnerabilityReport", IMAGE | {
    "summary": {"criticalCount": 1, "highCount": 9},
    "vulnerabilities": [
        {"vulnerabilityID": "CVE-1", "severity": "CRITICAL", "resource": "libfoo",
         "installedVersion": "1", "fixedVersion": "2", "title": CANARY},
        {"vulnerabilityID": "CVE-2", "severity": "HIGH", "resource": "libfoo"},
    ]})  # fmt: skip
LEAKING = resource("ExposedSecretReport", IMAGE | {"secrets": [
    {"ruleID": "aws", "severity": "CRITICAL", "target": "/x", "match": CANARY}]})  # fmt: skip
AUDITED = resource("ConfigAuditReport", {"checks": [
    {"checkID": "KSV014", "severity": "LOW", "success": False, "messages": [CANARY]},
    {"checkID": "KSV015", "severity": "LOW", "success": True}]})  # fmt: skip


def test_an_image_in_a_cluster_was_scanned() -> None:
    """By the digest that its registry knows, in the namespace in which it runs."""
    found = readings_of(VULNERABLE, "trivy-operator")
    data = found[0].data
    assert (data["kind"], data["target"]) == ("container", "reg.example/acme/web:1")
    assert data["artifact"] == {"digest": DIGEST}
    assert (data["environment"], data["environment_basis"]) == ("shop", "namespace")
    assert counted(found[0]) == {"critical": 1, "high": 1}
    assert data["claimed"] == {"critical": 1, "high": 9}
    assert (found[0].time, data["tool_version"]) == (TIME, "0.60")
    row = rows_of(found[0])[0]
    assert (row["rule"], row["package"], row["version"], row["fixed"]) == (
        "CVE-1", "libfoo", "1", "2",
    )  # fmt: skip
    assert CANARY not in everything(found)


def test_a_finding_keeps_its_fingerprint_when_the_tag_changes() -> None:
    """The problem is the same."""
    other = json.loads(json.dumps(VULNERABLE))
    other["report"]["artifact"]["tag"] = "2"
    first, second = (rows_of(reading_of(one, "trivy-operator")) for one in (VULNERABLE, other))
    assert [row["fingerprint"] for row in first] == [row["fingerprint"] for row in second]


def test_what_is_wrong_in_a_deployment_stays_the_same_with_its_next_rollout() -> None:
    """Its ReplicaSet has another name; one that somebody named so keeps its own."""
    found = []
    for name in ("web-6d4cf56db6", "web-7f89cc4d5", "web-other"):
        audited = json.loads(json.dumps(AUDITED))
        audited["metadata"]["labels"]["trivy-operator.resource.name"] = name
        found.append(reading_of(audited, "trivy-operator"))
    one, two, other = ((each.data["target"], rows_of(each)[0]["fingerprint"]) for each in found)
    assert one == two
    assert (one[0], other[0]) == ("shop/ReplicaSet/web", "shop/ReplicaSet/web-other")
    assert one[1] != other[1]


def test_secrets_and_checks_are_scans_of_their_own_kind() -> None:
    """Of checks those that failed are counted."""
    found = readings_of([LEAKING, AUDITED], "trivy-operator")
    secret, checks = found
    assert (secret.data["kind"], counted(secret)) == ("secret", {"critical": 1})
    assert (checks.data["kind"], counted(checks)) == ("iac", {"low": 1})
    assert (checks.data["passed"], checks.data["target"]) == (1, "shop/ReplicaSet/web-1")
    assert CANARY not in everything(found)


def test_resources_are_read_in_all_their_wrappings() -> None:
    """A list, by kinds, as they are sent; a bill of materials is no scan."""
    bill = resource("SbomReport", {"components": {}})
    wrapped: list[Any] = [
        {"apiVersion": "v1", "kind": "List", "items": [VULNERABLE, bill]},
        {"vulnerabilityreports.aquasecurity.github.io": [VULNERABLE],
         "sbomreports.aquasecurity.github.io": [bill]},
        {"verb": "update", "operatorObject": VULNERABLE},
        [bill, VULNERABLE],
    ]  # fmt: skip
    for one in wrapped:
        assert counted(reading_of(one, "trivy-operator")) == {"critical": 1, "high": 1}


def compliance(**status: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A compliance report of a cluster."""
    return {
        "apiVersion": "aquasecurity.github.io/v1alpha1", "kind": "ClusterComplianceReport",
        "metadata": {"name": "cis", "labels": {"app.kubernetes.io/version": "0.25"}},
        "spec": {"compliance": {"id": "k8s-cis", "title": "CIS v1.23", "version": "1.23"}},
        "status": {"updateTimestamp": TIME} | status,
    }  # fmt: skip


def test_a_cluster_s_compliance_is_read_in_short_and_in_full() -> None:
    """Checks that did not succeed stand against a control."""
    rows = [{"id": "1", "severity": "HIGH", "totalFail": 2}, {"id": "2", "severity": "LOW"},
            {"id": "3", "severity": "LOW", "totalFail": 0}]  # fmt: skip
    short = compliance(summary={"failCount": 5, "passCount": 1},
                       summaryReport={"controlCheck": rows})  # fmt: skip
    found = reading_of(short, "trivy-operator")
    assert counted(found) == {"fail": 1, "manual": 1, "pass": 1}
    assert found.data["claimed"] == {"fail": 5, "pass": 1}
    assert (found.time, found.data["benchmark"]) == (TIME, "CIS v1.23")
    full = compliance(detailReport={"results": [
        {"id": "1", "checks": [{"success": False}, {"success": True}]},
        {"id": "2", "checks": [{"success": True}]}, {"id": "3"}]})  # fmt: skip
    assert counted(reading_of(full, "trivy-operator")) == {"fail": 1, "pass": 2}


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith(("trivy/trivy-compliance", "trivy/trivy-operator"))
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Controls, failures and totals."""
    row, body = ROWS[name], (FOLDER / name).read_bytes()
    if "ClusterComplianceReport" in row:
        found = reading_of(body, "trivy-operator")
        numbers = {word: int(number) for word, number in re.findall(r"'(\w+)Count': (\d+)", row)}
        assert counted(found) == numbers
        assert found.data["tool_version"] == row.partition("version=")[2].partition(";")[0]
        return
    found = reading_of(body, "trivy-compliance")
    ident, title = row.split(";")[0].split()[1:]
    assert (found.data["profile"], found.data["benchmark"]) == (ident, title)
    number = int(re.findall(r"ontrols=(\d+)", row)[0])
    assert (sum(found.data["counts"].values()), counted(found)) == (number, {"fail": 2})
    assert found.data["occurrences"] == 2


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(json.dumps([VULNERABLE, LEAKING, AUDITED]).encode(), 120)
    rows = [{"id": "1", "severity": "HIGH", "totalFail": 2}]
    check_damaged(json.dumps(compliance(summaryReport={"controlCheck": rows})).encode(), 100)
    report = {"ID": "x", "Title": "t", "Results": [control("1", "FAIL")]}
    check_damaged(json.dumps(report).encode(), 100)
