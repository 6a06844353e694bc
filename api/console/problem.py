"""What is wrong below `/console`, as a page: a person looks there, who reads no JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.console.entrance import seated
from api.console.page import draw
from api.problems import problem
from domain.errors import PipeledgerError

if TYPE_CHECKING:
    from fastapi import Request, Response

_PLACE: Final = "/console"
_MISSING: Final = 404
_NO_PAGE: Final = "There is no page at this address."
_NO_ANSWER: Final = "This could not be answered."


def is_page(request: Request) -> bool:
    """Whether a person's browser asks, as far as the address tells."""
    path = request.url.path
    return path == _PLACE or path.startswith(f"{_PLACE}/")


async def draw_problem(request: Request, error: Exception) -> Response:
    """The page of an error, with the navigation of whoever is logged in and a way home."""
    told = problem(error)
    why = told.get("detail", _NO_PAGE if told["status"] == _MISSING else _NO_ANSWER)
    if "place" in told:
        why = f"{told['place']}: {why}"
    try:
        found = await seated(request)
    except PipeledgerError:
        # The page that says what is wrong must not need what is.
        found = None
    ledger, role = ("", "") if found is None else (found[0], found[1].role)
    return draw("problem.html", told["status"], title=told["title"], why=why, ledger=ledger,
                role=role, here="")  # fmt: skip
