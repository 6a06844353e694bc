"""Bills of materials as real tools wrote them."""

from __future__ import annotations

import re

import pytest

from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.bills import all_of

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
