"""The Vault's audit records as it sends them to a syslog server: JSON or CEF, a line each.

A line begins with a header of RFC 5424 or of RFC 3164, whose time has no year: then the time is
that of receipt. Passwords never stand in these records.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError, TooLargeError
from intake.buffer import lines_of
from intake.cyberark.actions import (
    ACCESSED,
    ACTIONS,
    AUTHENTICATION,
    BY_NAME,
    CHANGED,
    COMPONENTS,
    ELEVATED,
    FAILED,
    FAILURES,
    GRANTED,
    MACHINES,
    REVOKED,
    ROTATED,
    TAKEN,
)
from intake.instant import told_epoch, told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.order import by_time
from intake.person import account_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.instant import Told
    from intake.shape import Shape

SYSTEM: Final = "cyberark"
_CEF: Final = re.compile(r"CEF:\d+\|Cyber-?Ark\|", re.IGNORECASE)
_JSON: Final = re.compile(r'\{[^{}]{0,200}"(?:raw|syslog)"\s*:')
_RECORD: Final = '"audit_record"'
_RAW: Final = "audit_record>"
# What failed gave nobody a right or another secret, and took nothing away.
_MADE: Final = frozenset({ROTATED, REVOKED, GRANTED, TAKEN, ELEVATED})
_STAMPED: Final = re.compile(r"^(?:<\d{1,3}>\d{0,2} ?)?(\d{4}-\d{2}-\d{2}T\S+)")
_PAIR: Final = re.compile(r"(?:^| )([A-Za-z][A-Za-z0-9_]{0,40})=")


class _Audit(msgspec.Struct, gc=False, rename="pascal"):
    """An audit record."""

    iso_timestamp: str | None = None
    version: str | None = None
    message_id: str | None = msgspec.field(name="MessageID", default=None)
    severity: str | None = None
    issuer: str | None = None
    action: str | None = None
    source_user: str | None = None
    target_user: str | None = None
    safe: str | None = None
    file: str | None = None
    request_id: str | None = None
    reason: str | None = None


class _Syslog(msgspec.Struct, gc=False):
    """What it stands in."""

    audit_record: _Audit


class _Line(msgspec.Struct, gc=False):
    """A line's JSON."""

    syslog: _Syslog


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit record, however it was written; empty texts are None."""

    number: int | None
    action: str | None
    failed: bool
    told: Told | None
    issuer: str | None
    source_user: str | None
    target_user: str | None
    safe: str | None
    file: str | None
    reason: str | None
    request: str | None
    version: str | None


def claims(shape: Shape) -> bool:
    """Lines of the Vault, with or without a header."""
    if "audit_record" in shape.inner("syslog"):
        return True
    return bool(_CEF.search(shape.head)) or (
        bool(_JSON.search(shape.head)) and (_RECORD in shape.head or _RAW in shape.head)
    )


def read(body: bytes) -> list[Reading]:
    """The readings of records that an event type is for, earliest first.

    Raises:
        RefusedError: a line is no audit record; it is named.
        TooLargeError: a limit was passed.
    """
    if body.lstrip().startswith(b"{") and b"\n" in body.strip():
        # One record over several lines, or one a line: the first that is whole decides.
        try:
            return _readings([_structured(read_fields(body, _Line), None)])
        except RefusedError:
            pass
    records = [
        _record(number, line.decode()) for number, line in enumerate(lines_of(body), 1)
        if line.strip()
    ]  # fmt: skip
    return _readings(records)


def _readings(records: list[Audit]) -> list[Reading]:
    found = (_read(one) for one in records)
    return by_time(one for one in found if one is not None)


def _record(number: int, line: str) -> Audit:
    cef = _CEF.search(line)
    if cef is not None:
        return _common_format(number, line[cef.start() :], line[: cef.start()])
    begin = line.find("{")
    if begin < 0:
        raise RefusedError(f"line {number}", "neither JSON nor CEF of CyberArk's Vault")
    try:
        told = read_fields(line[begin:].encode(), _Line)
    except TooLargeError as error:
        raise TooLargeError(f"line {number}, {error.place}", error.reason) from None
    except RefusedError as error:
        raise RefusedError(f"line {number}, {error.place}", error.reason) from None
    return _structured(told, _stamp(line[:begin]))


def _structured(line: _Line, stamp: Told | None) -> Audit:
    one = line.syslog.audit_record
    number = count_of(one.message_id)
    return Audit(
        number=number,
        action=named(one.action),
        failed=number in FAILURES or (one.severity or "").lower() in ("error", "critical"),
        told=told_time(one.iso_timestamp) or stamp,
        issuer=named(one.issuer),
        source_user=named(one.source_user),
        target_user=named(one.target_user),
        safe=named(one.safe),
        file=named(one.file),
        reason=(one.reason or "").strip() or None,
        request=named(one.request_id),
        version=named(one.version),
    )


def _common_format(number: int, text: str, header: str) -> Audit:
    """Seven parts with bars between them, then pairs; the last part may have bars in it."""
    parts = re.split(r"(?<!\\)\|", text, maxsplit=7)
    if len(parts) < 8:  # noqa: PLR2004 - CEF has eight
        raise RefusedError(f"line {number}", "no whole CEF")
    pairs = _pairs(parts[7])
    code = count_of(parts[4])
    level = count_of(parts[6])
    labelled = {
        pairs.get(f"cs{n}Label", "").strip('"').lower(): pairs.get(f"cs{n}", "").strip('"')
        for n in range(1, 7)
    }
    moment = pairs.get("rt") or pairs.get("end") or pairs.get("start")
    return Audit(
        number=code,
        action=named(pairs.get("act")) or named(parts[5]),
        failed=code in FAILURES or (level is not None and level >= 7),  # noqa: PLR2004 - CEF's high
        told=told_epoch(moment, 1_000) or told_time(moment) or _stamp(header),
        issuer=named(pairs.get("suser")),
        source_user=named(labelled.get("source user")),
        target_user=named(pairs.get("duser")) or named(labelled.get("affected user name")),
        safe=named(labelled.get("safe name") or labelled.get("safe")),
        file=named(pairs.get("fname")),
        reason=named(pairs.get("reason")) or named(labelled.get("request reason")),
        request=named(labelled.get("request id")),
        version=named(parts[3]),
    )


def _pairs(text: str) -> dict[str, str]:
    """Names and values; a value ends where the next name begins."""
    marks = list(_PAIR.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {
        mark[1]: text[mark.end() : end].strip().replace("\\=", "=")
        for mark, end in zip(marks, ends, strict=True)
    }


def _stamp(header: str) -> Told | None:
    found = _STAMPED.match(header)
    return told_time(found[1]) if found else None


def _read(one: Audit) -> Reading | None:
    what = ACTIONS.get(one.number) if one.number is not None else None
    if what is None and one.number is None:
        what = BY_NAME.get((one.action or "").lower())
    if one.number == AUTHENTICATION and one.failed:
        what = FAILED
    if what is None:
        return None
    path = named("/".join(part for part in (one.safe, one.file) if part))
    outcome = "failure" if one.failed else "success"
    data = _who(one.issuer) | {
        "system": SYSTEM,
        "operation": one.action,
        "request": one.request,
        "reason": one.reason,
        "tool": "CyberArk Vault",
        "tool_version": one.version,
        "reported_outcome": one.action,
    }
    if one.failed and what in _MADE:
        what = CHANGED
    more = _about(what, one, path, outcome)
    return fact(what, one.told, data | more, kind=one.action)


def _about(what: str, one: Audit, path: str | None, outcome: str) -> dict[str, Any]:
    """The fields that say what an action was on."""
    other = one.target_user or one.source_user
    if what in (ACCESSED, ROTATED, REVOKED):
        # Without a safe it is the password of a user of the Vault itself.
        place = path or named(f"users/{other or one.issuer or 'unknown'}")
        return {"path": place, "outcome": outcome if what == ACCESSED else None}
    if what in (GRANTED, TAKEN):
        # Owners are of a safe; a member is the second name, of the group that is the first.
        group = one.source_user if one.target_user else None
        return {"target": path or group or "vault", "subject": account_of(SYSTEM, other),
                "action": one.action}  # fmt: skip
    if what in (ELEVATED, FAILED):
        subject = account_of(SYSTEM, one.issuer) if what == FAILED else None
        return {"target": path or "vault", "subject": subject, "action": one.action}
    return {"resource": path or "vault", "action": one.action, "outcome": outcome}


def _who(issuer: str | None) -> dict[str, Any]:
    """A person, or a component that CyberArk made a user for."""
    lower = (issuer or "").lower()
    if lower in MACHINES or lower.startswith(COMPONENTS):
        return {"workload": issuer}
    return {"actor": account_of(SYSTEM, issuer)}


FORMAT: Final = Format("cyberark", "CyberArk Vault audit", "text/plain", claims, read)
