"""Key Vault's events in Event Grid, in its own schema and in that of CloudEvents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.azure_key_vault import logs
from intake.azure_key_vault.operations import place_of
from intake.instant import told_epoch, told_time
from intake.json_body import read_all
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import by_token
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

_STEM: Final = "Microsoft.KeyVault."
_VERSION: Final = "NewVersionCreated"
_ALERTS: Final = ("NearExpiry", "Expired")
_POLICY: Final = "VaultAccessPolicyChanged"
_VALIDATION: Final = b'"Microsoft.EventGrid.SubscriptionValidationEvent"'


class _Data(msgspec.Struct, gc=False):
    """What happened; names begin with a capital."""

    id: str | None = msgspec.field(name="Id", default=None)
    version: str | None = msgspec.field(name="Version", default=None)
    expires: int | float | None = msgspec.field(name="EXP", default=None)


class _Event(msgspec.Struct, gc=False, rename="camel"):
    """An event; the first three are of Event Grid's schema, the others of CloudEvents'."""

    event_type: str | None = None
    event_time: str | None = None
    topic: str | None = None
    type: str | None = None
    time: str | None = None
    source: str | None = None
    id: str | None = None
    data: _Data | None = None


def claims(shape: Shape) -> bool:
    """Events of Key Vault, one or several."""
    kind = shape.object.get("eventType") or shape.object.get("type")
    return kind is not None and bytes(kind).startswith(b'"' + _STEM.encode())


def is_ping(shape: Shape) -> bool:
    """Whether Event Grid asks if the address wants its events."""
    return bytes(shape.object.get("eventType", b"")) == _VALIDATION


def read(body: bytes) -> list[Reading]:
    """The readings of events, earliest first.

    Raises:
        RefusedError: no events; the place is named.
        TooLargeError: a limit was passed.
    """
    events = read_all(body, _Event)
    found = (_read(one) for one in events)
    return by_time(one for one in found if one is not None)


def _read(event: _Event) -> Reading | None:
    kind = (event.event_type or event.type or "").removeprefix(_STEM)
    told, told_of = told_time(event.event_time or event.time), event.data or _Data()
    place = place_of(told_of.id, event.topic or event.source)
    if place is None:
        return None
    expires = told_epoch(told_of.expires)
    data: dict[str, Any] = {"tool": "Azure Key Vault"}
    if kind.endswith(_VERSION):
        data |= {
            "path": place.path,
            "system": "azure-key-vault",
            "version": named(told_of.version) or place.version,
            "expires": expires.time if expires else None,
        }
        return fact("secret.rotated", told, data, kind=kind, identity=named(event.id))
    if kind.endswith(_ALERTS):
        data |= {
            "fingerprint": named(f"{kind}:{place.path}:{told_of.version or ''}"),
            "rule": kind,
            "target": place.path,
            "expires": expires.time if expires else None,
        }
        return fact("alert.fired", told, data, kind=kind, identity=named(event.id))
    if kind == _POLICY:
        data |= {"resource": place.path, "action": kind, "outcome": "success"}
        return fact("config.changed", told, data, kind=kind, identity=named(event.id))
    return None


FORMAT: Final = Format(
    "azure-key-vault-event", "Azure Key Vault events", "application/json", claims, read
)
SENDER: Final = Sender(
    name="azure-key-vault",
    title="Azure Key Vault (Event Grid)",
    scheme=by_token(
        "Event Subscription, Web Hook: URL as above; below Delivery Properties a static secret "
        "header Authorization with the value Bearer and the secret"
    ),
    formats=(FORMAT, logs.FORMAT),
    is_ping=is_ping,
)
