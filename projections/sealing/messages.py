"""What a process that seals is told, and what it says: MessagePack."""

from __future__ import annotations

import msgspec

from projections.segment import Seal  # noqa: TC001 - decoded


class Begin(msgspec.Struct, frozen=True):
    """The first message.

    Attributes:
        database: libpq address; may hold a password.
        schema: the ledger's tables in it.
        documents: folder of its documents.
        folder: of its segments.
        origin: of the ledger.
        size: entries in a segment.
    """

    database: str
    schema: str
    documents: str
    folder: str
    origin: str
    size: int


class Wanted(msgspec.Struct, frozen=True):
    """Make the file of a segment; answered by `Made`.

    Attributes:
        number: of the segment.
        redaction: position of the last redaction that concerns it; 0: none.
    """

    number: int
    redaction: int


class Made(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        file: the name of the file that was made in the folder.
        seal: what it says of itself; None: there is none, for whatever reason.
    """

    file: str = ""
    seal: Seal | None = None
