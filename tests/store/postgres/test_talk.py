"""What is said below the driver's cursors is heard, and so is every error."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors

from store.ledger.copying import BYTEA, TEXT, array, binary, field
from store.postgres.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.postgres.database import Connection, Database

COPY = b"COPY words (word) FROM STDIN (FORMAT BINARY)"


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A connection to a database with one table."""
    with database.connect() as made:
        made.execute("SET search_path = public")
        made.execute("CREATE TABLE words (word text NOT NULL CHECK (word <> 'no'))")
        yield made


def words(*several: str) -> bytes:
    """Rows of the table."""
    return binary([b"\0\1" + field(one.encode()) for one in several])


def count(connection: Connection) -> int:
    """How many rows there are."""
    row = connection.execute("SELECT count(*) FROM words").fetchone()
    assert row is not None
    return int(row[0])


def test_statements_are_answered_in_their_order_whether_prepared_or_not(
    connection: Connection,
) -> None:
    """The first time, when it is prepared, as well as later, and with the driver in between."""
    talk = Talk(connection)
    doubled = b"SELECT 2 * $1::bigint"
    for number in (1, 2, 3):
        one, begun, other, known = talk.ask([
            (doubled, (struct.pack("!q", number),)),
            (b"BEGIN", None),
            (doubled, (struct.pack("!q", 10 * number),)),
            (b"SELECT cardinality($1::text[]) + cardinality($2::bytea[])",
             (array(TEXT, [b"a", b"b"]), array(BYTEA, []))),
        ])  # fmt: skip
        assert [one.get_value(0, 0), other.get_value(0, 0)] == [
            struct.pack("!q", 2 * number),
            struct.pack("!q", 20 * number),
        ]
        assert begun.ntuples == 0
        assert known.get_value(0, 0) == struct.pack("!i", 2)
        connection.execute("ROLLBACK")


def test_an_error_in_a_question_is_told_by_its_kind(connection: Connection) -> None:
    """The first that failed, not the ones it made impossible; the connection is closed."""
    with pytest.raises(errors.DivisionByZero):
        Talk(connection).ask([(b"SELECT 1 / $1::int", (struct.pack("!i", 0),)), (b"BEGIN", None)])
    assert connection.closed


def test_copies_and_what_follows_them_are_one_message(connection: Connection) -> None:
    """More than any buffer between the two holds, and both committed at the end."""
    talk = Talk(connection)
    talk.ask([(b"BEGIN", None)])
    talk.begin([COPY, COPY, b"COMMIT"])
    talk.rows(words(*["long" * 1000] * 5000))
    talk.rows(words("short"))
    talk.end()
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert count(connection) == 5001


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_row_that_is_refused_undoes_everything(
    connection: Connection, database: Database, wrong: int
) -> None:
    """Whichever copy it stands in, and nothing after it is executed."""
    talk = Talk(connection)
    talk.ask([(b"BEGIN", None)])
    talk.begin([COPY, COPY, b"COMMIT"])

    def send() -> None:
        for nth in (0, 1):
            talk.rows(words("no" if nth == wrong else "yes"))
        talk.end()

    with pytest.raises(errors.CheckViolation):
        send()
    assert connection.closed
    with database.connect() as other:
        other.execute("SET search_path = public")
        assert count(other) == 0


def test_a_connection_that_was_lost_is_told(connection: Connection, database: Database) -> None:
    """At the next question, as what the driver itself would raise."""
    talk = Talk(connection)
    talk.ask([(b"SELECT 1", ())])
    with database.connect() as other:
        other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        talk.ask([(b"SELECT 1", ())])
