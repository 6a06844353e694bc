"""One ledger that does not agree with its guard: it is not served, and the others are."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import httpx
import pytest

from api.ledgers import Ledgers, stopped_line
from tests.clusters import quickly_prepared
from tests.inside import administer, client
from tests.serving import PLAIN, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.serving import Running

ORIGIN = "ledger.example/other"
NOT_SERVED = "this ledger is not served"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of two ledgers, one of which lost its guard while it was away."""
    data = tmp_path_factory.mktemp("stopped") / "data"
    with serving(data) as running:
        running.administer("ledger", "create", "other", "--origin", ORIGIN)
        token = running.token
    shutil.rmtree(data.with_name("data.guard") / "other")
    with serving(data, first=False, PIPELEDGER_METRICS="loopback") as again:
        yield type(again)(again.data, again.url, token, again.fingerprint, again.printed)


@pytest.fixture
def browser(server: Running) -> Iterator[httpx.Client]:
    """Somebody who is not logged in."""
    with httpx.Client(base_url=server.url, timeout=60, verify=PLAIN) as found:
        yield found


def test_the_others_take_events_and_answer(server: Running) -> None:
    """As ever."""
    with server.http() as http:
        assert http.post("/events", json=event(1)).status_code == 201
        assert http.get("/entries").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "events"), ("GET", "entries"), ("GET", "log/checkpoint"), ("GET", "log/keys"),
     ("POST", "intake/github"), ("POST", "reports"), ("GET", "metrics/dora"), ("GET", "nosuch")],
)  # fmt: skip
def test_the_one_answers_nobody_and_says_why(
    server: Running, browser: httpx.Client, method: str, path: str
) -> None:
    """With or without a token: who holds one of it may have got it from another history."""
    for headers in ({}, {"Authorization": f"Bearer {server.token}"}):
        answer = browser.request(method, f"/v1/other/{path}", headers=headers, content=b"{}")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert NOT_SERVED in answer.json()["detail"]
        assert ORIGIN not in answer.text


def test_a_client_keeps_what_it_has_for_it(server: Running, tmp_path: Path) -> None:
    """The build goes on."""
    environment = server.environment(tmp_path) | {"PIPELEDGER_LEDGER": "other"}
    words = ("emit", "rollback", "deployment=d-1", "service=s", "environment=e", "outcome=success")
    done = client(*words, environment=environment, folder=tmp_path)
    assert NOT_SERVED in done.stderr
    assert "waits in the spool, 1 in all" in done.stderr


def test_its_pages_say_so_and_ask_for_no_token(server: Running, browser: httpx.Client) -> None:
    """Those of the others lead to the form and, with a token, on."""
    page = browser.get("/console/other/overview")
    assert page.status_code == 503
    assert NOT_SERVED in page.text
    login = {"ledger": "other", "token": server.token}
    assert browser.post("/console/login", data=login).status_code == 503
    assert browser.get("/console/default/trace").status_code == 303
    answer = browser.post("/console/login", data=login | {"ledger": "default"})
    assert answer.status_code == 303
    assert browser.get("/console/default/trace").status_code == 200


def test_whoever_watches_is_told(server: Running, browser: httpx.Client) -> None:
    """By the start, by the probe (which names none), and by the figures."""
    server.printed.find(re.compile("ledger other IS NOT SERVED.* guard of ledger other"))
    ready = browser.get("/readyz")
    assert ready.status_code == 200
    assert "not served: 1 of 2 ledgers" in ready.text
    assert "other" not in ready.text
    samples = browser.get("/metrics").text
    assert 'pipeledger_history_sound{ledger="other"} 0' in samples
    assert 'pipeledger_history_sound{ledger="default"} 1' in samples


def test_where_none_is_left_the_server_stops(tmp_path: Path) -> None:
    """With what to do about the first."""
    data = tmp_path / "data"
    quickly_prepared(data)
    administer("ledger", "create", "own", "--origin", ORIGIN, "--data", data)
    shutil.rmtree(tmp_path / "data.guard" / "own")
    said = administer("serve", "--data", data, "--port", "0", status=2).stderr
    assert "the guard of ledger own is empty" in said
    assert "guard restore --ledger own" in said


def test_where_all_are_served_nothing_is_said_of_it() -> None:
    """Nor where a server has none yet."""
    assert stopped_line({}) is None
    assert stopped_line(Ledgers()) is None
