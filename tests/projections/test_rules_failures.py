"""What failed, why, and which share of what was deployed: rules R8 to R10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.story import Story
from tests.projections.telling import BAD, deployed, failed, impaired, only, two, when, window

if TYPE_CHECKING:
    from pathlib import Path


PAGER = "https://pager.example"


def rules(story: Story, folder: Path, **chosen: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Why each failed deployment is one."""
    with window(story, folder, **chosen) as view:
        rows = view.table("failures").to_pylist()
    return {row["deployment"]: row["rules"] for row in rows}


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


def test_r9_r10_a_rate_without_deployments_is_null(tmp_path: Path) -> None:
    """Not zero; the upper bound has a denominator of its own."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "1", outcome="failure")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert dora["change_fail_rate"] is dora["rework_rate"] is None
    assert dora["upper_failed"] == dora["upper_counted"] == dora["change_fail_rate_upper"] == 1
