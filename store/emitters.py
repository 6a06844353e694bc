"""Public keys of emitters: who may send signed events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql

from domain.errors import ConflictError, NotFoundError
from domain.log.emitter import EmitterKey
from store.credentials import Credential, new_id
from store.recent import FRESH_S, TRUSTED_S, Recent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from domain.log.dsse import Envelope
    from domain.log.key import Entropy
    from store.postgres.database import Database


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A key and whom it speaks for.

    Attributes:
        key: the public key.
        credential: what events it signed may do.
    """

    key: EmitterKey
    credential: Credential

    @property
    def key_id(self) -> str:
        """How envelopes hint at it."""
        return self.key.key_id

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's signature of `message`."""
        return self.key.verify(message, signature)


class Emitters:
    """The emitters' keys of one ledger. Safe for threads.

    They are read anew every few seconds, so revoking one takes effect that soon in every process.
    """

    def __init__(
        self,
        database: Database,
        schema: str,
        entropy: Entropy,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._database = database
        self._entropy = entropy
        self._clock = clock
        self._known = Recent(self._read, monotonic)
        table = sql.Identifier(schema, "emitter_keys")
        self._insert = sql.SQL(
            "INSERT INTO {} (credential, key_id, spki, principal, sources, expires)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
        ).format(table)
        self._all = sql.SQL(
            "SELECT credential, spki, principal, sources, expires FROM {}"
            " WHERE revoked_at IS NULL ORDER BY credential"
        ).format(table)
        self._taken = sql.SQL("SELECT 1 FROM {} WHERE key_id = %s").format(table)
        self._revoke = sql.SQL(
            "UPDATE {} SET revoked_at = %s WHERE credential = %s AND revoked_at IS NULL"
        ).format(table)

    def credential(
        self, principal: str, sources: tuple[str, ...], expires: datetime | None
    ) -> Credential:
        """A new credential for a key that is going to be enrolled."""
        return Credential(new_id(self._entropy), principal, "emitter", sources, expires, how="key")

    def check_free(self, key: EmitterKey) -> None:
        """Refuse a key that is or was enrolled.

        Raises:
            ConflictError: it is.
        """
        with self._database.session("writer") as connection:
            if connection.execute(self._taken, (key.key_id,)).fetchone() is not None:
                raise ConflictError("this key is enrolled already, or was and is revoked")

    def enroll(self, key: EmitterKey, credential: Credential) -> None:
        """Let a key sign from now on.

        Raises:
            ConflictError: it is, or was, enrolled.
        """
        row = (credential.id, key.key_id, key.spki, credential.principal,
               list(credential.sources), credential.expires)  # fmt: skip
        try:
            with self._database.session("writer") as connection:
                connection.execute(self._insert, row)
        except errors.UniqueViolation:
            raise ConflictError("this key is enrolled already, or was and is revoked") from None
        self._known.forget()

    def remembered(self) -> list[Enrolled]:
        """The keys that may sign now, if they were read a few seconds ago; else none.

        The database is not asked.
        """
        return self._in_force(self._known.remembered(TRUSTED_S) or [])

    def signer(self, envelope: Envelope, tried: Sequence[Enrolled] = ()) -> Credential:
        """Whose key signed an envelope; may ask the database.

        Args:
            envelope: it.
            tried: keys that did not.

        Raises:
            ForbiddenError: no other key that is valid now did.
        """
        # No key is tried twice.
        fresh = [one for one in self._in_force(self._known.get(FRESH_S)) if one not in tried]
        return envelope.verify(fresh).credential

    def valid(self) -> list[Enrolled]:
        """Every key that was not revoked."""
        return self._read()

    def check(self, credential: str) -> None:
        """Refuse an id that no valid key has.

        Raises:
            NotFoundError: none has it.
        """
        if all(one.credential.id != credential for one in self.valid()):
            raise NotFoundError(f"no valid key {credential}")

    def revoke(self, credential: str) -> None:
        """Trust a key no more.

        Raises:
            NotFoundError: no valid key has this credential.
        """
        with self._database.session("writer") as connection:
            done = connection.execute(self._revoke, (self._clock(), credential))
        self._known.forget()
        if not done.rowcount:
            raise NotFoundError(f"no valid key {credential}")

    def _in_force(self, keys: Sequence[Enrolled]) -> list[Enrolled]:
        """Those of the keys that have not expired."""
        now = self._clock()
        return [
            one for one in keys
            if one.credential.expires is None or one.credential.expires > now
        ]  # fmt: skip

    def _read(self) -> list[Enrolled]:
        with self._database.session("writer") as connection:
            rows = connection.execute(self._all).fetchall()
        return [_enrolled(*row) for row in rows]


def _enrolled(name: str, spki: bytes, principal: str, sources: list[str], expires: Any) -> Enrolled:  # noqa: ANN401 - a database value
    credential = Credential(name, principal, "emitter", tuple(sources), expires, how="key")
    return Enrolled(EmitterKey.parse(bytes(spki)), credential)
