"""A report of files alone: it needs no ledger, and claims nothing that no file shows."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api.file_facts import read_files
from tests.exporters.judged import HOSTILE
from tests.exporters.pages import read_page, table_of
from tests.fixtures import FOLDER, needs_fixtures
from tests.inside import administer

if TYPE_CHECKING:
    import subprocess

    from tests.exporters.pages import Element

JUNIT = f"""<testsuite name="unit {"&lt;b&gt;"}" timestamp="2026-01-05T10:00:00Z">
<testcase classname="c" name="one"/><testcase classname="c" name="two"><failure/></testcase>
</testsuite>"""


def sarif(*levels: str, tool: str = "Looker") -> str:
    """A SARIF file with one result of each of these levels."""
    results = [
        {"ruleId": f"A{number}", "level": level, "message": {"text": "x"},
         "locations": [{"physicalLocation": {"artifactLocation": {"uri": f"{tool}/{number}.py"}}}]}
        for number, level in enumerate(levels)
    ]  # fmt: skip
    driver = {"name": tool, "version": "1", "rules": [{"id": one["ruleId"]} for one in results]}
    run: dict[str, Any] = {
        "tool": {"driver": driver}, "results": results,
        "invocations": [{"executionSuccessful": True, "endTimeUtc": "2026-02-03T10:00:00Z"}],
    }  # fmt: skip
    return json.dumps({"version": "2.1.0", "runs": [run]})


def run(*words: str | Path, home: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    """`pipeledger-server report` with a data folder that is not there."""
    variables = {
        "HOME": str(home), "PIPELEDGER_DATA": str(home / "data"),
        "PIPELEDGER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }  # fmt: skip
    done = administer("report", *words, status=status, variables=variables)
    # No database was started, and none was reached.
    assert not (home / "data").exists()
    return done


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Element:
    """The page of a folder of five files and one that nobody knows."""
    home = tmp_path_factory.mktemp("files")
    folder = home / "reports"
    (folder / "scans").mkdir(parents=True)
    (folder / "junit.xml").write_text(JUNIT)
    (folder / "again.xml").write_text(JUNIT)
    (folder / "notes.txt").write_text("nothing that a tool wrote")
    (folder / "scans" / "looker.sarif").write_text(sarif("error", "note"))
    (folder / "scans" / "hostile.sarif").write_text(sarif("warning", tool=HOSTILE))
    (folder / ".hidden.xml").write_text(JUNIT)
    run("--reports", folder, "--output", home / "report.html", home=home)
    return read_page((home / "report.html").read_bytes())


def test_every_file_says_what_it_was_taken_for(page: Element) -> None:
    """And one that is not used why; the same bytes count once, hidden files are passed over."""
    rows = table_of(page, "Files that were read").rows()
    assert [row[:4] for row in rows] == [
        ["again.xml", "JUnit XML", "1", "0"],
        ["junit.xml", rows[1][1], "0", "0"],
        ["notes.txt", rows[2][1], "0", "0"],
        ["scans/hostile.sarif", "SARIF 2.1.0", "1", "0"],
        ["scans/looker.sarif", "SARIF 2.1.0", "1", "0"],
    ]
    assert rows[1][1].endswith("the same bytes as again.xml")
    assert rows[2][1].endswith("no format is recognised")


def test_what_the_files_say_is_told(page: Element) -> None:
    """Scans, findings and tests, by their own words and times."""
    scans = {row[0]: row for row in table_of(page, "Scans").rows()}
    assert scans["Looker 1"][5:7] == ["2026-02-03 10:00", "source"]
    assert f"{HOSTILE} 1" in scans
    ((suite, _, outcome, cases, passed, failed, *_),) = table_of(page, "Tests of the").rows()
    assert (suite, outcome, cases, passed, failed) == ("unit <b>", "failure", "2", "1", "1")
    findings = table_of(page, "Open findings, the most severe").rows()
    assert [row[0] for row in findings if row[2] == "Looker"] == ["A0", "A1"]
    counts = {row[0]: row[1:] for row in table_of(page, "Open findings by tool").rows()}
    assert sum(map(int, counts["Looker"])) == 2


def test_nist_is_asked_for_and_nothing_is_satisfied_by_absence(page: Element) -> None:
    """No deployment was told of: whatever asks for one is open."""
    rows = {row[0]: row for row in table_of(page, "Controls by framework").rows()}
    assert list(rows) == ["NIST SP 800-53 revision 5", "NIST SSDF (SP 800-218) 1.1"]
    table = next(
        one for one in page.all("div")
        if one.attributes.get("aria-label") == "Controls of NIST SP 800-53 revision 5"
    )  # fmt: skip
    controls = {row[0]: row for row in table.all("table")[0].rows()}
    assert controls["CM-3"][2] == "? insufficient evidence"
    assert controls["CM-3"][4] == "0"
    # Scans were told of, so RA-5 has facts; nobody told of accounts.
    assert int(controls["RA-5"][8]) >= 2
    assert controls["AC-2"][8] == "0"
    lacking = {row[0].split()[0]: row for row in table_of(page, "Tests that lack").rows()}
    assert re.search(r"deployment: [a-z, ]*finished", lacking["CHG-02"][4])
    assert "pipeledger emit deployment.finished" in lacking["CHG-02"][5]


def test_what_is_asked_of_a_ledger_is_open_where_there_is_none(page: Element) -> None:
    """Files that are read now are no log that was kept."""
    lacking = {row[0].split()[0]: row for row in table_of(page, "Tests that lack").rows()}
    for name in ("LOG-01", "LOG-02"):
        assert lacking[name][1].startswith("it is about the ledger itself, and there is none")
        assert "pipeledger" not in lacking[name][5]
    table = next(
        one for one in page.all("div")
        if one.attributes.get("aria-label") == "Controls of NIST SP 800-53 revision 5"
    )  # fmt: skip
    controls = {row[0]: row for row in table.all("table")[0].rows()}
    assert controls["AU-2"][2] == "? insufficient evidence"
    assert (controls["AU-2"][4], controls["AU-2"][8]) == ("0", "0")


def test_the_worst_of_very_many_findings_are_told_and_all_are_counted(tmp_path: Path) -> None:
    """However many lesser ones there are, and whatever their keys are."""
    levels = ("note",) * 5900 + ("error",) * 150 + ("warning",) * 100
    (tmp_path / "many.sarif").write_text(sarif(*levels))
    target = tmp_path / "report.html"
    run("--nist", tmp_path / "many.sarif", "--output", target, home=tmp_path)
    page = read_page(target.read_bytes())
    (counts,) = table_of(page, "Open findings by tool").rows()
    assert sorted(map(int, (one.replace(" ", "") for one in counts[1:]))) == [
        0,
        0,
        0,
        100,
        150,
        5900,
    ]
    worst = [row[1] for row in table_of(page, "Open findings, the most severe").rows()]
    assert worst == ["high"] * 150 + ["medium"] * 50
    assert "5 950 more are not listed here." in target.read_text().replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    )


def test_one_scan_does_not_show_that_findings_are_mended_in_time(page: Element) -> None:
    """What it found is open, and nobody knows since when: no pass."""
    lacking = {row[0].split()[0]: row for row in table_of(page, "Tests that lack").rows()}
    assert "files that show single moments" in lacking["VUL-02"][1]
    for name in ("Controls of NIST SP 800-53 revision 5", "Controls of NIST SSDF"):
        table = next(
            one for one in page.all("div")
            if one.attributes.get("aria-label", "").startswith(name)
        )  # fmt: skip
        assert not [row for row in table.all("table")[0].rows() if "satisfied" in row[2]]


def test_it_says_that_nobody_signed_it(page: Element) -> None:
    """At the top, and where the proof would be."""
    (header,) = page.all("header")
    assert "Made from 5 files of tools alone, without a ledger" in header.text
    assert "2026-01-05 00:00 to 2026-02-04 00:00 UTC" in header.text
    assert "Nobody signed this." in header.text
    assert "There is no signature and no checkpoint" in page.text
    assert "pipeledger verify checkpoint" not in page.text


@pytest.mark.long
def test_the_same_files_give_the_same_page(tmp_path: Path) -> None:
    """Where each fact has a time of its own."""
    (tmp_path / "junit.xml").write_text(JUNIT)
    for name in ("one.html", "two.html"):
        run("--nist", tmp_path / "junit.xml", "--output", tmp_path / name, "--framework", "SLSA",
            home=tmp_path)  # fmt: skip
    pages = [read_page((tmp_path / name).read_bytes()) for name in ("one.html", "two.html")]
    tables = [
        [one.rows() for one in page.all("table") if "Who told" not in one.text] for page in pages
    ]
    assert tables[0] == tables[1]
    assert [row[0] for row in table_of(pages[0], "Controls by framework").rows()] == ["SLSA"]


def test_a_files_name_may_be_anything(tmp_path: Path) -> None:
    """Bytes that are no text, and markup."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "<b>.xml").write_text(JUNIT)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.xml")).write_text(JUNIT.replace("one", "two"))
    run("--reports", folder, "--output", tmp_path / "out.html", home=tmp_path)
    page = read_page((tmp_path / "out.html").read_bytes())
    rows = table_of(page, "Files that were read").rows()
    assert [row[0] for row in rows] == ["<b>.xml", "\N{REPLACEMENT CHARACTER}.xml"]
    assert [row[2] for row in rows] == ["1", "1"]


def test_a_report_of_the_calendars_last_day_has_a_window(tmp_path: Path) -> None:
    """Which ends with the calendar, as no day comes after it."""
    file = tmp_path / "late.xml"
    file.write_text(JUNIT.replace("2026-01-05", "9999-12-31"))
    window = read_files([("late.xml", file)], datetime(2026, 1, 5, tzinfo=UTC)).window()
    assert window["window_from"] == datetime(9999, 12, 31, tzinfo=UTC)
    assert window["window_to"] > datetime(9999, 12, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "choose what it is of"),
        (("--nist", "a.xml", "--ledger", "default"), "choose what it is of"),
        (("--nist", "nosuch.xml"), "--nist: nosuch.xml is no file"),
        (("--reports", "nosuch"), "--reports: nosuch is no folder"),
        (("--nist", "notes.txt"), "no file told anything: notes.txt: body: no format is recog"),
        (("--nist", "a.xml", "--framework", "NOSUCH"), "there are CIS-Benchmark"),
        (("--nist", "a.xml", "--known-at", "3"), "files know no earlier state"),
        (("--nist", "a.xml", "--from", "yesterday"), "--from: expected a day"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    """And nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.xml").write_text(JUNIT)
    (tmp_path / "notes.txt").write_text("nothing")
    done = run(*words, "--output", "out.html", home=tmp_path, status=2)
    assert said in done.stderr
    assert not (tmp_path / "out.html").exists()


@needs_fixtures
@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("trivy/trivy-image-alpine-3.10.json", "Trivy JSON"),
        ("trivy/trivy-image-alpine-3.10.sarif", "SARIF 2.1.0"),
        ("zap/zap-2.17.0-baseline.json", "ZAP JSON report"),
        ("junit/pytest-fail.xml", "JUnit XML"),
    ],
)
def test_a_real_tools_file_is_enough(tmp_path: Path, file: str, title: str) -> None:
    """Its facts bear on some controls, and satisfy none that wants deployments."""
    run("--nist", FOLDER / file, "--output", tmp_path / "report.html", home=tmp_path)
    page = read_page((tmp_path / "report.html").read_bytes())
    ((_, taken, facts, _, _),) = table_of(page, "Files that were read").rows()
    assert (taken, facts) == (title, "1")
    nist = table_of(page, "Controls by framework").rows()[0]
    assert 0 < int(nist[7]) < int(nist[1])
