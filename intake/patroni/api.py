"""What Patroni's REST API and `patronictl` answer: the history of timelines, and the cluster.

Each timeline ended when another member was promoted: a failover that succeeded. Whether somebody
wanted it, the history does not say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError
from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import count_of, exact
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

TOOL: Final = "Patroni"
_HISTORY: Final = re.compile(r'\[\s*\[\s*\d+\s*,\s*\d+\s*,\s*"')
_TABLE: Final = frozenset({"TL", "LSN", "Reason"})
_MEMBER: Final = frozenset({"name", "role", "state", "api_url"})
_LEAST, _LEADER = 3, 4
Entry = list[int | str | None]


class _Switchover(msgspec.Struct, gc=False, rename={"since": "from"}):
    """A change of leader that is to be made."""

    at: str | None = None
    since: str | None = None
    to: str | None = None


class _Cluster(msgspec.Struct, gc=False):
    """The cluster."""

    scope: str | None = None
    scheduled_switchover: _Switchover | None = None


class _Row(msgspec.Struct, gc=False):
    """A row of `patronictl history -f json`."""

    timeline: int = msgspec.field(name="TL")
    lsn: int | str | None = msgspec.field(name="LSN", default=None)
    reason: str | None = msgspec.field(name="Reason", default=None)
    timestamp: str | None = msgspec.field(name="Timestamp", default=None)
    leader: str | None = msgspec.field(name="New Leader", default=None)


def claims(shape: Shape) -> bool:
    """A history, or a cluster with its members."""
    if shape.element is not None:
        return shape.element.keys() >= _TABLE or bool(_HISTORY.match(shape.head))
    return shape.inside("members").object.keys() >= _MEMBER


def read(body: bytes) -> list[Reading]:
    """The readings, earliest first.

    Raises:
        RefusedError: no history and no cluster; the place is named.
        TooLargeError: a limit was passed.
    """
    if not body.lstrip().startswith(b"["):
        return _cluster(read_fields(body, _Cluster))
    raws = read_fields(body, list[msgspec.Raw])
    if raws and bytes(raws[0])[:1] == b"{":
        return by_time(_promoted(one) for one in read_fields(body, list[_Row]))
    return by_time(
        _promoted(_row(number, one)) for number, one in enumerate(read_fields(body, list[Entry]))
    )


def _row(number: int, entry: Entry) -> _Row:
    timeline = count_of(entry[0]) if len(entry) >= _LEAST else None
    if timeline is None:
        raise RefusedError(f"field [{number}]", "expected timeline, position and reason")
    texts = [one if isinstance(one, str) else None for one in (*entry, None, None)]
    lsn = entry[1] if isinstance(entry[1], int) else None
    return _Row(timeline, lsn, texts[2], texts[_LEAST], texts[_LEADER])


def _promoted(row: _Row) -> Reading:
    lsn, told = row.lsn if isinstance(row.lsn, str) else exact(row.lsn), told_time(row.timestamp)
    place = told.time if told else lsn
    stem = f"timeline-{row.timeline + 1}"
    data: dict[str, Any] = {
        # The timeline that began with it; the one that ended is told. Every cluster counts them
        # from 1, and no entry names its cluster.
        "recovery": named(f"{stem}@{place}") if place else stem,
        "outcome": "success",
        "timeline": exact(row.timeline),
        "lsn": named(lsn) if isinstance(lsn, str) else lsn,
        "to_site": named(row.leader),
        "tool": TOOL,
        "reported_outcome": named(row.reason),
    }
    return fact("failover.finished", told, data, kind="history")


def _cluster(cluster: _Cluster) -> list[Reading]:
    """What is to be changed; how the cluster stands at this moment is no event."""
    wanted, scope = cluster.scheduled_switchover, named(cluster.scope)
    if wanted is None:
        return []
    at = told_time(wanted.at)
    data = {
        "resource": scope or "patroni",
        "action": "switchover.scheduled",
        "from_site": named(wanted.since),
        "to_site": named(wanted.to),
        "scheduled_at": at.time if at else None,
        "planned": True,
        "tool": TOOL,
    }
    return [fact("config.changed", None, data, kind="cluster")]


FORMAT: Final = Format("patroni", "Patroni history and cluster", "application/json", claims, read)
