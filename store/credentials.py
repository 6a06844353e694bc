"""API tokens: 256 random bits each, of which only a digest is kept."""

from __future__ import annotations

import base64
import hmac
import threading
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal

from psycopg import sql

from domain.errors import NotFoundError
from domain.log.by import By
from store.recent import TRUSTED_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from domain.log.key import Entropy
    from store.postgres.database import Database

Role = Literal["emitter", "approver", "auditor", "operator"]
PREFIX: Final = "plt_"
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 16
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Credential:
    """Who a token speaks for and what it may do.

    Attributes:
        id: `crd_` and 32 hexadecimal digits.
        principal: `per_` or `wkl_` id.
        role: what it may do.
        sources: prefixes of event sources it may use; empty: any.
        expires: when it ends, or None.
        how: how its bearer is known: `token` or `key`.
    """

    id: str
    principal: str
    role: Role
    sources: tuple[str, ...]
    expires: datetime | None
    how: str = "token"

    @property
    def by(self) -> By:
        """How entries name its bearer."""
        return By(self.principal, self.id, self.how)


_Memory = dict[bytes | str, tuple[float, Credential | None]]
"""When each was looked up, and what was found."""


class Tokens:
    """The tokens of one ledger. Safe for threads.

    A token is looked up anew every few seconds, so revoking one takes effect that soon in
    every process.
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
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Apart: anybody can make up wrong tokens, and they must not push out valid ones.
        self._found: _Memory = {}
        self._missed: _Memory = {}
        self._revocations = 0
        table = sql.Identifier(schema, "tokens")
        self._insert = sql.SQL(
            "INSERT INTO {} (digest, credential, principal, role, sources, expires)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
        ).format(table)
        self._find = sql.SQL(
            "SELECT digest, credential, principal, role, sources, expires FROM {}"
            " WHERE digest = %s AND revoked_at IS NULL"
        ).format(table)
        self._of = sql.SQL(
            "SELECT credential, principal, role, sources, expires FROM {}"
            " WHERE credential = %s AND revoked_at IS NULL"
        ).format(table)
        self._all = sql.SQL(
            "SELECT credential, principal, role, sources, expires FROM {}"
            " WHERE revoked_at IS NULL ORDER BY credential"
        ).format(table)
        self._revoke = sql.SQL(
            "UPDATE {} SET revoked_at = %s WHERE credential = %s AND revoked_at IS NULL"
        ).format(table)

    def draw(
        self,
        principal: str,
        role: Role,
        sources: tuple[str, ...] = (),
        expires: datetime | None = None,
    ) -> tuple[str, Credential]:
        """A token's text and credential, which are nothing until they are kept."""
        text = PREFIX + base64.urlsafe_b64encode(self._entropy(_SECRET_BYTES)).rstrip(b"=").decode()
        return text, Credential(new_id(self._entropy), principal, role, sources, expires)

    def keep(self, text: str, credential: Credential) -> None:
        """Let a token be used from now on."""
        row = (_digest(text), credential.id, credential.principal, credential.role,
               list(credential.sources), credential.expires)  # fmt: skip
        with self._database.session("writer") as connection:
            connection.execute(self._insert, row)

    def remembered(self, text: str) -> Credential | None:
        """The credential of a token that is valid now and was looked up a few seconds ago.

        The database is not asked; None says only that `find` may have to.
        """
        known = self._found.get(_digest(text))
        if known is None or self._monotonic() - known[0] > TRUSTED_S:
            return None
        return self._in_time(known[1])

    def find(self, text: str) -> Credential | None:
        """The credential of a token that is valid now; may ask the database."""
        digest = _digest(text)
        return self._valid(digest, lambda: self._look_up(digest))

    def of(self, credential: str) -> Credential | None:
        """The credential of this id, if its token is valid now."""
        return self._valid(credential, lambda: self._look_up_id(credential))

    def _valid(
        self, key: bytes | str, look_up: Callable[[], Credential | None]
    ) -> Credential | None:
        now = self._monotonic()
        known = self._found.get(key) or self._missed.get(key)
        if known is None or now - known[0] > TRUSTED_S:
            revocations = self._revocations
            known = (now, look_up())
            here, there = self._found, self._missed
            if known[1] is None:
                here, there = there, here
            with self._lock:
                # Looked up before one was revoked meanwhile, it may be that one: it would go on.
                if revocations == self._revocations:
                    if len(here) >= _REMEMBERED:
                        here.clear()
                    here[key] = known
                    there.pop(key, None)
        return self._in_time(known[1])

    def _in_time(self, credential: Credential | None) -> Credential | None:
        if credential is None or credential.expires is None:
            return credential
        return credential if credential.expires > self._clock() else None

    def valid(self) -> list[Credential]:
        """Every token that was not revoked."""
        with self._database.session("writer") as connection:
            rows = connection.execute(self._all).fetchall()
        return [_credential(row) for row in rows]

    def check(self, credential: str) -> None:
        """Refuse an id that no valid token has.

        Raises:
            NotFoundError: none has it.
        """
        if all(one.id != credential for one in self.valid()):
            raise NotFoundError(f"no valid token {credential}")

    def revoke(self, credential: str) -> None:
        """Make a token useless.

        Raises:
            NotFoundError: no valid token has this id.
        """
        with self._database.session("writer") as connection:
            done = connection.execute(self._revoke, (self._clock(), credential))
        with self._lock:
            self._revocations += 1
            self._found.clear()
        if not done.rowcount:
            raise NotFoundError(f"no valid token {credential}")

    def _look_up(self, digest: bytes) -> Credential | None:
        with self._database.session("writer") as connection:
            row = connection.execute(self._find, (digest,)).fetchone()
        # The index found it by comparing bytes; this comparison takes the same time for all.
        if row is None or not hmac.compare_digest(bytes(row[0]), digest):
            return None
        return _credential(row[1:])

    def _look_up_id(self, credential: str) -> Credential | None:
        with self._database.session("writer") as connection:
            row = connection.execute(self._of, (credential,)).fetchone()
        return None if row is None else _credential(row)


def new_id(entropy: Entropy) -> str:
    """The id of a new credential, of whatever kind; 128 bits that nobody had before."""
    return "crd_" + entropy(_ID_BYTES).hex()


def _credential(row: Sequence[Any]) -> Credential:
    return Credential(row[0], row[1], row[2], tuple(row[3]), row[4])


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
