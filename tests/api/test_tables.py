"""Answers as files."""

from __future__ import annotations

import csv
import io

import pyarrow as pa

from api.tables import ARROW, CSV, write_table
from exporters.cells import csv_of

_NAMES = ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", "a=b", "'q", "", "é", None]


def test_a_sheet_runs_no_name_of_a_csv_answer_by_the_same_rule_as_of_a_packs() -> None:
    """Numbers below zero stay numbers, and other forms hold what was sent."""
    lists = [None if name is None else [name, "b"] for name in _NAMES]
    table = pa.table({"name": _NAMES, "names": lists, "number": [-1.5] * len(_NAMES)})
    told = csv.reader(io.StringIO(write_table(table, CSV).decode(), newline=""))
    packed = csv.reader(io.StringIO(csv_of(table.column_names, table.to_pylist()).decode(),
                                    newline=""))  # fmt: skip
    rows, others = list(told), list(packed)
    assert [row[:2] for row in rows] == [row[:2] for row in others]
    assert [row[0] for row in rows[1:4]] == ["'=HYPERLINK(1)", "'+1", "'-1"]
    assert {row[2] for row in rows[1:]} == {"-1.5"}
    assert pa.ipc.open_stream(write_table(table, ARROW)).read_all() == table
