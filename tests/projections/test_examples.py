"""The worked examples of the metrics' rules, computed by hand, to the second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    REPOSITORY,
    Story,
    commit,
    deployed,
    failed,
    impaired,
    instant,
    kinds,
    only,
    pushed,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600.0
A = {"start": "03-02T00:00", "end": "03-16T00:00"}


@pytest.fixture(scope="module")
def shop() -> Story:
    """Example A: one service, fourteen days that begin on a Monday."""
    story = Story()
    for name, authored, *parents in (
        ("c1", "03-01T10:00"), ("c2", "03-02T09:00", "c1"), ("c3", "03-02T15:00", "c2"),
        ("m1", "03-02T16:00", "c1", "c3"), ("c4", "03-03T08:00", "m1"),
        ("c5", "03-05T10:00", "c4"), ("c6", "03-09T12:00", "c5"), ("c7", "03-10T07:00", "c6"),
    ):  # fmt: skip
        pushed(story, name, authored, *parents)
    told: list[tuple[str, str, str, dict[str, Any]]] = [
        ("D0", "03-01T12:00", "c1", {}),
        ("D1", "03-03T09:00", "m1", {}),
        ("D2", "03-04T10:00", "c4", {"outcome": "failure", "impact": False}),
        ("D3", "03-04T12:00", "c4", {}),
        ("D4", "03-06T11:00", "c5", {}),
        ("D5", "03-06T12:00", "c4", {"kind": "rollback", "rolls_back": "D4"}),
        ("D6", "03-09T14:00", "c6", {"kind": "hotfix", "remediates": ["D4"]}),
        ("D7", "03-09T18:00", "c6", {}),
        ("D8", "03-10T10:00", "c7", {"environment": "staging"}),
        ("D9", "03-11T09:00", "c7", {}),
        ("D10", "03-16T00:00", "c8", {}),
    ]
    for name, finished, content, more in told:
        deployed(
            story, name, finished, content, commit=commit(content), repository=REPOSITORY, **more
        )
    impaired(story, "I1", "03-04T12:30", restored="03-04T13:30", resolved="03-06T09:00",
             caused_by="D3")  # fmt: skip
    impaired(story, "I2", "03-04T13:00", restored="03-04T14:00", caused_by="D3")
    impaired(story, "I3", "03-12T08:59:59", resolved="03-12T10:00")
    impaired(story, "I4", "03-13T09:00", resolved="03-13T09:30")
    return story


def test_example_a_gives_the_numbers_computed_by_hand(shop: Story, tmp_path: Path) -> None:
    """Every number of the example."""
    with window(shop, tmp_path, **A) as view:
        dora = only(view, "dora")
        mttr = only(view, "mttr")
    expected = {
        "deployments": 6, "deployments_per_day": pytest.approx(6 / 14), "planned": 4,
        "hotfixes": 1, "rollbacks": 1, "deployment_days": 5, "median_days_per_week": 2.5,
        "median_gap_s": 43 * HOUR, "frequency_band": "4",
        "lead_n": 6, "lead_median_s": 24.5 * HOUR, "lead_p75_s": 25.75 * HOUR,
        "lead_p90_s": 27 * HOUR, "lead_mean_s": 20.5 * HOUR, "lead_band": 4,
        "counted": 6, "failed": 3, "failed_confirmed": 2, "failed_stated": 1,
        "failed_by_rollback": 1, "failed_by_hotfix": 1, "failed_inferred": 1,
        "attempts_failed": 1, "impact_unknown": 0, "change_fail_rate": 0.5,
        "change_fail_rate_confirmed": pytest.approx(2 / 6), "change_fail_rate_upper": 0.5,
        "reworked": 2, "rework_rate": pytest.approx(2 / 6), "unattributed_hotfixes": 0,
        "recovered": 3, "unrecovered": 0, "recovery_median_s": 7200.0, "recovery_mean_s": 33600.0,
        "recovery_band": 5, "from_impact_median_s": 3601.0,
        "negative_lead_times": 0, "unresolved": 0, "few_deployments": False,
    }  # fmt: skip
    assert {name: dora[name] for name in expected} == expected
    assert (mttr["incidents"], mttr["mttr_s"], mttr["median_s"]) == (4, 3150.25, 3600.0)
    assert (mttr["p90_s"], mttr["open"]) == (pytest.approx(3600.7), 0)


def test_example_a_without_inference_blames_two(shop: Story, tmp_path: Path) -> None:
    """`attribution_window_s` of zero."""
    with window(shop, tmp_path, **A, attribution_window_s=0) as view:
        assert only(view, "dora")["change_fail_rate"] == pytest.approx(2 / 6)
        assert failed(view) == {"D3", "D4"}


def test_example_a_says_of_each_failure_when_it_was_recovered(shop: Story, tmp_path: Path) -> None:
    """By incidents restored, by the rollback, by an incident resolved."""
    with window(shop, tmp_path, **A) as view:
        told = {
            row["deployment"]: (row["recovery_s"], row["from_impact_s"])
            for row in view.table("failures").to_pylist()
        }
    assert told == {"D3": (7200, 5400), "D4": (3600, 3600), "D9": (25 * HOUR, 3601)}


def test_example_a_credits_each_commit_once(shop: Story, tmp_path: Path) -> None:
    """To the first success that has it, and the merge commit to none."""
    with window(shop, tmp_path, **A) as view:
        told = {
            row["commit"]: (row["deployment_key"].rpartition(" ")[2], row["lead_s"] / HOUR)
            for row in view.table("lead_times").to_pylist()
        }
    assert told == {
        commit("c2"): ("D1", 24), commit("c3"): ("D1", 18), commit("c4"): ("D3", 28),
        commit("c5"): ("D4", 25), commit("c6"): ("D6", 2), commit("c7"): ("D9", 26),
    }  # fmt: skip


def _sequence(*steps: tuple[str, str, bool | None]) -> Story:
    """Deployments d1, d2 … of one line, an hour apart from 10:00."""
    story = Story()
    for number, (content, outcome, impact) in enumerate(steps):
        deployed(story, f"d{number + 1}", f"03-01T{10 + number}:00", content, outcome=outcome,
                 impact=impact)  # fmt: skip
    return story


def _ok(*contents: str) -> Story:
    return _sequence(*((content, "success", None) for content in contents))


def test_example_b_infers_a_rollback_by_the_artifact(tmp_path: Path) -> None:
    """V1, V2, V3, V1: the fourth goes back to the first and blames the second."""
    with window(_ok("1", "2", "3", "1"), tmp_path) as view:
        assert kinds(view) == ["planned", "planned", "planned", "rollback"]
        assert failed(view) == {"d2"}
        dora = only(view, "dora")
        assert (dora["change_fail_rate"], dora["rework_rate"]) == (0.25, 0.25)
        assert dora["recovery_median_s"] == 2 * HOUR
    with window(_ok("1", "2", "3", "1"), tmp_path, infer_rollback=False) as view:
        assert kinds(view) == ["planned"] * 4
        assert failed(view) == set()


def test_example_b_takes_the_same_again_for_a_redeploy(tmp_path: Path) -> None:
    """V1, V1."""
    with window(_ok("1", "1"), tmp_path) as view:
        assert kinds(view) == ["planned", "redeploy"]
        dora = only(view, "dora")
        assert (dora["counted"], dora["change_fail_rate"]) == (1, 0)
    with window(_ok("1", "1"), tmp_path, count_redeploys=True) as view:
        assert only(view, "dora")["counted"] == 2


@pytest.mark.parametrize(
    ("deployments", "causes", "rate"),
    [(10, [1, 1], 1 / 10), (23, [1, 1, 1, 5, 9, 20], 4 / 23)],
)
def test_example_c_counts_deployments_and_not_incidents(
    tmp_path: Path, deployments: int, causes: list[int], rate: float
) -> None:
    """Several incidents of one deployment fail it once."""
    story = Story()
    for number in range(1, deployments + 1):
        deployed(story, f"d{number}", f"03-{number:02d}T10:00", str(number))
    for number, cause in enumerate(causes):
        impaired(story, f"i{number}", "03-28T12:00", caused_by=f"d{cause}")
    with window(story, tmp_path) as view:
        assert only(view, "dora")["change_fail_rate"] == pytest.approx(rate)


def test_example_d_observes_a_commit_on_each_line_that_deploys_it(tmp_path: Path) -> None:
    """One repository, two services, at +2 h and +10 h."""
    story = Story()
    pushed(story, "old", "03-01T08:00")
    pushed(story, "x", "03-02T00:00", "old")
    for service, hours in (("a", 2), ("b", 10)):
        for name, finished, one in (
            (f"{service}1", "03-01T12:00", "old"), (f"{service}2", f"03-02T{hours:02d}:00", "x"),
        ):  # fmt: skip
            deployed(story, name, finished, one + service, service=service, commit=commit(one),
                     repository=REPOSITORY)  # fmt: skip
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
        assert (dora["lead_n"], dora["lead_median_s"]) == (2, 6 * HOUR)
        assert dora["distinct_commits"] == 1


@pytest.mark.parametrize("impact", [True, False, None])
def test_example_e_puts_components_and_attempts_together(
    tmp_path: Path,
    impact: bool | None,  # noqa: FBT001 - a case
) -> None:
    """Success where every component has one; else failed, counted where it had an impact."""
    story = Story()
    deployed(story, "77", "03-01T10:00", "api", component="api", outcome="failure", impact=False)
    deployed(story, "77", "03-01T10:20", "api", component="api", attempt=2)
    deployed(story, "77", "03-01T10:05", "web", component="web")
    deployed(story, "78", "03-02T10:00", "api2", component="api", outcome="failure", impact=False)
    deployed(story, "78", "03-02T10:20", "api2", component="api", attempt=2)
    deployed(story, "78", "03-02T10:05", "web2", component="web", outcome="failure", impact=impact)
    with window(story, tmp_path) as view:
        first = only(view, "deployments", deployment="77")
        assert (first["succeeded"], first["components"]) == (True, 2)
        assert first["finished_at"] == instant("03-01T10:20")
        second = only(view, "deployments", deployment="78")
        assert (second["succeeded"], second["finished_at"]) == (False, instant("03-02T10:20"))
        assert second["counted"] == (impact is True)


def test_example_f_says_null_where_nothing_happened(tmp_path: Path) -> None:
    """And zero only where zero is counted."""
    story = Story()
    pushed(story, "c", "03-01T08:00")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["deployments"], dora["deployments_per_day"], dora["lead_n"]) == (0, 0, 0)
    assert [
        dora[name] for name in ("lead_median_s", "change_fail_rate", "rework_rate",
                                "recovery_median_s", "lead_band", "median_gap_s")
    ] == [None] * 6  # fmt: skip


def test_example_g_counts_one_deployment_told_by_three(tmp_path: Path) -> None:
    """The others corroborate it; what they tell alone is a difference."""
    story = Story()
    host, controller = "https://code.example/acme/shop", "https://argo.example"
    deployed(story, "1", "03-01T10:00", "x", source=host)
    deployed(story, "e1", "03-01T10:00:05", "x")
    deployed(story, "s1", "03-01T10:02", "x", source=controller)
    deployed(story, "s2", "03-01T12:00", "y", source=controller)
    with window(story, tmp_path) as view:
        assert only(view, "dora")["counted"] == 1
        assert only(view, "deployments", deployment="1")["corroborations"] == 2
        told = view.table("corroborations").to_pylist()
        assert {row["deployment"] for row in told if row["is_difference"]} == {"s2"}


def _h(
    tmp_path: Path, *steps: tuple[str, str, bool | None]
) -> tuple[list[str], set[str], dict[str, Any]]:
    with window(_sequence(*steps), tmp_path) as view:
        return kinds(view), failed(view), only(view, "dora")


def test_example_h1_a_rollback_after_a_failure(tmp_path: Path) -> None:
    """V1, V2 failed, V1."""
    found, bad, dora = _h(
        tmp_path, ("1", "success", None), ("2", "failure", True), ("1", "success", None)
    )
    assert (found[2], bad, dora["counted"]) == ("rollback", {"d2"}, 3)
    assert (dora["change_fail_rate"], dora["rework_rate"]) == (
        pytest.approx(1 / 3), pytest.approx(1 / 3),
    )  # fmt: skip
    assert dora["recovery_median_s"] == HOUR


def test_example_h2_the_same_again_after_a_failure_is_planned(tmp_path: Path) -> None:
    """V1, V2 failed, V2."""
    found, bad, dora = _h(
        tmp_path, ("1", "success", None), ("2", "failure", True), ("2", "success", None)
    )
    assert (found[2], bad, dora["counted"], dora["rework_rate"]) == ("planned", {"d2"}, 3, 0)
    assert (dora["change_fail_rate"], dora["recovery_median_s"]) == (pytest.approx(1 / 3), HOUR)


def test_example_h3_returning_to_what_was_rolled_back_is_planned(tmp_path: Path) -> None:
    """V1, V2, V1, V2."""
    found, bad, dora = _h(tmp_path, *[(one, "success", None) for one in "1212"])
    assert (found, bad) == (["planned", "planned", "rollback", "planned"], {"d2"})
    assert (dora["counted"], dora["change_fail_rate"], dora["rework_rate"]) == (4, 0.25, 0.25)


def test_example_h4_a_failed_attempt_fails_the_deployment_that_then_succeeds(
    tmp_path: Path,
) -> None:
    """One id, two attempts."""
    story = Story()
    deployed(story, "d1", "03-01T10:00", "1", outcome="failure", impact=True)
    deployed(story, "d1", "03-01T10:20", "1", attempt=2)
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["counted"], dora["deployments"], dora["failed"]) == (1, 1, 1)
    assert (dora["change_fail_rate"], dora["recovery_median_s"]) == (1, 1200)


def test_example_h5_a_failure_of_unstated_impact_moves_the_upper_bound_only(
    tmp_path: Path,
) -> None:
    """V1, V2 failed and nobody says with what effect."""
    _, bad, dora = _h(tmp_path, ("1", "success", None), ("2", "failure", None))
    assert (bad, dora["counted"], dora["change_fail_rate"]) == (set(), 1, 0)
    assert (dora["impact_unknown"], dora["change_fail_rate_upper"]) == (1, 0.5)


def test_example_h6_a_failed_rollback_that_is_tried_again_is_one_as_well(tmp_path: Path) -> None:
    """V1, V2, V1 failed, V1."""
    found, bad, dora = _h(
        tmp_path, ("1", "success", None), ("2", "success", None), ("1", "failure", True),
        ("1", "success", None),
    )  # fmt: skip
    assert (found[2:], bad) == (["rollback", "rollback"], {"d2", "d3"})
    assert (dora["counted"], dora["change_fail_rate"], dora["rework_rate"]) == (4, 0.5, 0.25)
