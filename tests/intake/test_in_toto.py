"""Statements on artifacts become facts about each of them, and no signature is taken for proof.

One format's predicates, case by case, so it is long.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from domain.errors import PipeledgerError, RefusedError
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door
from tests.intake.statements import (
    COMMIT,
    NEW,
    OLD,
    ONE,
    REPOSITORY,
    RUN,
    SLSA,
    envelope,
    kinds,
    read,
    statement,
)


def bundle(value: dict[str, Any], kind: str = "+json;version=0.1", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A statement in a Sigstore bundle with an entry in a log."""
    return {
        "mediaType": f"application/vnd.dev.sigstore.bundle{kind}",
        "verificationMaterial": {"tlogEntries": [{"integratedTime": "1767225600"}]},
        "dsseEnvelope": envelope(value),
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("wrapped", "signed", "logged"),
    [
        (lambda one: one, False, None),
        (envelope, True, None),
        (lambda one: envelope(one, signatures=[]), False, None),
        (bundle, True, True),
        (lambda one: bundle(one, "+json;version=0.2"), True, True),
        (lambda one: bundle(one, ".v0.3+json"), True, True),
        (lambda one: bundle(one, ".v0.3+json", verificationMaterial={"certificate": {}}),
         True, False),
        (lambda one: {"attestations": [{"bundle": bundle(one), "repository_id": 1}]}, True, True),
    ],
    ids=["plain", "envelope", "unsigned", "bundle-0.1", "bundle-0.2", "bundle-0.3", "not-logged",
         "handed-out"],
)  # fmt: skip
def test_a_statement_is_the_same_in_whatever_it_comes(
    wrapped: Any, signed: bool, logged: bool | None  # noqa: ANN401, FBT001 - cases
) -> None:  # fmt: skip
    """That it is signed and logged is told; that the signature holds is not."""
    said = statement("https://example.com/said/v1", {}, {"name": "a", "digest": {"sha256": ONE}})
    (reading,) = read(wrapped(said))
    assert kinds([reading]) == ["artifact.described"]
    assert (reading.data["signed"], reading.data.get("logged")) == (signed, logged)
    assert reading.data["artifact"]["digest"] == f"sha256:{ONE}"
    assert reading.time == ("2026-01-01T00:00:00Z" if logged else None)
    assert (reading.data["kind"], reading.data["format_version"]) == ("statement", "v1")


def test_lines_are_read_one_by_one_and_in_order_of_time() -> None:
    """As they are downloaded."""
    sbom = statement(
        "https://cyclonedx.org/bom", {"metadata": {"timestamp": "2025-01-01T00:00:00Z"}}
    )
    late, early = bundle(statement("https://example.com/said/v1", {})), envelope(sbom)
    readings = read(late, early)
    assert [one.data["kind"] for one in readings] == ["sbom", "sbom", "statement", "statement"]
    with pytest.raises(RefusedError, match="attestation 2, field payload: no base64"):
        read_report("\n".join(map(json.dumps, (late, early | {"payload": "!"}))).encode())


def test_a_cloud_s_own_frame_is_opened() -> None:
    """Its base64 is that of addresses."""
    text = "?>?>~~" * 20
    said = statement("https://example.com/said/v1", {"text": text})
    held = envelope(said)
    held["payload"] = held["payload"].replace("+", "-").replace("/", "_").rstrip("=")
    frame = {"image_summary": {}, "provenance_summary": {"provenance": [{"envelope": held}]}}
    assert kinds(read(frame)) == ["artifact.described"] * 2


@pytest.mark.parametrize(
    ("kind", "predicate", "outcome", "levels"),
    [
        ("https://slsa.dev/verification_summary/v1",
         {"verificationResult": "PASSED", "timeVerified": "2026-01-01T10:00:00Z",
          "verifier": {"id": "https://v.example"}, "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
          "resourceUri": "pkg:oci/shop", "policy": {"uri": "https://p.example"}},
         "success", ["SLSA_BUILD_LEVEL_3"]),
        ("https://slsa.dev/verification_summary/v1",
         {"verificationResult": "FAILED", "timeVerified": "2026-01-01T10:00:00Z",
          "verifier": {"id": "https://v.example"}, "resourceUri": "pkg:oci/shop",
          "policy": {"uri": "https://p.example"}}, "failure", None),
        ("https://slsa.dev/verification_summary/v0.2",
         {"verification_result": "PASSED", "time_verified": "2026-01-01T10:00:00Z",
          "verifier": {"id": "https://v.example"}, "policy_level": "SLSA_LEVEL_2",
          "resource_uri": "pkg:oci/shop", "policy": {"uri": "https://p.example"}},
         "success", ["SLSA_LEVEL_2"]),
        ("https://in-toto.io/attestation/svr/v0.1",
         {"timeCreated": "2026-01-01T10:00:00Z", "verifier": {"id": "https://v.example"},
          "properties": ["SCANNED"], "resourceUri": "pkg:oci/shop",
          "policy": {"uri": "https://p.example"}}, "success", ["SCANNED"]),
    ],
)  # fmt: skip
def test_a_summary_of_a_verification_says_what_was_verified(
    kind: str, predicate: dict[str, Any], outcome: str, levels: list[str] | None
) -> None:
    """That is the only kind of statement that does; one that failed is a failure."""
    first, second = read(envelope(statement(kind, predicate)))
    assert kinds([first, second]) == ["attestation.verified"] * 2
    data = first.data
    assert (data["outcome"], data.get("levels")) == (outcome, levels)
    assert data["artifact"] == {"digest": f"sha256:{ONE}", "name": "shop.tgz"}
    assert (data["verifier"], data["resource"], data["policy"]) == (
        "https://v.example", "pkg:oci/shop", "https://p.example",
    )  # fmt: skip
    assert first.time == "2026-01-01T10:00:00Z"


@pytest.mark.parametrize(
    "name", [f"{REPOSITORY}/ci.yml@main", {"type": "URI", "value": f"{REPOSITORY}/ci.yml@main"}]
)
def test_what_another_tool_verified_is_told_with_the_signer(name: object) -> None:
    """As that tool wrote it down; it does not say when."""
    said = statement("https://example.com/said/v1", {}, {"name": "a", "digest": {"sha256": ONE}})
    result = {
        "mediaType": "application/vnd.dev.sigstore.verificationresult+json;version=0.1",
        "statement": said,
        "signature": {
            "certificate": {
                "subjectAlternativeName": name,
                "sourceRepositoryURI": REPOSITORY,
                "sourceRepositoryDigest": COMMIT,
                "runInvocationURI": RUN,
            }
        },
    }
    described, verified = read([
        {"attestation": {"bundle": bundle(said)}, "verificationResult": result},
    ])  # fmt: skip
    assert kinds([described, verified]) == ["artifact.described", "attestation.verified"]
    data = verified.data
    assert (data["outcome"], data["verifier"]) == ("success", "sigstore")
    assert (data["signer"], verified.time) == (f"{REPOSITORY}/ci.yml@main", None)
    assert data["predicate_type"] == "https://example.com/said/v1"
    assert (data["repository"], data["commit"], data["url"]) == (REPOSITORY, COMMIT, RUN)


@pytest.mark.parametrize(
    ("predicate", "outcome", "counts"),
    [
        ({"result": "PASSED", "passedTests": ["a", "b"], "failedTests": []}, "success",
         {"passed": 2, "failed": 0}),
        ({"result": "FAILED", "failedTests": ["a"]}, "failure", {"failed": 1}),
        ({"result": "WARNED", "warnedTests": ["a"]}, "success", {"warned": 1}),
        ({"result": "FAILED"}, "failure", None),
        ({"result": "PASSED", "failedTests": ["a"]}, "failure", {"failed": 1}),
    ],
)  # fmt: skip
def test_results_of_tests_are_about_their_subject(
    predicate: dict[str, Any], outcome: str, counts: dict[str, int] | None
) -> None:
    """Which is mostly a commit."""
    subject = {"digest": {"gitCommit": COMMIT}}
    said = statement("https://in-toto.io/attestation/test-result/v0.1", predicate, subject)
    (reading,) = read(bundle(said))
    data = reading.data
    assert kinds([reading]) == ["tests.finished"]
    assert (data["outcome"], data.get("counts"), data["commit"]) == (outcome, counts, COMMIT)
    assert data["reported_outcome"] == predicate["result"]
    assert "artifact" not in data


SCAN: dict[str, Any] = {
    "scanner": {
        "uri": "pkg:github/acme/Looker@244fd47e", "version": "1.2",
        "db": {"lastUpdate": "2026-01-01T00:00:00Z"},
        "result": [
            {"id": "CVE-1", "severity": [{"method": "nvd", "score": "medium"},
                                         {"method": "cvss_score", "score": "9.8"}]},
            {"id": "CVE-2", "severity": [{"method": "nvd", "score": "LOW"}]},
            {"id": "CVE-3", "severity": []},
        ],
    },
    "metadata": {"scanStartedOn": "2026-01-02T00:00:00Z", "scanFinishedOn": "2026-01-02T00:01:00Z"},
}  # fmt: skip


@pytest.mark.parametrize("version", ["vulns/v0.1", "vulns/v0.2"])
def test_a_scan_counts_each_finding_by_its_worst_severity(version: str) -> None:
    """Whatever method gave it."""
    said = statement(f"https://in-toto.io/attestation/{version}", SCAN,
                     {"name": "a", "digest": {"sha256": ONE}})  # fmt: skip
    (reading,) = read(envelope(said))
    data = reading.data
    assert kinds([reading]) == ["scan.finished"]
    assert {word: number for word, number in data["counts"].items() if number} == {
        "critical": 1, "low": 1, "unknown": 1,
    }  # fmt: skip
    assert (data["tool"], data["tool_version"], data["findings_count"]) == ("looker", "1.2", 3)
    assert (reading.time, data["database_date"]) == (
        "2026-01-02T00:01:00Z", "2026-01-01T00:00:00Z",
    )  # fmt: skip
    assert data["artifact"]["digest"] == f"sha256:{ONE}"
    first, second = read(envelope(statement(f"https://in-toto.io/attestation/{version}", SCAN)))
    assert first.data["findings"] == second.data["findings"]
    assert (len(first.documents), second.documents) == (1, ())
    own = SCAN | {"scanner": SCAN["scanner"] | {"result": {"Results": []}}}
    (reading, _) = read(statement("https://cosign.sigstore.dev/attestation/vuln/v1", own))
    assert (reading.data["outcome"], "counts" in reading.data) == ("success", False)


@pytest.mark.parametrize(
    ("kind", "predicate", "expected"),
    [
        ("https://cyclonedx.org/bom",
         {"specVersion": "1.6", "metadata": {"timestamp": "2026-01-01T00:00:00Z"},
          "components": [{}, {}], "dependencies": [{}]}, ("sbom", "cyclonedx", "1.6", 2)),
        ("https://cyclonedx.org/bom/v1.4",
         {"Data": {"specVersion": "1.4", "metadata": {"timestamp": "2026-01-01T00:00:00Z"},
                   "components": []}}, ("sbom", "cyclonedx", "1.4", 0)),
        ("https://spdx.dev/Document/v2.3",
         {"spdxVersion": "SPDX-2.3", "creationInfo": {"created": "2026-01-01T00:00:00Z"},
          "packages": [{}]}, ("sbom", "spdx", "2.3", 1)),
        ("https://openvex.dev/ns/v0.2.0",
         {"timestamp": "2026-01-01T00:00:00Z", "statements": [{"status": "fixed"}]},
         ("vex", "openvex", None, None)),
    ],
)  # fmt: skip
def test_bills_of_materials_and_exploitability_are_described(
    kind: str, predicate: dict[str, Any], expected: tuple[str, str, str | None, int | None]
) -> None:
    """Counted, and about each artifact."""
    first, second = read(envelope(statement(kind, predicate)))
    data = first.data
    assert (
        data["kind"], data["format"], data.get("format_version"), data.get("components")
    ) == expected  # fmt: skip
    assert first.time == "2026-01-01T00:00:00Z"
    assert (data["artifact"]["name"], second.data["artifact"]["purl"]) == (
        "shop.tgz", "pkg:npm/shop@1",
    )  # fmt: skip
    if expected[0] == "vex":
        assert data["counts"] == {"fixed": 1}


def test_a_package_that_its_registry_attests_was_published() -> None:
    """There, when the log says it."""
    kind = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
    first, _ = read({"attestations": [
        {"predicateType": kind, "bundle": bundle(statement(kind, {"registry": "https://r.example"}))},
    ]})  # fmt: skip
    assert kinds([first]) == ["artifact.published"]
    assert (first.data["registry"], first.time) == ("https://r.example", "2026-01-01T00:00:00Z")


def test_a_signature_of_an_artifact_itself_says_that_it_was_signed() -> None:
    """By its digest, in base64."""
    digest = base64.b64encode(bytes.fromhex(ONE)).decode()
    signed = bundle({}, ".v0.3+json", messageSignature={
        "messageDigest": {"algorithm": "SHA2_256", "digest": digest}, "signature": "AAAA",
    })  # fmt: skip
    del signed["dsseEnvelope"]
    (reading,) = read(signed)
    assert kinds([reading]) == ["artifact.signed"]
    assert reading.data == {"artifact": {"digest": f"sha256:{ONE}"}, "logged": True}


def test_the_same_digest_is_described_once() -> None:
    """Under its first name; the build lists every name."""
    same = [{"name": name, "digest": {"sha256": ONE}} for name in ("a", "b")]
    build, described = read(statement(SLSA + "v1", NEW, *same))
    assert [one["name"] for one in build.data["artifacts"]] == ["a", "b"]
    assert described.data["artifact"]["name"] == "a"


@pytest.mark.parametrize(
    "digest",
    [{}, {"sha256": "1" * 63}, {"sha256": "x" * 64}, {"SHA 256": ONE}, {"gitCommit": "0" * 40}],
)
def test_a_subject_without_a_digest_is_no_artifact(digest: dict[str, str]) -> None:
    """A description stays; that something was verified needs to say what."""
    subject = {"name": "a", "digest": digest}
    (reading,) = read(statement("https://example.com/said/v1", {}, subject))
    assert {"artifact", "commit"}.isdisjoint(reading.data)
    summary = {"verificationResult": "PASSED"}
    assert read(statement("https://slsa.dev/verification_summary/v1", summary, subject)) == []


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (envelope({}) | {"payloadType": "application/json"}, "field payloadType"),
        (envelope({}) | {"payload": "%%"}, "field payload"),
        (envelope({}) | {"payload": "/w=="}, "field payload, byte 0"),
        (envelope({}) | {"payload": "e30="}, "statement, "),
        (statement("", {}), "statement, field predicateType"),
        (statement(SLSA + "v1", {"runDetails": 7}), "statement, field runDetails"),
        (statement("x", {}) | {"_type": "https://example.com"}, "statement, field _type"),
        ({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}, "document"),
        ({"verificationResult": {}}, "field verificationResult"),
        ([1], "document"),
    ],
)
def test_what_is_wrong_is_named(value: object, place: str) -> None:
    """By field."""
    with pytest.raises(PipeledgerError) as caught:
        read_report(json.dumps(value).encode(), "in-toto")
    assert str(caught.value).startswith(place)


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items() if name.startswith("in-toto/")
}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Predicate, subjects, builder, signature, log; commits as they stand in the files."""
    row = ROWS[name]
    told = re.search(
        r"predicateType=(\S+); subjects=(\d+) first=(\S+) \{'(\w+)': '(\w+)'\}; builder=(.+)$", row
    )
    assert told is not None
    kind, number, first, algorithm, digest, builder = told.groups()
    readings = read_report((FOLDER / name).read_bytes()).readings
    for reading in readings:
        through_door(reading)
    described = [one for one in readings if one.type == "pipeledger.artifact.described.v1"]
    data = described[0].data
    assert data["predicate_type"] == kind
    assert data["artifact"]["digest"] == f"{algorithm}:{digest}"
    assert first in data["artifact"].values()
    assert data.get("builder", "-") == builder
    assert data["signed"] == ("signatures=1" in row)
    assert data.get("logged") == (None if "tlogEntries" not in row else "tlogEntries=1" in row)
    builds = [one for one in readings if one.type == "pipeledger.build.finished.v1"]
    assert len(builds) == ("slsa.dev/provenance" in kind)
    for build in builds:
        assert len(build.data["artifacts"]) == int(number)
        assert build.data.get("commit") == COMMITS[name]
    if not builds:
        assert len(described) == int(number)


COMMITS = {
    "in-toto/buildkit-intoto-statement.json": "8dc49c4b984b897d423aab4971090e1879eb4f23",
    "in-toto/gcb-provenance-v0.2.json": "fbbb98765e85ad464302dc5977968104d36e455e",
    "in-toto/github-attestation-demo-wheel.jsonl": "a6c23b9806c593664f68637c8f9d45dfcf98b2db",
    "in-toto/npm-provenance-sigstore-js-2.1.0-bundle.json": (
        "26d16513386ffaa790b1c32f927544f1322e4194"
    ),
    "in-toto/oci-dsse-attestation.json": None,
    "in-toto/slsa-gha-generator-annotated-tag.intoto.jsonl": (
        "f24af35a7c714f1b4eeb53afefb57fa11bd5c95c"
    ),
}


@pytest.mark.parametrize(
    "value",
    [
        statement(SLSA + "v0.2", OLD), statement(SLSA + "v1", NEW), bundle(statement("x", {})),
        statement("https://in-toto.io/attestation/vulns/v0.2", SCAN),
        statement("https://slsa.dev/verification_summary/v1", {"verificationResult": "PASSED"}),
        {"attestations": [{"bundle": bundle(statement("x", {}))}]},
    ],
    ids=["v0.2", "v1", "bundle", "scan", "summary", "handed-out"],
)  # fmt: skip
def test_damage_is_refused_and_nothing_else_happens(value: dict[str, Any]) -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(json.dumps(value).encode(), 150)


@pytest.mark.parametrize(
    "predicate",
    [
        {"materials": [{"uri": "git+https://[", "digest": {"sha1": COMMIT}}]},
        {"materials": [{"uri": "https://[", "digest": {"sha1": COMMIT}}]},
        {"metadata": {"buildFinishedOn": "0001-01-01T00:00:00Z"}},
        {"invocation": {"environment": [], "configSource": {"uri": "://"}}},
    ],
)
def test_odd_addresses_and_times_are_no_facts(predicate: dict[str, Any]) -> None:
    """And no faults."""
    build = read(envelope(statement(SLSA + "v0.2", predicate)))[0]
    assert "repository" not in build.data


def test_a_predicate_of_another_structure_is_refused() -> None:
    """Inside of an envelope, too."""
    with pytest.raises(RefusedError, match=r"^statement, "):
        read_report(json.dumps(envelope(statement(SLSA + "v0.2", []))).encode())
