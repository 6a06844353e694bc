"""What Codecov measures becomes the right facts."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.codecov import SENDER
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door
from tests.intake.scans import everything, reading_of, readings_of

SHA = "a" * 40


def _totals(lines: int, hits: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"files": 2, "lines": lines, "hits": hits, "misses": lines - hits, "partials": 0,
            "coverage": f"{100 * hits / lines:.5f}", "branches": 0} | more  # fmt: skip


def _webhook(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    head = {"commitid": SHA, "branch": "main", "timestamp": "2026-01-05T10:00:00",
            "url": "https://codecov.example/gh/acme/shop/commit/" + SHA, "message": "m",
            "service_url": f"https://github.com/acme/shop/commit/{SHA}",
            "author": {"username": "mia", "email": "mia@acme.example"},
            "totals": _totals(24, 19)} | more  # fmt: skip
    return {"repo": {"name": "shop"}, "head": head, "base": None, "compare": None,
            "owner": {"username": "acme"}, "pull": {"number": "7"}}  # fmt: skip


def test_a_webhook_tells_the_coverage_of_its_head() -> None:
    """With commit, branch and pull request; nobody is named, and a commit's time is not its own."""
    found = reading_of(_webhook(), "codecov")
    data = found.data
    assert found.type == "pipeledger.coverage.measured.v1"
    assert (data["lines_covered"], data["lines_valid"], data["files"]) == (19, 24, 2)
    assert data["percent"] == pytest.approx(100 * 19 / 24)
    assert (data["commit"], data["ref"], data["change"]) == (SHA, "refs/heads/main", "7")
    assert data["repository"] == "https://github.com/acme/shop"
    assert (found.time, "claimed" in data) == (None, False)
    assert "mia" not in everything([found])


@pytest.mark.parametrize("page", ["commit", "-/commit", "commits"])
def test_the_repository_is_what_stands_before_its_page_of_a_commit(page: str) -> None:
    """Whatever it is called itself."""
    address = "https://code.example/acme/commit-tools"
    found = reading_of(_webhook(service_url=f"{address}/{page}/{SHA}"), "codecov")
    assert found.data["repository"] == address


def test_a_percentage_that_does_not_fit_is_only_claimed() -> None:
    """What is covered of what can be is counted."""
    found = reading_of(_webhook(totals=_totals(10, 5, coverage=90)), "codecov")
    assert (found.data["percent"], found.data["claimed"]) == (50, {"coverage": 90})


def test_answers_of_the_api_are_read() -> None:
    """A commit, several of them, and a report with its files."""
    one = {"commitid": SHA, "branch": "x", "totals": _totals(4, 1)}
    (found,) = readings_of(one, "codecov")
    assert (found.data["commit"], found.data["percent"]) == (SHA, 25)
    bare = {"commitid": "b" * 40, "totals": None}
    assert len(readings_of({"count": 2, "results": [one, one, bare]}, "codecov")) == 2
    files = [{"name": "a", "totals": _totals(4, 1)}, {"name": "b", "totals": _totals(4, 4)}]
    (whole,) = readings_of({"totals": _totals(8, 6), "files": files}, "codecov")
    assert (whole.data["lines_covered"], whole.data["claimed"]) == (5, {"lines": 8, "hits": 6})


@pytest.mark.parametrize(
    ("state", "title", "metric", "value"),
    [
        ("failure", "66.67% of diff hit (target 70.00%)", "patch coverage", 66.67),
        ("success", "85.20% (+0.10%) (target 80.00%)", "project coverage", 85.2),
        ("success", "No report found to compare against", None, None),
    ],
)
def test_a_check_is_a_verdict(
    state: str, title: str, metric: str | None, value: float | None
) -> None:
    """The target is a condition, where the title names one."""
    check = {"state": state, "output": {"title": title, "summary": "[View on Codecov](x)"}}
    found = reading_of(check, "codecov-check")
    assert (found.type, found.data["outcome"]) == ("pipeledger.quality.evaluated.v1", state)
    conditions = found.data.get("conditions", [])
    assert [(one["metric"], one["value"]) for one in conditions] == (
        [(metric, value)] if metric else []
    )
    assert readings_of(check | {"state": "pending"}, "codecov-check") == []


XML = """<?xml version="1.0"?>
<coverage line-rate="0.5" lines-covered="1" lines-valid="2"><packages><package><classes>
<class filename="a.py"><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>
</classes></package></packages></coverage>"""


def test_reports_in_an_upload_are_read_each() -> None:
    """Other files and variables in it are not."""
    text = (
        f"a.py\nb.py\n<<<<<< network\n\n# path=coverage.xml\n{XML}\n<<<<<< EOF\n\n"
        f"# path=other.txt\nanything\n<<<<<< EOF\n# path=sub/coverage.xml\n{XML}\n<<<<<< EOF\n"
        "TOKEN=planted-5ecret\n<<<<<< ENV\n"
    )
    found = readings_of(text.encode(), "codecov-upload")
    assert [one.data["percent"] for one in found] == [50, 50]
    assert "planted" not in everything(found)


def test_more_hits_than_lines_are_refused() -> None:
    """Nothing can be covered that is not there."""
    with pytest.raises(RefusedError):
        read_report(json.dumps(_webhook(totals=_totals(4, 4) | {"hits": 5})).encode())


def test_the_secret_is_the_password() -> None:
    """It stands in the address."""
    value = "Basic " + base64.b64encode(b"codecov:s3cret").decode()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": value}, b"{}", "s3cret", at)
    assert not SENDER.scheme.holds({"authorization": value}, b"{}", "other", at)


ROWS = {name: row for name, row in facts("SOURCES-scanners.tsv").items()
        if name.startswith("codecov/")}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_real_file_says_what_its_row_says(name: str) -> None:
    """A check's state and target, a report's totals, an upload's report."""
    row = ROWS[name]
    (found,) = read_report((FOLDER / name).read_bytes()).readings
    through_door(found)
    data = found.data
    if "check state" in row:
        (condition,) = data["conditions"]
        assert f"check state={data['reported_outcome']};" in row
        assert (data["outcome"], condition["metric"]) == ("failure", "patch coverage")
        assert f"title={condition['value']:.2f}% of diff hit" in row
        assert f"(target {condition['threshold']:.2f}%)" in row
    elif "totals array" in row:
        told = re.search(r"totals array=\[(\d+), (\d+), (\d+)", row)
        assert told is not None
        assert (data["files"], data["lines_valid"], data["lines_covered"]) == tuple(
            map(int, told.groups())
        )
        assert (data["percent"], found.time) == (100, "2019-04-11T10:07:44Z")
    else:
        assert (data["lines_covered"], data["lines_valid"]) == (19, 24)
        assert (data["format"], "claimed" in data) == ("cobertura", False)


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    report = {"files": {"a": [0, [0, 4, 4, 0, 0, "100"], [], None]}, "sessions": {"0": {"d": 1}}}
    check = {"state": "failure", "output": {
        "title": "1% of diff hit (target 2%)", "summary": "Codecov"}}  # fmt: skip
    for value in (_webhook(), report, check):
        check_damaged(json.dumps(value).encode(), 100)
    check_damaged(f"a\n<<<<<< network\n# path=c.xml\n{XML}\n<<<<<< EOF\n".encode(), 100)
