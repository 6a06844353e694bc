"""Entries become rows of `events`, each verified on the way.

A projection of altered entries would be a number that nobody can stand by, so nothing becomes a
row before its hash, its link to the entry before, its place and its event's commitment hold.
Signatures of contexts are left to `fsck`: the root over these leaves is compared with the signed
checkpoint, which covers the same bytes (`projections.segments`).
"""

from __future__ import annotations

import gc
import itertools
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from domain.errors import DamageError, RefusedError
from domain.instant import PATTERN, read_time
from domain.log.entry import genesis_prev
from projections.calendar import INSTANT, instants_told
from projections.contract import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PART: Final = b"pipeledger/part/v1\0"
# Objects for so many entries at a time stay in the processor's caches, and take little memory.
_PIECE: Final = 8_192
_PREV_AT: Final = slice(len('{"v":1,"prev":"'), len('{"v":1,"prev":"') + 64)
_FIELDS: Final = (
    "service", "environment", "repository", "commit", "release", "run", "actor", "ticket",
    "outcome", "time_basis",
)  # fmt: skip


class _Seq(msgspec.Struct, gc=False):
    pos: int
    at: str
    sn: list[int]


class _By(msgspec.Struct, gc=False):
    p: str
    cred: str
    how: str


class _Committed(msgspec.Struct, gc=False):
    c: str


class _Context(msgspec.Struct, gc=False):
    o: str
    type: str
    tv: int
    by: _By
    streams: list[str]
    tags: list[str]
    event: _Committed
    assurance: str = msgspec.field(name="as")


class _Artifact(msgspec.Struct, gc=False):
    digest: str | None = None


class _Data(msgspec.Struct, gc=False):
    service: str | None = None
    environment: str | None = None
    repository: str | None = None
    commit: str | None = None
    artifact: _Artifact | None = None
    release: str | None = None
    run: str | None = None
    actor: str | None = None
    ticket: str | None = None
    outcome: str | None = None
    time_basis: str | None = None


class _Event(msgspec.Struct, gc=False):
    source: str | None = None
    id: str | None = None
    time: str | None = None
    data: _Data = msgspec.field(default_factory=_Data)


_seq: Final = msgspec.json.Decoder(_Seq).decode
_context: Final = msgspec.json.Decoder(_Context).decode
_event: Final = msgspec.json.Decoder(_Event).decode
_NOTHING: Final = _Event()


@dataclass(frozen=True, slots=True)
class Link:
    """Where the chain stands.

    Attributes:
        position: of the last entry; 0 before the first.
        leaf: its leaf hash; the genesis value before the first.
    """

    position: int
    leaf: bytes


def beginning(origin: str) -> Link:
    """Where the chain of a ledger stands before its first entry."""
    return Link(0, genesis_prev(origin))


@dataclass(frozen=True, slots=True)
class Rows:
    """Verified entries.

    Attributes:
        events: rows as the contract of `events` says, in order of position.
        leaves: their leaf hashes.
        last: where the chain stands after them.
    """

    events: pa.Table
    leaves: list[bytes]
    last: Link


def verified(read: pa.Table, origin: str, before: Link) -> Rows:
    """The rows of entries that follow each other.

    Args:
        read: columns `pos`, `leaf`, `entry`, `salt`, `body` (`store.ledger.columns`).
        origin: the ledger's.
        before: where the chain stands before them.

    Raises:
        DamageError: an entry is not what its hash, link, place or commitment says; names it.
    """
    events, leaves, last = list[pa.Table](), list[bytes](), before
    for start in range(0, read.num_rows, _PIECE):
        piece = read.slice(start, _PIECE)
        entries = piece["entry"].to_pylist()
        with no_collector():
            hashes = chained(piece["pos"].to_pylist(), entries, piece["leaf"].to_pylist(), last)
        events.append(rows_of(piece, entries, hashes, origin, last))
        leaves += hashes
        last = Link(last.position + len(hashes), hashes[-1])
    whole = pa.concat_tables(events) if events else table("events").arrow.empty_table()
    return Rows(whole, leaves, last)


def chained(
    positions: Sequence[int], entries: Sequence[bytes], stated: Sequence[bytes], before: Link
) -> list[bytes]:
    """Leaf hashes of entries that follow each other; of what they hold nothing is read.

    Args:
        positions: of the entries, as they are stated.
        entries: their bytes.
        stated: their leaf hashes, as they are stated.
        before: where the chain stands before them.

    Raises:
        DamageError: an entry is not at its place, is not what its hash says, or does not follow
            the one before; names it.
    """
    leaves = [sha256(b"\0" + entry).digest() for entry in entries]
    _check_places(positions, before)
    _check_leaves(leaves, stated, before)
    _check_links(entries, leaves, before)
    return leaves


def rows_of(
    read: pa.Table, entries: Sequence[bytes], leaves: list[bytes], origin: str, before: Link
) -> pa.Table:
    """The rows of entries whose chain holds, in order, as the contract of `events` says.

    Args:
        read: columns `entry`, `salt`, `body`, as of `verified`.
        entries: what the first of them holds.
        leaves: their leaf hashes.
        origin: the ledger's.
        before: where the chain stands before them.

    Raises:
        DamageError: an entry is not what its place or commitment says; names it.
    """
    with no_collector():
        lines = [entry.partition(b"\n") for entry in entries]
        try:
            seqs = [_seq(line[0]) for line in lines]
            contexts = [_context(line[2]) for line in lines]
        except (msgspec.DecodeError, UnicodeDecodeError):
            _find_unreadable(lines, before)
            raise
        for at, (seq, context) in enumerate(zip(seqs, contexts, strict=True), before.position + 1):
            if seq.pos != at:
                raise DamageError(at, f"the entry says position {seq.pos}")
            if context.o != origin:
                raise DamageError(at, "the entry names another origin")
        bodies: list[bytes | None] = read["body"].to_pylist()
        _check_commitments(contexts, read["salt"].to_pylist(), bodies, before)
        columns = _columns(seqs, contexts, [_read(body) for body in bodies])
    columns |= {
        "event": _bodies(read["body"]),
        "salt": read["salt"],
        "entry": read["entry"],
        "leaf": pa.array(leaves, pa.binary()),
    }
    contract = table("events").arrow
    found = pa.Table.from_arrays(
        [_chunked(columns[name]) for name in contract.names], contract.names
    )
    return found.cast(contract)


@contextmanager
def no_collector() -> Iterator[None]:
    """While very many small objects are made."""
    # A hundred thousand small objects are made that refer to nothing in a circle; looking
    # through them for circles takes longer than making them.
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _check_places(positions: Sequence[int], before: Link) -> None:
    expected = range(before.position + 1, before.position + 1 + len(positions))
    if positions != list(expected):
        at, found = next(
            (one, two) for one, two in zip(expected, positions, strict=True) if one != two
        )
        raise DamageError(at, f"no entry here; the next one is at {found}")


def _check_leaves(leaves: Sequence[bytes], stated: Sequence[bytes], before: Link) -> None:
    if leaves != stated:
        at = next(
            n for n, pair in enumerate(zip(leaves, stated, strict=True)) if pair[0] != pair[1]
        )
        raise DamageError(before.position + 1 + at, "the leaf column is not the hash of the entry")


def _check_links(entries: Sequence[bytes], leaves: Sequence[bytes], before: Link) -> None:
    links = [entry[_PREV_AT] for entry in entries]
    # In one piece: as many objects again, an object a leaf, take as long as all the rest.
    if b"".join(links) != (before.leaf + b"".join(leaves[:-1])).hex().encode()[: 64 * len(links)]:
        wanted = [leaf.hex().encode() for leaf in (before.leaf, *leaves[:-1])]
        at = next(
            n for n, pair in enumerate(zip(links, wanted, strict=False)) if pair[0] != pair[1]
        )
        raise DamageError(before.position + 1 + at, "prev is not the leaf hash of the entry before")


def _check_commitments(
    contexts: Iterable[_Context],
    salts: Iterable[bytes | None],
    bodies: Iterable[bytes | None],
    before: Link,
) -> None:
    for at, (context, salt, body) in enumerate(
        zip(contexts, salts, bodies, strict=True), before.position + 1
    ):
        if salt is not None and body is not None:
            if sha256(_PART + salt + body).hexdigest() != context.event.c:
                raise DamageError(at, "part event is not what the entry commits to")
        elif salt is not None or body is not None:
            raise DamageError(at, "part event: the salt and the bytes go together")


def _find_unreadable(lines: Sequence[tuple[bytes, bytes, bytes]], before: Link) -> None:
    for at, line in enumerate(lines, before.position + 1):
        try:
            _seq(line[0])
            _context(line[2])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise DamageError(at, "the entry's lines cannot be read") from None


def _read(body: bytes | None) -> _Event:
    if body is None:
        return _NOTHING
    try:
        return _event(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_loosely(body)


def _read_loosely(body: bytes) -> _Event:
    """An event that did not come through the door: each column it has, and nothing else."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOTHING
    if not isinstance(value, dict):
        return _NOTHING
    told = value.get("data")
    data = told if isinstance(told, dict) else {}
    artifact = data.get("artifact")
    digest = artifact.get("digest") if isinstance(artifact, dict) else None
    texts = {name: data[name] for name in _FIELDS if isinstance(data.get(name), str)}
    head = {name: value[name] for name in ("source", "id", "time")
            if isinstance(value.get(name), str)}  # fmt: skip
    return _Event(
        **head,
        data=_Data(**texts, artifact=_Artifact(digest) if isinstance(digest, str) else None),
    )


def _bodies(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        # A plain event of the recorder may be any bytes; those are no JSON and no text.
        return pa.chunked_array([[_text(body) for body in column.to_pylist()]], pa.string())


def _text(body: bytes | None) -> str | None:
    try:
        return None if body is None else body.decode()
    except UnicodeDecodeError:
        return None


def _columns(
    seqs: Sequence[_Seq], contexts: Sequence[_Context], events: Sequence[_Event]
) -> dict[str, pa.Array]:
    datas = [event.data for event in events]
    columns = {
        "position": pa.array([seq.pos for seq in seqs], pa.int64()),
        "recorded_at": _instants([seq.at for seq in seqs]),
        "occurred_at": _instants([event.time for event in events]),
        "version": pa.array([context.tv for context in contexts], pa.int64()),
        "principal": _texts([context.by.p for context in contexts]),
        "credential": _texts([context.by.cred for context in contexts]),
        "how": _texts([context.by.how for context in contexts]),
        "source": _texts([event.source for event in events]),
        "event_id": _texts([event.id for event in events]),
        "artifact": _texts([data.artifact.digest if data.artifact else None for data in datas]),
        "streams": _lists([context.streams for context in contexts], pa.string()),
        "stream_numbers": _lists([seq.sn for seq in seqs], pa.int64()),
        "tags": _lists([context.tags for context in contexts], pa.string()),
    }
    columns |= {
        name: _texts(list(map(attrgetter(name), contexts))) for name in ("type", "assurance")
    }
    columns |= {name: _texts(list(map(attrgetter(name), datas))) for name in _FIELDS}
    return columns


def _texts(values: list[Any]) -> pa.Array:
    return pa.array(values, pa.string())


def _lists(values: Sequence[Sequence[Any]], kind: pa.DataType) -> pa.Array:
    # Flat, Arrow takes half as long.
    ends = itertools.accumulate(map(len, values), initial=0)
    flat = itertools.chain.from_iterable(values)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(list(flat), kind))


def _instants(texts: list[str | None]) -> pa.Array:
    told = pa.array(texts, pa.string())
    try:
        # Arrow reads RFC 3339 up to its own precision, far quicker than a call for each; of other
        # forms it reads some that are no instants here.
        if pc.all(pc.match_substring_regex(told, f"^{PATTERN}$")).as_py():
            return instants_told(told.cast(INSTANT))
    except pa.ArrowInvalid:
        pass
    return pa.array([_instant(text) for text in texts], INSTANT)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_time(text, "time").astimezone(UTC)
    except (RefusedError, OverflowError):
        return None


def _chunked(column: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
