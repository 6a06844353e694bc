"""Spark runs the definitions of the metrics as they are, and counts the same."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.exporters.shipped import METRICS, NUMBERS, shipped
from tests.store.ledger.conftest import home, ledger
from tests.tools.environments import HERE, prepare

if TYPE_CHECKING:
    from pathlib import Path

    from store.ledger.ledger import Ledger

__all__ = ["home", "ledger"]
pytestmark = pytest.mark.long
_WINDOW = ("part", "window_from", "window_to", "group_key", "metric", "role", "key")


def test_spark_gives_the_same_numbers_from_the_exported_tables(
    ledger: Ledger, tmp_path: Path
) -> None:
    """DORA, MTTR, their comparison and what stands behind them; a window, weeks and a baseline."""
    assert shutil.which("java"), "java is missing: make tools installs default-jre-headless"
    spark = prepare("pyspark")
    with shipped(ledger, tmp_path) as export:
        shown = spark.run(
            "python", HERE / "spark_metrics.py", export.folder, *METRICS, at=tmp_path
        )  # fmt: skip
        found = json.loads(shown.splitlines()[-1])
        for name in NUMBERS:
            assert export.told[name], name
            assert _settled(found[name]) == [
                _close(row) for row in _settled(export.told[name])
            ], name  # fmt: skip


def _settled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in one order, instants in one spelling, without what is null, which Spark leaves out."""
    plain = [
        {
            key: value.removesuffix("Z").removesuffix(".000") if key in _WINDOW[1:3] else value
            for key, value in row.items() if value is not None
        }
        for row in rows
    ]  # fmt: skip
    return sorted(plain, key=lambda row: [str(row.get(key)) for key in _WINDOW])


def _close(row: dict[str, Any]) -> dict[str, Any]:
    """The last bits of a fraction are of no matter."""
    return {
        key: pytest.approx(value) if isinstance(value, float) else value
        for key, value in row.items()
    }
