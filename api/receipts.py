"""What a sender gets back, and how entries are shown."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from domain.log.checkpoint import Checkpoint
from domain.log.entry import parse_entry
from domain.log.proof import TlogProof
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.log.part import Part
    from store.ledger.ledger import Ledger
    from store.ledger.reader import Row

STREAM_FORMAT: Final = "pipeledger/stream/v1"


def receipt(raw: bytes, leaf: bytes, position: int, checkpoint: bytes) -> dict[str, Any]:
    """A receipt: the entry's two lines and a checkpoint that covers it."""
    seq, _, ctx = raw.partition(b"\n")
    return {
        "position": position,
        "leaf": leaf.hex(),
        "seq": seq.decode(),
        "ctx": ctx.decode(),
        "checkpoint": checkpoint.decode(),
    }


def shown(row: Row) -> dict[str, Any]:
    """An entry for people and programs, without the bytes of its parts."""
    entry = parse_entry(row.raw)
    context = entry.context
    return {
        "position": row.position,
        "leaf": row.leaf.hex(),
        "at": entry.seq.at,
        "type": context.type,
        "version": context.version,
        "assurance": context.assurance,
        "by": {
            "principal": context.by.principal,
            "credential": context.by.credential,
            "how": context.by.how,
        },
        "streams": [
            {"name": name, "number": number}
            for name, number in zip(context.streams, entry.seq.stream_numbers, strict=True)
        ],
        "tags": list(context.tags),
    }


def exported(row: Row, parts: Sequence[Part] | None) -> dict[str, Any]:
    """An entry as a verifier reads it: exact bytes, and parts where they may be seen."""
    found: dict[str, Any] = {
        "position": row.position,
        "entry": _text(row.raw),
        "leaf": row.leaf.hex(),
    }
    if parts is not None:
        found["parts"] = [named(part) for part in parts]
    return found


def named(part: Part) -> dict[str, str]:
    """A part with its salt."""
    return {"name": part.name, "salt": _text(part.salt), "bytes": _text(part.body)}


def proof(
    ledger: Ledger, position: int, shown: Callable[[bytes], bytes] = lambda note: note
) -> bytes:
    """The tlog-proof file of an entry, up to the newest checkpoint.

    Args:
        ledger: open.
        position: of the entry.
        shown: gives a checkpoint with the cosignatures that came for it.
    """
    published = ledger.published
    path = ledger.reader.inclusion(position, published.size)
    return TlogProof(position - 1, tuple(path), shown(published.checkpoint)).encode()


def bundle(row: Row, file: bytes, parts: Sequence[Part]) -> dict[str, Any]:
    """A `*.pipeledger.json`: everything an offline verifier needs of one entry."""
    return {
        "entry": _text(row.raw),
        "proof": _text(file),
        "parts": [named(part) for part in parts],
    }


def stream(ledger: Ledger, name: str, note: bytes, *, after: int, limit: int) -> dict[str, Any]:
    """The events of a stream, with what shows that none is left out between them.

    Args:
        ledger: holds them.
        name: the stream's.
        note: the checkpoint that they are proved against.
        after: position after which they begin.
        limit: most events.
    """
    size = Checkpoint.of(note).size
    rows = ledger.reader.entries(size, Filter(stream=name), after=after, limit=limit)
    paths = ledger.reader.inclusions([row.position for row in rows], size)
    entries = []
    for row, path in zip(rows, paths, strict=True):
        found = shown(row)
        found["number"] = next(one["number"] for one in found["streams"] if one["name"] == name)
        found |= {"entry": _text(row.raw), "hashes": [_text(step) for step in path]}
        entries.append(found)
    return {
        "format": STREAM_FORMAT,
        "stream": name,
        "size": size,
        "checkpoint": note.decode(),
        "entries": entries,
        "next": rows[-1].position if len(rows) == limit else None,
    }


def fingerprint(vkeys: Sequence[str]) -> str:
    """What people compare before they trust a log's keys."""
    return "sha256:" + sha256("\n".join(sorted(vkeys)).encode()).hexdigest()


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
