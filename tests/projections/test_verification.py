"""Runs of tests and scans as rows, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.projections.telling import (
    REPOSITORY,
    Story,
    artifact,
    commit,
    deployed,
    instant,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = artifact("v1")["digest"]


def test_a_run_of_tests_is_a_row_with_its_cases(tmp_path: Path) -> None:
    """Counted by the words that formats share; what else is counted stays in the counts."""
    story = Story()
    at = story.tell(
        "tests.finished", when("03-03T10:00"), kind="unit", suite="core", tool="pytest",
        outcome="failure", counts={"passed": 7, "failure": 2, "error": 1, "skipped": 3},
        counted="testcase elements", duration_s=4.5, commit=commit("a"), service="shop",
    )  # fmt: skip
    story.tell(
        "tests.finished", when("03-03T11:00"), outcome="success", service="shop",
        counts={"passed": 7, "warned": 1},
    )  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "tests", position=at)
        other = only(view, "tests", kind=None)
    assert (found["cases"], found["passed"], found["failed"], found["errored"]) == (13, 7, 2, 1)
    assert (found["skipped"], found["outcome"], found["duration_s"]) == (3, "failure", 4.5)
    assert (found["finished_at"], found["commit"]) == (instant("03-03T10:00"), commit("a"))
    assert (other["cases"], other["failed"], other["counts"]) == (8, None, ["passed=7", "warned=1"])


def test_a_scan_is_a_row_whose_outcome_is_the_tool_s(tmp_path: Path) -> None:
    """With findings it ran to its end all the same."""
    story = Story()
    story.tell(
        "scan.finished", when("03-03T10:00"), kind="sca", tool="Trivy", outcome="success",
        counts={"critical": 1, "high": 2}, artifact=artifact("v1"), service="shop",
        thresholds={"no critical": False, "no secret": True}, suppressed=4, target="image:1",
        assurance="asserted",
    )  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "scans")
    assert (found["outcome"], found["found"], found["suppressed"]) == ("success", 3, 4)
    assert found["counts"] == ["critical=1", "high=2"]
    assert found["thresholds"] == ["no critical=failed", "no secret=held"]
    assert (found["artifact"], found["target"]) == (DIGEST, "image:1")


def test_whose_a_scan_is_its_artifact_tells_else_its_commit_else_its_repository(
    tmp_path: Path,
) -> None:
    """Builds and deployments say which services those are of; nothing is guessed."""
    story = Story()
    for service, name in (("shop", "v1"), ("till", "v2")):
        story.tell(
            "build.finished", when("03-02T10:00"), service=service, outcome="success",
            repository=REPOSITORY, commit=commit("a"), artifacts=[artifact(name)],
        )  # fmt: skip
    both = {"commit": commit("a"), "repository": REPOSITORY}
    told: dict[int, tuple[list[str], str | None]] = {}
    for data, expected in (
        ({"artifact": artifact("v1"), **both}, (["shop"], "artifact")),
        ({"artifact": artifact("v9"), **both}, (["shop", "till"], "commit")),
        ({"commit": commit("b"), "repository": REPOSITORY}, (["shop", "till"], "repository")),
        ({"commit": commit("b")}, ([], None)),
        ({"service": "fleet", "artifact": artifact("v1")}, (["fleet"], "said")),
    ):
        at = story.tell("scan.finished", when("03-03T10:00"), outcome="success", **data)
        told[at] = expected
    with window(story, tmp_path) as view:
        rows = view.table("scans").to_pylist()
    assert {row["position"]: (row["services"], row["services_basis"]) for row in rows} == told


def test_a_redacted_run_stays_as_a_row_that_says_so(tmp_path: Path) -> None:
    """Its fields are gone, the entry is not."""
    story = Story()
    at = story.tell("tests.finished", when("03-03T10:00"), outcome="success", service="shop")
    story.redact(at)
    with window(story, tmp_path) as view:
        found = only(view, "tests")
    assert (found["position"], found["redacted"], found["outcome"]) == (at, True, None)


def test_a_deployment_that_was_voided_says_of_nothing_whose_it_is(tmp_path: Path) -> None:
    """It was told of the wrong service."""
    story = Story()
    at = deployed(story, "d1", "03-02T10:00", "v1", service="till")
    story.tell("scan.finished", when("03-03T10:00"), outcome="success", artifact=artifact("v1"))
    story.tell("event.voided", when("03-03T11:00"), assurance="decided", position=at, reason="x")
    with window(story, tmp_path) as view:
        assert only(view, "scans")["services"] == []
