"""Who the ids are: found again, told apart, kept where no reader of tables sees them."""

from __future__ import annotations

import hmac
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from domain.errors import DamageError, SettingError
from domain.people import Account
from store.people.keys import RegisterKeys
from store.people.register import Register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.postgres.database import Database

ANNA = Account(system="code.example", login="anna", email="anna@x.org", name="Anna", id="7")


def counted(database: Database, schema: str, table: str) -> int:
    """Rows of a table."""
    with database.connect() as connection:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_the_same_account_is_the_same_person_after_a_restart(
    opened: Callable[[], Register],
) -> None:
    """By login, address or id alone, in any case, whichever case the host is written in."""
    (person,) = opened().resolve([ANNA])
    for part in (
        Account(system="code.example", login="ANNA"),
        Account(email="Anna@X.org"),
        Account(system="code.example", id="7"),
        Account(system="Code.Example", login="anna"),
        Account(system="CODE.EXAMPLE", id="7"),
    ):
        assert opened().resolve([part]) == [person]


def test_accounts_that_were_kept_by_their_host_as_written_are_found_by_any_spelling(
    opened: Callable[[], Register], ledger_database: Database, schema_name: str, keys: RegisterKeys
) -> None:
    """Once they were met as they were kept."""
    written = Account(system="Code.Example", login="anna")
    (person,) = opened().resolve([written])
    in_small = json.dumps(("login", "code.example", "anna")).encode()
    with ledger_database.connect() as connection:
        query = sql.SQL("DELETE FROM {} WHERE mac = %s").format(
            sql.Identifier(schema_name, "accounts")
        )
        gone = connection.execute(query, (hmac.digest(keys.register, in_small, "sha256"),))
        assert gone.rowcount == 1
    assert opened().resolve([written]) == [person]
    assert opened().resolve([replace(written, system="code.example")]) == [person]


def test_ids_say_nothing_about_the_person(
    opened: Callable[[], Register], keys: RegisterKeys
) -> None:
    """They are drawn, so they are others every time, and workloads have their own kind."""
    register = opened()
    (first, second) = register.resolve([ANNA, Account(email="lee@x.org")])
    assert first != second
    assert len(first) == 36
    assert first.startswith("per_")
    assert register.workload().startswith("wkl_")
    assert "anna" not in repr(keys)


def test_one_login_on_two_systems_is_two_persons(register: Register) -> None:
    """A name alone proves nothing across systems."""
    here, there = Account(system="a.example", login="lee"), Account(system="b.example", login="lee")
    assert len(set(register.resolve([here, there]))) == 2


def test_accounts_that_share_an_address_are_one_person(opened: Callable[[], Register]) -> None:
    """A later event adds a login to a known address, and the login is known from then on."""
    (person,) = opened().resolve([Account(email="anna@x.org")])
    assert opened().resolve([ANNA]) == [person]
    assert opened().resolve([Account(system="code.example", login="anna")]) == [person]
    assert {one["login"] for one in opened().accounts(person)} == {None, "anna"}


def test_accounts_of_one_event_that_share_an_address_are_one_person(register: Register) -> None:
    """Though nobody was known when it came."""
    mail, login = Account(email="l@x.org"), Account(system="s", login="lee", email="l@x.org")
    first, second, third = register.resolve([mail, login, Account(system="s", login="lee")])
    assert first == second == third


def test_whoever_one_account_of_an_event_is_known_to_be_the_others_are(
    opened: Callable[[], Register],
) -> None:
    """Accounts of one id are one person, though only one tells the address that is known."""
    (known,) = opened().resolve([Account(email="bob@x.org")])
    bare = Account(system="s", login="bob", id="1")
    assert opened().resolve([bare, replace(bare, email="bob@x.org")]) == [known, known]
    assert opened().resolve([bare]) == [known]


def test_an_account_that_is_known_as_two_persons_goes_by_its_id(
    opened: Callable[[], Register],
) -> None:
    """Always to the same one: the id first, then the login, then the address."""
    by_mail, by_id = opened().resolve([Account(email="anna@x.org"), Account(system="s", id="7")])
    (by_login,) = opened().resolve([Account(system="s", login="anna")])
    every = Account(system="s", login="anna", email="anna@x.org", id="7")
    assert opened().resolve([every, replace(every, id=None)]) == [by_id, by_login]
    assert opened().resolve([Account(email="anna@x.org")]) == [by_mail]


def test_known_finds_and_makes_nobody(
    register: Register, ledger_database: Database, schema_name: str
) -> None:
    """A mention of a stranger leaves no trace."""
    (person,) = register.resolve([ANNA])
    stranger = Account(system="code.example", login="nobody")
    before = counted(ledger_database, schema_name, "accounts")
    assert register.known([stranger, Account(system="code.example", login="Anna")]) == [
        None,
        person,
    ]
    assert counted(ledger_database, schema_name, "persons") == 1
    assert counted(ledger_database, schema_name, "accounts") == before


def test_absent_names_the_ids_that_nobody_has(register: Register) -> None:
    """Never given ones, and erased ones."""
    first, second = register.resolve([ANNA, Account(email="lee@x.org")])
    register.erase(second)
    never = "per_" + "0" * 32
    assert register.absent([first, second, never]) == [second, never]


def test_many_who_meet_somebody_new_at_once_make_one_person(
    opened: Callable[[], Register], ledger_database: Database, schema_name: str
) -> None:
    """Threads and processes agree."""
    registers = [opened() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: one.resolve([ANNA, Account(email="l@x.org")]), registers))
    assert len({tuple(one) for one in found}) == 1
    assert counted(ledger_database, schema_name, "persons") == 2


def test_thousands_of_accounts_are_resolved_together(register: Register) -> None:
    """In their order, each once."""
    accounts = [Account(system="s", login=f"user-{number}") for number in range(2000)]
    first = register.resolve(accounts)
    assert len(set(first)) == 2000
    assert register.resolve(accounts[::-1]) == first[::-1]


@pytest.mark.parametrize("secret", ["wrapping.key", "register.key", "sealing.key"])
@pytest.mark.parametrize("content", [None, b"", b"\0" * 31, b"\0" * 33])
def test_a_secret_that_is_missing_or_none_is_named(
    keys: RegisterKeys, tmp_path: Path, secret: str, content: bytes | None
) -> None:
    """And none is made in its place when the ledger opens."""
    assert RegisterKeys.load(tmp_path / "secrets") == keys
    path = tmp_path / "secrets" / secret
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingError, match=secret):
        RegisterKeys.load(tmp_path / "secrets")


def test_secrets_are_for_their_owner_only_and_stay(keys: RegisterKeys, tmp_path: Path) -> None:
    """Making them again changes nothing."""
    files = list((tmp_path / "secrets").iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert RegisterKeys.create(tmp_path / "secrets", os.urandom) == keys


def test_under_another_wrapping_key_nobody_is_told(
    register: Register, ledger_database: Database, schema_name: str, keys: RegisterKeys
) -> None:
    """It is damage with a plain message, and no key comes out of it."""
    (person,) = register.resolve([ANNA])
    wrong = replace(keys, wrapping=os.urandom(32))
    stranger = Register(ledger_database, schema_name, wrong, os.urandom)
    for attempt in (
        lambda: stranger.accounts(person),
        lambda: stranger.resolve([ANNA]),
        lambda: stranger.seal(b"x", (person,), b"a"),
        lambda: stranger.open_sealed(b"x" * 40, (person,), b"a"),
    ):
        with pytest.raises(DamageError, match="do not open"):
            attempt()


def test_a_row_put_under_another_person_does_not_open(
    register: Register, opened: Callable[[], Register], ledger_database: Database, schema_name: str
) -> None:
    """Wrapped keys and profiles are bound to whom they belong to."""
    anna, lee = register.resolve([ANNA, Account(email="lee@x.org")])
    accounts = sql.Identifier(schema_name, "accounts")
    persons = sql.Identifier(schema_name, "persons")
    with ledger_database.connect() as connection:
        connection.execute(
            sql.SQL("UPDATE {} SET person = %s WHERE person = %s").format(accounts), (anna, lee)
        )
    with pytest.raises(DamageError):
        opened().accounts(anna)
    with ledger_database.connect() as connection:
        connection.execute(
            sql.SQL(
                "UPDATE {0} SET wrapped = (SELECT wrapped FROM {0} WHERE id = %s) WHERE id = %s"
            ).format(persons),
            (lee, anna),
        )
    with pytest.raises(DamageError):
        opened().seal(b"x", (anna,), b"a")


def test_no_table_of_the_register_shows_a_name(
    register: Register, ledger_database: Database, schema_name: str, keys: RegisterKeys
) -> None:
    """Neither names nor keys stand there in any form that can be read or guessed."""
    register.resolve([ANNA])
    with ledger_database.connect() as connection:
        for table in ("persons", "accounts"):
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema_name, table))
            for row in connection.execute(query).fetchall():
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    assert b"anna" not in raw.lower()
                    assert all(
                        key not in raw for key in (keys.wrapping, keys.register, keys.sealing)
                    )
