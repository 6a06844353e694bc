"""Tests of a build, as Jenkins counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.number import count_of
from intake.report import fact

if TYPE_CHECKING:
    from intake.instant import Told
    from intake.report import Reading


def tests(
    place: dict[str, Any], at: Told | None, source: str | None, counts: dict[str, int | None]
) -> list[Reading]:
    """The reading of a build's tests.

    Args:
        place: fields that tell which build it is.
        at: when it ended.
        source: the server.
        counts: `total`, `failed`, `skipped`, as Jenkins counts them.
    """
    told = {name: count_of(value) for name, value in counts.items()}
    total, failed, skipped = told["total"], told["failed"], told["skipped"]
    if total is None or failed is None:
        return []
    passed = total - failed - (skipped or 0)
    if passed < 0:
        return []
    data = place | {
        "outcome": "failure" if failed else ("success" if passed else "skipped"),
        "counts": {"passed": passed, "failure": failed, "skipped": skipped or 0},
        "counted": "Jenkins' totals",
    }
    return [fact("tests.finished", at, data, kind="tests", source=source)]
