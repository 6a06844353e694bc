"""What each service is covered by, and what is stale or was never seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeledger.page import Page, Table
from pipeledger.readable import instant, name
from pipeledger.views.listing import listing_page

if TYPE_CHECKING:
    from pipeledger.answers import Answer

_STATES = ("seen", "stale", "failed", "never")


def coverage_page(answer: Answer) -> Page:
    """A service's own rows, or one row a service."""
    rows = answer.tables.get("coverage", [])
    services: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        services.setdefault(name(row.get("service")), []).append(row)
    if len(services) == 1:
        page = listing_page(answer, "coverage")
        page.title = f"Coverage of {next(iter(services))}"
    else:
        page = Page(f"Coverage of {len(services)} services")
        cells = [_cells(service, own) for service, own in services.items()]
        if cells:
            page.tables.append(Table(("service", "team", *_STATES), cells))
    if at := answer.parameters.get("at"):
        page.notes.append(f"as at {instant(at)} UTC")
    return page


def _cells(service: str, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    named = {
        state: ", ".join(name(row.get("capability")) for row in rows if row.get("state") == state)
        for state in _STATES
    }
    return (service, name(rows[0].get("team")), *(named[state] or "-" for state in _STATES))
