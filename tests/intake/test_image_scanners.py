"""Aqua and Prisma Cloud say what is wrong with an image, and what their policies make of it."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.registry import SENDERS, read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import counted, everything, reading_of, readings_of, rows_of

CANARY = "quetzal-4711"
HEX, OTHER = "a" * 64, "b" * 64
DIGEST = f"sha256:{HEX}"


def aqua(*vulnerabilities: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A result of Aqua's scanner."""
    package = {"name": "musl", "version": "1.1", "path": None, "license": "MIT"}
    return {
        "image": "shop:1", "registry": "hub", "digest": HEX, "scan_duration": 25,
        "scan_started": {"seconds": 1567784942, "nanos": 1}, "initiating_user": "mia",
        "resources": [{"resource": package, "scanned": True,
                       "vulnerabilities": list(vulnerabilities)}],
    } | more  # fmt: skip


def flaw(name: str = "CVE-1", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A vulnerability."""
    return {
        "name": name,
        "description": CANARY,
        "aqua_severity": "high",
        "fix_version": "1.2",
    } | more


@pytest.mark.parametrize(
    ("more", "word", "severity"),
    [
        ({"aqua_severity": "Critical", "nvd_severity": "low"}, "critical", "critical"),
        ({"aqua_severity": None, "vendor_severity": "low", "nvd_severity": "high"}, "low", "low"),
        ({"aqua_severity": None, "nvd_severity_v3": "medium"}, "medium", "medium"),
        ({"aqua_severity": "negligible"}, "negligible", "low"),
        ({"aqua_severity": "malware"}, "malware", "unknown"),
        ({"aqua_severity": None}, "unknown", "unknown"),
    ],
)  # fmt: skip
def test_a_vulnerability_has_the_severity_that_aqua_settles_on(
    more: dict[str, Any], word: str, severity: str
) -> None:
    """Else the vendor's, else that of the NVD."""
    found = reading_of(aqua(flaw(**more)), "aqua")
    assert counted(found) == {word: 1}
    assert rows_of(found)[0]["severity"] == severity


def test_a_result_names_image_digest_person_and_time() -> None:
    """The digest also without its algorithm; a registry's own comes first."""
    found = readings_of(aqua(flaw(), data_date=1567724137), "aqua")
    data = found[0].data
    assert (data["kind"], data["target"], data["artifact"]) == (
        "container", "shop:1", {"digest": DIGEST},
    )  # fmt: skip
    assert (found[0].time, data["duration_s"]) == ("2019-09-06T15:49:02Z", 25)
    assert data["actor"] == {"system": "aqua", "login": "mia"}
    assert data["database_date"] == "2019-09-05T22:55:37Z"
    (row,) = rows_of(found[0])
    assert (row["package"], row["version"], row["fixed"]) == ("musl", "1.1", "1.2")
    assert CANARY not in everything(found)
    known = aqua(flaw(), metadata={"repo_digests": [f"shop@sha256:{OTHER}"]})
    assert reading_of(known, "aqua").data["artifact"] == {"digest": f"sha256:{OTHER}"}


def test_policies_refuse_an_image() -> None:
    """Each control of each policy is a threshold; the verdict is an evaluation of its own."""
    checks = [{"policy_name": "Default", "control": "malware"},
              {"policy_name": "Default", "control": "max_score", "failed": True}]  # fmt: skip
    assurance = {"disallowed": True, "checks_performed": checks}
    scan, verdict = readings_of(aqua(flaw(), image_assurance_results=assurance), "aqua")
    assert scan.data["thresholds"] == {"Default/malware": True, "Default/max_score": False}
    assert verdict.type == "pipeledger.policy.evaluated.v1"
    assert (verdict.data["decision"], verdict.data["target"]) == ("deny", "shop:1")
    assert verdict.data["counts"] == {"passed": 1, "failed": 1}


def test_what_was_acknowledged_is_set_aside() -> None:
    """Then totals are not compared, for nobody says whether they count it."""
    cves = [
        {"name": "CVE-1", "severity": "high", "file": "curl", "acknowledged": True},
        {"name": "CVE-2", "severity": "low", "file": "curl", "acknowledged": False},
    ]
    value = {"status": "SCANNED", "image_name": "shop:1", "cves_counts": {"total": 2},
             "cves": cves, "errorMsg": None, "disallowed": False}  # fmt: skip
    scan, verdict = readings_of(value, "aqua")
    assert (counted(scan), scan.data["suppressed"]) == ({"low": 1}, 1)
    assert "claimed" not in scan.data
    assert verdict.data["decision"] == "allow"
    broken = readings_of(value | {"errorMsg": CANARY}, "aqua")
    assert broken[0].data["outcome"] == "error"
    assert CANARY not in everything(broken)


def test_what_says_nothing_of_an_image_is_no_clean_scan_of_it() -> None:
    """An error may stand there alone, and the list be missing where the total is 0."""
    for value in ({}, {"image": "shop:1"}, {"image": "shop:1", "cves_counts": {"total": 1}}):
        with pytest.raises(RefusedError, match="field resources"):
            read_report(json.dumps(value).encode(), "aqua")
    for body, outcome in (
        (b'{"resources": null, "vulnerability_summary": {"total": 0}}', "success"),
        (b'{"errorMsg": "x"}', "error"),
    ):
        assert read_report(body, "aqua").readings[0].data["outcome"] == outcome


def test_totals_that_differ_are_claims() -> None:
    """And those that agree are not."""
    differs = aqua(flaw(), vulnerability_summary={"total": 3, "high": 1})
    assert reading_of(differs, "aqua").data["claimed"] == {"total": 3, "high": 1}
    agrees = aqua(flaw(), vulnerability_summary={"total": 1, "high": 1, "score_average": 5.4})
    assert "claimed" not in reading_of(agrees, "aqua").data


def test_results_are_read_in_all_their_wrappings() -> None:
    """Several, and with the image's name around them."""
    one = aqua(flaw())
    for value in ([one], [{"image_name": "shop:1", "results": one}]):
        assert reading_of(value, "aqua").data["target"] == "shop:1"


def test_a_page_of_the_api_is_a_scan_of_each_image() -> None:
    """Where there are more pages, it is not all; an empty one names what was asked for."""
    rows = [flaw(image_name=name, image_digest=DIGEST, resource={"name": "x"})
            for name in ("a:1", "b:1", "a:1")]  # fmt: skip
    first, second = readings_of({"count": 99, "page": 1, "pagesize": 3, "result": rows}, "aqua")
    assert [(one.data["target"], counted(one)) for one in (first, second)] == [
        ("a:1", {"high": 2}), ("b:1", {"high": 1}),
    ]  # fmt: skip
    assert (first.data["extent"], first.data["claimed"]) == ("unknown", {"total": 99})
    empty = {"count": 0, "page": 1, "pagesize": 3, "result": [], "query": {"image_name": "c:1"}}
    found = reading_of(empty, "aqua")
    assert (found.data["target"], found.data["findings_count"]) == ("c:1", 0)


def prisma(*vulnerabilities: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """What twistcli found in an image."""
    return {"results": [{
        "id": f"sha256:{OTHER}", "name": "reg.example/shop:1", "digest": DIGEST,
        "vulnerabilities": list(vulnerabilities), "vulnerabilityDistribution": {"total": 9},
        "complianceDistribution": {"total": 0}, "vulnerabilityScanPassed": False,
        "complianceScanPassed": True, "scanTime": "2026-01-02T03:04:05.5Z", "scanID": "s1",
        "history": [{"instruction": CANARY}],
    } | more], "consoleURL": "https://console.example"}  # fmt: skip


ISSUE = {
    "id": "CVE-1", "severity": "important", "packageName": "glibc (used in libc6, libc-bin)",
    "packageVersion": "2.24", "status": "fixed in 2.25", "description": CANARY,
    "riskFactors": {"Has fix": {}},
}  # fmt: skip


def test_twistcli_scans_an_image_and_checks_its_compliance() -> None:
    """Each with its own threshold; the id is the configuration's, the digest the registry's."""
    found = readings_of(
        prisma(ISSUE, compliances=[{"id": 41, "title": "t", "severity": "high", "cause": CANARY}]),
        "prisma-cloud",
    )
    scan, checks = found
    assert (scan.data["kind"], counted(scan)) == ("container", {"important": 1})
    assert (scan.data["artifact"], scan.data["image_id"]) == (
        {"digest": DIGEST}, f"sha256:{OTHER}",
    )  # fmt: skip
    assert (scan.data["thresholds"], scan.data["claimed"]) == (
        {"vulnerabilities": False}, {"total": 9},
    )  # fmt: skip
    assert (scan.time, scan.data["analysis"]) == ("2026-01-02T03:04:05.5Z", "s1")
    (row,) = rows_of(scan)
    assert (row["package"], row["fixed"], row["severity"]) == ("glibc", "2.25", "high")
    assert (checks.data["kind"], counted(checks)) == ("baseline", {"high": 1})
    assert (checks.data["thresholds"], rows_of(checks)[0]["rule"]) == ({"compliance": True}, "41")
    assert CANARY not in everything(found)


def test_totals_in_four_words_agree_with_vendors_that_have_more() -> None:
    """An important one is high."""
    totals = {"critical": 0, "high": 1, "medium": 0, "low": 0, "total": 1}
    scan, _ = readings_of(prisma(ISSUE, vulnerabilityDistribution=totals), "prisma-cloud")
    assert "claimed" not in scan.data


def test_a_repository_is_scanned_for_its_packages() -> None:
    """It has one threshold for all."""
    value = {"repository": "https://code.example/acme/shop.git", "passed": True, "packages": [],
             "vulnerabilities": [ISSUE], "vulnerabilityDistribution": {"total": 1},
             "complianceIssues": None, "complianceDistribution": {"total": 0}}  # fmt: skip
    data = reading_of(value, "prisma-cloud").data
    assert (data["kind"], data["repository"]) == ("sca", "https://code.example/acme/shop")
    assert data["thresholds"] == {"scan": True}


def test_the_api_lists_images_and_scans() -> None:
    """What was scanned stands in a scan; an image is named in its parts."""
    image = {"_id": f"sha256:{OTHER}", "repoDigests": [f"reg.example/shop@{DIGEST}"],
             "repoTag": {"registry": "reg.example", "repo": "shop", "tag": "1"},
             "vulnerabilities": [{"cve": "CVE-1", "id": 46, "severity": "low"}],
             "vulnerabilityDistribution": {"total": 1}, "complianceDistribution": {"total": 0},
             "complianceIssues": []}  # fmt: skip
    listed, _ = readings_of([image], "prisma-cloud")
    assert (listed.data["target"], listed.data["artifact"]) == (
        "reg.example/shop:1", {"digest": DIGEST},
    )  # fmt: skip
    assert rows_of(listed)[0]["rule"] == "CVE-1"
    scan, _ = readings_of(
        [{"entityInfo": image, "pass": False, "time": "2026-01-02T03:04:05Z"}], "prisma-cloud"
    )
    assert (scan.time, scan.data["thresholds"]) == ("2026-01-02T03:04:05Z", {"scan": False})


HEAD = ("Registry", "Repository", "Tag", "Id", "Scan Time", "Pass", "Type", "CVE ID",
        "Compliance ID", "Type", "Severity", "Packages", "Package Version", "Fix Status",
        "Description")  # fmt: skip


def table(*rows: tuple[str, ...], delimiter: str = ",") -> bytes:
    """A table of the console."""
    return "\n".join(delimiter.join(row) for row in (HEAD, *rows)).encode()


def row(cve: str, compliance: str, severity: str, tag: str = "1") -> tuple[str, ...]:
    """A line of it."""
    return ("reg.example", "acme/shop", tag, f"sha256:{OTHER}", "2026-01-02 03:04:05", "TRUE",
            "cli", cve, compliance, "OS", severity, "libxml2", "2.9", "fixed in 3.0",
            f'"a ""quoted"" {CANARY}"')  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_table_is_a_scan_of_each_image_in_it(delimiter: str) -> None:
    """A line without a vulnerability is an issue of compliance, or says that there is none."""
    body = table(
        row("CVE-1", "46", "medium"), row("CVE-2", "46", "high"), row("", "41", "high"),
        row("", "", "", "2"), delimiter=delimiter,
    )  # fmt: skip
    found = readings_of(body, "prisma-cloud-csv")
    first, checks, clean = found
    assert (first.data["target"], counted(first)) == (
        "reg.example/acme/shop:1", {"medium": 1, "high": 1},
    )  # fmt: skip
    assert (first.data["image_id"], first.data["thresholds"]) == (f"sha256:{OTHER}", {"scan": True})
    assert first.local_time == "2026-01-02 03:04:05"
    assert (checks.data["kind"], counted(checks)) == ("baseline", {"high": 1})
    assert (clean.data["target"], clean.data["findings_count"]) == ("reg.example/acme/shop:2", 0)
    assert CANARY not in everything(found)


def test_a_table_without_its_columns_is_refused() -> None:
    """And one with a field that is too long."""
    for head in (
        b"Registry,Repository,Tag,Id,Hosts",
        b'Registry",Repository,Tag,Id,CVE ID,Severity',
    ):
        with pytest.raises(RefusedError, match=r"expected Registry, .*, CVE ID, Severity"):
            read_report(head + b"\na,b,c,d,CVE-1,high\n")
    with pytest.raises(RefusedError, match="no CSV"):
        read_report(table(row("x" * 200_000, "", "low")))


COMPUTE = {
    "type": "ContainerRuntime", "time": "Jan 21, 2018 UTC", "container": "web", "rule": "Default",
    "image": f"reg.example/shop@{DIGEST}", "imageID": f"sha256:{OTHER}", "host": "h1",
    "message": "/bin/cp changed binary", "cluster": "prod", "fqdn": "h1.example", "aggregated": "",
}  # fmt: skip
POLICY = {
    "alertId": "P-1", "policyName": "S3 bucket is public", "cloudType": "aws", "severity": "high",
    "alertStatus": "open", "alertTs": 1767322245000, "resourceId": "arn:b",
    "callbackUrl": "https://app.example/alerts?x=1",
}  # fmt: skip


def test_alerts_of_compute_are_threats_where_something_ran() -> None:
    """They have no id: the same rule about the same image is one; a day is no instant."""
    found = reading_of(COMPUTE, "prisma-cloud-alert")
    assert found.type == "pipeledger.threat.detected.v1"
    data = found.data
    assert (data["rule"], data["artifact"], data["environment"]) == (
        "Default", {"digest": DIGEST}, "prod",
    )  # fmt: skip
    assert found.time is None
    again = reading_of(COMPUTE | {"time": "later"}, "prisma-cloud-alert")
    assert again.data["fingerprint"] == data["fingerprint"]
    other = reading_of(COMPUTE | {"type": "Vulnerability"}, "prisma-cloud-alert")
    assert other.type == "pipeledger.alert.fired.v1"


@pytest.mark.parametrize(
    ("status", "what"),
    [("open", "fired"), ("resolved", "resolved"), ("dismissed", "resolved"), (None, "fired")],
)
def test_alerts_of_cloud_policies_begin_and_end(status: str | None, what: str) -> None:
    """With their own id and time in milliseconds."""
    found = reading_of([POLICY | {"alertStatus": status}], "prisma-cloud-alert")
    assert found.type == f"pipeledger.alert.{what}.v1"
    assert (found.data["fingerprint"], found.data["severity"]) == ("P-1", "high")
    assert (found.time, found.data["url"]) == (
        "2026-01-02T02:50:45Z", "https://app.example/alerts",
    )  # fmt: skip
    assert readings_of([POLICY | {"alertStatus": "snoozed"}], "prisma-cloud-alert") == []


@pytest.mark.parametrize("kind", ["aqua", "prisma-cloud"])
def test_senders_prove_themselves_by_password_or_token(kind: str) -> None:
    """As their settings offer it."""
    scheme, at = SENDERS[kind].scheme, datetime(2026, 1, 1, tzinfo=UTC)
    basic = "Basic " + base64.b64encode(b"x:s3cret").decode()
    for header, holds in ((basic, True), ("Bearer s3cret", True), ("Bearer no", False)):
        assert scheme.holds({"authorization": header}, b"{}", "s3cret", at) is holds


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith(("aqua/", "prisma-cloud/"))
}  # fmt: skip


def _numbers(text: str) -> dict[str, int]:
    return {word: int(number) for word, number in re.findall(r"(\w+)=(\d+)", text)}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Image, digests, counts, totals, thresholds and verdicts."""
    told, found = ROWS[name], readings_of((FOLDER / name).read_bytes(), name.partition("/")[0])
    scan, text = found[0], json.dumps([one.data for one in found])
    if name.startswith("aqua/"):
        words = told.partition("severity ")[2].partition(";")[0]
        number = re.search(r"(?:cves|vulns|result rows)=(\d+)", told)
        verdict = re.search(r"disallowed=(\w+)", told)
        if verdict is not None and verdict[1] != "-":
            assert found[1].data["decision"] == ("deny" if verdict[1] == "True" else "allow")
        started = re.search(r"scan_started=(\d+)", told)
        if started is not None:
            assert scan.time is not None
            assert datetime.fromisoformat(scan.time).timestamp() == int(started[1])
    else:
        words = told.partition("vulns=")[2].partition("(")[2].partition(")")[0]
        number = re.search(r"vulns=(\d+)", told)
        total = re.search(r"vulnerabilityDistribution=.*?'total': (\d+)", told)
        if total is not None:
            totals = scan.data.get("claimed", {}).get("total", sum(scan.data["counts"].values()))
            assert totals == int(total[1])
        passed = re.search(r"scanPassed vuln=(\w+|-) compliance=(\w+|-)", told)
        if passed is not None and passed[1] != "-":
            assert scan.data["thresholds"] == {"vulnerabilities": passed[1] == "True"}
        compliance = re.search(r"compliances=(\d+)", told)
        if compliance is not None:
            assert sum(found[1].data["counts"].values()) == int(compliance[1])
    assert counted(scan) == _numbers(words)
    assert number is not None
    assert len(rows_of(scan)) == int(number[1])
    for key in ("image", "digest", "id", "name"):
        value = re.search(rf"(?:^|; ){key}=([^;]+)", told)
        assert value is None or value[1] == "-" or value[1] in text


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    assurance = {"disallowed": True, "checks_performed": [{"policy_name": "a", "control": "b"}]}
    check_damaged(json.dumps(aqua(flaw(), image_assurance_results=assurance)).encode(), 120)
    page = {"count": 9, "page": 1, "pagesize": 3,
            "result": [flaw(image_name="a:1", resource={"name": "x"})]}  # fmt: skip
    check_damaged(json.dumps(page).encode(), 100)
    check_damaged(json.dumps(prisma(ISSUE, compliances=[{"title": "t"}])).encode(), 120)
    check_damaged(table(row("CVE-1", "46", "medium"), row("", "41", "high")), 100)
    check_damaged(json.dumps([POLICY, COMPUTE]).encode(), 100)
