"""Every route with every role, a foreign ledger's token, an expired, a revoked and a wrong one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import httpx
import pytest

from api.ingest import MAX_EVENT
from api.making import Making
from api.rates import Rates
from api.seldom import Seldom
from tests.api.doors import BODIES, ROLES, ROWS, STRANGERS, UNTIMELY, asked_of
from tests.serving import event

if TYPE_CHECKING:
    from tests.api.doors import Doors

_LET_IN: Final = {200, 201, 202, 303, 404, 409}
"""What those are answered who are let in: no request above is a bad one."""
_OWN_DOOR: Final = {"POST /v1/{ledger}/events", "POST /v1/{ledger}/reports"}
"""Ask by themselves who sends, after they looked at the query."""


def test_the_table_names_every_route_and_no_other(doors: Doors) -> None:
    """What was added without saying who may use it is found here."""
    routes = [
        one
        for found in doors.app.routes
        for one in getattr(getattr(found, "original_router", None), "routes", [found])
    ]
    there = {f"{method} {one.path}" for one in routes for method in one.methods}
    assert there == ROWS.keys()
    described = doors.app.openapi()["paths"]
    named = {path.replace(":path", "") for path in (row.split()[1] for row in ROWS)}
    assert described.keys() <= named


@pytest.mark.parametrize("row", ROWS)
def test_a_route_lets_in_whom_the_table_names(doors: Doors, row: str) -> None:
    """Others get 403, strangers 401 or the way to the form; nobody else sees anything."""
    who = ROWS[row]
    for name, answer in doors.knock(row, *STRANGERS, *ROLES).items():
        said = f"{name}: {answer.status_code} {answer.text[:200]}"
        if who == ("open",) or name in who:
            late = answer.status_code == 400 and UNTIMELY in (asked_of(row), BODIES.get(row))
            assert answer.status_code in _LET_IN or (late and "known_at" in answer.text), said
            assert "?then=" not in answer.headers.get("Location", ""), said
        elif who == ("own", "proof"):
            assert answer.status_code == 401, said
        elif name in ROLES:
            assert answer.status_code == 403, said
        elif row == "GET /metrics" and name == "foreign":
            assert answer.status_code == 200, said
            assert 'ledger="own"' not in answer.text
        elif who[0] == "session":
            assert answer.status_code == 303, said
            assert answer.headers["Location"].startswith("/console/login?then="), said
        else:
            assert answer.status_code == 401, said


def test_a_stranger_learns_nothing_from_a_bad_question(doors: Doors) -> None:
    """Whoever is not known is told that and no more, whatever is wrong with what they ask."""
    bad = {"content": b"{", "params": {"limit": "x", "known_at": "x", "framework": "nosuch"}}
    behind = [
        row for row, who in ROWS.items()
        if " /v1/" in row and row not in _OWN_DOOR and who not in {("open",), ("own", "proof")}
    ]  # fmt: skip
    for row in [*behind, "GET /v1/{ledger}/forgotten", "PUT /v1/{ledger}/entries", "GET /v1/own"]:
        answers = doors.knock(row, *STRANGERS, **bad).values()
        assert {one.status_code for one in answers} == {401}, row
        assert len({one.text for one in answers}) == 1, row


def test_the_description_says_where_a_token_is_needed_and_what_errors_are(doors: Doors) -> None:
    """As the table has it; no route speaks of the framework's own error."""
    described = doors.app.openapi()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            rows = [row for row in ROWS if row.replace(":path}", "}") == f"{method.upper()} {path}"]
            who = ROWS[rows[0]]
            assert ("security" in operation) == (who not in {("open",), ("own", "proof")}), path
            answers = operation["responses"]
            assert "422" not in answers
            assert list(answers["4XX"]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_a_new_source_is_told_the_address_that_others_reach_the_server_by(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none is set, the one that the operator came to."""
    row, told = "POST /v1/{ledger}/sources", []
    for name, url in (("inside", None), ("outside", "https://ledger.example.org/pl")):
        monkeypatch.setitem(doors.app.state._state, "public_url", url)
        answer = doors.knock(row, "operator", json={"kind": "github", "name": name})["operator"]
        told.append(answer.json()["url"])
    assert told == [
        "http://ledger.example/v1/own/intake/inside",
        "https://ledger.example.org/pl/v1/own/intake/outside",
    ]


def test_a_body_is_not_read_without_end(doors: Doors) -> None:
    """The framework would keep whatever is sent; a stranger's is not even looked at."""
    row = "POST /v1/{ledger}/environments"
    answers = doors.knock(row, "nobody", "operator", content=b" " * (MAX_EVENT + 1), json=None)
    assert answers["nobody"].status_code == 401
    assert answers["operator"].status_code == 413
    assert answers["operator"].json()["place"] == "body"


def test_a_credential_sends_so_fast_and_no_faster(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 with when to try again; another's bucket is another, a stranger has none."""
    row = "GET /v1/{ledger}/log/checkpoint"
    monkeypatch.setitem(doors.app.state._state, "rates", Rates(0, 2, lambda: 0.0))
    answers = [doors.knock(row, "emitter")["emitter"] for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) >= 1
    others = doors.knock(row, "auditor", "wrong")
    assert [one.status_code for one in others.values()] == [200, 401]


def test_more_than_may_wait_are_turned_away_and_told_when_to_come_back(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 and nothing is kept; the same bytes are taken later."""
    row = "POST /v1/{ledger}/events"
    waiting = {"json": event(2) | {"id": "waiting"}}
    with monkeypatch.context() as full:
        full.setattr("store.ledger.sequencer.MAX_WAITING", 0)
        answer = doors.knock(row, "emitter", **waiting)["emitter"]
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
    assert doors.knock(row, "emitter", **waiting)["emitter"].status_code == 201


def test_nobody_hides_that_somebody_else_tries_to_replace_an_event(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever uses up what is recorded of their own conflicts leaves others theirs."""
    monkeypatch.setitem(doors.app.state._state, "conflicts", Seldom(60, 1, lambda: 0.0))
    row = "POST /v1/{ledger}/events"

    def send(who: str, number: int) -> int:
        told = event(number) | {"id": "replaced"}
        return doors.knock(row, who, json=told)[who].status_code

    def recorded() -> int:
        kind = {"type": "pipeledger.event.conflicted", "limit": 1000}
        answer = doors.knock("GET /v1/{ledger}/entries", "operator", params=kind)["operator"]
        return len(answer.json()["entries"])

    before = recorded()
    assert [send("emitter", number) for number in range(4)] == [201, 409, 409, 409]
    assert recorded() == before + 1
    assert send("approver", 4) == 409
    assert recorded() == before + 2


def test_many_who_wait_for_a_pack_hold_up_nobody(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They hold no thread; when it has ended, all of them are answered."""
    making = Making(total=3)
    monkeypatch.setattr(doors.app.state.served["own"].packs, "state", lambda _: making)
    headers = {"Authorization": f"Bearer {doors.tokens['auditor'][0]}"}

    async def ask() -> set[int]:
        transport = httpx.ASGITransport(doors.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            path = f"/v1/own/packs/{'0' * 32}"
            waiting = [
                asyncio.create_task(client.get(path, params={"wait": 5}, headers=headers))
                for _ in range(50)
            ]
            await asyncio.wait(waiting, timeout=0.2)
            assert (await client.get("/readyz")).status_code == 200
            assert not [one for one in waiting if one.done()]
            making.ended.set_result(None)
            return {one.status_code for one in await asyncio.gather(*waiting)}

    assert asyncio.run(ask()) == {202}


def test_refused_deliveries_do_not_fill_the_logs(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator is told of a source once in a while, however often strangers try."""
    monkeypatch.setitem(doors.app.state._state, "refusals", Seldom(60, 10, lambda: 0.0))
    doors.knock("POST /v1/{ledger}/sources", "operator")
    for _ in range(3):
        doors.knock("POST /v1/{ledger}/intake/{source}", *STRANGERS)
    assert [one.name for one in caplog.records] == ["pipeledger.intake"]
