"""Alerts as Prometheus labels them, and whoever speaks its language: Alertmanager and Grafana.

A group says `firing` while one of its alerts fires, so each alert's own status counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of
from intake.instant import told_time
from intake.number import count_of
from intake.report import Reading
from intake.rows import named
from intake.severity import of_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TYPES: Final = {"firing": "alert.fired", "resolved": "alert.resolved"}
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


def state_of(text: str | None) -> str:
    """A state in lower case, without why it is so: Grafana's `Normal (NoData)` is normal."""
    return (text or "").partition(" (")[0].strip().lower()


def readings_of(group: Group, tool: str) -> Iterator[Reading]:
    """The readings of a group's alerts, as they stand there.

    Args:
        group: what was sent.
        tool: who sent it.
    """
    found = (_read(group, alert, tool) for alert in group.alerts)
    return (one for one in found if one is not None)


def _read(group: Group, alert: Alert, tool: str) -> Reading | None:
    what, labels = TYPES.get(alert.status or ""), alert.labels or {}
    fingerprint = named(alert.fingerprint) or fingerprint_of(labels)
    if what is None or fingerprint is None:
        return None
    began, ended = instant_of(alert.starts_at), instant_of(alert.ends_at)
    time = began if what == "alert.fired" else ended
    data = labelled(labels) | {
        "fingerprint": fingerprint,
        "description": description_of(alert.annotations or {}),
        "started_at": began,
        "ended_at": ended if what == "alert.resolved" else None,
        "url": address_of(alert.generator_url),
        "receiver": named(group.receiver),
        # So many alerts of the group were left out of what was sent.
        "omitted": count_of(group.truncated) or None,
        "tool": tool,
        "reported_outcome": alert.status,
    }
    return Reading(
        type=f"pipeledger.{what}.v1",
        kind=alert.status,
        source=address_of(group.external_url),
        time=time,
        data={name: value for name, value in data.items() if value is not None},
    )


def labelled(labels: Mapping[str, str]) -> dict[str, Any]:
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


def description_of(annotations: Mapping[str, str]) -> str | None:
    """The annotation that describes an alert, by convention one of three; None without."""
    return next(
        (found for name in ("description", "message", "summary")
         if (found := annotations.get(name))),
        None,
    )  # fmt: skip


def instant_of(text: str | None) -> str | None:
    """An instant with its offset; None where it is not set."""
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
