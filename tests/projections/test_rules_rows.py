"""Rows of the metrics as a whole: four services, two weeks, and a baseline that is the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.deploying import CONTROLLER
from tests.projections.telling import (
    BAD,
    Story,
    commit,
    deployed,
    impaired,
    instant,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    import pyarrow as pa

Rows = dict[tuple[str, str, int], dict[str, Any]]
Told = tuple[str, str, dict[str, Any]]

UNKNOWN: dict[str, Any] = {"outcome": "failure"}
HARMLESS: dict[str, Any] = {"outcome": "failure", "impact": False}
TABLES = (
    "dora", "deployment_frequency", "change_lead_time", "change_failures", "deployment_recovery",
)  # fmt: skip
SHOP: list[Told] = [
    ("s1", "02T10", {"commits": [commit("old"), commit("young")]}),
    ("s2", "03T10", BAD),
    ("s3", "04T10", {}),
    ("s4", "05T10", {"kind": "rollback", "rolls_back": "s3"}),
    ("s5", "06T10", {}),
    ("s6", "07T10", {"kind": "hotfix", "remediates": ["s5"]}),
    ("s7", "07T12", {"kind": "hotfix"}),
    ("s8", "07T13", {"kind": "hotfix"} | BAD),
    ("s9", "07T14", UNKNOWN),
    ("s10", "07T15", HARMLESS),
    ("s11", "08T09", HARMLESS),
    ("s11", "08T10", {"attempt": 2}),
    ("s12", "10T10", {"commits": [commit("young too")]}),
    ("s13", "11T10", BAD),
    ("s14", "12T10", UNKNOWN),
    ("s15", "13T10", UNKNOWN),
    # At the instant at which a week ends and another begins; and what another source alone tells.
    ("s16", "09T00", {"commits": [commit("edge")]}),
    ("s17", "06T10", {"source": CONTROLLER} | UNKNOWN),
]
PAY: list[Told] = [
    ("p0", "01T10", {}),
    ("p1", "03T10", {"commits": [commit("paid"), commit("young one")]}),
    ("p2", "02T00", UNKNOWN),
    ("p3", "10T10", UNKNOWN),
]
CART: list[Told] = [
    ("c0", "01T10", {}),
    ("c1", "03T10", UNKNOWN),
    ("c1", "03T11", {"attempt": 2}),
    ("c2", "10T10", HARMLESS),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """The tables of the metrics, by service and week."""
    story = Story()
    story.tell("service.registered", when("03-01T00:00"), service="pay",
               repositories=[{"repository": "r", "paths": ["pay"]}])  # fmt: skip
    for name, authored in (
        ("old", "03-02T09:00"), ("young", "03-02T11:00"), ("young too", "03-10T11:00"),
        ("edge", "03-08T23:00"), ("paid", "03-03T08:00"), ("young one", "03-03T11:00"),
    ):  # fmt: skip
        pushed(story, name, authored, repository="r", paths=["pay/x"])
    for service, rows in (("shop", SHOP), ("pay", PAY), ("cart", CART)):
        for name, at, more in rows:
            deployed(story, name, f"03-{at}:00", name, service=service, **more)
    impaired(story, "i1", "03-02T11:00", restored="03-02T12:00", caused_by="s1")
    impaired(story, "i2", "03-03T12:00", restored="03-03T13:00", service="cart", caused_by="c1")
    impaired(story, "i3", "03-08T11:00")
    impaired(story, "i3 too", "03-11T11:00", restored="03-11T09:00", caused_by="s13")
    impaired(story, "i4", "03-04T11:00", restored="03-04T12:00", service="idle")
    asked = {"group_by": "service", "bucket": "week", "baseline_from": instant("03-02T00:00"),
             "baseline_to": instant("03-09T00:00")}  # fmt: skip
    folder = tmp_path_factory.mktemp("told")
    with window(story, folder, "03-02T00:00", "03-16T00:00", **asked) as view:
        return {name: view.table(name) for name in TABLES}


def by_row(table: pa.Table) -> Rows:
    """The rows by part, group and day of the month; there are no two of one."""
    found = {
        (row["part"], row["group_key"], row["window_from"].day): row for row in table.to_pylist()
    }
    assert len(found) == table.num_rows
    return found


def test_r4_r8_r9_r10_every_column_of_what_failed(told: dict[str, pa.Table]) -> None:
    """Counts and rates of each service in each week, and in both."""
    names = (
        "counted", "failed", "failed_confirmed", "failed_stated", "failed_by_rollback",
        "failed_by_hotfix", "failed_inferred", "attempts_failed", "impact_unknown", "upper_failed",
        "upper_counted", "reworked", "unattributed_hotfixes", "change_fail_rate",
        "change_fail_rate_confirmed", "change_fail_rate_upper", "rework_rate",
    )  # fmt: skip
    first = {
        "shop": (9, 6, 5, 3, 1, 1, 1, 2, 1, 7, 10, 3, 1, 6 / 9, 5 / 9, 7 / 10, 3 / 9),
        "pay": (1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 1 / 2, 0),
        "cart": (1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0),
    }
    second = {
        "shop": (3, 1, 1, 1, 0, 0, 0, 0, 2, 3, 5, 0, 0, 1 / 3, 1 / 3, 3 / 5, 0),
        "pay": (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, None, None, 1, None),
        "cart": (0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, None, None, None, None),
    }
    both = {
        "shop": (12, 7, 6, 4, 1, 1, 1, 2, 3, 10, 15, 3, 1, 7 / 12, 6 / 12, 10 / 15, 3 / 12),
        "pay": (1, 0, 0, 0, 0, 0, 0, 0, 2, 2, 3, 0, 0, 0, 0, 2 / 3, 0),
        "cart": (1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0),
    }
    weeks = (("step", 2, first), ("step", 9, second), ("baseline", 2, first), ("window", 2, both))
    assert {
        key: tuple(row[name] for name in names)
        for key, row in by_row(told["change_failures"]).items()
    } == {
        (part, service, day): values
        for part, day, rows in weeks for service, values in rows.items()
    }  # fmt: skip


def test_r13_each_number_stands_in_dora_as_it_stands_by_itself(told: dict[str, pa.Table]) -> None:
    """Where nothing was measured, zero is counted."""
    dora = by_row(told["dora"])
    left_out = {
        key: (row.pop("negative_lead_times"), row.pop("unresolved")) for key, row in dora.items()
    }
    assert left_out == {
        ("step", "shop", 2): (1, 5), ("step", "shop", 9): (1, 0), ("window", "shop", 2): (2, 5),
        ("baseline", "shop", 2): (1, 5), ("step", "pay", 2): (1, 0), ("step", "pay", 9): (0, 0),
        ("window", "pay", 2): (1, 0), ("baseline", "pay", 2): (1, 0), ("step", "cart", 2): (0, 1),
        ("step", "cart", 9): (0, 0), ("window", "cart", 2): (0, 1), ("baseline", "cart", 2): (0, 1),
        ("step", "idle", 2): (0, 0), ("step", "idle", 9): (0, 0), ("window", "idle", 2): (0, 0),
        ("baseline", "idle", 2): (0, 0),
    }  # fmt: skip
    assert {key: row["lead_n"] for key, row in dora.items() if row["lead_n"]} == {
        ("step", "shop", 2): 1, ("step", "shop", 9): 1, ("window", "shop", 2): 2,
        ("baseline", "shop", 2): 1, ("step", "pay", 2): 1, ("window", "pay", 2): 1,
        ("baseline", "pay", 2): 1,
    }  # fmt: skip
    for name in TABLES[1:]:
        rows = by_row(told[name])
        for key, row in dora.items():
            # Window and group are there either way.
            for column in told[name].column_names[4:]:
                value = rows[key][column] if key in rows else _nothing(column)
                assert row[column] == value, (name, key, column)


def _nothing(column: str) -> int | str | None:
    if column == "path_filter":
        return "none"
    return None if column.endswith("_s") or "rate" in column else 0
