"""Systems that deliver by webhook: what each is called, and the secret it shares with us."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from psycopg import errors, sql

from domain.errors import ConflictError, NotFoundError, SettingError
from store.credentials import Credential, new_id
from store.people.keys import decrypt, encrypt
from store.recent import FRESH_S, TRUSTED_S, Recent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from domain.log.key import Entropy
    from store.postgres.database import Database

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Source:
    """One system that delivers.

    Attributes:
        name: in the address it delivers to.
        kind: of system (`github`).
        credential: what its deliveries may do.
        secret: shared with it.
        every_s: it is expected to deliver at least so often, in seconds; None: not expected.
        added_at: since when.
    """

    name: str
    kind: str
    credential: Credential
    secret: str = field(repr=False)
    every_s: int | None
    added_at: datetime


class Sources:
    """The sources of one ledger. Safe for threads.

    They are read anew every few seconds, so revoking one takes effect that soon in every process.
    """

    def __init__(
        self,
        database: Database,
        schema: str,
        sealing: bytes,
        entropy: Entropy,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """Make the table of a ledger's sources.

        Args:
            database: where.
            schema: the ledger's.
            sealing: key that secrets are sealed with, 32 bytes.
            entropy: random bytes.
            clock: the present instant.
            monotonic: seconds of a clock that never goes back.
        """
        self._database = database
        self._schema = schema
        self._sealing = sealing
        self._entropy = entropy
        self._clock = clock
        self._known = Recent(self._read, monotonic)
        table = sql.Identifier(schema, "sources")
        self._insert = sql.SQL(
            "INSERT INTO {} (name, kind, credential, principal, sealed, every_s, added_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        ).format(table)
        self._all = sql.SQL(
            "SELECT name, kind, credential, principal, sealed, every_s, added_at FROM {}"
            " WHERE revoked_at IS NULL ORDER BY name"
        ).format(table)
        self._taken = sql.SQL("SELECT 1 FROM {} WHERE name = %s").format(table)
        self._revoke = sql.SQL(
            "UPDATE {} SET revoked_at = %s WHERE name = %s AND revoked_at IS NULL"
        ).format(table)

    def draw(
        self, name: str, kind: str, principal: str, secret: str, every_s: int | None
    ) -> Source:  # fmt: skip
        """A new source, which is nothing until it is kept.

        Raises:
            SettingError: the name is none.
            ConflictError: it is taken, or was.
        """
        if _NAME.fullmatch(name) is None:
            raise SettingError("a source's name: a lower-case letter, then letters, digits, -")
        with self._database.session("writer") as connection:
            if connection.execute(self._taken, (name,)).fetchone() is not None:
                raise ConflictError(f"a source {name} is there, or was; choose another name")
        credential = Credential(
            new_id(self._entropy), principal, "emitter", (), None, how="webhook"
        )
        return Source(name, kind, credential, secret, every_s, self._clock())

    def keep(self, source: Source) -> None:
        """Let a source deliver from now on.

        Raises:
            ConflictError: another one took the name meanwhile.
        """
        sealed = encrypt(self._sealing, source.secret.encode(), self._bound(source.name),
                         self._entropy)  # fmt: skip
        row = (source.name, source.kind, source.credential.id, source.credential.principal, sealed,
               source.every_s, source.added_at)  # fmt: skip
        try:
            with self._database.session("writer") as connection:
                connection.execute(self._insert, row)
        except errors.UniqueViolation:
            raise ConflictError(f"a source {source.name} is there already") from None
        self._known.forget()

    def remembered(self, name: str) -> Source | None:
        """The source of a name that may deliver now and was read a few seconds ago.

        The database is not asked; None says only that `find` may have to.
        """
        known = self._known.remembered(TRUSTED_S)
        return None if known is None else known.get(name)

    def find(self, name: str) -> Source | None:
        """The source of a name that may deliver now; may ask the database."""
        return self.remembered(name) or self._known.get(FRESH_S).get(name)

    def valid(self) -> list[Source]:
        """Every source that was not revoked, by name."""
        return list(self._read().values())

    def check(self, name: str) -> Source:
        """The source of a name.

        Raises:
            NotFoundError: there is none that may deliver.
        """
        found = self._read().get(name)
        if found is None:
            raise NotFoundError(f"no source {name}")
        return found

    def revoke(self, name: str) -> None:
        """Take no more of its deliveries.

        Raises:
            NotFoundError: there is none that may deliver.
        """
        with self._database.session("writer") as connection:
            done = connection.execute(self._revoke, (self._clock(), name))
        self._known.forget()
        if not done.rowcount:
            raise NotFoundError(f"no source {name}")

    def _bound(self, name: str) -> bytes:
        return f"pipeledger/source/v1\0{self._schema}\0{name}".encode()

    def _read(self) -> dict[str, Source]:
        with self._database.session("writer") as connection:
            rows = connection.execute(self._all).fetchall()
        return {row[0]: self._source(*row) for row in rows}

    def _source(
        self,
        name: str,
        kind: str,
        identity: str,
        principal: str,
        sealed: bytes,
        every_s: int | None,
        added_at: datetime,
    ) -> Source:
        credential = Credential(identity, principal, "emitter", (), None, how="webhook")
        secret = decrypt(self._sealing, bytes(sealed), self._bound(name)).decode()
        return Source(name, kind, credential, secret, every_s, added_at)
