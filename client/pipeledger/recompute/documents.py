"""Documents beside entries as rows: what the definitions read from `documents`.

A document is a part of its own, which the entry commits to; each of its lines is a row. One that is
not at hand is a row without text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeledger.verifier.part import commitment
from pipeledger.verifier.wire import UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeledger.verifier.entry import Entry

PARTS = ("findings",)
"""Names of the parts that are documents."""
DOCUMENTS = pa.schema([
    pa.field("position", pa.int64()), pa.field("part", pa.string()),
    pa.field("line", pa.int64()), pa.field("text", pa.string()), pa.field("salt", pa.binary()),
])  # fmt: skip
Kept = dict[tuple[int, str], tuple[bytes, bytes]]
"""Salt and bytes of documents, by position and name of the part."""


def document_rows(
    parsed: Iterable[Entry], kept: Mapping[tuple[int, str], tuple[bytes, bytes]]
) -> pa.Table:
    """The rows of the documents that entries speak of.

    Args:
        parsed: the entries, whose chain holds.
        kept: the documents that are at hand.

    Raises:
        UnsoundError: a document is not what its entry commits to; names the position.
    """
    rows: dict[str, list[Any]] = {name: [] for name in DOCUMENTS.names}
    named: set[tuple[int, str]] = set()
    positions: set[int] = set()
    for entry in parsed:
        positions.add(entry.position)
        for part in entry.context["parts"]:
            if part["name"] in PARTS:
                key = (entry.position, part["name"])
                named.add(key)
                _add(rows, entry.position, part, kept.get(key))
    for position, name in sorted(kept.keys() - named):
        if position in positions:
            raise UnsoundError(position, f"part {name}: the entry does not speak of it")
    return pa.table(rows, DOCUMENTS)


def documents_in(rows: pa.Table) -> Kept:
    """The documents that rows of `documents` make.

    Raises:
        UnsoundError: they are no such rows.
    """
    kept: dict[tuple[int, str], tuple[bytes | None, bytes]] = {}
    texts: dict[tuple[int, str], list[str]] = {}
    for row in rows.to_pylist():
        key, salt = (row["position"], row["part"]), row["salt"]
        lines = texts.setdefault(key, [])
        lines.append(row["text"] or "")
        if row["line"] != len(lines):
            raise UnsoundError(row["position"], f"part {row['part']}: its lines are out of order")
        if (row["text"] is None) != (salt is None):
            raise UnsoundError(row["position"], f"part {row['part']}: text and salt go together")
        if kept.setdefault(key, (salt, b""))[0] != salt:
            raise UnsoundError(row["position"], f"part {row['part']}: it has one salt")
    return {
        key: (salt, "\n".join(texts[key]).encode())
        for key, (salt, _) in kept.items() if salt is not None
    }  # fmt: skip


def _add(
    rows: dict[str, list[Any]],
    position: int,
    part: Mapping[str, Any],
    found: tuple[bytes, bytes] | None,
) -> None:
    salt, lines = None, [None]
    if found is not None:
        salt, body = found
        if len(body) != part["len"] or commitment(salt, body) != part["c"]:
            raise UnsoundError(position, f"part {part['name']}: not what the entry commits to")
        salt, lines = _lines(salt, body)
    rows["position"] += [position] * len(lines)
    rows["part"] += [part["name"]] * len(lines)
    rows["line"] += range(1, len(lines) + 1)
    rows["text"] += lines
    rows["salt"] += [salt] * len(lines)


def _lines(salt: bytes, body: bytes) -> tuple[bytes | None, list[Any]]:
    try:
        return salt, list(body.decode().split("\n"))
    except UnicodeDecodeError:
        # No text: nothing can be said of its lines.
        return None, [None]
