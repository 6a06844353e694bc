"""Trivy's reports say what was looked for in what, and what was found there."""

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

DIGEST, OTHER, CONFIG = ("sha256:" + digit * 64 for digit in "abc")
VULNERABILITY = {
    "VulnerabilityID": "CVE-2026-1", "PkgName": "libfoo", "InstalledVersion": "1.0",
    "FixedVersion": "1.1", "Status": "fixed", "Severity": "HIGH",
}  # fmt: skip
CHECK = {"ID": "DS-1", "Severity": "LOW", "Status": "FAIL", "Message": "no user"}
SECRET = {
    "RuleID": "aws-access-key-id", "Category": "AWS", "Severity": "CRITICAL", "StartLine": 4,
    "Match": "key = PLANTED", "Code": {"Lines": [{"Content": "key = PLANTED"}]},
}  # fmt: skip
LICENCE = {"Severity": "HIGH", "Category": "restricted", "PkgName": "libfoo", "Name": "GPL-3.0"}
SYSTEM = {"Target": "shop:1 (debian 13)", "Class": "os-pkgs", "Type": "debian"}


def _report(*results: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "SchemaVersion": 2, "Trivy": {"Version": "0.70.0"},
        "CreatedAt": "2026-01-02T03:04:05.123456789+01:00", "ArtifactName": "shop:1",
        "ArtifactType": "container_image", "Results": list(results), **more,
    }  # fmt: skip


def test_each_thing_that_was_looked_for_is_a_scan_of_its_own() -> None:
    """Vulnerabilities, misconfigurations, secrets and licences in one file."""
    found = readings_of(
        _report(
            {**SYSTEM, "Vulnerabilities": [VULNERABILITY]},
            {"Target": "app/package-lock.json", "Class": "lang-pkgs", "Type": "npm",
             "Vulnerabilities": [VULNERABILITY | {"Severity": "UNKNOWN"}]},
            {"Target": "Dockerfile", "Class": "config", "Type": "dockerfile",
             "Misconfigurations": [CHECK]},
            {"Target": "/app/.env", "Class": "secret", "Secrets": [SECRET]},
            {"Target": "OS Packages", "Class": "license", "Licenses": [LICENCE]},
        ),
        "trivy",
    )  # fmt: skip
    assert [(one.data["kind"], counted(one)) for one in found] == [
        ("container", {"high": 1, "unknown": 1}),
        ("iac", {"low": 1}),
        ("secret", {"critical": 1}),
        ("license", {"high": 1}),
    ]
    for one in found:
        assert one.time == "2026-01-02T03:04:05.123456789+01:00"
        assert (one.data["tool"], one.data["tool_version"]) == ("Trivy", "0.70.0")
        assert (one.data["outcome"], one.data["target"]) == ("success", "shop:1")


def test_what_was_not_looked_for_is_not_clean() -> None:
    """Licences alone say nothing of vulnerabilities; no result says nothing of anything."""
    only = reading_of(_report({"Target": "x", "Class": "license", "Licenses": [LICENCE]}), "trivy")
    assert only.data["kind"] == "license"
    mixed = {"Target": "a.lock", "Class": "lang-pkgs", "Licenses": [LICENCE]}
    assert reading_of(_report(mixed), "trivy").data["kind"] == "license"
    for empty in (_report(), _report(Results=None)):
        nothing = reading_of(empty, "trivy")
        assert "kind" not in nothing.data
        assert nothing.data["findings_count"] == 0


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("container_image", "container"), ("filesystem", "sca"), ("repository", "sca"),
     ("cyclonedx", "sca"), ("spdx", "sca"), ("vm", "sca"), ("", None)],
)  # fmt: skip
def test_packages_are_of_an_image_only_where_it_is_one(kind: str, expected: str | None) -> None:
    """A clean result counts too: it was looked for."""
    found = reading_of(_report(SYSTEM, ArtifactType=kind), "trivy")
    assert found.data.get("kind") == expected
    assert counted(found) == {}


@pytest.mark.parametrize(
    ("name", "digests", "expected"),
    [
        ("shop:1", [f"shop@{DIGEST}"], DIGEST),
        ("shop:1", [], None),
        ("shop:1", None, None),
        (f"reg.example:5000/shop@{OTHER}", [f"shop@{DIGEST}"], OTHER),
        ("reg.example:5000/shop:1", [f"shop@{DIGEST}", f"reg.example:5000/shop@{OTHER}"], OTHER),
        ("other:1", [f"shop@{DIGEST}", f"reg.example/shop@{OTHER}"], None),
        ("other:1", [f"shop@{DIGEST}", f"reg.example/shop@{DIGEST}"], DIGEST),
        ("shop:1", ["shop@sha256:short"], None),
    ],
)
def test_an_image_is_named_by_its_registry_s_digest(
    name: str, digests: list[str] | None, expected: str | None
) -> None:
    """The id is that of its configuration, under which nobody deploys it."""
    metadata = {"RepoDigests": digests, "ImageID": CONFIG}
    data = reading_of(_report(SYSTEM, ArtifactName=name, Metadata=metadata), "trivy").data
    assert data.get("artifact") == (None if expected is None else {"digest": expected})
    assert data["image_id"] == CONFIG


def test_a_repository_is_named_with_its_commit_and_without_its_token() -> None:
    """As the metadata have it; a shortened commit is none."""
    metadata = {"RepoURL": "https://mia:PLANTED@code.example/acme/shop.git", "Branch": "main",
                "Commit": "A" * 40, "Author": "Mia <mia@acme.example>"}  # fmt: skip
    found = readings_of(_report(SYSTEM, ArtifactType="repository", Metadata=metadata), "trivy")
    data = found[0].data
    assert data["repository"] == "https://code.example/acme/shop"
    assert (data["commit"], data["ref"]) == ("a" * 40, "refs/heads/main")
    assert "PLANTED" not in everything(found)
    assert "mia" not in everything(found)
    short = _report(SYSTEM, ArtifactName="https://code.example/a/b", Metadata={"Commit": "abc"})
    assert reading_of(short, "trivy").data["repository"] == "https://code.example/a/b"
    assert "commit" not in reading_of(short, "trivy").data


def test_checks_that_passed_are_no_findings() -> None:
    """Where they are listed they are counted apart; what only the header says is claimed."""
    checks = [CHECK, CHECK | {"ID": "DS-2", "Status": "PASS"},
              CHECK | {"ID": "DS-3", "Status": "EXCEPTION"}]  # fmt: skip
    summary = {"Successes": 1, "Failures": 1, "Exceptions": 1}
    result = {"Target": "Dockerfile", "Class": "config", "MisconfSummary": summary,
              "Misconfigurations": checks}  # fmt: skip
    full = reading_of(_report(result), "trivy")
    assert (counted(full), full.data["passed"], full.data["suppressed"]) == ({"low": 1}, 1, 1)
    assert "claimed" not in full.data
    usual = result | {"Misconfigurations": [CHECK], "MisconfSummary": {"Successes": 26,
                                                                        "Failures": 1}}  # fmt: skip
    data = reading_of(_report(usual, usual), "trivy").data
    assert data["claimed"] == {"passed": 52, "failed": 2}
    assert "passed" not in data
    clean = result | {"Misconfigurations": None}
    assert reading_of(_report(clean), "trivy").data["kind"] == "iac"


def test_what_was_told_to_be_left_out_stands_in_the_findings_and_not_in_the_counts() -> None:
    """By an ignore file or a VEX statement."""
    left = {"Type": "vulnerability", "Status": "not_affected", "Statement": "mia says so",
            "Finding": VULNERABILITY | {"VulnerabilityID": "CVE-2026-2"}}  # fmt: skip
    found = reading_of(
        _report({**SYSTEM, "Vulnerabilities": [VULNERABILITY],
                 "ExperimentalModifiedFindings": [left]}), "trivy"
    )  # fmt: skip
    assert (counted(found), found.data["suppressed"]) == ({"high": 1}, 1)
    assert [(row["rule"], row.get("suppressed"), row.get("reason")) for row in rows_of(found)] == [
        ("CVE-2026-1", None, None), ("CVE-2026-2", True, "not_affected"),
    ]  # fmt: skip
    assert "mia" not in everything([found])


def test_a_fingerprint_outlives_builds_and_moves() -> None:
    """Another tag, another installed version, another line: the same problem."""

    def marks(version: str, line: int) -> list[str]:
        cause = {"StartLine": line, "Resource": "aws_s3_bucket.logs"}
        found = readings_of(
            _report(
                {**SYSTEM, "Target": f"shop:{version} (debian 13)",
                 "Vulnerabilities": [VULNERABILITY | {"InstalledVersion": version}]},
                {"Target": "main.tf", "Class": "config",
                 "Misconfigurations": [CHECK | {"CauseMetadata": cause}]},
                {"Target": ".env", "Class": "secret",
                 "Secrets": [SECRET | {"StartLine": line}, SECRET | {"StartLine": line + 1}]},
            ),
            "trivy",
        )  # fmt: skip
        return [row["fingerprint"] for one in found for row in rows_of(one)]

    assert marks("1", 3) == marks("2", 900)
    assert len(set(marks("1", 3))) == 4


def test_a_secret_never_travels_along() -> None:
    """Neither the match nor the lines around it, nor an image's configuration."""
    metadata = {"ImageConfig": {"config": {"Env": ["TOKEN=PLANTED"]}}}
    report = _report({"Target": ".env", "Class": "secret", "Secrets": [SECRET]}, Metadata=metadata)
    found = readings_of(report, "trivy")
    assert "PLANTED" not in everything(found)
    assert rows_of(found[0])[0]["line"] == 4


def test_a_package_s_address_travels_without_its_password() -> None:
    """Registries of one's own are written into package URLs with whoever reads them."""
    purl = "pkg:npm/a@1?repository_url=https://user:PLANTED@npm.corp.example/"
    leaky = VULNERABILITY | {"PkgIdentifier": {"PURL": purl}}
    found = readings_of(_report({**SYSTEM, "Vulnerabilities": [leaky]}), "trivy")
    assert "npm.corp.example" in everything(found)
    assert "PLANTED" not in everything(found)


def test_a_cluster_is_read_in_each_of_its_forms() -> None:
    """With an error in one resource the scan did not come to its end."""
    resource = {"Namespace": "prod", "Kind": "Deployment", "Name": "shop", "Results": [
        {**SYSTEM, "Vulnerabilities": [VULNERABILITY]},
        {"Target": "Deployment/shop", "Class": "config", "Misconfigurations": [CHECK]},
    ]}  # fmt: skip
    for name in ("Resources", "Findings", "Vulnerabilities"):
        found = readings_of({"ClusterName": "blue", name: [resource]}, "trivy")
        assert [(one.data["kind"], one.data["target"]) for one in found] == [
            ("container", "blue"), ("iac", "blue"),
        ]  # fmt: skip
        assert rows_of(found[0])[0]["target"] == "prod/Deployment/shop/shop:1 (debian 13)"
        assert rows_of(found[1])[0]["target"] == "prod/Deployment/shop"
        assert {one.data["outcome"] for one in found} == {"success"}
    broken = {"ClusterName": "blue", "Resources": [resource, {"Kind": "Pod", "Error": "denied"}]}
    for one in readings_of(broken, "trivy"):
        assert (one.data["outcome"], one.data["errors"]) == ("error", 1)


def test_the_array_of_old_versions_is_read() -> None:
    """It does not say what it is of, but packages in layers are an image's."""
    layered = VULNERABILITY | {"Layer": {"Digest": DIGEST}}
    image = reading_of([{"Target": "shop", "Vulnerabilities": [layered]}], "trivy")
    assert (image.data["kind"], counted(image)) == ("container", {"high": 1})
    clean = reading_of([{"Target": "a.lock", "Type": "npm", "Vulnerabilities": None}], "trivy")
    assert "kind" not in clean.data
    assert clean.data["findings_count"] == 0


@pytest.mark.parametrize(
    "value",
    [
        {"ID": "1", "Title": "NSA", "Results": [{"ID": "1.0", "Results": []}]},
        {"schemaVersion": 2, "config": {}, "layers": []},
        {"SchemaVersion": 2},
    ],
)
def test_what_only_looks_like_a_report_is_left_alone(value: dict[str, Any]) -> None:
    """Other reports with results, manifests of images."""
    with pytest.raises(RefusedError, match="no format is recognised"):
        read_report(json.dumps(value).encode())


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith("trivy/") and "SchemaVersion" in row
}  # fmt: skip
_KINDS = {"vulns": {"container", "sca"}, "misconfigs": {"iac"}, "secrets": {"secret"}}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_reports_say_what_their_row_says(name: str) -> None:
    """Target, version, digests, time, and the counts of each kind."""
    row = ROWS[name]
    found = readings_of((FOLDER / name).read_bytes(), "trivy")
    told = dict(re.findall(r"(?:^|; )(\w+)=([^;]*?)(?= type=|;|$)", row))
    for kind, ours in _KINDS.items():
        number = int(re.match(r"\d+", told[kind])[0])  # type: ignore[index]
        words = re.findall(r"(?:FAIL/)?([A-Z]+)=(\d+)", told[kind])
        scans = [one for one in found if one.data.get("kind") in ours]
        assert sum(sum(one.data["counts"].values()) for one in scans) == number
        for one in scans:
            assert counted(one) == {word.lower(): int(count) for word, count in words}
            assert len(rows_of(one)) == number
    for one in found:
        data = one.data
        assert data["outcome"] == "success"
        assert data["target"] == told["artifact"]
        assert data.get("tool_version", "-") == told["trivy"]
        assert (one.time or "-") == told["CreatedAt"]
        assert data.get("image_id", "-") == told["ImageID"]
        digest = re.search(r"sha256:\w+", told["RepoDigests"])
        assert data.get("artifact") == ({"digest": digest[0]} if digest else None)


@needs_fixtures
def test_real_kinds_are_those_of_the_files() -> None:
    """What each real file shows to have been looked for."""
    kinds = {
        name.partition("/")[2]: [
            one.data.get("kind") for one in readings_of((FOLDER / name).read_bytes(), "trivy")
        ]
        for name in ROWS
    }
    assert kinds == {
        "trivy-0.69.1-fs-jar.json": ["sca"],
        "trivy-config-helm-testchart.json": ["iac"],
        "trivy-config-misconfig.json": ["iac"],
        "trivy-image-alpine-3.10.json": ["container"],
        "trivy-image-alpine-3.11-repodigest-clean.json": ["license"],
        "trivy-image-alpine-3.9.json": ["container"],
        "trivy-scheme2-no-vuln.json": ["container"],
        "trivy-terraform-fs-2026.json": ["iac"],
    }


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    report = _report(
        {**SYSTEM, "Vulnerabilities": [VULNERABILITY]},
        {"Target": "D", "Class": "config", "Misconfigurations": [CHECK],
         "MisconfSummary": {"Successes": 1}},
        {"Target": ".env", "Class": "secret", "Secrets": [SECRET]},
        Metadata={"RepoDigests": [f"shop@{DIGEST}"], "ImageID": CONFIG},
    )  # fmt: skip
    check_damaged(json.dumps(report).encode(), 300)
    cluster = {"ClusterName": "b", "Resources": [{"Kind": "Pod", "Results": report["Results"]}]}
    check_damaged(json.dumps(cluster).encode(), 120)
    check_damaged(json.dumps(report["Results"]).encode(), 120)
