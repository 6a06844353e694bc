"""The address of what is asked, as headers may hold it: the same again, or its next page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from fastapi import Request


def own_address(request: Request, **turned: int) -> str:
    """Path and query of a request in ASCII, whatever names stand in them.

    Args:
        request: whose.
        turned: fields of the query that are to have another value.
    """
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in turned]
    query = urlencode([*kept, *turned.items()])
    path = quote(request.scope["path"], safe="/:@")
    return f"{path}?{query}" if query else path


def next_page(request: Request, **turned: int) -> str:
    """The value of a `Link` header that leads to the next page (RFC 8288).

    Args:
        request: of this page.
        turned: fields of the query that make it the next one.
    """
    return f'<{own_address(request, **turned)}>; rel="next"'
