"""A folder of Parquet files holds the whole ledger, what proves it, and what makes its tables."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
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
from tests.store.ledger.conftest import draft, shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.ledger.ledger import Ledger
    from tests.conftest import Server
    from tests.store.ledger.conftest import Home

SIZE = 64


def _deployment(number: int) -> bytes:
    return json.dumps({
        "source": "https://ci.example", "id": f"e-{number}", "time": "2026-03-01T10:00:00Z",
        "data": {"deployment": f"d-{number}", "service": "shop", "environment": "production",
                 "outcome": "success"},
    }).encode()  # fmt: skip


@contextmanager
def _history(ledger: Ledger, folder: Path) -> Iterator[LocalHistory]:
    drafts = [draft(number, body=_deployment(number)) for number in range(159)]
    ledger.submit(drafts).result(60)
    one = LocalHistory(
        follow(ledger, folder / "segments", SIZE), Engine(folder / "facts", threads=1),
        ledger.reader.root, ledger.reader.position_at,
    )  # fmt: skip
    yield one
    one.close()


@pytest.fixture
def history(ledger: Ledger, tmp_path: Path) -> Iterator[LocalHistory]:
    """The past of a ledger of 160 entries, whose segments hold 64."""
    with _history(ledger, tmp_path) as one:
        yield one


@dataclass(frozen=True)
class Exported:
    """A ledger and what was exported of it, for tests that only read.

    Attributes:
        ledger: it.
        folder: the export.
    """

    ledger: Ledger
    folder: Path


@pytest.fixture(scope="module")
def exported(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """The same ledger, exported."""
    folder = tmp_path_factory.mktemp("exported")
    with shared(postgres, folder) as ledger, _history(ledger, folder) as history:
        export_parquet(history, ledger.vkeys, folder / "out")
        yield Exported(ledger, folder / "out")


def _manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return found


def test_every_entry_is_in_it_and_gives_the_signed_root(exported: Exported) -> None:
    """From the files alone."""
    ledger, out = exported.ledger, exported.folder
    files = sorted((out / "events").iterdir())
    assert [path.name for path in files] == [
        "00000000.parquet", "00000001.parquet", "tail.parquet",
    ]  # fmt: skip
    events = pa.concat_tables(pq.read_table(path) for path in files).sort_by("position")
    assert events["position"].to_pylist() == list(range(1, 161))
    assert events.schema.equals(contract.table("events").arrow)
    assert pc.all(pc.equal(pc.binary_length(events["leaf"]), 32)).as_py()
    tree = CompactTree()
    tree.extend(hashlib.sha256(b"\0" + entry).digest() for entry in events["entry"].to_pylist())
    told = _manifest(out)
    assert told["root"] == tree.root().hex() == ledger.published.root.hex()
    assert (out / "checkpoint").read_bytes() == ledger.published.checkpoint
    assert (out / "key.vkey").read_text().splitlines() == list(ledger.vkeys)


def test_the_tables_are_those_of_the_contract(exported: Exported) -> None:
    """Their columns, types and rows; and the digest of what made them."""
    told = _manifest(exported.folder)["tables"]
    assert set(told) == set(contract.names()) - {"events", "documents"}
    for name, one in told.items():
        table = pq.read_table(exported.folder / one["file"])
        assert table.cast(contract.table(name).arrow).num_rows == one["rows"]
        assert one["digest"] == digest_of([name])
    assert told["deployments"]["rows"] == 159
    services = pq.read_table(exported.folder / "tables" / "services.parquet")
    assert services["service"].to_pylist() == ["shop"]


def test_the_definitions_travel_along(exported: Exported) -> None:
    """Each as a file whose digest is the one that answers speak of."""
    out = exported.folder
    told = _manifest(out)["definitions"]
    assert set(told) == set(definitions())
    for name, one in told.items():
        content = (out / one["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["digest"] == definitions()[name].digest
    step = (out / told["contained"]["file"]).read_text()
    assert step.startswith("# contained = contained(deployment_commits, commit_parents)\n")


def test_the_manifest_names_every_file(exported: Exported) -> None:
    """With length and digest."""
    there = {
        str(path.relative_to(exported.folder)): path.read_bytes()
        for path in exported.folder.rglob("*") if path.is_file()
    }  # fmt: skip
    del there["manifest.json"]
    assert _manifest(exported.folder)["files"] == {
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
