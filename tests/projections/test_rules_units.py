"""Lines as wholes: what is the same again, tried again or rolled back: rules R3 and R8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.deploying import CONTROLLER
from tests.projections.telling import BAD, Story, artifact, deployed, window

if TYPE_CHECKING:
    from pathlib import Path

    from projections.engine import View

Step = tuple[str | None, dict[str, Any], str]
"""Content, what is told, and what it is: what it was tried first as, goes back to, and blames.

Each is of the next day, but where an hour of the ninth is told.
"""

BACK: dict[str, Any] = {"kind": "rollback"}
OTHER: dict[str, Any] = {"config": artifact("other")["digest"]}
LINES: dict[str, list[Step]] = {
    "to and fro": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", {}, "rollback to 1 blaming 2"),
        ("2", {}, "planned"), ("1", {}, "rollback to 3 blaming 4"),
    ],
    "tried again": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", BAD, "rollback to 1 blaming 2"),
        ("1", {}, "rollback as 3 to 1 blaming 2"), ("2", {}, "planned"),
        ("1", {}, "rollback to 4 blaming 5"),
    ],
    "further back": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("3", {}, "planned"),
        ("1", {}, "rollback to 1 blaming 2"), ("2", {}, "rollback to 2 blaming 3"),
        ("1", {}, "planned"),
    ],
    "redeployed between": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", {}, "rollback to 1 blaming 2"),
        ("1", {}, "redeploy"), ("2", {}, "planned"), ("2", {}, "redeploy"),
    ],
    # It failed, but the line has been rolled back all the same; what only failed is no way back.
    "failed and back": [
        ("1", {}, "planned"), ("2", BAD, "planned"), ("1", {}, "rollback to 1 blaming 2"),
    ],
    "back and failed": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", BAD, "rollback to 1 blaming 2"),
        ("2", {}, "planned"),
    ],
    "failed first": [("1", BAD, "planned"), ("1", {}, "planned as 1")],
    "failed as hotfix": [
        ("1", {}, "planned"), ("2", BAD | {"kind": "hotfix"}, "planned"),
        ("2", {}, "planned as 2"),
    ],
    # What succeeded is not tried again.
    "configured": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", {}, "rollback to 1 blaming 2"),
        ("1", OTHER, "planned"), ("1", OTHER, "redeploy"),
    ],
    # Where nobody says what was deployed, nothing comes back to it, nor from it.
    "silent": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", {}, "rollback to 1 blaming 2"),
        (None, {}, "planned"), ("1", {}, "planned"), (None, {}, "planned"),
    ],
    "silent after a failure": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", BAD, "rollback to 1 blaming 2"),
        (None, {}, "planned"),
    ],
    "by version": [(None, {"release": "1"}, "planned"), (None, {"release": "1"}, "planned")],
    "silently back": [
        ("2", {}, "planned"), ("1", {}, "planned"), (None, {}, "planned"),
        ("1", BACK, "rollback to 2 blaming 3"), ("2", {}, "rollback to 1 blaming 2"),
    ],
    # What is stated stands for itself.
    "planned now": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", BAD, "rollback to 1 blaming 2"),
        ("1", {"kind": "planned"}, "planned"),
    ],
    "remedied now": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", BAD, "rollback to 1 blaming 2"),
        ("1", {"remediates": ["nothing"]}, "planned"),
    ],
    "back as planned": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", {"kind": "planned"}, "planned"),
        ("3", {}, "planned"), ("1", {"remediates": ["nothing"]}, "planned"),
    ],
    "returned by rollback": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", {}, "rollback to 1 blaming 2"),
        ("2", BACK, "rollback to 2 blaming 3"),
    ],
    "stated and tried again": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", BACK | BAD, "rollback to 1 blaming 2"),
        ("1", {}, "rollback as 3 to 1 blaming 2"), ("2", {}, "planned"),
    ],
    "stated twice": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("1", BACK | BAD, "rollback to 1 blaming 2"),
        ("1", BACK, "rollback to 1 blaming 2"), ("2", {}, "planned"),
    ],
    "same to remedy": [("1", {}, "planned"), ("1", {"remediates": ["nothing"]}, "planned")],
    # What never succeeded does not come back, and what changed nothing was never there.
    "failed once": [
        ("1", {}, "planned"), ("2", BAD, "planned"), ("3", {}, "planned"), ("2", {}, "planned"),
    ],
    "changing nothing": [
        ("1", {}, "planned"), ("2", {"outcome": "failure", "impact": False}, ""),
        ("1", {}, "redeploy"), ("3", {"source": CONTROLLER}, ""), ("1", {}, "redeploy"),
    ],
    # They come in the order in which they ended, and then in which they were told.
    "told later": [
        ("1", {"at": "10"}, "planned"), ("1", {"at": "12"}, "rollback to 1 blaming 3"),
        ("2", {"at": "11"}, "planned"),
    ],
    "at once": [
        ("1", {"at": "10"}, "planned"), ("2", {"at": "10"}, "planned"),
        ("1", {"at": "10"}, "rollback to 1 blaming 2"),
    ],
    # A redeploy is to blame only where it harmed, and where nothing came between nobody is.
    "same between": [
        ("1", {}, "planned"), ("1", {}, "redeploy"), ("2", {}, "planned"),
        ("1", {"restores": "same between 1"}, "rollback to 1 blaming 3"),
        ("1", {}, "redeploy"), ("3", {}, "planned"), ("1", {}, "rollback to 5 blaming 6"),
    ],
    "harmed between": [
        ("1", {}, "planned"), ("1", BAD, "redeploy"), ("2", {}, "planned"),
        ("1", {"restores": "harmed between 1"}, "rollback to 1 blaming 2"),
    ],
    "nothing between": [("1", {}, "planned"), ("1", BACK, "rollback to 1")],
    "never there": [
        ("1", BAD, "planned"), ("2", {}, "planned"), ("1", BACK, "rollback"),
        ("4", BACK, "rollback"), (None, BACK, "rollback"),
    ],
    # It goes back to what it names of its line's past, and what is tried again goes there too.
    "named": [
        ("1", {}, "planned"), ("1", OTHER, "planned"), ("2", {}, "planned"),
        ("1", BAD | {"restores": "named 1"}, "rollback to 1 blaming 2"),
        ("1", {}, "rollback as 4 to 1 blaming 2"),
    ],
    "named in vain": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("3", {}, "planned"), ("4", {}, "planned"),
        ("1", {"restores": "configured 1"}, "rollback"),
        ("2", {"restores": "named in vain 6"}, "rollback"),
        ("3", {"restores": "named in vain 8"}, "rollback"), ("4", {}, "rollback to 4 blaming 5"),
        ("1", {"restores": "nothing"}, "rollback to 5 blaming 6"),
    ],
    "naming others": [
        ("1", {}, "planned"), ("2", {}, "planned"), ("3", {}, "planned"),
        ("1", BACK | {"rolls_back": "naming others 3", "remediates": ["naming others 2"]},
         "rollback to 1 blaming 2"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("infer", [True, False])
def test_r3_r8_each_step_of_a_line(tmp_path: Path, *, infer: bool) -> None:
    """Without inference only what is stated is a rollback."""
    story, expected, kinds = Story(), {}, {}
    for line, steps in LINES.items():
        for number, (content, more, said) in enumerate(steps, 1):
            name, told = f"{line} {number}", dict(more)
            at = f"09T{told.pop('at')}" if "at" in told else f"{number:02d}T10"
            deployed(story, name, f"03-{at}:00", content, service=line, **told)
            if said:
                expected[name] = said if infer or "kind" in more else _without_inference(said)
                kinds[name] = _stated(more) or expected[name].split()[0]
    with window(story, tmp_path, infer_rollback=infer) as view:
        assert _said(view) == expected
        rows = view.table("deployments").to_pylist()
    assert {row["deployment"]: row["kind"] for row in rows if row["deployment"] in kinds} == kinds


def _stated(more: dict[str, Any]) -> str | None:
    """The kind of a deployment, where what is told of it says that."""
    kind: str | None = more.get("kind")
    return kind or ("hotfix" if "remediates" in more else None)


def _without_inference(said: str) -> str:
    return said.partition(" to ")[0].replace("rollback", "planned")


def _said(view: View) -> dict[str, str]:
    """What is said of each deployment."""
    keys = {
        row["deployment_key"]: row["deployment"] for row in view.table("deployments").to_pylist()
    }
    units, targets = (
        {row["deployment_key"]: row for row in view.table(name).to_pylist()}
        for name in ("line_units", "rollback_targets")
    )
    steps = view.table("line_steps").to_pylist()
    at = {row["step"]: row["deployment_key"] for row in steps}
    found = {}
    for row in steps:
        key = row["deployment_key"]
        if row["is_redeploy"]:
            assert key not in units
            said = ["redeploy"]
        else:
            unit, target = units[key], targets.get(key)
            assert at[unit["first_step"]] == unit["first_key"]
            said = [{True: "rollback", False: "planned"}[unit["is_rollback"]]]
            if unit["first_key"] != key:
                said += ["as", _number(keys[unit["first_key"]])]
            if target:
                said += ["to", _number(keys[target["target_key"]])]
            if target and target["blamed_key"]:
                said += ["blaming", _number(keys[target["blamed_key"]])]
        found[keys[key]] = " ".join(said)
    return found


def _number(name: str) -> str:
    return name.rpartition(" ")[2]
