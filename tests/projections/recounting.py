"""The numbers of DORA and MTTR made again from the evidence that stands behind them."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.reference_numbers import percentile

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]
RATES = (
    "change_fail_rate",
    "change_fail_rate_confirmed",
    "change_fail_rate_upper",
    "rework_rate",
)


def recount(evidence: Iterable[Row], dora: Iterable[Row], mttr: Iterable[Row]) -> None:
    """Compare every row of the numbers with what its evidence gives; none may be left over.

    Args:
        evidence: rows behind the numbers.
        dora: its rows.
        mttr: its rows, or none where MTTR was not asked for.
    """
    held: dict[tuple[Any, ...], dict[tuple[str, str], list[float]]] = {}
    for row in evidence:
        values = held.setdefault(_window(row), {})
        values.setdefault((row["metric"], row["role"]), []).append(row["value"])
    dora, mttr = list(dora), list(mttr)
    rows = {_window(row): row for row in dora}
    restored = {_window(row) for row in mttr}
    assert held.keys() <= rows.keys()
    assert (len(rows), len(restored)) == (len(dora), len(mttr))
    assert not restored or restored == rows.keys()
    for window, row in rows.items():
        _check_dora(row, held.get(window, {}))
    for row in mttr:
        _check_mttr(row, held.get(_window(row), {}))


def _window(row: Row) -> tuple[Any, ...]:
    return row["part"], row["window_from"], row["window_to"], row["group_key"]


def _check_dora(row: Row, values: dict[tuple[str, str], list[float]]) -> None:
    def told(metric: str, role: str = "observation") -> list[float]:
        return values.get((metric, role), [])

    def rate(metric: str) -> float | None:
        below = len(told(metric, "denominator"))
        return len(told(metric, "numerator")) / below if below else None

    found = {name: rate(name) for name in RATES} | {
        "deployments": len(told("deployment_frequency")),
        "counted": len(told("change_fail_rate", "denominator")),
        "failed": len(told("change_fail_rate", "numerator")),
        "failed_confirmed": len(told("change_fail_rate_confirmed", "numerator")),
        "upper_failed": len(told("change_fail_rate_upper", "numerator")),
        "upper_counted": len(told("change_fail_rate_upper", "denominator")),
        "reworked": len(told("rework_rate", "numerator")),
        "lead_n": len(told("change_lead_time")),
        "negative_lead_times": len(told("change_lead_time", "anomaly")),
        "recovered": len(told("recovery_time")),
        "unrecovered": len(told("recovery_time", "open")),
        "recovery_anomalies": len(told("recovery_time", "anomaly")),
    }
    for metric, name in (
        ("change_lead_time", "lead"), ("recovery_time", "recovery"),
        ("recovery_time_from_impact", "from_impact"),
    ):  # fmt: skip
        found |= {
            f"{name}_median_s": percentile(told(metric), 0.5),
            f"{name}_p90_s": percentile(told(metric), 0.9),
            f"{name}_mean_s": statistics.fmean(told(metric)) if told(metric) else None,
        }
    _same(row, found)


def _check_mttr(row: Row, values: dict[tuple[str, str], list[float]]) -> None:
    ended = values.get(("mttr", "observation"), [])
    left_out = len(values.get(("mttr", "anomaly"), []))
    _same(row, {
        "incidents": len(ended),
        "mttr_s": statistics.fmean(ended) if ended else None,
        "median_s": percentile(ended, 0.5),
        "p90_s": percentile(ended, 0.9),
        "open": len(values.get(("mttr", "open"), [])),
    })  # fmt: skip
    assert left_out == row["anomalies"] + row["start_unknown"]


def _same(row: Row, found: Row) -> None:
    assert {name: row[name] for name in found} == {
        name: pytest.approx(value) if isinstance(value, float) else value
        for name, value in found.items()
    }
