"""What failed, why, when it was recovered, and incidents: rules R8 to R12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    Story,
    deployed,
    failed,
    impaired,
    instant,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

BAD: dict[str, Any] = {"outcome": "failure", "impact": True}
PAGER = "https://pager.example"


def two(**more: Any) -> Story:  # noqa: ANN401 - JSON
    """Two deployments of a shop, an hour apart."""
    story = Story()
    deployed(story, "d1", "03-05T10:00", "1")
    deployed(story, "d2", "03-05T11:00", "2", **more)
    return story


def rules(story: Story, folder: Path, **chosen: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Why each failed deployment is one."""
    with window(story, folder, **chosen) as view:
        rows = view.table("failures").to_pylist()
    return {row["deployment"]: row["rules"] for row in rows}


# R8


def test_r8_a_deployment_fails_once_however_many_reasons(tmp_path: Path) -> None:
    """F1 to F5 at the same time; a count of each basis."""
    story = two(**BAD)
    deployed(story, "d2", "03-05T11:10", "2", attempt=2)
    deployed(story, "d3", "03-05T12:00", "3", remediates=["d2"])
    deployed(story, "d4", "03-05T13:00", "1", kind="rollback", rolls_back="d2")
    impaired(story, "i1", "03-05T11:20", caused_by="d2")
    impaired(story, "i2", "03-05T11:30")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
        assert only(view, "failures")["rules"] == ["F1", "F2", "F3", "F4", "F5"]
    counts = [dora[f"failed{name}"] for name in (
        "", "_confirmed", "_stated", "_by_rollback", "_by_hotfix", "_inferred",
    )]  # fmt: skip
    assert counts == [1] * 6


def test_r8_f2_knows_no_limit_of_time_and_wins_over_inference(tmp_path: Path) -> None:
    """A month later, with another deployment just before."""
    story = two()
    deployed(story, "d3", "03-30T10:00", "3")
    impaired(story, "i", "03-30T11:00", caused_by="d1")
    assert rules(story, tmp_path) == {"d1": ["F2"]}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        # The id is used by two services: the one that the incident touches is meant.
        ({"service": "pay"}, {"pay"}), ({"service": "shop"}, {"shop"}),
        # Several services: each of them that has it.
        ({"services": ["pay", "shop"], "service": None}, {"pay", "shop"}),
        # A third service is touched: whose it was, nobody can tell.
        ({"service": "cart"}, set()), ({"service": None}, set()),
    ],
)  # fmt: skip
def test_r8_f2_an_id_of_two_sources_is_the_touched_service_s(
    tmp_path: Path, more: dict[str, Any], expected: set[str]
) -> None:
    """Else it blames nobody and is listed."""
    story = Story()
    deployed(story, "7", "03-05T10:00", "1")
    deployed(story, "7", "03-05T10:00", "2", service="pay", source="https://other.example")
    impaired(story, "i", "03-05T11:00", caused_by="7", **more)
    with window(story, tmp_path) as view:
        assert {row["service"] for row in view.table("failures").to_pylist()} == expected
        found = [row["gap"] for row in view.table("window_gaps").to_pylist()]
    assert found == ([] if expected else ["cause not found"])


def test_r8_f2_a_cause_may_lie_in_another_service(tmp_path: Path) -> None:
    """Where only one source uses the id."""
    story = two()
    impaired(story, "i", "03-05T12:00", service="cart", caused_by="d1")
    assert rules(story, tmp_path) == {"d1": ["F2"]}


def test_r8_f2_an_id_of_two_environments_is_the_touched_one_s(tmp_path: Path) -> None:
    """One pipeline deploys to both under one id."""
    story = Story()
    for environment in ("staging", "production"):
        deployed(story, "7", "03-05T10:00", "1", environment=environment)
    impaired(story, "i", "03-05T11:00", environment="staging", caused_by="7")
    with window(story, tmp_path) as view:
        assert only(view, "failures")["environment"] == "staging"
        assert only(view, "dora")["failed"] == 0


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"kind": "rollback", "rolls_back": "d1"}, {"d1": ["F3"]}),
        # What it undoes is not known here: nobody else is blamed for it.
        ({"kind": "rollback", "rolls_back": "elsewhere"}, {}),
        ({"kind": "rollback"}, {"d2": ["F3"]}),
        ({"kind": "rollback", "outcome": "failure", "impact": False}, {}),
        ({"kind": "rollback", "rolls_back": "d2", "remediates": ["d1"]},
         {"d1": ["F4"], "d2": ["F3"]}),
    ],
)  # fmt: skip
def test_r8_f3_blames_what_was_rolled_back(
    tmp_path: Path, more: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    """The one named, else the first counted one after the target."""
    story = two()
    deployed(story, "d3", "03-05T12:00", "1", **more)
    assert rules(story, tmp_path) == expected


def test_r8_f3_a_rollback_to_what_stood_there_before_blames_nobody(tmp_path: Path) -> None:
    """There is nothing after its target that counts."""
    story = Story()
    deployed(story, "d1", "03-05T10:00", "1")
    deployed(story, "d2", "03-05T11:00", "2", outcome="failure", impact=False)
    deployed(story, "d3", "03-05T12:00", "1", kind="rollback")
    assert rules(story, tmp_path) == {}


def test_r8_only_what_counts_fails_and_only_what_succeeded_on_its_line_blames(
    tmp_path: Path,
) -> None:
    """Services that had two deployments, and then another or an incident that names the second."""
    fixed, undone = {"remediates": ["d2"]}, {"kind": "rollback", "rolls_back": "d2"}
    cases: list[tuple[dict[str, Any], dict[str, Any] | None, list[str]]] = [
        ({}, fixed, ["F4"]), ({}, undone, ["F3"]), ({}, None, ["F2"]), (BAD, fixed, ["F1", "F4"]),
        # It changed nothing, or is the one before it again.
        ({"outcome": "failure", "impact": False}, fixed, []),
        ({"outcome": "failure", "impact": False}, undone, []),
        ({"outcome": "failure", "impact": False}, None, []), ({"kind": "redeploy"}, None, []),
        ({"kind": "redeploy"}, fixed, []), ({"kind": "redeploy"}, undone, []),
        # What names it is no remedy: it failed, is said to be planned, or is nobody's of this line.
        ({}, fixed | {"outcome": "failure", "impact": False}, []),
        ({}, undone | {"outcome": "failure", "impact": False}, []),
        ({}, fixed | {"kind": "planned"}, []), ({}, undone | {"kind": "planned"}, []),
        ({}, fixed | {"source": PAGER}, []), ({}, undone | {"source": PAGER}, []),
    ]  # fmt: skip
    story = Story()
    for number, (second, third, _) in enumerate(cases):
        for name, more in (("d1", {}), ("d2", second), ("d3", third)):
            if more is not None:
                deployed(story, name, f"03-05T1{name[1]}:00", name, service=str(number), **more)
        if third is None:
            impaired(story, str(number), "03-05T13:00", service=str(number), caused_by="d2")
    with window(story, tmp_path) as view:
        rows = view.table("failures").to_pylist()
    found = {int(row["service"]): row["rules"] for row in rows if row["deployment"] == "d2"}
    assert [found.get(number, []) for number in range(len(cases))] == [one for *_, one in cases]


def test_r8_f4_a_hotfix_that_names_nothing_blames_nobody(tmp_path: Path) -> None:
    """It is rework, and counted as unattributed."""
    story = two(kind="hotfix")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["failed"], dora["reworked"], dora["unattributed_hotfixes"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("started", "more", "expected"),
    [
        ("03-05T11:00", {}, {"d2"}), ("03-05T10:59:59", {}, {"d1"}),
        ("03-05T09:59:59", {}, set()),
        ("03-06T10:59:59", {}, {"d2"}), ("03-06T11:00", {}, set()),
        ("03-05T12:00", {"cause": "external"}, set()),
        ("03-05T12:00", {"cause": "unknown"}, {"d2"}),
        ("03-05T12:00", {"service": "pay"}, set()),
        ("03-05T12:00", {"environment": "staging"}, set()),
        ("03-05T12:00", {"environment": None}, set()),
        ("03-05T12:00", {"services": ["shop"], "service": "pay"}, {"d2"}),
        ("03-05T12:00", {"caused_by": "nowhere"}, set()),
    ],
)  # fmt: skip
def test_r8_f5_takes_the_latest_success_within_the_window(
    tmp_path: Path, started: str, more: dict[str, Any], expected: set[str]
) -> None:
    """Of the same service and environment, where nothing else is said."""
    story = two()
    impaired(story, "i", started, **more)
    with window(story, tmp_path) as view:
        assert failed(view) == expected


def test_r8_f5_of_two_at_the_same_instant_takes_the_one_told_later(tmp_path: Path) -> None:
    """The higher ledger position."""
    story = two()
    deployed(story, "d0", "03-05T11:00", "3")
    impaired(story, "i", "03-05T11:30")
    assert rules(story, tmp_path) == {"d0": ["F5"]}


def test_r8_f5_passes_over_what_did_not_succeed_or_changed_nothing(tmp_path: Path) -> None:
    """A failure and a redeploy since."""
    story = two()
    deployed(story, "d3", "03-05T11:10", "2")
    deployed(story, "d4", "03-05T11:20", "3", **BAD)
    impaired(story, "i", "03-05T11:30")
    assert rules(story, tmp_path) == {"d2": ["F5"], "d4": ["F1"]}


def test_r8_what_failed_counts_in_the_window_of_its_own_finish(tmp_path: Path) -> None:
    """The rollback that tells of it came a week later, and counts there as rework."""
    story = two()
    deployed(story, "d3", "03-12T12:00", "1", rolls_back="d2")
    for start, end, expected in (
        ("03-02T00:00", "03-09T00:00", (2, 1, 0)), ("03-09T00:00", "03-16T00:00", (1, 0, 1)),
    ):  # fmt: skip
        with window(story, tmp_path, start, end) as view:
            dora = only(view, "dora")
            assert (dora["counted"], dora["failed"], dora["reworked"]) == expected


def test_r8_a_cause_that_is_assessed_later_replaces_the_inferred_one(tmp_path: Path) -> None:
    """From its position on (R14)."""
    story = two()
    impaired(story, "i", "03-05T11:30")
    said = story.tell("incident.assessed", when("03-09T10:00"), incident="i", caused_by="d1")
    assert rules(story, tmp_path, known_at=said - 1) == {"d2": ["F5"]}
    assert rules(story, tmp_path) == {"d1": ["F2"]}


# R9, R10


def test_r9_r10_a_rate_without_deployments_is_null(tmp_path: Path) -> None:
    """Not zero; the upper bound has a denominator of its own."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "1", outcome="failure")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert dora["change_fail_rate"] is dora["rework_rate"] is None
    assert dora["upper_failed"] == dora["upper_counted"] == dora["change_fail_rate_upper"] == 1


# R11


def recovery(story: Story, folder: Path, name: str) -> tuple[str, float | None]:
    """How and after how long a failed deployment was recovered."""
    with window(story, folder) as view:
        row = only(view, "failures", deployment=name)
    return row["recovered_by"], row["recovery_s"]


RESTORED, REMEDIED, RESOLVED = (
    "incidents restored", "remedied by a deployment", "incidents resolved",
)  # fmt: skip


@pytest.mark.parametrize(
    ("incidents", "hotfix", "expected"),
    [
        # All are restored: their last one, whatever was deployed meanwhile.
        ([("12:00", None), ("13:00", None)], True, (RESTORED, 7200)),
        # One is not: the deployment that remedies it.
        ([("12:00", None), (None, "14:00")], True, (REMEDIED, 5400)),
        # None remedies it: all are over, the one by its ticket, the other by being restored.
        ([("12:00", None), (None, "14:00")], False, (RESOLVED, 10800)),
        ([("15:00", None), (None, "14:00")], False, (RESOLVED, 14400)),
        ([("12:00", "15:00"), (None, "14:00")], False, (RESOLVED, 14400)),
        ([("12:00", None), (None, None)], False, ("open", None)),
        ([(None, "14:00"), (None, "15:00")], False, (RESOLVED, 14400)),
    ],
)  # fmt: skip
def test_r11_recovery_ends_with_the_first_thing_that_applies(
    tmp_path: Path,
    incidents: list[tuple[str | None, str | None]],
    *,
    hotfix: bool,
    expected: tuple[str, float | None],
) -> None:
    """Incidents restored, a remedy, incidents resolved, or nothing yet."""
    story = two()
    for number, (restored, resolved) in enumerate(incidents):
        impaired(
            story, f"i{number}", "03-05T11:10", caused_by="d2",
            restored=f"03-05T{restored}" if restored else None,
            resolved=f"03-05T{resolved}" if resolved else None,
        )  # fmt: skip
    if hotfix:
        deployed(story, "d3", "03-05T12:30", "3", remediates=["d2"])
    assert recovery(story, tmp_path, "d2") == expected


def test_r11_an_incident_that_was_reopened_is_not_resolved(tmp_path: Path) -> None:
    """Whatever its first ticket's end was."""
    story = two()
    impaired(story, "i", "03-05T11:10", caused_by="d2", resolved="03-05T12:00")
    story.tell("incident.reopened", when("03-05T13:00"), incident="i")
    assert recovery(story, tmp_path, "d2") == ("open", None)


def test_r11_the_earliest_remedy_after_the_failure_counts(tmp_path: Path) -> None:
    """One that finished before it is none."""
    story = Story()
    deployed(story, "d0", "03-05T08:00", "0", remediates=["d2"])
    deployed(story, "d2", "03-05T11:00", "2")
    deployed(story, "d4", "03-05T14:00", "4", remediates=["d2"])
    deployed(story, "d3", "03-05T13:00", "3", remediates=["d2"])
    assert recovery(story, tmp_path, "d2") == (REMEDIED, 7200)


def test_r11_of_a_failed_component_its_own_next_success_counts(tmp_path: Path) -> None:
    """Not that of another component, nor the end of the whole."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "api", component="api", **BAD)
    deployed(story, "d", "03-05T10:05", "web", component="web")
    deployed(story, "d", "03-05T10:20", "api", component="api", attempt=2)
    deployed(story, "d", "03-05T10:40", "job", component="job")
    assert recovery(story, tmp_path, "d") == (REMEDIED, 1200)


def test_r11_a_failed_attempt_after_a_success_recovers_with_the_next_attempt(
    tmp_path: Path,
) -> None:
    """The deployment finished long before."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "1")
    deployed(story, "d", "03-05T12:00", "1", attempt=2, **BAD)
    deployed(story, "d", "03-05T12:30", "1", attempt=3)
    assert recovery(story, tmp_path, "d") == (REMEDIED, 1800)


def test_r11_what_ended_before_it_began_is_an_anomaly(tmp_path: Path) -> None:
    """Counted apart and in no mean."""
    story = two()
    impaired(story, "i", "03-05T10:30", restored="03-05T10:45", caused_by="d2")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["recovered"], dora["unrecovered"], dora["recovery_anomalies"]) == (0, 0, 1)
    assert dora["recovery_median_s"] is None
    assert dora["from_impact_median_s"] == 900


# R12


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
