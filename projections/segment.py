"""One sealed segment: 65,536 entries in one Parquet file that proves itself.

The rows lie by type and, within a type, by position: a query that wants deployments then reads the
groups that hold deployments and nothing else. Whoever verifies puts them in order again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.errors import DamageError
from domain.log.tree import CompactTree
from projections.contract import table
from projections.rows import Link, chained, no_collector, rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from projections.rows import Rows

SIZE: Final = 65_536
"""Entries in a segment: 256 full tiles, one complete subtree of the Merkle tree."""
_GROUP: Final = 8_192
_MARK: Final = b"pipeledger.segment"
# What repeats within a column; hashes, ids and whole documents do not.
_REPEATED: Final = [
    "time_basis", "type", "assurance", "principal", "credential", "how", "source", "service",
    "environment", "repository", "commit", "artifact", "release", "run", "actor", "ticket",
    "outcome", "streams.list.element", "tags.list.element",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seal:
    """What a segment says of itself, in its metadata.

    Attributes:
        origin: of the ledger.
        number: of the segment, from 0.
        size: entries in a segment.
        contract: version of the contract of `events`.
        subtree: root over its leaves, hexadecimal.
        prev: leaf hash of the entry before its first, hexadecimal.
        last: leaf hash of its last entry, hexadecimal.
        digest: of its content, `sha256:` and hexadecimal: equal for equal entries in the same
            state of redaction, whoever sealed it.
        redaction: position of the last redaction that concerns it; 0: none.
    """

    origin: str
    number: int
    size: int
    contract: int
    subtree: str
    prev: str
    last: str
    digest: str
    redaction: int

    @property
    def before(self) -> Link:
        """Where the chain stands before the segment."""
        return Link(self.number * self.size, bytes.fromhex(self.prev))

    @property
    def after(self) -> Link:
        """Where the chain stands after the segment."""
        return Link((self.number + 1) * self.size, bytes.fromhex(self.last))


def seal_of(rows: Rows, origin: str, before: Link, redaction: int) -> Seal:
    """What a segment of these rows says of itself."""
    return _seal(rows.leaves, _gone(rows.events), origin, before, redaction)


def write(path: Path, rows: Rows, seal: Seal) -> None:
    """Write a segment's file; moving it into place, and making it durable, is for the caller."""
    write_events(path, rows.events, {_MARK: json.dumps(asdict(seal)).encode()})


def write_events(path: Path, events: pa.Table, metadata: dict[bytes, bytes] | None = None) -> None:
    """Write events as segments hold them, sealed or not."""
    events = events.sort_by([("type", "ascending"), ("position", "ascending")])
    schema = events.schema.with_metadata(metadata)
    with pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=1, use_dictionary=_REPEATED,
        write_page_checksum=True, store_schema=True,
    ) as writer:  # fmt: skip
        for start, length in _groups(events["type"]):
            writer.write_table(events.slice(start, length).cast(schema), row_group_size=_GROUP)


def read_seal(path: Path) -> Seal:
    """What a segment's file says of itself, nothing of it checked.

    Raises:
        DamageError: the file is no segment; names it.
    """
    try:
        said = (pq.read_schema(path).metadata or {}).get(_MARK)
        if said is None:
            raise DamageError(None, f"{path.name} is no segment")
        return Seal(**json.loads(said))
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DamageError(None, f"segment {path.name} cannot be read: {error}") from None


def types_in(path: Path) -> frozenset[str]:
    """The types of a segment's events."""
    return frozenset(pq.read_table(path, columns=["type"])["type"].unique().to_pylist())


def check_chain(path: Path, origin: str) -> Seal:
    """Hash the entries in a segment's file again: leaves, links, subtree and digest hold.

    What else stands in the file is not read.

    Raises:
        DamageError: something differs; names the file and, where one entry is wrong, the position.
    """
    seal = _seal_by(path, origin)
    read = _read(path, ["position", "leaf", "entry", "salt"])
    _chained(path, seal, read.sort_by("position"))
    return seal


def check(path: Path, origin: str) -> Seal:
    """Derive everything in a segment's file again from its entries and compare.

    Raises:
        DamageError: something differs; names the file and, where one entry is wrong, the position.
    """
    seal = _seal_by(path, origin)
    events = _read(path)
    if not events.schema.equals(table("events").arrow):
        raise DamageError(None, f"segment {path.name} has other columns than its contract")
    events = events.sort_by("position").replace_schema_metadata(None)
    entries, leaves = _chained(path, seal, events)
    body = events["event"].cast(pa.binary())
    read = events.select(["entry", "salt"]).append_column("body", body)
    derived = rows_of(read, entries, leaves, origin, seal.before)
    for name in events.column_names:
        _compare(path, name, events[name], derived[name], seal)
    return seal


def _chained(path: Path, seal: Seal, events: pa.Table) -> tuple[list[bytes], list[bytes]]:
    """The entries and their leaf hashes, once chain and seal hold."""
    entries: list[bytes] = events["entry"].to_pylist()
    with no_collector():
        leaves = chained(
            events["position"].to_pylist(), entries, events["leaf"].to_pylist(), seal.before
        )
    gone = _gone(events)
    if not leaves or seal != _seal(leaves, gone, seal.origin, seal.before, seal.redaction):
        raise DamageError(None, f"segment {path.name} is not what its metadata says")
    return entries, leaves


def _seal_by(path: Path, origin: str) -> Seal:
    seal = read_seal(path)
    if (seal.origin, seal.contract) != (origin, table("events").version):
        raise DamageError(
            None, f"segment {path.name} is of ledger {seal.origin}, contract {seal.contract}"
        )
    return seal


def _read(path: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise DamageError(None, f"segment {path.name} cannot be read: {error}") from error


def _compare(
    path: Path, name: str, stated: pa.ChunkedArray, derived: pa.ChunkedArray, seal: Seal
) -> None:
    if not stated.equals(derived):
        pairs = zip(stated.to_pylist(), derived.to_pylist(), strict=True)
        at = next((n for n, (one, two) in enumerate(pairs) if one != two), 0)
        raise DamageError(
            seal.before.position + at + 1,
            f"segment {path.name}: column {name} is not what the entry says",
        )


def _seal(leaves: list[bytes], gone: list[int], origin: str, before: Link, redaction: int) -> Seal:
    tree = CompactTree()
    tree.extend(leaves)
    return Seal(
        origin=origin,
        number=before.position // len(leaves),
        size=len(leaves),
        contract=table("events").version,
        subtree=tree.root().hex(),
        prev=before.leaf.hex(),
        last=leaves[-1].hex(),
        digest=_digest(leaves, gone),
        redaction=redaction,
    )


def _digest(leaves: list[bytes], gone: list[int]) -> str:
    """The leaves commit to every byte; which events are gone is all they do not say."""
    digest = sha256(f"pipeledger/segment/v{table('events').version}\n".encode())
    digest.update(b"".join(leaves))
    for position in gone:
        digest.update(f"{position}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _gone(events: pa.Table) -> list[int]:
    """Positions whose event was redacted."""
    found: list[int] = events["position"].filter(pc.is_null(events["salt"])).to_pylist()
    return found


def _groups(types: pa.ChunkedArray) -> list[tuple[int, int]]:
    """Runs of rows of one family, at most `_GROUP` long; small families share a group."""
    families = pc.list_element(pc.split_pattern(types, ".", max_splits=2), 1).to_pylist()
    runs: list[tuple[int, int]] = []
    start = 0
    for at in range(1, len(families) + 1):
        if at == len(families) or families[at] != families[start]:
            runs += [(one, min(_GROUP, at - one)) for one in range(start, at, _GROUP)]
            start = at
    merged: list[tuple[int, int]] = []
    for begin, length in runs:
        if merged and merged[-1][1] + length <= _GROUP // 8:
            merged[-1] = (merged[-1][0], merged[-1][1] + length)
        else:
            merged.append((begin, length))
    return merged
