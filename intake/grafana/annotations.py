"""Grafana's annotations (`/api/annotations`): those that its alerting wrote.

What people and pipelines annotate is text; only a rule's change of state has a meaning of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from intake.fingerprint import fingerprint_of
from intake.grafana.webhook import TOOL
from intake.instant import told_epoch
from intake.json_body import read_fields
from intake.labelled import state_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_MARKS: Final = frozenset({"id", "time", "timeEnd", "text", "tags"})
_FIRED: Final = frozenset({"alerting", "no_data", "nodata", "error"})
_FINE: Final = frozenset({"ok", "normal"})
# A rule may keep firing for a while after it was true: it goes from there to normal.
_BEFORE: Final = _FIRED | {"recovering"}
_LABELS: Final = re.compile(r"\{([^{}]*)\}")


class _Annotation(msgspec.Struct, gc=False, rename="camel"):
    """An annotation; those of people have no state."""

    alert_id: int | None = None
    alert_name: str | None = None
    new_state: str | None = None
    prev_state: str | None = None
    time: int | None = None
    text: str | None = None


def claims(shape: Shape) -> bool:
    """An array of annotations."""
    return (shape.element or {}).keys() >= _MARKS


def read(body: bytes) -> list[Reading]:
    """The readings of rules that fired or were fine again, earliest first.

    Raises:
        RefusedError: no annotations; the place is named.
        TooLargeError: a limit was passed.
    """
    found = (_read(one) for one in read_fields(body, list[_Annotation]))
    return by_time([one for one in found if one is not None])


def _read(one: _Annotation) -> Reading | None:
    now, before = state_of(one.new_state), state_of(one.prev_state)
    what = "alert.fired" if now in _FIRED else "alert.resolved" if now in _FINE else None
    if what is None or not one.alert_id or (what == "alert.resolved" and before not in _BEFORE):
        return None
    told = told_epoch(one.time, 1_000)
    data = {
        "fingerprint": _fingerprint(one),
        "rule": named(one.alert_name),
        "description": one.text or None,
        "started_at": told.time if told and what == "alert.fired" else None,
        "ended_at": told.time if told and what == "alert.resolved" else None,
        "tool": TOOL,
        "reported_outcome": named(one.new_state),
    }
    return fact(what, told, data, kind=now)


def _fingerprint(one: _Annotation) -> str:
    """Of a rule, and of the instance whose labels stand in the text."""
    labels = _LABELS.search(one.text or "")
    return f"{one.alert_id}-{fingerprint_of(labels[1])}" if labels else str(one.alert_id)


FORMAT: Final = Format(
    "grafana-annotations", "Grafana annotations", "application/json", claims, read
)
