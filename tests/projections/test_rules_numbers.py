"""The numbers themselves: rules R5, R7, R13, R16, and what stands behind each number."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.recounting import RATES, recount
from tests.projections.reference_numbers import percentile
from tests.projections.telling import (
    REPOSITORY,
    Story,
    commit,
    deployed,
    impaired,
    instant,
    only,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

    from projections.engine import View

DAY = 86_400.0


def on(*finished: str, **more: Any) -> Story:  # noqa: ANN401 - JSON
    """Deployments of one line, each of something new."""
    story = Story()
    for number, at in enumerate(finished):
        deployed(story, f"d{number}", at, str(number), **more)
    return story


def by_group(view: View, table: str = "dora") -> dict[str, dict[str, Any]]:
    """The rows of the window by their group."""
    rows = view.table(table).to_pylist()
    return {row["group_key"]: row for row in rows if row["part"] == "window"}


# R5


@pytest.mark.parametrize(
    ("tz", "days", "median"),
    # In UTC one is on the Sunday of the first week, the other on the Monday of the second; in
    # Berlin both are on that Monday, in New York both on that Sunday.
    [("UTC", 2, 1.0), ("Europe/Berlin", 1, 0.5), ("America/New_York", 1, 0.5)],
)
def test_r5_days_and_weeks_are_those_of_the_time_zone(
    tmp_path: Path, tz: str, days: int, median: float
) -> None:
    """Windows stay what they are."""
    story = on("03-08T23:30", "03-09T03:30")
    with window(story, tmp_path, "03-01T23:00", "03-16T05:00", tz=tz) as view:
        dora = only(view, "dora")
    assert (dora["deployments"], dora["deployment_days"]) == (2, days)
    assert dora["median_days_per_week"] == median


def test_r5_only_whole_weeks_count_and_empty_ones_with_them(tmp_path: Path) -> None:
    """Three whole weeks, of which one has two days and the others none."""
    story = on("03-03T10:00", "03-10T10:00", "03-11T10:00", "03-11T12:00", "03-31T10:00")
    with window(story, tmp_path, "03-03T00:00", "03-31T12:00") as view:
        assert only(view, "dora")["median_days_per_week"] == 0
    with window(story, tmp_path, "03-09T00:00", "03-16T00:00") as view:
        assert only(view, "dora")["median_days_per_week"] == 2
    with window(story, tmp_path, "03-10T00:00", "03-16T00:00") as view:
        assert only(view, "dora")["median_days_per_week"] is None


def test_r5_a_week_with_a_change_of_the_clock_is_a_week(tmp_path: Path) -> None:
    """Its instants are an hour less apart."""
    story = on("03-28T10:00", "03-29T10:00")
    with window(story, tmp_path, "03-22T23:00", "03-29T22:00", tz="Europe/Berlin") as view:
        assert only(view, "dora")["median_days_per_week"] == 2
    with window(story, tmp_path, "03-22T23:00", "03-29T21:59:59", tz="Europe/Berlin") as view:
        assert only(view, "dora")["median_days_per_week"] is None


def test_r5_gaps_are_between_deployments_of_one_line(tmp_path: Path) -> None:
    """Two services that take turns do not deploy twice as often each."""
    story = on("03-03T00:00", "03-05T00:00", "03-09T00:00")
    for number, at in enumerate(("03-04T00:00", "03-06T00:00")):
        deployed(story, f"p{number}", at, f"p{number}", service="pay")
    with window(story, tmp_path) as view:
        assert only(view, "dora")["median_gap_s"] == 2 * DAY


# R7


@pytest.mark.parametrize("leads", [[1], [1, 2], [4, 1, 9], [1, 2, 3, 10], [5, 5, 7, 11, 40, 41]])
def test_r7_percentiles_are_linear_between_the_closest_ranks(
    tmp_path: Path, leads: list[int]
) -> None:
    """The median of an even number is the mean of the two in the middle."""
    story = Story()
    pushed(story, "base", "03-01T00:00")
    deployed(story, "base", "03-01T01:00", commit=commit("base"), repository=REPOSITORY)
    before = "base"
    for number, hours in enumerate(leads):
        pushed(story, f"c{number}", f"03-{2 + number:02d}T00:00", before)
        before = f"c{number}"
        finished = f"03-{2 + number + hours // 24:02d}T{hours % 24:02d}:00"
        deployed(story, before, finished, commit=commit(before), repository=REPOSITORY)
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
        found = sorted(view.table("lead_times")["lead_s"].to_pylist())
    assert dora["lead_median_s"] == statistics.median(found)
    for name, share in (("p75", 0.75), ("p90", 0.9)):
        assert dora[f"lead_{name}_s"] == pytest.approx(percentile(found, share))
    assert dora["lead_mean_s"] == pytest.approx(statistics.fmean(found))


def _instant(seconds: float) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


# R13


def organisation() -> Story:
    """Two teams, three services, two repositories, two production environments."""
    story = Story()
    for service, team in (("shop", "till"), ("pay", "money"), ("cart", "till")):
        story.tell("service.registered", when("03-01T00:00"), service=service, team=team)
    told = [
        ("shop", "prod-eu", "r1", "03-03"), ("shop", "prod-us", "r1", "03-04"),
        ("pay", "prod-eu", "r2", "03-05"), ("cart", "prod-eu", "r1", "03-06"),
        ("stray", "prod-us", None, "03-07"),
    ]  # fmt: skip
    for number, (service, environment, repository, day) in enumerate(told):
        deployed(story, f"d{number}", f"{day}T10:00", str(number), service=service,
                 environment=environment, repository=repository)  # fmt: skip
    impaired(story, "i", "03-03T11:00", service="shop", environment="prod-eu",
             restored="03-03T12:00")  # fmt: skip
    return story


@pytest.mark.parametrize(
    ("group_by", "counted", "failed"),
    [
        ("none", {"": 5}, {""}),
        ("team", {"till": 3, "money": 1, "": 1}, {"till"}),
        ("service", {"shop": 2, "pay": 1, "cart": 1, "stray": 1}, {"shop"}),
        ("environment", {"prod-eu": 3, "prod-us": 2}, {"prod-eu"}),
        ("repository", {"r1": 3, "r2": 1, "": 1}, {"r1"}),
    ],
)
def test_r13_numbers_are_grouped_by_one_of_four(
    tmp_path: Path, group_by: str, counted: dict[str, int], failed: set[str]
) -> None:
    """Each deployment in one group; what nobody says of is the group without a name."""
    with window(organisation(), tmp_path, group_by=group_by) as view:
        rows = by_group(view)
    assert {key: row["counted"] for key, row in rows.items() if row["counted"]} == counted
    assert {key for key, row in rows.items() if row["failed"]} == failed
    for row in rows.values():
        assert row["few_deployments"] is (row["counted"] < 5)
        assert row["few_recoveries"] is (row["recovered"] < 5)


@pytest.mark.parametrize(
    ("chosen", "counted"),
    [
        ({"service": "shop"}, 2), ({"team": "till"}, 3), ({"environment": "prod-us"}, 2),
        ({"repository": "r2"}, 1), ({"team": "till", "environment": "prod-us"}, 1),
        ({"service": "nobody"}, 0),
    ],
)  # fmt: skip
def test_r13_numbers_are_of_what_is_chosen(
    tmp_path: Path, chosen: dict[str, str], counted: int
) -> None:
    """One filter or several."""
    with window(organisation(), tmp_path, **chosen) as view:
        assert only(view, "dora")["counted"] == counted


def test_r13_a_deployment_of_two_repositories_stands_in_both_groups(tmp_path: Path) -> None:
    """And counts once where nothing is grouped."""
    story = Story()
    for component, repository in (("api", "r1"), ("web", "r2")):
        deployed(story, "d", "03-05T10:00", component, component=component, repository=repository)
    with window(story, tmp_path, group_by="repository") as view:
        assert {key: row["counted"] for key, row in by_group(view).items()} == {"r1": 1, "r2": 1}
    with window(story, tmp_path) as view:
        assert only(view, "dora")["counted"] == 1


@pytest.mark.parametrize(
    ("group_by", "asked"), [("service", "shop"), ("team", "till"), ("repository", "r1")]
)
def test_r13_what_is_asked_for_is_the_one_group_of_its_own_kind(
    tmp_path: Path, group_by: str, asked: str
) -> None:
    """What a deployment or an incident touches beside it is no group of the answer."""
    story = Story()
    for service, team, repository in (("shop", "till", "r1"), ("pay", "money", "r2")):
        story.tell("service.registered", when("03-01T00:00"), service=service, team=team,
                   repositories=[{"repository": repository}])  # fmt: skip
    for component, repository in (("api", "r1"), ("web", "r2")):
        deployed(story, "d", "03-05T10:00", component, component=component, repository=repository)
    impaired(story, "i", "03-06T11:00", services=["shop", "pay"], restored="03-06T12:00")
    with window(story, tmp_path, group_by=group_by, **{group_by: asked}) as view:
        assert {key: row["counted"] for key, row in by_group(view).items()} == {asked: 1}
        assert only(view, "mttr")["incidents"] == 1


def test_r13_a_repository_that_only_the_beginning_names_is_the_deployment_s(tmp_path: Path) -> None:
    """Its end need not repeat it."""
    story = Story()
    story.tell("deployment.started", when("03-05T09:00"), deployment="d", service="shop",
               environment="production", repository="r1")  # fmt: skip
    deployed(story, "d", "03-05T10:00", "a")
    with window(story, tmp_path, group_by="repository") as view:
        assert only(view, "deployments")["repositories"] == ["r1"]
        assert {key: row["counted"] for key, row in by_group(view).items()} == {"r1": 1}


def test_r13_across_services_observations_are_pooled(tmp_path: Path) -> None:
    """No mean of rates and no median of medians."""
    story = Story()
    for number in range(9):
        deployed(story, f"a{number}", f"03-{3 + number:02d}T10:00", f"a{number}", service="a")
    deployed(story, "b", "03-05T10:00", "b", service="b")
    blamed = (("a", "a0", 1), ("a", "a1", 2), ("b", "b", 9))
    for number, (service, name, hours) in enumerate(blamed):
        impaired(story, f"i{number}", "03-20T00:00", service=service, caused_by=name)
        at = instant("03-20T00:00").timestamp() + hours * 3600
        story.tell("incident.restored", _instant(at), incident=f"i{number}")
    with window(story, tmp_path) as view:
        dora, mttr = only(view, "dora"), only(view, "mttr")
    assert dora["change_fail_rate"] == 0.3
    assert (mttr["mttr_s"], mttr["median_s"]) == (4 * 3600, 2 * 3600)


def test_a_series_has_a_row_for_every_step_and_they_make_the_whole(tmp_path: Path) -> None:
    """Steps without a deployment as well; the first and the last may be cut."""
    story = on("03-03T00:30", "03-03T10:00", "03-10T23:30")
    for bucket, tz, expected in (
        ("week", "UTC", [("03-03T00:00", 2), ("03-09T00:00", 1), ("03-16T00:00", 0)]),
        ("month", "UTC", [("03-03T00:00", 3)]),
        ("week", "Europe/Berlin",
         [("03-03T00:00", 2), ("03-08T23:00", 1), ("03-15T23:00", 0)]),
    ):  # fmt: skip
        with window(story, tmp_path, "03-03T00:00", "03-18T00:00", bucket=bucket, tz=tz) as view:
            rows = [row for row in view.table("dora").to_pylist() if row["part"] == "step"]
        rows.sort(key=lambda row: row["window_from"])
        assert [(row["window_from"], row["deployments"]) for row in rows] == [
            (instant(start), count) for start, count in expected
        ]
        for row in rows:
            days = (row["window_to"] - row["window_from"]).total_seconds() / DAY
            assert row["deployments_per_day"] == pytest.approx(row["deployments"] / days)


# R16


def test_r16_a_window_is_set_beside_another(tmp_path: Path) -> None:
    """Frequency in times, durations in per cent, rates in percentage points."""
    story = on(*(f"02-{day:02d}T10:00" for day in (3, 5)))
    for number, day in enumerate((3, 4, 5, 6)):
        deployed(story, f"n{number}", f"03-{day:02d}T10:00", f"n{number}")
    for name, date, end in (("d0", "02-03", "14:00"), ("n0", "03-03", "11:00")):
        impaired(story, f"i-{name}", f"{date}T10:00", restored=f"{date}T{end}", caused_by=name)
    baseline = {"baseline_from": instant("02-01T00:00"), "baseline_to": instant("02-15T00:00")}
    with window(story, tmp_path, "03-01T00:00", "03-15T00:00", **baseline) as view:
        row = only(view, "comparison")
        parts = {one["part"] for one in view.table("dora").to_pylist()}
    assert parts == {"window", "baseline"}
    assert (row["frequency_times"], row["few"]) == (2, True)
    assert (row["few_changes"], row["few_recoveries"], row["few_incidents"]) == (True, True, True)
    assert (row["change_fail_points"], row["recovery_change_percent"]) == (-25, -75)
    assert (row["mttr_change_percent"], row["lead_change_percent"]) == (-75, None)


def test_r16_nothing_is_compared_with_nothing(tmp_path: Path) -> None:
    """A baseline without deployments gives no ratio; no baseline, no row."""
    story = on("03-03T10:00")
    baseline: dict[str, Any] = {
        "baseline_from": instant("02-01T00:00"), "baseline_to": instant("02-15T00:00"),
    }  # fmt: skip
    with window(story, tmp_path, **baseline) as view:
        row = only(view, "comparison")
        assert (row["frequency_times"], row["change_fail_points"]) == (None, None)
    with window(story, tmp_path) as view:
        assert view.table("comparison").num_rows == 0


# Evidence


def shipping() -> Story:
    """An organisation, of which one service ships known changes, fails and recovers."""
    story = organisation()
    pushed(story, "old", "03-01T00:00", repository="r1")
    pushed(story, "new", "03-08T00:00", "old", repository="r1")
    for name, day in (("old", 10), ("new", 11)):
        deployed(story, name, f"03-{day}T10:00", name, commit=commit(name), repository="r1",
                 environment="prod-eu")  # fmt: skip
    deployed(story, "f", "03-12T10:00", "f", outcome="failure", environment="prod-eu")
    deployed(story, "g", "03-13T10:00", "g", kind="hotfix", remediates=["new"],
             environment="prod-eu")  # fmt: skip
    impaired(story, "open", "03-14T10:00")
    return story


@pytest.mark.parametrize("group_by", ["none", "team", "service", "environment", "repository"])
@pytest.mark.parametrize("bucket", ["month", "week"])
def test_every_number_can_be_made_again_from_what_stands_behind_it(
    tmp_path: Path, group_by: str, bucket: str
) -> None:
    """Rates from numerators and denominators, the others from their observations."""
    story = shipping()
    baseline = {"baseline_from": instant("03-02T00:00"), "baseline_to": instant("03-11T00:00")}
    asked: dict[str, Any] = {"group_by": group_by, "bucket": bucket} | baseline
    with window(story, tmp_path, **asked) as view:
        evidence = view.table("dora_evidence").to_pylist()
        dora, mttr = view.table("dora").to_pylist(), view.table("mttr").to_pylist()
    recount(evidence, dora, mttr)
    assert sum(row["failed"] for row in dora if row["part"] == "window") == 2
    assert {row["metric"] for row in evidence} == {
        *RATES, "deployment_frequency", "change_lead_time", "recovery_time",
        "recovery_time_from_impact", "mttr",
    }  # fmt: skip


def test_what_stands_behind_a_number_is_named_by_its_entries(tmp_path: Path) -> None:
    """The commit and its deployment; the failure, its incident and what remedied it."""
    story = Story()
    pushed(story, "a", "03-01T00:00")
    pushed(story, "b", "03-03T00:00", "a")
    deployed(story, "d1", "03-02T10:00", "1", commit=commit("a"))
    deployed(story, "d2", "03-04T10:00", "2", commit=commit("b"))
    impaired(story, "i", "03-04T11:00", caused_by="d2")
    deployed(story, "d3", "03-05T10:00", "3", kind="hotfix", remediates=["d2"])
    with window(story, tmp_path) as view:
        rows = view.table("dora_evidence").to_pylist()
    found = {(row["metric"], row["role"]): row["positions"] for row in rows}
    assert found["change_lead_time", "observation"] == [2, 4]
    assert found["change_fail_rate", "numerator"] == [4, 5, 6]
    assert found["recovery_time", "observation"] == [4, 5, 6]
    assert found["rework_rate", "numerator"] == [6]
    assert found["mttr", "open"] == [5]


def test_a_time_that_another_entry_tells_is_named_by_that_entry(tmp_path: Path) -> None:
    """A merge's, and the earliest of those that are one change."""
    story = Story()
    pushed(story, "a", "03-01T00:00")
    pushed(story, "first", "03-01T12:00", "a", patch_id="p")
    pushed(story, "again", "03-03T00:00", "a", patch_id="p")
    story.tell("change.merged", when("03-03T08:00"), repository=REPOSITORY, number=1,
               merge_commit=commit("again"), method="rebase")  # fmt: skip
    deployed(story, "d1", "03-02T10:00", "1", commit=commit("a"))
    deployed(story, "d2", "03-04T10:00", "2", commit=commit("again"))
    for basis, positions in (("authored", [3, 2, 6]), ("merged", [3, 4, 6])):
        with window(story, tmp_path, commit_time_basis=basis) as view:
            assert only(view, "lead_times")["positions"] == positions
