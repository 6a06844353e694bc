"""What RDS notifies of, through EventBridge or SNS: its numbered events (RDS user guide).

A failover has no id of its own: that one began and that one ended are two events. Within one file
those of one database belong together, for it has one failover at a time.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from intake.instant import told_time
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.report import Reading

_BEGIN, _END = "pipeledger.failover.started.v1", "pipeledger.failover.finished.v1"
_STARTED: Final = frozenset({"0013", "0050", "0070", "0072", "0073", "0181"})
_FINISHED: Final = {
    "0015": "success", "0049": "success", "0051": "success", "0065": "success",
    "0071": "success", "0185": "success", "0238": "success",
    "0069": "failure", "0187": "failure", "0239": "failure",
    "0186": "cancelled", "0034": "skipped",
}  # fmt: skip
_BACKUPS: Final = frozenset({"0002", "0042", "0091", "0075", "0169"})
_RESTORED: Final = frozenset({"0019", "0043"})
_ROTATED: Final = {"0016": "master password", "0064": "TDE key"}
_SNAPSHOTS: Final = frozenset({"SNAPSHOT", "DB_SNAPSHOT", "CLUSTER_SNAPSHOT"})
_CHANGES: Final = frozenset({"creation", "deletion", "configuration change"})
_NUMBER: Final = re.compile(r"RDS-EVENT-(\d{4})")
# An automated backup of an instance is called after it and its minute.
_AUTOMATED: Final = re.compile(r"(?:rds:)?(.+)-\d{4}(?:-\d{2}){4}")
_SNAPSHOT: Final = re.compile(r"(?i)restored from (?:DB )?snapshot (\S+)")
_WRITER: Final = re.compile(r"(?i)failover to DB (?:instance|cluster):? ([\w-]{1,63})")
_PREFIX: Final = "rds:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """One event of RDS.

    Attributes:
        number: its number, four digits.
        kind: of what it is about, in capitals.
        name: identifier of that, as RDS writes it.
        arn: address of that.
        message: the text for people.
        categories: of the event.
        time: when it was.
        identity: of the delivery, or None.
        more: account and region.
    """

    number: str
    kind: str
    name: str | None
    arn: str | None
    message: str
    categories: tuple[str, ...]
    time: str | None
    identity: str | None
    more: dict[str, Any]


def number_of(text: str | None) -> str | None:
    """The number in an event's id or in the address of its description."""
    found = _NUMBER.search(text or "")
    return found[1] if found else None


def notified(one: Notified) -> list[Reading]:
    """The reading of an event; none where it is of a kind that no fact is for."""
    place = named(one.arn) or named(one.name) or "rds"
    # One event, one id: RDS joins none to another.
    told = f"{place} {one.number} {one.time or ''}".strip()
    found = _recovery(one)
    if found is not None:
        what, data = found
        return [
            _fact(
                one,
                what,
                data | {"recovery": named(one.identity) or named(told) or place, "target": place},
            )
        ]
    if one.number in _ROTATED:
        path = named(f"{place}/{_ROTATED[one.number]}") or place
        return [_fact(one, "secret.rotated", {"path": path, "system": "aws"})]
    if _CHANGES & {name.strip().lower() for name in one.categories}:
        change = {"resource": place, "action": f"RDS-EVENT-{one.number}"}
        outcome = "failure" if "failure" in one.categories else "success"
        return [_fact(one, "config.changed", change | {"outcome": outcome})]
    return []


def joined(readings: list[Reading]) -> list[Reading]:
    """The readings, with the beginning and the ends of a failover under one id.

    Args:
        readings: of one file, earliest first.
    """
    begun: dict[str, str] = {}
    found = []
    for one in readings:
        target = one.data.get("target")
        if one.type == _BEGIN and target is not None:
            begun[target] = one.data["recovery"]
        elif one.type == _END and target in begun:
            data = one.data | {"recovery": begun[target]}
            found.append(dataclasses.replace(one, data=data))
            continue
        found.append(one)
    return found


def _recovery(one: Notified) -> tuple[str, dict[str, Any]] | None:
    writer = _WRITER.search(one.message)
    place = {"to_site": writer[1]} if writer is not None else {}
    if one.number in _STARTED:
        return "failover.started", place
    if one.number in _FINISHED:
        return "failover.finished", {"outcome": _FINISHED[one.number]} | place
    if one.number in _BACKUPS:
        return "backup.finished", {"outcome": "success", "backup_set": _set_of(one)}
    if one.number in _RESTORED and one.kind not in _SNAPSHOTS:
        snapshot = _SNAPSHOT.search(one.message)
        source = named(snapshot[1].rstrip(".")) if snapshot else None
        return "restore.tested", {"outcome": "success", "backup_set": _group(source)}
    return None


def _fact(one: Notified, what: str, data: dict[str, Any]) -> Reading:
    common = {"tool": "Amazon RDS", "reported_outcome": f"RDS-EVENT-{one.number}"} | one.more
    return fact(
        what,
        told_time(one.time),
        common | data,
        kind=f"RDS-EVENT-{one.number}",
        identity=named(one.identity),
    )


def _set_of(one: Notified) -> str | None:
    """What is backed up: the database, where its name is told, else the snapshot's own name."""
    name = one.name if one.kind in _SNAPSHOTS else (one.name or "").removeprefix(_PREFIX)
    return _group(named(name))


def _group(name: str | None) -> str | None:
    if name is None:
        return None
    found = _AUTOMATED.fullmatch(name)
    return found[1] if found else name.removeprefix(_PREFIX)
