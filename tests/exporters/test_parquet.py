"""A folder of Parquet files holds the whole ledger, what proves it, and what makes its tables."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from domain.errors import DamageError, SettingError
from domain.log.tree import CompactTree
from exporters.parquet import export_parquet
from projections import contract
from projections.definitions import definitions, digest_of
from projections.engine import Engine
from projections.following import follow
from projections.local import LocalHistory
from tests.projections.test_live import altered
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.ledger.ledger import Ledger
    from tests.store.ledger.conftest import Home

SIZE = 64


def _deployment(number: int) -> bytes:
    return json.dumps({
        "source": "https://ci.example", "id": f"e-{number}", "time": "2026-03-01T10:00:00Z",
        "data": {"deployment": f"d-{number}", "service": "shop", "environment": "production",
                 "outcome": "success"},
    }).encode()  # fmt: skip


@pytest.fixture
def history(ledger: Ledger, tmp_path: Path) -> Iterator[LocalHistory]:
    """The past of a ledger of 160 entries, whose segments hold 64."""
    drafts = [draft(number, body=_deployment(number)) for number in range(159)]
    ledger.submit(drafts).result(60)
    one = LocalHistory(
        follow(ledger, tmp_path / "segments", SIZE), Engine(tmp_path / "facts", threads=1),
        ledger.reader.root, ledger.reader.position_at,
    )  # fmt: skip
    yield one
    one.close()


def _manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return found


def test_every_entry_is_in_it_and_gives_the_signed_root(
    ledger: Ledger, history: LocalHistory, tmp_path: Path
) -> None:
    """From the files alone."""
    export_parquet(history, ledger.vkeys, tmp_path / "out")
    files = sorted((tmp_path / "out" / "events").iterdir())
    assert [path.name for path in files] == [
        "00000000.parquet", "00000001.parquet", "tail.parquet",
    ]  # fmt: skip
    events = pa.concat_tables(pq.read_table(path) for path in files).sort_by("position")
    assert events["position"].to_pylist() == list(range(1, 161))
    assert events.schema.equals(contract.table("events").arrow)
    assert pc.all(pc.equal(pc.binary_length(events["leaf"]), 32)).as_py()
    tree = CompactTree()
    tree.extend(hashlib.sha256(b"\0" + entry).digest() for entry in events["entry"].to_pylist())
    told = _manifest(tmp_path / "out")
    assert told["root"] == tree.root().hex() == ledger.published.root.hex()
    assert (tmp_path / "out" / "checkpoint").read_bytes() == ledger.published.checkpoint
    assert (tmp_path / "out" / "key.vkey").read_text().splitlines() == list(ledger.vkeys)


def test_the_tables_are_those_of_the_contract(
    ledger: Ledger, history: LocalHistory, tmp_path: Path
) -> None:
    """Their columns, types and rows; and the digest of what made them."""
    export_parquet(history, ledger.vkeys, tmp_path / "out")
    told = _manifest(tmp_path / "out")["tables"]
    assert set(told) == set(contract.names()) - {"events", "documents"}
    for name, one in told.items():
        table = pq.read_table(tmp_path / "out" / one["file"])
        assert table.cast(contract.table(name).arrow).num_rows == one["rows"]
        assert one["digest"] == digest_of([name])
    assert told["deployments"]["rows"] == 159
    services = pq.read_table(tmp_path / "out" / "tables" / "services.parquet")
    assert services["service"].to_pylist() == ["shop"]


def test_the_definitions_travel_along(
    ledger: Ledger, history: LocalHistory, tmp_path: Path
) -> None:
    """Each as a file whose digest is the one that answers speak of."""
    export_parquet(history, ledger.vkeys, tmp_path / "out")
    told = _manifest(tmp_path / "out")["definitions"]
    assert set(told) == set(definitions())
    for name, one in told.items():
        content = (tmp_path / "out" / one["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["digest"] == definitions()[name].digest
    step = (tmp_path / "out" / told["contained"]["file"]).read_text()
    assert step.startswith("# contained = contained(deployment_commits, commit_parents)\n")


def test_the_manifest_names_every_file(
    ledger: Ledger, history: LocalHistory, tmp_path: Path
) -> None:
    """With length and digest."""
    export_parquet(history, ledger.vkeys, tmp_path / "out")
    there = {
        str(path.relative_to(tmp_path / "out")): path.read_bytes()
        for path in (tmp_path / "out").rglob("*") if path.is_file()
    }  # fmt: skip
    del there["manifest.json"]
    assert _manifest(tmp_path / "out")["files"] == {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in there.items()
    }


def test_what_is_there_is_not_written_over(
    ledger: Ledger, history: LocalHistory, tmp_path: Path
) -> None:
    """A folder that exists is left as it is."""
    (tmp_path / "out").mkdir()
    with pytest.raises(SettingError, match="is there already"):
        export_parquet(history, ledger.vkeys, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_ledger_that_does_not_verify_leaves_no_folder(
    home: Home, ledger: Ledger, history: LocalHistory, tmp_path: Path
) -> None:
    """The position is named."""
    altered(home, "UPDATE {parts} SET body = '{{}}' WHERE pos = 70")
    with pytest.raises(DamageError, match="position 70"):
        export_parquet(history, ledger.vkeys, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


def test_what_is_cut_off_leaves_no_folder(
    ledger: Ledger, history: LocalHistory, tmp_path: Path
) -> None:
    """Whatever stops it half-way."""

    def stop(done: int, _: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_parquet(history, ledger.vkeys, tmp_path / "out", stop)
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []
