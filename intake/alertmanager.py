"""Prometheus Alertmanager's webhook, version 4: a group of alerts, each of which is a fact.

An alert is not an incident. A group says `firing` while one of its alerts fires, so each alert's
own status counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of
from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.order import by_time
from intake.report import Format, Reading
from intake.rows import named
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender
from intake.severity import of_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.shape import Shape

_MARKS: Final = frozenset({"version", "groupKey", "receiver", "status", "alerts", "externalURL"})
_VERSION: Final = "4"
_TYPES: Final = {"firing": "alert.fired", "resolved": "alert.resolved"}
_NEVER: Final = "0001-01-01T"
"""How Go writes an instant that is not set: no alert ended in the year 1."""
_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_MOST_LABELED: Final = 65_536


class Alert(msgspec.Struct, gc=False, kw_only=True):
    """One alert of a group."""

    status: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    starts_at: str | None = msgspec.field(name="startsAt", default=None)
    ends_at: str | None = msgspec.field(name="endsAt", default=None)
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)
    fingerprint: str | None = None


class Group(msgspec.Struct, kw_only=True):
    """A notification."""

    receiver: str | None = None
    external_url: str | None = msgspec.field(name="externalURL", default=None)
    truncated: Any = msgspec.field(name="truncatedAlerts", default=None)
    alerts: list[Alert]


def claims(shape: Shape) -> bool:
    """Version 4 of a group with its key, receiver and alerts."""
    told = (shape.members or {}).keys()
    return told >= _MARKS and shape.text("version") == _VERSION


def read(body: bytes) -> list[Reading]:
    """The readings of a group's alerts, earliest first.

    Raises:
        RefusedError: no such group; the place is named.
        TooLargeError: a limit was passed.
    """
    group = read_fields(body, Group)
    found = (_read(group, alert) for alert in group.alerts)
    return by_time([one for one in found if one is not None])


def _read(group: Group, alert: Alert) -> Reading | None:
    what, labels = _TYPES.get(alert.status or ""), alert.labels or {}
    fingerprint = named(alert.fingerprint) or fingerprint_of(labels)
    if what is None or fingerprint is None:
        return None
    began, ended = _instant(alert.starts_at), _instant(alert.ends_at)
    time = began if what == "alert.fired" else ended
    data = _labelled(labels) | {
        "fingerprint": fingerprint,
        "description": _description(alert.annotations or {}),
        "started_at": began,
        "ended_at": ended if what == "alert.resolved" else None,
        "url": address_of(alert.generator_url),
        "receiver": named(group.receiver),
        # So many alerts of the group were left out of what was sent.
        "omitted": count_of(group.truncated) or None,
        "tool": "Alertmanager",
        "reported_outcome": alert.status,
    }
    return Reading(
        type=f"pipeledger.{what}.v1",
        kind=alert.status,
        source=address_of(group.external_url),
        time=time,
        data={name: value for name, value in data.items() if value is not None},
    )


def _labelled(labels: Mapping[str, str]) -> dict[str, Any]:
    """What labels say whose meaning Prometheus or its rules' convention settles."""
    severity = named(labels.get("severity"))
    service = named(labels.get("service"))
    return {
        "rule": named(labels.get("alertname")),
        "priority": severity,
        "severity": of_word(severity) if severity is not None else None,
        "target": named(labels.get("instance")),
        "service": service,
        "service_basis": "label" if service is not None else None,
        "environment": named(labels.get("environment") or labels.get("env")),
    }


def _description(annotations: Mapping[str, str]) -> str | None:
    return next(
        (found for name in ("description", "message", "summary")
         if (found := annotations.get(name))),
        None,
    )  # fmt: skip


def _instant(text: str | None) -> str | None:
    told = told_time(text)
    if told is None or told.local is not None or told.time.startswith(_NEVER):
        return None
    return told.time


def fingerprint_of(labels: Mapping[str, str]) -> str | None:
    """The fingerprint that Alertmanager makes of an alert's labels; old versions do not send it.

    FNV-1a with 64 bits over names and values in the order of the names, a byte 255 after each
    (`LabelSet.Fingerprint` of Prometheus' common library). None without labels.
    """
    parts = (part.encode() for name in sorted(labels) for part in (name, labels[name]))
    made = b"".join(part + b"\xff" for part in parts)
    if not labels or len(made) > _MOST_LABELED:
        return None
    digest = _FNV_OFFSET
    for byte in made:
        digest = (digest ^ byte) * _FNV_PRIME & 0xFFFF_FFFF_FFFF_FFFF
    return f"{digest:016x}"


_ENTER: Final = (
    "in alertmanager.yml, receivers, webhook_configs: url as above, and below http_config the "
    "secret as authorization: credentials (or as basic_auth: password)"
)
FORMAT: Final = Format(
    "alertmanager", "Alertmanager webhook", "application/json", claims, read
)  # fmt: skip
SENDER: Final = Sender(
    name="alertmanager",
    title="Prometheus Alertmanager",
    scheme=AnyOf((Shared("authorization", _ENTER, prefix="Bearer "), Basic(_ENTER))),
    formats=(FORMAT,),
)
