"""The console over HTTP: who may look, what the pages say, and what no name can do to them.

Long since every page is asked for by the same people of one server.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

from api.console.page import HEADERS
from domain.errors import UnavailableError
from tests.serving import PLAIN, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.doors import Doors
    from tests.serving import Running

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"
SEPTEMBER = {"from": "2026-09-01", "to": "2026-10-01"}
PAGES = {
    "overview": SEPTEMBER, "deployments": SEPTEMBER, "running": SEPTEMBER,
    "incidents": SEPTEMBER, "trace": {"what": "d-3"}, "compliance": SEPTEMBER,
    "compliance/SOC2-TSC-2017r2022": SEPTEMBER, "compliance/SOC2-TSC-2017r2022/CC8.1": SEPTEMBER,
}  # fmt: skip
"""Pages, and a question of each that is answered."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of four deployments, one rolled back and one of a hostile name."""
    with serving(tmp_path_factory.mktemp("console") / "data") as running:
        with running.http() as client:
            for number, content in enumerate("abac"):
                told = event(number, artifact={"digest": f"sha256:{content * 64}"})
                told["time"] = f"2026-09-{number + 2:02d}T10:00:00Z"
                if content == "c":
                    place = {"environment": f"{HOSTILE} production", "release": HOSTILE}
                    told["data"] |= {"service": HOSTILE} | place
                assert client.post("/events", json=told).status_code == 201
            told = event(9)
            told |= {"type": "pipeledger.incident.opened.v1", "time": "2026-09-03T11:00:00Z"}
            told["data"] = {"incident": HOSTILE, "service": "checkout", "environment": "production"}
            assert client.post("/events", json=told).status_code == 201
            made = client.post("/sources", json={"kind": "github", "every_s": 86_400})
            assert made.status_code == 201
        yield running


@pytest.fixture
def visitor(server: Running) -> Iterator[httpx.Client]:
    """Somebody who is not logged in."""
    with httpx.Client(base_url=server.url, timeout=60, verify=PLAIN) as client:
        yield client


@pytest.fixture
def person(server: Running, visitor: httpx.Client) -> httpx.Client:
    """Somebody who is logged in."""
    assert log_in(visitor, server.token).status_code == 303
    return visitor


def log_in(client: httpx.Client, token: str, **more: str) -> httpx.Response:
    """What the form answers."""
    return client.post("/console/login", data={"ledger": "default", "token": token} | more)


@pytest.mark.parametrize("name", ["overview", "deployments", "running"])
def test_a_deployment_that_names_next_to_nothing_is_shown(
    server: Running, person: httpx.Client, name: str
) -> None:
    """The first event of the README: no artifact, no commit, no release."""
    told = event(20) | {"time": "2026-10-05T10:00:00Z"}
    told["data"] = {
        "deployment": "d-bare", "service": "bare", "environment": "production", "outcome": "success"
    }  # fmt: skip
    with server.http() as client:
        assert client.post("/events", json=told).status_code in (200, 201)
    page = person.get(f"/console/default/{name}?from=2026-10-01&to=2026-11-01")
    assert page.status_code == 200
    assert "bare" in page.text


@pytest.mark.parametrize("name", [*PAGES, "answer", "report", "report/SLSA", "entries/4"])
def test_nobody_sees_a_page_without_a_session(visitor: httpx.Client, name: str) -> None:
    """The way in remembers where somebody wanted to go."""
    answer = visitor.get(f"/console/default/{name}", params={"service": "checkout"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == (
        f"/console/login?then=%2Fconsole%2Fdefault%2F{quote(name, safe='')}%3Fservice%3Dcheckout"
    )
    assert visitor.get(f"/console/nosuch/{name}").status_code == 303


@pytest.mark.parametrize("name", ["%E6%97%A5", "a%25b%3Fc%23d?service=%E6%97%A5"])
def test_whoever_logs_in_gets_to_where_they_wanted_to_go(
    server: Running, visitor: httpx.Client, name: str
) -> None:
    """Whatever letters stand in its address."""
    place = f"/console/default/compliance/{name}"
    form = visitor.get(visitor.get(place).headers["Location"])
    (then,) = re.findall('name="then" value="([^"]*)"', form.text)
    answer = log_in(visitor, server.token, then=unescape(then))
    assert (answer.status_code, answer.headers["Location"]) == (303, place)


def test_the_session_is_for_the_browser_alone(server: Running, visitor: httpx.Client) -> None:
    """No script reads it, no other site sends it, and it does not hold the token."""
    cookie = log_in(visitor, server.token).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/console" in cookie
    assert server.token not in cookie


@pytest.mark.parametrize(
    ("token", "ledger"), [("plt_wrong", "default"), ("", "default"), (None, "nosuch")]
)
def test_a_wrong_token_opens_nothing(
    server: Running, visitor: httpx.Client, token: str | None, ledger: str
) -> None:
    """A ledger that is not there looks the same as a token that is none."""
    answer = log_in(visitor, server.token if token is None else token, ledger=ledger)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "This token is not valid for this ledger." in answer.text


def test_an_emitter_may_not_look(server: Running, visitor: httpx.Client) -> None:
    """A job's token is no way in; those of people are, and lead to what they may see."""
    assert log_in(visitor, server.token_of("emitter")).status_code == 403
    for role, first in (("auditor", "overview"), ("approver", "trace")):
        place = log_in(visitor, server.token_of(role)).headers["Location"]
        assert place == visitor.get("/console/").headers["Location"] == f"/console/default/{first}"
        page = visitor.get(place).text
        assert f"· {role}" in page
        assert ("/console/default/compliance" in page) == (role == "auditor")


def test_an_approver_sees_the_line_of_what_is_approved_and_no_other_evidence(
    server: Running, visitor: httpx.Client
) -> None:
    """The console shows nobody what the API refuses them."""
    token = server.token_of("approver", "bob")
    log_in(visitor, token)
    line = {"what": f"sha256:{'a' * 64}"}
    assert "checkout" in visitor.get("/console/default/trace", params=line).text
    for name in ("overview", "compliance", "answer", "report"):
        refused = visitor.get(f"/console/default/{name}", params=SEPTEMBER)
        assert refused.status_code == 403
        assert "checkout" not in refused.text
    with server.http(token) as client:
        assert client.get(f"/trace/{line['what']}").status_code == 200
        assert client.get("/metrics/dora").status_code == 403


def test_a_form_of_another_site_is_refused(server: Running, visitor: httpx.Client) -> None:
    """By what the browser says of where it was sent from."""
    data = {"ledger": "default", "token": server.token}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        answer = visitor.post("/console/login", data=data, headers=headers)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert visitor.post("/console/login", data=data, headers=own).status_code == 303
    answer = visitor.post("/console/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert visitor.get("/console/default/overview").status_code == 200


@pytest.mark.parametrize(
    ("then", "place"),
    [
        ("/console/default/incidents?service=a", "/console/default/incidents?service=a"),
        ("https://elsewhere.example/console/default/", "/console/default/overview"),
        ("//elsewhere.example", "/console/default/overview"),
        ("/console/default/\\elsewhere", "/console/default/overview"),
        ("/console/default/\r\nSet-Cookie: a=b", "/console/default/overview"),
        ("/console/default/compliance/\u65e5", "/console/default/overview"),
    ],
)
def test_logging_in_leads_to_pages_of_this_console_alone(
    server: Running, visitor: httpx.Client, then: str, place: str
) -> None:
    """Whatever the address said."""
    assert log_in(visitor, server.token, then=then).headers["Location"] == place


def test_the_form_of_several_ledgers_names_none_of_them(doors: Doors) -> None:
    """But the one whose page somebody asked for, whether it is there or not."""
    row = "GET /console/login"
    (form,) = doors.knock(row, "nobody").values()
    assert '<input id="ledger" name="ledger" value=""' in form.text
    for name in ("own", "nosuch"):
        then = {"then": f"/console/{name}/trace"}
        (form,) = doors.knock(row, "nobody", params=then).values()
        assert f'<input id="ledger" name="ledger" value="{name}"' in form.text
        assert "other" not in form.text


def test_behind_a_proxy_with_tls_the_session_travels_by_tls_alone(
    server: Running, visitor: httpx.Client
) -> None:
    """TLS ends before the server: the browser says with the form how it came."""
    assert "; Secure" not in log_in(visitor, server.token).headers["Set-Cookie"]
    visitor.headers["Origin"] = f"https://{visitor.base_url.netloc.decode()}"
    assert "; Secure" in log_in(visitor, server.token).headers["Set-Cookie"]


def test_an_altered_session_is_none(person: httpx.Client) -> None:
    """Neither another end, nor another ledger, nor another credential."""
    value = person.cookies["pipeledger_session"]
    ledger, credential, name, ends, mac = value.split(".")
    for wrong in (
        f"{ledger}.{credential}.{name}.{int(ends) + 1}.{mac}",
        f"{ledger}.crd_{'0' * 32}.{name}.{ends}.{mac}",
        f"{ledger}.{credential}.{name}.{ends}.{'A' * 43}",
        f"other.{credential}.{name}.{ends}.{mac}",
        "x" * 5000,
    ):
        headers = {"Cookie": f"pipeledger_session={wrong}"}
        with httpx.Client(base_url=person.base_url, headers=headers, verify=PLAIN) as client:
            assert client.get("/console/default/overview").status_code == 303


def test_a_session_ends_with_its_token_and_with_logging_out(
    server: Running, visitor: httpx.Client
) -> None:
    """A kept cookie is of no use afterwards."""
    log_in(visitor, server.token)
    kept = {"Cookie": f"pipeledger_session={visitor.cookies['pipeledger_session']}"}
    assert visitor.post("/console/logout").headers["Location"] == "/console/login"
    assert "pipeledger_session" not in visitor.cookies
    assert visitor.get("/console/default/overview", headers=kept).status_code == 303


@pytest.mark.parametrize("name", PAGES)
def test_nothing_comes_from_elsewhere_and_nothing_runs(person: httpx.Client, name: str) -> None:
    """The policy forbids it, and the page does not try."""
    answer = person.get(f"/console/default/{name}", params=PAGES[name])
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.findall(r"<script|<style|\sstyle=|\son\w+=|javascript:", answer.text) == []
    for address in re.findall(r"(?:src|href|action)=\"([^\"]*)\"", answer.text):
        assert re.match(r"/console/|\?|#content$", address)
        if address.startswith("/console/assets/"):
            asset = person.get(address)
            assert asset.status_code == 200
            assert "immutable" in asset.headers["Cache-Control"]


@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_name_is_only_a_name(person: httpx.Client, name: str) -> None:
    """In tables, charts, filters and addresses."""
    page = person.get(f"/console/default/{name}", params=PAGES[name]).text
    assert "<script" not in page
    assert HOSTILE in unescape(page)
    field = "what" if name == "trace" else "service"
    asked = person.get(f"/console/default/{name}", params=PAGES[name] | {field: HOSTILE}).text
    assert "<script" not in asked
    assert HOSTILE in unescape(asked)


def test_the_overview_says_what_the_definitions_say(server: Running, person: httpx.Client) -> None:
    """The same numbers as the metrics over the API."""
    page = person.get("/console/default/overview", params=SEPTEMBER).text
    with server.http() as client:
        told = client.get("/metrics/dora", params=SEPTEMBER).json()["tables"]["dora"][0]
    assert (told["failed"], told["counted"]) == (1, 3)
    assert "1 of 3 deployments" in page
    assert "33.3 %" in page
    assert "few cases" in page
    assert "whose tier nobody has told" in page
    # Every chart's numbers are there without looking at it.
    assert page.count("<summary>As a table</summary>") == page.count("<figure") == 3
    assert "silent too long" not in page


def test_controls_lead_to_their_items(server: Running, person: httpx.Client) -> None:
    """From all frameworks to one control, whose numbers are those of the API."""
    place, steps = "/console/default/compliance", []
    for title in ("Compliance", "SOC 2: trust services criteria", "CC8.1 \u00b7 Change management"):
        page = person.get(place, params=SEPTEMBER).text
        assert f"<h1>{title}" in unescape(page)
        steps.append(page)
        found = re.search(rf'href="({place}/[^"?/]*(?:SOC2|CC8.1)[^"?/]*)\?', page)
        place = unescape(found[1]) if found else place
    with server.http() as client:
        told = client.get("/compliance/SOC2-TSC-2017r2022/CC8.1", params=SEPTEMBER).json()
    assert told["catalogue"]["digest"] in steps[0]
    (result,) = [one for one in told["tables"]["control_results"] if one["test"] == "CHG-02"]
    assert result["population"] == 3
    assert f"{result['population']} items: {result['violated']} violated" in steps[2]
    assert told["tables"]["control_items"][0]["reason"] in unescape(steps[2])
    assert "not evaluated: this test is not built" in steps[2] or all(
        one["built"] for one in told["catalogue"]["tests"].values()
    )


def test_the_report_is_a_click_away(person: httpx.Client) -> None:
    """Of all frameworks or of one, with the window of the page that leads to it."""
    for place, frameworks in (("compliance", 15), ("compliance/SLSA", 1)):
        page = person.get(f"/console/default/{place}", params=SEPTEMBER).text
        found = re.search(r'href="(/console/default/report[^"]*)"', page)
        assert found is not None
        answer = person.get(unescape(found[1]))
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "2026-09-01 00:00 to 2026-10-01 00:00 UTC" in answer.text
        assert answer.text.count('<h3 id="framework-') == frameworks
        assert "<script" not in answer.text
    assert person.get("/console/default/report/SOC3").status_code == 404


def test_a_control_that_is_not_there_is_answered_by_a_page(person: httpx.Client) -> None:
    """With the names of those that are; also a framework."""
    for place, named in (("SOC3", "SOX-ITGC"), ("SLSA/X", "v1.1-Build-L1")):
        answer = person.get(f"/console/default/compliance/{place}")
        assert answer.status_code == 404
        assert named in answer.text


@pytest.mark.parametrize(
    ("method", "place", "status", "why"),
    [
        ("GET", "nosuch", 404, "There is no page at this address."),
        ("GET", "default/nosuch?x=1", 404, "There is no page at this address."),
        ("GET", "assets/nosuch.css", 404, "no asset nosuch.css"),
        ("GET", "login?nosuch=1", 400, "query nosuch: there is no such parameter here"),
        ("POST", "default/overview", 405, "This could not be answered."),
    ],
)
def test_an_address_that_there_is_not_is_answered_by_a_page(
    visitor: httpx.Client, server: Running, method: str, place: str, status: int, why: str
) -> None:
    """With the way home, and the navigation of whoever is logged in; nothing else gets in."""
    for word, navigation in (("To the console", 0), ("Back to the first page", 1)):
        answer = visitor.request(method, f"/console/{place}")
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        for name, told in HEADERS.items():
            assert answer.headers[name] == told
        page = unescape(answer.text)
        assert why in page
        assert f'<a href="/console/">{word}</a>' in page
        assert page.count("<nav") == navigation
        log_in(visitor, server.token)
    assert visitor.get("/consoles").headers["Content-Type"] == "application/problem+json"


def test_a_page_that_must_wait_says_when_to_come_back_and_no_address(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the database that knows the person is what is away."""
    away = UnavailableError("192.0.2.7 does not answer", "the database does not answer")

    def fail(*_: object) -> None:
        raise away

    monkeypatch.setattr("store.credentials.Tokens.of", fail)
    row = "GET /console/{ledger}/overview"
    answer = doors.knock(row, "auditor")["auditor"]
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "the database does not answer" in answer.text
    assert "192.0.2.7" not in answer.text
    assert "<nav" not in answer.text


def test_an_answer_goes_home_with_its_proof(person: httpx.Client) -> None:
    """The same position as the page."""
    page = person.get("/console/default/overview", params=SEPTEMBER).text
    address = re.search(r'href="(/console/default/answer[^"]*)"', page)
    assert address is not None
    answer = person.get(unescape(address[1]))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    proof = answer.json()["proof"]
    assert proof["root"] in page
    assert proof["definitions"]["digest"] in page


def test_an_auditors_visit_is_in_the_ledger(server: Running, visitor: httpx.Client) -> None:
    """Without the values that were filtered by; an operator's is not."""
    log_in(visitor, server.token_of("auditor"))
    visitor.get("/console/default/incidents", params=SEPTEMBER | {"service": "checkout"})
    with server.http() as client:
        found = client.get("/entries", params={"type": "pipeledger.evidence.read"}).json()
        events = [client.get(f"/entries/{one['position']}").json() for one in found["entries"]]
    asked = [one["event"]["data"]["query"] for one in events]
    assert "console/incidents?from&service&to" in asked


def test_a_page_at_an_earlier_position_says_so(person: httpx.Client) -> None:
    """And counts what was known then."""
    page = person.get("/console/default/overview", params=SEPTEMBER | {"known_at": "4"}).text
    assert "As the ledger knew it at position <a" in page
    assert ">4</a>; later entries are left out" in page


def test_a_line_is_shown_with_what_it_lacks(person: httpx.Client) -> None:
    """Each hop proved, asserted or missing, and if missing with what to paste."""
    page = unescape(person.get("/console/default/trace", params={"what": "d-1"}).text)
    assert "Deployment · production" in page
    assert '<li class="panel hop missing">' in page
    assert "<pre>pipeledger " in page
    listed = person.get("/console/default/deployments", params=SEPTEMBER).text
    address = re.search(r'href="(/console/default/trace\?what=[^"]*)"', listed)
    assert address is not None
    assert person.get(unescape(address[1])).status_code == 200


def test_what_nobody_told_of_has_no_line(person: httpx.Client) -> None:
    """The page says so, and the field is there to try again."""
    answer = person.get("/console/default/trace", params={"what": "nosuch"})
    assert answer.status_code == 404
    assert 'role="alert"' in answer.text
    assert 'value="nosuch"' in answer.text
    assert person.get("/console/default/trace").status_code == 200


def test_an_empty_window_says_why_and_what_to_run(person: httpx.Client) -> None:
    """A newcomer sees the next step."""
    page = unescape(
        person.get(
            "/console/default/overview", params={"from": "2020-01-01", "to": "2020-02-01"}
        ).text
    )
    assert "Nothing to count in this window" in page
    assert "pipeledger" in page


@pytest.mark.parametrize(
    "query", [{"from": "yesterday"}, {"days": "8"}, {"color": "red"}, {"tz": "Mars/Base"},
              {"known_at": "0"}, {"offset": "-1"}, {"from": "2026-02-01", "to": "2026-01-01"},
              {"to": "0001-01-10"}],
)  # fmt: skip
def test_a_wrong_question_is_answered_by_a_page(
    person: httpx.Client, query: dict[str, str]
) -> None:
    """With the name of what is wrong."""
    answer = person.get("/console/default/overview", params=query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "query" in answer.text


def test_wrong_tokens_are_limited_and_right_ones_are_not(server: Running) -> None:
    """Who guesses is slowed down, and locks nobody of the same address out."""
    with httpx.Client(base_url=server.url, timeout=60, verify=PLAIN) as client:
        codes = [log_in(client, "plt_guess").status_code for _ in range(40)]
        assert codes[-1] == 429
        assert log_in(client, server.token).status_code == 303
