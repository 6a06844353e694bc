"""`POST events` reached without the framework's detours.

Routing, parameters and middleware of the framework cost more than all that the ledger itself
does for a single event. A plain request for this one route needs none of them, so it goes to the
same handler directly, and its errors through the same table. Whatever is not plain (a query,
another path or method) takes the framework's way, which also describes the route.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import problems, writing
from domain.errors import PipeledgerError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

_PATH: Final = re.compile("/v1/([^/]+)/events")
_ROUTE: Final = writing.router.routes[0]


class Direct:
    """The application, with a shorter way to one of its routes."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        plain = scope["type"] == "http" and scope["method"] == "POST" and not scope["query_string"]
        match = _PATH.fullmatch(scope["path"]) if plain and not scope.get("root_path") else None
        if match is None:
            await self._app(scope, receive, send)
            return
        scope["app"], scope["route"] = self._app, _ROUTE
        try:
            response = await writing.post_events(Request(scope, receive), match[1])
        except (PipeledgerError, HTTPException) as error:
            response = problems.tell(error)
        except Exception as error:
            await problems.tell(error)(scope, receive, send)
            # The server writes where it came from, as it does behind the framework.
            raise
        await response(scope, receive, send)
