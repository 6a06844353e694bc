"""Failovers, backups and restores of Cloud SQL: its operations, and Google's audit log of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import seconds_between, told_time
from intake.json_body import read_fields, read_lines
from intake.order import by_time
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Members, Shape

_KIND: Final = b'"sql#operation"'
_SERVICE: Final = b'"cloudsql.googleapis.com"'
_TYPES: Final = {
    "FAILOVER": "failover.finished", "SWITCHOVER": "failover.finished",
    "PROMOTE_REPLICA": "failover.finished", "BACKUP": "backup.finished",
    "BACKUP_VOLUME": "backup.finished", "RESTORE_VOLUME": "restore.tested",
    "RESTORE_BACKUP": "restore.tested",
}  # fmt: skip
_METHODS: Final = {
    "failover": "failover.finished", "switchover": "failover.finished",
    "promotereplica": "failover.finished", "restorebackup": "restore.tested",
}  # fmt: skip
_ROBOT: Final = ".gserviceaccount.com"


class _Operation(msgspec.Struct, gc=False, rename="camel"):
    """An operation."""

    name: str | None = None
    operation_type: str | None = None
    status: str | None = None
    user: str | None = None
    target_id: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


class _Code(msgspec.Struct, gc=False):
    """How a call was answered; 0 and absent are success."""

    code: int | None = None


class _Caller(msgspec.Struct, gc=False, rename="camel"):
    """Who called."""

    principal_email: str | None = None


class _Call(msgspec.Struct, gc=False, rename="camel"):
    """A call of the API."""

    method_name: str | None = None
    resource_name: str | None = None
    status: _Code | None = None
    authentication_info: _Caller | None = None


class _Progress(msgspec.Struct, gc=False):
    """Of a long operation two entries tell: the first and the last."""

    id: str | None = None
    first: bool | None = None
    last: bool | None = None


class _Entry(msgspec.Struct, gc=False, rename="camel"):
    """An entry of the audit log."""

    proto_payload: _Call
    timestamp: str | None = None
    insert_id: str | None = None
    operation: _Progress | None = None


class _List(msgspec.Struct, gc=False):
    """Operations, as the API lists them."""

    items: list[_Operation]


def claims(shape: Shape) -> bool:
    """Operations of Cloud SQL, or calls of its API."""
    return (
        _is_ours(shape.object)
        or bytes(shape.inside("items").object.get("kind", b"")) == _KIND
        or bytes(shape.inner("protoPayload").get("serviceName", b"")) == _SERVICE
    )


def _is_ours(one: Members) -> bool:
    return bytes(one.get("kind", b"")) == _KIND


def read(body: bytes) -> list[Reading]:
    """The readings, earliest first; other operations tell nothing.

    Raises:
        RefusedError: neither; the place is named.
        TooLargeError: a limit was passed.
    """
    if body.lstrip().startswith(b"["):
        raws = [bytes(one) for one in read_fields(body, list[msgspec.Raw])]
    else:
        raws = [bytes(one) for _, one in read_lines(body, msgspec.Raw)]
    return by_time(one for raw in raws for one in _readings(raw) if one is not None)


def _readings(raw: bytes) -> Iterator[Reading | None]:
    told = read_fields(raw, dict[str, msgspec.Raw])
    if "items" in told:
        yield from map(_operation, read_fields(raw, _List).items)
    elif "protoPayload" in told:
        yield _call(read_fields(raw, _Entry))
    else:
        yield _operation(read_fields(raw, _Operation))


def _operation(one: _Operation) -> Reading | None:
    what, identity = _TYPES.get(one.operation_type or ""), named(one.name)
    if what is None or identity is None or one.status != "DONE":
        return None
    began, ended = told_time(one.start_time), told_time(one.end_time)
    data: dict[str, Any] = {
        "recovery": identity,
        "outcome": "success" if bytes(one.error) == b"null" else "failure",
        "database": named(one.target_id),
        "planned": True if one.operation_type == "SWITCHOVER" else None,
        "actor": _who(one.user),
        "duration_s": seconds_between(began, ended),
        "rto_reached_s": seconds_between(began, ended) if what != "backup.finished" else None,
        "tool": "Cloud SQL",
        "reported_outcome": named(one.status),
    }
    return fact(what, ended, data, kind=one.operation_type)


def _call(entry: _Entry) -> Reading | None:
    call, progress = entry.proto_payload, entry.operation or _Progress()
    method = (call.method_name or "").rpartition(".")[2].lower()
    what = _METHODS.get(method)
    identity = named(progress.id) or named(entry.insert_id)
    if what is None or identity is None:
        return None
    failed = bool(call.status and call.status.code)
    caller = call.authentication_info.principal_email if call.authentication_info else None
    data: dict[str, Any] = {
        "recovery": identity,
        "database": named((call.resource_name or "").rpartition("/")[2]),
        "planned": True if method == "switchover" else None,
        "actor": _who(caller),
        "trigger": "manual" if what == "failover.finished" else None,
        "tool": "Cloud SQL",
    }
    told, kind = told_time(entry.timestamp), named(call.method_name)
    if progress.first and not progress.last and not failed:
        # What was asked for is told of again when it is done.
        return fact("failover.started", told, data, kind=kind) if "failover" in what else None
    return fact(what, told, data | {"outcome": "failure" if failed else "success"}, kind=kind)


def _who(email: str | None) -> dict[str, Any] | None:
    if email is None or "@" not in email or email.endswith(_ROBOT):
        return None
    return person_of("google", email=email)


FORMAT: Final = Format("cloud-sql", "Cloud SQL operations", "application/json", claims, read)
