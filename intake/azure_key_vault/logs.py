"""Logs of vaults as Azure Monitor exports them: audit events and the activity log.

Values of secrets never stand in them; addresses of requests do, and are not taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from intake.azure_key_vault.operations import ACCESSED, CHANGED, place_of, what_of
from intake.instant import told_time
from intake.json_body import read_fields, read_items
from intake.number import count_of, seconds_of
from intake.order import by_time
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.azure_key_vault.operations import Place
    from intake.shape import Members, Shape

T = TypeVar("T")

SYSTEM: Final = "azure"
_MARKS: Final = frozenset({"operationName", "resourceId", "time"})
_PROVIDER: Final = b"microsoft.keyvault"
_CLAIMS: Final = "http://schemas.microsoft.com/identity/claims/"
_NAMES: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_DONE: Final = frozenset({"success", "succeeded", "ok"})
# An operation that is under way is told of again.
_MEANWHILE: Final = frozenset({"start", "started", "accept", "accepted"})
_FAILED: Final = 500
_REFUSED: Final = 400
_NO_TOKEN: Final = 401


class _Identity(msgspec.Struct, gc=False):
    """Claims of whoever called; two spellings."""

    claim: dict[str, Any] | None = None
    claims: dict[str, Any] | None = None


class _Properties(msgspec.Struct, gc=False, rename="camel"):
    """Of an audit event."""

    id: str | None = None
    http_status_code: int | str | None = None


class _Record(msgspec.Struct, gc=False, rename="camel"):
    """A record."""

    time: str | None = None
    resource_id: str | None = None
    operation_name: str | None = None
    result_type: str | None = None
    result_signature: str | int | None = None
    duration_ms: str | float | int | None = None
    correlation_id: str | None = None
    # Some exporters write a text where there is nothing to say.
    identity: msgspec.Raw = msgspec.Raw(b"null")
    properties: msgspec.Raw = msgspec.Raw(b"null")


def claims(shape: Shape) -> bool:
    """Records, or one, whose resource is of Key Vault."""
    return _is_vault(shape.object) or _is_vault(shape.inside("records").object)


def _is_vault(record: Members) -> bool:
    return record.keys() >= _MARKS and _PROVIDER in bytes(record["resourceId"]).lower()


def read(body: bytes) -> list[Reading]:
    """The readings of records that an event type is for, earliest first.

    Raises:
        RefusedError: no records; the place is named.
        TooLargeError: a limit was passed.
    """
    records = read_items(body, _Record, "records")
    found = (_read(one) for one in records)
    return by_time(one for one in found if one is not None)


def _read(record: _Record) -> Reading | None:
    operation = named(record.operation_name) or ""
    properties = _object(record.properties, _Properties, "properties") or _Properties()
    place = place_of(properties.id, record.resource_id)
    outcome, what = _outcome(record, properties), what_of(operation)
    if place is None or (record.result_type or "").lower() in _MEANWHILE:
        return None
    data = _common(record, properties, place)
    # A client that sends no token is told with a 401 where to get one; that is no failure.
    if (
        operation == "Authentication"
        and outcome == "failure"
        and _code(record, properties) != _NO_TOKEN
    ):
        data = {"target": data.pop("path"), **data}
        return fact("login.failed", told_time(record.time), data, kind=operation)
    if what is None:
        return None
    if what == ACCESSED:
        data["outcome"] = outcome
    elif what == CHANGED or outcome != "success":
        # What was refused made, changed and revoked nothing.
        what = CHANGED
        data |= {"resource": data.pop("path"), "action": operation, "outcome": outcome}
    return fact(what, told_time(record.time), data, kind=operation)


def _object(raw: msgspec.Raw, kind: type[T], place: str) -> T | None:
    return read_fields(bytes(raw), kind, place) if bytes(raw)[:1] == b"{" else None


def _common(record: _Record, properties: _Properties, place: Place) -> dict[str, Any]:
    return {
        "path": place.path,
        "system": "azure-key-vault",
        "version": place.version,
        "operation": named(record.operation_name),
        "request": named(record.correlation_id),
        "duration_s": seconds_of(record.duration_ms, 1_000),
        "tool": "Azure Key Vault",
        "reported_outcome": named(
            str(properties.http_status_code)
            if properties.http_status_code is not None
            else record.result_type
        ),
    } | _who(_object(record.identity, _Identity, "identity") or _Identity())


def _code(record: _Record, properties: _Properties) -> int:
    return count_of(properties.http_status_code) or count_of(record.result_signature) or 0


def _outcome(record: _Record, properties: _Properties) -> str | None:
    code = _code(record, properties)
    word = (record.result_type or "").lower()
    if code >= _FAILED:
        return "error"
    if word in _DONE:
        return "success" if code < _REFUSED else "failure"
    return "failure" if word or code >= _REFUSED else None


def _who(identity: _Identity) -> dict[str, Any]:
    """A person by their name at Azure, else the application that called for itself."""
    told = {name.lower(): value for name, value in (identity.claim or identity.claims or {}).items()
            if isinstance(value, str)}  # fmt: skip
    name = told.get(_NAMES + "upn") or told.get("upn") or told.get(_NAMES + "name")
    account = told.get(_CLAIMS + "objectidentifier") or told.get("oid")
    if name is None:
        app = named(told.get("appid") or told.get("azp"))
        return {"workload": app or named(account)}
    # Accounts of other tenants have the name of their provider in front.
    login = name.rpartition("#")[2]
    email = login if "@" in login else None
    return {
        "actor": person_of(
            SYSTEM, email=email, login=None if email else login, account=account or None
        )
    }


FORMAT: Final = Format(
    "azure-key-vault", "Azure Key Vault logs", "application/x-ndjson", claims, read
)
