"""Statements on vulnerabilities that stand in a bill of materials, or alone."""

from __future__ import annotations

import json

from tests.intake.bills import CYCLONEDX, DIGEST, SPDX3, VULNERABLE, all_of, one, rows, subject


def test_statements_stand_beside_the_bill() -> None:
    """With any analysis the list is one of statements; what has none is said to have none."""
    told = CYCLONEDX | {"vulnerabilities": [
        VULNERABLE | {"analysis": {"state": "not_affected", "justification": "code_not_reachable",
                                   "response": ["update"], "detail": "planted-text"}},
        VULNERABLE | {"id": "CVE-2"},
    ]}  # fmt: skip
    described, vex = all_of(json.dumps(told).encode())
    assert (described.data["kind"], vex.data["kind"]) == ("sbom", "vex")
    assert vex.data["counts"] == {"not_affected": 1, "not_stated": 1}
    assert vex.data["artifact"]["digest"] == DIGEST
    assert rows(vex, "statements")[0] == {
        "vulnerability": "CVE-2021-44228", "source": "NVD", "state": "not_affected",
        "justification": "code_not_reachable", "response": ["update"], "severity": "critical",
        "affects": ["log4j"],
    }  # fmt: skip


def test_a_list_without_any_analysis_is_what_a_scanner_found() -> None:
    """By the severity of who told of it, else the worst; an empty list is no clean scan."""
    scored = VULNERABLE | {"id": "CVE-2", "ratings": [
        {"severity": "low"}, {"method": "other"}, {"score": "5.0"}]}  # fmt: skip
    unrated = VULNERABLE | {"id": "CVE-3", "ratings": []}
    told = subject(type="container") | {"vulnerabilities": [VULNERABLE, scored, unrated]}
    _, scan = all_of(json.dumps(told).encode())
    data = scan.data
    assert scan.type == "pipeledger.scan.finished.v1"
    assert (data["kind"], data["outcome"], data["findings_count"]) == ("container", "success", 3)
    assert {name: n for name, n in data["counts"].items() if n} == {
        "critical": 1, "medium": 1, "unknown": 1,
    }  # fmt: skip
    assert data["artifact"]["digest"] == DIGEST
    found = rows(scan, "findings")
    assert len({row["fingerprint"] for row in found}) == 3
    assert one(CYCLONEDX | {"vulnerabilities": []}).data["kind"] == "sbom"


def test_another_version_is_scanned_as_the_same_thing() -> None:
    """What the next release has mended would be open for ever otherwise."""
    told = [
        all_of(json.dumps(subject(version=version) | {"vulnerabilities": [VULNERABLE]}).encode())[1]
        for version in ("1.2.0", "1.3.0")
    ]
    assert [one.data["target"] for one in told] == ["shop", "shop"]
    assert [one.data["release"] for one in told] == ["1.2.0", "1.3.0"]


def test_who_told_of_it_without_rating_it_hides_no_rating() -> None:
    """Trivy writes `unknown` for a vendor that has none."""
    ratings = [{"source": {"name": "NVD"}, "severity": "unknown"},
               {"source": {"name": "ghsa"}, "severity": "critical"}]  # fmt: skip
    value = CYCLONEDX | {"vulnerabilities": [VULNERABLE | {"ratings": ratings}]}
    _, scan = all_of(json.dumps(value).encode())
    assert rows(scan, "findings")[0]["severity"] == "critical"
    none = CYCLONEDX | {"vulnerabilities": [VULNERABLE | {"ratings": ratings[:1]}]}
    assert rows(all_of(json.dumps(none).encode())[1], "findings")[0]["severity"] == "unknown"


def test_statements_may_come_alone() -> None:
    """A VEX file without components describes no bill."""
    told = {"bomFormat": "CycloneDX", "specVersion": "1.5", "vulnerabilities": [
        VULNERABLE | {"analysis": {"state": "exploitable"}}]}  # fmt: skip
    assert one(told).data["counts"] == {"exploitable": 1}
    xml = """<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><vulnerabilities><vulnerability>
    <id>CVE-1</id><ratings><rating><score>9.8</score></rating></ratings>
    <analysis><state>exploitable</state><responses><response>update</response></responses>
    </analysis><affects><target><ref>a</ref></target></affects></vulnerability></vulnerabilities>
    </bom>"""
    assert rows(one(xml), "statements") == [
        {"vulnerability": "CVE-1", "state": "exploitable", "response": ["update"],
         "severity": "critical", "affects": ["a"]},
    ]  # fmt: skip


def test_what_is_affected_loses_user_and_password() -> None:
    """References may be package URLs, and those have addresses of registries in them."""
    affected = {"affects": [{"ref": "pkg:npm/a@1?repository_url=https://me:planted@r.example"}]}
    stated = VULNERABLE | affected | {"analysis": {"state": "exploitable"}}
    (_, scan) = all_of(
        json.dumps(CYCLONEDX | {"vulnerabilities": [VULNERABLE | affected]}).encode()
    )
    (_, vex) = all_of(json.dumps(CYCLONEDX | {"vulnerabilities": [stated]}).encode())
    clean = "pkg:npm/a@1?repository_url=https://r.example"
    assert rows(scan, "findings")[0]["target"] == clean
    assert rows(vex, "statements")[0]["affects"] == [clean]


def test_statements_of_spdx_3() -> None:
    """By the type of the relationship."""
    graph = [
        *SPDX3["@graph"],
        {"type": "software_Package", "spdxId": "u:own", "name": "own",
         "software_packageUrl": "pkg:npm/a@1?repository_url=https://me:planted@r.example"},
        {"type": "security_Vulnerability", "spdxId": "u:v", "externalIdentifier": [
            {"externalIdentifierType": "cve", "identifier": "CVE-1"}]},
        {"type": "security_VexNotAffectedVulnAssessmentRelationship", "from": "u:v",
         "to": ["u:log4j", "u:own"], "relationshipType": "doesNotAffect",
         "security_justificationType": "componentNotPresent"},
    ]  # fmt: skip
    _, vex = all_of(json.dumps(SPDX3 | {"@graph": graph}).encode())
    assert (vex.data["kind"], vex.data["counts"]) == ("vex", {"not_affected": 1})
    assert rows(vex, "statements") == [
        {"vulnerability": "CVE-1", "state": "not_affected", "justification": "componentNotPresent",
         "affects": ["log4j", "pkg:npm/a@1?repository_url=https://r.example"]},
    ]  # fmt: skip
