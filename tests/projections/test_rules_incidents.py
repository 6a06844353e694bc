"""Incidents and the mean time to restore: rule R12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.story import Story
from tests.projections.telling import impaired, instant, only, when, window

if TYPE_CHECKING:
    from pathlib import Path


PAGER = "https://pager.example"


def mttr(story: Story, folder: Path, **chosen: Any) -> dict[str, Any]:  # noqa: ANN401
    """The numbers of March."""
    with window(story, folder, **chosen) as view:
        return only(view, "mttr")


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True), ({"environment": None}, True), ({"environment": "staging"}, False),
        ({"environment": "blue"}, False), ({"cause": "external"}, True), ({"service": None}, True),
    ],
)  # fmt: skip
def test_r12_incidents_of_production_or_of_no_environment_count(
    tmp_path: Path, more: dict[str, Any], *, counts: bool
) -> None:
    """Whatever caused them."""
    story = Story()
    impaired(story, "i", "03-05T10:00", restored="03-05T11:00", **more)
    found = mttr(story, tmp_path)
    assert (found["incidents"], found["mttr_s"]) == ((1, 3600) if counts else (0, None))


def test_r12_the_window_of_the_end_counts(tmp_path: Path) -> None:
    """Open ones are those begun and not ended before the window's end."""
    story = Story()
    impaired(story, "a", "02-27T10:00", restored="03-01T10:00")
    impaired(story, "b", "03-31T10:00", restored="04-01T00:00")
    impaired(story, "c", "03-31T10:00")
    impaired(story, "d", "04-01T00:00")
    found = mttr(story, tmp_path)
    assert (found["incidents"], found["mttr_s"], found["open"]) == (1, 2 * 86_400, 2)


def test_r12_a_ticket_s_end_counts_only_where_nothing_better_is_told(tmp_path: Path) -> None:
    """Service first, ticket last; and noticed where nobody says when it began."""
    story = Story()
    impaired(story, "a", "03-05T10:00", restored="03-05T11:00", resolved="03-09T10:00")
    impaired(story, "b", "03-05T10:00", resolved="03-05T13:00")
    story.tell("incident.opened", when("03-05T10:30"), incident="c", service="shop",
               environment="production", detected_at=when("03-05T10:10"))  # fmt: skip
    story.tell("incident.restored", when("03-05T12:40"), incident="c",
               restored_at=when("03-05T12:10"))  # fmt: skip
    found = mttr(story, tmp_path)
    assert (found["incidents"], found["mttr_s"]) == (3, 7200)


def test_r12_a_reopened_incident_adds_another_interval(tmp_path: Path) -> None:
    """Tools repeat the first start with every event; that is no other start."""
    story = Story()
    start = when("03-05T10:00")
    impaired(story, "i", "03-05T10:00", resolved="03-05T11:00")
    for what, at in (("reopened", "03-05T20:00"), ("resolved", "03-05T20:30")):
        story.tell(f"incident.{what}", when(at), incident="i", started_at=start)
    with window(story, tmp_path) as view:
        row = only(view, "incidents")
    assert (row["impaired_s"], row["episodes"]) == (5400, 2)
    assert (row["started_at"], row["ended_at"]) == (instant("03-05T10:00"), instant("03-05T20:30"))


@pytest.mark.parametrize(("again", "expected"), [("03-05T19:30", 7200), ("03-05T10:30", 5400)])
def test_r12_a_reopened_incident_began_again_when_it_says_if_that_was_after_its_end(
    tmp_path: Path, again: str, expected: float
) -> None:
    """Else when it was reopened."""
    story = Story()
    impaired(story, "i", "03-05T10:00", restored="03-05T11:00")
    story.tell("incident.reopened", when("03-05T20:00"), incident="i", started_at=when(again))
    story.tell("incident.restored", when("03-05T20:30"), incident="i")
    assert mttr(story, tmp_path)["mttr_s"] == expected


def test_r12_how_long_it_was_nobody_can_tell_where_nobody_says_when_it_began(
    tmp_path: Path,
) -> None:
    """Not no time at all."""
    story = Story()
    story.tell("incident.resolved", when("03-05T10:00"), incident="i", service="shop",
               environment="production", resolved_at=when("03-05T10:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        assert only(view, "incidents")["impaired_s"] is None
        found = only(view, "mttr")
    assert (found["incidents"], found["start_unknown"]) == (0, 1)


def test_r12_what_was_never_ended_lasted_until_it_was_reopened(tmp_path: Path) -> None:
    """So it is one stretch."""
    story = Story()
    impaired(story, "i", "03-05T10:00")
    story.tell("incident.reopened", when("03-05T11:00"), incident="i")
    story.tell("incident.restored", when("03-05T12:00"), incident="i")
    assert mttr(story, tmp_path)["mttr_s"] == 7200


def test_r12_a_start_restated_after_all_is_over_is_the_start(tmp_path: Path) -> None:
    """The review found when it really began."""
    story = Story()
    impaired(story, "i", "03-05T10:00", restored="03-05T11:00")
    story.tell("incident.reopened", when("03-05T20:00"), incident="i")
    story.tell("incident.restored", when("03-05T20:30"), incident="i")
    story.tell("incident.assessed", when("03-09T10:00"), incident="i",
               started_at=when("03-05T09:00"))  # fmt: skip
    assert mttr(story, tmp_path)["mttr_s"] == 9000


def test_r12_an_incident_counts_once_and_in_the_group_of_each_service(tmp_path: Path) -> None:
    """And of each team."""
    story = Story()
    for service, team in (("shop", "till"), ("pay", "money"), ("cart", "till")):
        story.tell("service.registered", when("03-01T00:00"), service=service, team=team)
    impaired(story, "i", "03-05T10:00", restored="03-05T11:00", services=["shop", "pay", "cart"])
    assert mttr(story, tmp_path)["incidents"] == 1
    for group_by, expected in (("service", {"shop", "pay", "cart"}), ("team", {"till", "money"})):
        with window(story, tmp_path, group_by=group_by) as view:
            rows = view.table("mttr").to_pylist()
        assert {row["group_key"] for row in rows if row["incidents"] == 1} == expected
    assert mttr(story, tmp_path, team="money")["incidents"] == 1


ASKED: list[tuple[dict[str, str], dict[str, set[str]]]] = [
    ({"team": "till"},
     {"service": {"shop", "cart"}, "team": {"till"}, "repository": {"r1", "r3"}}),
    ({"service": "pay"}, {"service": {"pay"}, "team": {"money"}, "repository": {"r1", "r2"}}),
    ({"repository": "r1"}, {"service": {"shop", "pay"}, "team": {"till", "money"},
                            "repository": {"r1"}}),
    ({"team": "till", "repository": "r1"},
     {"service": {"shop"}, "team": {"till"}, "repository": {"r1"}}),
    # No service that it touches is both.
    ({"team": "till", "service": "pay"}, {"service": set(), "team": set(), "repository": set()}),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "expected"), ASKED)
def test_r13_groups_are_of_the_touched_services_that_are_asked_for(
    tmp_path: Path, asked: dict[str, str], expected: dict[str, set[str]]
) -> None:
    """No other team's service of a shared incident, nor the team of another service."""
    story = Story()
    for service, team, repositories in (
        ("shop", "till", ["r1"]), ("pay", "money", ["r1", "r2"]), ("cart", "till", ["r3"]),
    ):  # fmt: skip
        story.tell("service.registered", when("03-01T00:00"), service=service, team=team,
                   repositories=[{"repository": one} for one in repositories])  # fmt: skip
    impaired(story, "i", "03-05T10:00", restored="03-05T11:00", services=["shop", "pay", "cart"])
    for group_by, keys in expected.items():
        with window(story, tmp_path, group_by=group_by, **asked) as view:
            rows = view.table("mttr").to_pylist()
        assert {row["group_key"] for row in rows if row["incidents"] == 1} == keys


def test_r12_what_ends_before_it_begins_or_says_no_start_is_counted_apart(tmp_path: Path) -> None:
    """In no mean."""
    story = Story()
    impaired(story, "a", "03-05T10:00", restored="03-05T09:00")
    story.tell("incident.resolved", when("03-06T10:00"), incident="b")
    found = mttr(story, tmp_path)
    assert [found[name] for name in ("incidents", "anomalies", "start_unknown")] == [0, 1, 1]


def alerts(story: Story, *moves: tuple[str, str], **more: Any) -> None:  # noqa: ANN401
    """An alert fires and is resolved."""
    for what, at in moves:
        story.tell(f"alert.{what}", when(at), source=PAGER, fingerprint="f", rule="Down",
                   service="shop", environment="production", **more)  # fmt: skip


def test_r12_an_alert_is_an_incident_only_by_its_source_s_rule(tmp_path: Path) -> None:
    """Fired again before it ended is the same; marked as derived."""
    moves = (
        ("fired", "03-05T10:00"), ("fired", "03-05T10:05"), ("resolved", "03-05T10:30"),
        ("fired", "03-05T12:00"), ("resolved", "03-05T12:30"), ("fired", "03-05T13:00"),
    )  # fmt: skip
    for severity, expected in ((None, (0, 0)), ("critical", (0, 1)), ("low", (0, 0))):
        story = Story()
        if severity:
            story.tell("source.registered", when("03-01T00:00"), name="pager", kind="alertmanager",
                       credential="crd_" + "b" * 32,
                       incident_when={"severity": severity})  # fmt: skip
        alerts(story, *moves, severity="critical")
        found = mttr(story, tmp_path)
        assert (found["incidents"], found["open"]) == expected
    with window(story, tmp_path) as view:
        assert view.table("incidents").num_rows == 0


def test_r12_an_alert_s_firings_are_the_intervals_of_one_incident(tmp_path: Path) -> None:
    """As with one that was reopened."""
    story = Story()
    story.tell("source.registered", when("03-01T00:00"), name="pager", kind="alertmanager",
               credential="crd_" + "b" * 32, incident_when={"rule": "Down"})  # fmt: skip
    alerts(story, ("fired", "03-05T10:00"), ("resolved", "03-05T10:30"),
           ("fired", "03-05T12:00"), ("resolved", "03-05T12:30"))  # fmt: skip
    found = mttr(story, tmp_path)
    assert (found["incidents"], found["mttr_s"], found["derived_from_alerts"]) == (1, 3600, 1)
    with window(story, tmp_path) as view:
        row = only(view, "incidents")
    assert (row["derived"], row["episodes"], row["positions"]) == (True, 2, [2, 3, 4, 5])
