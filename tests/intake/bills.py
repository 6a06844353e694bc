"""The same small bill of materials in every form, and how it is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from intake.registry import read_report
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
