"""Sentinel and HCP Terraform's policy checks say what policies decided about a run."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import everything, reading_of, readings_of, rows_of

CANARY = "quetzal-4711"


def check(status: str, result: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A policy check of a run."""
    counts = {"passed": 1, "total-failed": 0, "hard-failed": 0, "soft-failed": 0,
              "advisory-failed": 0, "duration-ms": 1500}  # fmt: skip
    trace = {"policy": "tags.sentinel", "result": True, "trace": {"print": CANARY}}
    return {"data": {
        "id": "polchk-1", "type": "policy-checks", "attributes": {
            "status": status, "scope": "workspace",
            "result": counts | {"sentinel": {"policies": [trace]}} | (result or {}),
            "status-timestamps": {"queued-at": "2026-01-01T00:00:00+00:00",
                                  f"{status.replace('_', '-')}-at": "2026-01-01T00:00:05+00:00"},
        },
        "relationships": {"run": {"data": {"id": "run-1", "type": "runs"}}},
    } | more}  # fmt: skip


def log(*policies: tuple[str, str, str], result: str = "true") -> bytes:
    """The text of a run."""
    blocks = [f"## Policy {at}: {name} ({level})\n\nResult: {outcome}\n\nDescription: x\n"
              for at, (name, level, outcome) in enumerate(policies, 1)]  # fmt: skip
    head = f"Sentinel Result: {result}\n\nSome words.\n\n{len(policies)} policies evaluated.\n\n"
    return (head + "\n".join(blocks)).encode()


@pytest.mark.parametrize(
    ("level", "outcome", "decision", "enforcement"),
    [
        ("hard-mandatory", "false", "deny", "hard"),
        ("soft-mandatory", "false", "deny", "soft"),
        ("advisory", "false", "warn", "advisory"),
        ("hard-mandatory", "undefined", "undecided", None),
        ("hard-mandatory", "true", "allow", None),
    ],
)
def test_a_text_says_what_each_policy_came_to(
    level: str, outcome: str, decision: str, enforcement: str | None
) -> None:
    """By its level; an advisory policy only warns."""
    one = reading_of(log(("a", "advisory", "true"), ("b", level, outcome)), "sentinel-log")
    assert (one.data["decision"], one.data.get("enforcement")) == (decision, enforcement)
    assert [row["rule"] for row in rows_of(one)] == ([] if outcome == "true" else ["b"])
    assert sum(one.data["counts"].values()) == 2
    assert (one.time, "actor" in one.data) == (None, False)


def test_colours_and_missing_results_do_no_harm() -> None:
    """A policy without a result decided nothing; the number in the text is a claim."""
    text = log(("a", "hard-mandatory", "true")).replace(b"1 policies", b"2 policies")
    one = reading_of(b"\x1b[1m" + text + b"## Policy 2: b (hard-mandatory)\n", "sentinel-log")
    assert (one.data["decision"], one.data["counts"]["errored"]) == ("undecided", 1)
    assert "claimed" not in one.data
    short = reading_of(text, "sentinel-log")
    assert short.data["claimed"] == {"policies": 2}


@pytest.mark.parametrize(
    ("status", "counts", "decision", "enforcement"),
    [
        ("passed", {}, "allow", None),
        ("passed", {"advisory-failed": 1, "total-failed": 1}, "warn", "advisory"),
        ("soft_failed", {"soft-failed": 1, "total-failed": 1}, "deny", "soft"),
        ("hard_failed", {"hard-failed": 2, "total-failed": 2}, "deny", "hard"),
        ("errored", {"passed": 0}, "undecided", None),
        ("canceled", {}, "undecided", None),
    ],
)
def test_a_check_says_what_it_decided(
    status: str, counts: dict[str, int], decision: str, enforcement: str | None
) -> None:
    """With the run, at the time at which that was settled."""
    found = readings_of(check(status, counts), "sentinel")
    (one,) = found
    data = one.data
    assert (data["decision"], data.get("enforcement")) == (decision, enforcement)
    assert (one.time, data["run"]) == ("2026-01-01T00:00:05+00:00", "run-1")
    assert (data["policy"], data["duration_s"]) == ("tags.sentinel", 1.5)
    assert (data["reported_outcome"], data["decision_id"]) == (status, "polchk-1")
    assert CANARY not in everything(found)


def test_an_override_is_a_failure_and_an_approval() -> None:
    """In that order; who it was is not said."""
    value = check("overridden", {"soft-failed": 1, "total-failed": 1})
    stamps = value["data"]["attributes"]["status-timestamps"]
    stamps |= {"soft-failed-at": "2026-01-01T00:00:03+00:00"}
    failed, approved = readings_of(value, "sentinel")
    assert (failed.data["decision"], failed.time) == ("deny", "2026-01-01T00:00:03+00:00")
    assert approved.type == "pipeledger.approval.reported.v1"
    assert (approved.data["verdict"], approved.time) == ("approved", "2026-01-01T00:00:05+00:00")
    assert "approver" not in approved.data


def test_policies_in_sets_are_read_too() -> None:
    """As checks have them since their schema has a version."""
    policy = {"policy": "net/private", "result": False}
    sets = {"schema": {"name": "x"}, "data": {"net": {"policies": [policy]}, "gone": None}}
    one = reading_of(check("hard_failed", {"hard-failed": 1, "total-failed": 3, "sentinel": sets}),
                     "sentinel")  # fmt: skip
    assert [row["rule"] for row in rows_of(one)] == ["net/private"]
    assert one.data["claimed"] == {"failed": 3}


def test_what_is_not_decided_yet_is_no_fact() -> None:
    """A check that waits."""
    assert readings_of(check("queued"), "sentinel") == []


def _set(level: str, status: str, *, overridable: bool = False) -> dict[str, Any]:
    key = {"passed": "passed", "errored": "errored"}.get(status, f"{level}-failed")
    outcome = {"enforcement_level": level, "status": status, "policy_name": "p"}
    return {"data": [{"id": "psout-1", "type": "policy-set-outcomes", "attributes": {
        "outcomes": [outcome], "overridable": overridable, "policy-set-name": "set",
        "result-count": {key: 1}, "policy-tool-version": "0.40"}}]}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "decision", "enforcement"),
    [
        (_set("mandatory", "failed"), "deny", "hard"),
        (_set("mandatory", "failed", overridable=True), "deny", "soft"),
        (_set("advisory", "failed"), "warn", "advisory"),
        (_set("mandatory", "passed"), "allow", None),
        (_set("mandatory", "errored"), "undecided", None),
    ],
)
def test_a_set_says_what_its_policies_came_to(
    value: dict[str, Any], decision: str, enforcement: str | None
) -> None:
    """By the set's name."""
    data = reading_of(value, "sentinel").data
    assert (data["decision"], data.get("enforcement")) == (decision, enforcement)
    assert (data["policy"], data["tool_version"]) == ("set", "0.40")


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith("sentinel/")
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Status, counts, policies, versions and times."""
    row = ROWS[name]
    readings = read_report((FOLDER / name).read_bytes()).readings
    data = readings[0].data
    if row.startswith("text log"):
        assert data["reported_outcome"] == row.partition("Result: ")[2].partition("'")[0]
        assert sum(data["counts"].values()) == int(row.partition("['")[2].partition(" ")[0])
        return
    status = re.search(r"status=(\w+|-);", row)
    assert status is not None
    assert data.get("reported_outcome", "-") == status[1]
    counts = json.loads(re.sub(r"'|False", lambda found: '"' if found[0] == "'" else "0",
                               row.partition("result=")[2].partition("};")[0] + "}"))  # fmt: skip
    assert data["counts"] == {name: counts[name] for name in data["counts"]}
    for policy, held in re.findall(r"\('([\w.-]+)', (?:'(\w+)'|False)", row):
        assert policy in {one["rule"] for one in rows_of(readings[0])}
        assert held in ("", "failed")
    stamps = dict(re.findall(r"'([a-z-]+-at)': '([^']+)'", row))
    wanted = [stamps[name] for name in ("passed-at", "soft-failed-at", "overridden-at")
              if name in stamps]  # fmt: skip
    assert [one.time for one in readings if one.time] == wanted
    version = re.search(r"tool=(\S+) ([\w.-]+);", row)
    assert version is not None
    assert data.get("tool_version", "-") == version[2]


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(json.dumps(check("overridden", {"soft-failed": 1})).encode(), 120)
    check_damaged(json.dumps(_set("mandatory", "failed")).encode(), 120)
    check_damaged(log(("a", "advisory", "false"), ("b", "hard-mandatory", "true")), 120)
