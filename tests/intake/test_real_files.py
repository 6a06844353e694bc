"""Real files of real tools give the counts that were read off them by others."""

from __future__ import annotations

import re

import pytest

from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures

ROWS = facts("SOURCES-scanners.tsv")
SARIF = sorted(name for name in ROWS if name.endswith(".sarif"))
JUNIT = sorted(name for name in ROWS if name.startswith("junit/"))

pytestmark = needs_fixtures

_RUN = re.compile(
    r"run\d+: tool=(?P<tool>.+?) (?P<version>\(no version\)|\S+); results=(?P<results>\d+); "
    r"effective level (?P<levels>\S+); distinct ruleIds=(?P<ids>\d+); "
    r"rules declared=(?P<rules>\d+); suppressed=(?P<suppressed>\d+)"
)


@pytest.mark.parametrize("name", SARIF)
def test_sarif_counts_equal_the_row(name: str) -> None:
    """Tool, version, results by level, rules, suppressed, for each run."""
    report = read_report((FOLDER / name).read_bytes())
    expected = list(_RUN.finditer(ROWS[name]))
    assert expected, ROWS[name]
    assert report.format.name == "sarif"
    assert len(report.readings) == len(expected)
    for reading, run in zip(report.readings, expected, strict=True):
        data = reading.data
        version = None if run["version"] == "(no version)" else run["version"]
        tool = run["tool"]
        if data.get("tool_version") is not None and " " in data["tool_version"]:
            version = data["tool_version"]
        assert (data["tool"], data.get("tool_version")) == (tool, version)
        levels = {} if run["levels"] == "none" else dict(re.findall(r"(\w+)=(\d+)", run["levels"]))
        assert {level: count for level, count in data["counts"].items() if count} == {
            level: int(count) for level, count in levels.items()
        }
        assert sum(data["counts"].values()) == data["findings_count"] == int(run["results"])
        assert data["rules"] == int(run["rules"])
        assert data["suppressed"] == int(run["suppressed"])
        rows = reading.documents[0].body.splitlines() if reading.documents else []
        assert len(rows) == int(run["results"])


@needs_fixtures
@pytest.mark.parametrize("name", JUNIT)
def test_junit_counts_equal_the_row(name: str) -> None:
    """Elements are counted; header totals stand beside where they differ."""
    row = ROWS[name]
    (reading,) = read_report((FOLDER / name).read_bytes()).readings
    counts = reading.data["counts"]
    told = dict(re.findall(r"(failure|error|skipped|testcase elements)=(\d+)", row))
    assert sum(counts.values()) == int(told["testcase elements"])
    assert {status: counts[status] for status in ("failure", "error", "skipped")} == {
        status: int(told[status]) for status in ("failure", "error", "skipped")
    }
    header = re.search(r"tests=(\d+) failures=(\d+) errors=(\d+) skipped=(\d+)", row)
    assert header is not None
    claimed = dict(zip(("tests", "failures", "errors", "skipped"), map(int, header.groups()),
                       strict=True))  # fmt: skip
    if claimed["tests"] == sum(counts.values()):
        assert "claimed" not in reading.data
    else:
        assert reading.data["claimed"] == claimed
    stamp = row.rpartition("timestamp=")[2]
    assert (reading.local_time or reading.time or "None") == stamp


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("semgrep/semgrep-sarif-errors-no-results.sarif", "error"),
        ("codeql/codeql-2.23.9-java-demo.sarif", "error"),
        ("codeql/codeql-2.12.6-vulnerable-node-js.sarif", "success"),
        ("codeql/codeql-action-testdata-empty.sarif", "success"),
        ("junit/junit-no-cases.xml", "skipped"),
        ("junit/pytest-fail.xml", "failure"),
        ("junit/surefire-pulsar-empty-failures.xml", "failure"),
        ("junit/pytest-gloo-standalone.xml", "success"),
    ],
)
def test_the_outcome_is_by_the_rule(name: str, outcome: str) -> None:
    """A scan that found nothing because its tool failed is not a clean one."""
    (reading,) = read_report((FOLDER / name).read_bytes()).readings
    assert reading.data["outcome"] == outcome
