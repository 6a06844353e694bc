"""Why an answer is empty, and what to run: a newcomer sees the next step, nobody a riddle."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from projections.answer import Question
    from projections.history import History
    from projections.selection import Selection

_LOOKED_AT: Final = 1000
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """The rows that an answer is made of, where it has some.

    Attributes:
        what: one of them, in words.
        rows: all of them, the newest first.
        instant: the column of when one was.
        run: makes one.
    """

    what: str
    rows: Selection
    instant: str | None
    run: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for.

    Attributes:
        rows: the rows of the origin that match it, within its window or not.
        chosen: the parameters.
        question: that came to nothing.
        metric: a number over production was asked for, and no rows.
    """

    rows: Selection
    chosen: Mapping[str, Any]
    question: Question
    metric: bool


def registering(environment: str) -> str:
    """The command that says an environment's tier.

    Args:
        environment: a name that anybody may have sent: to a shell it is one word, and no option.
    """
    words = ["pipeledger-server", "environment", "register", "--reason", "WHY", "--", environment]
    return shlex.join([*words, "TIER"])


def why_empty(history: History, origin: Origin, asked: Asked) -> dict[str, str]:
    """Why there is nothing, and what to run.

    Raises:
        UnavailableError: the disk.
    """

    def find(wanted: Selection) -> list[dict[str, Any]]:
        found = history.beside(asked.question, [wanted], asked.chosen)
        rows: list[dict[str, Any]] = found.tables[wanted.table].to_pylist()
        return rows

    matching = replace(asked.rows, holding=None, during=None, order=origin.rows.order, limit=1)
    chosen = " that matches" if matching.equals or matching.contains else ""
    latest = find(matching)
    if not latest:
        return {"why": f"no {origin.what} was reported{chosen}", "run": origin.run}
    if origin.instant is None or asked.rows.holding is not None:
        return {"why": f"no {origin.what}{chosen} held at that instant", "run": origin.run}
    rows = find(replace(matching, during=origin.instant, limit=_LOOKED_AT))
    if not rows:
        last = latest[0][origin.instant]
        when = "at no known time" if last is None else f"at {last:%Y-%m-%dT%H:%M:%SZ}"
        return {
            "why": f"no {origin.what}{chosen} lies in the window; the latest was {when}",
            "run": f"pipeledger query {origin.rows.table.replace('_', '-')}",
        }
    return _not_counted(origin, rows)


def _not_counted(origin: Origin, rows: list[dict[str, Any]]) -> dict[str, str]:
    """There is something in the window, and no number is made of it."""
    if any(row["tier"] == "production" for row in rows):
        why = f"no {origin.what} in the window is one that counts"
        return {"why": why, "run": f"pipeledger query {origin.rows.table.replace('_', '-')}"}
    tiers = {row["environment"]: row["tier"] for row in rows if row["environment"] is not None}
    places = [f"{name} ({tier or 'of unknown tier'})" for name, tier in sorted(tiers.items())]
    unknown = [name for name, tier in sorted(tiers.items()) if tier is None]
    return {
        "why": f"no {origin.what} in the window is of production: {', '.join(places[:_NAMED])}",
        "run": registering(unknown[0]) if unknown else "pipeledger query environments",
    }
