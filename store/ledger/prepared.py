"""Drafts made ready before the sequencer sees them: signed, sealed, laid out as rows.

Nothing here depends on the chain, so it runs on the callers' threads, beside sequencing; the
libraries underneath release the interpreter lock while they sign and hash.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError, TooLargeError
from domain.log.context import context_of
from domain.log.entry import MAX_ENTRY, sign_context
from domain.log.names import RESERVED_TAG_PREFIX, check_tag
from store.ledger.copying import field, microseconds, part_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.draft import Draft, SealedPart
    from domain.log.entry import Signature
    from store.ledger.equipment import Equipment

LARGE: Final = 32 * 1024
"""Bodies over this many bytes lie in the document store."""
_SEQ_ROOM: Final = 1024


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft that only wants its place in the chain.

    Attributes:
        type: stored type.
        context: the context's line.
        signatures: of that line.
        streams: names of its streams.
        tags: its tags, sorted.
        matching: tags and streams as conditions see them.
        time: claimed instant, microseconds since 2000, or None.
        type_field, tag_fields, stream_fields, part_rows: fields as COPY wants them.
        key: keyed digest of (source, id), or None.
        mac: keyed digest of the received bytes, or None.
    """

    type: str
    context: bytes
    signatures: tuple[Signature, ...]
    streams: tuple[str, ...]
    tags: tuple[str, ...]
    matching: frozenset[str]
    time: int | None
    type_field: bytes
    tag_fields: tuple[bytes, ...]
    stream_fields: tuple[bytes, ...]
    part_rows: tuple[bytes, ...]
    key: bytes | None
    mac: bytes | None


class Workbench:
    """Prepares drafts for one ledger. Safe for threads."""

    def __init__(self, equipment: Equipment) -> None:
        self._origin = equipment.origin
        self._intake = (equipment.keys.intake,)
        self._delivery_key = equipment.delivery_key
        self._sealer = equipment.sealer
        self._documents = equipment.documents

    def prepare(self, draft: Draft) -> Prepared:
        """Sign, seal and lay out one draft; large bodies are in the document store on return.

        Documents are kept before the entry that names them: what a crash leaves behind is a
        document without entry, never an entry without document.

        Raises:
            RefusedError: the log cannot hold a value of it.
            TooLargeError: the entry would be over 65,535 bytes.
            UnavailableError: a document cannot be kept.
        """
        if not draft.event.body:
            raise RefusedError("event", "an event has at least one byte")
        for tag in draft.tags:
            check_tag(tag)
        context = context_of(draft, self._origin).encode()
        if len(context) > MAX_ENTRY - _SEQ_ROOM:
            raise TooLargeError(
                "entry", f"the context has {len(context)} bytes, at most {MAX_ENTRY - _SEQ_ROOM}"
            )
        key, mac = self._delivery(draft)
        stream_tags = tuple([RESERVED_TAG_PREFIX + name for name in draft.streams])
        return Prepared(
            type=draft.type,
            context=context,
            signatures=sign_context(context, self._intake),
            streams=draft.streams,
            tags=draft.tags,
            matching=frozenset((*draft.tags, *stream_tags)),
            time=None if draft.time is None else microseconds(draft.time),
            type_field=field(draft.type.encode()),
            tag_fields=tuple([field(tag.encode()) for tag in draft.tags]),
            stream_fields=tuple([field(tag.encode()) for tag in stream_tags]),
            part_rows=tuple(self._part_rows(draft)),
            key=key,
            mac=mac,
        )

    def delivery_key(self, source: str, identity: str) -> bytes:
        """Keyed digest by which a delivery is recognised."""
        # The length keeps (ab, c) and (a, bc) apart.
        text = f"{len(source)}:{source}{identity}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._delivery_key, b"id\0" + text, hashlib.sha256)

    def _delivery(self, draft: Draft) -> tuple[bytes | None, bytes | None]:
        delivery = draft.delivery
        if delivery is None:
            return None, None
        mac = hmac.digest(self._delivery_key, b"body\0" + delivery.received, hashlib.sha256)
        return self.delivery_key(delivery.source, delivery.id), mac

    def _part_rows(self, draft: Draft) -> Iterator[bytes]:
        event = draft.event
        if len(event.body) <= LARGE:
            yield part_fields(event.name, event.salt, event.body, None)
        else:
            self._documents.put(event.commitment.hex(), event.body)
            yield part_fields(event.name, event.salt, None, None)
        for sealed in draft.parts:
            yield self._sealed_row(sealed)
        if draft.claims is not None:
            yield self._sealed_row(draft.claims)

    def _sealed_row(self, sealed: SealedPart) -> bytes:
        part = sealed.part
        body: bytes | None = part.body
        persons: tuple[str, ...] | None = None
        if self._sealer is not None:
            persons = sealed.persons
            body = self._sealer.seal(part.body, persons, part.commitment)
        elif sealed.persons:
            raise RefusedError(f"part {part.name}", "this ledger has no keys to seal it with")
        if body is not None and len(body) > LARGE:
            self._documents.put(part.commitment.hex(), body)
            body = None
        return part_fields(part.name, part.salt, body, persons)
