"""The identity register of one ledger."""

from __future__ import annotations

import hmac
import json
import threading
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from psycopg import errors, sql

from domain.errors import UnavailableError
from store.people.keys import KEY_BYTES, decrypt, encrypt, encrypt_pieces, joint_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from domain.log.key import Entropy
    from domain.people import Account
    from store.people.keys import RegisterKeys
    from store.postgres.database import Connection, Database

_REMEMBERED: Final = 50_000
_ID_BYTES: Final = 16
_ERASED: Final = "somebody this event speaks of was just erased; send it again"


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
        self._erasures = 0
        persons = sql.Identifier(schema, "persons")
        accounts = sql.Identifier(schema, "accounts")
        self._find = sql.SQL("SELECT mac, person FROM {} WHERE mac = ANY(%s)").format(accounts)
        self._wrapped = sql.SQL("SELECT id, wrapped FROM {} WHERE id = ANY(%s)").format(persons)
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

        Login, e-mail address and id of one account are one person as soon as one is known;
        where they are known as several persons, the id decides, then the login.
        """
        found = [self._known.get(account) for account in accounts]
        missing = {
            account: None for account, person in zip(accounts, found, strict=True) if person is None
        }
        made = self._resolve(list(missing)) if missing else {}
        return [person or made[account] for account, person in zip(accounts, found, strict=True)]

    def known(self, accounts: Sequence[Account]) -> list[str | None]:
        """The persons of those accounts that were met before, in one query."""
        macs = {account: list(self._macs(account)) for account in accounts}
        with self._database.session("writer") as connection:
            persons = self._found(connection, macs.values())
        return [_first(persons, macs[account]) for account in accounts]

    def absent(self, persons: Sequence[str]) -> list[str]:
        """Which of these ids nobody has: never given, or erased."""
        keys = self._keys_of(persons)
        return [person for person in persons if person not in keys]

    def remembered(self, accounts: Sequence[Account]) -> list[str] | None:
        """The persons of accounts met lately, without asking the database; else None."""
        found = [self._known.get(account) for account in accounts]
        return [person for person in found if person is not None] if all(found) else None

    def remembers(self, persons: Sequence[str]) -> bool:
        """Whether the keys of all these persons are in memory."""
        return all(person in self._person_keys for person in persons)

    def workload(self) -> str:
        """A new workload id with a key of its own."""
        with self._database.session("writer") as connection:
            return self._create(connection, "wkl_")[0]

    def accounts(self, person: str) -> list[dict[str, str | None]]:
        """What is known of a person; empty for one that was erased.

        Raises:
            DamageError: a row was altered.
        """
        key = self._keys_of([person]).get(person)
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
        self._unlearn({person})
        return sorted((int(pos), str(name)) for pos, name in gone)

    def seal(self, body: bytes, persons: tuple[str, ...], aad: bytes) -> bytes:
        """See `store.ledger.sealer.Sealer`.

        Raises:
            UnavailableError: a person was erased meanwhile; resolve again.
        """
        return encrypt(self._sealing_key(persons), body, aad, self._entropy)

    def seal_pieces(
        self, body: Iterable[bytes], persons: tuple[str, ...], aad: bytes
    ) -> Iterator[bytes]:
        """See `store.ledger.sealer.Sealer`.

        Raises:
            UnavailableError: a person was erased meanwhile; resolve again.
        """
        return encrypt_pieces(self._sealing_key(persons), body, aad, self._entropy)

    def opens(self, persons: tuple[str, ...]) -> bool:
        """See `store.ledger.sealer.Sealer`."""
        return self._part_key(persons) is not None

    def open_sealed(self, sealed: bytes, persons: tuple[str, ...], aad: bytes) -> bytes | None:
        """See `store.ledger.sealer.Sealer`."""
        key = self._part_key(persons)
        return None if key is None else decrypt(key, sealed, aad)

    def _resolve(self, accounts: list[Account]) -> dict[Account, str]:
        macs = [list(self._macs(account)) for account in accounts]
        erasures = self._erasures
        with self._database.session("writer") as connection:
            found = self._found(connection, macs)
            if any(found.keys().isdisjoint(several) for several in macs):
                with connection.transaction():
                    # Two threads that meet a new account at once shall make one person.
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._lock_name,))
                    persons = self._add_all(connection, accounts, macs)
            else:
                persons = self._add_all(connection, accounts, macs)
        made = dict(zip(accounts, persons, strict=True))
        with self._lock:
            # Somebody erased meanwhile is not remembered: nobody would forget them again.
            if erasures == self._erasures:
                if len(self._known) + len(made) > _REMEMBERED:
                    self._known.clear()
                self._known |= made
        return made

    def _found(self, connection: Connection, macs: Iterable[list[bytes]]) -> dict[bytes, str]:
        """The persons to whom those of the digests lead that are known."""
        wanted = [mac for several in macs for mac in several]
        rows = connection.execute(self._find, (wanted,)).fetchall()
        return {bytes(mac): str(person) for mac, person in rows}

    def _add_all(
        self, connection: Connection, accounts: list[Account], macs: list[list[bytes]]
    ) -> list[str]:
        """Keep the accounts, those of one event that share a digest as one person."""
        persons: dict[int, str] = {}
        rows: list[tuple[bytes, str, bytes]] = []
        known = self._found(connection, macs)
        keys = self._keys_of(sorted(set(known.values())), connection)
        # Who is known comes first: what else is told of them leads strangers of the event to them.
        for at in sorted(range(len(accounts)), key=lambda at: known.keys().isdisjoint(macs[at])):
            person = _first(known, macs[at])
            if person is None:
                person, made = self._create(connection, "per_")
                keys[person] = made
            key = keys.get(person)
            if key is None:
                raise UnavailableError(_ERASED)
            profile = json.dumps(asdict(accounts[at])).encode()
            for mac in macs[at]:
                known.setdefault(mac, person)
                rows.append((mac, person, encrypt(key, profile, mac, self._entropy)))
            persons[at] = person
        try:
            with connection.cursor() as cursor:
                cursor.executemany(self._account, rows)
        except errors.ForeignKeyViolation as error:
            raise UnavailableError(_ERASED) from error
        return [persons[at] for at in range(len(accounts))]

    def _create(self, connection: Connection, prefix: str) -> tuple[str, bytes]:
        """A new id and its key."""
        person = prefix + self._entropy(_ID_BYTES).hex()
        key = self._entropy(KEY_BYTES)
        wrapped = encrypt(self._keys.wrapping, key, person.encode(), self._entropy)
        connection.execute(self._person, (person, wrapped))
        with self._lock:
            self._remember({person: key})
        return person, key

    def _remember(self, keys: dict[str, bytes]) -> None:
        """Keep keys in memory, and not all that ever were; held locked."""
        if len(self._person_keys) + len(keys) > _REMEMBERED:
            self._person_keys.clear()
        self._person_keys |= keys

    def _macs(self, account: Account) -> Iterator[bytes]:
        """Keyed digests: a plain hash of an e-mail address could be guessed."""
        system = account.system or ""
        # A host's name means the same in any case. Accounts that were kept when it did not are
        # found by it as it was written, after all else.
        for host in dict.fromkeys((_folded(system), system)):
            for fact in _facts(account, host):
                yield hmac.digest(self._keys.register, json.dumps(fact).encode(), sha256)

    def _unlearn(self, persons: set[str]) -> None:
        with self._lock:
            self._erasures += 1
            for person in persons:
                self._person_keys.pop(person, None)
            self._known = {
                account: who for account, who in self._known.items() if who not in persons
            }

    def _sealing_key(self, persons: tuple[str, ...]) -> bytes:
        key = self._part_key(persons)
        if key is None:
            # Another process may have erased them: then they are asked for anew next time.
            self._unlearn(set(persons))
            raise UnavailableError(_ERASED)
        return key

    def _part_key(self, persons: tuple[str, ...]) -> bytes | None:
        if not persons:
            return self._keys.sealing
        keys = self._keys_of(persons)
        if any(person not in keys for person in persons):
            return None
        return joint_key([keys[person] for person in sorted(persons)])

    def _keys_of(
        self, persons: Sequence[str], connection: Connection | None = None
    ) -> dict[str, bytes]:
        """The keys of those persons who are there, in one query at most."""
        keys = {person: self._person_keys.get(person) for person in persons}
        missing = [person for person, key in keys.items() if key is None]
        found = {person: key for person, key in keys.items() if key is not None}
        if not missing:
            return found
        erasures = self._erasures
        if connection is None:
            with self._database.session("writer") as borrowed:
                rows = borrowed.execute(self._wrapped, (missing,)).fetchall()
        else:
            rows = connection.execute(self._wrapped, (missing,)).fetchall()
        read = {
            str(person): decrypt(self._keys.wrapping, bytes(wrapped), str(person).encode())
            for person, wrapped in rows
        }
        with self._lock:
            if erasures == self._erasures:
                self._remember(read)
        return found | read


def _first(persons: Mapping[bytes, str], macs: Sequence[bytes]) -> str | None:
    """The person to whom the first known one of an account's digests leads."""
    return next((persons[mac] for mac in macs if mac in persons), None)


def _facts(account: Account, system: str) -> Iterator[tuple[str, str, str]]:
    """What an account is found by, the surest first, of a system as it is spelt here."""
    if account.id is not None:
        yield "id", system, account.id
    if account.login is not None:
        yield "login", system, _folded(account.login)
    if account.email is not None:
        yield "email", "", _folded(account.email)
    if account.id is None and account.login is None and account.email is None:
        yield "name", system, account.name or ""


def _folded(name: str) -> str:
    """One spelling for what systems take as the same name."""
    return normalize("NFC", name.casefold())
