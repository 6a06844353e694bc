"""What stands behind the numbers, row by row: rule R13."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.projections.telling import (
    BAD,
    REPOSITORY,
    Story,
    commit,
    deployed,
    impaired,
    only,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

    from projections.engine import View

DAY = 86_400
Rows = dict[str, dict[str, dict[str, float | None]]]


def evidence(view: View) -> Rows:
    """The values behind each metric, by role and the last word of their keys."""
    found: Rows = defaultdict(lambda: defaultdict(dict))
    for row in view.table("dora_evidence").to_pylist():
        name = row["key"].rpartition(" ")[2]
        assert name not in found[row["metric"]][row["role"]]
        found[row["metric"]][row["role"]][name] = row["value"]
    return found


def test_r13_each_row_behind_a_number_has_its_role_and_its_value(tmp_path: Path) -> None:
    """Deployments of every fate, two changes, incidents of every fate."""
    story = Story()
    pushed(story, "a", "03-02T09:00")
    pushed(story, "b", "03-03T10:01")
    told: list[tuple[str, dict[str, Any]]] = [
        ("1", {"commits": [commit("a")]}),
        ("2", {"commits": [commit("b")]}),
        ("3", {}),
        ("4", {}),
        # The same again; one that failed, and nobody knows what it changed.
        ("4", {}),
        ("6", {"outcome": "failure"}),
        ("7", {"kind": "rollback", "rolls_back": "d1"}),
        ("8", {"kind": "hotfix"}),
        ("9", {}),
        ("10", {"kind": "hotfix"} | BAD),
    ]
    for number, (content, more) in enumerate(told, 1):
        deployed(story, f"d{number}", f"03-{1 + number:02d}T10:00", content, **more)
    impaired(story, "i3", "03-04T10:00", restored="03-04T10:00", caused_by="d3")
    impaired(story, "i4", "03-05T10:00", restored="03-05T09:59:59", caused_by="d4")
    impaired(story, "i9", "03-10T11:00")
    story.tell("incident.resolved", when("03-12T10:00"), incident="i0", service="shop",
               environment="production", resolved_at=when("03-12T10:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        found = evidence(view)
        finished = {
            row["deployment"]: row["finished_at"].timestamp()
            for row in view.table("deployments").to_pylist()
        }
    succeeded = ["d1", "d2", "d3", "d4", "d7", "d8", "d9"]
    counted = dict.fromkeys([*succeeded, "d10"], 1)
    failed = {"d1": 1, "d3": 1, "d4": 1, "d9": 1, "d10": 1}
    rates = {
        "change_fail_rate": {"denominator": counted, "numerator": failed},
        # What an incident may have had for its cause is not confirmed.
        "change_fail_rate_confirmed": {
            "denominator": counted,
            "numerator": {name: 1 for name in failed if name != "d9"},
        },
        "change_fail_rate_upper": {
            "denominator": counted | {"d6": 1}, "numerator": failed | {"d6": 1},
        },
        "rework_rate": {"denominator": counted, "numerator": {"d7": 1, "d8": 1}},
    }  # fmt: skip
    lengths = {
        "observation": {"d1": 6 * DAY, "d3": 0},
        "anomaly": {"d4": -1},
        "open": {"d9": None, "d10": None},
    }
    assert found == rates | {
        "deployment_frequency": {"observation": {name: finished[name] for name in succeeded}},
        "change_lead_time": {
            "observation": {commit("a"): 3600}, "anomaly": {commit("b"): -60},
        },
        "recovery_time": lengths, "recovery_time_from_impact": lengths,
        "mttr": {
            "observation": {"i3": 0}, "anomaly": {"i0": None, "i4": 0}, "open": {"i9": None},
        },
    }  # fmt: skip


def test_r13_a_change_without_a_time_stands_behind_no_number(tmp_path: Path) -> None:
    """It was deployed, and nobody says when it was merged."""
    story = Story()
    for name in ("a", "b"):
        pushed(story, name, "03-02T09:00")
    story.tell("change.merged", when("03-02T09:30"), repository=REPOSITORY, number=1,
               merge_commit=commit("a"), method="rebase")  # fmt: skip
    deployed(story, "d", "03-02T10:00", "1", commits=[commit("a"), commit("b")])
    with window(story, tmp_path, commit_time_basis="merged") as view:
        assert evidence(view)["change_lead_time"] == {"observation": {commit("a"): 1800}}
        assert only(view, "dora")["lead_n"] == 1


def test_r13_in_each_of_two_groups_and_of_two_windows_a_deployment_stands_once(
    tmp_path: Path,
) -> None:
    """One that failed, of two repositories, in the window and in a week of it."""
    story = Story()
    for component, repository in (("api", "r1"), ("web", "r2")):
        deployed(story, "d", "03-05T10:00", component, component=component, repository=repository,
                 **BAD)  # fmt: skip
    deployed(story, "e", "03-12T10:00", "e", repository="r1")
    asked = {"group_by": "repository", "bucket": "week"}
    with window(story, tmp_path, "03-02T00:00", "03-16T00:00", **asked) as view:
        rows = view.table("dora_evidence").to_pylist()
    assert sorted(
        (row["part"], row["window_from"].day, row["group_key"], row["key"].rpartition(" ")[2])
        for row in rows if (row["metric"], row["role"]) == ("change_fail_rate_upper", "numerator")
    ) == [
        (part, 2, group, "d") for part in ("step", "window") for group in ("r1", "r2")
    ]  # fmt: skip
