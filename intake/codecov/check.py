"""Codecov's verdict as it gives it to a code host: a state, and a line that says why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.codecov.totals import TOOL
from intake.json_body import read_fields
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_OUTCOMES: Final = {"success": "success", "failure": "failure", "error": "error"}
_TITLE: Final = re.compile(
    r"(\d{1,3}(?:\.\d{1,10})?)%( of diff hit)?.{0,200}?\(target (\d{1,3}(?:\.\d{1,10})?)%\)"
)


class _Output(msgspec.Struct, gc=False):
    title: str | None = None


class _Check(msgspec.Struct, gc=False):
    state: str | None = None
    output: _Output | None = None


def claims(shape: Shape) -> bool:
    """A state and an output whose summary leads to Codecov."""
    if not {"state", "output"} <= (shape.members or {}).keys():
        return False
    output = shape.inner("output")
    return "title" in output and b"Codecov" in bytes(output.get("summary", b""))


def read(body: bytes) -> list[Reading]:
    """The reading of a check; none of one that is still to come.

    Raises:
        RefusedError: no such check; the place is named.
        TooLargeError: a limit was passed.
    """
    check = read_fields(body, _Check)
    outcome = _OUTCOMES.get((check.state or "").lower())
    if outcome is None:
        return []
    data: dict[str, Any] = {
        "tool": TOOL, "outcome": outcome, "reported_outcome": named(check.state),
    }  # fmt: skip
    found = _TITLE.search((check.output.title if check.output else None) or "")
    if found is not None:
        metric = "patch coverage" if found[2] else "project coverage"
        data["gate"] = metric
        data["conditions"] = [{
            "metric": metric, "comparator": ">=", "value": float(found[1]),
            "threshold": float(found[3]), "outcome": outcome,
        }]  # fmt: skip
    return [fact("quality.evaluated", None, data)]


FORMAT: Final = Format("codecov-check", "Codecov check", "application/json", claims, read)
