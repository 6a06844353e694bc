"""What holds for whatever test of a control judges, whatever stands in the ledger."""

from __future__ import annotations

from collections import Counter
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.events import TYPES
from domain.events.examples import example
from domain.instant import read_time
from projections.asked_controls import asked_tests, built_tests
from projections.catalogue import built_in
from tests.projections.controls.judging import Shop
from tests.projections.story import viewing

if TYPE_CHECKING:
    from pathlib import Path

    from domain.events.registry import EventType

OUTCOMES: Final = {
    "satisfied", "violated", "excepted", "insufficient-evidence", "not-applicable",
}  # fmt: skip
ALL: Final = asked_tests(built_in())
TIMES: Final = ("2026-03-04T10:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")


def strange() -> Shop:
    """The example of every type, and again without each of its fields, at odd instants."""
    shop = Shop()
    times = cycle(TIMES)
    for kind in TYPES.values():
        name = kind.versioned.removeprefix("pipeledger.").removesuffix(".v1")
        if name in ("event.voided", "part.redacted"):
            continue
        told = example(kind)
        found = [{"rule": "x", "severity": "critical"}, {}] if name == "scan.finished" else None
        shop.tell(name, told["time"], found=found, **told["data"])
        for field in sorted(told["data"].keys() - needed(kind)):
            shop.tell(name, next(times), **told["data"] | {field: None})
    return shop


def needed(kind: EventType) -> set[str]:
    """Fields without which the door takes no event of that type."""
    return {one.encode_name for one in msgspec.structs.fields(kind.data) if one.required}


def rows_of(shop: Shop, folder: Path, **chosen: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """All items of all tests."""
    with viewing(shop, folder, controls=ALL, **chosen) as view:
        found: list[dict[str, Any]] = view.table("control_items").to_pylist()
    return found


def test_strange_facts_are_judged_one_by_one(tmp_path: Path) -> None:
    """Each item is there once, in the window, with an outcome, a reason and entries behind it."""
    shop = strange()
    rows = rows_of(shop, tmp_path)
    assert len({row["test"] for row in rows}) > len(built_tests()) / 2
    again = Counter((row["test"], row["variant"], row["item_key"]) for row in rows)
    assert [key for key, times in again.items() if times > 1] == []
    assert {row["outcome"] for row in rows} <= OUTCOMES
    wanting = [
        (row["test"], row["item_key"])
        for row in rows
        if not (row["positions"] and row["reason"] and row["item"] and row["occurred_at"])
    ]
    assert wanting == []
    window = {
        "window_from": read_time("2026-03-01T00:00:00Z", ""),
        "window_to": read_time("2026-03-30T00:00:00Z", ""),
    }
    outside = [
        (row["test"], row["item_key"], row["occurred_at"])
        for row in rows_of(shop, tmp_path, **window)
        if not window["window_from"] <= row["occurred_at"] < window["window_to"]
    ]
    assert outside == []


def test_an_empty_ledger_has_nothing_to_judge(tmp_path: Path) -> None:
    """And no pass."""
    shop = Shop()
    with viewing(shop, tmp_path, controls=ALL) as view:
        outcomes = {row["outcome"] for row in view.table("control_results").to_pylist()}
        assert view.table("control_items").num_rows == 0
    assert outcomes == {"insufficient-evidence"}
