"""Deployments along time: one lane for each line of service and environment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from exporters import charts, wording
from exporters.charts import Dots
from projections.parameters import LAST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

_LANES: Final = 24
_STEPS: Final = 6
LOOKS: Final = ("planned", "hotfix", "rollback", "redeploy", "failure")
"""What a deployment was; the classes of the style sheet have the same names."""


class Along(NamedTuple):
    """Deployments as dots.

    Attributes:
        drawing: the SVG.
        looks: what the colours mean: those that are there.
        left_out: lanes that there was no room for.
    """

    drawing: Markup
    looks: Sequence[str]
    left_out: int


def look(row: dict[str, Any]) -> str:
    """What a deployment was, in one word: that it failed weighs more than its kind."""
    return str(row["kind"]) if row["outcome"] == "success" else "failure"


def along(rows: Sequence[dict[str, Any]]) -> Along | None:
    """Deployments as dots, or None where none has an instant."""
    told = [row for row in rows if row["finished_at"] is not None]
    if not told:
        return None
    lines = sorted({_line(row) for row in told})
    lanes = {line: at for at, line in enumerate(lines[:_LANES])}
    # An axis has a length, with which it must end within the calendar.
    begin = min(LAST, *(row["finished_at"] for row in told))
    length = max(max(row["finished_at"] for row in told) - begin, timedelta(hours=1))
    places: dict[str, list[tuple[float, int, str]]] = {}
    for row in told:
        if (lane := lanes.get(_line(row))) is not None:
            what = f"{row['deployment']}: {look(row)}, {wording.instant(row['finished_at'])} UTC"
            share = (row["finished_at"] - begin) / length
            places.setdefault(look(row), []).append((share, lane, what))
    steps = tuple(
        (at / _STEPS, wording.day(begin + length * at / _STEPS)) for at in range(_STEPS + 1)
    )
    looks = [name for name in LOOKS if name in places]
    dots = tuple(Dots(name, name, tuple(places[name])) for name in looks)
    drawing = charts.swimlanes("Deployments along time", tuple(lanes), steps, dots)
    return Along(drawing, looks, len(lines) - len(lanes))


def _line(row: dict[str, Any]) -> str:
    return f"{row['service']} @ {row['environment']}"
