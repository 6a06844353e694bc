"""Results of chaos experiments become the right facts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.fixtures import facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import told, told_file
from tests.intake.watched import WATCHED


def _result(**status: object) -> dict[str, Any]:
    return {
        "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosResult",
        "metadata": {"name": "e-pod-delete", "namespace": "shop",
                     "creationTimestamp": "2026-01-01T10:00:00Z",
                     "labels": {"app.kubernetes.io/version": "3.1.0"}},
        "spec": {"engine": "e", "experiment": "pod-delete"}, "status": status,
    }  # fmt: skip


def _one(value: object, name: str = "litmus") -> dict[str, Any]:
    (found,) = told(value, name)
    return found


@pytest.mark.parametrize(
    ("verdict", "phase", "outcome"),
    [("Pass", "Completed", "success"), ("Fail", "Completed", "failure"),
     ("Fail", "Running", "failure"), ("Error", "Error", "error"),
     ("Stopped", "Stopped", "cancelled")],
)  # fmt: skip
def test_a_verdict_counts_whatever_the_phase_says(verdict: str, phase: str, outcome: str) -> None:
    """An experiment that failed may never have left it."""
    state = {"phase": phase, "verdict": verdict, "failStep": "N/A"}
    for status in ({"experimentStatus": state}, {"experimentstatus": state}):
        found = _one(_result(**status))
        assert (found["type"], found["kind"], found["outcome"]) == (
            "tests.finished", "chaos", outcome,
        )  # fmt: skip
        assert (found["suite"], found["run"], found["reported_outcome"]) == (
            "pod-delete", "e", verdict,
        )  # fmt: skip
        assert (found["environment"], found["tool_version"]) == ("shop", "3.1.0")
        assert (found["time"], "failed_step" in found) == ("2026-01-01T10:00:00Z", False)


def test_without_a_verdict_failed_runs_are_a_failure() -> None:
    """And without those nothing is decided."""
    empty = {"phase": "Completed", "verdict": ""}
    found = _one(_result(experimentStatus=empty, history={"failedRuns": 2, "passedRuns": 0}))
    assert (found["outcome"], found["runs"]) == ("failure", {"failed": 2, "passed": 0})
    assert told(_result(experimentStatus=empty), "litmus") == []
    waits = {"phase": "Running", "verdict": "Awaited"}
    assert told(_result(experimentStatus=waits, history={"failedRuns": 1}), "litmus") == []


def test_probes_are_counted() -> None:
    """By their own verdicts; what was harmed is told where it is one thing."""
    probes = [{"name": "a", "status": {"verdict": "Passed"}}, {"name": "b", "status": {
        "verdict": "Failed"}}, {"name": "c", "status": {"Continuous": "Passed"}}]  # fmt: skip
    found = _one(_result(
        experimentStatus={"phase": "Completed", "verdict": "Fail", "failStep": "probe b",
                          "probeSuccessPercentage": "50"},
        probeStatuses=probes, history={"targets": [{"kind": "deployment", "name": "web"}]},
    ))  # fmt: skip
    assert (found["counts"], found["counted"]) == ({"passed": 1, "failed": 1}, "probes")
    assert (found["probe_success_percent"], found["failed_step"]) == (50, "probe b")
    assert found["target"] == "deployment/web"


def test_engines_and_workflows_tell_of_their_experiments() -> None:
    """An engine of each, a workflow of itself."""
    engine = {"apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosEngine",
              "metadata": {"name": "e", "namespace": "shop"}, "status": {"experiments": [
                  {"name": "pod-delete", "verdict": "Pass", "status": "Completed",
                   "lastUpdateTime": "2026-01-01T11:00:00Z"},
                  {"name": "net-loss", "verdict": "Awaited", "status": "Running"}]}}  # fmt: skip
    found = _one({"kind": "List", "items": [engine]})
    assert (found["suite"], found["time"]) == ("pod-delete", "2026-01-01T11:00:00Z")
    flow = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": {"name": "w", "labels": {"workflow_id": "1"}},
            "status": {"phase": "Failed", "startedAt": "2026-01-01T10:00:00Z",
                       "finishedAt": "2026-01-01T10:05:00Z"}}  # fmt: skip
    found = _one(flow)
    assert (found["outcome"], found["duration_s"]) == ("failure", 300.0)


def test_chaos_mesh_says_that_faults_came_and_went() -> None:
    """While they last nothing is told; version 1 has a phase."""
    whole: dict[str, Any] = WATCHED["chaos-mesh"]
    found = _one(whole, "chaos-mesh")
    assert (found["outcome"], found["duration_s"], found["time"]) == (
        "success", 60.0, "2026-01-01T10:01:00Z",
    )  # fmt: skip
    assert (found["fault"], found["target"], found["counts"]) == (
        "PodChaos", "shop/web", {"succeeded": 1},
    )  # fmt: skip
    state = whole["status"]["experiment"]
    running = whole | {"status": {**whole["status"],
                                  "experiment": {**state, "desiredPhase": "Run"}}}  # fmt: skip
    assert told(running, "chaos-mesh") == []
    paused = [*whole["status"]["conditions"], {"type": "Paused", "status": "True"}]
    assert told(whole | {"status": {**whole["status"], "conditions": paused}}, "chaos-mesh") == []
    failed = {
        **state,
        "containerRecords": [
            {
                "id": "a",
                "events": [
                    {"operation": "Apply", "type": "Failed", "timestamp": "2026-01-01T10:00:00Z"}
                ],
            }
        ],
    }
    broken = whole | {"status": {**whole["status"], "experiment": failed}}
    assert _one(broken, "chaos-mesh")["outcome"] == "error"
    old = {"phase": "Finished", "startTime": "2026-01-01T10:00:00Z",
           "endTime": "2026-01-01T10:00:30Z"}  # fmt: skip
    assert _one(whole | {"status": {"experiment": old}}, "chaos-mesh")["duration_s"] == 30.0


@pytest.mark.parametrize(
    ("status", "deviated", "outcome"),
    [("completed", False, "success"), ("completed", True, "failure"), ("failed", True, "failure"),
     ("failed", False, "failure"), ("aborted", False, "error"),
     ("interrupted", False, "cancelled")],
)  # fmt: skip
def test_a_journal_says_whether_the_system_deviated(
    status: str, outcome: str, *, deviated: bool
) -> None:
    """An experiment that ran to its end may have failed; its times have no zone."""
    found = _one(WATCHED["chaostoolkit"] | {"status": status, "deviated": deviated}, "chaostoolkit")
    assert (found["outcome"], found["suite"]) == (outcome, "Does it hold?")
    assert (found["counts"], found["duration_s"]) == ({"succeeded": 1, "failed": 1}, 60.0)
    assert found["local"] == "2026-01-01T10:01:00.5"


NAMES = (
    ("chaosresult-container-kill-pass.derived.yaml", "litmus"),
    ("chaosresult-container-kill-pass.describe.txt", "litmus-describe"),
    ("chaosresult-pod-delete-1.13.8.derived.yaml", "litmus"),
    ("chaosresult-pod-delete-1.13.8.describe.txt", "litmus-describe"),
)


@needs_fixtures
@pytest.mark.parametrize(("name", "form"), NAMES)
def test_real_results_say_what_their_rows_say(name: str, form: str) -> None:
    """Engine, experiment, verdict, probes, runs, when it was made; text and resource alike."""
    row = facts("SOURCES-scanners.tsv")[f"litmus/{name}"]
    said = dict(re.findall(r"(\w+)='?([^;']*?)'?(?:; | (?=passedRuns)|$)", row))
    (found,) = told_file(f"litmus/{name}", form)
    assert (found["run"], found["suite"], found["phase"], found["reported_outcome"]) == (
        said["engine"], said["experiment"], said["phase"], said["verdict"],
    )  # fmt: skip
    assert found["outcome"] == "success"
    assert str(found.get("probe_success_percent", "-")) == said["probeSuccess"]
    if "created" in said:
        assert found["time"] == said["created"]
        assert str(found.get("runs", {}).get("failed", "-")) == said["failedRuns"]
    if "1.13.8" in name:
        assert (found["tool_version"], found["target"]) == ("1.13.8", "deployment/hello")
        assert found["runs"] == {"passed": 1, "failed": 1, "stopped": 0}


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    state = {"phase": "Completed", "verdict": "Pass", "probeSuccessPercentage": "100"}
    for value in (_result(experimentStatus=state, history={"failedRuns": 1}),
                  WATCHED["chaos-mesh"], WATCHED["chaostoolkit"]):  # fmt: skip
        check_damaged(json.dumps(value).encode(), 120)
