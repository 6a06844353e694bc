"""Webhooks of Kibana's rules, by a documented body, and records of Watcher.

The connector's body is its operator's own; `docs/integrations/elastic.md` has one to paste, whose
members are the variables that every rule has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.address import address_of
from intake.elastic import alerts
from intake.instant import told_stamp, told_time
from intake.json_body import read_fields
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

_WATCH: Final = frozenset({"watch_id", "trigger_event", "result"})
# The second is what rules of geographic containment call it.
_RECOVERED: Final = frozenset({"recovered", "notgeocontained"})


class _Rule(msgspec.Struct, gc=False):
    """The rule."""

    id: str | None = None
    name: str | None = None
    type: str | None = None
    url: str | None = None


class _Alert(msgspec.Struct, gc=False, rename="camel"):
    """One of its alerts."""

    id: str | None = None
    uuid: str | None = None
    action_group: str | None = None


class _Context(msgspec.Struct, gc=False):
    """What the rule's type says."""

    reason: str | None = None
    message: str | None = None


class _Body(msgspec.Struct, gc=False):
    """The documented body."""

    rule: _Rule
    alert: _Alert
    date: str | float | int | None = None
    context: _Context | None = None


class _Condition(msgspec.Struct, gc=False):
    """What a watch waits for."""

    met: bool | None = None


class _Result(msgspec.Struct, gc=False):
    """What came of a watch."""

    execution_time: str | None = None
    condition: _Condition | None = None


class _Watch(msgspec.Struct, gc=False):
    """A record of a watch."""

    watch_id: str
    result: _Result
    state: str | None = None


def claims(shape: Shape) -> bool:
    """A rule with one of its alerts, or a record of a watch."""
    if shape.object.keys() >= _WATCH:
        return True
    return "id" in shape.inner("rule") and "actionGroup" in shape.inner("alert")


def read(body: bytes) -> list[Reading]:
    """The reading of a delivery; none of a watch whose condition was not met.

    Raises:
        RefusedError: neither; the place is named.
        TooLargeError: a limit was passed.
    """
    if "watch_id" in read_fields(body, dict[str, msgspec.Raw]):
        return _watched(read_fields(body, _Watch))
    told = read_fields(body, _Body)
    rule, alert = named(told.rule.id), named(told.alert.id)
    identity = named(told.alert.uuid) or (named(f"{rule}:{alert or ''}") if rule else None)
    group = (told.alert.action_group or "").strip()
    if identity is None or not group:
        return []
    what = "alert.resolved" if group.lower() in _RECOVERED else "alert.fired"
    at = told_stamp(told.date) or (told_time(told.date) if isinstance(told.date, str) else None)
    context = told.context or _Context()
    data = {
        "fingerprint": identity,
        "rule": named(told.rule.name),
        "target": alert,
        "description": context.reason or context.message or None,
        "ended_at": at.time if at and what == "alert.resolved" else None,
        "url": address_of(told.rule.url),
        "tool": "Kibana",
        "reported_outcome": named(group),
    }
    return [fact(what, at, data, kind=named(told.rule.type))]


def _watched(watch: _Watch) -> list[Reading]:
    identity, condition = named(watch.watch_id), watch.result.condition
    if identity is None or condition is None or not condition.met:
        return []
    data = {
        "fingerprint": identity,
        "rule": identity,
        "tool": "Watcher",
        "reported_outcome": named(watch.state),
    }
    return [fact("alert.fired", told_time(watch.result.execution_time), data, kind="watch")]


_ENTER: Final = (
    "Connectors, Webhook: URL as above, method POST, authentication basic with any user and the "
    "secret as password (or a header Authorization: Bearer and the secret), and the "
    "documentation's body in each rule's action"
)
FORMAT: Final = Format("elastic-webhook", "Kibana webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="elastic",
    title="Elastic (Kibana)",
    scheme=AnyOf((
        Basic(_ENTER),
        Shared("authorization", _ENTER, prefix="Bearer "),
        Shared("authorization", _ENTER, prefix="ApiKey "),
    )),
    formats=(FORMAT, alerts.FORMAT),
)  # fmt: skip
