"""Bills of materials say what an artifact is made of, whichever format they are in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

HEX = "ab" * 32
DIGEST = f"sha256:{HEX}"
SHA = "c" * 40
LOG4J = {"type": "library", "group": "org.apache", "name": "log4j", "version": "2.14.1",
         "purl": "pkg:maven/org.apache/log4j@2.14.1", "publisher": "planted-person"}  # fmt: skip
CYCLONEDX: dict[str, Any] = {
    "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:1", "version": 1,
    "metadata": {
        "timestamp": "2026-01-01T10:00:00+01:00",
        "tools": {"components": [{"type": "application", "name": "syft", "version": "1.9.0"}]},
        "component": {
            "type": "application", "name": "shop", "version": "1.2.0", "purl": "pkg:npm/shop@1.2.0",
            "hashes": [{"alg": "MD5", "content": "0" * 32}, {"alg": "SHA-256", "content": HEX}],
            "externalReferences": [{"type": "vcs", "url": "git+https://code.example/acme/shop.git"}],
            "pedigree": {"commits": [{"uid": SHA}]},
        },
    },
    "components": [LOG4J, {"type": "framework", "name": "web", "components": [
        {"type": "library", "name": "inner"}]}],
    "dependencies": [{"ref": "a", "dependsOn": ["b"]}, {"ref": "b"}],
}  # fmt: skip
VULNERABLE = {"id": "CVE-2021-44228", "source": {"name": "NVD"}, "affects": [{"ref": "log4j"}],
              "ratings": [{"source": {"name": "other"}, "severity": "low"},
                          {"source": {"name": "NVD"}, "score": 10.0, "severity": "critical"}],
              "detail": "planted-text"}  # fmt: skip
XML = f"""<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" serialNumber="urn:uuid:1" version="1">
 <metadata>
  <timestamp>2026-01-01T10:00:00+01:00</timestamp>
  <tools><components><component type="application"><name>syft</name><version>1.9.0</version>
  </component></components></tools>
  <component type="application" bom-ref="x"><name>shop</name><version>1.2.0</version>
   <hashes><hash alg="MD5">{"0" * 32}</hash><hash alg="SHA-256">{HEX.upper()}</hash></hashes>
   <purl>pkg:npm/shop@1.2.0</purl>
   <externalReferences><reference type="vcs"><url>git+https://code.example/acme/shop.git</url>
   <hashes><hash alg="SHA-256">{"0" * 64}</hash></hashes></reference></externalReferences>
   <pedigree><ancestors><component type="library"><name>old</name></component></ancestors>
   <commits><commit><uid>{SHA}</uid></commit></commits></pedigree></component>
 </metadata>
 <components>
  <component type="library"><publisher>planted-person</publisher><group>org.apache</group>
   <name>log4j</name><version>2.14.1</version>
   <licenses><license><name>not a component</name></license></licenses>
   <purl>pkg:maven/org.apache/log4j@2.14.1</purl></component>
  <component type="framework"><name>web</name>
   <components><component type="library"><name>inner</name></component></components></component>
 </components>
 <services><service><name>elsewhere</name></service></services>
 <dependencies><dependency ref="a"><dependency ref="b"/></dependency><dependency ref="b"/>
 </dependencies>
</bom>"""
SPDX: dict[str, Any] = {
    "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "doc",
    "documentNamespace": "https://sbom.example/1",
    "creationInfo": {"created": "2026-01-01T09:00:00Z", "creators": [
        "Organization: Acme", "Tool: syft-1.9.0", "Person: Mia Chen (mia@x.example)"]},
    "packages": [
        {"SPDXID": "SPDXRef-shop", "name": "shop", "versionInfo": "1.2.0",
         "primaryPackagePurpose": "APPLICATION",
         "downloadLocation": f"git+https://code.example/acme/shop.git@{SHA}#src",
         "checksums": [{"algorithm": "SHA1", "checksumValue": "0" * 40},
                       {"algorithm": "SHA256", "checksumValue": HEX}],
         "externalRefs": [{"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"},
                          {"referenceType": "purl", "referenceLocator": "pkg:npm/shop@1.2.0"}]},
        {"SPDXID": "SPDXRef-log4j", "name": "log4j", "versionInfo": "NOASSERTION",
         "supplier": "Person: planted-person"},
    ],
    "files": [{"SPDXID": "SPDXRef-f"}],
    "relationships": [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
         "relatedSpdxElement": "SPDXRef-shop"},
        {"spdxElementId": "SPDXRef-shop", "relationshipType": "DEPENDS_ON",
         "relatedSpdxElement": "SPDXRef-log4j"},
        {"spdxElementId": "SPDXRef-f", "relationshipType": "BUILD_DEPENDENCY_OF",
         "relatedSpdxElement": "SPDXRef-shop"},
    ],
}  # fmt: skip
TAGS = f"""# written by hand
SPDXVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
DocumentName: doc
DocumentNamespace: https://sbom.example/1
Creator: Organization: Acme
Creator: Tool: syft-1.9.0
Creator: Person: Mia Chen (mia@x.example)
Created: 2026-01-01T09:00:00Z
CreatorComment: <text>PackageName: none
Created: 2020-01-01T00:00:00Z</text>

PackageName: shop
SPDXID: SPDXRef-shop
PackageVersion: 1.2.0
PrimaryPackagePurpose: APPLICATION
PackageDownloadLocation: git+https://code.example/acme/shop.git@{SHA}#src
PackageChecksum: SHA1: {"0" * 40}
PackageChecksum: SHA256: {HEX}
ExternalRef: SECURITY cpe23Type cpe:2.3:a
ExternalRef: PACKAGE-MANAGER purl pkg:npm/shop@1.2.0
FileName: ./f
SPDXID: SPDXRef-f
PackageName: log4j
SPDXID: SPDXRef-log4j
PackageVersion: NOASSERTION
PackageSupplier: Person: planted-person
LicenseID: LicenseRef-1
ExtractedText: <text>one line</text>
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-shop
Relationship: SPDXRef-shop DEPENDS_ON SPDXRef-log4j
Relationship: SPDXRef-f BUILD_DEPENDENCY_OF SPDXRef-shop
"""
SPDX3: dict[str, Any] = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1",
         "created": "2026-01-01T09:00:00Z", "createdBy": ["u:mia"], "createdUsing": ["u:syft"]},
        {"type": "Person", "spdxId": "u:mia", "name": "Mia Chen", "externalIdentifier": [
            {"externalIdentifierType": "email", "identifier": "mia@x.example"}]},
        {"type": "Tool", "spdxId": "u:syft", "name": "syft-1.9.0"},
        {"type": "SpdxDocument", "spdxId": "https://sbom.example/1", "name": "doc",
         "creationInfo": "_:c", "rootElement": ["u:bom"]},
        {"type": "software_Sbom", "spdxId": "u:bom", "rootElement": ["u:shop"]},
        {"type": "software_Package", "spdxId": "u:shop", "name": "shop",
         "software_packageVersion": "1.2.0", "software_packageUrl": "pkg:npm/shop@1.2.0",
         "software_primaryPurpose": "application",
         "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": HEX}]},
        {"type": "software_Package", "spdxId": "u:log4j", "name": "log4j"},
        {"type": "software_File", "spdxId": "u:f", "name": "f"},
        {"type": "LifecycleScopedRelationship", "spdxId": "u:r", "relationshipType": "dependsOn",
         "from": "u:shop", "to": ["u:log4j"]},
    ],
}  # fmt: skip


def all_of(body: bytes) -> list[Reading]:
    """The readings of a file, as the door takes them."""
    readings = read_report(body).readings
    for reading in readings:
        through_door(reading)
        written = json.dumps(reading.data).encode() + b"".join(
            one.body for one in reading.documents
        )
        assert b"planted" not in written
    return readings


def one(value: object) -> Reading:
    """The only reading of a file."""
    body = value if isinstance(value, str) else json.dumps(value)
    (reading,) = all_of(body.encode())
    return reading


def rows(reading: Reading, name: str) -> list[dict[str, Any]]:
    """A document's rows."""
    (document,) = reading.documents
    assert document.name == name
    return [json.loads(line) for line in document.body.splitlines()]


def subject(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The bill with another subject."""
    metadata = CYCLONEDX["metadata"]
    return CYCLONEDX | {"metadata": metadata | {"component": metadata["component"] | changes}}


@pytest.mark.parametrize("value", [CYCLONEDX, XML, SPDX, TAGS, SPDX3])
def test_an_artifact_is_described_whatever_the_format(value: object) -> None:
    """By its digest, with version, tool and time."""
    reading = one(value)
    data = reading.data
    assert reading.type == "pipeledger.artifact.described.v1"
    assert data["kind"] == "sbom"
    assert data["artifact"] == {"digest": DIGEST, "purl": "pkg:npm/shop@1.2.0", "name": "shop"}
    assert (data["target"], data["release"]) == ("shop@1.2.0", "1.2.0")
    assert (data["tool"], data["tool_version"]) == ("syft", "1.9.0")
    assert reading.time in ("2026-01-01T10:00:00+01:00", "2026-01-01T09:00:00Z")
    assert data["serial"] in ("urn:uuid:1", "https://sbom.example/1")
    assert data["inventory"] == reading.documents[0].digest


@pytest.mark.parametrize("value", [CYCLONEDX, XML])
def test_components_are_counted_with_those_within(value: object) -> None:
    """Ancestors, tools and services are no components."""
    reading = one(value)
    data = reading.data
    assert (data["format"], data["format_version"]) == ("cyclonedx", "1.6")
    assert (data["components"], data["dependencies"]) == (3, 2)
    assert data["counts"] == {"framework": 1, "library": 2}
    assert (data["repository"], data["commit"]) == ("https://code.example/acme/shop", SHA)
    assert rows(reading, "components")[0] == {
        "name": "org.apache/log4j", "type": "library", "version": "2.14.1",
        "purl": "pkg:maven/org.apache/log4j@2.14.1",
    }  # fmt: skip


@pytest.mark.parametrize("value", [SPDX, TAGS, {"sbom": SPDX}])
def test_packages_are_the_components_of_spdx(value: object) -> None:
    """As JSON, as text, and wrapped as a code host gives it."""
    data = one(value).data
    assert (data["format"], data["format_version"], data["document_name"]) == ("spdx", "2.3", "doc")
    assert (data["components"], data["dependencies"]) == (2, 2)
    assert data["counts"] == {"packages": 2, "files": 1, "relationships": 3}
    assert (data["repository"], data["commit"]) == ("https://code.example/acme/shop", SHA)
    assert data["actor"] == {"system": "spdx", "name": "Mia Chen", "email": "mia@x.example"}
    assert rows(one(value), "components")[1] == {"name": "log4j"}


def test_spdx_3_is_a_graph() -> None:
    """The document names the bill, and the bill the package."""
    data = one(SPDX3).data
    assert (data["format_version"], data["document_name"]) == ("3.0.1", "doc")
    assert (data["components"], data["dependencies"]) == (2, 1)
    assert data["counts"] == {"packages": 2, "files": 1, "relationships": 1}
    assert data["actor"] == {"system": "spdx", "name": "Mia Chen", "email": "mia@x.example"}


def test_spdx_3_may_have_its_creation_within_the_document() -> None:
    """The object itself instead of its id."""
    info, *others = SPDX3["@graph"]
    graph = [element | ({"creationInfo": info} if element["type"] == "SpdxDocument" else {})
             for element in others]  # fmt: skip
    assert one(SPDX3 | {"@graph": graph}).time == "2026-01-01T09:00:00Z"


@pytest.mark.parametrize(
    ("changes", "digest"),
    [
        ({"version": DIGEST, "hashes": None, "purl": None}, DIGEST),
        ({"purl": f"pkg:oci/shop@sha256%3A{HEX}?arch=amd64", "hashes": None}, DIGEST),
        ({"purl": f"pkg:oci/shop@sha256:{HEX}#x", "hashes": None}, DIGEST),
        ({"hashes": [{"alg": "SHA-512", "content": "cd" * 64}]}, f"sha512:{'cd' * 64}"),
        ({"hashes": [{"alg": "SHA-1", "content": "0" * 40}]}, None),
        ({"hashes": [{"alg": "SHA3-256", "content": HEX}]}, None),
        ({"hashes": None, "purl": f"pkg:npm/shop@sha256:{HEX}"}, None),
    ],
)  # fmt: skip
def test_the_digest_is_a_hash_or_the_version_of_an_image(
    changes: dict[str, Any], digest: str | None
) -> None:
    """Where there is none, there is no artifact, and the sender's own can stand."""
    data = one(subject(**changes)).data
    assert data.get("artifact", {}).get("digest") == digest
    assert ("artifact" in data) == (digest is not None)
    assert data["target"].startswith("shop@")
    assert ("release" in data) == ("version" not in changes)


def test_several_described_things_are_no_artifact() -> None:
    """Nor is one that the document does not name."""
    both = SPDX | {"documentDescribes": ["SPDXRef-shop", "SPDXRef-log4j"]}
    for changed in (both, SPDX | {"relationships": []}):
        data = one(changed).data
        assert not {"artifact", "target", "release", "repository"} & data.keys()
    roots = [element | ({"rootElement": ["u:shop", "u:log4j"]} if "rootElement" in element else {})
             for element in SPDX3["@graph"]]  # fmt: skip
    assert "artifact" not in one(SPDX3 | {"@graph": roots}).data


@pytest.mark.parametrize(
    ("tools", "tool", "version"),
    [
        ([{"vendor": "V", "name": "cdx", "version": "2"}, {"name": "b"}], "cdx", "2"),
        ({"components": [], "services": [{"name": "s", "version": "3"}]}, "s", "3"),
        ([], None, None), (None, None, None),
    ],
)  # fmt: skip
def test_tools_are_told_in_two_ways(
    tools: object, tool: str | None, version: str | None
) -> None:  # fmt: skip
    """A list up to 1.4, components and services from 1.5."""
    changed = CYCLONEDX | {"metadata": CYCLONEDX["metadata"] | {"tools": tools}}
    data = one(changed).data
    assert (data.get("tool"), data.get("tool_version")) == (tool, version)


@pytest.mark.parametrize(
    ("creator", "tool", "version"),
    [
        ("Tool: syft-0.57.0", "syft", "0.57.0"), ("Tool: Microsoft.SBOMTool-2.2.3",
         "Microsoft.SBOMTool", "2.2.3"), ("Tool: a-b2-v1.0-rc.1", "a-b2", "1.0-rc.1"),
        ("Tool: spdx.example/tools-golang/builder", "spdx.example/tools-golang/builder", None),
        ("Tool: GitHub.com-Dependency-Graph", "GitHub.com-Dependency-Graph", None),
        ("Organization: Acme", None, None),
    ],
)  # fmt: skip
def test_the_version_of_a_tool_is_behind_its_name(
    creator: str, tool: str | None, version: str | None
) -> None:
    """As SPDX 2 writes both into one."""
    data = one(SPDX | {"creationInfo": {"creators": [creator]}}).data
    assert (data.get("tool"), data.get("tool_version")) == (tool, version)
    assert "actor" not in data


@pytest.mark.parametrize(
    ("persons", "actor"),
    [
        (["Person: Mia Chen"], {"system": "spdx", "name": "Mia Chen"}),
        (["Person: Mia Chen ()"], {"system": "spdx", "name": "Mia Chen"}),
        (["Person: Mia (Ops) Chen"], {"system": "spdx", "name": "Mia (Ops) Chen"}),
        (["Person: Mia Chen", "Person: Ben"], None),
    ],
)
def test_one_person_is_the_actor(persons: list[str], actor: dict[str, str] | None) -> None:
    """With the address where it stands behind the name."""
    assert one(SPDX | {"creationInfo": {"creators": persons}}).data.get("actor") == actor


def test_an_author_without_an_address_may_be_an_organisation() -> None:
    """Tools write their own there."""

    def of(*authors: dict[str, str]) -> object:
        metadata = CYCLONEDX["metadata"] | {"authors": list(authors)}
        return one(CYCLONEDX | {"metadata": metadata}).data.get("actor")

    assert of({"name": "Foundation"}) is None
    assert of({"name": "Mia", "email": "mia@x.example"}) == {
        "system": "cyclonedx", "name": "Mia", "email": "mia@x.example",
    }  # fmt: skip


def test_a_package_url_loses_user_and_password() -> None:
    """Qualifiers hold addresses of registries."""
    purl = (
        "pkg:npm/a@1?download_url=https%3A%2F%2Fme%3Aplanted%40r.example%2Fa"
        "&x=https://planted@r.example"
    )
    found = rows(one(CYCLONEDX | {"components": [{"name": "a", "purl": purl}]}), "components")
    assert found[0]["purl"] == (
        "pkg:npm/a@1?download_url=https%3A%2F%2Fr.example%2Fa&x=https://r.example"
    )


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


def test_statements_of_spdx_3() -> None:
    """By the type of the relationship."""
    graph = [
        *SPDX3["@graph"],
        {"type": "security_Vulnerability", "spdxId": "u:v", "externalIdentifier": [
            {"externalIdentifierType": "cve", "identifier": "CVE-1"}]},
        {"type": "security_VexNotAffectedVulnAssessmentRelationship", "from": "u:v",
         "to": ["u:log4j"], "relationshipType": "doesNotAffect",
         "security_justificationType": "componentNotPresent"},
    ]  # fmt: skip
    _, vex = all_of(json.dumps(SPDX3 | {"@graph": graph}).encode())
    assert (vex.data["kind"], vex.data["counts"]) == ("vex", {"not_affected": 1})
    assert rows(vex, "statements") == [
        {"vulnerability": "CVE-1", "state": "not_affected", "affects": ["log4j"],
         "justification": "componentNotPresent"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "body", "place"),
    [
        ("cyclonedx", "{}", "field bomFormat"),
        ("cyclonedx-xml", "<bom/>", "document"),
        ("spdx", "{}", "field spdxVersion"),
        ("spdx3", '{"@graph": []}', "field @graph"),
        ("spdx-tag-value", "SPDXVersion: SPDX-2.3\nno tag", "line 2"),
        ("spdx-tag-value", "SPDXVersion: SPDX-2.3\nRelationship: a b", "line 2"),
    ],
)
def test_what_is_none_is_refused_with_the_place(form: str, body: str, place: str) -> None:
    """Though it is said to be one."""
    with pytest.raises(RefusedError) as refused:
        read_report(body.encode(), form)
    assert refused.value.place == place


ROWS = {
    name: row
    for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith(("cyclonedx/", "spdx/"))
}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(n for n in ROWS if re.match(r"cyclonedx/.*\.json", n)))
def test_real_cyclonedx_files_say_what_their_row_says(name: str) -> None:
    """Version, serial, instant, tool, subject, components by type, analyses."""
    told = dict(re.findall(r"(\w[\w ]*)[= ]([^;]*)", ROWS[name]))
    (reading,) = all_of((FOLDER / name).read_bytes())
    data = reading.data
    row = ROWS[name]
    assert row.startswith(f"CycloneDX {data['format_version']}; serial={data.get('serial', '-')};")
    assert f"timestamp={reading.time or '-'};" in row
    tool = f"[('{data['tool']}', '{data['tool_version']}')]" if "tool" in data else "[]"
    assert f"tools={tool};" in row
    assert f"subject={data.get('target', '-@').replace('@', ' ', 1)};" in row
    if data["kind"] == "vex":
        assert f"analysis states not_affected={data['counts']['not_affected']}" in row
        return
    kinds = ",".join(f"{kind}={number}" for kind, number in data["counts"].items())
    assert f"components={data['components']} ({kinds}); " in row
    assert f"dependencies={data.get('dependencies', 0)}; " in row
    assert told


@needs_fixtures
def test_a_real_xml_file_says_what_its_row_says() -> None:
    """Namespace and number of components."""
    (reading,) = all_of((FOLDER / "cyclonedx/cyclonedx-laravel-1.3.xml").read_bytes())
    data = reading.data
    assert ROWS["cyclonedx/cyclonedx-laravel-1.3.xml"] == (
        f"namespace=http://cyclonedx.org/schema/bom/{data['format_version']}; "
        f"serial={data.get('serial')}; components={data['components']}"
    )
    assert data["purl"] == "pkg:composer/cyclonedx/cyclonedx-php-composer-demo@dev-master"


@needs_fixtures
@pytest.mark.parametrize(
    "name", sorted(name for name in ROWS if re.match(r"spdx/spdx-(2.2-app|2.x|bom)", name))
)
def test_real_spdx_files_say_what_their_row_says(name: str) -> None:
    """Version, names, instant, creators, elements."""
    (reading,) = all_of((FOLDER / name).read_bytes())
    data, row = reading.data, ROWS[name]
    assert row.startswith(
        f"SPDX-{data['format_version']}; name={data['document_name']}; "
        f"namespace={data['serial']}; created={reading.time}; "
    )
    creator = data["tool"] + (f"-{data['tool_version']}" if "tool_version" in data else "")
    assert f"'Tool: {creator}'" in row
    if "actor" in data:
        assert f'"Person: {data["actor"]["name"]}"' in row
    counts = data["counts"]
    assert (
        f"packages={counts['packages']}; files={counts['files']}; "
        f"relationships={counts['relationships']}; "
    ) in row
    assert ("target" in data) == ("describes=[]" not in row)


@needs_fixtures
def test_a_real_text_and_a_real_graph_say_what_their_row_says() -> None:
    """Numbers of elements by type, version, instant."""
    (text,) = all_of((FOLDER / "spdx/spdx-2.2-example1.spdx").read_bytes())
    counts = text.data["counts"]
    assert ROWS["spdx/spdx-2.2-example1.spdx"] == (
        f"tag-value; SPDXVersion=SPDX-{text.data['format_version']}; "
        f"PackageName x{counts['packages']}; FileName x{counts['files']}; Created={text.time}"
    )
    (graph,) = all_of((FOLDER / "spdx/spdx-3.0-sbom.json").read_bytes())
    told = {kind: int(number) for kind, number in
            re.findall(r"(\w+)=(\d+)", ROWS["spdx/spdx-3.0-sbom.json"])}  # fmt: skip
    assert graph.data["counts"] == {
        "packages": told["software_Package"], "files": told["software_File"],
        "relationships": told["Relationship"] + told["LifecycleScopedRelationship"],
    }  # fmt: skip


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers."""
    vulnerable = CYCLONEDX | {"vulnerabilities": [VULNERABLE]}
    for sample in (vulnerable, SPDX, SPDX3):
        check_damaged(json.dumps(sample).encode(), 300)
    check_damaged(XML.encode(), 200)
    check_damaged(TAGS.encode(), 200)
