"""Bills of materials of CycloneDX and SPDX, small ones of every form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.intake.bills import CYCLONEDX, DIGEST, HEX, SHA, SPDX3, VULNERABLE, one, rows, subject
from tests.intake.damage import check_damaged

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


def test_attributes_that_cyclonedx_has_not_are_passed_over() -> None:
    """Though an element of that name may stand there."""
    xml = XML.replace("<tools>", '<tools tool="x">').replace("<component ", '<component tool="x" ')
    assert one(xml.replace("<name>", "<tool/><name>", 1)).data == one(XML).data


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


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers."""
    vulnerable = CYCLONEDX | {"vulnerabilities": [VULNERABLE]}
    for sample in (vulnerable, SPDX, SPDX3):
        check_damaged(json.dumps(sample).encode(), 300)
    check_damaged(XML.encode(), 200)
    check_damaged(TAGS.encode(), 200)
