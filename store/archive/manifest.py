"""The manifest of an export: what is in it, signed by the ledger's own key.

| in the folder | what it is |
|---|---|
| `manifest.json` | origin, size, root, tables with their columns, digests of every other file |
| `manifest.dsse.json` | the ledger's signature of the manifest, and so of every file |
| `checkpoint` | the signed note of this state, as the guard held it |
| `key.vkey` | the ledger's own keys; they prove nothing where they came with what they prove |
| `<table>.copy` | a table in the order of its primary key (PostgreSQL's binary COPY format) |
| `documents.bin` | documents by commitment: 32 bytes of it, 8 bytes of length, the document |

Nothing in it depends on when or where it was written, so equal ledgers give equal bytes.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import ForbiddenError, RefusedError
from domain.log.dsse import Envelope
from domain.log.names import check_origin
from store.archive.pieces import Told, read_small

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from domain.log.dsse import EnvelopeKey

FORMAT: Final = "pipeledger/ledger/v1"
PAYLOAD_TYPE: Final = "application/vnd.pipeledger.ledger-export.v1+json"
MANIFEST: Final = "manifest.json"
ENVELOPE: Final = "manifest.dsse.json"
CHECKPOINT: Final = "checkpoint"
VKEYS: Final = "key.vkey"
DOCUMENTS: Final = "documents.bin"
LARGEST: Final = 8 * 1024 * 1024
"""A manifest of 100 GiB of tables is smaller."""
_TABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")


class Ran(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A migration that had run: its file's name and SHA-256."""

    name: str
    sha256: str


class TableTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table: its name, its columns in order, and what its file is."""

    name: str
    columns: tuple[str, ...]
    rows: int
    file: Told


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in an export.

    Attributes:
        format: `pipeledger/ledger/v1`.
        origin: of the ledger.
        size: of the checkpoint: the last position.
        root: root hash at that size, in hexadecimal.
        migrations: those that had run, in order.
        tables: in an order in which they can be read back.
        documents: how many there are.
        files: the other files, by name.
    """

    format: str
    origin: str
    size: int
    root: str
    migrations: tuple[Ran, ...]
    tables: tuple[TableTold, ...]
    documents: int
    files: dict[str, Told]

    def encode(self) -> bytes:
        """The bytes that are signed."""
        return json.dumps(msgspec.to_builtins(self), indent=1).encode() + b"\n"

    def all_files(self) -> dict[str, Told]:
        """Every file but the manifest and its signature."""
        return {file_of(one.name): one.file for one in self.tables} | self.files

    @classmethod
    def parse(cls, raw: bytes) -> Manifest:
        """The manifest in these bytes.

        Raises:
            RefusedError: it is none, or names what no export has.
        """
        try:
            found = msgspec.json.decode(raw, type=cls)
        except msgspec.DecodeError as error:
            raise RefusedError(MANIFEST, f"no manifest of a ledger: {error}") from error
        if found.format != FORMAT:
            raise RefusedError(MANIFEST, f"expected the format {FORMAT}")
        check_origin(found.origin)
        names = [one.name for one in found.tables]
        # A name becomes that of a file, so it is one before anything else is done with it.
        if len(set(names)) != len(names) or not all(map(_TABLE.fullmatch, names)):
            raise RefusedError(MANIFEST, "a table's name is none, or stands there twice")
        if found.files.keys() != {CHECKPOINT, VKEYS, DOCUMENTS}:
            raise RefusedError(MANIFEST, "it names other files than an export has")
        return found


def file_of(table: str) -> str:
    """The file of a table."""
    return f"{table}.copy"


def envelope(content: bytes, sign: Callable[[str, bytes], tuple[str, bytes]]) -> bytes:
    """The signature of a manifest.

    Args:
        content: the manifest's bytes.
        sign: by type and payload, the key's id and its signature (DSSE).
    """
    key, signature = sign(PAYLOAD_TYPE, content)
    told = {
        "payload": base64.b64encode(content).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(told, indent=1).encode() + b"\n"


def read_manifest(folder: Path) -> Manifest:
    """What an export says of itself; nothing is verified yet.

    Raises:
        RefusedError: there is no manifest, or it is none.
    """
    return Manifest.parse(read_small(folder / MANIFEST, LARGEST))


def verified_manifest(folder: Path, keys: Iterable[EnvelopeKey]) -> Manifest:
    """The manifest, once one of these keys signed it.

    Raises:
        RefusedError: it is missing, altered, or signed by another key.
    """
    content = read_small(folder / MANIFEST, LARGEST)
    raw = read_small(folder / ENVELOPE, 2 * LARGEST)
    signed = Envelope.parse(raw)
    if signed.payload_type != PAYLOAD_TYPE or signed.payload != content:
        raise RefusedError(ENVELOPE, "it is the signature of something else than the manifest")
    try:
        signed.verify(keys)
    except ForbiddenError as error:
        raise RefusedError(ENVELOPE, "the manifest is not signed by this ledger's key") from error
    first = signed.signatures[0]
    if raw != envelope(content, lambda _, __: (first.key_id or "", first.value)):
        raise RefusedError(ENVELOPE, "other bytes than were written")
    return Manifest.parse(content)
