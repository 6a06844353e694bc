"""Every route with every role, a foreign ledger's token, an expired, a revoked and a wrong one.

Who is let in stands in one table. A route that is not in it, or a row without a route, is a
failure, and so is every answer that the table does not say.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from api.app import make_app
from api.console.session import COOKIE
from api.granting import Granting
from api.host import Host, Settings, now
from api.ingest import MAX_EVENT
from api.rates import Rates
from api.seldom import Seldom
from store.ledger.ledger import SERVER
from tests.clusters import prepared
from tests.serving import event
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from api.host import Served
    from store.credentials import Credential

ROLES: Final = ("emitter", "approver", "auditor", "operator")

# "open": without a token, too. "own proof": asks for the sender's own proof, and takes no token.
# Roles after "session" look with the cookie of somebody who logged in.
TABLE: Final = """
GET  /                                                       open
GET  /healthz                                                open
GET  /readyz                                                 open
GET  /openapi.json                                           open
HEAD /openapi.json                                           open
GET  /metrics                                                auditor operator
POST /v1/{ledger}/events                                     emitter approver operator
POST /v1/{ledger}/reports                                    emitter approver operator
POST /v1/{ledger}/intake/{source}                            own proof
GET  /v1/{ledger}/sources                                    emitter approver auditor operator
POST /v1/{ledger}/sources                                    operator
GET  /v1/{ledger}/entries                                    emitter approver auditor operator
GET  /v1/{ledger}/entries/{position}                         emitter approver auditor operator
GET  /v1/{ledger}/entries/{position}/raw                     emitter approver auditor operator
GET  /v1/{ledger}/entries/{position}/proof                   emitter approver auditor operator
GET  /v1/{ledger}/entries/{position}/parts/{name}            auditor operator
GET  /v1/{ledger}/documents/{commitment}                     auditor operator
GET  /v1/{ledger}/streams/{stream:path}                      emitter approver auditor operator
GET  /v1/{ledger}/log/checkpoint                             emitter approver auditor operator
GET  /v1/{ledger}/log/consistency                            emitter approver auditor operator
GET  /v1/{ledger}/log/keys                                   open
GET  /v1/{ledger}/log/tile/{path:path}                       emitter approver auditor operator
GET  /v1/{ledger}/keys                                       emitter approver auditor operator
GET  /v1/{ledger}/definitions                                auditor operator
GET  /v1/{ledger}/artifacts/{digest}                         auditor operator
GET  /v1/{ledger}/deployments                                auditor operator
GET  /v1/{ledger}/failures                                   auditor operator
GET  /v1/{ledger}/lead-times                                 auditor operator
GET  /v1/{ledger}/incidents                                  auditor operator
GET  /v1/{ledger}/changes                                    auditor operator
GET  /v1/{ledger}/reviews                                    auditor operator
GET  /v1/{ledger}/approvals                                  auditor operator
GET  /v1/{ledger}/waivers                                    auditor operator
GET  /v1/{ledger}/emergencies                                auditor operator
GET  /v1/{ledger}/artifacts                                  auditor operator
GET  /v1/{ledger}/tests                                      auditor operator
GET  /v1/{ledger}/scans                                      auditor operator
GET  /v1/{ledger}/findings                                   auditor operator
GET  /v1/{ledger}/running                                    auditor operator
GET  /v1/{ledger}/drift                                      auditor operator
GET  /v1/{ledger}/coverage                                   auditor operator
GET  /v1/{ledger}/failovers                                  auditor operator
GET  /v1/{ledger}/drills                                     auditor operator
GET  /v1/{ledger}/restores                                   auditor operator
GET  /v1/{ledger}/services                                   auditor operator
GET  /v1/{ledger}/environments                               auditor operator
GET  /v1/{ledger}/metrics/dora                               auditor operator
GET  /v1/{ledger}/metrics/mttr                               auditor operator
GET  /v1/{ledger}/trace/{what:path}                          auditor operator
GET  /v1/{ledger}/report                                     auditor operator
GET  /v1/{ledger}/compliance                                 auditor operator
GET  /v1/{ledger}/compliance/{framework}                     auditor operator
GET  /v1/{ledger}/compliance/{framework}/{control:path}      auditor operator
GET  /v1/{ledger}/compliance/{framework}/oscal               auditor operator
GET  /v1/{ledger}/controls                                   auditor operator
GET  /v1/{ledger}/controls/tests/{test}                      auditor operator
POST /v1/{ledger}/packs                                      auditor operator
GET  /v1/{ledger}/packs/{identity}                           auditor operator
GET  /v1/{ledger}/commands                                   auditor operator
POST /v1/{ledger}/commands/{position}/confirm                operator
POST /v1/{ledger}/commands/{position}/withdraw               operator
POST /v1/{ledger}/environments                               operator
POST /v1/{ledger}/services                                   operator
POST /v1/{ledger}/entries/{position}/void                    operator
POST /v1/{ledger}/deployments/{identity:path}/assess         operator
POST /v1/{ledger}/incidents/{identity:path}/assess           operator
POST /v1/{ledger}/people/link                                operator
POST /v1/{ledger}/people/unlink                              operator
POST /v1/{ledger}/waivers                                    operator
POST /v1/{ledger}/waivers/{identity}/revoke                  operator
POST /v1/{ledger}/approvals                                  emitter approver operator
GET  /v1/{ledger}/approvals/{identity}                       emitter approver auditor operator
POST /v1/{ledger}/approvals/{identity}/grant                 approver operator
POST /v1/{ledger}/approvals/{identity}/reject                approver operator
POST /v1/{ledger}/approvals/{identity}/withdraw              emitter approver operator
POST /v1/{ledger}/emergencies                                approver operator
GET  /console                                                open
GET  /console/                                               open
GET  /console/assets/{name}                                  open
GET  /console/login                                          open
POST /console/login                                          own proof
POST /console/logout                                         open
GET  /console/{ledger}/overview                              session approver auditor operator
GET  /console/{ledger}/deployments                           session approver auditor operator
GET  /console/{ledger}/incidents                             session approver auditor operator
GET  /console/{ledger}/running                               session approver auditor operator
GET  /console/{ledger}/trace                                 session approver auditor operator
GET  /console/{ledger}/answer                                session approver auditor operator
GET  /console/{ledger}/compliance                            session approver auditor operator
GET  /console/{ledger}/compliance/{framework}                session approver auditor operator
GET  /console/{ledger}/compliance/{framework}/{control:path} session approver auditor operator
GET  /console/{ledger}/report                                session approver auditor operator
GET  /console/{ledger}/report/{framework}                    session approver auditor operator
"""


def _rows() -> dict[str, tuple[str, ...]]:
    rows = [line.split() for line in TABLE.strip().splitlines()]
    return {f"{method} {path}": tuple(who) for method, path, *who in rows}


ROWS: Final = _rows()
_FILLED: Final = {
    "ledger": "own", "position": "4", "name": "event", "commitment": "0" * 64,
    "stream:path": "line/checkout@production", "path:path": "0/000.p/1",
    "digest": f"sha256:{'0' * 64}", "framework": "SLSA", "control:path": "Build-L1",
    "test": "change-reviewed", "identity": "0" * 32, "identity:path": "d-1", "what:path": "d-1",
    "source": "github",
}  # fmt: skip
_QUERIES: Final = {"GET /v1/{ledger}/log/consistency": {"from": "1", "to": "2"}}
_UNTIMELY: Final = {"known_at": "never"}
"""What is computed is asked of no instant there is: a refusal behind the door, at little cost."""
_SOON: Final = now() + timedelta(days=30)
_WHY: Final = {"reason": "because"}
_PAIR: Final = {"person": "github/ada", "other": "gitlab/ada"} | _WHY
_SUBJECT: Final = [{"kind": "commit", "commit": "c" * 40}]
_BODIES: Final[dict[str, Any]] = {
    "POST /v1/{ledger}/sources": {"kind": "github"},
    "POST /v1/{ledger}/packs": _UNTIMELY,
    "POST /v1/{ledger}/environments": {"environment": "blue", "tier": "test"} | _WHY,
    "POST /v1/{ledger}/services": {"service": "checkout", "team": "shop"} | _WHY,
    "POST /v1/{ledger}/entries/{position}/void": _WHY,
    "POST /v1/{ledger}/deployments/{identity:path}/assess": {"source": "a", "impact": True} | _WHY,
    "POST /v1/{ledger}/incidents/{identity:path}/assess": {"source": "a", "cause": "c"} | _WHY,
    "POST /v1/{ledger}/people/link": _PAIR,
    "POST /v1/{ledger}/people/unlink": _PAIR,
    "POST /v1/{ledger}/waivers": {"expires": f"{_SOON:%Y-%m-%dT%H:%M:%SZ}", "rules": ["r"]} | _WHY,
    "POST /v1/{ledger}/waivers/{identity}/revoke": _WHY,
    "POST /v1/{ledger}/approvals": {"subjects": _SUBJECT},
    "POST /v1/{ledger}/approvals/{identity}/reject": _WHY,
    "POST /v1/{ledger}/emergencies": {"subjects": _SUBJECT, "environments": ["production"]} | _WHY,
}
_REPORT: Final = b'<testsuite name="s" tests="1"><testcase classname="c" name="n"/></testsuite>'
_COMPUTED: Final = {("auditor", "operator"), ("session", "approver", "auditor", "operator")}
_LET_IN: Final = {200, 201, 202, 303, 404, 409}
"""What those are answered who are let in: no request above is a bad one."""
_OWN_DOOR: Final = {"POST /v1/{ledger}/events", "POST /v1/{ledger}/reports"}
"""Ask by themselves who sends, after they looked at the query."""


STRANGERS: Final = ("nobody", "foreign", "expired", "revoked", "wrong")


def _asked(row: str) -> dict[str, str]:
    computed = "{ledger}" in row and ROWS.get(row) in _COMPUTED
    return _QUERIES.get(row) or (_UNTIMELY if computed else {})


@dataclass(frozen=True)
class Doors:
    """An application with two ledgers.

    Attributes:
        app: the application.
        tokens: text and credential by who it is: a role of the ledger `own`, or a stranger.
    """

    app: FastAPI
    tokens: dict[str, tuple[str, Credential]]

    def knock(self, row: str, *who: str, **more: Any) -> dict[str, httpx.Response]:  # noqa: ANN401 - httpx
        """What each of these is answered at a route."""
        return asyncio.run(self._knock(row, who, more))

    async def _knock(
        self, row: str, who: tuple[str, ...], more: dict[str, Any]
    ) -> dict[str, httpx.Response]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://ledger.example", trust_env=False
        ) as client:
            return {name: await client.request(**self._request(row, name) | more) for name in who}

    def _request(self, row: str, who: str) -> dict[str, Any]:
        method, path = row.split()
        for name, value in _FILLED.items():
            path = path.replace(f"{{{name}}}", value)
        asked: dict[str, Any] = {"method": method, "url": path, "params": _asked(row)}
        headers = asked["headers"] = {}
        if row.endswith("/events"):
            asked["json"] = event(1, deployment=f"of-{who}") | {"id": who}
        elif row.endswith("/reports"):
            asked["content"] = _REPORT
        elif row in _BODIES:
            asked["json"] = _BODIES[row]
        if who != "nobody":
            text, credential = self.tokens[who]
            headers["Authorization"] = f"Bearer {text}"
            if ROWS.get(row, ("",))[0] == "session":
                ledger = "other" if who == "foreign" else "own"
                headers["Cookie"] = f"{COOKIE}={self.app.state.sessions.begin(ledger, credential)}"
        return asked


def _found(here: Served, text: str) -> tuple[str, Credential]:
    credential = here.tokens.find(text)
    assert credential is not None
    return text, credential


@pytest.fixture(scope="module")
def doors(reachable: Path) -> Iterator[Doors]:
    """Two ledgers, and a token of every kind."""
    with Host(Settings(prepared(reachable / "doors" / "data"))) as host:
        for name in ("own", "other"):
            host.create(name, f"ledger.example/{name}")
        own, other = host.open("own"), host.open("other")
        granting = Granting(own, SERVER, now(), os.urandom)
        tokens = {role: _found(own, granting.token(role, role)) for role in ROLES}
        there = Granting(other, SERVER, now(), os.urandom)
        tokens["foreign"] = _found(other, there.token("operator", "foreign"))
        over = now() - timedelta(seconds=1)
        expired, credential = own.tokens.draw(own.register.workload(), "operator", (), over)
        own.tokens.keep(expired, credential)
        tokens["expired"] = (expired, credential)
        tokens["revoked"] = _found(own, granting.token("operator", "revoked"))
        revoked = tokens["revoked"][1]
        granting.revoke_token(revoked.id)
        tokens["wrong"] = ("plt_" + "A" * 43, replace(revoked, id=f"crd_{'0' * 32}"))
        own.ledger.submit([draft(1)]).result(60)
        app = make_app({"own": own, "other": other}, os.urandom, now)
        yield Doors(app, tokens)
        for one in (own, other):
            one.close()


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
            late = answer.status_code == 400 and _asked(row) == _UNTIMELY
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


def test_refused_deliveries_do_not_fill_the_logs(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator is told of a source once in a while, however often strangers try."""
    monkeypatch.setitem(doors.app.state._state, "refusals", Seldom(60, 10, lambda: 0.0))
    doors.knock("POST /v1/{ledger}/sources", "operator")
    for _ in range(3):
        doors.knock("POST /v1/{ledger}/intake/{source}", *STRANGERS)
    assert [one.name for one in caplog.records] == ["pipeledger.intake"]
