"""Datadog's events as its API gives them: those in which a monitor changed its state.

Version 1 says it in the title alone, version 2 in a monitor's transition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.address import address_of
from intake.datadog.transition import SEVERITIES, tagged, titled, what_of
from intake.instant import told_stamp, told_time
from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.shape import Shape

TOOL: Final = "Datadog"
_TYPE: Final = b'"event"'
_OLD: Final = frozenset({"title", "date_happened", "alert_type"})


class _Old(msgspec.Struct, gc=False):
    """An event of version 1."""

    id: int | str | None = None
    id_str: str | None = None
    monitor_id: int | None = None
    title: str | None = None
    text: str | None = None
    date_happened: int | None = None
    host: str | None = None
    url: str | None = None
    tags: list[str] | None = None


class _Transition(msgspec.Struct, gc=False):
    """From which state to which."""

    trans_name: str | None = None


class _Monitor(msgspec.Struct, gc=False):
    """The monitor of an event."""

    id: int | None = None
    name: str | None = None
    priority: int | None = None
    alert_cycle_key_txt: str | None = None
    transition: _Transition | None = None


class _Inner(msgspec.Struct, gc=False):
    """What the event says."""

    title: str | None = None
    hostname: str | None = None
    monitor: _Monitor | None = None
    monitor_groups: list[str] | None = None


class _Outer(msgspec.Struct, gc=False):
    """What Datadog says of it."""

    timestamp: str | None = None
    message: str | None = None
    tags: list[str] | None = None
    attributes: _Inner | None = None


class _New(msgspec.Struct, gc=False):
    """An event of version 2."""

    id: str | None = None
    attributes: _Outer | None = None


class _Answer(msgspec.Struct, gc=False):
    """Any of the answers."""

    event: _Old | None = None
    events: list[_Old] | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


def claims(shape: Shape) -> bool:
    """One or several events of either version."""
    if bytes(shape.inside("data").object.get("type", b"")) == _TYPE:
        return "attributes" in shape.inside("data").object
    return any(shape.inside(name).object.keys() >= _OLD for name in ("event", "events"))


def read(body: bytes) -> list[Reading]:
    """The readings of events that are a monitor's, earliest first.

    Raises:
        RefusedError: no events; the place is named.
        TooLargeError: a limit was passed.
    """
    answer = read_fields(body, _Answer)
    raw = bytes(answer.data)
    if raw == b"null":
        old = [answer.event] if answer.event else answer.events or []
        return _told(_read_old(one) for one in old)
    several = raw.startswith(b"[")
    new = read_fields(raw, list[_New], "data") if several else [read_fields(raw, _New, "data")]
    return _told(_read_new(one) for one in new)


def _told(found: Iterable[Reading | None]) -> list[Reading]:
    return by_time(one for one in found if one is not None)


def _read_old(event: _Old) -> Reading | None:
    title = titled(event.title)
    what = what_of(title.transition)
    own = event.monitor_id or event.id_str or event.id
    identity = named(str(own)) if own is not None else None
    if what is None or identity is None:
        return None
    at = told_stamp(event.date_happened)
    data = tagged(event.tags) | {
        "fingerprint": named(f"{identity}:{title.scope}") if title.scope else identity,
        "rule": title.rule,
        "priority": title.priority,
        "severity": SEVERITIES.get(title.priority or ""),
        "target": named(event.host) or title.scope,
        "description": event.text or None,
        "url": address_of(event.url),
        "tool": TOOL,
        "reported_outcome": title.transition,
    }
    return fact(what, at, data, kind="event")


def _read_new(event: _New) -> Reading | None:
    outer = event.attributes or _Outer()
    inner = outer.attributes or _Inner()
    monitor = inner.monitor
    if monitor is None or monitor.id is None:
        return None
    transition = monitor.transition.trans_name if monitor.transition else None
    title = titled(inner.title)
    transition = transition or title.transition
    what = what_of(transition)
    if what is None:
        return None
    groups = ",".join(inner.monitor_groups or ())
    priority = f"P{monitor.priority}" if monitor.priority else title.priority
    data = tagged(outer.tags) | {
        "fingerprint": named(monitor.alert_cycle_key_txt)
        or named(f"{monitor.id}:{groups}" if groups else str(monitor.id)),
        "rule": named(monitor.name) or title.rule,
        "priority": priority,
        "severity": SEVERITIES.get(priority or ""),
        "target": named(inner.hostname) or named(groups),
        "description": outer.message or None,
        "tool": TOOL,
        "reported_outcome": named(transition),
    }
    return fact(what, told_time(outer.timestamp), data, kind="event")


FORMAT: Final = Format("datadog-event", "Datadog events", "application/json", claims, read)
