"""No column of the log can be changed without fsck naming the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from domain.log.part import REDACTED
from store.ledger.opening import examine
from tests.store.ledger.conftest import ORIGIN, Home, draft

if TYPE_CHECKING:
    from psycopg import Connection

TIMED = b'{"time":"2026-01-01T00:00:00Z","number":%d}'
TABLES = ("entries", "tags", "parts", "tiles", "checkpoints", "deliveries")
# What cannot be told by the bytes alone, and why.
UNSEEN = {
    # Keyed digests of ids and bytes that the log does not hold: they only recognise repeats.
    ("deliveries", "key"),
    ("deliveries", "mac"),
    # Persons whose keys are gone, or never were: the part reads as erased, which is no damage.
    ("parts", "persons"),
}


def findings(home: Home) -> list[str]:
    """What fsck says."""
    return [str(one) for one in examine("test", ORIGIN, home.place, home.around)]


@pytest.fixture
def filled(home: Home) -> Home:
    """A closed ledger of 301 entries, every other one with a part in the document store."""
    ledger = home.open()
    large = b'{"x":"' + b"x" * 40_000 + b'"}'
    for start in range(0, 300, 100):
        drafts = [
            draft(number, body=large if number % 50 == 0 else TIMED % number)
            for number in range(start, start + 100)
        ]
        ledger.submit(drafts).result(60)
    home.close()
    return home


def test_a_change_of_any_column_is_found(filled: Home) -> None:
    """Whatever columns there are: a new one cannot be forgotten."""
    unnoticed = set()
    with filled.database.connect() as connection:
        for table in TABLES:
            _unlock(connection, table)
        for table, column, kind, nullable in _columns(connection):
            for value in _others(kind, nullable=nullable):
                changed = _change(connection, table, column, value)
                connection.commit()
                if changed is None:
                    continue
                if not findings(filled):
                    unnoticed.add((table, column))
                _restore(connection, table, changed)
                connection.commit()
    assert findings(filled) == []
    assert unnoticed <= UNSEEN


def _says_redacted(home: Home, position: int) -> bool:
    """Whether this is the event that says so of another: without it, nothing does."""
    with home.database.connect() as connection:
        row = connection.execute(
            "SELECT type FROM ledger_test.entries WHERE pos = %s", [position]
        ).fetchone()
    return row == (REDACTED,)


def _unlock(connection: Connection, table: str) -> None:
    name = sql.Identifier("ledger_test", table)
    connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(name))
    connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(_copy(table), name))


def _copy(table: str) -> sql.Identifier:
    return sql.Identifier("ledger_test", f"{table}_before")


def _columns(connection: Connection) -> list[tuple[str, str, str, bool]]:
    rows = connection.execute(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES'"
        " FROM information_schema.columns WHERE table_schema = 'ledger_test'"
        " AND table_name = ANY(%s) ORDER BY 1, ordinal_position",
        [list(TABLES)],
    ).fetchall()
    assert len(rows) > 20
    return [(str(a), str(b), str(c), bool(d)) for a, b, c, d in rows]


def _others(kind: str, *, nullable: bool) -> list[sql.Composable]:
    """Expressions of other values of a column `c`."""
    by_kind = {
        "bytea": "set_byte({c}, 0, (get_byte({c}, 0) + 1) % 256)",
        "bigint": "{c} + 1000000",
        "integer": "{c} + 1000000",
        "smallint": "{c} + 7",
        "text": "{c} || 'x'",
        "ARRAY": "array_append({c}, 'stream:x/7')",
        "timestamp with time zone": "{c} + interval '1 second'",
    }
    found: list[sql.Composable] = [sql.SQL(by_kind[kind])]
    return [*found, sql.SQL("NULL")] if nullable else found


def _change(connection: Connection, table: str, column: str, value: sql.Composable) -> bool | None:
    """Change one row in the middle; None where no row has another value there."""
    name, quoted = sql.Identifier("ledger_test", table), sql.Identifier(column)
    other = sql.SQL(value.as_string(None).replace("{c}", quoted.as_string(None)))
    statement = sql.SQL(
        "UPDATE {0} SET {1} = {2} WHERE ctid = (SELECT ctid FROM {0} WHERE {1} IS DISTINCT FROM"
        " ({2}) ORDER BY {3} OFFSET (SELECT count(*) / 2 FROM {0} WHERE {1} IS DISTINCT FROM ({2}))"
        " LIMIT 1)"
    ).format(name, quoted, other, sql.SQL("ctid"))
    done = connection.execute(statement)
    return True if done.rowcount else None


def _restore(connection: Connection, table: str, _: bool) -> None:  # noqa: FBT001 - that it changed
    name = sql.Identifier("ledger_test", table)
    connection.execute(sql.SQL("DELETE FROM {}").format(name))
    connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(name, _copy(table)))


_no = st.just(value=False)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 6), st.booleans()),
        st.tuples(st.just("repeat"), st.integers(0, 40), st.booleans()),
        st.tuples(st.just("restart"), st.just(0), _no),
        st.tuples(st.just("second"), st.integers(1, 3), st.booleans()),
        st.tuples(st.just("redact"), st.integers(2, 20), _no),
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_whatever_is_done_to_a_ledger_by_its_own_ways_it_is_sound(
    home: Home, steps: list[tuple[str, int, bool]]
) -> None:
    """Appends in groups, repeats, restarts, a second process's view, parts redacted."""
    ledger, number = home.open(), 0
    for step, size, atomic in steps:
        if step == "append":
            known = ledger.published.size
            drafts = [draft(known * 1000 + number + nth) for nth in range(size)]
            number += size
            ledger.submit(drafts, atomic=atomic).result(60)
        elif step == "repeat":
            first, second = draft(10_000_000 + size), draft(10_000_000 + size)
            ledger.submit([first], atomic=atomic).result(60)
            (again,) = ledger.submit([second], atomic=atomic).result(60).outcomes
            assert not isinstance(again, Exception)
            assert again.repeated
        elif step == "restart":
            home.close()
            ledger = home.open()
        elif step == "second":
            ledger = home.open()
            ledger.submit(
                [draft(20_000_000 + ledger.published.size * 10 + nth) for nth in range(size)],
                atomic=atomic,
            ).result(60)
        elif size <= ledger.published.size and not _says_redacted(home, size):
            with home.database.session("redactor") as connection, connection.transaction():
                connection.execute("DELETE FROM ledger_test.parts WHERE pos = %s", [size])
            said = b'{"data":{"position":%d,"parts":["event"]}}' % size
            told = 30_000_000 + ledger.published.size
            ledger.submit([draft(told, body=said, kind=REDACTED)]).result(60)
    size = ledger.published.size
    home.close()
    assert [one for one in findings(home) if "redacted, as position" not in one] == []
    assert home.open().published.size == size
    home.close()
