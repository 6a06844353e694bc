"""Rows of a table: which columns people see, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeledger.page import Page, Table
from pipeledger.readable import duration, instant, name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeledger.answers import Answer

Cell = tuple[str, str, "Callable[[Any], str]"]


@dataclass(frozen=True)
class Listing:
    """How a table is shown.

    Attributes:
        title: what its rows are.
        cells: heading, column, and how its value is written.
    """

    title: str
    cells: tuple[Cell, ...]


_SPAN: tuple[Cell, ...] = (
    ("from", "effective_from", instant), ("until", "effective_until", instant),
)  # fmt: skip
LISTINGS = {
    "deployments": Listing("Deployments", (
        ("finished (UTC)", "finished_at", instant), ("service", "service", name),
        ("environment", "environment", name), ("kind", "kind", name),
        ("outcome", "outcome", name), ("release", "release", name), ("commit", "commit", name),
        ("team", "team", name), ("deployment", "deployment", name),
    )),
    "incidents": Listing("Incidents", (
        ("started (UTC)", "started_at", instant), ("service", "service", name),
        ("environment", "environment", name), ("severity", "severity", name),
        ("ended (UTC)", "ended_at", instant), ("impaired", "impaired_s", duration),
        ("cause", "cause", name), ("caused by", "caused_by", name),
        ("incident", "incident", name),
    )),
    "services": Listing("Services", (
        ("service", "service", name), ("team", "team", name),
        ("criticality", "criticality", name), ("scope", "scope", name),
        ("repositories", "repositories", name), *_SPAN,
    )),
    "environments": Listing("Environments", (
        ("environment", "environment", name), ("tier", "tier", name),
        ("said by", "basis", name), *_SPAN,
    )),
}  # fmt: skip
"""By the name of the table."""


def listing_page(answer: Answer, what: str) -> Page:
    """The rows of a table as a page."""
    listing = LISTINGS[what]
    rows = answer.tables.get(what, [])
    page = Page(f"{listing.title}: {len(rows)}{' and more' if answer.more else ''}")
    if rows:
        headings = tuple(heading for heading, _, _ in listing.cells)
        cells = [tuple(shown(row.get(key)) for _, key, shown in listing.cells) for row in rows]
        page.tables.append(Table(headings, cells))
    return page
