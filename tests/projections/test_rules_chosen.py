"""Which changes and incidents an answer is about, and in which windows and groups: R12, R13."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.projections.story import viewing
from tests.projections.telling import (
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
    from pathlib import Path

Groups = dict[str, set[str]]
LINES = (
    # Change, service, environment, repository.
    ("a", "shop", "prod-eu", "r1"), ("b", "pay", "prod-eu", "r2"), ("c", "shop", "prod-us", "r2"),
    ("d", "stray", "prod-us", "r3"),
)  # fmt: skip


@pytest.fixture(scope="module")
def story() -> Story:
    """Four changes, each deployed to another line; one of no team."""
    told = Story()
    for service, team in (("shop", "till"), ("pay", "money")):
        told.tell("service.registered", when("03-01T00:00"), service=service, team=team)
    for name, service, environment, repository in LINES:
        pushed(told, name, "03-02T10:00", repository=repository)
        deployed(told, name, "03-03T10:00", name, service=service, environment=environment,
                 commits=[commit(name)])  # fmt: skip
    return told


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"group_by": "none"}, {"": {*"abcd"}}),
        ({"group_by": "team"}, {"till": {*"ac"}, "money": {"b"}, "": {"d"}}),
        ({"group_by": "service"}, {"shop": {*"ac"}, "pay": {"b"}, "stray": {"d"}}),
        ({"group_by": "environment"}, {"prod-eu": {*"ab"}, "prod-us": {*"cd"}}),
        ({"group_by": "repository"}, {"r1": {"a"}, "r2": {*"bc"}, "r3": {"d"}}),
        ({"team": "till"}, {"": {*"ac"}}), ({"service": "pay"}, {"": {"b"}}),
        ({"environment": "prod-us"}, {"": {*"cd"}}), ({"repository": "r2"}, {"": {*"bc"}}),
        ({"team": "till", "environment": "prod-us"}, {"": {"c"}}),
    ],
)  # fmt: skip
def test_r13_changes_are_grouped_and_chosen_by_line_and_repository(
    story: Story, tmp_path: Path, chosen: dict[str, str], expected: Groups
) -> None:
    """What nobody says of one is the group without a name."""
    names = {commit(name): name for name, *_ in LINES}
    found: Groups = {}
    with window(story, tmp_path, **chosen) as view:
        for row in view.table("window_lead_times").to_pylist():
            found.setdefault(row["group_key"], set()).add(names[row["commit"]])
        groups = view.table("window_groups")["group_key"].to_pylist()
    assert found == expected
    assert expected.keys() <= {*groups}


@pytest.mark.parametrize(("seconds", "weeks"), [(0, 522), (1, 0)])
def test_r5_a_window_that_is_open_to_one_side_has_no_weeks(
    tmp_path: Path, seconds: int, weeks: int
) -> None:
    """One of more than ten years is taken for that."""
    start = instant("03-02T00:00")
    end = start + timedelta(days=3660, seconds=seconds)
    with viewing(Story(), tmp_path, window_from=start, window_to=end) as view:
        assert view.table("window_weeks").num_rows == weeks


@pytest.mark.parametrize(
    ("bucket", "edges"),
    [
        ("day", ("03-30T12:00", "03-31T00:00", "04-01T00:00", "04-02T00:00", "04-02T06:00")),
        ("month", ("02-15T12:00", "03-01T00:00", "04-01T00:00", "05-01T00:00", "05-02T06:00")),
    ],
)
def test_r0_the_steps_of_a_series_are_days_or_months_and_the_outer_ones_cut(
    tmp_path: Path, bucket: str, edges: tuple[str, ...]
) -> None:
    """Each begins where the one before it ends."""
    with window(Story(), tmp_path, edges[0], edges[-1], bucket=bucket) as view:
        rows = view.table("windows").to_pylist()
    steps = sorted(
        (row["window_from"], row["window_to"]) for row in rows if row["part"] == "step"
    )  # fmt: skip
    instants = [instant(edge) for edge in edges]
    assert steps == list(pairwise(instants))


INCIDENTS = (
    # Service, start, end; the windows are from the second to the fifth, and from the ninth on.
    ("before", "03-01T10:00", "03-01T11:00"), ("till start", "03-01T10:00", "03-02T00:00"),
    ("till end", "03-04T10:00", "03-05T00:00"), ("between", "03-06T10:00", "03-07T10:00"),
    ("on time", "03-08T10:00", "03-09T00:00"), ("over", "03-15T10:00", "03-20T10:00"),
    ("after", "03-16T00:00", "03-17T10:00"), ("open", "02-20T10:00", None),
    ("odd", "03-10T10:00", "03-03T10:00"),
)  # fmt: skip


def test_r12_an_incident_stands_where_it_ended_and_is_open_before(tmp_path: Path) -> None:
    """One for each service; those that say no start ended in the window, and with its end."""
    told = Story()
    for service, start, end in INCIDENTS:
        impaired(told, service, start, restored=end, service=service)
    impaired(told, "another", "03-16T00:00", service="open")
    for service, end in (("silent", "03-10T10:00"), ("silent after", "03-16T00:00")):
        told.tell("incident.resolved", when(end), incident=service, service=service,
                  environment="production")  # fmt: skip
    asked = {"group_by": "service", "baseline_from": instant("03-02T00:00"),
             "baseline_to": instant("03-05T00:00")}  # fmt: skip
    with window(told, tmp_path, "03-09T00:00", "03-16T00:00", **asked) as view:
        groups, ended, still, counts = (
            view.table(name).to_pylist() for name in (
                "window_groups", "window_incidents", "open_incidents", "window_open_incidents",
            )
        )  # fmt: skip
    assert sorted((row["part"], row["group_key"]) for row in groups) == [
        (part, group) for part in ("baseline", "window") for group in sorted(
            ("till start", "till end", "between", "on time", "over", "open", "odd", "silent")
        )
    ]  # fmt: skip
    assert sorted(
        (row["part"], row["group_key"], row["is_anomaly"], row["start_unknown"]) for row in ended
    ) == [
        ("baseline", "odd", True, False), ("baseline", "till start", False, False),
        ("window", "on time", False, False), ("window", "silent", False, True),
    ]  # fmt: skip
    expected = [("baseline", "open"), ("baseline", "till end"), ("window", "open"),
                ("window", "over")]  # fmt: skip
    assert sorted((row["part"], row["group_key"]) for row in still) == expected
    assert sorted((row["part"], row["group_key"]) for row in counts if row["open"]) == expected
    assert {row["open"] for row in counts} == {0, 1}
