"""SARIF is read as the standard says, and nothing hostile gets further than a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.errors import PipeledgerError, RefusedError, TooLargeError
from intake.registry import read_report


def run_of(*results: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A run of a tool with three rules."""
    rules = [
        {"id": "A1", "defaultConfiguration": {"level": "error"}},
        {"id": "B2", "properties": {"security-severity": "9.8"}},
        {"id": "C3", "defaultConfiguration": {"level": "note"}},
    ]
    driver = {"name": "Looker", "version": "1.2", "rules": rules}
    return {"tool": {"driver": driver}, "results": list(results), **more}


def log_of(*runs: dict[str, Any]) -> bytes:
    """A file."""
    return json.dumps({"version": "2.1.0", "runs": list(runs)}).encode()


def rows_of(body: bytes) -> list[dict[str, Any]]:
    """The findings of the first run."""
    (document,) = read_report(body).readings[0].documents
    return [json.loads(line) for line in document.body.splitlines()]


@pytest.mark.parametrize(
    ("result", "level"),
    [
        ({"ruleId": "A1", "level": "note"}, "note"),
        ({"ruleId": "A1"}, "error"),
        ({"ruleId": "A1/sub/case"}, "error"),
        ({"ruleIndex": 2}, "note"),
        ({"rule": {"index": 2}}, "note"),
        ({"rule": {"id": "A1"}}, "error"),
        ({"ruleId": "B2"}, "warning"),
        ({"ruleId": "unknown"}, "warning"),
        ({"ruleId": "A1", "kind": "review", "level": "error"}, "none"),
        ({"ruleId": "A1", "kind": "fail"}, "error"),
        ({"ruleId": "A1", "ruleIndex": 99}, "error"),
        ({"ruleId": "A1", "ruleIndex": 2}, "error"),
        ({"ruleId": "A1/sub", "ruleIndex": 0}, "error"),
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "none"),
        ({"rule": {"index": 0, "toolComponent": {"index": 7}}}, "warning"),
        ({"rule": {"index": 0, "toolComponent": {"name": "more"}}}, "none"),
        ({"rule": {"index": 0, "toolComponent": {"guid": "of-more"}}}, "none"),
        ({"rule": {"index": 0, "toolComponent": {"name": "Looker"}}}, "error"),
        ({"rule": {"index": 0, "toolComponent": {"name": "unknown"}}}, "warning"),
        ({"rule": {"index": 0, "id": "A1", "toolComponent": {"name": "unknown"}}}, "error"),
        ({"ruleId": "A1", "provenance": {"invocationIndex": 0}}, "none"),
    ],
)
def test_the_level_is_the_effective_one(result: dict[str, Any], level: str) -> None:
    """SARIF 2.1.0 section 3.27.10: own level, kind, override, the rule's, then warning."""
    override = {"descriptor": {"id": "A1"}, "configuration": {"level": "none"}}
    run = run_of(result, invocations=[{"ruleConfigurationOverrides": [override]}])
    run["tool"]["extensions"] = [
        {
            "name": "more",
            "guid": "of-more",
            "rules": [{"id": "X", "defaultConfiguration": {"level": "none"}}],
        }
    ]
    assert rows_of(log_of(run))[0]["level"] == level


def test_a_score_makes_the_severity_and_else_the_level() -> None:
    """CVSS bands come first."""
    rows = rows_of(log_of(run_of({"ruleId": "B2"}, {"ruleId": "A1"}, {"ruleId": "C3"})))
    assert [row["severity"] for row in rows] == ["critical", "high", "low"]


@pytest.mark.parametrize("results", [{}, {"results": None}])
def test_a_run_without_results_looked_for_nothing(results: dict[str, None]) -> None:
    """Tools export their rules alone; that is no clean scan (section 3.14.23)."""
    run = run_of()
    del run["results"]
    (reading,) = read_report(log_of(run | results)).readings
    assert reading.data["outcome"] == "error"


def test_what_is_in_order_or_gone_is_counted_and_no_finding() -> None:
    """Its kind says so, or that it stood in the baseline alone."""
    body = log_of(run_of(
        *({"ruleId": "A1", "kind": kind} for kind in ("pass", "notApplicable", "informational")),
        {"ruleId": "A1", "baselineState": "absent"},
        {"ruleId": "B2", "kind": "open"}, {"ruleId": "C3", "baselineState": "unchanged"},
    ))  # fmt: skip
    assert [row["rule"] for row in rows_of(body)] == ["B2", "C3"]
    counts = read_report(body).readings[0].data["counts"]
    assert counts == {"error": 0, "warning": 0, "note": 1, "none": 5}


def test_suppressed_results_are_counted_beside() -> None:
    """Only where no suppression is rejected or under review (section 3.27.23)."""
    accepted, review = {"status": "accepted"}, {"status": "underReview"}
    results: list[dict[str, Any]] = [
        {"ruleId": "A1", "suppressions": [accepted]},
        {"ruleId": "A1", "suppressions": [{}]},
        {"ruleId": "A1", "suppressions": [accepted, review]},
        {"ruleId": "A1", "suppressions": []},
    ]
    data = read_report(log_of(run_of(*results))).readings[0].data
    assert (data["suppressed"], data["counts"]["error"]) == (2, 4)


def test_a_fingerprint_is_the_tool_s_own_or_made_without_the_line() -> None:
    """Of several versions the newest; moving a finding in its file does not make another."""
    own = {"partialFingerprints": {"primaryLocationLineHash/v1": "a",
                                   "primaryLocationLineHash/v2": "b", "aaa": "c"}}  # fmt: skip
    assert rows_of(log_of(run_of(own)))[0]["fingerprint"] == "primaryLocationLineHash/v2:b"

    def at(line: int, uri: str) -> dict[str, Any]:
        place = {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}
        return {"ruleId": "A1", "locations": [{"physicalLocation": place}],
                "message": {"text": "x"}}  # fmt: skip

    moved = rows_of(log_of(run_of(at(1, "a.py"), at(99, "a.py"), at(1, "b.py"))))
    assert moved[0]["fingerprint"] == moved[1]["fingerprint"] != moved[2]["fingerprint"]
    assert [row["line"] for row in moved] == [1, 99, 1]


def test_a_placeholder_is_no_fingerprint() -> None:
    """Semgrep writes it for all results alike."""
    own = {"fingerprints": {"matchBasedId/v1": "requires login"}}
    rows = rows_of(log_of(run_of(own | {"ruleId": "A1"}, own | {"ruleId": "B2"})))
    assert [row["fingerprint_basis"] for row in rows] == ["made", "made"]
    assert rows[0]["fingerprint"] != rows[1]["fingerprint"]


@pytest.mark.parametrize(
    ("identity", "category"),
    [
        ("/language:java/", "language:java"), ("nightly/x64/2026-01-02", "nightly/x64"),
        ("4d0c-9f", None), ("/", None), (None, None),
    ],
)  # fmt: skip
def test_analyses_by_one_tool_are_told_apart(identity: str | None, category: str | None) -> None:
    """One of a language takes no finding back that one of another shows; each run of it may."""
    (reading,) = read_report(log_of(run_of(automationDetails={"id": identity}))).readings
    assert reading.data.get("target") == category


def test_every_run_is_a_fact_of_its_own() -> None:
    """Also of another tool; time, commit and repository are the file's."""
    second = run_of()
    second["tool"]["driver"] = {"name": "Other", "semanticVersion": "3.0.0"}
    second["invocations"] = [
        {"executionSuccessful": False, "endTimeUtc": "2026-02-03T04:05:06Z",
         "startTimeUtc": "2026-02-03T04:00:00Z"}
    ]  # fmt: skip
    second["versionControlProvenance"] = [
        {"repositoryUri": "https://code.example/a", "revisionId": "A" * 40, "branch": "main"}
    ]
    first, last = read_report(log_of(run_of(), second)).readings
    assert (first.data["tool"], first.time, first.data["outcome"]) == ("Looker", None, "success")
    assert last.time == "2026-02-03T04:05:06Z"
    assert last.data["started_at"] == "2026-02-03T04:00:00Z"
    assert (last.data["tool_version"], last.data["outcome"]) == ("3.0.0", "error")
    assert (last.data["commit"], last.data["ref"]) == ("a" * 40, "main")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"version":"2.1.0","runs":[{"tool":{}}]}', "field runs[0].tool"),
        (b'{"version":"2.1.0","runs":[{"tool":{"driver":{}}}]}', "field runs[0].tool.driver.name"),
        (b'{"version":"2.1.0","runs":7}', "field runs"),
        (b'{"version":"2.1.0","runs":[]}', "field runs"),
        (b'{"version":"2.1.0","runs":[', "document"),
        (b'{"version":"2.1.0","runs":[}', "byte 27"),
        (b'{"version":"1.0.0","runs":[]}', "field version"),
        (b'{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"\\ud800"}}}]}', "byte"),
        (b'{"version":"2.1.0","runs":[]}\0', "byte 29"),
        (b'{"version":"2.1.0","runs":["\xff"]}', "byte 28"),
        ("{}".encode("utf-16"), "byte 0"),
        (b" \n", "body"),
        (b"\xef\xbb\xbf", "body"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, place: str) -> None:
    """By field or byte; the parser's own exception never comes out."""
    with pytest.raises(RefusedError) as caught:
        read_report(body, "sarif")
    assert caught.value.place.startswith(place)


def test_a_byte_order_mark_is_allowed() -> None:
    """Tools on Windows write one."""
    assert read_report(b"\xef\xbb\xbf" + log_of(run_of())).format.name == "sarif"


@pytest.mark.parametrize(
    "body",
    [
        b'{"version":"2.1.0","runs":[],"x":' + b"[" * 65 + b"]" * 65 + b"}",
        b'{"version":"2.1.0","runs":[],"x":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        b'{"version":"2.1.0","runs":[],"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","rules":[' + b"{}," * 2_000_001
        + b"{}]}}}]}",
        b'{"version":"2.1.0",' + b",".join(b'"%d":1' % number for number in range(100_001)) + b"}",
        log_of(run_of({"message": {"text": "x" * 9 * 2**20}})),
        b'{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"x":'
        + b"[" * 60 + b"]" * 60 + b"}]}]}",
        b'{"version":"2.1.0","runs":[' + b",".join([b'{"tool":{"driver":{"name":"x"}}}'] * 101)
        + b"]}",
    ],
    ids=["deep", "very-deep", "deep-objects", "rules", "members", "result", "deep-result", "runs"],
)  # fmt: skip
def test_a_bomb_is_refused(body: bytes) -> None:
    """By depth or number, whatever part of the file it stands in."""
    with pytest.raises(TooLargeError):
        read_report(body, "sarif")


def test_brackets_in_strings_are_no_nesting() -> None:
    """Escapes and all."""
    run = run_of({"message": {"text": '[[[[{{{{"]\\' * 100}})
    assert len(rows_of(log_of(run))) == 1


@pytest.mark.parametrize("name", ["", "x" * 3000, "a\nb\x00", "\u2028"])
def test_odd_names_do_not_get_through(name: str) -> None:
    """A name is one line of bounded length, or its digest, or refused."""
    run = run_of({"ruleId": name or "-"})
    run["tool"]["driver"]["name"] = name
    try:
        (reading,) = read_report(log_of(run)).readings
    except PipeledgerError:
        return
    tool = reading.data["tool"]
    assert "\n" not in tool
    assert len(tool) <= 500
