"""Falco: what its rules noticed at run time, from its JSON output and from Falcosidekick.

Each alert is a threat that was detected. The output and the process's command line may hold
secrets: they are no fields of the event but its sealed description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.fingerprint import fingerprint_of
from intake.ids import artifact_of
from intake.instant import told_epoch, told_time
from intake.json_body import read_all
from intake.order import by_time
from intake.person import account_of, person_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import by_token
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

TOOL: Final = "Falco"
_MARKS: Final = frozenset({"rule", "priority", "output", "time"})
_SEVERITIES: Final = {
    "emergency": "critical", "alert": "critical", "critical": "critical", "error": "high",
    "warning": "medium", "notice": "low", "informational": "info", "info": "info", "debug": "info",
}  # fmt: skip
_TYPE: Final = "falco."
_NONE: Final = "<NA>"
_MACHINES: Final = ("system:", "eks:")


class _Alert(msgspec.Struct, gc=False):
    """An alert; within a CloudEvent it is the data."""

    rule: str | None = None
    priority: str | None = None
    output: str | None = None
    time: str | int | None = None
    source: str | None = None
    hostname: str | None = None
    output_fields: dict[str, Any] | None = None
    data: _Alert | None = None

    def told(self, *names: str) -> str | None:
        """The first of these fields that says something."""
        fields = self.output_fields or {}
        texts = (fields.get(name) for name in names)
        return next(
            (found for one in texts if isinstance(one, str) and one != _NONE
             and (found := named(one))),
            None,
        )  # fmt: skip


def claims(shape: Shape) -> bool:
    """Rule, priority, output and time; alone, in lines, in an array, or in a CloudEvent."""
    if (shape.text("type") or "").startswith(_TYPE):
        return shape.inner("data").keys() >= _MARKS
    return shape.object.keys() >= _MARKS


def read(body: bytes) -> list[Reading]:
    """The readings of alerts, earliest first.

    Raises:
        RefusedError: no alerts; the place is named.
        TooLargeError: a limit was passed.
    """
    alerts = read_all(body, _Alert)
    found = (_read(one.data or one) for one in alerts)
    return by_time(one for one in found if one is not None)


def _read(alert: _Alert) -> Reading | None:
    rule, host = named(alert.rule), named(alert.hostname)
    if rule is None:
        return None
    priority, space = named(alert.priority), alert.told("k8s.ns.name", "ka.target.namespace")
    pod = alert.told("k8s.pod.name", "ka.target.name")
    container = alert.told("container.name", "container.id")
    image, digest = alert.told("container.image.repository"), alert.told("container.image.digest")
    artifact = artifact_of(digest)
    data = {
        # The same rule in the same place is the same threat, whatever process it is of.
        "fingerprint": fingerprint_of(rule, alert.source, host, space, pod or container),
        "rule": rule,
        "priority": priority,
        "severity": _SEVERITIES.get((priority or "").lower()),
        "target": (f"{space}/{pod}" if space and pod else pod) or container or host,
        "runner": host,
        "container": alert.told("container.id"),
        "environment": space,
        "environment_basis": "namespace" if space else None,
        "artifact": artifact | ({"name": image} if image else {}) if artifact else None,
        "actor": _who(alert, host),
        "description": alert.output or None,
        "tool": TOOL,
        "reported_outcome": priority,
    }
    told = told_time(alert.time) if isinstance(alert.time, str) else None
    if told is None:
        told = told_epoch(alert.time, 1_000_000_000)
    return fact("threat.detected", told, data, kind=named(alert.source) or "syscall")


def _who(alert: _Alert, host: str | None) -> dict[str, Any] | None:
    """An account of the machine, or of what a plugin watches; no service accounts."""
    cluster = alert.told("ka.user.name")
    if cluster is not None:
        return None if cluster.startswith(_MACHINES) else account_of("kubernetes", cluster)
    return person_of(host or "falco", login=alert.told("user.name", "ct.user", "github.user"))


FORMAT: Final = Format("falco", "Falco alerts", "application/x-ndjson", claims, read)
SENDER: Final = Sender(
    name="falco",
    title="Falco (Falcosidekick)",
    scheme=by_token(
        "Falcosidekick, webhook: address as above, customHeaders "
        '"Authorization: Bearer SECRET" (WEBHOOK_CUSTOMHEADERS)'
    ),
    formats=(FORMAT,),
)
