"""One entry on a page: every position leads there, and nobody sees more than the API tells them."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.console.page import HEADERS
from tests.inside import client as command
from tests.serving import PLAIN, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.doors import Doors
    from tests.serving import Running

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"
SEPTEMBER = {"from": "2026-09-01", "to": "2026-10-01"}
LONG = "so it went on " * 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of two deployments, one of a hostile name, and an incident."""
    with serving(tmp_path_factory.mktemp("entries") / "data") as running:
        with running.http() as client:
            for number, service in enumerate(("checkout", HOSTILE)):
                told = event(number, artifact={"digest": f"sha256:{number:064x}"})
                told["time"] = f"2026-09-{number + 2:02d}T10:00:00Z"
                told["data"]["service"] = service
                assert client.post("/events", json=told).status_code == 201
            told = event(9)
            told |= {"type": "pipeledger.incident.opened.v1", "time": "2026-09-03T11:00:00Z"}
            told["data"] = {"incident": "i-1", "service": "checkout", "environment": "production",
                            "detail": LONG}  # fmt: skip
            assert client.post("/events", json=told).status_code == 201
        yield running


@pytest.fixture
def browser(server: Running) -> Iterator[httpx.Client]:
    """Somebody who is not logged in."""
    with httpx.Client(base_url=server.url, timeout=60, verify=PLAIN) as client:
        yield client


def log_in(browser: httpx.Client, token: str) -> httpx.Client:
    """The same, logged in."""
    answer = browser.post("/console/login", data={"ledger": "default", "token": token})
    assert answer.status_code == 303
    return browser


def found(server: Running, kind: str) -> list[dict[str, Any]]:
    """Entries of a type, as the API shows each."""
    with server.http() as client:
        listed = client.get("/entries", params={"type": kind}).json()["entries"]
        return [client.get(f"/entries/{one['position']}").json() for one in listed]


@pytest.mark.parametrize(
    ("name", "query", "kind"),
    [
        ("overview", SEPTEMBER, None),
        ("deployments", SEPTEMBER, "pipeledger.deployment.finished"),
        ("running", SEPTEMBER, "pipeledger.deployment.finished"),
        ("incidents", SEPTEMBER, "pipeledger.incident.opened"),
        ("trace", {"what": "d-0"}, "pipeledger.deployment.finished"),
        ("compliance/SOC2-TSC-2017r2022/CC8.1", SEPTEMBER, "pipeledger.deployment.finished"),
    ],
)
def test_every_position_on_a_page_leads_to_its_entry(
    server: Running, browser: httpx.Client, name: str, query: dict[str, str], kind: str | None
) -> None:
    """Also the one that the page was made at."""
    page = log_in(browser, server.token).get(f"/console/default/{name}", params=query).text
    links = re.findall(r'<a href="(/console/default/entries/([0-9]+))">([0-9]+)</a>', page)
    assert links
    assert all(browser.get(place).status_code == 200 for place in {one[0] for one in links})
    assert all(to == shown for _, to, shown in links)
    if kind is not None:
        wanted = str(found(server, kind)[0]["position"])
        assert wanted in {to for _, to, _ in links}


def test_an_entry_is_shown_as_the_api_tells_it(server: Running, browser: httpx.Client) -> None:
    """Its own fields, its event, and what proves it; what is hostile is only a name."""
    (_, told) = found(server, "pipeledger.deployment.finished")
    answer = log_in(browser, server.token).get(f"/console/default/entries/{told['position']}")
    page = unescape(answer.text)
    for said in (
        told["type"], told["leaf"], told["by"]["principal"], *told["tags"],
        *(one["name"] for one in told["streams"]),
        json.dumps(HOSTILE), told["event"]["source"],
    ):  # fmt: skip
        assert said in page
    assert "<script" not in answer.text
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert f"entries/{told['position'] - 1}" in answer.text
    assert "entries/0" not in browser.get("/console/default/entries/1").text


def test_an_entry_goes_home_with_its_proof(
    server: Running, browser: httpx.Client, tmp_path: Path
) -> None:
    """As the file that the client verifies."""
    told = found(server, "pipeledger.incident.opened")[0]
    place = f"/console/default/entries/{told['position']}"
    page = log_in(browser, server.token).get(place).text
    assert f'<a href="{place}/proof" download>' in page
    answer = browser.get(f"{place}/proof")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    file = tmp_path / "one.pipeledger.json"
    file.write_bytes(answer.content)
    environment = server.environment(tmp_path)
    command("trust", "add", server.url, "--fingerprint", server.fingerprint,
            environment=environment, folder=tmp_path, status=0)  # fmt: skip
    done = command("verify", "--offline", file, environment=environment, folder=tmp_path, status=0)
    assert f"position {told['position']}: pipeledger.incident.opened" in done.stdout
    assert "not here" not in done.stdout


def test_an_approver_sees_the_entry_and_not_what_it_seals(
    server: Running, browser: httpx.Client
) -> None:
    """As over the API: neither on the page nor in the file."""
    told = found(server, "pipeledger.incident.opened")[0]
    place = f"/console/default/entries/{told['position']}"
    page = log_in(browser, server.token_of("approver")).get(place)
    assert page.status_code == 200
    assert "Auditors and operators may read it." in page.text
    assert told["leaf"] in page.text
    assert told["event"]["source"] not in page.text
    assert browser.get(f"{place}/proof").json()["parts"] == []


def test_a_session_of_another_ledger_leads_to_the_form(doors: Doors) -> None:
    """And a stranger's browser too; neither learns whether there is such an entry."""
    for row in (
        "GET /console/{ledger}/entries/{position}", "GET /console/{ledger}/entries/{position}/proof"
    ):  # fmt: skip
        for name, answer in doors.knock(row, "foreign", "nobody", "expired", "revoked").items():
            assert answer.status_code == 303, name
            assert answer.headers["Location"].startswith("/console/login?then="), name
            assert answer.content == b""


@pytest.mark.parametrize(("position", "status"), [("999", 404), ("0", 400), ("first", 400)])
def test_a_position_that_is_not_there_is_answered_by_a_page(
    server: Running, browser: httpx.Client, position: str, status: int
) -> None:
    """With the way home."""
    answer = log_in(browser, server.token).get(f"/console/default/entries/{position}")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Back to the first page" in answer.text


def test_an_auditors_look_at_an_entry_is_in_the_ledger(
    server: Running, browser: httpx.Client
) -> None:
    """With its position."""
    log_in(browser, server.token_of("auditor", "eve")).get("/console/default/entries/4")
    asked = [one["event"]["data"]["query"] for one in found(server, "pipeledger.evidence.read")]
    assert asked == ["console/entries/4"]
