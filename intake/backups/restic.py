"""restic: its lists of snapshots, and what `backup` and `restore` say with `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_fields, read_lines
from intake.number import seconds_of
from intake.order import by_time
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_SNAPSHOT: Final = frozenset({"time", "tree", "paths", "hostname", "id"})
_MESSAGES: Final = frozenset({
    b'"status"', b'"verbose_status"', b'"summary"', b'"error"', b'"exit_error"',
})  # fmt: skip
_TOOL: Final = "restic"


class _Summary(msgspec.Struct, gc=False):
    """When a backup was made; newer versions keep it with the snapshot."""

    backup_start: str | None = None
    backup_end: str | None = None


class _Snapshot(msgspec.Struct, gc=False):
    """A snapshot."""

    id: str | None = None
    time: str | None = None
    hostname: str | None = None
    username: str | None = None
    program_version: str | None = None
    summary: _Summary | None = None


class _Message(msgspec.Struct, gc=False):
    """A line of the output."""

    message_type: str | None = None
    snapshot_id: str | None = None
    total_duration: float | None = None
    backup_start: str | None = None
    backup_end: str | None = None
    files_restored: int | None = None
    seconds_elapsed: float | None = None
    dry_run: bool | None = None


def claims(shape: Shape) -> bool:
    """Snapshots, or messages of a run."""
    if shape.element is not None:
        return shape.element.keys() >= _SNAPSHOT
    return bytes(shape.object.get("message_type", b"")) in _MESSAGES


def read(body: bytes) -> list[Reading]:
    """The readings of snapshots, or of the run.

    Raises:
        RefusedError: neither; the place is named.
        TooLargeError: a limit was passed.
    """
    if body.lstrip().startswith(b"["):
        found = (_snapshot(one) for one in read_fields(body, list[_Snapshot]))
        return by_time(one for one in found if one is not None)
    return _run([one for _, one in read_lines(body, _Message)])


def _snapshot(one: _Snapshot) -> Reading | None:
    identity, kept = named(one.id), one.summary or _Summary()
    if identity is None:
        return None
    began = told_time(kept.backup_start or one.time)
    data: dict[str, Any] = {
        "recovery": identity,
        # There is no snapshot of a backup that did not end.
        "outcome": "success",
        "backup_set": identity,
        "runner": named(one.hostname),
        "actor": person_of(named(one.hostname) or _TOOL, login=one.username),
        "started_at": began.time if began else None,
        "tool": _TOOL,
        "tool_version": named((one.program_version or "").removeprefix("restic ")),
    }
    return fact("backup.finished", told_time(kept.backup_end or one.time), data, kind="snapshot")


def _run(messages: list[_Message]) -> list[Reading]:
    """One fact of a run: its summary, and whether there were errors."""
    kinds = [one.message_type for one in messages]
    errors = kinds.count("error")
    last = next((one for one in reversed(messages) if one.message_type == "summary"), None)
    summary, restored = last or _Message(), any(one.files_restored for one in messages)
    # A rehearsal tells the id of a snapshot that it did not make.
    made = summary.snapshot_id is not None and not summary.dry_run
    backed = made if last else "status" in kinds
    # Other commands have summaries too.
    if not (restored or backed) or (last is None and "exit_error" not in kinds):
        return []
    # Files that could not be read are missing in the snapshot.
    outcome = "error" if last is None else "failure" if errors else "success"
    began, ended = told_time(summary.backup_start), told_time(summary.backup_end)
    snapshot = named(summary.snapshot_id)
    data: dict[str, Any] = {
        "recovery": snapshot or ("restore" if restored else "backup"),
        "outcome": outcome,
        "backup_set": snapshot,
        "started_at": began.time if began else None,
        "duration_s": seconds_of(summary.total_duration or summary.seconds_elapsed),
        "errors": errors or None,
        "tool": _TOOL,
    }
    return [fact("restore.tested" if restored else "backup.finished", ended, data, kind="summary")]


FORMAT: Final = Format("restic", "restic snapshots and runs", "application/json", claims, read)
