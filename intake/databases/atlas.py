"""MongoDB Atlas: events of its API, and alerts as its webhooks send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_items
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import AnyOf, Signed
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_MARKS: Final = frozenset({"id", "eventTypeName", "groupId", "created"})
_ELECTED: Final = "PRIMARY_ELECTED"
_STATES: Final = {
    "OPEN": "alert.fired", "CLOSED": "alert.resolved",
    # What it was configured by was changed or removed: nobody watches any more.
    "CANCELLED": "alert.resolved",
}  # fmt: skip


class _Event(msgspec.Struct, gc=False, rename="camel"):
    """An event; an alert is one that has a state."""

    id: str | None = None
    event_type_name: str | None = None
    alert_config_id: str | None = None
    created: str | None = None
    resolved: str | None = None
    status: str | None = None
    cluster_name: str | None = None
    replica_set_name: str | None = None
    hostname_and_port: str | None = None


def claims(shape: Shape) -> bool:
    """An event of a project, or several."""
    return _is_event(shape.object) or _is_event(shape.inside("results").object)


def _is_event(one: Members) -> bool:
    return one.keys() >= _MARKS


def read(body: bytes) -> list[Reading]:
    """The readings, earliest first; other events tell nothing.

    Raises:
        RefusedError: no events; the place is named.
        TooLargeError: a limit was passed.
    """
    events = read_items(body, _Event, "results")
    found = (_read(one) for one in events)
    return by_time(one for one in found if one is not None)


def _read(one: _Event) -> Reading | None:
    identity, kind = named(one.id), named(one.event_type_name)
    if identity is None or kind is None:
        return None
    began, ended = told_time(one.created), told_time(one.resolved)
    common: dict[str, Any] = {
        "database": named(one.cluster_name) or named(one.replica_set_name),
        "tool": "MongoDB Atlas",
        "reported_outcome": named(one.status),
    }
    if kind == _ELECTED:
        data = common | {
            "recovery": identity, "outcome": "success", "to_site": named(one.hostname_and_port),
        }  # fmt: skip
        return fact("failover.finished", began, data, kind=kind)
    what = _STATES.get(one.status or "") if one.alert_config_id else None
    if what is None:
        return None
    data = common | {
        "fingerprint": identity,
        "rule": kind,
        "target": named(one.hostname_and_port) or common["database"],
        "started_at": began.time if began else None,
        "ended_at": ended.time if ended and what == "alert.resolved" else None,
    }
    return fact(what, began if what == "alert.fired" else ended, data, kind=kind)


FORMAT: Final = Format("mongodb-atlas", "MongoDB Atlas events", "application/json", claims, read)

_ENTER: Final = (
    "Project Settings, Integrations, Webhook Settings: URL as above and the secret below Webhook "
    "Secret; then choose Webhook in the alerts"
)
SENDER: Final = Sender(
    name="mongodb-atlas",
    title="MongoDB Atlas",
    # Ops Manager, whose webhook it is too, writes it in hexadecimal.
    scheme=AnyOf((
        Signed("x-mms-signature", _ENTER, algorithm="sha1", in_base64=True),
        Signed("x-mms-signature", _ENTER, algorithm="sha1"),
    )),
    formats=(FORMAT,),
)  # fmt: skip
