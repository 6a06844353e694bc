"""What Veracode finds becomes the right facts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import counted, everything, reading_of, readings_of, rows_of

SHA, PLANTED = "a" * 40, "planted-5ecret"


def _report(status: str = "Did Not Pass") -> bytes:
    return f"""<?xml version="1.0"?>
<detailedreport xmlns="https://www.veracode.com/schema/reports/export/1.0" app_name="shop"
 app_id="4" build_id="9" submitter="Mia Chen" generation_date="2026-01-06 16:19:28 UTC"
 total_flaws="3" policy_name="Strict" policy_compliance_status="{status}">
<static-analysis submitted_date="2026-01-05 10:00:00 UTC" published_date="2026-01-05 11:00:00 UTC"
 engine_version="1234"/><dynamic-analysis published_date="2026-01-04 11:00:00 UTC"/>
<severity level="5"><category><cwe cweid="89"><staticflaws>
<flaw severity="5" issueid="1" cweid="89" sourcefile="A.java" sourcefilepath="src/" line="3"
 remediation_status="New" mitigation_status="none" description="{PLANTED}"/>
<flaw severity="4" issueid="2" cweid="79" module="m.war" remediation_status="Open"
 mitigation_status="accepted"/>
<flaw severity="0" issueid="3" cweid="1" remediation_status="Fixed" mitigation_status="none"/>
</staticflaws><dynamicflaws><flaw severity="3" issueid="8" cweid="16"
 url="https://shop.example/a?token={PLANTED}" remediation_status="Open"/></dynamicflaws>
</cwe></category></severity>
<software_composition_analysis><vulnerable_components><component library="jackson" version="2.1"
 file_name="jackson.jar"><vulnerabilities><vulnerability cve_id="CVE-2026-1" severity="3"
 mitigation="true" cwe_id="CWE-20"/></vulnerabilities></component></vulnerable_components>
</software_composition_analysis></detailedreport>""".encode()


def test_each_analysis_of_a_report_is_a_scan() -> None:
    """With its own time and counts, and what was set aside; what was mended is no finding."""
    dast, sast, sca, gate = readings_of(_report(), "veracode")
    assert [one.data.get("kind") for one in (dast, sast, sca)] == ["dast", "sast", "sca"]
    assert counted(sast) == {"very high": 1, "high": 1}
    assert (sast.data["suppressed"], sast.data["closed"]) == (1, 1)
    assert (sast.time, sast.data["started_at"]) == ("2026-01-05T11:00:00Z", "2026-01-05T10:00:00Z")
    assert sast.data["claimed"] == {"total": 3}
    assert (counted(dast), counted(sca), sca.data["suppressed"]) == (
        {"medium": 1},
        {"medium": 1},
        1,
    )
    first = rows_of(sast)[0]
    assert (first["rule"], first["target"], first["severity"]) == (
        "CWE-89", "src/A.java", "critical",
    )  # fmt: skip
    assert rows_of(dast)[0]["target"] == "https://shop.example/a"
    assert rows_of(sca)[0]["package"] == "jackson"
    assert sast.data["actor"] == {"system": "veracode", "name": "Mia Chen"}
    assert gate.type == "pipeledger.quality.evaluated.v1"
    assert (gate.data["gate"], gate.data["outcome"], gate.time) == (
        "Strict", "failure", "2026-01-06T16:19:28Z",
    )  # fmt: skip
    assert PLANTED not in everything([dast, sast, sca, gate])


def test_a_composition_of_nothing_was_not_looked_at() -> None:
    """Reports of a dynamic analysis alone have the element as well."""
    begins = b"<software_composition_analysis"
    head, _, _ = _report().partition(begins)
    text = head + begins + b' third_party_components="0"/></detailedreport>'
    kinds = [one.data.get("kind") for one in readings_of(text, "veracode")]
    assert kinds == ["dast", "sast", None]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("Pass", "success"), ("Conditional Pass", "success"), ("Did Not Pass", "failure"),
        ("Not Assessed", "skipped"), ("Calculating...", None),
    ],
)  # fmt: skip
def test_the_policy_gives_its_verdict(status: str, outcome: str | None) -> None:
    """A verdict that is still to come is none."""
    found = [one for one in readings_of(_report(status), "veracode") if "gate" in one.data]
    assert [one.data["outcome"] for one in found] == ([outcome] if outcome else [])


def _finding(kind: str, severity: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    status = {"status": "OPEN", "last_seen_date": "2026-01-05T10:00:00.5Z",
              "resolution_status": "NONE"} | more.pop("finding_status", {})  # fmt: skip
    details = {"severity": severity, "cwe": {"id": 79}, "file_path": "/a.jsp",
               "url": f"https://x.example/?p={PLANTED}", "attack_vector": PLANTED}  # fmt: skip
    return {"issue_id": 7, "scan_type": kind, "context_guid": "g", "violates_policy": True,
            "description": PLANTED, "finding_status": status,
            "finding_details": details} | more  # fmt: skip


@pytest.mark.parametrize("embedded", [False, True])
def test_findings_are_one_scan_a_kind(*, embedded: bool) -> None:
    """Approved ones are counted, and said to be so; closed ones are none any more."""
    findings = [
        _finding("STATIC", 5), _finding("STATIC", 3, finding_status={"status": "CLOSED"}),
        _finding("STATIC", 2, finding_status={"resolution_status": "APPROVED"}),
        _finding("SCA", 4, issue_id=None, violates_policy=False, finding_details={
            "severity": 4, "cve": {"name": "CVE-2026-1"}, "component_filename": "a.jar"}),
    ]  # fmt: skip
    value: dict[str, Any] = {"findings": findings}
    sast, sca = readings_of({"_embedded": value} if embedded else value, "veracode-findings")
    assert (sast.data["kind"], sca.data["kind"]) == ("sast", "sca")
    assert counted(sast) == {"very high": 1, "low": 1}
    assert [one["level"] for one in rows_of(sast)] == ["very high", "low"]
    assert (sast.data["closed"], sast.data["suppressed"]) == (1, 1)
    assert (sast.data["thresholds"], sca.data["thresholds"]) == (
        {"policy": False}, {"policy": True},
    )  # fmt: skip
    assert sast.time == "2026-01-05T10:00:00.5Z"
    assert rows_of(sca)[0]["rule"] == "CVE-2026-1"
    assert PLANTED not in everything([sast, sca])


def _pipeline(status: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    one = {"title": "eval", "severity": 5, "cwe_id": "95", "issue_type": "Eval",
           "display_text": PLANTED, "files": {"source_file": {"file": "a.jsp", "line": 39}},
           "flaw_match": {"flaw_hash": "1", "cause_hash": "2"}}  # fmt: skip
    return {"scan_id": "s", "scan_status": status, "pipeline_scan": "22.7.0-0",
            "modules": ["a.war"], "findings": [one]} | more  # fmt: skip


@pytest.mark.parametrize(
    ("status", "outcome"), [("SUCCESS", "success"), ("FAILURE", "error"), ("TIMEOUT", "error")]
)
def test_a_pipeline_scan_ran_to_its_end_or_not(status: str, outcome: str) -> None:
    """Findings do not make it fail; it knows the commit where it was told it."""
    value = _pipeline(status, commit_hash=SHA, project_ref="main", project_name="acme/shop",
                      project_uri="https://code.example/acme/shop")  # fmt: skip
    found = reading_of(value, "veracode-pipeline")
    data = found.data
    assert (data["outcome"], data["kind"], counted(found)) == (outcome, "sast", {"very high": 1})
    assert (data["commit"], data["repository"]) == (SHA, "https://code.example/acme/shop")
    assert PLANTED not in everything([found])


@pytest.mark.parametrize(
    ("total", "violates", "thresholds"),
    [(2, False, None), (2, True, {"policy": False}), (1, False, {"policy": True})],
)
def test_one_page_of_several_says_not_that_the_policy_holds(
    total: int, violates: bool, thresholds: dict[str, bool] | None  # noqa: FBT001 - cases
) -> None:  # fmt: skip
    """It may say that it does not; what it does not show is not gone."""
    value = {"_embedded": {"findings": [_finding("STATIC", 4, violates_policy=violates)]},
             "page": {"number": 0, "size": 1, "total_elements": total}}  # fmt: skip
    (found,) = readings_of(value, "veracode-findings")
    assert found.data.get("thresholds") == thresholds
    assert found.data.get("extent") == ("unknown" if total > 1 else None)
    assert found.data.get("claimed") == ({"findings of all pages": 2} if total > 1 else None)


def test_a_fingerprint_does_not_move_with_the_lines() -> None:
    """It is made of Veracode's hashes of the flaw."""
    moved = json.loads(json.dumps(_pipeline("SUCCESS")))
    moved["findings"][0]["files"]["source_file"]["line"] = 99
    was, now = (rows_of(reading_of(one, "veracode-pipeline"))[0]["fingerprint"]
                for one in (_pipeline("SUCCESS"), moved))  # fmt: skip
    assert was == now


NAMES = dict(enumerate(("informational", "very low", "low", "medium", "high", "very high")))
ROWS = {name: row for name, row in facts("SOURCES-scanners.tsv").items()
        if name.startswith("veracode/") and not name.endswith(".sarif")}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_real_file_says_what_its_row_says(name: str) -> None:
    """Counts by severity, and what is closed, violates the policy, or is claimed."""
    row = ROWS[name]
    found = read_report((FOLDER / name).read_bytes()).readings
    scan = next(one for one in found if one.data.get("kind") != "sca")
    levels = re.search(r"severity ([\d=,]+)", row)
    assert levels is not None
    listed = {NAMES[int(level)]: int(number)
              for level, number in re.findall(r"(\d)=(\d+)", levels[1])}  # fmt: skip
    # What was closed by an approved mitigation is there still.
    rows = rows_of(scan)
    gone = scan.data.get("closed", 0) - sum(one.get("status") == "CLOSED" for one in rows)
    assert sum(counted(scan).values()) == len(rows) == sum(listed.values()) - gone
    assert all(one["suppressed"] for one in rows if one.get("status") == "CLOSED")
    assert gone or counted(scan) == listed
    if "CLOSED" in row:
        closed = re.search(r"CLOSED=(\d+)", row)
        assert closed is not None
        assert scan.data["closed"] == int(closed[1])
        assert scan.data["thresholds"] == {"policy": False}
        assert scan.data["kind"] == ("dast" if "DYNAMIC" in row else "sast")
    if "pipeline scan_id" in row:
        assert f"scan_id={scan.data['analysis']};" in row
        assert f"pipeline_scan={scan.data['tool_version']};" in row
        assert (len(scan.data["targets"]), scan.data["outcome"]) == (2, "success")
        assert "commit" not in scan.data
    if "total_flaws" in row:
        sca, gate = found[1], found[2]
        assert scan.data["claimed"] == {"total": 26}
        assert sum(counted(sca).values()) == 4
        assert (gate.data["outcome"], gate.data["reported_outcome"]) == ("failure", "Did Not Pass")
        assert f"policy={gate.data['gate']};" in row
        assert (gate.data["target"], gate.data["analysis"]) == ("data-services", "2348782")
        assert gate.time == "2018-06-25T16:19:28Z"


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(_report(), 120)
    for value in ({"findings": [_finding("STATIC", 5), _finding("SCA", 1)]}, _pipeline("SUCCESS")):
        check_damaged(json.dumps(value).encode(), 120)
