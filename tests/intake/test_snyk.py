"""Snyk's reports: entries and distinct problems, projects, images, infrastructure, failures."""

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

DIGEST = "sha256:" + "d" * 64
ENTRY = {
    "id": "SNYK-JS-LODASH-1", "severity": "high", "packageName": "lodash", "name": "lodash",
    "version": "4.17.15", "fixedIn": ["4.17.21"], "isUpgradable": True,
    "from": ["shop@1.0.0", "lodash@4.17.15"],
}  # fmt: skip
PROJECT: dict[str, Any] = {
    "vulnerabilities": [ENTRY], "ok": False, "dependencyCount": 9, "packageManager": "npm",
    "policy": "# reason: mia said PLANTED", "uniqueCount": 1, "projectName": "shop",
    "summary": "1 vulnerable dependency path", "displayTargetFile": "package-lock.json",
    "path": "/home/mia/shop", "filtered": {"ignore": [], "patch": []},
}  # fmt: skip
ISSUE = {
    "id": "SNYK-CC-TF-1", "severity": "medium", "isIgnored": False, "lineNumber": 12,
    "path": ["resource", "aws_s3_bucket[logs]", "acl"], "msg": "resource.acl",
}  # fmt: skip
FILE: dict[str, Any] = {
    "ok": False, "vulnerabilities": [], "infrastructureAsCodeIssues": [ISSUE],
    "packageManager": "terraformconfig", "projectName": "shop-infra", "targetFile": "main.tf",
    "dependencyCount": 0, "path": ".",
}  # fmt: skip


def test_entries_are_counted_and_distinct_problems_stand_beside() -> None:
    """Snyk lists a problem once a path; a finding is a problem in a package."""
    entries = [ENTRY, ENTRY | {"version": "4.17.11"}, ENTRY | {"id": "SNYK-2", "severity": "low"}]
    project = PROJECT | {"vulnerabilities": entries, "uniqueCount": 2,
                         "summary": "3 vulnerable dependency paths"}  # fmt: skip
    found = reading_of(project, "snyk")
    assert counted(found) == {"high": 2, "low": 1}
    assert found.data["unique"] == {"critical": 0, "high": 1, "medium": 0, "low": 1}
    assert "claimed" not in found.data
    assert [(row["rule"], row["paths"], row["version"]) for row in rows_of(found)] == [
        ("SNYK-JS-LODASH-1", 2, "4.17.15, 4.17.11"), ("SNYK-2", 1, "4.17.15"),
    ]  # fmt: skip
    assert (found.data["kind"], found.data["target"]) == ("sca", "shop")
    assert (found.data["scanned"], found.data["thresholds"]) == (9, {"ok": False})


def test_what_the_headers_claim_is_no_count() -> None:
    """A clean file may say eleven."""
    clean = PROJECT | {"vulnerabilities": [], "ok": True, "uniqueCount": 11,
                       "summary": "No known vulnerabilities"}  # fmt: skip
    found = reading_of(clean, "snyk")
    assert (counted(found), found.data["claimed"]) == ({}, {"unique": 11})
    assert (found.data["outcome"], found.data["thresholds"]) == ("success", {"ok": True})


def test_an_array_is_a_scan_a_project() -> None:
    """`--all-projects`; one that could not be scanned is an error and not a clean one."""
    failed = {"ok": False, "error": "PLANTED: no lockfile", "path": "/srv/till"}
    found = readings_of([PROJECT, PROJECT | {"projectName": "till"}, failed], "snyk")
    assert [(one.data["target"], one.data["outcome"]) for one in found] == [
        ("shop", "success"), ("till", "success"), ("/srv/till", "error"),
    ]  # fmt: skip
    assert found[2].data["errors"] == 1
    assert "counts" not in found[2].data
    assert "PLANTED" not in everything(found)
    assert reading_of(failed, "snyk").data["outcome"] == "error"


@pytest.mark.parametrize(
    "more",
    [{"packageManager": "deb"}, {"packageManager": "apk"}, {"packageManager": "rpm"},
     {"docker": {"baseImage": "debian"}}, {"projectName": "docker-image|shop"}],
)  # fmt: skip
def test_an_image_and_the_applications_in_it_are_scans_of_a_container(more: dict[str, Any]) -> None:
    """Each of its own, of the same image."""
    path = f"reg.example/shop@{DIGEST}"
    inner = PROJECT | {"path": "shop:1", "packageManager": "gomodules"}
    image = PROJECT | {"path": path, "applications": [inner]} | more
    found = readings_of(image, "snyk")
    assert [one.data["kind"] for one in found] == ["container", "container"]
    for one in found:
        assert (one.data["target"], one.data["artifact"]) == (path, {"digest": DIGEST})
    tagged = readings_of(image | {"path": "shop:1"}, "snyk")
    assert "artifact" not in tagged[0].data


def test_files_of_infrastructure_are_one_scan() -> None:
    """Snyk writes an object for each of them."""
    clean = FILE | {"targetFile": "b.tf", "infrastructureAsCodeIssues": [], "ok": True}
    other = FILE | {"targetFile": "c.tf", "infrastructureAsCodeIssues": [
        ISSUE | {"severity": "low", "lineNumber": -1}, ISSUE | {"isIgnored": True},
    ]}  # fmt: skip
    found = reading_of([FILE, clean, other], "snyk")
    assert (found.data["kind"], found.data["target"]) == ("iac", "shop-infra")
    assert (counted(found), found.data["suppressed"]) == ({"medium": 1, "low": 1}, 1)
    assert (found.data["scanned"], found.data["thresholds"]) == (3, {"ok": False})
    rows = rows_of(found)
    assert [row.get("line") for row in rows] == [12, None, 12]
    assert rows[0]["resource"] == "resource.aws_s3_bucket[logs].acl"
    assert reading_of(FILE, "snyk").data["kind"] == "iac"


def test_what_a_policy_left_out_stands_in_the_findings() -> None:
    """Without the reason, which people wrote; and not in the counts."""
    left = ENTRY | {"id": "SNYK-3", "filtered": {"ignored": [{"reason": "PLANTED"}]}}
    found = reading_of(PROJECT | {"filtered": {"ignore": [left], "patch": [left]}}, "snyk")
    assert (counted(found), found.data["suppressed"]) == ({"high": 1}, 2)
    assert [(row.get("reason"), row["version"]) for row in rows_of(found)] == [
        (None, "4.17.15"), ("ignore", "4.17.15"), ("patch", "4.17.15"),
    ]  # fmt: skip
    assert "PLANTED" not in everything([found])
    assert "mia" not in everything([found])


def test_licences_are_marked_and_critical_is_critical() -> None:
    """Older servers wrote high beside the exact severity."""
    entries = [ENTRY | {"severityWithCritical": "critical"},
               ENTRY | {"id": "snyk:lic:1", "type": "license"}]  # fmt: skip
    found = reading_of(PROJECT | {"vulnerabilities": entries}, "snyk")
    assert counted(found) == {"critical": 1, "high": 1}
    assert [row.get("kind") for row in rows_of(found)] == [None, "license"]


def test_a_fingerprint_outlives_versions_and_paths() -> None:
    """The problem in the package of the project."""
    marks = [
        rows_of(reading_of(PROJECT | {"vulnerabilities": [one]}, "snyk"))[0]["fingerprint"]
        for one in (ENTRY, ENTRY | {"version": "4.17.20", "from": ["x"]}, ENTRY | {"id": "OTHER"})
    ]
    assert marks[0] == marks[1] != marks[2]


@pytest.mark.parametrize(
    "value",
    [
        {"ok": False, "error": "invalid_auth"},
        {"ok": True, "vulnerabilities": []},
        {"vulnerabilities": {}, "auditReportVersion": 2},
        {"id": "x", "uri": "https://snyk.example", "packageManager": "npm", "isMonitored": True},
    ],
)
def test_what_only_looks_like_it_is_left_alone(value: dict[str, Any]) -> None:
    """Answers of other systems, and what `monitor` prints."""
    for one in (value, [value]):
        with pytest.raises(RefusedError, match="no format is recognised"):
            read_report(json.dumps(one).encode())


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith("snyk/") and name.endswith(".json")
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Entries and distinct ids by severity, what the headers claim, the applications."""
    row = ROWS[name]
    found = readings_of((FOLDER / name).read_bytes(), "snyk")
    told = re.search(
        r"ok=(\w+); .*projectName=([^;]+); dependencyCount=(\d+); vulnerability entries=(\d+) "
        r"\(([^)]*)\); unique ids=(\d+) \(([^)]*)\); uniqueCount=(\d+); applications=(\d+) with "
        r"(\d+) entries; summary='(\d+)",
        row,
    )
    assert told is not None
    first, inner = found[0], found[1:]

    def words(text: str) -> dict[str, int]:
        return {word: int(number) for word, number in re.findall(r"(\w+)=(\d+)", text)}

    assert first.data["outcome"] == "success"
    assert first.data["thresholds"] == {"ok": told[1] == "True"}
    assert first.data["scanned"] == int(told[3])
    assert (sum(first.data["counts"].values()), counted(first)) == (int(told[4]), words(told[5]))
    unique = {word: number for word, number in first.data["unique"].items() if number}
    assert (sum(unique.values()), unique) == (int(told[6]), words(told[7]))
    header = {"unique": int(told[8]), "paths": int(told[11])}
    same = header == {"unique": int(told[6]), "paths": int(told[4])}
    assert first.data.get("claimed") == (None if same else header)
    assert len(inner) == int(told[9])
    assert sum(sum(one.data["counts"].values()) for one in inner) == int(told[10])
    is_image = told[2].startswith("docker-image|")
    assert {one.data["kind"] for one in found} == {"container" if is_image else "sca"}
    if not is_image:
        assert first.data.get("target", "None") == told[2]


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    image = PROJECT | {"docker": {}, "applications": [PROJECT]}
    check_damaged(json.dumps(image).encode(), 300)
    failed = {"ok": False, "error": "x", "path": "/srv"}
    check_damaged(json.dumps([PROJECT, FILE, failed]).encode(), 300)
