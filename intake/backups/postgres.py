"""Backups of PostgreSQL: `pgbackrest info --output=json`, `wal-g backup-list --detail --json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import Told, seconds_between, told_epoch, told_time
from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_STANZA: Final = frozenset({"name", "backup", "db", "status"})
_LISTED: Final = frozenset({"backup_name", "wal_file_name"})


class _Span(msgspec.Struct, gc=False):
    """Seconds since 1970."""

    start: int | None = None
    stop: int | None = None


class _Version(msgspec.Struct, gc=False):
    """Of the tool."""

    version: str | None = None


class _Backup(msgspec.Struct, gc=False):
    """A backup of pgBackRest; `error` says that pages were damaged."""

    label: str | None = None
    type: str | None = None
    timestamp: _Span | None = None
    error: bool | None = None
    backrest: _Version | None = None


class _Stanza(msgspec.Struct, gc=False):
    """The backups of a cluster."""

    name: str | None = None
    backup: list[_Backup] | None = None


class _Listed(msgspec.Struct, gc=False):
    """A backup of WAL-G."""

    backup_name: str | None = None
    time: str | None = None
    modified: str | None = None
    start_time: str | None = None
    finish_time: str | None = None


def claims(shape: Shape) -> bool:
    """Stanzas with their backups, or a list of backups with their files."""
    told = (shape.element or {}).keys()
    return told >= _STANZA or told >= _LISTED


def read(body: bytes) -> list[Reading]:
    """The readings of backups, earliest first.

    Raises:
        RefusedError: neither; the place is named.
        TooLargeError: a limit was passed.
    """
    first = read_fields(body, list[dict[str, msgspec.Raw]])
    if first and first[0].keys() >= _LISTED:
        listed = (_listed(one) for one in read_fields(body, list[_Listed]))
        return by_time(one for one in listed if one is not None)
    found = (
        _backup(stanza.name, one)
        for stanza in read_fields(body, list[_Stanza]) for one in stanza.backup or ()
    )  # fmt: skip
    return by_time(one for one in found if one is not None)


def _backup(stanza: str | None, one: _Backup) -> Reading | None:
    label, span = named(one.label), one.timestamp or _Span()
    if label is None:
        return None
    data = {
        "recovery": named(f"{stanza or ''}/{label}"),
        "outcome": "failure" if one.error else "success",
        "backup_set": label,
        "database": named(stanza),
        "backup_kind": named(one.type),
        "tool": "pgBackRest",
        "tool_version": named(one.backrest.version) if one.backrest else None,
    }
    return _reading(data, told_epoch(span.start), told_epoch(span.stop))


def _listed(one: _Listed) -> Reading | None:
    name = named(one.backup_name)
    if name is None:
        return None
    data = {"recovery": name, "outcome": "success", "backup_set": name, "tool": "WAL-G"}
    ended = told_time(one.finish_time or one.time or one.modified)
    return _reading(data, told_time(one.start_time), ended)


def _reading(data: dict[str, Any], began: Told | None, ended: Told | None) -> Reading:
    more = {
        "started_at": began.time if began else None,
        "duration_s": seconds_between(began, ended),
    }
    return fact("backup.finished", ended, data | more, kind="backup")


FORMAT: Final = Format(
    "postgres-backup", "pgBackRest and WAL-G backups", "application/json", claims, read
)
