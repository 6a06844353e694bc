"""Forgetting somebody takes what was theirs, and nothing of anybody else."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from psycopg import errors, sql

from domain.errors import UnavailableError
from domain.people import Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.people.register import Register
    from store.postgres.database import Database

ANNA = Account(system="s", login="anna", email="anna@x.org")
LEE = Account(email="lee@x.org")
BOUND = b"c" * 32


def keep(database: Database, schema: str, pos: int, body: bytes, persons: tuple[str, ...]) -> None:
    """Put a sealed part where the recorder puts it."""
    query = sql.SQL("INSERT INTO {} (pos, name, salt, body, persons) VALUES (%s, %s, %s, %s, %s)")
    with database.session("writer") as connection:
        connection.execute(
            query.format(sql.Identifier(schema, "parts")),
            (pos, "text", os.urandom(32), body, list(persons)),
        )


def kept(database: Database, schema: str) -> list[int]:
    """Positions that still have their part."""
    query = sql.SQL("SELECT pos FROM {} ORDER BY pos").format(sql.Identifier(schema, "parts"))
    with database.session("writer") as connection:
        return [int(row[0]) for row in connection.execute(query).fetchall()]


def test_erasing_takes_the_key_the_accounts_and_every_part_concerned(
    opened: Callable[[], Register], ledger_database: Database, schema_name: str
) -> None:
    """Alone or with others; everybody else's parts stay and open; a second run finds nothing."""
    register = opened()
    anna, lee = register.resolve([ANNA, LEE])
    both = tuple(sorted((anna, lee)))
    for pos, persons in enumerate(((anna,), both, (lee,), ()), 1):
        keep(ledger_database, schema_name, pos, register.seal(b"text", persons, BOUND), persons)
    lees = register.seal(b"hers", (lee,), BOUND)
    assert register.erase(anna) == [(1, "text"), (2, "text")]
    assert kept(ledger_database, schema_name) == [3, 4]
    for one in (register, opened()):
        assert one.accounts(anna) == []
        assert one.open_sealed(lees, (lee,), BOUND) == b"hers"
        assert [account["email"] for account in one.accounts(lee)] == ["lee@x.org"]
        assert one.erase(anna) == []


def test_whoever_comes_back_is_somebody_new(opened: Callable[[], Register]) -> None:
    """Nothing leads from the new id to the old one."""
    register = opened()
    (old,) = register.resolve([ANNA])
    register.erase(old)
    (new,) = register.resolve([ANNA])
    assert new != old
    assert opened().resolve([ANNA]) == [new]
    assert opened().known([ANNA]) == [new]


def test_erasing_an_id_that_nobody_has_changes_nothing(register: Register) -> None:
    """Whatever is given as an id."""
    (anna,) = register.resolve([ANNA])
    for wrong in ("per_" + "0" * 32, "", "'; DROP TABLE persons; --", "anna"):
        assert register.erase(wrong) == []
    assert register.accounts(anna) != []


def test_a_process_that_remembers_somebody_erased_elsewhere_recovers(
    opened: Callable[[], Register],
) -> None:
    """Sealing fails once at most; then they are somebody new there too."""
    here, there = opened(), opened()
    (old,) = here.resolve([ANNA])
    here._person_keys.clear()
    there.erase(old)
    assert here.resolve([ANNA]) == [old]
    with pytest.raises(UnavailableError):
        here.seal(b"text", (old,), BOUND)
    (new,) = here.resolve([ANNA])
    assert new != old
    assert here.open_sealed(here.seal(b"text", (new,), BOUND), (new,), BOUND) == b"text"


def test_meeting_and_erasing_at_once_leaves_nobody_half_there(
    opened: Callable[[], Register],
) -> None:
    """Afterwards the account is one person who can be sealed for."""
    register = opened()

    def meet(_: int) -> None:
        try:
            (person,) = register.resolve([ANNA])
            register.seal(b"text", (person,), BOUND)
        except UnavailableError:
            pass

    def forget(_: int) -> None:
        for person in register.known([ANNA]):
            if person is not None:
                register.erase(person)

    with ThreadPoolExecutor(4) as pool:
        for number in range(40):
            pool.submit(forget if number % 4 == 0 else meet, number)
    try:
        register.seal(b"text", tuple(register.resolve([ANNA])), BOUND)
    except UnavailableError:
        # What was remembered of the erased one goes with this answer.
        register.seal(b"text", tuple(register.resolve([ANNA])), BOUND)
    assert opened().resolve([ANNA]) == register.resolve([ANNA])


def test_only_the_redacting_role_may_forget(
    register: Register, ledger_database: Database, schema_name: str
) -> None:
    """The role that appends can neither delete a person nor change what is kept of one."""
    register.resolve([ANNA])
    for statement in ("DELETE FROM {}", "UPDATE {} SET id = id"):
        query = sql.SQL(statement).format(sql.Identifier(schema_name, "persons"))
        with (
            ledger_database.session("writer") as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(query)
