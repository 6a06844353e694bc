"""Every error as problem details (RFC 9457), by one table."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.refusing import TooManyError, UnauthorisedError
from api.seldom import Seldom
from domain.errors import (
    ConflictError,
    DamageError,
    ForbiddenError,
    NotFoundError,
    PipeledgerError,
    RefusedError,
    TooLargeError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE: Final = "application/problem+json"
_LOG: Final = logging.getLogger("pipeledger.api")
_RETRY_S: Final = "1"
# Every request of an outage says the same.
_OUTAGES: Final = Seldom(60, 10, time.monotonic)

# The first that fits; sub-classes stand before their parents.
_STATUS: Final[tuple[tuple[type[PipeledgerError], HTTPStatus], ...]] = (
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (RefusedError, HTTPStatus.BAD_REQUEST),
    (ConflictError, HTTPStatus.CONFLICT),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DamageError, HTTPStatus.INTERNAL_SERVER_ERROR),
)

# Of what a body is not; everything else is said well enough by whoever reads it.
_SAID: Final = {
    "model_attributes_type": "expected a JSON object, sent as application/json",
    "json_invalid": "expected JSON",
    "extra_forbidden": "there is no such field here",
}

REFUSALS: Final = (PipeledgerError, HTTPException, ClientDisconnect)
"""What a handler raises to refuse, or because the sender went away: no fault of the server's."""


def problem(error: Exception) -> dict[str, Any]:
    """The problem of an error, as an object."""
    status = status_of(error)
    detail: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": int(status)}
    if isinstance(error, RefusedError):
        detail |= {"detail": error.reason, "place": error.place}
    elif isinstance(error, DamageError):
        detail |= {"detail": error.cause, "position": error.position}
    elif isinstance(error, UnavailableError):
        detail["detail"] = error.public
    elif isinstance(error, PipeledgerError):
        detail["detail"] = str(error)
    elif isinstance(error, RequestValidationError):
        first = error.errors()[0]
        detail["detail"] = _SAID.get(first["type"], first["msg"])
        detail["place"] = " ".join(str(step) for step in first["loc"])
    elif isinstance(error, HTTPException) and error.detail != status.phrase:
        detail["detail"] = error.detail
    return detail


def answer(error: Exception) -> Response:
    """The response of an error."""
    status = status_of(error)
    headers = {}
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = _RETRY_S
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, HTTPException) and error.headers:
        headers |= dict(error.headers)
    body = msgspec.json.encode(problem(error))
    return Response(body, status, headers, MEDIA_TYPE)


def tell(error: Exception) -> Response:
    """The response of an error; operators are told of those that are the server's own."""
    if status_of(error) is HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("request failed: %s", type(error).__name__)
    elif isinstance(error, UnavailableError) and _OUTAGES.now(error.public):
        _LOG.warning("%s", error)
    return answer(error)


def install(
    app: FastAPI,
    is_page: Callable[[Request], bool],
    draw: Callable[[Request, Exception], Awaitable[Response]],
) -> None:
    """Make every error of an application a problem, the framework's own included.

    Args:
        app: the application.
        is_page: whether a person asks, who gets a page.
        draw: makes that page.
    """

    async def handle(request: Request, error: Exception) -> Response:
        told = tell(error)
        if not is_page(request):
            return told
        page = await draw(request, error)
        if (again := told.headers.get("Retry-After")) is not None:
            page.headers["Retry-After"] = again
        return page

    for kind in (*REFUSALS, RequestValidationError, Exception):
        app.add_exception_handler(kind, handle)


def status_of(error: Exception) -> HTTPStatus:
    """The status that an error is answered with."""
    if isinstance(error, UnauthorisedError):
        return HTTPStatus.UNAUTHORIZED
    if isinstance(error, TooManyError):
        return HTTPStatus.TOO_MANY_REQUESTS
    if isinstance(error, HTTPException):
        return HTTPStatus(error.status_code)
    if isinstance(error, RequestValidationError | ClientDisconnect):
        return HTTPStatus.BAD_REQUEST
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR
