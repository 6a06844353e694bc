"""What is exported is read by the libraries of analysts, and gives them the same numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from projections import contract
from projections.answer import rows_of
from tests.exporters.shipped import METRICS, NUMBERS, Shipped, shipped
from tests.store.ledger.conftest import shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Server


@pytest.fixture(scope="module")
def export(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shipped]:
    """An export of a history that ships, fails and recovers."""
    folder = tmp_path_factory.mktemp("shipped")
    with shared(postgres, folder) as ledger, shipped(ledger, folder) as found:
        yield found


def test_every_table_is_read_alike_by_duckdb_pandas_and_polars(export: Shipped) -> None:
    """Rows, columns, and what stands in them: texts, instants in UTC, lists, nothing."""
    assert sum(one["rows"] > 0 for one in export.tables.values()) > 15
    for name, told in export.tables.items():
        file = export.file(name)
        columns = [column.name for column in contract.table(name).columns]
        ours = duckdb.read_parquet(str(file)).to_arrow_table()
        frame, polar = pd.read_parquet(file), pl.read_parquet(file)
        assert len(ours) == len(frame) == len(polar) == told["rows"], name
        assert ours.column_names == list(frame.columns) == polar.columns == columns
        for column in contract.table(name).columns:
            values = ours[column.name].to_pylist()
            assert polar[column.name].to_list() == values, (name, column.name)
            assert [_plain(one) for one in frame[column.name]] == [_plain(one) for one in values]
            if column.kind == "TIMESTAMPTZ":
                assert polar.schema[column.name] == pl.Datetime("us", "UTC")
                assert str(frame[column.name].dtype) == "datetime64[us, UTC]"


def test_the_entries_are_read_as_one_table(export: Shipped) -> None:
    """Segments and tail, each entry once."""
    files = sorted((export.folder / "events").glob("*.parquet"))
    assert len(files) > 1
    frame = pd.concat([pd.read_parquet(file, columns=["position", "type"]) for file in files])
    polar = pl.scan_parquet(files).select("position").sort("position").collect()
    rows = len(duckdb.read_parquet([str(file) for file in files]))
    assert sorted(frame["position"]) == polar["position"].to_list() == list(range(1, rows + 1))


def test_the_definitions_of_the_numbers_run_over_the_exported_tables(export: Shipped) -> None:
    """Read from the folder alone, they give what the ledger answered."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for name in export.tables:
            if name not in METRICS:
                database.read_parquet(str(export.file(name))).create_view(name)
        for name in METRICS:
            text = (export.folder / "definitions" / "metrics" / f"{name}.sql").read_text()
            database.execute(f"CREATE TABLE {name} AS {text}")
        for name in NUMBERS:
            found = rows_of(database.table(name).to_arrow_table())
            assert sorted(map(str, found)) == sorted(map(str, export.told[name]))
            assert found, name


def _plain(value: Any) -> Any:  # noqa: ANN401 - of any library
    """A value without what a library makes of it: arrays are lists, nothing is None."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value
