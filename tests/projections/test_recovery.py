"""Failovers, drills and trials of restoring, with what was wanted and what was reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import Story, instant, only, when, window

if TYPE_CHECKING:
    from pathlib import Path


def failed_over(
    story: Story,
    name: str,
    start: str,
    end: str,
    to: str,
    **more: Any,  # noqa: ANN401 - JSON
) -> None:
    """A failover between two sites, from start to end."""
    data: dict[str, Any] = {"recovery": name, "service": "shop", "environment": "production"}
    ended = data | {"to_site": to, "outcome": "success"} | more
    story.tell("failover.started", when(start), **data, trigger="manual")
    story.tell("failover.finished", when(end), **ended)


def test_a_failover_shows_what_was_wanted_and_what_was_reached(tmp_path: Path) -> None:
    """What it reached is what is told of it, also where the clock says otherwise."""
    story = Story()
    failed_over(
        story, "r1", "03-03T10:00", "03-03T10:20", "north", from_site="west", planned=True,
        rto_wanted_s=900, rto_reached_s=600, rpo_wanted_s=10, rpo_reached_s=30, data_loss=True,
    )  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "failovers")
    assert (found["recovery"], found["outcome"], found["trigger"]) == ("r1", "success", "manual")
    assert (found["from_site"], found["to_site"], found["planned"]) == ("west", "north", True)
    assert (found["lasted_s"], found["rto_kept"], found["rpo_kept"]) == (1200, True, False)
    assert (found["switched_primary"], found["data_loss"]) == (True, True)
    assert found["positions"] == [1, 2]


@pytest.mark.parametrize(
    ("more", "is_kept"),
    [
        ({"rto_wanted_s": 1500}, True),
        ({"rto_wanted_s": 900}, False),
        ({}, None),
        ({"rto_wanted_s": 1500, "outcome": "failure"}, None),
    ],
)
def test_a_failover_whose_time_nobody_tells_took_as_long_as_it_lasted(
    tmp_path: Path,
    more: dict[str, Any],
    is_kept: bool | None,  # noqa: FBT001 - of the table
) -> None:
    """Twenty minutes; one that failed reached nothing."""
    story = Story()
    failed_over(story, "r1", "03-03T10:00", "03-03T10:20", "north", **more)
    with window(story, tmp_path) as view:
        assert only(view, "failovers")["rto_kept"] is is_kept


def test_a_failover_that_ends_before_it_began_kept_no_time(tmp_path: Path) -> None:
    """Two clocks differ; one that took no time at all took none, and what is told is told."""
    story = Story()
    failed_over(story, "r1", "03-03T10:01", "03-03T10:00", "north", rto_wanted_s=10)
    failed_over(story, "r2", "03-03T10:00", "03-03T10:00", "north", rto_wanted_s=10)
    failed_over(story, "r3", "03-03T10:01", "03-03T10:00", "north", rto_wanted_s=10,
                rto_reached_s=9)  # fmt: skip
    with window(story, tmp_path) as view:
        view.make(["failovers"])
        rows = view.query("FROM failovers ORDER BY recovery")
    assert rows["lasted_s"].to_pylist() == [None, 0, None]
    assert rows["rto_kept"].to_pylist() == [None, True, True]


def test_before_a_failover_that_does_not_say_from_where_nobody_knows_the_site(
    tmp_path: Path,
) -> None:
    """What a later one came from is where the first one went to."""
    story = Story()
    failed_over(story, "r1", "03-03T10:00", "03-03T10:20", "north")
    failed_over(story, "r2", "03-04T10:00", "03-04T10:20", "west", from_site="north")
    with window(story, tmp_path) as view:
        view.make(["primary_sites"])
        rows = view.query("FROM primary_sites ORDER BY effective_from")
    assert rows["site"].to_pylist() == [None, "north", "west"]


def test_a_failover_switches_the_primary_site_when_it_succeeded(tmp_path: Path) -> None:
    """Of its service, or of the whole environment where it names none."""
    story = Story()
    failed_over(story, "r1", "03-03T10:00", "03-03T10:20", "north", from_site="west")
    failed_over(story, "r2", "03-04T10:00", "03-04T10:20", "south", outcome="failure")
    failed_over(story, "r3", "03-05T10:00", "03-05T10:20", "west")
    with window(story, tmp_path) as view:
        view.make(["primary_sites"])
        rows = view.query("FROM primary_sites ORDER BY effective_from")
    assert rows["site"].to_pylist() == ["west", "north", "west"]
    assert rows["effective_from"].to_pylist()[1:] == [
        instant("03-03T10:20"), instant("03-05T10:20"),
    ]  # fmt: skip


def test_a_drill_shows_the_steps_that_were_exercised_in_it(tmp_path: Path) -> None:
    """Those of the same source with the same id."""
    story = Story()
    failed_over(story, "dr-1", "03-03T10:00", "03-03T10:20", "north")
    story.tell("failover.finished", when("03-03T10:30"), recovery="dr-1", outcome="success",
               source="https://other.example")  # fmt: skip
    at = story.tell(
        "drill.finished", when("03-03T11:00"), recovery="dr-1", outcome="success",
        service="shop", environment="production", rto_wanted_s=3600, rto_reached_s=1200,
    )  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "drills")
    assert (found["outcome"], found["rto_kept"], found["rpo_kept"]) == ("success", True, None)
    assert (found["positions"], found["step_positions"]) == ([at], [1, 2])


def test_a_restore_is_shown_with_the_backup_it_was_made_of(tmp_path: Path) -> None:
    """The newest successful one of that name before it; of two at one instant the one told last."""
    story = Story()
    for at, outcome in (("03-01T02:00", "success"), ("03-02T02:00", "success"),
                        ("03-02T02:00", "success"), ("03-03T02:00", "failure"),
                        ("03-05T02:00", "success")):  # fmt: skip
        story.tell("backup.finished", when(at), recovery=f"b-{at}", outcome=outcome,
                   backup_set="shop-db")  # fmt: skip
    story.tell("restore.tested", when("03-04T02:00"), recovery="t1", outcome="success",
               backup_set="shop-db", verified=True)  # fmt: skip
    story.tell("restore.tested", when("03-04T03:00"), recovery="t2", outcome="failure",
               backup_set="other")  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "restores", recovery="t1")
        other = only(view, "restores", recovery="t2")
    assert (found["backup_position"], found["backup_age_s"]) == (3, 2 * 86_400)
    assert (found["verified"], found["outcome"]) == (True, "success")
    assert (other["backup_position"], other["backup_at"]) == (None, None)
