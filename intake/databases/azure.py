"""Failovers of Azure's databases, from the activity log: as exported, and as `az` lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_items
from intake.order import by_time
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_PROVIDERS: Final = (
    b"microsoft.sql/", b"microsoft.dbfor", b"microsoft.documentdb/", b"microsoft.cache/",
)  # fmt: skip
_MARKS: Final = frozenset({"operationName", "resourceId"})
_FORCED: Final = ("forcefailoverallowdataloss", "forcedfailover")
_STARTED: Final = frozenset({"start", "started", "accept", "accepted"})
_ENDED: Final = {
    "success": "success", "succeeded": "success", "failure": "failure", "failed": "failure",
    "canceled": "cancelled", "cancelled": "cancelled",
}  # fmt: skip


class _Value(msgspec.Struct, gc=False):
    """A word with its translation."""

    value: str | None = None


class _Record(msgspec.Struct, gc=False, rename="camel"):
    """A record; exported ones have texts where `az` has words with translations."""

    operation_name: str | _Value | None = None
    resource_id: str | None = None
    time: str | None = None
    event_timestamp: str | None = None
    result_type: str | None = None
    status: str | _Value | None = None
    correlation_id: str | None = None
    caller: str | None = None


def claims(shape: Shape) -> bool:
    """Records, or one, of a database whose operation is a failover."""
    return _is_failover(shape.object) or _is_failover(shape.inside("records").object)


def _is_failover(record: Members) -> bool:
    if not record.keys() >= _MARKS:
        return False
    operation = bytes(record["operationName"]).lower()
    return b"failover" in operation and any(name in operation for name in _PROVIDERS)


def read(body: bytes) -> list[Reading]:
    """The readings of failovers, earliest first; other records tell nothing here.

    Raises:
        RefusedError: no records; the place is named.
        TooLargeError: a limit was passed.
    """
    records = read_items(body, _Record, "records")
    found = (_read(one) for one in records)
    return by_time(one for one in found if one is not None)


def _read(one: _Record) -> Reading | None:
    operation, word = (
        (_word(one.operation_name) or ""),
        (one.result_type or _word(one.status) or ""),
    )
    lower, told = operation.lower(), told_time(one.time or one.event_timestamp)
    resource = named(one.resource_id)
    outcome, started = _ENDED.get(word.lower()), word.lower() in _STARTED
    if "failover" not in lower or resource is None or not (outcome or started):
        return None
    data: dict[str, Any] = {
        "recovery": named(one.correlation_id) or resource,
        "outcome": outcome,
        # Somebody asks for these; without data that was not copied yet only where it is forced.
        "planned": False if any(name in lower for name in _FORCED) else None,
        "trigger": "manual",
        "database": resource.rpartition("/")[2],
        "actor": _who(one.caller),
        "tool": "Azure",
        "reported_outcome": named(word),
    }
    what = "failover.started" if started else "failover.finished"
    return fact(what, told, data, kind=named(operation))


def _word(told: str | _Value | None) -> str | None:
    return told.value if isinstance(told, _Value) else told


def _who(caller: str | None) -> dict[str, Any] | None:
    """A person by their address; applications call by an id."""
    return person_of("azure", email=caller) if caller and "@" in caller else None


FORMAT: Final = Format(
    "azure-failover", "Azure database failovers", "application/json", claims, read
)
