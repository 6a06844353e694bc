"""Statements on exploitability are counted by their status."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door
from tests.intake.scans import everything, reading_of, rows_of

DIGEST = "d" * 64
PRODUCT = f"pkg:oci/shop@sha256:{DIGEST}"


def _document(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex-1",
        "author": "Mia Chen <mia@acme.example>", "timestamp": "2026-01-05T10:00:00Z",
        "version": 1, "statements": list(statements),
    } | more  # fmt: skip


def _statement(status: str, product: object = PRODUCT) -> dict[str, Any]:
    return {"vulnerability": {"name": "CVE-2026-1", "aliases": ["GHSA-x"]}, "status": status,
            "products": [product], "justification": "component_not_present",
            "impact_statement": "planted-words"}  # fmt: skip


def test_statements_are_counted_by_status() -> None:
    """And written down, without what people wrote in them."""
    found = reading_of(_document(_statement("not_affected"), _statement("fixed")), "openvex")
    data = found.data
    assert found.type == "pipeledger.artifact.described.v1"
    assert (data["kind"], data["counts"]) == ("vex", {"fixed": 1, "not_affected": 1})
    assert (data["format"], data["format_version"]) == ("OpenVEX", "0.2.0")
    assert (found.time, data["serial"]) == ("2026-01-05T10:00:00Z", "https://acme.example/vex-1")
    assert data["artifact"] == {"digest": f"sha256:{DIGEST}", "purl": PRODUCT}
    assert data["actor"] == {"system": "openvex", "email": "mia@acme.example", "name": "Mia Chen"}
    first, _ = rows_of(found)
    assert (first["vulnerability"], first["aliases"]) == ("CVE-2026-1", ["GHSA-x"])
    assert (first["state"], first["affects"]) == ("not_affected", [PRODUCT])
    assert "planted" not in everything([found])


def test_the_first_version_has_texts_and_no_version() -> None:
    """Vulnerabilities and products are texts there."""
    old = {"vulnerability": "CVE-2026-1", "products": ["pkg:apk/x@1"], "status": "affected"}
    value = _document(old, **{"@context": "https://openvex.dev/ns"})
    found = reading_of(value, "openvex")
    assert "format_version" not in found.data
    assert rows_of(found)[0]["vulnerability"] == "CVE-2026-1"


def test_the_later_instant_counts_and_several_products_are_none() -> None:
    """A digest may stand beside a product's name."""
    product = {"@id": "pkg:generic/shop@1", "hashes": {"sha-256": DIGEST.upper()}}
    value = _document(_statement("fixed", product), last_updated="2026-02-01T00:00:00+02:00")
    found = reading_of(value, "openvex")
    assert found.time == "2026-02-01T00:00:00+02:00"
    assert found.data["artifact"]["digest"] == f"sha256:{DIGEST}"
    both = _document(_statement("fixed", product), _statement("fixed"))
    assert "artifact" not in reading_of(both, "openvex").data


ROWS = {name: row for name, row in facts("SOURCES-scanners.tsv").items()
        if name.startswith("openvex/")}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_real_document_says_what_its_row_says(name: str) -> None:
    """Statements by status and by justification, author, tool and time."""
    row = ROWS[name]
    (found,) = read_report((FOLDER / name).read_bytes()).readings
    through_door(found)
    data = found.data
    told = re.search(r"; status ([^;]+); justification ([^;]+)$", row)
    assert told is not None
    status, justification = ({word: int(number) for word, number in re.findall(
        r"([a-z_-]+)=(\d+)", part)} for part in told.groups())  # fmt: skip
    assert data["counts"] == status
    assert f"statements={sum(status.values())};" in row
    assert f"@id={data['serial']};" in row
    assert f"author={data['actor']['name']};" in row
    assert f"timestamp={found.time};" in row
    assert f"tooling={data.get('tool', '-')};" in row
    counted: dict[str, int] = {}
    for line in rows_of(found):
        word = line.get("justification", "-")
        counted[word] = counted.get(word, 0) + 1
    assert counted == justification


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    product = {"@id": PRODUCT, "identifiers": {"purl": PRODUCT}, "hashes": {"sha-256": DIGEST}}
    check_damaged(json.dumps(_document(_statement("fixed", product))).encode(), 200)
