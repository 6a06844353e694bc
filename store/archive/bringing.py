"""Reads a ledger back in: everything is verified before anybody can see it, or nothing is there.

    files           every digest, and the ledger's signature of the manifest
    staging         a schema and a folder of other names, which no server opens
    fsck            every entry, the tree, the checkpoint, commitments, documents, beside the bytes
    guard           takes the checkpoint: from here on this history is the one that goes on
    in place        the schema gets its name in one step, then the folder

A run that is killed anywhere leaves staging, or a finished schema without a folder; the next run
drops the one and takes up the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from domain.errors import (
    DamageError,
    RefusedError,
    SettingError,
    UnavailableError,
)
from domain.log.checkpoint import open_checkpoint
from domain.log.entry import leaf_hash
from domain.log.tree import root_of
from store.archive.documents import DocumentReader
from store.archive.keyring import KeyRing
from store.archive.manifest import (
    CHECKPOINT,
    DOCUMENTS,
    Manifest,
    file_of,
    read_manifest,
    verified_manifest,
)
from store.archive.pieces import Digester, pieces
from store.archive.tables import copy_in, copy_out, tables_of
from store.documents import DocumentStore
from store.files import make_folder, sync_folder, write_file
from store.ledger.fsck import fsck
from store.ledger.keys import LedgerKeys, intake_name
from store.ledger.opening import ORIGIN, Place, Surroundings, equip, schema_of
from store.ledger.standing import StandingGuard
from store.people.keys import RegisterKeys
from store.people.register import Register
from store.postgres.migrate import migrate, read_migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from domain.log.checkpoint import Checkpoint
    from domain.log.key import Entropy
    from store.ledger.equipment import Equipment
    from store.ledger.guard import Guard
    from store.postgres.database import Connection, Database

_STAGING: Final = ".importing-"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a ledger is to stand.

    Attributes:
        name: of the ledger there.
        ledgers: the folder of all ledgers of a server.
        database: where its schema is to lie.
        guard: that is to hold its checkpoints, of the schema in which its tables lie.
        clock: the present instant, with time zone.
        entropy: random bytes.
    """

    name: str
    ledgers: Path
    database: Database
    guard: Callable[[str], Guard]
    clock: Callable[[], datetime]
    entropy: Entropy


def bring_ledger(
    source: Path,
    keys: Path,
    target: Target,
    progress: Callable[[str, int, int], None] = lambda _, __, ___: None,
) -> Manifest:
    """Make the ledger of an export on this server; all of it, or nothing.

    Args:
        source: the folder of the export.
        keys: the file of its keys.
        target: where to.
        progress: is told what is being done, how far it is, and of how much.

    Raises:
        RefusedError: the export is damaged, truncated or none; says where.
        DamageError: what it holds does not verify; says at which position.
        SettingError: a ledger of this name is there, the keys are another ledger's, or the guard
            holds a later checkpoint.
        UnavailableError: the database, the guard or the disk.
    """
    ring = KeyRing.read(keys)
    if read_manifest(source).origin != ring.origin:
        raise SettingError(f"{keys} holds the keys of {ring.origin}, which is not this ledger")
    folder = target.ledgers / target.name
    if folder.exists():
        raise SettingError(
            f"{folder} is there already: import under another name, or move it away if nobody "
            "needs it"
        )
    make_folder(target.ledgers)
    fresh = target.ledgers / f"{_STAGING}{target.name}"
    with target.database.connect() as connection, _alone(connection, target.name):
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            make_folder(fresh)
            ring.unpack(Place(fresh))
            run = _Bringing(source, ring.origin, target, Place(fresh), connection, progress)
            manifest = run.run()
            write_file(fresh / ORIGIN, ring.origin.encode())
            fresh.rename(folder)
            sync_folder(target.ledgers)
        except psycopg.Error as error:
            raise UnavailableError("the database ended the connection; import again") from error
        except OSError as error:
            raise UnavailableError(f"{fresh} cannot be written: {error.strerror}") from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return manifest


class _Bringing:
    def __init__(
        self,
        source: Path,
        origin: str,
        target: Target,
        place: Place,
        connection: Connection,
        progress: Callable[[str, int, int], None],
    ) -> None:
        self._source = source
        self._origin = origin
        self._target = target
        self._place = place
        self._connection = connection
        self._progress = progress
        self._keys = LedgerKeys.load(place.keys, origin)
        # Of those at hand: what a retired key signs now was not signed by this ledger.
        own = (self._keys.intake, *self._keys.successors)
        signed_by = [key.verifier for key in own if key.name == intake_name(origin)]
        self._manifest = verified_manifest(source, signed_by)

    def run(self) -> Manifest:
        """Everything up to the folder's name."""
        self._check_files()
        note, said = self._checkpoint()
        final = schema_of(self._target.name)
        _check_guard(self._target.guard(final), self._keys, said)
        if self._exists(final):
            if not self._holds(final):
                raise SettingError(
                    f"the database holds a schema {final} of another state or ledger: import "
                    "under another name, or into another database"
                )
            self._lay_out_documents()
            self._examine(final, note, said)
            return self._manifest
        staging = "import_" + final.removeprefix("ledger_")
        self._drop(staging)
        try:
            self._load(staging)
            self._lay_out_documents()
            self._examine(staging, note, said)
            self._connection.execute(
                sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
                    sql.Identifier(staging), sql.Identifier(final)
                )
            )
        except BaseException:
            if not self._connection.closed:
                self._drop(staging)
            raise
        return self._manifest

    def _check_files(self) -> None:
        files = self._manifest.all_files()
        total, done = sum(one.bytes for one in files.values()), 0
        for name, told in files.items():
            for piece in pieces(self._source / name, told):
                done += len(piece)
                self._progress("checking", done, total)

    def _checkpoint(self) -> tuple[bytes, Checkpoint]:
        note = b"".join(self._pieces(CHECKPOINT))
        said = open_checkpoint(note, self._keys.verifiers(self._origin), self._origin)
        if (said.size, said.root.hex()) != (self._manifest.size, self._manifest.root):
            raise RefusedError(CHECKPOINT, "it speaks of another state than the manifest")
        return note, said

    def _pieces(self, name: str) -> Iterator[bytes]:
        return pieces(self._source / name, self._manifest.all_files()[name])

    def _exists(self, schema: str) -> bool:
        found = self._connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", (schema,))
        return found.fetchone() is not None

    def _holds(self, schema: str) -> bool:
        """Whether a schema holds this export, byte for byte."""
        tables = {one.name: one for one in tables_of(self._connection, schema)}
        for told in self._manifest.tables:
            table = tables.get(told.name)
            if table is None or table.columns != told.columns:
                return False
            found = Digester()
            # Of all its rows: one behind the checkpoint is no part of the export.
            copy_out(self._connection, schema, table, 2**62, found)
            if found.told() != told.file:
                return False
        return len(tables) == len(self._manifest.tables)

    def _load(self, schema: str) -> None:
        ours = read_migrations()
        theirs = [(one.name, one.sha256) for one in self._manifest.migrations]
        known = [(one.name, one.digest.hex()) for one in ours]
        if theirs != known[: len(theirs)]:
            raise SettingError(
                "this export was written by a newer version: import it with that version"
            )
        migrate(self._connection, schema, ours[: len(theirs)])
        with self._connection.transaction():
            there = {one.name: one.columns for one in tables_of(self._connection, schema)}
            if there != {one.name: one.columns for one in self._manifest.tables}:
                raise RefusedError("manifest.json", "it names other tables or columns than it has")
            total, done = sum(one.file.bytes for one in self._manifest.tables), 0

            def counted(content: Iterator[bytes]) -> Iterator[bytes]:
                nonlocal done
                for piece in content:
                    yield piece
                    done += len(piece)
                    self._progress("loading", done, total)

            for one in self._manifest.tables:
                content = counted(self._pieces(file_of(one.name)))
                if copy_in(self._connection, schema, one.name, one.columns, content) != one.rows:
                    raise RefusedError(file_of(one.name), f"expected {one.rows} rows")
        migrate(self._connection, schema)
        self._connection.execute("ANALYZE")

    def _lay_out_documents(self) -> None:
        store = DocumentStore(self._place.documents)
        reader = DocumentReader(self._pieces(DOCUMENTS))
        total = self._manifest.documents
        for done in range(1, total + 1):
            commitment, body = reader.next()
            store.put(commitment, body)
            self._progress("documents", done, total)
        reader.end()

    def _examine(self, schema: str, note: bytes, said: Checkpoint) -> None:
        """Re-derive everything, then let the guard take the checkpoint."""
        register = Register(
            self._target.database, schema, RegisterKeys.load(self._place.secrets),
            self._target.entropy,
        )  # fmt: skip
        around = Surroundings(
            self._target.database, StandingGuard(note), self._target.clock, self._target.entropy,
            register,
        )  # fmt: skip
        equipment = equip(self._target.name, self._origin, self._place, around, schema)
        self._check_head(equipment, said)

        def tell(done: int, total: int) -> None:
            self._progress("verifying", done, total)

        for finding in fsck(equipment, progress=tell):
            if finding.damage:
                raise DamageError(finding.position, f"the export does not verify: {finding.cause}")
        _take(self._target.guard(schema), self._keys, note, said, equipment, self._connection)

    def _check_head(self, equipment: Equipment, said: Checkpoint) -> None:
        last = sql.SQL("SELECT pos, leaf, entry FROM {} ORDER BY pos DESC LIMIT 1").format(
            sql.Identifier(equipment.schema, "entries")
        )
        row = self._connection.execute(last).fetchone()
        if row is None or row[0] != said.size or leaf_hash(bytes(row[2])) != bytes(row[1]):
            raise DamageError(said.size, "the export does not end with the entry it was signed at")
        if root_of(said.size, equipment.tiles.reader(self._connection, said.size)) != said.root:
            raise DamageError(None, "the entries of the export have another root than was signed")

    def _drop(self, schema: str) -> None:
        self._connection.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema))
        )


@contextlib.contextmanager
def _alone(connection: Connection, name: str) -> Iterator[None]:
    """Be the only one that imports a ledger of this name into this database."""
    digest = hashlib.sha256(b"pipeledger/import/" + name.encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    got = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
    if got != (True,):
        raise SettingError(f"a ledger {name} is being imported by another process")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (key,))


def _check_guard(guard: Guard, keys: LedgerKeys, said: Checkpoint) -> Checkpoint | None:
    """The checkpoint that the guard holds already, if this export may follow it.

    Raises:
        SettingError: it may not.
    """
    note = guard.read()
    if note is None:
        return None
    there = open_checkpoint(note, keys.verifiers(said.origin), said.origin)
    if there.size > said.size:
        raise SettingError(
            f"the guard holds a checkpoint of {there.size} entries, this export has {said.size}: "
            "the ledger went on after it was written. Stop the old server, export again, import "
            f"that. If the entries {said.size + 1} to {there.size} are lost for good, this ledger "
            "is at its end: keep the export and its keys, what they hold still verifies. Begin "
            "another, and have its senders send again what is missing: pipeledger-server ledger "
            "create NAME --origin ORIGIN"
        )
    if there.size == said.size and there.root != said.root:
        raise SettingError(
            f"the guard holds another history of {there.size} entries than this export: one of "
            "them is not the ledger's. Nothing was imported"
        )
    return there


def _take(
    guard: Guard,
    keys: LedgerKeys,
    note: bytes,
    said: Checkpoint,
    equipment: Equipment,
    connection: Connection,
) -> None:
    """Let the guard hold the export's checkpoint, over what it may follow only."""
    before = guard.read()
    there = _check_guard(guard, keys, said)
    if there is not None and there.size == said.size:
        return
    if there is not None:
        root = root_of(there.size, equipment.tiles.reader(connection, there.size))
        if root != there.root:
            raise SettingError(
                f"the guard holds another history of {there.size} entries than this export: one "
                "of them is not the ledger's. Nothing was imported"
            )
    guard.swap(before, note)
