"""What a query may say: a parameter that nobody reads is refused, by name.

Passed over, a slip of the pen would widen the answer, and nobody would see it. Webhooks may say
what they like: their senders add parameters of their own (Jira `user_id` and `user_key`), nothing
on that route is read from a query, and a delivery that is refused is lost. So may probes: their
tools do the same, and would take a refusal for a server that is gone.
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from fastapi import Request  # noqa: TC002 - the framework reads it
from pydantic import BaseModel

from domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi.routing import APIRoute
    from starlette.datastructures import QueryParams

_FREE: Final = frozenset({"/v1/{ledger}/intake/{source}", "/healthz", "/readyz"})
_PAGES: Final = "/console/{ledger}/"
_SHOWN: Final = 100
"""Characters of an unknown name that are looked at and told; it may be as long as an address."""


async def check_parameters(request: Request) -> None:
    """Refuse a query that the matched route does not know; it stands before every route.

    Pages are left out: they read their forms by `console.asking.read_query`, which refuses alike
    but on a page.

    Raises:
        RefusedError: a parameter is unknown, or given more than once where one value is read.
    """
    if not request.scope["query_string"]:
        return
    route: APIRoute = request.scope["route"]
    if route.path not in _FREE and not route.path.startswith(_PAGES):
        check_query(request.query_params, _known(route))


def check_query(query: QueryParams, known: Mapping[str, bool]) -> None:
    """Refuse what a query says beyond what is known.

    Args:
        query: what it says.
        known: names of parameters, and whether one may be repeated.

    Raises:
        RefusedError: a parameter is unknown, or given more than once where one value is read.
    """
    for name, times in Counter(name for name, _ in query.multi_items()).items():
        if name not in known:
            raise RefusedError(f"query {name[:_SHOWN]}", _unknown(name[:_SHOWN], known))
        if times > 1 and not known[name]:
            raise RefusedError(f"query {name}", f"it is given {times} times and has one value")


def words_of(model: type[BaseModel]) -> dict[str, bool]:
    """The parameters that a model of questions knows, and whether one may be repeated."""
    return {
        field.alias or name: _is_many(field.annotation)
        for name, field in model.model_fields.items()
    }


def _known(route: APIRoute) -> dict[str, bool]:
    known: dict[str, bool] = {}
    for field in route.dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            known |= words_of(annotation)
        else:
            known[field.alias] = _is_many(annotation)
    return known


def _is_many(annotation: Any) -> bool:  # noqa: ANN401 - of any type
    return any(get_origin(one) is list for one in (annotation, *get_args(annotation)))


def _unknown(name: str, known: Mapping[str, bool]) -> str:
    said = "there is no such parameter here"
    if near := get_close_matches(name, known):
        return f"{said}; the nearest: {', '.join(near)}"
    return f"{said}; there are {', '.join(sorted(known))}" if known else f"{said}, nor any other"
