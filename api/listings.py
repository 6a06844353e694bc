"""What of the past can be asked for: tables that are listed, and metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from api.asking import FILTERS
from api.emptiness import Origin
from domain.errors import RefusedError
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.asking import ListQuestion, Question


@dataclass(frozen=True, slots=True)
class Listing:
    """How a table is listed.

    Attributes:
        filters: words that a question may choose by, and the column that each is of; one that
            ends in `[]` is a list.
        origin: where its rows come from.
        span: columns of the span in which a row holds, for questions about an instant.
        of_instant: the whole table is of one instant.
    """

    filters: Mapping[str, str]
    origin: Origin
    span: tuple[str, str] | None = None
    of_instant: bool = False

    def matching(self, asked: Question) -> Selection:
        """All rows that match what a question is narrowed by, the newest first.

        Raises:
            RefusedError: it is narrowed by something that these rows do not have.
        """
        chosen = {self.filters[name]: told for name, told in asked.equals(*self.filters).items()}
        return replace(
            self.origin.rows,
            equals={column: told for column, told in chosen.items() if not column.endswith("[]")},
            contains={
                column[:-2]: told for column, told in chosen.items() if column.endswith("[]")
            },
        )

    def selection(self, asked: ListQuestion) -> Selection:
        """The page of rows that a question wants.

        Raises:
            RefusedError: it chooses by something that these rows do not have.
        """
        in_window = asked.since is not None or asked.to is not None
        if in_window and self.origin.instant is None:
            raise RefusedError("query from", "these rows are of no instant; choose one by at")
        if asked.at is not None and self.span is None and not self.of_instant:
            raise RefusedError("query at", "these rows hold at no instant; choose by from and to")
        rows = self.matching(asked)
        return replace(
            rows,
            holding=self.span if asked.at is not None else None,
            during=self.origin.instant if in_window else None,
            order=asked.ordered(tuple(column.removeprefix("-") for column in rows.order)),
            offset=asked.offset,
            limit=asked.limit,
        )


def _rows(table: str, *order: str) -> Selection:
    """All rows of a table, the newest first."""
    return Selection(table, order=tuple(f"-{name}" for name in order))


def _same(*names: str) -> dict[str, str]:
    """Words that stand for columns of their own names."""
    return {name: name for name in names}


_DEPLOYMENTS: Final = Origin(
    "deployment", _rows("deployments", "finished_at", "deployment_key"), "finished_at",
    "pipeledger emit deployment.finished deployment=ID service=NAME environment=NAME outcome=…",
)  # fmt: skip
_INCIDENTS: Final = Origin(
    "incident", _rows("incidents", "started_at", "incident_key"), "started_at",
    "pipeledger emit incident.opened incident=ID service=NAME environment=NAME",
)  # fmt: skip
_SPAN: Final = ("effective_from", "effective_until")
LISTINGS: Final = {
    "deployments": Listing(_same(*FILTERS), _DEPLOYMENTS),
    "incidents": Listing(
        {"service": "services[]", "team": "team", "environment": "environment"}, _INCIDENTS
    ),
    "services": Listing(
        _same("service", "team") | {"repository": "repositories[]"},
        Origin("service", _rows("services", "service", "effective_from"), None, _DEPLOYMENTS.run),
        _SPAN,
    ),
    "environments": Listing(
        _same("environment"),
        Origin(
            "environment", _rows("environments", "environment", "effective_from"), None,
            _DEPLOYMENTS.run,
        ),
        _SPAN,
    ),
}  # fmt: skip
"""Tables that are listed under their own names."""


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is answered.

    Attributes:
        tables: that answer it, the main one first.
        counted: columns of the main one that are all zero where there is nothing to tell.
        of: the rows that it is counted of; it may be narrowed and grouped by what these are.
    """

    tables: tuple[str, ...]
    counted: tuple[str, ...]
    of: Listing


METRICS: Final = {
    "dora": Metric(
        ("dora", "comparison", "window_gaps"),
        ("counted", "attempts_failed", "impact_unknown"), LISTINGS["deployments"],
    ),
    "mttr": Metric(("mttr",), ("incidents", "open"), LISTINGS["incidents"]),
}  # fmt: skip
"""By the last word of their path."""
