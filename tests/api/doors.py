"""Every route, who is let in there, and a way to knock at it as anybody.

Who is let in stands in one table. A route that is not in it, or a row without a route, is a
failure, and so is every answer that the table does not say.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx

from api.console.session import COOKIE
from api.host import now
from tests.serving import event

if TYPE_CHECKING:
    from fastapi import FastAPI

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
GET  /v1/{ledger}/trace/{what:path}                          approver auditor operator
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
GET  /console/{ledger}/overview                              session auditor operator
GET  /console/{ledger}/deployments                           session auditor operator
GET  /console/{ledger}/incidents                             session auditor operator
GET  /console/{ledger}/running                               session auditor operator
GET  /console/{ledger}/trace                                 session approver auditor operator
GET  /console/{ledger}/entries/{position}                    session approver auditor operator
GET  /console/{ledger}/entries/{position}/proof              session approver auditor operator
GET  /console/{ledger}/answer                                session auditor operator
GET  /console/{ledger}/compliance                            session auditor operator
GET  /console/{ledger}/compliance/{framework}                session auditor operator
GET  /console/{ledger}/compliance/{framework}/{control:path} session auditor operator
GET  /console/{ledger}/report                                session auditor operator
GET  /console/{ledger}/report/{framework}                    session auditor operator
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
_QUERIES: Final[dict[str, dict[str, str]]] = {
    "GET /v1/{ledger}/log/consistency": {"from": "1", "to": "2"},
    "GET /v1/{ledger}/entries/{position}/parts/{name}": {},
    "GET /console/{ledger}/entries/{position}": {},
    "GET /console/{ledger}/entries/{position}/proof": {},
    "GET /v1/{ledger}/documents/{commitment}": {},
    "GET /v1/{ledger}/definitions": {},
    "GET /v1/{ledger}/controls": {},
    "POST /v1/{ledger}/packs": {},
    "GET /v1/{ledger}/packs/{identity}": {},
    "GET /v1/{ledger}/commands": {},
}
UNTIMELY: Final = {"known_at": "never"}
"""What is computed is asked of no instant there is: a refusal behind the door, at little cost."""
_SOON: Final = now() + timedelta(days=30)
_WHY: Final = {"reason": "because"}
_PAIR: Final = {"person": "github/ada", "other": "gitlab/ada"} | _WHY
_SUBJECT: Final = [{"kind": "commit", "commit": "c" * 40}]
BODIES: Final[dict[str, Any]] = {
    "POST /v1/{ledger}/sources": {"kind": "github"},
    "POST /v1/{ledger}/packs": UNTIMELY,
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
_COMPUTED: Final = {
    (*session, *approver, "auditor", "operator")
    for session in ((), ("session",)) for approver in ((), ("approver",))
}  # fmt: skip
STRANGERS: Final = ("nobody", "foreign", "expired", "revoked", "wrong")


def asked_of(row: str) -> dict[str, str]:
    """What a route is asked for: what it needs, or as little work as can be."""
    computed = "{ledger}" in row and ROWS.get(row) in _COMPUTED
    return _QUERIES.get(row, UNTIMELY if computed else {})


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

    @staticmethod
    def path_of(row: str) -> str:
        """The path of a route, with something for each name in it."""
        path = row.split()[1]
        for name, value in _FILLED.items():
            path = path.replace(f"{{{name}}}", value)
        return path

    def _request(self, row: str, who: str) -> dict[str, Any]:
        method, path = row.split(maxsplit=1)[0], self.path_of(row)
        asked: dict[str, Any] = {"method": method, "url": path, "params": asked_of(row)}
        headers = asked["headers"] = {}
        if row.endswith("/events"):
            asked["json"] = event(1, deployment=f"of-{who}") | {"id": who}
        elif row.endswith("/reports"):
            asked["content"] = _REPORT
        elif row in BODIES:
            asked["json"] = BODIES[row]
        if who != "nobody":
            text, credential = self.tokens[who]
            headers["Authorization"] = f"Bearer {text}"
            if ROWS.get(row, ("",))[0] == "session":
                ledger = "other" if who == "foreign" else "own"
                headers["Cookie"] = f"{COOKIE}={self.app.state.sessions.begin(ledger, credential)}"
        return asked
