"""Who may come in, and what every answer says of the ledger."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from fastapi import Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.doors import check_role
from api.headers import header
from api.refusing import UnauthorisedError
from domain.log.wire import write_base64

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request

    from api.served import Served
    from store.credentials import Credential
    from store.ledger.publisher import Published

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
CREDENTIAL: Final = "credential"
SOURCE: Final = "source"
SIGNATURE: Final = "signature"
LOOKUPS: Final = {CREDENTIAL: 8, SOURCE: 2, SIGNATURE: 2}
"""What is looked up at once of what anybody can make up, door by door; of sources and keys that
sign all are read together. Connections and threads are left to those who came in."""
T = TypeVar("T")
Position = Annotated[int, Path(ge=1, le=2**63 - 1)]


def peer_of(request: Request) -> str:
    """The address that a request comes from, as far as proxies that are believed tell it."""
    return request.client.host if request.client else ""


async def bearer_of(request: Request, here: Served) -> Credential | None:
    """The credential of a request's token, where it is valid for a ledger."""
    scheme, _, token = (header(request, b"authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.strip()
    found = here.tokens.remembered(token)
    if found is None:
        found = await look_up(request, CREDENTIAL, here.tokens.find, token)
    return found


async def look_up(request: Request, door: str, ask: Callable[..., T], *asked: object) -> T:
    """Ask the database about something that anybody can make up.

    It may be slow to say so, and strangers may be many: neither is a reason for all others to wait.

    Args:
        request: of whoever makes it up.
        door: one of `LOOKUPS`; who waits at one is in nobody's way at another.
        ask: blocks; raises what it likes.
        asked: its arguments.
    """
    async with request.app.state.lookups[door]:
        return await run_in_threadpool(ask, *asked)


async def known(request: Request, ledger: str) -> tuple[Served, Credential]:
    """The ledger and the credential of a request, whatever it may do.

    Raises:
        UnauthorisedError: no valid token for this ledger.
    """
    found: Served | None = request.app.state.served.get(ledger)
    credential = None if found is None else await bearer_of(request, found)
    # A ledger that is not there and a token that is none look alike from outside.
    if found is None or credential is None:
        raise UnauthorisedError("a valid token for this ledger is needed")
    return found, credential


async def enter(request: Request, ledger: str, roles: tuple[str, ...]) -> tuple[Served, Credential]:
    """The ledger and the credential of a request.

    Raises:
        UnauthorisedError: no valid token for this ledger.
        TooManyError: the credential sends too fast.
        ForbiddenError: its role may not do this.
    """
    found, credential = await known(request, ledger)
    request.app.state.rates.take(credential.id)
    check_role(credential, roles, "credential")
    return found, credential


class Told(Response):
    """An answer in JSON, and the facts it was given on.

    What appends is answered very often: the headers are made without the framework's mapping.
    """

    def __init__(self, here: Served, content: bytes, status: int) -> None:
        self.body, self.status_code, self.background = content, status, None
        self.raw_headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
            *_raw(here.ledger.published, here.cosigners.covered),
        ]


def facts(here: Served, published: Published | None = None) -> dict[str, str]:
    """Headers that say what the answer was given on.

    Args:
        here: the ledger.
        published: the state that was read; None: the newest. What is published while an answer is
            made is not in it, and whoever goes on from the position that it names would miss that.
    """
    return _facts(published or here.ledger.published, here.cosigners.covered)


def _facts(published: Published, witnessed: int | None) -> dict[str, str]:
    said = {
        "Pipeledger-Position": str(published.size),
        "Pipeledger-Root": write_base64(published.root),
    }
    if witnessed is not None:
        # How many entries enough witnesses have seen; a receipt of a later one has none yet.
        said["Pipeledger-Witnessed"] = str(witnessed)
    return said


# Many answers are given on one checkpoint.
@lru_cache(maxsize=16)
def _raw(published: Published, witnessed: int | None) -> tuple[tuple[bytes, bytes], ...]:
    facts = _facts(published, witnessed).items()
    return tuple((name.lower().encode(), value.encode()) for name, value in facts)
