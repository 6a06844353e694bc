"""`POST events` reached without the framework's detours.

Routing, parameters and middleware of the framework cost more than all that the ledger itself
does for a single event. A plain request for this one route needs none of them, so it goes to the
same handler directly, and its errors through the same table. Whatever is not plain (a query,
another path or method) takes the framework's way, which also describes the route.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.requests import Request
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import problems, writing

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

_TRUSTED: Final = "FORWARDED_ALLOW_IPS"
"""Addresses of proxies to be believed; the HTTP server's own variable and default."""
_PATH: Final = re.compile("/v1/([^/]+)/events")
_ROUTE: Final = writing.router.routes[0]


class Direct:
    """The application, with a shorter way to one of its routes.

    What a proxy says of the client is looked at on the longer way only: no event depends on it.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        trusted = os.environ.get(_TRUSTED, "127.0.0.1,::1")
        self._longer = cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", app), trusted))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        plain = scope["type"] == "http" and scope["method"] == "POST" and not scope["query_string"]
        match = _PATH.fullmatch(scope["path"]) if plain and not scope.get("root_path") else None
        if match is None:
            await self._longer(scope, receive, send)
            return
        scope["app"], scope["route"] = self._app, _ROUTE
        try:
            response = await writing.post_events(Request(scope, receive), match[1])
        except problems.REFUSALS as error:
            response = problems.tell(error)
        except Exception as error:
            await problems.tell(error)(scope, receive, send)
            # The server writes where it came from, as it does behind the framework.
            raise
        await response(scope, receive, send)
