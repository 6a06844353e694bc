"""Datadog's webhooks: the body that it sends where nobody wrote one, and bodies of its variables.

A body is its operator's own; those are read whose members have the names of Datadog's variables,
however they are written: `alert_id`, `alertId`, `ALERT_ID` (`docs/integrations/datadog.md` has one
to paste).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from intake.address import address_of
from intake.datadog import dora, events, incidents
from intake.datadog.transition import SEVERITIES, tagged, titled, what_of
from intake.instant import told_stamp
from intake.json_body import read_fields
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import by_token
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.datadog.transition import Titled
    from intake.shape import Shape

TOOL: Final = "Datadog"
_DEFAULT: Final = frozenset({"event_type", "title", "date", "last_updated", "id", "org"})
_IDS: Final = frozenset({"alertid", "alertcyclekey", "aggregkey", "id", "alerttitle"})
_TRANSITION: Final = "alerttransition"
_MONITOR: Final = re.compile(r"/monitors[#/](\d{1,20})")
_MOST: Final = 200
"""Members of a body that an operator wrote."""
Value = str | int | float | None


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


class _Event(msgspec.Struct, gc=False, rename=_plain):
    """Values of the variables, by their plain names; a number may be a text."""

    alert_cycle_key: Value = None
    aggreg_key: Value = None
    alert_id: Value = None
    alert_transition: str | None = None
    alert_title: str | None = None
    alert_priority: str | None = None
    alert_scope: str | None = None
    title: str | None = None
    event_title: str | None = None
    body: str | None = None
    text_only_msg: str | None = None
    event_msg: str | None = None
    event_type: str | None = None
    date: Value = None
    last_updated: Value = None
    hostname: str | None = None
    link: str | None = None
    id: Value = None
    tags: str | list[str] | None = None


def claims(shape: Shape) -> bool:
    """The body of Datadog's own, or a transition and what it is one of."""
    told = (shape.members or {}).keys()
    if told >= _DEFAULT:
        return True
    plain = {_plain(name) for name in told} if len(told) <= _MOST else set()
    return _TRANSITION in plain and bool(plain & _IDS)


def read(body: bytes) -> list[Reading]:
    """The reading of a delivery; none where it tells of no transition.

    Raises:
        RefusedError: no such body; the place is named.
        TooLargeError: a limit was passed.
    """
    told_as = {_plain(name): raw for name, raw in read_fields(body, dict[str, msgspec.Raw]).items()}
    event = read_fields(msgspec.json.encode(told_as), _Event)
    title = titled(event.title or event.event_title or event.alert_title)
    transition = event.alert_transition or title.transition
    what, fingerprint = what_of(transition), _fingerprint(event, title)
    if what is None or fingerprint is None:
        return []
    told = told_stamp(event.date) or told_stamp(event.last_updated)
    priority = named(event.alert_priority) or title.priority
    data = tagged(event.tags) | {
        "fingerprint": fingerprint,
        "rule": titled(event.alert_title).rule or title.rule,
        "priority": priority,
        "severity": SEVERITIES.get(priority or ""),
        "target": named(event.hostname) or named(event.alert_scope) or title.scope,
        "description": event.text_only_msg or event.event_msg or event.body or None,
        "started_at": told.time if told and what == "alert.fired" else None,
        "ended_at": told.time if told and what == "alert.resolved" else None,
        "url": address_of(event.link),
        "tool": TOOL,
        "reported_outcome": named(transition),
    }
    return [fact(what, told, data, kind=named(event.event_type))]


def _fingerprint(event: _Event, title: Titled) -> str | None:
    """What links a firing to its end; a body of Datadog's own has the monitor in a link alone."""
    key = _text(event.alert_cycle_key) or _text(event.aggreg_key)
    if key is not None:
        return key
    link = _MONITOR.search(event.link or "") or _MONITOR.search(event.body or "")
    monitor = _text(event.alert_id) or (link[1] if link else None)
    if monitor is None:
        return _text(event.id)
    scope = named(event.alert_scope) or title.scope
    return named(f"{monitor}:{scope}") if scope else monitor


def _text(value: Value) -> str | None:
    return named(str(value)) if value is not None else None


FORMAT: Final = Format("datadog", "Datadog webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="datadog",
    title=TOOL,
    scheme=by_token(
        "Integrations, Webhooks, New: URL as above, the documentation's payload, and as custom "
        'header {"Authorization": "Bearer SECRET"} (or the secret as password of an auth method)'
    ),
    formats=(FORMAT, incidents.FORMAT, events.FORMAT, dora.FORMAT),
)
