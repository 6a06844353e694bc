"""What is told to people: aligned on a terminal, Markdown on a job's page, obeyed nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeledger.page import Branch, Page, Table, is_ours
from pipeledger.readable import amount, change, duration, instant, name, percent, rate
from pipeledger.summary import add_to_summary

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (duration(0), "0 s"),
        (duration(1.5), "1.5 s"),
        (duration(59.99), "60 s"),
        (duration(61), "1 min 1 s"),
        (duration(3600), "1 h"),
        (duration(3661), "1 h 1 min"),
        (duration(88_200), "1 d"),
        (duration(90_000), "1 d 1 h"),
        (duration(-7200), "-2 h"),
        (duration(None), "-"),
        (duration(float("nan")), "-"),
        (percent(0.15384), "15.4 %"),
        (percent(0), "0.0 %"),
        (percent("much"), "-"),
        (rate(3.25), "3.25 a day"),
        (rate(0.4), "2.8 a week"),
        (rate(0.01), "0.304 a month"),
        (rate(0), "0 a day"),
        (amount(39), "39"),
        (amount(2.5), "2.5"),
        (amount("many"), "-"),
        (change(-23.456, "%"), "-23.5 %"),
        (instant("2026-03-01T10:00:00.5Z"), "2026-03-01 10:00:00"),
        (instant("0001-01-01T00:00:00Z"), "-"),
        (instant("yesterday"), "yesterday"),
        (name("sha256:" + "a" * 64), "sha256:aaaaaaaaaaaa"),
        (name("c" * 40), "cccccccccccc"),
        (name(["a", "b"]), "a, b"),
        (name([]), "-"),
        (name(value=False), "no"),
        (name(None), "-"),
    ],
)
def test_amounts_are_written_as_people_read_them(shown: str, text: str) -> None:
    """In two units, one digit of a per cent, the first digits of a digest."""
    assert shown == text


def _page() -> Page:
    rows = [("shop", "3"), ("a-service-of-a-very-long-name", "120")]
    return Page("Services", [Table(("service", "count"), rows)], ["a note"], ["position 7"])


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("pipeledger emit build service=shop", True),
        ("pipeledger-server source add github", True),
        ("pipeledger emit build 'service=a; rm -rf /'", True),
        ("pipeledger emit build service=a; rm -rf /", False),
        ("pipeledger emit build service=$(id)", False),
        ("pipeledger emit build `id`", False),
        ('pipeledger emit build "$HOME"', False),
        ("pipeledger emit build > /tmp/x", False),
        ("pipeledger emit build\nid", False),
        ("pipeledger emit build 'a\x1b[2Jb'", False),
        ("curl https://x.example | sh", False),
        ("X=1 pipeledger emit build", False),
        ("pipeledger 'emit", False),
        ("", False),
    ],
)
def test_only_a_plain_call_of_our_own_commands_is_shown_for_pasting(
    line: str, *, ours: bool
) -> None:
    """The line comes from a ledger, and whoever pastes it runs it."""
    assert is_ours(line) is ours


def test_a_tree_shows_what_belongs_to_what_and_lines_as_they_are() -> None:
    """Nothing but space stands before what is to be pasted."""
    gap = Branch("no build is known", below=[Branch("", paste="pipeledger emit build 'a  b'")])
    page = Page(
        "t", branches=[Branch("commit", below=[Branch("pushed")]), Branch("build", below=[gap])]
    )
    assert page.text(20).split("\n\n")[1] == (
        "|- commit\n|  `- pushed\n`- build\n   `- no build is k…\n"
        "         pipeledger emit build 'a  b'\n"
    )  # fmt: skip
    assert "    - `pipeledger emit build 'a  b'`\n" in page.markdown()


def test_columns_are_aligned_and_numbers_stand_to_the_right() -> None:
    """Title, rows, notes, proof."""
    assert _page().text() == (
        "Services\n\n"
        "service                        count\n"
        "shop                               3\n"
        "a-service-of-a-very-long-name    120\n\n"
        "a note\n\n"
        "position 7\n"
    )


def test_a_narrow_terminal_gets_the_beginnings_of_the_longest_cells() -> None:
    """No line is longer than the terminal."""
    lines = _page().text(24).splitlines()
    assert lines[4] == "a-service-of-a-v…    120"
    assert max(map(len, lines)) <= 24


def test_wide_letters_take_two_columns() -> None:
    """So what stands after them is aligned too."""
    rows = [("\u53d1\u5e03", "x"), ("ship", "y")]
    lines = Page("t", [Table(("n", "v"), rows)]).text().splitlines()
    assert lines[3:5] == ["\u53d1\u5e03  x", "ship  y"]


def test_a_terminal_is_told_nothing_that_it_would_obey() -> None:
    """Colours, cursors, direction of letters, line ends."""
    hostile = "a\x1b[2J\u202eb\nc\rd\x00"
    text = Page(hostile, [Table((hostile,), [(hostile,)])], [hostile], [hostile]).text()
    assert all(line.isprintable() for line in text.splitlines())
    assert "\x1b" not in text
    assert text.count("\n") == 8


def test_a_job_page_shows_marks_and_obeys_none() -> None:
    """Cells, headings, links, raw HTML."""
    hostile = "x|y <img src=a> [l](u) **b** `c` # &lt;\nd"
    text = Page(hostile, [Table(("h",), [(hostile,)])], [hostile]).markdown()
    assert "<img" not in text.replace("\\<img", "")
    assert "x\\|y" in text
    assert "\\[l\\](u)" in text
    assert "\\*\\*b\\*\\*" in text
    assert "&amp;lt;" in text
    assert text.count("\n| ") == 3


def test_numbers_stand_to_the_right_on_a_job_page_too() -> None:
    """By the line under the headings."""
    assert "| --- | ---: |" in _page().markdown()


def test_a_job_of_github_gets_the_page_in_its_own_file(tmp_path: Path) -> None:
    """After what stands there."""
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    assert add_to_summary(_page(), {"GITHUB_STEP_SUMMARY": str(file)}) == ""
    assert file.read_text().startswith("before\n### Services\n")


def test_a_job_of_azure_names_the_page_to_its_agent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a file in the folder that the agent clears."""
    variables = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(tmp_path)}
    assert add_to_summary(_page(), variables) == ""
    (file,) = tmp_path.iterdir()
    assert capsys.readouterr().out == f"##vso[task.uploadsummary]{file}\n"
    assert file.read_text().startswith("### Services\n")


def test_a_job_of_buildkite_is_annotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the agent's own command."""
    agent = tmp_path / "buildkite-agent"
    agent.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\ncat > {tmp_path}/page\n')
    agent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert add_to_summary(_page(), {"BUILDKITE_AGENT_ACCESS_TOKEN": "t"}) == ""
    assert (tmp_path / "words").read_text().split()[:1] == ["annotate"]
    assert (tmp_path / "page").read_text().startswith("### Services\n")


def test_a_page_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    """The job goes on."""
    said = add_to_summary(_page(), {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "where")})
    assert "cannot be written" in said


def test_a_page_too_long_for_a_job_is_cut(tmp_path: Path) -> None:
    """At half a megabyte; the systems take no more than one."""
    page = Page("Long", [Table(("h",), [("x" * 100,)] * 10_000)])
    assert len(page.markdown()) > 1_000_000
    assert add_to_summary(page, {"GITHUB_STEP_SUMMARY": str(tmp_path / "page.md")}) == ""
    text = (tmp_path / "page.md").read_text()
    assert len(text) < 600_000
    assert text.endswith("...\n\n")


def test_outside_of_such_a_job_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a file nor a word."""
    assert add_to_summary(_page(), {"CI": "true", "HOME": str(tmp_path)}) == ""
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []
