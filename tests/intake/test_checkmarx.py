"""What Checkmarx finds becomes the right facts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import counted, everything, reading_of, readings_of, rows_of

PLANTED = "planted-5ecret"
XML = f"""<?xml version="1.0" encoding="utf-8"?>
<CxXMLResults InitiatorName="Mia Chen" ScanId="7" ProjectName="shop" Preset="Default"
 ScanStart="Sunday, February 25, 2018 11:35:52 AM" ScanTime="01h:07m:13s" FilesScanned="480"
 CheckmarxVersion="9.5.0" ScanType="Incremental">
<Query id="1" cweId="89" name="SQL_Injection" Severity="High" Language="Java">
<Result FileName="a/B.java" Line="3" FalsePositive="False" Severity="High" state="0" Status="New">
<Path SimilarityId="-11"><PathNode><Snippet><Line><Code>{PLANTED}</Code></Line></Snippet></PathNode>
</Path></Result>
<Result FileName="a/B.java" Line="9" FalsePositive="True" Severity="Medium" state="1"
 Remark="{PLANTED}"><Path SimilarityId="-12"/></Result></Query>
<Query id="2" name="Trust" Severity="Information"><Result FileName="c.js" Line="1"/></Query>
</CxXMLResults>"""


def test_a_report_of_cxsast_is_counted_by_severity() -> None:
    """A result's own severity comes before its query's; what people set aside is said."""
    found = reading_of(XML.encode(), "checkmarx-sast")
    data = found.data
    assert counted(found) == {"high": 1, "medium": 1, "info": 1}
    assert (data["kind"], data["suppressed"], data["outcome"]) == ("sast", 1, "success")
    assert (data["target"], data["extent"], data["duration_s"]) == ("shop", "changes", 4033)
    assert (found.time, found.local_time) == (
        "2018-02-25T11:35:52Z", "Sunday, February 25, 2018 11:35:52 AM",
    )  # fmt: skip
    assert data["actor"] == {"system": "checkmarx", "name": "Mia Chen"}
    first, second, third = rows_of(found)
    assert (first["rule"], first["target"], first["cwe"]) == (
        "SQL_Injection", "a/B.java", "CWE-89",
    )  # fmt: skip
    assert (second["suppressed"], "suppressed" in first) == (True, False)
    assert third["fingerprint_basis"] == "made"
    assert PLANTED not in everything([found])


def test_a_fingerprint_does_not_move_with_the_lines() -> None:
    """Similarity is what stays the same from scan to scan."""
    moved = XML.replace('Line="3"', 'Line="33"').replace('ScanId="7"', 'ScanId="8"')
    was, now = (rows_of(reading_of(text.encode(), "checkmarx-sast")) for text in (XML, moved))
    assert [row["fingerprint"] for row in was] == [row["fingerprint"] for row in now]


def _result(kind: str, severity: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "type": kind, "id": "r", "similarityId": "5", "status": "NEW", "state": "TO_VERIFY",
        "severity": severity, "foundAt": "2026-01-05T10:00:00Z",
        "data": {"queryName": "Q", "queryId": 14517067005933136034, "value": PLANTED,
                 "nodes": [{"fileName": "/a.js", "line": 7, "code": PLANTED}]},
    } | more  # fmt: skip


def test_each_part_of_checkmarx_one_is_a_scan() -> None:
    """With its own kind and counts; the file's number stands beside where it differs."""
    package = {"packageIdentifier": "npm-debug-2.6.9"}
    results = [
        _result("sast", "HIGH"), _result("sast", "LOW", state="NOT_EXPLOITABLE"),
        _result("kics", "MEDIUM", state="PROPOSED_NOT_EXPLOITABLE"),
        _result("sca", "CRITICAL", data=package, vulnerabilityDetails={"cveName": "CVE-2026-1"}),
        _result("new-engine", "INFO"),
    ]  # fmt: skip
    value = {"results": results, "totalCount": 75, "scanID": "s"}
    found = readings_of(value, "checkmarx-one")
    kinds = {one.data.get("kind"): one for one in found}
    assert kinds.keys() == {"sast", "iac", "sca", None}
    assert counted(kinds["sast"]) == {"high": 1, "low": 1}
    assert (kinds["sast"].data["suppressed"], kinds["iac"].data.get("suppressed")) == (1, None)
    assert {one.data["claimed"]["total"] for one in found} == {75}
    # What the other pages have is not gone.
    assert {one.data["extent"] for one in found} == {"unknown"}
    (row,) = rows_of(kinds["sca"])
    assert (row["rule"], row["target"]) == ("CVE-2026-1", "npm-debug-2.6.9")
    assert kinds["sast"].time == "2026-01-05T10:00:00Z"
    assert PLANTED not in everything(found)


def test_what_people_said_to_ignore_is_set_aside() -> None:
    """As Checkmarx' own command line counts against its thresholds."""
    results = [_result("sca", "HIGH", state="IGNORED"), _result("sca", "HIGH", similarityId="6")]
    (scan,) = readings_of({"results": results, "totalCount": 2, "scanID": "s"}, "checkmarx-one")
    assert [row.get("suppressed") for row in rows_of(scan)] == [True, None]
    assert scan.data["suppressed"] == 1


def test_scan_reports_are_read_in_both_versions() -> None:
    """Queries in a list, or under their languages; times as texts or seconds."""
    one = {"similarityId": 1, "state": "Not exploitable", "severity": "High",
           "destinationFileName": "/a.kt", "foundDate": "2026-01-05T10:00:00Z"}  # fmt: skip
    iac = {"severity": "Low", "fileName": "main.tf", "state": "To Verify", "actualValue": PLANTED}
    new = {
        "reportHeader": {"projectName": "shop"},
        "scanResults": {"resultsList": [{"queryName": "XSS", "vulnerabilities": [one]}]},
        "iacScanResults": {"technology": [{"queries": [{"queryName": "Q", "resultsList": [iac]}]}]},
        "scaScanResults": None,
    }
    sast, infrastructure = readings_of(new, "checkmarx-one-report")
    assert (sast.data["kind"], counted(sast), sast.data["suppressed"]) == ("sast", {"high": 1}, 1)
    assert sast.time == "2026-01-05T10:00:00Z"
    assert (infrastructure.data["kind"], counted(infrastructure)) == ("iac", {"low": 1})
    assert PLANTED not in everything([infrastructure])
    found = {
        "severity": "HIGH",
        "similarityId": 2,
        "state": "To verify",
        "nodes": [{"fileName": "/b.java", "line": 1}],
        "foundDate": {"seconds": 1663153613},
    }
    old = {
        "reportHeader": {"projectName": "shop"},
        "scanSummary": {"scanCompletedDate": "2022-09-14 11:06:54.009121 +0000 UTC"},
        "scanResults": {"sast": {"languages": [
            {"queries": [{"queryName": "XSS", "vulnerabilities": [found, found]}]}]}},
    }  # fmt: skip
    (told,) = readings_of(old, "checkmarx-one-report")
    assert (counted(told), told.time) == ({"high": 2}, "2022-09-14T11:06:54.009121+00:00")


def test_a_part_that_was_not_run_is_no_scan() -> None:
    """A report of other parts has results without those of SAST."""
    value = {"reportHeader": {"projectName": "shop"}, "scanResults": {"sca": {"packages": []}}}
    assert readings_of(value, "checkmarx-one-report") == []


def test_the_report_for_gitlab_is_read_as_checkmarx_writes_it() -> None:
    """Its scan says whether it ran to its end."""
    one = {"name": "Client_XSS", "severity": "Info", "location": {"file": "/a.ts", "start_line": 1},
           "identifiers": [{"value": "55"}], "description": PLANTED}  # fmt: skip
    value = {"scan": {"end_time": "2026-01-05T10:00:00", "status": "failure", "type": "sast",
                      "scanner": {"id": "CxOne-SAST", "name": "Checkmarx", "version": "2.0"}},
             "version": "15.0.0", "vulnerabilities": [one]}  # fmt: skip
    found = reading_of(value, "checkmarx-one-report")
    assert (found.data["outcome"], found.data["kind"], counted(found)) == (
        "error", "sast", {"info": 1},
    )  # fmt: skip
    assert found.local_time == "2026-01-05T10:00:00"
    assert PLANTED not in everything([found])


ROWS = {name: row for name, row in facts("SOURCES-scanners.tsv").items()
        if name.startswith("checkmarx/") and not name.endswith(".sarif")}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_real_file_says_what_its_row_says(name: str) -> None:
    """Counts, scan, version, project, and what the file claims of itself."""
    row = ROWS[name]
    found = read_report((FOLDER / name).read_bytes()).readings
    words = dict(re.findall(r"(?:[Ss]everity |,)([A-Za-z]+)=(\d+)", row.split("; state")[0]))
    if "issues" in row:
        words = {"HIGH": "2"}
    wanted = (
        {}
        if "severity none" in row.lower()
        else {word.lower(): int(number) for word, number in words.items() if word.lower() in WORDS}
    )
    total: dict[str, int] = {}
    for one in found:
        for word, number in counted(one).items():
            total[word] = total.get(word, 0) + number
    assert total == wanted
    (scan,) = {one.data["analysis"] for one in found}
    assert re.search(rf"scan_?id={re.escape(scan)}", row, re.IGNORECASE)
    if "CheckmarxVersion" in row:
        data = found[0].data
        assert f"CheckmarxVersion={data['tool_version']};" in row
        assert f"project={data['target']};" in row
        assert f"ScanStart={found[0].local_time};" in row
        assert data.get("suppressed") is None
    kinds = dict(re.findall(r"(kics|sast|sca)=(\d+)", row))
    if kinds:
        told = {one.data["kind"]: one.data["findings_count"] for one in found}
        names = {"kics": "iac", "sast": "sast", "sca": "sca"}
        assert told == {names[kind]: int(number) for kind, number in kinds.items()}
    if "summary" in row:
        assert found[0].data["claimed"] == {"high": 4}
        assert (found[0].data["duration_s"], found[0].data["tool_version"]) == (90, "8.9.0.210")


WORDS = {"critical", "high", "medium", "low", "info"}


@pytest.mark.parametrize("name", ["checkmarx-one", "checkmarx-flow"])
def test_a_file_without_results_is_no_clean_scan(name: str) -> None:
    """Whatever it is said to be."""
    with pytest.raises(RefusedError, match="required field"):
        read_report(b'{"name": "left-pad"}', name)


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(XML.encode(), 120)
    one = {"results": [_result("sast", "HIGH"), _result("kics", "LOW")], "totalCount": 2,
           "scanID": "s"}  # fmt: skip
    report = {
        "reportHeader": {},
        "scanResults": {
            "resultsList": [
                {"queryName": "Q", "vulnerabilities": [{"severity": "High", "similarityId": 1}]}
            ]
        },
    }
    flow = {"xissues": [{"vulnerability": "Q", "severity": "HIGH", "cwe": "79"}],
            "additionalDetails": {"flow-summary": {"High": 4}, "scanId": "1"}}  # fmt: skip
    for value in (one, report, flow):
        check_damaged(json.dumps(value).encode(), 120)
