"""What is said of deployments as whole rows: kind, outcome, what counts, and what they undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.deploying import CONTROLLER
from tests.projections.telling import BAD, Story, deployed, window

if TYPE_CHECKING:
    from pathlib import Path

Row = tuple[str, bool, str, bool, str | None, bool, list[str], int]
"""Kind, whether it is stated, outcome, counted, what it rolls back, whether that is stated, what it
remedies, corroborations."""

OK, NO = "success", "failure"
CASES: dict[str, tuple[str, dict[str, Any], Row]] = {
    "a": ("1", {}, ("planned", False, OK, True, None, False, [], 0)),
    "b": ("2", BAD, ("planned", False, NO, True, None, False, [], 1)),
    "c": ("3", {"outcome": NO, "impact": False}, ("planned", False, NO, False, None, False, [], 0)),
    # It names what it remedies: once, twice, or something that nobody knows.
    "d": ("4", {"remediates": ["b"]}, ("hotfix", True, OK, True, None, False, ["b"], 0)),
    "e": ("5", {"remediates": ["b", "sync", "d"]},
          ("hotfix", True, OK, True, None, False, ["b", "d"], 0)),
    "f": ("6", {"remediates": ["nowhere"]}, ("hotfix", True, OK, True, None, False, [], 0)),
    # What is stated wins.
    "g": ("7", {"kind": "planned", "remediates": ["b"]},
          ("planned", True, OK, True, None, False, ["b"], 0)),
    "h": ("8", {"kind": "planned", "rolls_back": "b"},
          ("planned", True, OK, True, None, False, [], 0)),
    "i": ("9", {"kind": "hotfix"}, ("hotfix", True, OK, True, None, False, [], 0)),
    # The same again; the one before that again; and by its own word.
    "j": ("9", {}, ("redeploy", False, OK, False, None, False, [], 0)),
    "k": ("8", {}, ("rollback", False, OK, True, "i", False, [], 0)),
    "l": ("10", {"kind": "rollback", "rolls_back": "h", "remediates": ["d"]},
          ("rollback", True, OK, True, "h", True, ["d"], 0)),
    "m": ("11", {"kind": "rollback", "rolls_back": "nowhere"},
          ("rollback", True, OK, True, None, False, [], 0)),
    "n": ("12", BAD | {"kind": "redeploy"}, ("redeploy", True, NO, True, None, False, [], 0)),
    # It is told by another source than the line's, and by that one alone.
    "o": ("13", {"source": CONTROLLER}, ("planned", False, OK, False, None, False, [], 0)),
}  # fmt: skip


@pytest.mark.parametrize("redeploys", [False, True])
def test_r3_r4_r8_all_that_is_said_of_a_deployment(tmp_path: Path, *, redeploys: bool) -> None:
    """Of one line, day by day."""
    story = Story()
    for day, (name, (content, more, _)) in enumerate(CASES.items(), 2):
        deployed(story, name, f"03-{day:02d}T10:00", content, **more)
    deployed(story, "sync", "03-03T10:01", "2", source=CONTROLLER)
    with window(story, tmp_path, count_redeploys=redeploys) as view:
        rows = view.table("deployments").to_pylist()
    keys = {row["deployment_key"]: row["deployment"] for row in rows}
    found: dict[str, Row] = {
        row["deployment"]: (
            row["kind"], row["kind_is_stated"], row["outcome"], row["counted"],
            row["rolls_back_key"] and keys[row["rolls_back_key"]], row["rolls_back_is_stated"],
            sorted(keys[key] for key in row["remediates_keys"]), row["corroborations"],
        )
        for row in rows if row["deployment"] != "sync"
    }  # fmt: skip
    expected = {name: row for name, (_, _, row) in CASES.items()}
    if redeploys:
        expected["j"] = ("redeploy", False, OK, True, None, False, [], 0)
    assert found == expected
