"""Load tests fail where k6 says so, whichever of its shapes says it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

RAN: dict[str, Any] = {"count": 10, "rate": 5.0}


def exported(checks: list[tuple[str, int, int]], thresholds: dict[str, bool]) -> bytes:
    """A file of `--summary-export`."""
    group = {"name": "", "path": "", "groups": {}, "checks": {
        name: {"name": name, "path": f"::{name}", "passes": passes, "fails": fails}
        for name, passes, fails in checks
    }}  # fmt: skip
    metrics = {
        "iterations": RAN,
        "http_req_duration": {"avg": 1.5, "p(95)": 2.5, "thresholds": thresholds},
        "checks": {"passes": sum(one[1] for one in checks), "fails": sum(one[2] for one in checks),
                   "value": 1},
    }  # fmt: skip
    return json.dumps({"root_group": group, "metrics": metrics}).encode()


def handled(checks: list[tuple[str, int, int]], thresholds: dict[str, bool]) -> bytes:
    """The data of `handleSummary`, checks in a group of their own."""
    inner = {"name": "g", "path": "::g", "groups": [], "checks": [
        {"name": name, "path": f"::g::{name}", "passes": passes, "fails": fails}
        for name, passes, fails in checks
    ]}  # fmt: skip
    metrics = {
        "iterations": {"type": "counter", "contains": "default", "values": RAN},
        "http_req_duration": {
            "type": "trend", "contains": "time", "values": {"avg": 1.5, "p(95)": 2.5, "med": None},
            "thresholds": {name: {"ok": holds} for name, holds in thresholds.items()},
        },
    }  # fmt: skip
    return json.dumps({
        "root_group": {"name": "", "path": "", "groups": [inner], "checks": []},
        "state": {"testRunDurationMs": 2500.5}, "metrics": metrics,
        "setup_data": {"token": "planted-secret"},
    }).encode()  # fmt: skip


def machine(checks: list[tuple[str, int, int]]) -> bytes:
    """The machine-readable summary."""
    passes, fails = sum(one[1] for one in checks), sum(one[2] for one in checks)
    rate = {"name": "checks_succeeded", "type": "rate", "contains": "default",
            "values": {"matches": passes, "total": passes + fails, "rate": 1}}  # fmt: skip
    return json.dumps({
        "version": "1.0.0",
        "metadata": {"generatedAt": "2026-01-01T10:00:00+01:00", "k6Version": "1.5.0"},
        "config": {"execution": "local", "script": "s.js", "duration": 2.5},
        "results": {
            "metrics": [{"name": "iterations", "type": "counter", "contains": "default",
                         "values": {"count": 10}}],
            "checks": {"metrics": [rate], "results": [
                {"name": name, "passes": ok, "fails": no} for name, ok, no in checks]},
        },
    }).encode()  # fmt: skip


def streamed(*points: tuple[str, float, str], thresholds: tuple[str, ...] = ()) -> bytes:
    """JSON lines: a metric that is declared, and points of checks."""
    lines: list[dict[str, Any]] = [
        {"type": "Metric", "metric": "http_req_duration",
         "data": {"type": "trend", "contains": "time", "thresholds": list(thresholds)}},
    ]  # fmt: skip
    lines += [
        {"type": "Point", "metric": "checks", "data": {"time": time, "value": value, "tags":
         {"check": name, "group": "::g", "url": "https://user:planted-secret@x.example"}}}
        for name, value, time in points
    ]  # fmt: skip
    return "\n".join(map(json.dumps, lines)).encode()


def one(body: bytes) -> Reading:
    """The only reading, as the door takes it."""
    (reading,) = read_report(body).readings
    through_door(reading)
    assert (reading.data["kind"], reading.data["tool"]) == ("load", "k6")
    assert b"planted-secret" not in json.dumps(reading.data).encode()
    assert all(b"planted-secret" not in document.body for document in reading.documents)
    return reading


def rows(reading: Reading) -> list[dict[str, Any]]:
    """The results document."""
    (document,) = reading.documents
    assert reading.data["results"] == document.digest
    return [json.loads(line) for line in document.body.splitlines()]


@pytest.mark.parametrize(("crossed", "outcome"), [(False, "success"), (True, "failure")])
def test_a_boolean_says_that_a_threshold_was_crossed(crossed: bool, outcome: str) -> None:  # noqa: FBT001
    """In `--summary-export`, where false is what one wants to see."""
    data = one(exported([("ok", 10, 0)], {"p(95)<500": crossed, "avg<9": False})).data
    assert data["thresholds"]["http_req_duration:p(95)<500"] is not crossed
    assert data["outcome"] == outcome
    assert data["reported_outcome"] == ("failed" if crossed else "passed")


@pytest.mark.parametrize(("holds", "outcome"), [(True, "success"), (False, "failure")])
def test_ok_says_that_a_threshold_held(holds: bool, outcome: str) -> None:  # noqa: FBT001
    """In the data of `handleSummary`."""
    reading = one(handled([("ok", 10, 0)], {"p(95)<500": holds}))
    assert reading.data["thresholds"] == {"http_req_duration:p(95)<500": holds}
    assert reading.data["outcome"] == outcome
    assert reading.data["duration_s"] == pytest.approx(2.5005)
    assert reading.time is None


def test_a_failed_check_is_a_failure_though_thresholds_held() -> None:
    """k6 itself would have passed, which stands beside."""
    for body in (
        exported([("a", 9, 1)], {"avg<9": False}),
        handled([("a", 9, 1)], {"avg<9": True}),
    ):
        data = one(body).data
        assert (data["outcome"], data["reported_outcome"]) == ("failure", "passed")
        assert data["counts"] == {"passed": 9, "failure": 1}


@pytest.mark.parametrize(
    ("checks", "outcome"),
    [([("a", 9, 0), ("b", 3, 0)], "success"), ([("a", 9, 0), ("b", 2, 1)], "failure")],
)
def test_the_machine_readable_summary_tells_version_and_instant(
    checks: list[tuple[str, int, int]], outcome: str
) -> None:
    """It has no thresholds, so no verdict of k6."""
    reading = one(machine(checks))
    data = reading.data
    assert reading.time == "2026-01-01T10:00:00+01:00"
    assert (data["tool_version"], data["duration_s"]) == ("1.5.0", 2.5)
    assert (data["outcome"], sum(data["counts"].values())) == (outcome, 12)
    assert not {"thresholds", "reported_outcome", "claimed"} & data.keys()


def test_its_own_verdict_counts_where_a_summary_has_one() -> None:
    """An early draft of the schema had `passed`."""
    summary = json.loads(machine([("a", 1, 0)]))
    summary["results"]["passed"] = False
    data = one(json.dumps(summary).encode()).data
    assert (data["outcome"], data["reported_outcome"]) == ("failure", "failed")


def test_a_run_without_checks_and_thresholds_is_no_failure() -> None:
    """It ran, and nothing was asked of it; where it did not run, it was skipped."""
    assert one(exported([], {})).data["outcome"] == "success"
    summary = json.loads(exported([], {}))
    summary["metrics"]["iterations"]["count"] = 0
    assert one(json.dumps(summary).encode()).data["outcome"] == "skipped"


def test_the_metric_of_all_checks_is_a_claim() -> None:
    """It stands beside where it differs, and for the checks where they are missing."""
    summary = json.loads(exported([("a", 9, 1)], {}))
    summary["metrics"]["checks"]["passes"] = 90
    data = one(json.dumps(summary).encode()).data
    assert data["claimed"] == {"passes": 90, "fails": 1}
    assert data["counts"] == {"passed": 9, "failure": 1}
    del summary["root_group"]
    data = one(json.dumps(summary).encode()).data
    assert data["counts"] == {"passed": 90, "failure": 1}
    assert data["counted"] == "the metric of all checks"


def test_results_have_every_check_threshold_and_metric() -> None:
    """With numbers, and without what is none."""
    found = rows(one(handled([("a", 9, 1), ("b", 0, 0)], {"avg<1": False, "avg<9": True})))
    assert [(row["kind"], row["name"], row.get("status")) for row in found] == [
        ("check", "a", "failure"), ("check", "b", "skipped"), ("threshold", "avg<1", "failure"),
        ("threshold", "avg<9", "passed"), ("metric", "iterations", None),
        ("metric", "http_req_duration", None),
    ]  # fmt: skip
    assert found[0]["group"] == "::g"
    assert found[-1]["values"] == {"avg": 1.5, "p(95)": 2.5}


def test_the_event_has_room_for_a_hundred_thresholds_failed_ones_first() -> None:
    """All are in the results."""
    many = {f"avg<{number}": number < 199 for number in range(200)}
    reading = one(handled([], many))
    assert len(reading.data["thresholds"]) == 100
    assert reading.data["thresholds"]["http_req_duration:avg<199"] is False
    assert reading.data["outcome"] == "failure"
    assert sum(row["kind"] == "threshold" for row in rows(reading)) == 200


def test_a_stream_counts_points_of_checks() -> None:
    """First and last instant by the clock, not by the line."""
    reading = one(streamed(
        ("a", 1, "2026-01-01T10:00:02+01:00"), ("a", 0, "2026-01-01T10:00:00+01:00"),
        ("b", 1, "2026-01-01T09:00:01.5Z"), thresholds=("avg<9",),
    ))  # fmt: skip
    data = reading.data
    assert (data["outcome"], data["counts"]) == ("failure", {"passed": 2, "failure": 1})
    assert data["started_at"] == "2026-01-01T10:00:00+01:00"
    assert reading.time == "2026-01-01T10:00:02+01:00"
    assert data["duration_s"] == 2
    assert [(row["name"], row["passes"], row["fails"]) for row in rows(reading)[:2]] == [
        ("a", 1, 1), ("b", 1, 0),
    ]  # fmt: skip


def test_a_stream_decides_no_threshold() -> None:
    """It declares them and never says what became of them."""
    data = one(streamed(("a", 1, "2026-01-01T10:00:00Z"), thresholds=("avg<9", "max<1"))).data
    assert data["thresholds_undecided"] == ["http_req_duration:avg<9", "http_req_duration:max<1"]
    assert not {"thresholds", "reported_outcome"} & data.keys()
    assert data["outcome"] == "success"
    assert one(streamed(thresholds=("avg<9",))).data["outcome"] == "skipped"


def test_a_threshold_without_a_verdict_is_refused() -> None:
    """Neither held nor crossed can be read off it."""
    summary = json.loads(exported([], {}))
    summary["metrics"]["http_req_duration"]["thresholds"] = {"avg<9": "yes"}
    with pytest.raises(RefusedError, match="verdicts"):
        read_report(json.dumps(summary).encode())


ROWS = {name: row for name, row in facts("SOURCES-scanners.tsv").items() if name.startswith("k6/")}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(name for name in ROWS if name.endswith(".json")))
def test_real_summaries_say_what_their_row_says(name: str) -> None:
    """Checks, thresholds, number of metrics."""
    row = ROWS[name]
    reading = one((FOLDER / name).read_bytes())
    told = re.search(r"metrics=(\d+); checks passes=(\d+) fails=(\d+)", row)
    assert told is not None
    counts = reading.data["counts"]
    assert (counts["passed"], counts["failure"]) == (int(told[2]), int(told[3]))
    assert sum(one["kind"] == "metric" for one in rows(reading)) == int(told[1])
    verdicts = dict(re.findall(r"'([^']+)': (True|False|'[^']+')", row))
    holds = {name: verdict.startswith(("True", "'passed")) for name, verdict in verdicts.items()}
    assert reading.data.get("thresholds", {}) == holds
    failed = counts["failure"] or not all(holds.values())
    assert reading.data["outcome"] == ("failure" if failed else "success")
    assert "claimed" not in reading.data


@needs_fixtures
def test_real_streams_say_what_their_row_says() -> None:
    """Points by metric, instants, and nothing that they do not say."""
    points = one((FOLDER / "k6/k6-json-stream-0.55.0-points.jsonl").read_bytes())
    assert {row["name"]: row["values"]["points"] for row in rows(points)} == {
        "http_req_blocked": 3, "http_req_connecting": 3, "http_req_tls_handshaking": 3,
    }  # fmt: skip
    assert points.data["started_at"] == "2026-07-08T05:15:32.863235797Z"
    assert points.time == "2026-07-08T05:15:32.924480055Z"
    documented = one((FOLDER / "k6/k6-json-stream-docs.jsonl").read_bytes())
    assert documented.data["thresholds_undecided"] == ["http_req_duration:avg<1000"]
    assert documented.time == "2017-05-09T14:34:45.625742514+02:00"
    for reading in (points, documented):
        assert (reading.data["outcome"], reading.data["counts"]) == (
            "skipped", {"passed": 0, "failure": 0},
        )  # fmt: skip


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers."""
    check_damaged(exported([("a", 9, 1)], {"avg<9": True}), 200)
    check_damaged(handled([("a", 9, 1)], {"avg<9": True}), 200)
    check_damaged(machine([("a", 9, 1)]), 200)
    check_damaged(streamed(("a", 1, "2026-01-01T10:00:00Z"), thresholds=("avg<9",)), 200)
