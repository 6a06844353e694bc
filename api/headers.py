"""Single headers of a request, found without a mapping of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


def header(request: Request, name: bytes) -> str | None:
    """The first header of this lower-case name (ISO 8859-1, as the framework reads it), or None."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None
