"""Drafts made ready before the sequencer sees them: sealed, and laid out as rows.

Nothing here depends on the chain, so it runs on the callers' threads, beside sequencing. Whether
an event is a repeat or refused shows later: then the documents that were kept for it go again.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError, TooLargeError, UnavailableError
from domain.log.context import line_of
from domain.log.entry import MAX_ENTRY
from domain.log.names import RESERVED_TAG_PREFIX, check_tag
from domain.log.part import LongPart
from store.ledger.copying import microseconds, part_fields, tag_heads, type_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from domain.draft import Draft, SealedPart
    from domain.log.entry import Signature
    from domain.log.key import SigningKey
    from store.documents import DocumentStore
    from store.ledger.equipment import Equipment

LARGE: Final = 32 * 1024
"""Bodies over this many bytes lie in the document store."""
_SEQ_ROOM: Final = 1024


@dataclass(slots=True)
class Prepared:
    """A draft that only wants its signatures and its place in the chain.

    Attributes:
        type: stored type.
        context: the context's line.
        streams: names of its streams.
        tags: its tags, sorted.
        time: claimed instant, microseconds since 2000, or None.
        type_field, tag_heads, stream_heads, part_rows: pieces of rows as COPY wants them.
        key: keyed digest of (source, id), or None.
        mac: keyed digest of the received bytes, or None.
        signatures: of the context's line; empty until a `Signer` has signed.
        signers: keys that sign in place of the intake keys.
        documents: commitments of its documents, and whether each was put for it.
    """

    type: str
    context: bytes
    streams: tuple[str, ...]
    tags: tuple[str, ...]
    time: int | None
    type_field: bytes
    tag_heads: tuple[bytes, ...]
    stream_heads: tuple[bytes, ...]
    part_rows: tuple[bytes, ...]
    key: bytes | None
    mac: bytes | None
    signatures: tuple[Signature, ...] = ()
    signers: tuple[SigningKey, ...] = ()
    documents: dict[str, bool] = field(default_factory=dict)

    @property
    def matching(self) -> frozenset[str]:
        """Tags and streams as conditions see them."""
        return frozenset((*self.tags, *[RESERVED_TAG_PREFIX + name for name in self.streams]))


def take_back(
    documents: DocumentStore, events: Iterable[Prepared], placed: Iterable[Prepared] = ()
) -> None:
    """Remove the documents that were put for events which are not in the ledger and will not be.

    A document that cannot be removed stays: it takes room and nothing else.

    Args:
        documents: where they are.
        events: of which it is certain, those among them that were placed aside.
        placed: whose documents stay.
    """
    holding = [event for event in events if event.documents]
    if not holding:
        return
    named = {name for event in placed for name in event.documents}
    for event in holding:
        for name, put in event.documents.items():
            if put and name not in named:
                with contextlib.suppress(UnavailableError):
                    documents.delete(name)


class Workbench:
    """Prepares drafts for one ledger. Safe for threads."""

    def __init__(self, equipment: Equipment) -> None:
        self._origin = equipment.origin
        self._keyed = hashlib.blake2b(key=equipment.delivery_key, digest_size=32)
        self._sealer = equipment.sealer
        self._documents = equipment.documents

    def lay_out(self, draft: Draft) -> Prepared:
        """Seal and lay out one draft; large bodies are in the document store on return.

        Documents are kept before the entry that names them: what a crash leaves behind, or an
        answer of the database that is never known, is a document without entry, never an entry
        without document. In all other cases `take_back` removes those of events not placed.

        Raises:
            RefusedError: the log cannot hold a value of it.
            TooLargeError: the entry would be over 65,535 bytes.
            UnavailableError: a document cannot be kept.
        """
        if not draft.event.body:
            raise RefusedError("event", "an event has at least one byte")
        for tag in draft.tags:
            # All else about names is checked as the line is written.
            if tag.startswith(RESERVED_TAG_PREFIX):
                check_tag(tag)
        context = line_of(draft, self._origin)
        if len(context) > MAX_ENTRY - _SEQ_ROOM:
            raise TooLargeError(
                "entry", f"the context has {len(context)} bytes, at most {MAX_ENTRY - _SEQ_ROOM}"
            )
        key, mac = self._delivery(draft)
        prepared = Prepared(
            draft.type,
            context,
            draft.streams,
            draft.tags,
            None if draft.time is None else microseconds(draft.time),
            type_field(draft.type),
            tag_heads(draft.tags),
            tag_heads([RESERVED_TAG_PREFIX + name for name in draft.streams]),
            (),
            key,
            mac,
            signers=draft.signers,
        )
        try:
            prepared.part_rows = tuple(self._part_rows(draft, prepared.documents))
        except BaseException:
            take_back(self._documents, [prepared])
            raise
        return prepared

    def delivery_key(self, source: str, identity: str) -> bytes:
        """Keyed digest by which a delivery is recognised (BLAKE2b, RFC 7693, 32 bytes)."""
        # The length keeps (ab, c) and (a, bc) apart.
        text = f"{len(source)}:{source}{identity}".encode("utf-8", "surrogatepass")
        return self._digest(b"id\0" + text)

    def _digest(self, text: bytes) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(text)
        return keyed.digest()

    def _delivery(self, draft: Draft) -> tuple[bytes | None, bytes | None]:
        delivery = draft.delivery
        if delivery is None:
            return None, None
        mac = self._digest(b"body\0" + delivery.received)
        return self.delivery_key(delivery.source, delivery.id), mac

    def _part_rows(self, draft: Draft, documents: dict[str, bool]) -> Iterator[bytes]:
        event = draft.event
        if len(event.body) <= LARGE:
            yield part_fields(event, event.body, None, None)
        else:
            commitment = event.commitment
            documents[commitment.hex()] = self._documents.put(commitment.hex(), event.body)
            yield part_fields(event, None, None, commitment)
        for sealed in draft.parts:
            yield self._sealed_row(sealed, documents)
        if draft.claims is not None:
            yield self._sealed_row(draft.claims, documents)

    def _sealed_row(self, sealed: SealedPart, documents: dict[str, bool]) -> bytes:
        part = sealed.part
        if self._sealer is None and sealed.persons:
            raise RefusedError(f"part {part.name}", "this ledger has no keys to seal it with")
        commitment = part.commitment
        persons = sealed.persons if self._sealer is not None else None
        if isinstance(part, LongPart):
            pieces = part.body.pieces()
            if self._sealer is not None:
                pieces = self._sealer.seal_pieces(pieces, sealed.persons, commitment)
            documents[commitment.hex()] = self._documents.put(commitment.hex(), pieces)
            return part_fields(part, None, persons, commitment)
        body: bytes | None = part.body
        if self._sealer is not None:
            body = self._sealer.seal(part.body, sealed.persons, commitment)
        if body is not None and len(body) > LARGE:
            documents[commitment.hex()] = self._documents.put(commitment.hex(), body)
            body = None
        return part_fields(part, body, persons, commitment)
