"""InSpec, Docker Bench and kube-bench say which checks of a baseline held."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import counted, everything, reading_of, readings_of, rows_of

CANARY = "quetzal-4711"
START = "2026-01-02T03:04:05+01:00"


def control(rule: str, *statuses: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A control with a result for each status."""
    results = [{"status": one, "code_desc": CANARY, "message": CANARY, "run_time": 0.1,
                "start_time": START} for one in statuses]  # fmt: skip
    return {"id": rule, "impact": 0.7, "code": CANARY, "results": results} | more


def inspec(*controls: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A report of one profile."""
    profile = {
        "name": "cis-level1", "version": "1.2.0", "status": "loaded", "controls": list(controls),
        "attributes": [{"options": {"value": CANARY}}],
    }  # fmt: skip
    return {
        "platform": {"name": "ubuntu", "release": "24.04", "target": "ssh://mia@host.example:22"},
        "profiles": [profile], "statistics": {"duration": 1.5}, "version": "5.22.3",
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "more", "word"),
    [
        (("passed", "passed"), {}, "passed"),
        (("passed", "failed", "skipped"), {}, "failed"),
        (("passed", "skipped"), {}, "skipped"),
        ((), {}, "not_reviewed"),
        (("failed",), {"status": "not_applicable"}, "not_applicable"),
    ],
)
def test_a_control_comes_to_the_worst_of_its_results(
    statuses: tuple[str, ...], more: dict[str, str], word: str
) -> None:
    """Unless InSpec was asked for more outcomes, and says its own."""
    found = reading_of(inspec(control("c", *statuses, **more)), "inspec")
    assert counted(found) == {word: 1}
    assert found.data["occurrences"] == len(statuses)


def test_what_broke_did_not_merely_fail() -> None:
    """It has an exception or a trace."""
    broken = control("c", "failed")
    broken["results"][0]["backtrace"] = ["x.rb:1"]
    found = reading_of(inspec(broken, control("d")), "inspec")
    assert counted(found) == {"error": 1, "not_reviewed": 1}
    assert [row["status"] for row in rows_of(found)] == ["error", "manual"]


def test_a_report_names_profile_machine_and_time() -> None:
    """The address without the user; nothing of code, inputs and messages."""
    found = readings_of(inspec(control("c", "failed"), control("d", "passed")), "inspec")
    data = found[0].data
    assert (data["kind"], data["outcome"]) == ("baseline", "success")
    assert (data["benchmark"], data["profile"]) == ("cis-level1 1.2.0", "cis-level1")
    assert (data["target"], data["duration_s"]) == ("ssh://host.example:22", 1.5)
    assert (found[0].time, data["started_at"]) == (START, START)
    (row,) = rows_of(found[0])
    assert (row["rule"], row["severity"], row["status"]) == ("c", "high", "failed")
    assert CANARY not in everything(found)
    assert "mia" not in everything(found)


@pytest.mark.parametrize(
    ("impact", "severity"),
    [(1.0, "critical"), (0.9, "critical"), (0.7, "high"), (0.5, "medium"), (0.1, "low"),
     (0, "info"), ("high", "high"), (None, "unknown"), (7, "unknown")],
)  # fmt: skip
def test_impact_has_inspec_s_own_bands(impact: object, severity: str) -> None:
    """From none to critical."""
    found = reading_of(inspec(control("c", "failed", impact=impact)), "inspec")
    assert rows_of(found)[0]["severity"] == severity


@pytest.mark.parametrize(
    ("waiver", "suppressed"),
    [
        ({"run": False, "skipped_due_to_waiver": True, "justification": CANARY}, True),
        ({"run": True, "skipped_due_to_waiver": False, "justification": CANARY}, True),
        ({"run": False, "skipped_due_to_waiver": False, "message": "Waiver expired on x"}, False),
        ({}, False),
    ],
)
def test_a_waiver_sets_a_control_aside_while_it_holds(
    waiver: dict[str, Any],
    suppressed: bool,  # noqa: FBT001 - a case
) -> None:
    """It is counted all the same."""
    found = reading_of(inspec(control("c", "failed", waiver_data=waiver)), "inspec")
    assert counted(found) == {"failed": 1}
    assert rows_of(found)[0].get("suppressed", False) is suppressed
    assert found.data.get("suppressed", 0) == int(suppressed)


def test_a_profile_made_of_others_is_counted_once() -> None:
    """It lists their controls without results."""
    overlay = {"name": "overlay", "controls": [control("c")], "depends": [{"name": "cis-level1"}]}
    value = inspec(control("c", "failed"))
    value["profiles"].insert(0, overlay)
    assert counted(reading_of(value, "inspec")) == {"failed": 1}


def test_what_was_not_looked_at_is_not_clean() -> None:
    """A profile for another platform, and one that could not be loaded."""
    value = inspec()
    value["profiles"][0]["status"] = "skipped"
    assert reading_of(value, "inspec").data["outcome"] == "skipped"
    value["profiles"][0]["status"] = "failed"
    assert reading_of(value, "inspec").data["outcome"] == "error"


def test_small_reports_have_results_alone() -> None:
    """Those of one control lie together by its id."""
    results = [
        {"id": rule, "profile_id": "p", "profile_sha256": "x", "status": status, "code_desc": "d"}
        for rule, status in (("a", "passed"), ("a", "failed"), ("b", "passed"))
    ]
    small = {"controls": results, "statistics": {"duration": 0.5}, "version": "5.0"}
    found = reading_of(small, "inspec")
    assert counted(found) == {"passed": 1, "failed": 1}
    assert (found.data["benchmark"], found.data["occurrences"], found.time) == ("p", 3, None)


def bench(*results: tuple[str, str], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A run of Docker Bench."""
    checks = [{"id": rule, "desc": "d", "result": word, "details": CANARY, "items": [CANARY]}
              for rule, word in results]  # fmt: skip
    return {"dockerbenchsecurity": "1.6.0", "start": 1780048105, "end": 1780048172,
            "tests": [{"id": "1", "results": checks}], "checks": len(results)} | more  # fmt: skip


def test_docker_bench_warns_of_what_failed() -> None:
    """And notes what people have to look at; whom it found is not told."""
    value = bench(("1.1", "WARN"), ("1.2", "NOTE"), ("1.3", "INFO"), ("1.4", "PASS"), checks=9)
    found = readings_of(value, "docker-bench")
    data = found[0].data
    assert data["counts"] == {"pass": 1, "warn": 1, "note": 1, "info": 1}
    assert [(row["rule"], row["status"]) for row in rows_of(found[0])] == [
        ("1.1", "failed"), ("1.2", "manual"),
    ]  # fmt: skip
    assert (data["claimed"], data["duration_s"]) == ({"checks": 9}, 67)
    assert (data["benchmark"], data["tool_version"]) == ("CIS Docker Benchmark", "1.6.0")
    assert CANARY not in everything(found)


def test_a_run_that_was_broken_off_did_not_end() -> None:
    """It has no end."""
    found = reading_of(bench(("1.1", "PASS"), end=None), "docker-bench")
    assert (found.data["outcome"], found.time) == ("error", "2026-05-29T09:48:25Z")


TEXT = """# -----------------------------------------------------
# Docker Bench for Security v1.6.0
#
# Based on the CIS Docker Benchmark 1.6.0.
# -----------------------------------------------------

Initializing 2024-12-06T09:35:30+02:00

Section A - Check results

\x1b[1;34m[INFO]\x1b[0m 1 - Host Configuration
\x1b[1;34m[INFO]\x1b[0m 1.1 - Linux Hosts Specific Configuration
\x1b[1;31m[WARN]\x1b[0m 1.1.1 - Ensure a separate partition (Automated)
[INFO] 1.1.2 - Ensure only trusted users (Automated)
[INFO]      * Users: quetzal-4711
[NOTE] 1.2.1 - Ensure the container host has been Hardened (Manual)
[PASS] 1.2.2 - Ensure that the version of Docker is up to date (Manual)
[PASS]        * Using 26.1.0

Section C - Score

[INFO] Checks: 4
[INFO] Score: 0
"""


def test_docker_bench_s_text_says_the_same() -> None:
    """Headings are no checks, and lines below a check belong to it."""
    found = readings_of(TEXT.encode(), "docker-bench-log")
    data = found[0].data
    assert data["counts"] == {"pass": 1, "warn": 1, "note": 1, "info": 1}
    assert (data["benchmark"], data["tool_version"]) == ("CIS Docker Benchmark 1.6.0", "1.6.0")
    assert (found[0].time, data["outcome"]) == ("2024-12-06T09:35:30+02:00", "success")
    assert "claimed" not in data
    assert CANARY not in everything(found)
    cut = reading_of(TEXT.partition("Section C")[0].encode(), "docker-bench-log")
    assert cut.data["outcome"] == "error"


def test_old_text_of_docker_bench_is_read_too() -> None:
    """Its checks have two numbers, and its date is one in words."""
    text = (
        "# Docker Bench for Security v1.3.4\n"
        "# Inspired by the CIS Docker Community Edition Benchmark v1.1.0.\n"
        "Initializing Thu May  3 22:43:20 UTC 2018\n\n"
        "[INFO] 1 - Host Configuration\n[WARN] 1.1  - Ensure x\n[INFO] 1.2  - Ensure y\n"
        "[INFO] Checks: 2\n"
    )
    found = reading_of(text.encode(), "docker-bench-log")
    assert counted(found) == {"warn": 1, "info": 1}
    assert (found.time, found.local_time) == ("2018-05-03T22:43:20Z", None)
    assert found.data["benchmark"] == "CIS Docker Benchmark 1.1.0"


def checks(node: str, *results: tuple[str, str], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Controls of kube-bench."""
    told = [{"test_number": rule, "test_desc": "d", "status": word, "actual_value": CANARY,
             "scored": True} for rule, word in results]  # fmt: skip
    return {"id": "1", "version": "cis-1.9", "text": "t", "node_type": node,
            "tests": [{"section": "1.1", "desc": "d", "results": told}]} | more  # fmt: skip


def test_kube_bench_is_read_in_all_its_shapes() -> None:
    """With totals, an array, an object each, one alone; what was read on the node is not told."""
    first, second = checks("master", ("1.1.1", "FAIL")), checks("node", ("4.1.1", "WARN"))
    bodies: tuple[Any, ...] = (
        {"Controls": [first, second], "Totals": {"total_fail": 1, "total_warn": 1}},
        [first, second],
        f"{json.dumps(first)}\n{json.dumps(second)}\n".encode(),
    )
    for body in bodies:
        found = readings_of(body, "kube-bench")
        data = found[0].data
        assert data["counts"] == {"pass": 0, "fail": 1, "warn": 1, "info": 0}
        assert (data["benchmark"], data["targets"]) == ("cis-1.9", ["master", "node"])
        assert [row["status"] for row in rows_of(found[0])] == ["failed", "manual"]
        assert CANARY not in everything(found)
    assert reading_of(first, "kube-bench").data["targets"] == ["master"]
    with pytest.raises(RefusedError, match="no checks"):
        read_report(json.dumps([checks("node") | {"tests": []}]).encode())


KUBE = """[INFO] 1 Control Plane Security Configuration
[INFO] 1.1 Control Plane Node Configuration Files
[PASS] 1.1.1 Ensure that the file permissions are set to 600 (Automated)
[FAIL] 1.1.2 Ensure that the ownership is root:root (Automated)
[WARN] 1.1.3 Ensure something by hand (Manual)

== Remediations master ==
1.1.2 Run the below command

== Summary master ==
{passed} checks PASS
1 checks FAIL
1 checks WARN
0 checks INFO

== Summary total ==
{passed} checks PASS
1 checks FAIL
1 checks WARN
0 checks INFO
"""


def test_kube_bench_s_text_says_the_same() -> None:
    """Headings are no checks; a summary that differs is a claim."""
    found = reading_of(KUBE.format(passed=1).encode(), "kube-bench-log")
    assert counted(found) == {"pass": 1, "fail": 1, "warn": 1}
    assert "claimed" not in found.data
    claimed = reading_of(KUBE.format(passed=7).encode(), "kube-bench-log").data["claimed"]
    assert claimed["pass"] == 7


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith(("inspec/", "docker-bench/", "kube-bench/"))
}  # fmt: skip


def _numbers(text: str) -> dict[str, int]:
    return {word.lower(): int(number) for word, number in re.findall(r"(\w+)=(\d+)", text)}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Counts, what headers claim, versions and times."""
    row, found = ROWS[name], reading_of((FOLDER / name).read_bytes(), name.partition("/")[0])
    data = found.data
    if name.startswith("inspec/"):
        told = dict(re.findall(r"([a-z][\w ]*)=(.*?)(?=; [a-z]|$)", row.replace("] ", "]; ")))
        assert counted(found) == _numbers(row.partition("by worst result ")[2].partition(";")[0])
        assert data["occurrences"] == int(row.partition("; results=")[2].partition(" ")[0])
        assert data["tool_version"] == told["inspec version"]
        assert str(data["duration_s"]) == told["duration"]
        if told["end_time"] != "-":
            assert found.time == told["end_time"]
        return
    results = re.search(r"results=(\d+) \((.*?)\)", row)
    assert results is not None
    assert counted(found) == _numbers(results[2])
    assert sum(data["counts"].values()) == int(results[1])
    if name.startswith("docker-bench/"):
        numbers = _numbers(row)
        assert data["duration_s"] == numbers["end"] - numbers["start"]
        claimed = int(re.findall(r"checks\(reported\)=(\d+)", row)[0])
        assert data.get("claimed", {}).get("checks", int(results[1])) == claimed
        assert data["tool_version"] == row.partition("version=")[2].partition(";")[0]
    else:
        claimed_words = _numbers(row.partition("summed totals ")[2].partition(";")[0])
        assert data.get("claimed", data["counts"]) == claimed_words
        assert set(data["targets"]) == set(re.findall(r"'(\w+)'\)", row))


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(
        json.dumps(inspec(control("c", "failed", waiver_data={"run": True}))).encode(), 120
    )
    check_damaged(json.dumps(bench(("1.1", "WARN"), ("1.2", "NOTE"))).encode(), 100)
    check_damaged(json.dumps({"Controls": [checks("node", ("4", "FAIL"))]}).encode(), 100)
    check_damaged(TEXT.encode(), 100)
    check_damaged(b"\n== kube-bench ==\n" + KUBE.encode(), 100)
