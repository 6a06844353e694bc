"""The keys of an open ledger as its log has them, read from its own entries.

Entries that change keys are signed by the keys before, so they need no other check to be believed;
`fsck` looks at them like at all others when their turn comes.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from psycopg import sql

from domain.errors import DamageError, RefusedError, SettingError, UnavailableError
from domain.log.checkpoint import open_checkpoint, sign_checkpoint
from domain.log.entry import parse_entry
from domain.log.note import parse_note
from domain.log.succession import ROTATED, Succession
from domain.log.tree import root_of
from store.ledger.keys import intake_name

if TYPE_CHECKING:
    from domain.log.checkpoint import Checkpoint
    from domain.log.key import SigningKey, VerifierKey
    from store.ledger.keys import LedgerKeys
    from store.ledger.tiles import Tiles
    from store.postgres.database import Connection, Database


class ValidKeys:
    """Which keys are valid where, and the private halves at hand. Safe for threads.

    Attributes:
        problems: positions of rotations that were not accepted, and why.
    """

    def __init__(self, schema: str, keys: LedgerKeys, tiles: Tiles) -> None:
        self._keys = keys
        self._tiles = tiles
        self._lock = threading.Lock()
        self._first = Succession.begin(keys.origin, keys.first)
        self._succession = self._first
        self._intake = _by_id(self._first)
        self.problems: dict[int, str] = {}
        self._rotations = sql.SQL("SELECT pos, entry FROM {} WHERE type = %s ORDER BY pos").format(
            sql.Identifier(schema, "entries")
        )

    @property
    def succession(self) -> Succession:
        """The keys as they were read last."""
        return self._succession

    @property
    def keys(self) -> LedgerKeys:
        """The private keys at hand."""
        return self._keys

    def take(self, keys: LedgerKeys) -> None:
        """Go on with these private keys."""
        with self._lock:
            self._keys = keys

    def load(self, connection: Connection) -> None:
        """Read the rotations that are committed, and private keys that came with them."""
        found, problems = self._first, dict[int, str]()

        def root(size: int) -> bytes | None:
            try:
                return root_of(size, self._tiles.reader(connection, size))
            except DamageError:
                return None

        for pos, raw in connection.execute(self._rotations, (ROTATED,)).fetchall():
            try:
                found = found.after(parse_entry(bytes(raw)), root)
            except (DamageError, RefusedError) as error:
                problems[int(pos)] = error.cause if isinstance(error, DamageError) else str(error)
        with self._lock:
            if found.terms != self._succession.terms:
                self._keys = self._keys.again()
            self._succession, self.problems = found, problems
            self._intake = _by_id(found)

    def open(self, note: bytes) -> Checkpoint:
        """The checkpoint of this ledger, signed by a log key that is valid at its size.

        Raises:
            RefusedError: not a note, or its text not a checkpoint's.
            DamageError: of another log, not signed by this one, or by a key out of its range.
        """
        succession = self._succession
        said = open_checkpoint(note, [term.key for term in succession.log], succession.origin)
        ids = [f"{line.name}+{line.hash.hex()}" for line in parse_note(note)[1]]
        succession.check_signers(ids, said.size)
        return said

    def open_newer(self, note: bytes, database: Database) -> Checkpoint:
        """The same, of a checkpoint that another process may have signed with a newer key.

        Raises:
            RefusedError: as `open`.
            DamageError: as `open`.
            UnavailableError: the database does not answer.
        """
        try:
            return self.open(note)
        except DamageError:
            with database.session("writer") as connection:
                self.load(connection)
            return self.open(note)

    def sign(self, checkpoint: Checkpoint) -> bytes:
        """A checkpoint, signed by every log key that is valid at its size and at hand.

        Raises:
            UnavailableError: none is.
        """
        valid = [term.key for term in self._succession.log if term.holds(checkpoint.size)]
        keys = self._keys.having(valid)
        if not keys:
            raise UnavailableError("the log key that is valid now is not here")
        return sign_checkpoint(checkpoint, keys)

    @property
    def signers(self) -> tuple[SigningKey, ...]:
        """The intake keys that sign now, the newest last.

        Raises:
            SettingError: none is at hand.
        """
        keys = self._keys.having(self._succession.in_force(intake_name(self._succession.origin)))
        if not keys:
            raise SettingError("the intake key that is valid now is not here")
        return keys

    @property
    def intake_verifiers(self) -> dict[str, VerifierKey]:
        """Every intake key there is or was, by its id."""
        return self._intake


def _by_id(succession: Succession) -> dict[str, VerifierKey]:
    return {term.key.id: term.key for term in succession.intake}
