"""What the other tests of the rules leave open: a case for each small mistake that they miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.projections.deploying import BAD, CONTROLLER
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


def test_r8_only_a_hotfix_that_succeeded_is_one_that_blames_nobody(tmp_path: Path) -> None:
    """One that failed itself remedied nothing."""
    story = Story()
    deployed(story, "good", "03-05T10:00", "1", kind="hotfix")
    deployed(story, "bad", "03-05T11:00", "2", kind="hotfix", **BAD)
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["counted"], dora["reworked"], dora["unattributed_hotfixes"]) == (2, 1, 1)


def test_r6_one_change_that_paths_were_asked_of_says_that_they_were(tmp_path: Path) -> None:
    """Beside another one that tells no paths; where none was asked, that is said."""
    story = Story()
    story.tell("service.registered", when("03-01T00:00"), service="shop",
               repositories=[{"repository": REPOSITORY, "paths": ["shop"]}])  # fmt: skip
    before = "base"
    pushed(story, before, "03-01T00:00")
    told: list[tuple[str, list[str] | None]] = [("a", None), ("b", ["shop/x"]), ("c", None)]
    for name, paths in told:
        pushed(story, name, "03-01T06:00", before, paths=paths)
        before = name
    for day, name in enumerate(("base", "a", "b", "c"), 2):
        deployed(story, name, f"03-{day:02d}T00:00", name, commit=commit(name))
    for start, end, said in (("03-03", "03-06", "applied"), ("03-05", "03-06", "none")):
        with window(story, tmp_path, f"{start}T00:00", f"{end}T00:00") as view:
            assert only(view, "change_lead_time")["path_filter"] == said
            assert only(view, "dora")["path_filter"] == said


def test_r6_each_week_and_group_says_which_changes_it_leaves_out(tmp_path: Path) -> None:
    """Those that are younger than their deployment, and deployments of which nobody says what."""
    story = Story()
    for name, at in (("a", "03-03T09:00"), ("b", "03-03T11:00"), ("c", "03-12T11:00")):
        pushed(story, name, at)
    told: list[tuple[str, str, list[str] | None]] = [
        # The first of a line may be silent; one commit that is not known leaves another that is.
        ("shop", "03-03T10:00", ["a", "b"]), ("shop", "03-04T10:00", None),
        ("shop", "03-05T10:00", None), ("shop", "03-11T10:00", ["a", "unknown"]),
        ("pay", "03-03T10:00", None), ("pay", "03-11T10:00", None), ("pay", "03-12T10:00", ["c"]),
    ]  # fmt: skip
    for number, (service, at, names) in enumerate(told):
        deployed(story, f"d{number}", at, str(number), service=service,
                 commits=names and [commit(name) for name in names])  # fmt: skip
    asked = {"group_by": "service", "bucket": "week"}
    with window(story, tmp_path, "03-02T00:00", "03-16T00:00", **asked) as view:
        found = [
            (row["part"], row["group_key"], row["window_from"].day, row["negative_lead_times"],
             row["unresolved"])
            for row in view.table("dora").to_pylist()
        ]  # fmt: skip
    assert sorted(found) == [
        ("step", "pay", 2, 0, 0), ("step", "pay", 9, 1, 1),
        ("step", "shop", 2, 1, 2), ("step", "shop", 9, 0, 0),
        ("window", "pay", 2, 1, 1), ("window", "shop", 2, 1, 2),
    ]  # fmt: skip


def test_r3_a_deployment_says_how_it_ended_and_names_once_what_it_remedies(tmp_path: Path) -> None:
    """By its own id, and by that of the report which corroborates it."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "1", **BAD)
    deployed(story, "sync", "03-05T10:01", "1", source=CONTROLLER)
    deployed(story, "b", "03-05T11:00", "2", remediates=["a", "sync"])
    with window(story, tmp_path) as view:
        one, other = (only(view, "deployments", deployment=name) for name in "ab")
    assert (one["outcome"], one["corroborations"], one["remediates_keys"]) == ("failure", 1, [])
    assert (other["outcome"], other["corroborations"]) == ("success", 0)
    assert other["remediates_keys"] == [one["deployment_key"]]


def test_r4_what_failed_anyway_is_not_doubtful_as_well(tmp_path: Path) -> None:
    """The upper bound counts a deployment once, whatever else is unknown of it."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "1", outcome="failure")
    deployed(story, "d", "03-05T11:00", "1", attempt=2)
    deployed(story, "e", "03-06T10:00", "2", outcome="failure")
    deployed(story, "f", "03-07T10:00", "3")
    impaired(story, "i", "03-05T12:00", caused_by="d")
    with window(story, tmp_path, bucket="week") as view:
        rows = [row for row in view.table("dora").to_pylist() if row["impact_unknown"]]
    assert [
        (row["failed"], row["counted"], row["upper_failed"], row["upper_counted"]) for row in rows
    ] == [(1, 2, 2, 3)] * 2


def test_r5_in_each_of_two_groups_the_time_between_deployments_is_the_same(tmp_path: Path) -> None:
    """Although each of them stands in both."""
    story = Story()
    for number, day in enumerate((3, 5, 8)):
        for component, repository in (("api", "r1"), ("web", "r2")):
            deployed(story, f"d{number}", f"03-{day:02d}T10:00", f"{component}{number}",
                     component=component, repository=repository)  # fmt: skip
    with window(story, tmp_path, group_by="repository") as view:
        found = {row["group_key"]: row["median_gap_s"] for row in view.table("dora").to_pylist()}
    assert found == {"r1": 2.5 * 86_400, "r2": 2.5 * 86_400}


def test_r5_each_group_has_its_own_days_a_week(tmp_path: Path) -> None:
    """And weeks without any."""
    story = Story()
    for service, days in (("shop", (9, 10, 12)), ("pay", (10,)), ("old", (3,))):
        for day in days:
            deployed(story, f"{service}{day}", f"03-{day:02d}T10:00", str(day), service=service)
    with window(story, tmp_path, "03-09T00:00", "03-16T00:00", group_by="service") as view:
        found = {row["group_key"]: row["median_days_per_week"]
                 for row in view.table("dora").to_pylist()}  # fmt: skip
    assert found == {"shop": 3, "pay": 1}


def test_r11_what_recovers_at_once_has_recovered_and_a_second_before_it_has_not(
    tmp_path: Path,
) -> None:
    """From the failure on, and from the impact on."""
    story = Story()
    for number, restored in enumerate(("10:00:00", "09:59:59", "10:01:00")):
        finished = f"03-{5 + number:02d}T10:00"
        deployed(story, f"d{number}", finished, str(number))
        impaired(story, f"i{number}", finished, caused_by=f"d{number}")
        story.tell("incident.restored", when("03-09T10:00"), incident=f"i{number}",
                   restored_at=when(f"03-{5 + number:02d}T{restored}"))  # fmt: skip
    with window(story, tmp_path) as view:
        row = only(view, "deployment_recovery")
    assert (row["recovered"], row["recovery_anomalies"], row["unrecovered"]) == (2, 1, 0)
    for name in ("recovery", "from_impact"):
        found = [row[f"{name}_{number}_s"] for number in ("median", "p90", "mean")]
        assert found == [30, 54, 30]


def test_r12_each_week_and_group_says_what_it_leaves_out_and_whether_it_is_few(
    tmp_path: Path,
) -> None:
    """Five incidents are enough; what ended before it began is none of them."""
    story = Story()
    for service, count in (("shop", 5), ("pay", 4)):
        for number in range(count):
            impaired(story, f"{service}{number}", "03-03T10:00", restored="03-03T11:00",
                     service=service)  # fmt: skip
    impaired(story, "odd", "03-12T10:00", restored="03-12T09:00")
    asked = {"group_by": "service", "bucket": "week"}
    with window(story, tmp_path, "03-02T00:00", "03-16T00:00", **asked) as view:
        rows = [row for row in view.table("mttr").to_pylist() if row["part"] == "step"]
    assert {
        (row["group_key"], row["window_from"].day): (row["incidents"], row["anomalies"], row["few"])
        for row in rows
    } == {
        ("shop", 2): (5, 0, False), ("shop", 9): (0, 1, True),
        ("pay", 2): (4, 0, True), ("pay", 9): (0, 0, True),
    }  # fmt: skip


def test_r16_each_group_is_set_beside_itself_and_few_is_said_of_either_window(
    tmp_path: Path,
) -> None:
    """What took no time before has no change in per cent."""
    story = Story()
    for service, *periods in (
        ("steady", (5, 1), (5, 2)), ("grown", (4, 0), (5, 2)), ("shrunk", (5, 4), (4, 2)),
    ):  # fmt: skip
        last = f"{service} base"
        pushed(story, last, "01-15T10:00", repository=service)
        deployed(story, last, "01-15T11:00", last, service=service, commit=commit(last),
                 repository=service)  # fmt: skip
        for month, (count, seconds) in zip(("02", "03"), periods, strict=True):
            for day in range(3, 3 + count):
                name, at = f"{service} {month} {day}", f"{month}-{day:02d}T10:00"
                pushed(story, name, at, last, repository=service)
                deployed(story, name, f"{at}:{seconds:02d}", name, service=service,
                         commit=commit(name), repository=service)  # fmt: skip
                impaired(story, name, f"{at}:{seconds:02d}", restored=f"{at}:{2 * seconds:02d}",
                         service=service, caused_by=name)  # fmt: skip
                last = name
    asked = {"baseline_from": instant("02-01T00:00"), "baseline_to": instant("02-15T00:00"),
             "group_by": "service"}  # fmt: skip
    with window(story, tmp_path, "03-01T00:00", "03-15T00:00", **asked) as view:
        rows = {row["group_key"]: row for row in view.table("comparison").to_pylist()}
    few = ("few", "few_changes", "few_recoveries", "few_incidents")
    changes = ("lead_change_percent", "recovery_change_percent", "mttr_change_percent")
    assert {
        group: ({row[name] for name in few}, {row[name] for name in changes},
                round(row["frequency_times"], 9))
        for group, row in rows.items()
    } == {
        "steady": ({False}, {100}, 1), "grown": ({True}, {None}, 1.25),
        "shrunk": ({True}, {-50}, 0.8),
    }  # fmt: skip
