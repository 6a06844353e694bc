"""What an evidence pack has beside an export: a signature of all of it, and sheets for people."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeledger.looking import at
from pipeledger.recompute.pack import ENVELOPE, MANIFEST
from pipeledger.verifier.folder import read_bounded
from pipeledger.verifier.wire import (
    UncheckedError,
    UnsoundError,
    read_base64,
    read_object,
    read_text,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pipeledger.recompute.pack import Pack
    from pipeledger.verifier.trust import TrustedLog

FORMAT = "pipeledger/pack/v1"
_KIND = b"application/vnd.pipeledger.pack.v1+json"
_MAX_ENVELOPE = 128 * 1024 * 1024
_MAX_SHEET = 8 << 30
_MAX_CELL = 1 << 27
_SHEETS = {
    "outcomes": "control_outcomes", "results": "control_results", "population": "control_items",
    "exceptions": "control_items",
}  # fmt: skip
_UNSATISFIED = ("violated", "excepted", "insufficient-evidence")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check_signature(folder: Path, log: TrustedLog, size: int) -> None:
    """Check the ledger's signature of the manifest.

    Args:
        folder: the pack.
        log: whose it is.
        size: of the pack's checkpoint; a key that had ended by then signs no pack.

    Raises:
        UnsoundError: it is missing, of another manifest, or of no trusted key.
        UncheckedError: a pack of a version that this program does not know.
    """
    manifest = read_bounded(folder / MANIFEST, _MAX_ENVELOPE)
    told = at(read_object(manifest, MANIFEST), "pack", "format")
    if told != FORMAT:
        raise UncheckedError("the pack is of a version that this program does not know")
    path = folder / ENVELOPE
    if not path.is_file():
        raise UnsoundError(None, f"file {ENVELOPE}: missing")
    envelope = read_object(read_bounded(path, _MAX_ENVELOPE), ENVELOPE)
    payload = read_base64(envelope.get("payload"), f"{ENVELOPE}: payload")
    if envelope.get("payloadType") != _KIND.decode() or payload != manifest:
        raise UnsoundError(None, f"{ENVELOPE}: it signs another manifest")
    signatures = envelope.get("signatures")
    keys = [key for key in log.intake_keys if key.last is None or size <= key.last]
    message = b"DSSEv1 %d %b %d %b" % (len(_KIND), _KIND, len(manifest), manifest)
    for one in signatures if isinstance(signatures, list) else []:
        signature = read_base64(at(one, "sig"), f"{ENVELOPE}: signature")
        if any(key.verify(message, signature) for key in keys):
            return
    raise UnsoundError(None, f"{ENVELOPE}: no trusted key of {log.origin} signed it")


def check_sheets(pack: Pack) -> list[str]:
    """Compare the sheets, and the counts of the manifest, with the tables they are made of.

    Returns:
        What was compared, for people.

    Raises:
        UnsoundError: a row differs; names sheet and line.
    """
    counts = at(pack.manifest, "pack", "counts")
    missing = set(_SHEETS.values()) - pack.tables().keys()
    if missing:
        raise UnsoundError(None, f"manifest: the table {min(missing)} is missing")
    tables = {table: pack.table(table) for table in sorted(set(_SHEETS.values()))}
    lines = []
    for name, table in _SHEETS.items():
        rows = tables[table]
        if name == "exceptions":
            rows = _only_unsatisfied(rows)
        _compare(pack.folder / "compliance" / f"{name}.csv", rows)
        if at(counts, name) != rows.num_rows:
            raise UnsoundError(None, f"manifest: its count of {name} is not that of the rows")
        lines.append(f"{name}.csv: {rows.num_rows} rows, those of the table {table}")
    totals: dict[str, int] = {}
    for outcome in tables["control_items"]["outcome"].to_pylist():
        totals[outcome] = totals.get(outcome, 0) + 1
    if at(counts, "by_outcome") != totals:
        raise UnsoundError(None, "manifest: its control totals are not those of the rows")
    return lines


def _only_unsatisfied(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_in(rows["outcome"], pa.array(_UNSATISFIED)))


def _compare(path: Path, rows: pa.Table) -> None:
    """Compare a sheet with rows, whose order the sheet may choose."""
    if not path.is_file():
        raise UnsoundError(None, f"file compliance/{path.name}: missing")
    csv.field_size_limit(_MAX_CELL)
    text = read_text(read_bounded(path, _MAX_SHEET), path.name)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise UnsoundError(None, f"compliance/{path.name}: {error}") from error
    if not lines or lines[0] != rows.column_names:
        raise UnsoundError(None, f"compliance/{path.name}: it has other columns than its table")
    wanted: dict[tuple[str, ...], int] = {}
    for row in rows.to_pylist():
        key = tuple(_cell(value) for value in row.values())
        wanted[key] = wanted.get(key, 0) + 1
    for number, line in enumerate(lines[1:], 2):
        key = tuple(line)
        if not wanted.get(key):
            raise UnsoundError(None, f"compliance/{path.name}, row {number}: not in its table")
        wanted[key] -= 1
    if any(wanted.values()):
        raise UnsoundError(None, f"compliance/{path.name}: rows of its table are missing")


def _cell(value: Any) -> str:  # noqa: ANN401 - of any column
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
