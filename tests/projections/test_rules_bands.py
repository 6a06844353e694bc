"""The bands of the quick check, and what is few, at their edges: rules R5, R7 and R13."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

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


@pytest.mark.parametrize(
    ("count", "end", "band"),
    [
        (5, "03-06T00:00", "on demand"), (4, "03-06T00:00", "4"),
        # A week, a month and half a year, and a second more than each.
        (1, "03-09T00:00", "4"), (1, "03-09T00:00:01", "3"),
        (1, "04-01T10:30", "3"), (1, "04-01T10:30:01", "2"),
        (1, "08-31T15:00", "2"), (1, "08-31T15:00:01", "1"),
        (0, "03-03T00:00", "1"),
    ],
)  # fmt: skip
def test_r5_the_band_of_a_frequency(tmp_path: Path, count: int, end: str, band: str) -> None:
    """By deployments a day."""
    story = Story()
    for number in range(count):
        deployed(story, f"d{number}", f"03-02T{number:02d}:00", str(number))
    with window(story, tmp_path, "03-02T00:00", end) as view:
        assert only(view, "dora")["frequency_band"] == band


@pytest.mark.parametrize(
    ("seconds", "band"),
    [
        (3599, 6), (3600, 5), (86_399, 5), (86_400, 4), (7 * 86_400 - 1, 4), (7 * 86_400, 3),
        (2_629_799, 3), (2_629_800, 2), (15_778_799, 2), (15_778_800, 1),
    ],
)  # fmt: skip
def test_r7_the_band_of_a_length_of_time(tmp_path: Path, seconds: int, band: int) -> None:
    """Lead time and recovery have the same ones."""
    story = Story()
    length, finished = timedelta(seconds=seconds), instant("03-02T00:00")
    authored, restored = (
        at.isoformat().replace("+00:00", "Z") for at in (finished - length, finished + length)
    )
    story.tell("commit.pushed", authored, commit=commit("c"), repository=REPOSITORY, parents=[],
               authored_at=authored)  # fmt: skip
    deployed(story, "d", "03-02T00:00", "1", commits=[commit("c")])
    story.tell("incident.opened", when("03-02T00:00"), incident="i", caused_by="d", service="shop",
               environment="production")  # fmt: skip
    story.tell("incident.restored", restored, incident="i")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["recovery_median_s"], dora["recovery_band"]) == (seconds, band)
    assert (dora["lead_median_s"], dora["lead_band"]) == (seconds, band)


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
