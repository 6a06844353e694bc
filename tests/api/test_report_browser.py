"""The compliance report in a real browser: read from a file, on every screen, and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporters.report.page import write_report
from tests.api.test_browser import CONTRAST
from tests.browser import browsing
from tests.exporters.judged import judged, shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser import Page

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two frameworks, as somebody would get it by mail."""
    folder = tmp_path_factory.mktemp("report")
    with judged(shop(), folder / "facts", ("NIST-800-53r5", "SOC2-TSC-2017r2022")) as found:
        (folder / "report.html").write_bytes(write_report(found))
    return folder / "report.html"


@pytest.fixture(scope="module")
def page(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser that has it open."""
    with browsing(tmp_path_factory.mktemp("profile")) as one:
        one.open(file.as_uri())
        yield one


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(page: Page, *, dark: bool) -> None:
    """At a contrast of 4.5 to 1 at least, in light and dark; drawings too."""
    page.look(dark=dark)
    ratio, where = page.run(CONTRAST)
    assert ratio >= 4.5, where


def test_a_narrow_screen_scrolls_in_one_direction(page: Page) -> None:
    """Wide tables and charts scroll within themselves."""
    page.look(width=360)
    assert page.run("document.documentElement.scrollWidth") <= 360
    page.look()


def test_the_charts_are_drawn_in_the_colours_of_the_outcomes(page: Page) -> None:
    """Bars have a length, none is black, and the name of each framework is within the drawing."""
    page.look()
    fills = page.run(
        "[...document.querySelectorAll('.series .rect')].filter(e => e.getBBox().width > 1)"
        ".map(e => getComputedStyle(e).fill)"
    )
    assert len(fills) > 4
    assert "rgb(0, 0, 0)" not in fills
    assert page.run(
        "[...document.querySelectorAll('svg text')].every(e => {"
        " const a = e.getBoundingClientRect();"
        " const b = e.closest('svg').getBoundingClientRect();"
        " return a.left >= b.left - 1 && a.right <= b.right + 1; })"
    )


def test_the_first_stop_of_the_keyboard_leads_to_the_content(page: Page, file: Path) -> None:
    """Past the list of contents, and is seen when it is there."""
    page.open(file.as_uri())
    page.press("Tab")
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().left") >= 0


def test_on_paper_it_is_whole(page: Page) -> None:
    """Without navigation; it is one PDF, and no table is cut at the side of a sheet."""
    page.look(width=1000, printed=True)
    assert not page.run("document.querySelector('nav').checkVisibility()")
    assert page.run(
        "[...document.querySelectorAll('table')].every("
        "e => e.getBoundingClientRect().right <= innerWidth + 1)"
    )
    assert "Root hash" in page.text("main")
    assert page.paper().startswith(b"%PDF-")
    page.look()


def test_nothing_was_asked_of_anybody_and_nothing_was_refused(page: Page, file: Path) -> None:
    """The file itself and nothing else; its own policy was not broken by its own style."""
    page.open(file.as_uri())
    assert {url for url in page.requested if not url.startswith("data:")} == {file.as_uri()}
    assert page.complaints == []
    assert page.run("document.scripts.length") == 0
    assert page.run("getComputedStyle(document.querySelector('.skip')).position") == "absolute"
