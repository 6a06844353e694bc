"""Attempts, what counts, corrections, steps and sites: rules R2, R4, R14, R15."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    SOURCE,
    Story,
    artifact,
    deployed,
    failed,
    instant,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

from tests.projections.deploying import BAD, CONTROLLER, D, P, R, counts, gaps, sequence

# R2: identity, attempts, components


def test_r2_an_id_is_its_source_s_and_its_line_s(tmp_path: Path) -> None:
    """The same one elsewhere is another deployment."""
    story = Story()
    deployed(story, "7", "03-05T10:00", "x")
    deployed(story, "7", "03-05T11:00", "y", environment="staging")
    deployed(story, "7", "03-05T12:00", "z", service="pay")
    deployed(story, "7", "03-05T13:00", "q", source=CONTROLLER)
    with window(story, tmp_path) as view:
        assert view.table("deployments").num_rows == 4
        assert only(view, "dora")["deployments"] == 2


@pytest.mark.parametrize("first", [None, "x", "y"])
def test_r2_an_attempt_with_another_build_is_of_the_same_component(
    tmp_path: Path, first: str | None
) -> None:
    """Also where the one that failed told no artifact."""
    story = Story()
    deployed(story, "d", "03-05T10:00", first, outcome="failure", impact=False)
    deployed(story, "d", "03-05T10:20", "x", attempt=2)
    with window(story, tmp_path) as view:
        row = only(view, "deployments")
    assert (row["succeeded"], row["components"], row["attempts"]) == (True, 1, 2)
    assert row["artifacts"] == [artifact("x")["digest"]]


def test_r2_several_artifacts_of_one_attempt_are_components(tmp_path: Path) -> None:
    """Without a name they are told apart by what they are; each must succeed."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "api", outcome="failure", impact=False)
    deployed(story, "d", "03-05T10:05", "web")
    deployed(story, "d", "03-05T10:20", "api", attempt=2)
    deployed(story, "e", "03-06T10:00", "api", outcome="failure", impact=False)
    deployed(story, "e", "03-06T10:05", "web")
    with window(story, tmp_path) as view:
        whole = only(view, "deployments", deployment="d")
        half = only(view, "deployments", deployment="e")
    assert (whole["succeeded"], whole["components"]) == (True, 2)
    assert whole["finished_at"] == instant("03-05T10:20")
    assert (half["succeeded"], half["finished_at"]) == (False, instant("03-06T10:05"))


def test_r2_a_component_succeeded_when_it_first_did(tmp_path: Path) -> None:
    """A later attempt does not move the finish."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x")
    deployed(story, "d", "03-05T12:00", "x", attempt=2)
    with window(story, tmp_path) as view:
        assert only(view, "deployments")["finished_at"] == instant("03-05T10:00")


@pytest.mark.parametrize("outcome", ["cancelled", "skipped"])
@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, None), ({"impact": False}, None), ({"impact": True}, True),
        ({"first_exposed_at": when("03-05T09:00")}, True),
        ({"targets": [{"site": "eu", "outcome": "success"}]}, True),
        ({"targets": [{"site": "eu", "outcome": "cancelled"}]}, None),
    ],
)  # fmt: skip
def test_r2_cancelled_before_the_target_changed_is_no_deployment(
    tmp_path: Path,
    outcome: str,
    more: dict[str, Any],
    found: bool | None,  # noqa: FBT001 - a value of the table above
) -> None:
    """And after it, one that failed with impact."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x", outcome=outcome, **more)
    with window(story, tmp_path) as view:
        rows = view.table("deployments").to_pylist()
    assert [row["counted"] for row in rows] == ([] if found is None else [found])


# R4: what counts


def test_r4_a_failed_attempt_with_impact_counts_also_of_a_redeploy(tmp_path: Path) -> None:
    """Whatever came of the deployment in the end."""
    story = sequence(("1", {}), ("1", BAD))
    deployed(story, "d2", "03-05T12:00", "1", attempt=2)
    with window(story, tmp_path) as view:
        row = only(view, "deployments", deployment="d2")
        assert (row["kind"], row["succeeded"], row["counted"]) == (D, True, True)
        assert failed(view) == {"d2"}


def test_r4_failed_attempts_are_counted_by_what_they_did(tmp_path: Path) -> None:
    """With impact in D, without beside it, and where nobody says in the upper bound."""
    story = sequence(
        ("1", {}), ("2", BAD), ("3", BAD | {"impact": False}), ("4", BAD | {"impact": "unknown"}),
        ("5", {"outcome": "error"}),
    )  # fmt: skip
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["counted"], dora["attempts_failed"], dora["impact_unknown"]) == (2, 1, 2)
    assert (dora["change_fail_rate"], dora["change_fail_rate_upper"]) == (0.5, 0.75)


def test_r4_an_attempt_of_unstated_impact_adds_to_f_of_the_upper_bound_only(
    tmp_path: Path,
) -> None:
    """Where its deployment is in D already."""
    story = sequence(("1", {}), ("2", {"outcome": "failure"}))
    deployed(story, "d2", "03-05T12:00", "2", attempt=2)
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["counted"], dora["failed"], dora["upper_counted"], dora["upper_failed"]) == (
        2, 0, 2, 1,
    )  # fmt: skip


@pytest.mark.parametrize(("chosen", "expected"), [({}, 1), ({"count_redeploys": True}, 3)])
def test_r4_redeploys_count_where_that_is_chosen(
    tmp_path: Path, chosen: dict[str, Any], expected: int
) -> None:
    """The split is always of the whole."""
    with window(sequence(("1", {}), ("1", {}), ("1", {})), tmp_path, **chosen) as view:
        dora = only(view, "dora")
    split = [dora[name] for name in ("planned", "hotfixes", "rollbacks", "redeploys")]
    assert (dora["deployments"], sum(split)) == (expected, expected)


# R14, corrections


def assess(story: Story, name: str, source: str = SOURCE, **more: Any) -> int:  # noqa: ANN401
    """A deployment is assessed."""
    return story.tell(
        "deployment.assessed", when("03-20T10:00"), source=source, deployment=name, **more
    )


def test_r14_the_latest_assessment_holds(tmp_path: Path) -> None:
    """By position; each of what it says by itself."""
    story = sequence(("1", {}), ("2", {"outcome": "failure"}), ("3", {"remediates": ["d1"]}))
    first = assess(story, "d2", impact=True, remediates=["d1"])
    assess(story, "d2", impact=False)
    last = assess(story, "d2", impact="unknown", service="shop")
    assess(story, "d3", remediates=[])
    for known_at, counted in ((first - 1, False), (first, True), (last - 1, False), (last, False)):
        with window(story, tmp_path, known_at=known_at) as view:
            assert counts(view, "d2") is counted
    with window(story, tmp_path) as view:
        row = only(view, "deployments", deployment="d2")
        assert (row["impact_unknown"], row["attempts"]) == (True, 1)
        assert only(view, "deployments", deployment="d3")["kind"] == P
        assert failed(view) == set()


def test_r14_what_is_said_later_to_be_rolled_back_was(tmp_path: Path) -> None:
    """Whoever says what a deployment took back says that it is a rollback."""
    story = sequence(("1", {}), ("2", {}), ("3", {}))
    assess(story, "d3", rolls_back="d2")
    with window(story, tmp_path) as view:
        row = only(view, "deployments", deployment="d3")
        assert (row["kind"], row["kind_is_stated"], row["rolls_back_is_stated"]) == (R, True, True)
        assert failed(view) == {"d2"}


def test_r14_an_assessment_is_of_its_own_source_s_deployment(tmp_path: Path) -> None:
    """Or of the service that it names; else, where several use the id, of none."""
    for more, expected in (
        ({}, {"mine"}), ({"source": "https://desk.example"}, set()),
        ({"source": "https://desk.example", "service": "yours"}, {"yours"}),
    ):  # fmt: skip
        story = Story()
        deployed(story, "7", "03-05T10:00", "x", service="mine", **BAD | {"impact": None})
        deployed(story, "7", "03-05T10:00", "y", service="yours", source=CONTROLLER,
                 **BAD | {"impact": None})  # fmt: skip
        assess(story, "7", impact=True, **more)
        with window(story, tmp_path) as view:
            rows = view.table("deployments").to_pylist()
            assert {row["service"] for row in rows if row["harmed_at"]} == expected


def test_r14_what_was_voided_counts_no_more_and_is_listed(tmp_path: Path) -> None:
    """From the position of the voiding on."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x")
    wrong = deployed(story, "b", "03-05T11:00", "y")
    story.tell("event.voided", when("03-06T10:00"), assurance="decided", position=wrong, reason="n")
    for known_at, expected in ((wrong, 2), (wrong + 1, 1)):
        with window(story, tmp_path, known_at=known_at) as view:
            assert only(view, "dora")["deployments"] == expected
    with window(story, tmp_path) as view:
        assert gaps(view) == {("voided", "deployment"): 1}


def test_r14_a_voided_push_or_alert_is_listed(tmp_path: Path) -> None:
    """Lead times hang on the one, incidents on the other."""
    story = Story()
    for position in (
        story.tell("ref.updated", when("03-05T10:00"), repository="r", ref="refs/heads/main",
                   after="a" * 40),
        story.tell("alert.fired", when("03-05T11:00"), fingerprint="f"),
    ):  # fmt: skip
        story.tell("event.voided", when("03-06T10:00"), assurance="decided", position=position,
                   reason="n")  # fmt: skip
    with window(story, tmp_path) as view:
        assert gaps(view) == {("voided", "ref"): 1, ("voided", "alert"): 1}


def test_r14_what_was_redacted_is_missing_and_said_to_be(tmp_path: Path) -> None:
    """Nobody can tell any more when it was."""
    story = Story()
    gone = deployed(story, "a", "03-05T10:00", "x")
    story.redact(gone)
    with window(story, tmp_path) as view:
        assert only(view, "dora")["deployments"] == 0
        assert gaps(view) == {("redacted", "deployment"): 1}


# R15: step by step, site by site


@pytest.mark.parametrize(
    ("targets", "harmed", "unknown"),
    [
        ([{"site": "eu", "share": 0.1}, {"site": "us", "outcome": "cancelled"}], True, False),
        ([{"site": "eu", "outcome": "success"}, {"site": "us", "outcome": "failure"}], True, False),
        ([{"site": "eu", "share": 0}, {"site": "us", "outcome": "skipped"}], False, False),
        # It failed there; whether that changed anything, nobody says.
        ([{"site": "eu", "outcome": "failure"}], False, True),
        ([], False, True),
    ],
)  # fmt: skip
def test_r15_what_reached_a_target_had_impact(
    tmp_path: Path, targets: list[dict[str, Any]], *, harmed: bool, unknown: bool
) -> None:
    """And what reached none had not."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x", outcome="failure", targets=targets)
    with window(story, tmp_path) as view:
        row = only(view, "deployments")
    assert (row["harmed_at"] is not None, row["impact_unknown"]) == (harmed, unknown)


def test_r15_an_earlier_event_of_the_attempt_may_tell_that_it_was_exposed(tmp_path: Path) -> None:
    """Of this attempt, not of another one."""
    story = Story()
    for attempt, share in ((1, 0.2), (2, 0)):
        story.tell("deployment.progressed", when(f"03-05T1{attempt}:00"), deployment=f"d{attempt}",
                   service="shop", environment="production", attempt=attempt,
                   targets=[{"site": "eu", "share": share}])  # fmt: skip
        deployed(story, f"d{attempt}", f"03-05T1{attempt}:30", "x", outcome="failure",
                 attempt=attempt)  # fmt: skip
    with window(story, tmp_path) as view:
        found = {row["deployment"]: row["counted"] for row in view.table("deployments").to_pylist()}
    assert found == {"d1": True, "d2": False}
