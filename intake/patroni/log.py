"""Patroni's log: a member that was promoted, and switchovers and failovers that were asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from intake.buffer import lines_of
from intake.instant import told_time
from intake.order import by_time
from intake.patroni.api import TOOL
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.instant import Told
    from intake.shape import Shape

_STAMP: Final = r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}),(\d{3}) (?:INFO|WARNING|ERROR|DEBUG): "
_OURS: Final = re.compile(
    _STAMP + r"(?:Lock owner: |no action\.|promoted self to leader|received (?:switch|fail)over req"
    r"|manual failover: |Cleaning up failover key|establishing a new patroni|Got response from "
    r"|Software Watchdog|acquired session lock|demoted self|following )",
    re.IGNORECASE,
)
_LINE: Final = re.compile(_STAMP + r"(.*)")
_OWN: Final = re.compile(r"; I am (\S+)$")
_ASKED: Final = re.compile(
    r"received (switchover|failover) request with leader=(\S+) candidate=(\S+)"
    r"(?: scheduled_at=(.+))?"
)
_PROMOTED: Final = re.compile(
    r"promoted self to leader (?:by acquiring session lock|because I had the session lock)"
)
_BY_HAND: Final = "Cleaning up failover key after acquiring leader lock"
_NOBODY: Final = "None"


def claims(shape: Shape) -> bool:
    """Lines that Patroni alone writes."""
    return bool(_OURS.search(shape.head))


def read(body: bytes) -> list[Reading]:
    """The readings of a log, earliest first; one in which nothing changed has none.

    Raises:
        RefusedError: no line is of Patroni.
        TooLargeError: a line is too long.
    """
    told = (_LINE.search(line.decode().rstrip()) for line in lines_of(body))
    lines = [line for line in told if line is not None]
    if not lines:
        raise RefusedError("document", "no line is of Patroni's log")
    names = (_OWN.search(line[3]) for line in lines)
    own = next((named(name[1]) for name in names if name is not None), None)
    return by_time(_readings(lines, own))


def _readings(lines: list[re.Match[str]], own: str | None) -> Iterator[Reading]:
    by_hand, pending = False, None
    for line in lines:
        told, text = told_time(f"{line[1]}.{line[2]}"), line[3]
        if _BY_HAND in text:
            by_hand = True
        elif (asked := _ASKED.search(text)) is not None:
            if (asked[4] or _NOBODY) != _NOBODY:
                yield _scheduled(told, asked)
                continue
            pending = _identity(told)
            yield _asked(told, asked, pending)
        elif _PROMOTED.search(text):
            # What was asked for before a member was promoted by itself did not come about.
            identity = (by_hand and pending) or _identity(told)
            yield _promoted(told, own, identity, by_hand=by_hand)
            by_hand, pending = False, None


def _asked(told: Told | None, asked: re.Match[str], identity: str) -> Reading:
    since, to = (named(name) if name != _NOBODY else None for name in (asked[2], asked[3]))
    data: dict[str, Any] = {
        "recovery": identity,
        "planned": asked[1] == "switchover",
        "trigger": "manual",
        "from_site": since,
        "to_site": to,
        "tool": TOOL,
        "reported_outcome": asked[1],
    }
    return fact("failover.started", told, data, kind=asked[1])


def _scheduled(told: Told | None, asked: re.Match[str]) -> Reading:
    """It has not happened yet, and may be taken back until then."""
    since, to = (named(name) if name != _NOBODY else None for name in (asked[2], asked[3]))
    at = told_time(asked[4])
    data: dict[str, Any] = {
        "resource": "patroni",
        "action": "switchover.scheduled",
        "from_site": since,
        "to_site": to,
        "scheduled_at": at.time if at else None,
        "planned": True,
        "tool": TOOL,
        "reported_outcome": asked[1],
    }
    return fact("config.changed", told, data, kind=asked[1])


def _promoted(told: Told | None, own: str | None, identity: str, *, by_hand: bool) -> Reading:
    data = {
        "recovery": identity,
        "outcome": "success",
        "trigger": "manual" if by_hand else "automatic",
        "to_site": own,
        "tool": TOOL,
        "reported_outcome": "promoted",
    }
    return fact("failover.finished", told, data, kind="promoted")


def _identity(told: Told | None) -> str:
    """Patroni's log has no id for it; at one instant one is asked for, or happens."""
    return f"promotion@{told.time}" if told else "promotion"


FORMAT: Final = Format("patroni-log", "Patroni log", "text/plain", claims, read)
