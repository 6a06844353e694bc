"""The identity register of one ledger."""

from __future__ import annotations

import hmac
import json
import threading
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from psycopg import sql

from domain.errors import UnavailableError
from store.people.keys import KEY_BYTES, decrypt, encrypt, joint_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.log.key import Entropy
    from domain.people import Account
    from store.people.keys import RegisterKeys
    from store.postgres.database import Connection, Database

_REMEMBERED: Final = 50_000
_ID_BYTES: Final = 16


class Register:
    """Finds, makes, seals for and forgets persons. Safe for threads and processes.

    Forgetting is seen by other processes when their memory of a key runs out of room or they
    are restarted; the sealed bytes themselves are deleted at once.
    """

    def __init__(
        self, database: Database, schema: str, keys: RegisterKeys, entropy: Entropy
    ) -> None:
        self._database = database
        self._keys = keys
        self._entropy = entropy
        self._lock = threading.Lock()
        self._known: dict[Account, str] = {}
        self._person_keys: dict[str, bytes] = {}
        persons = sql.Identifier(schema, "persons")
        accounts = sql.Identifier(schema, "accounts")
        self._find = sql.SQL("SELECT person FROM {} WHERE mac = ANY(%s) LIMIT 1").format(accounts)
        self._key = sql.SQL("SELECT wrapped FROM {} WHERE id = %s").format(persons)
        self._person = sql.SQL("INSERT INTO {} (id, wrapped) VALUES (%s, %s)").format(persons)
        self._account = sql.SQL(
            "INSERT INTO {} (mac, person, sealed) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        ).format(accounts)
        self._profile = sql.SQL("SELECT mac, sealed FROM {} WHERE person = %s ORDER BY mac").format(
            accounts
        )
        self._forget = sql.SQL("DELETE FROM {} WHERE id = %s").format(persons)
        self._concerned = sql.SQL(
            "DELETE FROM {} WHERE persons @> ARRAY[%s]::text[] RETURNING pos, name"
        ).format(sql.Identifier(schema, "parts"))
        self._lock_name = int.from_bytes(
            sha256(b"pipeledger/people/" + schema.encode()).digest()[:8], "big", signed=True
        )

    def resolve(self, accounts: Sequence[Account]) -> list[str]:
        """Each account's person; new persons are made where none is known.

        Login, e-mail address and id of one account are one person as soon as one is known.
        """
        return [self._known.get(account) or self._resolve(account) for account in accounts]

    def remembered(self, accounts: Sequence[Account]) -> list[str] | None:
        """The persons of accounts met lately, without asking the database; else None."""
        found = [self._known.get(account) for account in accounts]
        return [person for person in found if person is not None] if all(found) else None

    def workload(self) -> str:
        """A new workload id with a key of its own."""
        with self._database.session("writer") as connection:
            return self._create(connection, "wkl_")

    def accounts(self, person: str) -> list[dict[str, str | None]]:
        """What is known of a person; empty for one that was erased.

        Raises:
            DamageError: a row was altered.
        """
        key = self._person_key(person)
        if key is None:
            return []
        with self._database.session("writer") as connection:
            rows = connection.execute(self._profile, (person,)).fetchall()
        return [json.loads(decrypt(key, bytes(sealed), bytes(mac))) for mac, sealed in rows]

    def erase(self, person: str) -> list[tuple[int, str]]:
        """Destroy a person's key and rows, and every part sealed for them.

        The caller appends the event that says so. Run again after a crash it finds less to do.

        Returns:
            Position and name of each part that is gone now.
        """
        with self._database.session("redactor") as connection, connection.transaction():
            gone = connection.execute(self._concerned, (person,)).fetchall()
            connection.execute(self._forget, (person,))
        with self._lock:
            self._person_keys.pop(person, None)
            self._known = {account: who for account, who in self._known.items() if who != person}
        return sorted((int(pos), str(name)) for pos, name in gone)

    def seal(self, body: bytes, persons: tuple[str, ...], aad: bytes) -> bytes:
        """See `store.ledger.sealer.Sealer`.

        Raises:
            UnavailableError: a person was erased meanwhile; resolve again.
        """
        key = self._part_key(persons)
        if key is None:
            raise UnavailableError("somebody this event speaks of was just erased; send it again")
        return encrypt(key, body, aad, self._entropy)

    def open_sealed(self, sealed: bytes, persons: tuple[str, ...], aad: bytes) -> bytes | None:
        """See `store.ledger.sealer.Sealer`."""
        key = self._part_key(persons)
        return None if key is None else decrypt(key, sealed, aad)

    def _resolve(self, account: Account) -> str:
        macs = list(self._macs(account))
        with self._database.session("writer") as connection:
            person = self._found(connection, macs)
            if person is None:
                with connection.transaction():
                    # Two threads that meet a new account at once shall make one person.
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._lock_name,))
                    person = self._found(connection, macs) or self._create(connection, "per_")
                    self._add(connection, person, account, macs)
            else:
                self._add(connection, person, account, macs)
        with self._lock:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[account] = person
        return person

    def _found(self, connection: Connection, macs: list[bytes]) -> str | None:
        row = connection.execute(self._find, (macs,)).fetchone()
        return None if row is None else str(row[0])

    def _create(self, connection: Connection, prefix: str) -> str:
        person = prefix + self._entropy(_ID_BYTES).hex()
        key = self._entropy(KEY_BYTES)
        wrapped = encrypt(self._keys.wrapping, key, person.encode(), self._entropy)
        connection.execute(self._person, (person, wrapped))
        with self._lock:
            self._person_keys[person] = key
        return person

    def _add(
        self, connection: Connection, person: str, account: Account, macs: list[bytes]
    ) -> None:
        key = self._person_key(person, connection)
        if key is None:
            raise UnavailableError("somebody this event speaks of was just erased; send it again")
        profile = json.dumps(asdict(account)).encode()
        for mac in macs:
            sealed = encrypt(key, profile, mac, self._entropy)
            connection.execute(self._account, (mac, person, sealed))

    def _macs(self, account: Account) -> Iterator[bytes]:
        """Keyed digests: a plain hash of an e-mail address could be guessed."""
        facts = []
        if account.id is not None:
            facts.append(("id", account.system or "", account.id))
        if account.login is not None:
            facts.append(("login", account.system or "", account.login.casefold()))
        if account.email is not None:
            facts.append(("email", "", account.email.casefold()))
        if not facts:
            facts.append(("name", account.system or "", account.name or ""))
        for fact in facts:
            yield hmac.digest(self._keys.register, json.dumps(fact).encode(), sha256)

    def _part_key(self, persons: tuple[str, ...]) -> bytes | None:
        if not persons:
            return self._keys.sealing
        keys = [self._person_key(person) for person in sorted(persons)]
        found = [key for key in keys if key is not None]
        return joint_key(found) if len(found) == len(keys) else None

    def _person_key(self, person: str, connection: Connection | None = None) -> bytes | None:
        key = self._person_keys.get(person)
        if key is not None:
            return key
        if connection is None:
            with self._database.session("writer") as borrowed:
                row = borrowed.execute(self._key, (person,)).fetchone()
        else:
            row = connection.execute(self._key, (person,)).fetchone()
        if row is None:
            return None
        key = decrypt(self._keys.wrapping, bytes(row[0]), person.encode())
        with self._lock:
            if len(self._person_keys) >= _REMEMBERED:
                self._person_keys.clear()
            self._person_keys[person] = key
        return key
