"""Which line and which source a deployment is of, and when: rules R0, R1, R2a."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.projections.telling import (
    SOURCE,
    Story,
    deployed,
    failed,
    impaired,
    kinds,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

from tests.projections.deploying import CONTROLLER, counts, gaps


def tier(story: Story, environment: str, tier: str, since: str | None = None) -> int:
    """Somebody says of which tier an environment is."""
    return story.tell(
        "environment.registered", when("03-20T00:00"), environment=environment, tier=tier,
        effective_from=when(since) if since else None,
    )  # fmt: skip


# R0, time


def test_r0_a_deployment_counts_when_it_happened_and_not_when_it_was_told(tmp_path: Path) -> None:
    """The ledger took it in a year later."""
    story = Story()
    late = datetime(2027, 3, 1, tzinfo=UTC)
    story.tell("deployment.finished", when("03-05T10:00"), at=late, deployment="d", service="shop",
               environment="production", outcome="success")  # fmt: skip
    with window(story, tmp_path) as view:
        assert only(view, "dora")["deployments"] == 1


@pytest.mark.parametrize(
    ("finished", "expected"), [("03-02T00:00", 1), ("03-08T23:59:59", 1), ("03-09T00:00", 0)]
)
def test_r0_a_window_has_its_first_instant_and_not_its_end(
    tmp_path: Path, finished: str, expected: int
) -> None:
    """Half-open."""
    story = Story()
    deployed(story, "d", finished)
    with window(story, tmp_path, "03-02T00:00", "03-09T00:00") as view:
        assert only(view, "dora")["deployments"] == expected


# R1, lines and tiers


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("prod", "production"), ("Production", "production"), ("prd", "production"),
        ("live", "production"), ("prod-eu", "production"), ("production/blue", "production"),
        ("preprod", "staging"), ("non-prod", None), ("prod-dr", None), ("prod-test", None),
        ("dr", "dr"), ("staging", "staging"), ("review/12", "preview"), ("blue", None),
        ("products", None), ("dev.eu", "development"),
    ],
)  # fmt: skip
def test_r1_the_name_of_an_environment_suggests_its_tier(
    tmp_path: Path, name: str, found: str | None
) -> None:
    """Only where it is that word, or goes on after a mark."""
    story = Story()
    deployed(story, "d", "03-05T10:00", environment=name)
    with window(story, tmp_path) as view:
        assert only(view, "deployments")["tier"] == found
        assert only(view, "dora")["deployments"] == int(found == "production")
        assert (("unknown tier", name) in gaps(view)) == (found is None)


def test_r1_the_tier_in_effect_at_the_finish_decides(tmp_path: Path) -> None:
    """What is registered holds from the instant that it says."""
    story = Story()
    deployed(story, "before", "03-05T09:59:59", environment="blue")
    deployed(story, "after", "03-05T10:00", environment="blue")
    tier(story, "blue", "production", "03-05T10:00")
    with window(story, tmp_path) as view:
        assert (counts(view, "before"), counts(view, "after")) == (False, True)
        assert gaps(view) == {("unknown tier", "blue"): 1}


def test_r1_incidents_of_unknown_tier_are_said_to_be_left_out(tmp_path: Path) -> None:
    """An incident whose start nobody tells has the tier in effect at its end."""
    story = Story()
    impaired(story, "i", "03-05T09:00", environment="blue", restored="03-05T10:00")
    story.tell("incident.resolved", when("03-06T10:00"), incident="j", service="shop",
               environment="production", resolved_at=when("03-06T10:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        assert gaps(view) == {("incidents of unknown tier", "blue"): 1}
        assert only(view, "incidents", incident="j")["tier"] == "production"
        assert only(view, "mttr")["start_unknown"] == 1


def test_r1_a_later_statement_covers_an_earlier_one_from_its_beginning_on(tmp_path: Path) -> None:
    """Also what the earlier one said of times after that."""
    story = Story()
    for day in (1, 5, 9):
        deployed(story, f"d{day}", f"03-{day:02d}T10:00", environment="blue")
    tier(story, "blue", "production", "03-01T00:00")
    tier(story, "blue", "staging", "03-08T00:00")
    tier(story, "blue", "dr", "03-04T00:00")
    with window(story, tmp_path) as view:
        tiers = {row["deployment"]: row["tier"] for row in view.table("deployments").to_pylist()}
        assert tiers == {"d1": "production", "d5": "dr", "d9": "dr"}
        spans = view.table("environments").sort_by("effective_from").to_pylist()
        assert [(row["tier"], row["position"]) for row in spans] == [
            (None, None), ("production", 4), ("dr", 6),
        ]  # fmt: skip


def test_r1_two_lines_are_two_however_their_names_are_put_together(tmp_path: Path) -> None:
    """What stands between service and environment may stand in either, and what is put for it."""
    places = [
        ("a", "prod/b@c"), ("a@prod/b", "c"), ("a", "prod/b%40c"), ("a", "prod/b%2540c"),
        ("b c", "d"), ("b%20c", "d"), ("b", "c d"), ("b", "c%20d"),
    ]  # fmt: skip
    story = Story()
    for hour, (service, environment) in enumerate(places, 10):
        deployed(story, "d", f"03-05T{hour}:00", "x", service=service, environment=environment)
    with window(story, tmp_path) as view:
        assert kinds(view) == ["planned"] * len(places)
        found = view.table("deployments").select(["line", "service", "environment"]).to_pylist()
    assert sorted((row["service"], row["environment"]) for row in found) == sorted(places)
    assert len({row["line"] for row in found}) == len(places)


# R2a: one source a line


def test_r2a_the_source_seen_first_is_the_line_s(tmp_path: Path) -> None:
    """By position, not by the instant of what it tells."""
    story = Story()
    deployed(story, "a", "03-05T12:00", "x")
    deployed(story, "b", "03-05T10:00", "y", source=CONTROLLER)
    with window(story, tmp_path) as view:
        assert (counts(view, "a"), counts(view, "b")) == (True, False)
        assert only(view, "deployments", deployment="b")["line_source"] == SOURCE
        assert gaps(view) == {("unmatched report", CONTROLLER): 1}


def test_r2a_a_registered_source_counts_from_its_date_on(tmp_path: Path) -> None:
    """And the one before it until then."""
    story = Story()
    for day in (2, 8):
        deployed(story, f"a{day}", f"03-{day:02d}T10:00", f"x{day}")
        deployed(story, f"b{day}", f"03-{day:02d}T10:01", f"x{day}", source=CONTROLLER)
    story.tell("service.registered", when("03-20T00:00"), service="shop",
               deployment_source={"production": CONTROLLER},
               effective_from=when("03-05T00:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        found = {name for name in ("a2", "b2", "a8", "b8") if counts(view, name)}
    assert found == {"a2", "b8"}


def test_r2a_what_a_later_statement_does_not_name_stays_as_it_was(tmp_path: Path) -> None:
    """A team is not lost because somebody registers a source."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x")
    story.tell("service.registered", when("03-20T00:00"), service="shop", team="till")
    story.tell("service.registered", when("03-21T00:00"), service="shop",
               deployment_source={"staging": CONTROLLER},
               effective_from=when("03-01T00:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        assert only(view, "deployments")["team"] == "till"


def test_r2a_an_empty_statement_says_that_there_is_none_any_more(tmp_path: Path) -> None:
    """Then the source seen first is the line's again, and no repository is the service's."""
    story = Story()
    for day in (5, 8):
        for name, source in (("a", SOURCE), ("b", CONTROLLER)):
            deployed(story, f"{name}{day}", f"03-0{day}T10:00", f"{name}{day}", source=source)
    story.tell("service.registered", when("03-20T00:00"), service="shop", team="till",
               deployment_source={"production": CONTROLLER}, scope=["pci"],
               repositories=[{"repository": "r"}])  # fmt: skip
    story.tell("service.registered", when("03-21T00:00"), service="shop", deployment_source={},
               repositories=[], scope=[], effective_from=when("03-07T00:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        found = {name for name in ("a5", "b5", "a8", "b8") if counts(view, name)}
        rows = {
            row["deployment"]: (row["repositories"], row["team"])
            for row in view.table("deployments").to_pylist()
        }
    assert found == {"b5", "a8"}
    assert (rows["b5"], rows["a8"]) == ((["r"], "till"), ([], "till"))


@pytest.mark.parametrize("live", [SOURCE, CONTROLLER])
def test_r2a_what_was_imported_is_the_line_until_the_first_live_deployment(
    tmp_path: Path, live: str
) -> None:
    """Whether the source tells its own history or another one's was imported."""
    story = Story()
    for day in (1, 3, 7):
        deployed(story, f"i{day}", f"03-{day:02d}T10:00", f"x{day}", assurance="imported")
    deployed(story, "l5", "03-05T10:00", "x5", source=live)
    deployed(story, "l7", "03-07T10:00", "x7", source=live)
    with window(story, tmp_path) as view:
        found = {name for name in ("i1", "i3", "i7", "l5", "l7") if counts(view, name)}
    assert found == {"i1", "i3", "l5", "l7"}


def test_r2a_of_two_imports_the_first_is_the_line(tmp_path: Path) -> None:
    """The other one corroborates."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x", assurance="imported")
    deployed(story, "b", "03-05T10:01", "x", assurance="imported", source=CONTROLLER)
    with window(story, tmp_path) as view:
        assert (counts(view, "a"), counts(view, "b")) == (True, False)
        assert only(view, "deployments", deployment="a")["corroborations"] == 1


@pytest.mark.parametrize(
    ("started", "finished", "content", "matches"),
    [
        (None, "03-05T11:00", "x", True), (None, "03-05T11:00:01", "x", False),
        (None, "03-05T10:30", "y", False), ("03-05T09:59", "03-05T14:00", "x", True),
    ],
)  # fmt: skip
def test_r2a_a_report_matches_what_it_overlaps_or_ends_within_an_hour_of(
    tmp_path: Path, started: str | None, finished: str, content: str, *, matches: bool
) -> None:
    """And has the artifact in common."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x")
    deployed(story, "b", finished, content, source=CONTROLLER,
             started_at=when(started) if started else None)  # fmt: skip
    with window(story, tmp_path) as view:
        assert only(view, "corroborations")["is_difference"] is not matches


@pytest.mark.parametrize("finished", ["03-05T12:00", "03-05T18:00"])
def test_r2a_a_long_deployment_matches_what_it_spans_although_another_ended_nearer(
    tmp_path: Path, finished: str
) -> None:
    """That one, with the same artifact, neither overlaps the report nor ends within the hour."""
    story = Story()
    deployed(story, "long", "03-05T18:00", "x", started_at=when("03-05T08:00"))
    deployed(story, "near", finished, "x")
    deployed(story, "b", "03-05T10:00", "x", source=CONTROLLER)
    with window(story, tmp_path) as view:
        key = only(view, "deployments", deployment="long")["deployment_key"]
        assert only(view, "corroborations")["corroborated_key"] == key


def test_r2a_an_id_of_a_report_that_matches_names_the_deployment(tmp_path: Path) -> None:
    """A hotfix that knows the controller's id of what it remedies."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x")
    deployed(story, "sync-9", "03-05T10:01", "x", source=CONTROLLER)
    deployed(story, "b", "03-05T12:00", "y", remediates=["sync-9"])
    with window(story, tmp_path) as view:
        assert failed(view) == {"a"}
