"""How old the state may be that a page of the console is made of, over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import httpx
import pytest

from api.app import make_app
from api.console import pages
from api.console.overview import Overview
from api.granting import Granting
from api.host import now
from api.later import Later
from projections.following import history_of
from store.ledger.ledger import SERVER
from tests.serving import event
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from projections.answer import Answer
    from projections.history import History
    from tests.api.homes import Home

PAGES = ("overview", "compliance", "trace?what=d-1")
"""One of each way in which a page asks."""


@dataclass
class Clock:
    """Seconds as told, and how many pass with every look at it."""

    now: float = 0.0
    each: float = 0.0

    def __call__(self) -> float:
        """The seconds now."""
        self.now += self.each
        return self.now


@dataclass
class Visit:
    """A person before a console, and the clock that its answers are timed by."""

    home: Home
    app: FastAPI
    token: str
    clock: Clock = field(default_factory=Clock)

    def page(self, name: str = "incidents", took: float = 0.0, **headers: str) -> tuple[int, str]:
        """Up to which position a page was read, and how old it says that this is.

        Args:
            name: of the page.
            took: seconds that its answer takes, if it is made.
            headers: of the request.
        """
        self.clock.each = took
        text = self.text(name, **headers)
        self.clock.each = 0.0
        found = re.search(
            r"position</dt><dd><a [^>]*>(\d+)</a>(?:, the newest (.*) ago; reload)?", text
        )
        assert found is not None, text
        return int(found[1]), found[2] or ""

    def text(self, name: str, **headers: str) -> str:
        """A page."""
        return asyncio.run(self._get(f"/console/{self.name}/{name}", headers)).text

    @property
    def name(self) -> str:
        """Of the ledger."""
        return self.home.here.ledger.name

    def append(self) -> int:
        """One more entry; gives its position."""
        self.home.here.ledger.submit([draft(self.home.size + 1)]).result(60)
        return self.home.size

    def asked(self) -> int:
        """The position of what the API answers."""
        answer = asyncio.run(
            self._get(f"/v1/{self.name}/deployments", {"Authorization": f"Bearer {self.token}"})
        )
        return int(answer.headers["Pipeledger-Position"])

    async def _get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://ledger.example") as one:
            form = {"ledger": self.name, "token": self.token}
            assert (await one.post("/console/login", data=form)).has_redirect_location
            told = {key.replace("_", "-"): value for key, value in headers.items()}
            return await one.get(path, headers=told)


@pytest.fixture
def visit(home: Home, tmp_path: Path) -> Iterator[Visit]:
    """Nobody has looked yet."""
    clock = Clock()
    past: Later[History] = Later(
        lambda: history_of(home.here.ledger, tmp_path / "derived", monotonic=clock)
    )
    here = replace(home.here, past=past)
    told = draft(1000, body=json.dumps(event(1)).encode())
    home.here.ledger.submit([told]).result(60)
    token = Granting(here, SERVER, now(), os.urandom).token("operator", "bob")
    yield Visit(home, make_app({here.ledger.name: here}, os.urandom, now), token, clock)
    past.close()


def test_a_page_is_as_old_as_ten_times_what_the_last_one_took(visit: Visit) -> None:
    """And not older; the API tells the newest state meanwhile, and a reload makes the page anew."""
    first = visit.page(took=3.0)
    assert first == (visit.home.size, "")
    seen = 3.0
    newest = visit.append()
    visit.clock.now = seen + 22.0
    assert visit.page() == (first[0], "22 s")
    visit.clock.now = seen + 30.5
    assert visit.page(took=3.0) == (newest, "")
    newer = visit.append()
    assert visit.page()[0] == newest
    for said in ("max-age=0", "no-cache"):
        assert visit.page(cache_control=said, took=3.0) == (newer, "")
        newer = visit.append()
        assert visit.page()[0] < newer
    assert visit.asked() == newer


def test_a_page_that_is_made_at_once_is_always_of_the_newest_state(visit: Visit) -> None:
    """Most ledgers are small."""
    for _ in range(2):
        assert visit.page(took=0.1) == (visit.home.size, "")
        visit.append()


def test_no_page_is_older_than_five_minutes(visit: Visit) -> None:
    """However long it takes to make."""
    before = visit.page(took=100.0)[0]
    visit.append()
    visit.clock.now = 100.0 + 220.0
    assert visit.page() == (before, "3 min 40 s")
    visit.clock.now = 100.0 + 300.5
    assert visit.page() == (before + 1, "")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_puts_up_with_an_older_state_and_says_so(visit: Visit, name: str) -> None:
    """Those of controls and of a line too."""
    before = visit.page(name, took=5.0)[0]
    visit.append()
    visit.clock.now = 5.0 + 20.0
    assert visit.page(name) == (before, "20 s")


def test_an_overview_is_drawn_once_an_answer(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own age each time, and again for who asks the same in other words."""
    drawn: list[Answer] = []

    class Counted(Overview):
        def __init__(self, answer: Answer) -> None:
            drawn.append(answer)
            super().__init__(answer)

    monkeypatch.setattr(pages, "Overview", Counted)
    before = visit.page("overview", took=5.0)[0]
    visit.append()
    for age in (20, 30):
        visit.clock.now = 5.0 + age
        assert visit.page("overview") == (before, f"{age} s")
    assert len(drawn) == 1
    assert 'name="tz" value="UTC"' in visit.text("overview?tz=UTC")
    assert 'name="tz" value=""' in visit.text("overview")
    assert drawn == [drawn[0]] * 3
    assert visit.page("overview", cache_control="no-cache") == (before + 1, "")
    assert len(drawn) == 4
