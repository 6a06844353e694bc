"""What runs where, as a table of services and environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.console.asking import PageQuestion

CELLS: Final = 400
"""Lines of service and environment that the table is made from at most."""
_COLUMNS: Final = 6
_TIERS: Final = ("production", "staging", "test", "development")


def wanted(asked: PageQuestion, limit: int, table: str = "running") -> Selection:
    """What runs, or how it differs from what was deployed: a row a line, in the same order."""
    chosen = asked.equals("service", "team", "environment")
    return Selection(table, chosen, order=("service", "environment"), offset=asked.offset,
                     limit=limit)  # fmt: skip


class Matrix:
    """A row a service, a column an environment.

    Attributes:
        environments: names of the columns, production first.
        services: names of the rows.
        cells: what runs there, by service and environment.
        left_out: environments that there was no room for.
        is_cut: more services have lines than the table is made from.
    """

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.is_cut = len(rows) > CELLS
        if self.is_cut:
            # Of the service in which the rows end, what else it runs is not here.
            last = rows[CELLS]["service"]
            rows = [row for row in rows[:CELLS] if row["service"] != last] or rows[:CELLS]
        tiers = {row["environment"]: row["tier"] for row in rows}
        ordered = sorted(tiers, key=lambda name: (_rank(tiers[name]), name or ""))
        self.environments = ordered[:_COLUMNS]
        self.left_out = len(ordered) - len(self.environments)
        self.cells = {(row["service"], row["environment"]): row for row in rows}
        shown = {service for service, name in self.cells if name in self.environments}
        self.services = sorted(shown, key=lambda name: name or "")


def _rank(tier: str | None) -> int:
    return _TIERS.index(tier) if tier in _TIERS else len(_TIERS)
