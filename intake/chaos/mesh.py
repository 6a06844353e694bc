"""Chaos Mesh's experiments: faults that were injected and taken back.

It judges no system: success is that the faults came and went as they were wanted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import seconds_between, told_time
from intake.json_body import read_items
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Members, Shape

_GROUP: Final = '"chaos-mesh.org/'
_OLD: Final = {"Finished": "success", "Failed": "error"}


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    """What every resource has."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    creation_timestamp: str | None = None


class _Event(msgspec.Struct, gc=False):
    """A try to inject or to take back."""

    operation: str | None = None
    type: str | None = None
    timestamp: str | None = None


class _Record(msgspec.Struct, gc=False):
    """One thing that is harmed."""

    id: str | None = None
    events: list[_Event] | None = None


class _Experiment(msgspec.Struct, gc=False, rename="camel"):
    """State of an experiment; the last three are of version 1."""

    container_records: list[_Record] | None = None
    records: list[_Record] | None = None
    desired_phase: str | None = None
    phase: str | None = None
    start_time: str | None = None
    end_time: str | None = None


class _Condition(msgspec.Struct, gc=False):
    """A condition."""

    type: str | None = None
    status: str | None = None


class _Status(msgspec.Struct, gc=False):
    """Of a resource."""

    conditions: list[_Condition] | None = None
    experiment: _Experiment | None = None


class _Resource(msgspec.Struct, gc=False):
    """An experiment."""

    kind: str | None = None
    metadata: _Metadata | None = None
    status: _Status | None = None


def claims(shape: Shape) -> bool:
    """A resource of Chaos Mesh, or several."""
    return _is_mesh(shape.object) or _is_mesh(shape.inside("items").object)


def _is_mesh(one: Members) -> bool:
    return bytes(one.get("apiVersion", b"")).startswith(_GROUP.encode())


def read(body: bytes) -> list[Reading]:
    """The readings of experiments that are over, earliest first.

    Raises:
        RefusedError: no such resources; the place is named.
        TooLargeError: a limit was passed.
    """
    found = read_items(body, _Resource, "items")
    return by_time(reading for one in found for reading in _readings(one))


def _readings(one: _Resource) -> Iterator[Reading]:
    meta, status = one.metadata or _Metadata(), one.status or _Status()
    state = status.experiment or _Experiment()
    records = state.container_records or state.records or []
    events = [event for record in records for event in record.events or ()]
    outcome, word = _outcome(status, state, records)
    name = named(meta.name)
    if outcome is None or name is None:
        return
    times = sorted(event.timestamp for event in events if event.timestamp)
    began = told_time(state.start_time or (times[0] if times else meta.creation_timestamp))
    ended = told_time(state.end_time or (times[-1] if times else None))
    place = named(meta.namespace)
    data: dict[str, Any] = {
        "outcome": outcome,
        "kind": "chaos",
        "suite": name,
        "run": named(meta.uid),
        "fault": named(one.kind),
        "counts": dict(Counter(_last(record) for record in records).most_common(100)) or None,
        "counted": "targets" if records else None,
        "target": named(records[0].id) if len(records) == 1 else None,
        "environment": place,
        "environment_basis": "namespace" if place else None,
        "started_at": began.time if began else None,
        "duration_s": seconds_between(began, ended),
        "tool": "Chaos Mesh",
        "format": "chaos-mesh",
        "reported_outcome": word,
    }
    yield fact("tests.finished", ended, data, kind=named(one.kind))


def _outcome(
    status: _Status, state: _Experiment, records: list[_Record]
) -> tuple[str | None, str | None]:
    if state.phase is not None:
        return _OLD.get(state.phase), named(state.phase)
    told = {one.type: one.status for one in status.conditions or ()}
    if state.desired_phase != "Stop" or told.get("AllRecovered") != "True":
        return None, None
    if told.get("Paused") == "True":
        # Its faults were taken back for a while; it goes on.
        return None, None
    if not records or told.get("Selected") == "False":
        return "error", "NotSelected"
    failed = any(_last(record) == "failed" for record in records)
    injected = all(_was_injected(record) for record in records)
    return ("success", "AllRecovered") if injected and not failed else ("error", "Failed")


def _was_injected(record: _Record) -> bool:
    return any(
        event.operation == "Apply" and event.type == "Succeeded" for event in record.events or ()
    )


def _last(record: _Record) -> str:
    events = record.events or ()
    return named((events[-1].type or "").lower()) or "unknown" if events else "unknown"


FORMAT: Final = Format("chaos-mesh", "Chaos Mesh experiments", "application/json", claims, read)
