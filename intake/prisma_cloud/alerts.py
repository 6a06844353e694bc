"""Alerts by webhook: of Compute, in a body that the operator writes, and of cloud policies.

What Compute calls a runtime audit or an incident is a threat; everything else is an alert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of
from intake.fingerprint import fingerprint_of
from intake.ids import digest_of
from intake.instant import told_epoch, told_time
from intake.json_body import read_all
from intake.order import by_time
from intake.prisma_cloud.found import TOOL
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender
from intake.severity import of_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_COMPUTE: Final = frozenset({"type", "rule", "message"})
_ITS_OWN: Final = frozenset({
    "imageID", "fqdn", "aggregated", "rest", "forensics", "appID", "accountID", "collections",
    "container", "imageName",
})  # fmt: skip
_LEAST: Final = 2
_POLICY: Final = frozenset({"alertId", "policyName", "cloudType"})
_THREATS: Final = ("runtime", "incident", "waas", "cnaf", "firewall")
_OVER: Final = frozenset({"resolved", "dismissed"})
# It is as it was, and nobody is told of it for a while.
_UNHEARD: Final = "snoozed"
_MILLIS: Final = 1000
_ENTER: Final = (
    "Compute, Manage, Alerts, Webhook: url as above, basic authentication with any user and the "
    "secret as password; for alerts of cloud policies a header Authorization: Bearer and the secret"
)


class Alert(msgspec.Struct, gc=False, rename="camel"):
    """An alert of either kind; any field may be missing or null."""

    type: str | None = None
    time: str | None = None
    rule: str | None = None
    message: Any = None
    container: str | None = None
    image: str | None = None
    image_id: str | None = msgspec.field(default=None, name="imageID")
    host: str | None = None
    function: str | None = None
    cluster: str | None = None
    alert_id: str | None = None
    alert_status: str | None = None
    alert_ts: Any = None
    severity: str | None = None
    policy_name: str | None = None
    resource_id: str | None = None
    callback_url: str | None = None


def claims(shape: Shape) -> bool:
    """Alerts, one or several, of either kind."""
    members = shape.object.keys()
    compute = members >= _COMPUTE and len(_ITS_OWN & members) >= _LEAST
    return compute or members >= _POLICY


def read(body: bytes) -> list[Reading]:
    """The readings of alerts.

    Raises:
        RefusedError: no alerts; the place is named.
        TooLargeError: a limit was passed.
    """
    return by_time(_readings(read_all(body, Alert)))


def _readings(alerts: list[Alert]) -> Iterator[Reading]:
    for one in alerts:
        if not one.alert_id:
            yield _of_compute(one)
        elif (status := (one.alert_status or "").lower()) != _UNHEARD:
            yield _of_policy(one, over=status in _OVER)


def _of_policy(one: Alert, *, over: bool) -> Reading:
    return fact("alert.resolved" if over else "alert.fired", told_epoch(one.alert_ts, _MILLIS), {
        "tool": TOOL,
        "fingerprint": named(one.alert_id) or "unknown",
        "rule": named(one.policy_name),
        "severity": of_word(one.severity),
        "priority": named(one.severity),
        "target": named(one.resource_id),
        "url": address_of(one.callback_url),
        "reported_outcome": named(one.alert_status),
    }, kind=named(one.alert_status))  # fmt: skip


def _of_compute(one: Alert) -> Reading:
    """It has no id: the same rule about the same thing is one alert."""
    kind = (one.type or "").lower()
    is_threat = any(word in kind for word in _THREATS)
    thing = named(one.container or one.image or one.function or one.host)
    digest = digest_of(one.image)
    cluster = named(one.cluster)
    return fact("threat.detected" if is_threat else "alert.fired", told_time(one.time), {
        "tool": TOOL,
        "fingerprint": fingerprint_of(TOOL, one.type, one.rule, one.image or thing),
        "rule": named(one.rule),
        "severity": of_word(one.severity) if one.severity else None,
        "target": named(one.image) or thing,
        "artifact": {"digest": digest} if digest is not None else None,
        "image_id": digest_of(one.image_id),
        "environment": cluster,
        "environment_basis": "cluster" if cluster else None,
        "description": one.message if isinstance(one.message, str) else None,
        "reported_outcome": named(one.type),
    }, kind=named(one.type))  # fmt: skip


FORMAT: Final = Format("prisma-cloud-alert", "Prisma Cloud alert", "application/json", claims, read)
SENDER: Final = Sender(
    name="prisma-cloud",
    title="Prisma Cloud",
    scheme=AnyOf((Basic(_ENTER), Shared("authorization", _ENTER, prefix="Bearer "))),
    formats=(FORMAT,),
)
