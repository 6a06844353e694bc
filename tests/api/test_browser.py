"""The console in a real browser: what a person sees, by keyboard too, and where it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import browsing
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser import Page
    from tests.serving import Running

pytestmark = pytest.mark.long

_WINDOW = "from=2026-09-01&to=2026-10-01"
PAGES = (
    f"overview?{_WINDOW}", f"deployments?{_WINDOW}", f"running?{_WINDOW}",
    f"incidents?{_WINDOW}", "trace?what=d-3",
    f"compliance?{_WINDOW}", f"compliance/SOC2-TSC-2017r2022?{_WINDOW}",
    f"compliance/SOC2-TSC-2017r2022/CC8.1?{_WINDOW}", "entries/6", "nosuch",
)  # fmt: skip
# Contrast by WCAG 2: the least ratio of all texts to the ground that they stand on.
CONTRAST = """(() => {
  const light = (c) => {
    const one = (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = c.map((v) => one(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parts(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  let least = [99, ""];
  for (const e of document.querySelectorAll("main *, header *")) {
    const texts = [...e.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    if (!texts.length || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parts(e.closest("svg") ? style.fill : style.color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least[0]) least = [ratio, e.outerHTML.slice(0, 120)];
  }
  return least;
})()"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of a month of deployments."""
    with serving(tmp_path_factory.mktemp("browser") / "data") as running:
        with running.http() as client:
            for number in range(20):
                told = event(number, artifact={"digest": f"sha256:{number:064x}"})
                told["time"] = f"2026-09-{number + 2:02d}T10:00:00Z"
                assert client.post("/events", json=told).status_code == 201
        yield running


@pytest.fixture(scope="module")
def page(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser whose person logged in with the keyboard alone."""
    with browsing(tmp_path_factory.mktemp("profile")) as one:
        one.open(f"{server.url}/")
        assert one.text("h1") == "Log in"
        assert one.run("document.activeElement.id") == "token"
        one.write("#token", server.token)
        one.press_and_wait("Enter")
        assert one.text("h1") == "Delivery performance"
        yield one


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(server: Running, page: Page, name: str, *, dark: bool) -> None:
    """At a contrast of 4.5 to 1 at least, in light and dark."""
    page.look(dark=dark)
    page.open(f"{server.url}/console/default/{name}")
    ratio, where = page.run(CONTRAST)
    assert ratio >= 4.5, where


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_screen_scrolls_in_one_direction(server: Running, page: Page, name: str) -> None:
    """Wide tables and charts scroll within themselves."""
    page.look(width=360)
    page.open(f"{server.url}/console/default/{name}")
    assert page.run("document.documentElement.scrollWidth") <= 360
    page.look()


def test_charts_are_drawn(server: Running, page: Page) -> None:
    """Bars have a height and the colours of the style sheet, and a name for who points at them."""
    page.look()
    page.open(f"{server.url}/console/default/overview?{_WINDOW}")
    assert "20 successful deployments" in page.text("main")
    heights = page.run(
        "[...document.querySelectorAll('.planned .rect')]"
        ".map(e => e.getBoundingClientRect().height)"
    )
    assert sum(height > 20 for height in heights) >= 10
    fills = page.run(
        "[...document.querySelectorAll('.series .rect')].map(e => getComputedStyle(e).fill)"
    )
    assert "rgb(0, 0, 0)" not in fills
    assert "planned" in page.run("document.querySelector('.planned .bar title').textContent")


def test_a_filter_is_used_by_keyboard(server: Running, page: Page) -> None:
    """From the field to the page of one service, whose address says so."""
    page.look()
    page.open(f"{server.url}/console/default/overview?{_WINDOW}")
    page.write("#service", "nobody")
    page.press_and_wait("Enter")
    assert "service=nobody" in page.run("location.search")
    assert "Nothing to count in this window" in page.text("main")


def test_the_first_stop_of_the_keyboard_leads_to_the_content(server: Running, page: Page) -> None:
    """Past the navigation, and is seen when it is there."""
    page.open(f"{server.url}/console/default/deployments?{_WINDOW}")
    page.press("Tab")
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().left") >= 0


def test_a_page_on_paper_has_its_numbers_and_its_proof(server: Running, page: Page) -> None:
    """Without navigation and forms; it is one PDF that prints."""
    page.look(printed=True)
    page.open(f"{server.url}/console/default/overview?{_WINDOW}")
    assert "20 successful deployments" in page.text("main")
    assert "Root hash" in page.text("main")
    assert not page.run("document.querySelector('nav').checkVisibility()")
    assert not page.run("document.querySelector('.filter').checkVisibility()")
    assert page.paper().startswith(b"%PDF-")
    page.look()


def test_no_request_left_for_another_host_and_nothing_was_refused(
    server: Running, page: Page
) -> None:
    """Over all the pages that the tests before looked at, and these."""
    for name in PAGES:
        page.open(f"{server.url}/console/default/{name}")
    assert [url for url in page.requested if not url.startswith(f"{server.url}/")] == []
    assert [one for one in page.complaints if not one.endswith("/nosuch")] == []
    assert page.run("document.scripts.length") == 0
    assert page.run("document.cookie") == ""


def test_logging_out_shows_the_way_in(server: Running, page: Page) -> None:
    """And going back shows nothing."""
    page.open(f"{server.url}/console/default/overview")
    page.run("document.querySelector('.session button').focus()")
    page.press_and_wait("Enter")
    assert page.text("h1") == "Log in"
    page.open(f"{server.url}/console/default/overview")
    assert page.text("h1") == "Log in"
