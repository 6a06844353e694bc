"""The bands of the quick check, and what is few, at their edges: rules R5, R7 and R13."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    REPOSITORY,
    Story,
    commit,
    deployed,
    impaired,
    instant,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

    from projections.engine import View


def test_r5_the_band_of_a_frequency(tmp_path: Path) -> None:
    """By deployments a day; one history that is looked at in windows of several lengths."""
    story = Story()
    for service, count in (("five", 5), ("four", 4), ("one", 1)):
        for number in range(count):
            deployed(story, f"{service} {number}", f"03-02T{number:02d}:00", f"{service} {number}",
                     service=service)  # fmt: skip
    for end, bands in (
        ("03-06T00:00", {"five": "on demand", "four": "4"}),
        # A week, a month and half a year, and a second more than each.
        ("03-09T00:00", {"one": "4"}), ("03-09T00:00:01", {"one": "3"}),
        ("04-01T10:30", {"one": "3"}), ("04-01T10:30:01", {"one": "2"}),
        ("08-31T15:00", {"one": "2"}), ("08-31T15:00:01", {"one": "1"}),
    ):  # fmt: skip
        with window(story, tmp_path, "03-02T00:00", end, group_by="service") as view:
            found = {row["group_key"]: row["frequency_band"] for row in dora_of(view)}
        assert found.items() >= bands.items()


def test_r7_the_band_of_a_length_of_time(tmp_path: Path) -> None:
    """Lead time and recovery have the same ones; a service for each length."""
    bands = {
        3599: 6, 3600: 5, 86_399: 5, 86_400: 4, 7 * 86_400 - 1: 4, 7 * 86_400: 3,
        2_629_799: 3, 2_629_800: 2, 15_778_799: 2, 15_778_800: 1,
    }  # fmt: skip
    story, finished = Story(), instant("03-02T00:00")
    for seconds in bands:
        name, length = str(seconds), timedelta(seconds=seconds)
        authored, restored = (
            at.isoformat().replace("+00:00", "Z") for at in (finished - length, finished + length)
        )
        story.tell("commit.pushed", authored, commit=commit(name), repository=REPOSITORY,
                   parents=[], authored_at=authored)  # fmt: skip
        deployed(story, name, "03-02T00:00", name, service=name, commits=[commit(name)])
        story.tell("incident.opened", when("03-02T00:00"), incident=name, caused_by=name,
                   service=name, environment="production")  # fmt: skip
        story.tell("incident.restored", restored, incident=name)
    with window(story, tmp_path, group_by="service") as view:
        found = dora_of(view)
    for metric in ("recovery", "lead"):
        assert {row[f"{metric}_median_s"]: row[f"{metric}_band"] for row in found} == bands


def dora_of(view: View) -> list[dict[str, Any]]:
    """The rows of the metrics."""
    found: list[dict[str, Any]] = view.table("dora").to_pylist()
    return found


@pytest.mark.parametrize(("count", "few"), [(4, True), (5, False)])
def test_r13_fewer_than_five_are_few(tmp_path: Path, count: int, *, few: bool) -> None:
    """Deployments, changes and recoveries."""
    story = Story()
    for number in range(count):
        at = f"03-{2 + number:02d}T"
        story.tell("commit.pushed", when(f"{at}09:00"), commit=commit(f"c{number}"), parents=[],
                   repository=REPOSITORY)  # fmt: skip
        deployed(story, f"d{number}", f"{at}10:00", str(number), commits=[commit(f"c{number}")])
        impaired(story, f"i{number}", f"{at}10:00", restored=f"{at}11:00", caused_by=f"d{number}")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["counted"], dora["lead_n"], dora["recovered"]) == (count,) * 3
    assert (dora["few_deployments"], dora["few_changes"], dora["few_recoveries"]) == (few,) * 3


def test_r13_a_window_in_which_nothing_happened_says_zero_or_null(tmp_path: Path) -> None:
    """Zero where something is counted, null where something would be measured."""
    with window(Story(), tmp_path, "03-02T00:00", "03-03T00:00") as view:
        dora = only(view, "dora")
    told = {name: value for name, value in dora.items() if value is not None}
    assert told == {
        "part": "window", "window_from": instant("03-02T00:00"),
        "window_to": instant("03-03T00:00"), "group_key": "", "path_filter": "none",
        "frequency_band": "1", "few_deployments": True, "few_changes": True,
        "few_recoveries": True,
    } | dict.fromkeys((
        "deployments", "deployments_per_day", "planned", "hotfixes", "rollbacks", "redeploys",
        "deployment_days", "lead_n", "distinct_commits", "negative_lead_times", "unresolved",
        "counted", "failed", "failed_confirmed", "failed_stated", "failed_by_rollback",
        "failed_by_hotfix", "failed_inferred", "attempts_failed", "impact_unknown", "upper_failed",
        "upper_counted", "reworked", "unattributed_hotfixes", "recovered", "unrecovered",
        "recovery_anomalies",
    ), 0)  # fmt: skip
