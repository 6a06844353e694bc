"""Drafts made ready before the sequencer sees them: laid out as rows, sealed, signed.

Nothing here depends on the chain, so it runs on the callers' threads, beside sequencing. Laying
out and signing are apart because signing alone runs on several cores: the library underneath
releases the interpreter lock, and threads that do little else hardly wait for one another.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError, TooLargeError
from domain.log.context import context_of
from domain.log.entry import MAX_ENTRY, sign_context
from domain.log.names import RESERVED_TAG_PREFIX, check_tag
from domain.log.part import EVENT_PART
from store.ledger.rows import NULL, field, long, microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.draft import Draft, SealedPart
    from domain.log.entry import Signature
    from store.ledger.equipment import Equipment

LARGE: Final = 32 * 1024
"""Bodies over this many bytes lie in the document store."""
_SEQ_ROOM: Final = 1024
_EVENT: Final = field(EVENT_PART.encode())


@dataclass(slots=True)
class PartFields:
    """An event's parts, column by column.

    Attributes:
        count: how many.
        names, salts, bodies, persons: that many fields, joined; the persons with commas.
    """

    count: int
    names: bytes
    salts: bytes
    bodies: bytes
    persons: bytes


@dataclass(slots=True)
class Prepared:
    """A draft that only wants its signatures and its place in the chain.

    Attributes:
        type: stored type.
        context: the context's line.
        streams: names of its streams.
        tags: its tags, sorted.
        time, type_field, tag_fields: fields of its rows; the tags first, then the streams.
        parts: its parts.
        key: keyed digest of (source, id), or None.
        mac: keyed digest of the received bytes, or None.
        signatures: of the context's line; empty until `Workbench.sign`.
    """

    type: str
    context: bytes
    streams: tuple[str, ...]
    tags: tuple[str, ...]
    time: bytes
    type_field: bytes
    tag_fields: bytes
    parts: PartFields
    key: bytes | None
    mac: bytes | None
    signatures: tuple[Signature, ...] = ()

    @property
    def matching(self) -> frozenset[str]:
        """Tags and streams as conditions see them."""
        return frozenset((*self.tags, *[RESERVED_TAG_PREFIX + name for name in self.streams]))


class Workbench:
    """Prepares drafts for one ledger. Safe for threads."""

    def __init__(self, equipment: Equipment) -> None:
        self._origin = equipment.origin
        self._intake = (equipment.keys.intake,)
        self._delivery_key = equipment.delivery_key
        self._sealer = equipment.sealer
        self._documents = equipment.documents

    def lay_out(self, draft: Draft) -> Prepared:
        """Seal and lay out one draft; large bodies are in the document store on return.

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
            # All else about names is checked as the line is written.
            if tag.startswith(RESERVED_TAG_PREFIX):
                check_tag(tag)
        context = context_of(draft, self._origin).encode()
        if len(context) > MAX_ENTRY - _SEQ_ROOM:
            raise TooLargeError(
                "entry", f"the context has {len(context)} bytes, at most {MAX_ENTRY - _SEQ_ROOM}"
            )
        key, mac = self._delivery(draft)
        return Prepared(
            draft.type,
            context,
            draft.streams,
            draft.tags,
            long(None if draft.time is None else microseconds(draft.time)),
            field(draft.type.encode()),
            _tag_fields(draft),
            self._parts(draft),
            key,
            mac,
        )

    def sign(self, events: Sequence[Prepared]) -> None:
        """Sign the contexts of these events, in place."""
        for event in events:
            event.signatures = sign_context(event.context, self._intake)

    def delivery_key(self, source: str, identity: str) -> bytes:
        """Keyed digest by which a delivery is recognised (BLAKE2b, RFC 7693, 32 bytes)."""
        # The length keeps (ab, c) and (a, bc) apart.
        text = f"{len(source)}:{source}{identity}".encode("utf-8", "surrogatepass")
        return self._digest(b"id\0" + text)

    def _digest(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, key=self._delivery_key, digest_size=32).digest()

    def _delivery(self, draft: Draft) -> tuple[bytes | None, bytes | None]:
        delivery = draft.delivery
        if delivery is None:
            return None, None
        mac = self._digest(b"body\0" + delivery.received)
        return self.delivery_key(delivery.source, delivery.id), mac

    def _parts(self, draft: Draft) -> PartFields:
        event = draft.event
        body: bytes | None = event.body
        if len(event.body) > LARGE:
            self._documents.put(event.commitment.hex(), event.body)
            body = None
        fields = PartFields(1, _EVENT, field(event.salt), field(body), NULL)
        sealed = draft.parts if draft.claims is None else (*draft.parts, draft.claims)
        for one in sealed:
            part = one.part
            body, persons = self._seal(one)
            fields.count += 1
            fields.names += field(part.name.encode())
            fields.salts += field(part.salt)
            fields.bodies += field(body)
            fields.persons += field(None if persons is None else ",".join(persons).encode())
        return fields

    def _seal(self, sealed: SealedPart) -> tuple[bytes | None, tuple[str, ...] | None]:
        """The body as the row holds it, and whose keys seal it."""
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
        return body, persons


def _tag_fields(draft: Draft) -> bytes:
    names = [*draft.tags, *[RESERVED_TAG_PREFIX + name for name in draft.streams]]
    return b"".join([field(name.encode()) for name in names])
