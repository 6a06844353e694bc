"""Who may look: logging in with a token, logging out, and the check before every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qs, quote, urlencode

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.bodies import read_body
from api.console.page import ASSETS, HEADERS, draw, is_own
from api.console.session import COOKIE, LENGTH
from api.doors import PART_READERS, TRACERS, check_role
from api.entrance import CREDENTIAL, look_up, peer_of
from api.paging import own_address
from api.problems import status_of
from api.refusing import TooManyError, UnauthorisedError
from domain.errors import ForbiddenError, NotFoundError, PipeledgerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from api.served import Served
    from store.credentials import Credential

router = APIRouter(include_in_schema=False)

WRONG_PER_S: Final = 0.2
WRONG_AT_ONCE: Final = 10.0
_MAX_FORM: Final = 10_000
_SEE_OTHER: Final = 303
_KEPT: Final = "public, max-age=31536000, immutable"


@router.get("/")
async def get_root() -> Response:
    """The console is what a browser wants here."""
    return _to("/console/")


@router.get("/console")
@router.get("/console/")
async def get_console(request: Request) -> Response:
    """The first page of whoever is logged in, or the way in."""
    found = await seated(request)
    return _to("/console/login" if found is None else _first(*found))


@router.get("/console/assets/{name}")
async def get_asset(name: str, v: str = "") -> Response:
    """A style sheet or picture of the console's own; its version is in the address alone."""
    del v
    if name not in ASSETS:
        raise NotFoundError(f"no asset {name}")
    media, body = ASSETS[name]
    return Response(body, headers=HEADERS | {"Cache-Control": _KEPT}, media_type=media)


@router.get("/console/login")
async def get_login(request: Request, then: str = "") -> Response:
    """The form that takes a token."""
    return _form(request, then)


@router.post("/console/login")
async def post_login(request: Request) -> Response:
    """Begin a session for the bearer of a token."""
    state = request.app.state
    told = parse_qs((await read_body(request, _MAX_FORM)).decode("utf-8", "replace"))
    ledger, token, then = (told.get(name, [""])[0] for name in ("ledger", "token", "then"))
    try:
        found = await _let_in(request, ledger, token)
    except (ForbiddenError, TooManyError, UnauthorisedError) as refused:
        return _form(request, then, ledger, refused)
    answer = _to(then if _is_place(then, ledger) else _first(ledger, found))
    answer.set_cookie(
        COOKIE, state.sessions.begin(ledger, found), max_age=int(LENGTH.total_seconds()),
        path="/console", secure=_is_secure(request), httponly=True, samesite="strict",
    )  # fmt: skip
    return answer


def _is_secure(request: Request) -> bool:
    """Whether the browser came by TLS, which ends before us: it says so with every form."""
    return request.headers.get("origin", "").startswith("https://")


@router.post("/console/logout")
async def post_logout(request: Request) -> Response:
    """End the session."""
    _check_own(request)
    sessions = request.app.state.sessions
    session = sessions.find(request.cookies.get(COOKIE, ""))
    if session is not None:
        sessions.end(session)
    answer = _to("/console/login")
    answer.delete_cookie(COOKIE, path="/console", httponly=True, samesite="strict")
    return answer


async def seated(request: Request) -> tuple[str, Credential] | None:
    """The ledger that a person is logged in to, and the credential they came in with."""
    state = request.app.state
    session = state.sessions.find(request.cookies.get(COOKIE, ""))
    if session is None:
        return None
    found = await run_in_threadpool(state.served[session.ledger].tokens.of, session.credential)
    return None if found is None else (session.ledger, found)


async def shown(
    request: Request,
    ledger: str,
    make: Callable[[Served, Credential], Awaitable[Response]],
    roles: tuple[str, ...] = PART_READERS,
) -> Response:
    """A page for whoever may see it, and for others the way in.

    Args:
        request: of the page.
        ledger: whose page it is.
        make: makes the page.
        roles: who may see it: those who are told the same by the API.

    Raises:
        PipeledgerError: why there is none; `api.console.problem` says it on a page.
    """
    # One that is stopped has no way in: it is said, and nobody asked to log in.
    request.app.state.served.get(ledger)
    found = await seated(request)
    if found is None or found[0] != ledger:
        # The address may hold what people searched for; it stays within this host.
        return _to(f"/console/login?{urlencode({'then': own_address(request)})}")
    state, credential = request.app.state, found[1]
    state.rates.take(credential.id)
    check_role(credential, roles, "token")
    return await make(state.served[ledger], credential)


def _check_own(request: Request) -> None:
    """Refuse a form that another site's page sent.

    Raises:
        ForbiddenError: it did.
    """
    if not is_own(request):
        raise ForbiddenError("form", "it was sent from a page of another site")


async def _let_in(request: Request, ledger: str, token: str) -> Credential:
    """The credential of a token that may look at a ledger.

    Raises:
        ForbiddenError: another site's form, or a role that may not look.
        TooManyError: too many wrong tokens from this address.
        UnauthorisedError: no valid token for this ledger.
    """
    state = request.app.state
    _check_own(request)
    here = state.served.get(ledger)
    found = None
    if here is not None:
        found = await look_up(request, CREDENTIAL, here.tokens.find, token.strip())
    if found is None:
        # Only wrong tokens count: who guesses must not lock others of the same address out.
        state.wrong_tokens.take(peer_of(request))
        raise UnauthorisedError("This token is not valid for this ledger.")
    check_role(found, TRACERS, "token")
    return cast("Credential", found)


def _form(
    request: Request, then: str, ledger: str = "", refused: PipeledgerError | None = None
) -> Response:
    served = request.app.state.served
    # Strangers are told no names: of several ledgers, the one whose page was asked for, if any.
    only = next(iter(served)) if len(served) == 1 else None
    return draw(
        "login.html", 200 if refused is None else status_of(refused), only=only, then=then,
        ledger=ledger or _asked_for(then), refused=None if refused is None else str(refused),
    )  # fmt: skip


def _asked_for(then: str) -> str:
    """The ledger that the address of a page names, whether there is one or not."""
    return then.removeprefix("/console/").partition("/")[0] if then.startswith("/console/") else ""


def _first(ledger: str, credential: Credential) -> str:
    """The page that somebody begins at."""
    return f"/console/{ledger}/{'overview' if credential.role in PART_READERS else 'trace'}"


def _is_place(then: str, ledger: str) -> bool:
    """Whether it is a page of this ledger's console, and no other place; a header can hold it."""
    plain = then.isascii() and then.isprintable() and "\\" not in then
    return plain and then.startswith(f"/console/{quote(ledger)}/")


def _to(place: str) -> Response:
    return Response(status_code=_SEE_OTHER, headers=HEADERS | {
        "Location": place, "Cache-Control": "no-store",
    })  # fmt: skip
