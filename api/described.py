"""What the description of the interface says of every route alike.

The framework describes an error of its own that is never answered here, and knows neither that
all errors are problems nor where a token is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.gate import is_gated
from api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from fastapi import FastAPI

_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "place": {"type": "string", "description": "where in the request it is wrong"},
        "position": {"type": "integer", "description": "of the entry that is damaged"},
    },
}
_ERRORS: Final = {
    "4XX": "400 wrong, with the place; 401 no valid token; 403 the role may not; 404 not there; "
    "406 no such form; 409 a rule or something meanwhile forbids it; 410 erased; 413 too large; "
    "415 no such content; 429 too fast",
    "503": "not now: the same again after `Retry-After`",
}
RECEIPTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "was there already: the same receipt"},
    207: {"description": "one status for each event"},
}
"""Further responses of a route that appends."""


def only(*media: str) -> dict[int | str, dict[str, Any]]:
    """Responses of a route whose answer has one of these media types and is made each time."""
    return {200: {"content": {one: {} for one in media}}}


def forms(*media: str) -> dict[int | str, dict[str, Any]]:
    """Responses of a route whose answer comes in these media types, by `Accept`, or was had."""
    return only(*media) | {304: {"description": "what `If-None-Match` names is the answer still"}}


def describe(app: FastAPI) -> None:
    """Have the description of an application say it, once all routes are there."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(made())
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's way to extend it


def _complete(described: dict[str, Any]) -> None:
    parts = described.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in described["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            answers.pop("422", None)
            for status, meaning in _ERRORS.items():
                answers.setdefault(status, {"description": meaning, "content": content})
            if is_gated(path) or path.endswith(("/events", "/reports", "/metrics")):
                operation["security"] = [{"token": []}]
