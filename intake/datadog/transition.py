"""What a monitor did, as Datadog's titles and its variable `$ALERT_TRANSITION` say it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from intake.rows import named

_FIRED: Final = frozenset({
    "triggered", "warn", "no data", "re-triggered", "re-warn", "re-no data", "renotify",
})  # fmt: skip
SEVERITIES: Final = {
    "P1": "critical", "P2": "high", "P3": "medium", "P4": "low", "P5": "info",
}  # fmt: skip
"""Datadog's names of the priorities, in the ledger's words."""
_TITLE: Final = re.compile(
    r"\[((?:Re-)?(?:Triggered|Warn|No Data)|Renotify|Recovered)(?: on \{([^{}]*)\})?\]",
    re.IGNORECASE,
)
_MARKS: Final = re.compile(r"^(?:\[[^\[\]]*\]\s*)+")
_PRIORITY: Final = re.compile(r"\[(P[1-5])\]")


@dataclass(frozen=True, slots=True)
class Titled:
    """The parts of an event's title.

    Attributes:
        transition: in Datadog's word, or None.
        scope: for which group of a monitor, or None.
        priority: `P1` to `P5`, or None.
        rule: what is left: the monitor's own title.
    """

    transition: str | None
    scope: str | None
    priority: str | None
    rule: str | None


def titled(title: str | None) -> Titled:
    """The parts of a title."""
    text = title or ""
    found, priority = _TITLE.search(text), _PRIORITY.search(text)
    return Titled(
        found[1] if found else None,
        named(found[2]) if found else None,
        priority[1] if priority else None,
        named(_MARKS.sub("", text)) or named(text),
    )


def what_of(transition: str | None) -> str | None:
    """The event type of a transition; None where it is none that is known."""
    word = (transition or "").strip().lower()
    if word in _FIRED:
        return "alert.fired"
    return "alert.resolved" if word == "recovered" else None


def tagged(tags: str | list[str] | None) -> dict[str, Any]:
    """Service and environment as Datadog's reserved tags name them."""
    listed = tags.split(",") if isinstance(tags, str) else tags or ()
    found = dict(one.strip().partition(":")[::2] for one in reversed(list(listed)))
    service, place = named(found.get("service")), named(found.get("env"))
    return {
        "service": service,
        "service_basis": "tag" if service else None,
        "environment": place,
    }
