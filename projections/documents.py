"""Documents that belong to events, as rows: what is too long for an event, such as findings.

A document is a part of its own: its bytes lie beside the log and the entry commits to them. They
become rows of `documents` only after that commitment held. What was redacted is one row without
text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from domain.errors import DamageError
from domain.log.part import SALT_BYTES, commitment
from projections.contract import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PARTS: Final = ("findings",)
"""Names of the parts that become rows."""
_MARKS: Final = tuple(f'{{"name":"{name}"'.encode() for name in PARTS)
_WITHOUT: Final = b'"parts":[]}'
_AT_ONCE: Final = 32 * 1024 * 1024
"""Bytes of documents that are read at once."""
Key = tuple[int, str]
"""Position and name of a part."""


class PartReader(Protocol):
    """Reads parts (`store.ledger.columns`)."""

    def parts(self, names: Iterable[str], after: int, until: int) -> pa.Table:
        """Columns `pos`, `name`, `salt`, `body` of the parts of these names, of such entries."""


class _Named(msgspec.Struct):
    name: str
    len: int
    c: str


class _Context(msgspec.Struct):
    parts: list[_Named]


_context: Final = msgspec.json.Decoder(_Context).decode


def documents_of(events: pa.Table, reader: PartReader) -> Iterator[pa.Table]:
    """The rows of the documents of some events, as the contract of `documents` says, in pieces.

    Args:
        events: their columns `position` and `entry`.
        reader: reads their parts.

    Raises:
        DamageError: a document is not what its entry commits to, or is missing; names the position.
        UnavailableError: the database does not answer.
    """
    for wanted in _in_pieces(_committed(events)):
        positions = [position for position, _ in wanted]
        kept = reader.parts(PARTS, positions[0] - 1, positions[-1])
        found = {
            (row["pos"], row["name"]): (row["salt"], row["body"]) for row in kept.to_pylist()
        }  # fmt: skip
        rows: dict[str, list[Any]] = {name: [] for name in table("documents").arrow.names}
        for key, told in wanted.items():
            salt, body = found.get(key, (None, None))
            if salt is not None and body is not None:
                _check(key, told, salt, body)
            _add(rows, key, salt, body)
        yield pa.table(rows, table("documents").arrow)


def check_documents(events: pa.Table, rows: pa.Table) -> None:
    """Compare rows of documents with what entries commit to.

    Args:
        events: columns `position` and `entry`.
        rows: as the contract of `documents` says.

    Raises:
        DamageError: they are not the documents of these entries; names the position.
    """
    if not rows.schema.remove_metadata().equals(table("documents").arrow):
        raise DamageError(None, "documents have other columns than their contract")
    texts: dict[Key, list[str]] = {}
    salts: dict[Key, bytes | None] = {}
    for row in rows.to_pylist():
        key, salt = (row["position"], row["part"]), row["salt"]
        lines = texts.setdefault(key, [])
        lines.append(row["text"] or "")
        # What does not count for the commitment must still be what it would be made as.
        if (
            row["line"] != len(lines)
            or (row["text"] is None) != (salt is None)
            or salts.setdefault(key, salt) != salt
        ):
            raise DamageError(key[0], f"part {key[1]} has other rows than its document")
    wanted = {key: one.c for key, one in _committed(events)}
    for position, name in sorted(texts.keys() ^ wanted.keys()):
        raise DamageError(position, f"part {name} is on one side only")
    for key, told in wanted.items():
        if (salt := salts[key]) is not None:
            _check(key, told, salt, "\n".join(texts[key]).encode())


def _committed(events: pa.Table) -> Iterator[tuple[Key, _Named]]:
    """The wanted parts of entries, and what each entry says of them."""
    # Most entries have no parts, and end so. Names stand nowhere else in an entry in this form.
    without = pc.ends_with(events["entry"], _WITHOUT)
    few = events.select(["position", "entry"]).filter(pc.invert(without)).sort_by("position")
    for position, entry in zip(*(column.to_pylist() for column in few.columns), strict=True):
        if any(mark in entry for mark in _MARKS):
            for part in _context(entry.partition(b"\n")[2]).parts:
                if part.name in PARTS:
                    yield (position, part.name), part


def _in_pieces(parts: Iterable[tuple[Key, _Named]]) -> Iterator[dict[Key, str]]:
    piece: dict[Key, str] = {}
    length = 0
    for key, one in parts:
        # The parts of one entry are read together.
        if length > _AT_ONCE and key[0] != next(reversed(piece))[0]:
            yield piece
            piece, length = {}, 0
        piece[key] = one.c
        length += one.len
    if piece:
        yield piece


def _check(key: Key, told: str, salt: bytes, body: bytes) -> None:
    if len(salt) != SALT_BYTES or commitment(salt, body).hex() != told:
        raise DamageError(key[0], f"part {key[1]} is not what the entry commits to")


def _add(rows: dict[str, list[Any]], key: Key, salt: bytes | None, body: bytes | None) -> None:
    lines: list[str] | list[None] = [None]
    if body is not None:
        try:
            lines = body.decode().split("\n")
        except UnicodeDecodeError:
            # No text: nothing can be said of its lines.
            salt = None
    rows["position"] += [key[0]] * len(lines)
    rows["part"] += [key[1]] * len(lines)
    rows["line"] += range(1, len(lines) + 1)
    rows["text"] += lines
    rows["salt"] += [salt] * len(lines)
