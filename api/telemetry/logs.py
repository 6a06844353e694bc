"""Logs: one JSON object a line on standard error, and nothing personal in them.

No address, name, handle, token, query or body is ever handed to a logger. Errors of others could
carry such values in their messages, so of an exception only its type and where it came from are
written.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, Final

import structlog

from domain.errors import SettingError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from structlog.typing import EventDict

LEVELS: Final = ("debug", "info", "warning", "error")
_REQUESTS: Final = logging.getLogger("pipeledger.requests")
_FRAMES: Final = 20


def configure(level: str) -> None:
    """Write the logs of this process, of this level and above.

    Raises:
        SettingError: no such level.
    """
    if level not in LEVELS:
        raise SettingError(f"PIPELEDGER_LOG_LEVEL: expected one of {', '.join(LEVELS)}")
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            _without_messages,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


class Requests:
    """Writes one line a request: method, route, status, duration."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then write."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            # The route's template, not the path: paths hold names of streams.
            route = getattr(scope.get("route"), "path", None)
            trace = _trace(scope)
            extra: dict[str, Any] = {
                "method": scope["method"],
                "route": route,
                "status": status,
                "duration_ms": round(1000 * (time.perf_counter() - started), 3),
            }
            _REQUESTS.info("request", extra=extra | ({"trace_id": trace} if trace else {}))


def requests_wanted() -> bool:
    """Whether lines of requests are written at all."""
    return _REQUESTS.isEnabledFor(logging.INFO)


def _trace(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            pieces = value.split(b"-")
            digits = pieces[1] if len(pieces) > 1 else b""
            if len(digits) == 32 and digits.isalnum():  # noqa: PLR2004 - 16 bytes in hexadecimal
                return str(digits.decode("ascii", "replace"))
    return None


def _without_messages(_: object, __: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if isinstance(error, tuple) and error[0] is not None:
        event["error"] = error[0].__name__
        event["at"] = [
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error[2])[-_FRAMES:]
        ]
    return event
