"""What fires at this moment: answers of Prometheus and of Alertmanager's own interface.

`/api/v1/alerts` and `/api/v1/rules` of Prometheus and whoever answers like it (Thanos, Mimir,
Loki, Grafana), and `/api/v2/alerts` of Alertmanager. What is not in them has ended, at a time that
they do not tell: they are a state and no history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of
from intake.json_body import read_fields
from intake.labelled import description_of, fingerprint_of, instant_of, labelled, state_of
from intake.order import by_time
from intake.report import Format, Reading
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from intake.shape import Shape

# The second and third are Alertmanager's words: suppressed fires unheard. The last are Grafana's,
# which keeps a recovering alert firing.
_FIRING: Final = frozenset({
    "firing", "active", "suppressed", "alerting", "nodata", "error", "recovering",
})  # fmt: skip
_MARKS: Final = frozenset({"status", "data"})
_LISTED: Final = frozenset({"fingerprint", "receivers", "startsAt", "status", "labels"})


class _Alert(msgspec.Struct, gc=False, rename="camel"):
    """An alert of a rule."""

    state: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    active_at: str | None = None


class _Rule(msgspec.Struct, gc=False):
    """A rule; one that records has no alerts."""

    name: str | None = None
    alerts: list[_Alert] | None = None


class _Group(msgspec.Struct, gc=False):
    """A group of rules."""

    rules: list[_Rule] | None = None


class _Data(msgspec.Struct, gc=False):
    """What was asked for: alerts, or rules with theirs."""

    alerts: list[_Alert] | None = None
    groups: list[_Group] | None = None


class _Answer(msgspec.Struct, gc=False):
    """An answer of Prometheus."""

    data: _Data


class _Status(msgspec.Struct, gc=False):
    """Of an alert at Alertmanager."""

    state: str | None = None


class _Receiver(msgspec.Struct, gc=False):
    """Who is told."""

    name: str | None = None


class _Listed(msgspec.Struct, gc=False):
    """An alert at Alertmanager."""

    fingerprint: str | None = None
    starts_at: str | None = msgspec.field(name="startsAt", default=None)
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)
    status: _Status | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    receivers: list[_Receiver] | None = None


def claims(shape: Shape) -> bool:
    """An answer with alerts or groups of rules, or a list of Alertmanager's alerts."""
    if shape.element is not None:
        return shape.element.keys() >= _LISTED
    if not (shape.members or {}).keys() >= _MARKS:
        return False
    data = shape.inside("data")
    return "alerts" in data.object or "rules" in data.inside("groups").object


def read(body: bytes) -> list[Reading]:
    """The readings of alerts that fire, earliest first.

    Raises:
        RefusedError: no such answer; the place is named.
        TooLargeError: a limit was passed.
    """
    if body.lstrip().startswith(b"["):
        listed = read_fields(body, list[_Listed])
        found = (_listed(one) for one in listed)
    else:
        found = (_read(one, rule) for one, rule in _alerts(read_fields(body, _Answer).data))
    return by_time(one for one in found if one is not None)


def _alerts(data: _Data) -> Iterator[tuple[_Alert, str | None]]:
    for one in data.alerts or ():
        yield one, None
    for group in data.groups or ():
        for rule in group.rules or ():
            for one in rule.alerts or ():
                yield one, rule.name


def _read(alert: _Alert, rule: str | None) -> Reading | None:
    labels = {"alertname": rule} if rule else {}
    return _fired(
        "Prometheus", alert.state, labels | (alert.labels or {}), alert.annotations,
        alert.active_at, {},
    )  # fmt: skip


def _listed(alert: _Listed) -> Reading | None:
    receivers = alert.receivers or ()
    more = {
        "fingerprint": named(alert.fingerprint),
        "url": address_of(alert.generator_url),
        "receiver": named(receivers[0].name) if len(receivers) == 1 else None,
    }
    state = alert.status.state if alert.status else None
    return _fired(
        "Alertmanager", state, alert.labels or {}, alert.annotations, alert.starts_at, more
    )


def _fired(
    tool: str,
    state: str | None,
    labels: Mapping[str, str],
    annotations: Mapping[str, str] | None,
    since: str | None,
    more: dict[str, Any],
) -> Reading | None:
    fingerprint = more.get("fingerprint") or fingerprint_of(labels)
    if state_of(state) not in _FIRING or fingerprint is None:
        return None
    began = instant_of(since)
    data = labelled(labels) | {
        "description": description_of(annotations or {}),
        "started_at": began,
        "tool": tool,
        "reported_outcome": named(state),
    } | more | {"fingerprint": fingerprint}  # fmt: skip
    return Reading(
        type="pipeledger.alert.fired.v1",
        kind="firing",
        time=began,
        data={name: value for name, value in data.items() if value is not None},
    )


FORMAT: Final = Format(
    "prometheus", "Prometheus alerts and rules", "application/json", claims, read
)
