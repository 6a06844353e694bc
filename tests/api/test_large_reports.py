"""The largest reports get through in bounded memory; `bench.reports` measures how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.reports import MB, record, write_junit, write_sarif
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long
MEMORY_MB, CLIENT_MB = 200, 80


@pytest.mark.parametrize("form", ["sarif", "xml"])
def test_a_large_report_is_recorded_by_the_client(tmp_path: Path, form: str) -> None:
    """100 MB of SARIF, half a million cases of JUnit XML: 200 MB in the server."""
    file = tmp_path / f"large.{form}"
    rows = write_sarif(file, 100 * MB) if form == "sarif" else write_junit(file, 500_000)
    with serving(tmp_path / "data") as server:
        _, grown, client = record(server, tmp_path, file)
        with server.http() as http:
            page = http.get("/entries", params={"limit": 9}).json()["entries"]
            data = http.get(f"/entries/{page[-1]['position']}").json()["event"]["data"]
    assert sum(data["counts"].values()) == rows
    assert data["documents"][0]["length"] == file.stat().st_size
    assert grown < MEMORY_MB
    assert client < CLIENT_MB
