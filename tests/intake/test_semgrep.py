"""Semgrep's JSON says what was found, and whether the tool came to its end."""

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


def _result(severity: str = "ERROR", line: int = 3, **extra: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "check_id": "lang.hardcoded-token", "path": "app/main.py",
        "start": {"line": line, "col": 1}, "end": {"line": line, "col": 9},
        "extra": {"severity": severity, "message": "token PLANTED", "lines": "t = 'PLANTED'",
                  "metavars": {"$X": {"abstract_content": "PLANTED"}}, "fingerprint": "f00d",
                  **extra},
    }  # fmt: skip


def _output(*results: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "version": "1.140.0", "results": list(results), "errors": [],
        "paths": {"scanned": ["app/main.py", "app/more.py"]}, **more,
    }  # fmt: skip


def test_results_are_counted_by_the_tool_s_own_words() -> None:
    """Old severities and new ones; the findings have the vocabulary's."""
    words = ["ERROR", "WARNING", "INFO", "CRITICAL", "HIGH", "MEDIUM", "LOW", "INVENTORY"]
    found = reading_of(_output(*map(_result, words)), "semgrep")
    assert found.data["counts"] == {word.lower(): 1 for word in words}
    assert [row["severity"] for row in rows_of(found)] == [
        "high", "medium", "low", "critical", "high", "medium", "low", "info",
    ]  # fmt: skip
    assert (found.data["kind"], found.data["tool"]) == ("sast", "Semgrep")
    assert (found.data["tool_version"], found.data["scanned"]) == ("1.140.0", 2)
    assert found.time is None


@pytest.mark.parametrize(
    ("errors", "outcome", "number"),
    [
        ([], "success", None),
        ([{"code": 2, "level": "error", "type": "Fatal error"}], "error", 1),
        ([{"code": 3, "level": "warn", "type": ["PartialParsing", [{}]]}, {"code": 2}], "error", 2),
        ([{"code": 0, "level": "info", "type": "MissingPlugin"}], "success", None),
    ],
)
def test_a_tool_with_errors_did_not_come_to_its_end(
    errors: list[dict[str, Any]], outcome: str, number: int | None
) -> None:
    """Whatever it found; a file that it could not read was not looked at. Remarks are none."""
    for results in ([], [_result()]):
        data = reading_of(_output(*results, errors=errors), "semgrep").data
        assert (data["outcome"], data.get("errors")) == (outcome, number)


def test_each_product_that_found_something_is_a_scan_of_its_own() -> None:
    """Code, dependencies, secrets that were tried out."""
    supply = {"reachable": True, "dependency_match": {
        "lockfile": "poetry.lock", "found_dependency": {"package": "grpcio", "version": "1.47.0"},
    }}  # fmt: skip
    found = readings_of(
        _output(
            _result(validation_state="NO_VALIDATOR"),
            _result("HIGH", sca_info=supply),
            _result("CRITICAL", validation_state="CONFIRMED_VALID"),
        ),
        "semgrep",
    )
    assert [(one.data["kind"], counted(one)) for one in found] == [
        ("sast", {"error": 1}), ("sca", {"high": 1}), ("secret", {"critical": 1}),
    ]  # fmt: skip
    (dependency,) = rows_of(found[1])
    assert (dependency["package"], dependency["version"], dependency["reachable"]) == (
        "grpcio", "1.47.0", True,
    )  # fmt: skip
    assert rows_of(found[2])[0]["validation"] == "CONFIRMED_VALID"


def test_a_fingerprint_that_asks_to_sign_in_is_none() -> None:
    """Then one is made, without the line, another for each of several in a file."""
    own = reading_of(_output(_result()), "semgrep")
    assert rows_of(own)[0]["fingerprint"] == "f00d"

    def marks(line: int) -> list[str]:
        several = [_result(line=at, fingerprint="requires login") for at in (line, line + 1)]
        rows = rows_of(reading_of(_output(*several), "semgrep"))
        assert {row["fingerprint_basis"] for row in rows} == {"made"}
        return [row["fingerprint"] for row in rows]

    assert marks(1) == marks(70)
    assert len(set(marks(1))) == 2


def test_what_a_comment_switched_off_is_counted_beside() -> None:
    """It stands among the results where it was asked for."""
    found = reading_of(_output(_result(), _result(is_ignored=True)), "semgrep")
    assert (counted(found), found.data["suppressed"]) == ({"error": 2}, 1)
    assert [row.get("suppressed") for row in rows_of(found)] == [None, True]


def test_code_and_what_it_matched_never_travel_along() -> None:
    """They hold what was hard-coded."""
    assert "PLANTED" not in everything(readings_of(_output(_result()), "semgrep"))


def test_the_run_s_time_is_taken_where_it_was_asked_for() -> None:
    """`--time`; a text is no time."""
    timed = _output(time={"profiling_times": {"total_time": 2.5, "core_time": 1}})
    assert reading_of(timed, "semgrep").data["duration_s"] == 2.5
    odd = _output(time={"profiling_times": {"total_time": "soon"}})
    assert "duration_s" not in reading_of(odd, "semgrep").data


@pytest.mark.parametrize(
    "value",
    [
        {"errors": [], "results": [], "generated_at": "2026-01-01T00:00:00Z", "metrics": {}},
        {"errors": [], "results": [{"test_id": "B105", "filename": "a.py"}]},
        {"results": [], "experimental_config": {}},
        {"results": [{"check_id": "x", "extra": {}}]},
    ],
)
def test_what_only_looks_like_it_is_left_alone(value: dict[str, Any]) -> None:
    """Other tools have results and errors too."""
    with pytest.raises(RefusedError, match="no format is recognised"):
        read_report(json.dumps(value).encode())


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith("semgrep/") and name.endswith(".json")
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Version, results by severity, rules, errors, scanned paths."""
    row = ROWS[name]
    found = reading_of((FOLDER / name).read_bytes(), "semgrep")
    told = dict(re.findall(r"(semgrep version|results|distinct check_ids|errors|paths\.scanned)"
                           r"=([^;]+)", row))  # fmt: skip
    words = re.findall(r"([A-Z]+)=(\d+)", row)
    assert counted(found) == {word.lower(): int(number) for word, number in words}
    assert found.data["findings_count"] == int(told["results"])
    assert found.data.get("tool_version", "-") == told["semgrep version"]
    assert found.data.get("errors", 0) == int(told["errors"])
    assert found.data["outcome"] == "success"
    assert found.data.get("scanned", 0) == int(told["paths.scanned"])
    assert len({one["rule"] for one in rows_of(found)}) == int(told["distinct check_ids"])


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    supply = {"dependency_match": {"found_dependency": {"package": "p", "version": "1"}}}
    full = _output(
        _result(), _result("LOW", sca_info=supply), errors=[{"level": "warn"}],
        time={"profiling_times": {"total_time": 1}},
    )  # fmt: skip
    check_damaged(json.dumps(full).encode(), 300)
