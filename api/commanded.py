"""How a command over HTTP is run and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from fastapi import Response
from starlette.concurrency import run_in_threadpool

from api import receipts
from api.deciding import Commanding
from api.entrance import JSON, enter, facts
from domain.decisions.command import field_of
from domain.decisions.fact import CommandProposed

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request

    from api.deciding import Decided
    from api.served import Served

OPERATOR: Final = ("operator",)
_PROBLEM: Final = {"application/problem+json": {"schema": {"type": "object"}}}
FORBIDDEN: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "a field is missing or wrong: `place` names it", "content": _PROBLEM},
    403: {"description": "the role of this token may not do this", "content": _PROBLEM},
    404: {"description": "what it speaks of is not there", "content": _PROBLEM},
    409: {
        "description": "a rule forbids it, or something came meanwhile: `detail` says which, and "
        "who else may",
        "content": _PROBLEM,
    },
}
"""How a command is refused, for the description of the interface."""
PROPOSED: Final[dict[int | str, dict[str, Any]]] = FORBIDDEN | {
    202: {"description": "another operator has to confirm it: `confirm` says where"}
}
_NAMED: Final = ("approval", "emergency", "waiver")
"""Fields by which an answer says of what it is the receipt."""
C = TypeVar("C", bound=Commanding)


async def command(
    request: Request,
    ledger: str,
    roles: tuple[str, ...],
    kind: type[C],
    decide: Callable[[C], Decided | tuple[Decided, str]],
) -> Response:
    """Run a command in the name of whoever sends the request.

    Args:
        request: with the token.
        ledger: name of the ledger.
        roles: whose tokens may command it.
        kind: the commands it is one of.
        decide: the command; it may give the state of what it is about, too.

    Returns:
        201 with the receipt, and the id of what it is about; 202 where a second person has to
        confirm it.
    """
    here, credential = await enter(request, ledger, roles)
    state = request.app.state

    def run() -> tuple[Decided, dict[str, Any]]:
        done = decide(kind(here, credential, state.clock(), state.entropy))
        done, more = (done[0], {"state": done[1]}) if isinstance(done, tuple) else (done, {})
        return done, _receipt(here, done.position) | _about(done) | more

    done, receipt = await run_in_threadpool(run)
    if done.expires is None:
        return Response(msgspec.json.encode(receipt), 201, facts(here), JSON)
    about = _about(done)
    body = about | {
        "proposal": done.position,
        "expires": done.expires,
        "confirm": f"/v1/{ledger}/commands/{done.position}/confirm",
        "receipt": {name: value for name, value in receipt.items() if name not in about},
    }
    return Response(msgspec.json.encode(body), 202, facts(here), JSON)


def _about(done: Decided) -> dict[str, Any]:
    said = done.fact.data
    if isinstance(done.fact, CommandProposed):
        said = said[field_of(said["command"])]
    return {name: said[name] for name in _NAMED if name in said}


def _receipt(here: Served, position: int) -> dict[str, Any]:
    reader = here.ledger.reader
    row = reader.entry(position, here.ledger.published.size)
    return receipts.receipt(row.raw, row.leaf, position, reader.checkpoint(position))
