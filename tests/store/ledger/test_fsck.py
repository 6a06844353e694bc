"""What `fsck` finds after tampering: the exact position, and what is wrong there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from store.ledger.opening import examine
from tests.store.ledger.conftest import ORIGIN, Home, draft

if TYPE_CHECKING:
    from store.postgres.database import Database

TABLES = ("entries", "tags", "tiles", "checkpoints", "parts")


def findings(home: Home) -> list[str]:
    """What fsck says."""
    return [str(one) for one in examine("test", ORIGIN, home.place, home.around)]


@pytest.fixture
def filled(home: Home) -> Home:
    """A ledger of 301 entries, closed: one full tile and a part of the next."""
    ledger = home.open()
    for start in range(0, 300, 100):
        ledger.submit([draft(number) for number in range(start, start + 100)]).result(60)
    home.close()
    return home


def tamper(database: Database, statement: str) -> None:
    """What a superuser can do: switch the triggers off and change rows."""
    with database.connect() as connection, connection.transaction():
        for table in TABLES:
            connection.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER append_only").format(
                    sql.Identifier("ledger_test", table)
                )
            )
        done = connection.execute(statement.replace("$", "ledger_test."))
        assert done.rowcount > 0


def test_a_sound_ledger_gives_nothing(filled: Home) -> None:
    """Also across a full tile."""
    assert findings(filled) == []


SPOILT = {
    "a bit of the seq line": (
        """UPDATE $entries SET entry = overlay(entry PLACING 'z'::bytea FROM 85) WHERE pos = 100""",
        "position 100: ",
    ),
    "the previous hash": (
        """UPDATE $entries SET entry = overlay(entry PLACING
           CASE WHEN substr(entry, 20, 1) = 'a' THEN 'b'::bytea ELSE 'a'::bytea END FROM 20)
           WHERE pos = 100""",
        "position 100: prev",
    ),
    "a bit of the context": (
        """UPDATE $entries SET entry = overlay(entry PLACING 'z'::bytea FROM length(entry) - 9)
           WHERE pos = 100""",
        "position 100: ",
    ),
    "a tag in the bytes": (
        """UPDATE $entries SET entry = convert_to(replace(convert_from(entry, 'UTF8'),
           'service:checkout', 'service:checkins'), 'UTF8') WHERE pos = 100""",
        "position 100: ctx: the signature",
    ),
    "the leaf column": (
        "UPDATE $entries SET leaf = sha256('x') WHERE pos = 100",
        "position 100: the leaf column",
    ),
    "the type column": (
        "UPDATE $entries SET type = 'pipeledger.build.finished' WHERE pos = 100",
        "position 100: the type column",
    ),
    "the at column": (
        "UPDATE $entries SET at = at + interval '1 hour' WHERE pos = 100",
        "position 100: the at column",
    ),
    "an entry removed": ("DELETE FROM $entries WHERE pos = 100", "position 100: no entry here"),
    "the last entry removed": ("DELETE FROM $entries WHERE pos = 301", "position 301: "),
    "a tag removed": (
        "DELETE FROM $tags WHERE pos = 100 AND tag = 'service:checkout'",
        "position 100: the tag service:checkout is missing",
    ),
    "a tag added": (
        "INSERT INTO $tags VALUES ('service:other', 100, NULL)",
        "position 100: the tag service:other is not the entry's",
    ),
    "a stream number beside": (
        "UPDATE $tags SET sn = 7 WHERE pos = 100 AND tag LIKE 'stream:%'",
        "position 100: the number beside stream:",
    ),
    "a part altered": (
        "UPDATE $parts SET body = 'x' WHERE pos = 100",
        "position 100: part event",
    ),
    "a salt altered": (
        "UPDATE $parts SET salt = sha256('x') WHERE pos = 100",
        "position 100: part event",
    ),
    "a document column filled": (
        "UPDATE $parts SET document = sha256('x') WHERE pos = 100",
        "position 100: the document column of part event is not its commitment",
    ),
    "a part added": (
        "INSERT INTO $parts VALUES (100, 'extra', sha256('x'), 'x', NULL)",
        "position 100: part extra",
    ),
    "a part without entry": (
        "INSERT INTO $parts VALUES (999, 'event', sha256('x'), 'x', NULL)",
        "position 999: a part is kept but no entry",
    ),
    "a tile altered": (
        "UPDATE $tiles SET hashes = overlay(hashes PLACING 'zzzz'::bytea FROM 1)",
        "position 256: the tile 0/0",
    ),
    "a tile removed": ("DELETE FROM $tiles", "position 256: the tile 0/0 is missing"),
    "a checkpoint altered": (
        "UPDATE $checkpoints SET note = overlay(note PLACING 'z'::bytea FROM 3) WHERE size = 101",
        "position 101: the checkpoint of this size",
    ),
    "a checkpoint at another size": (
        "UPDATE $checkpoints SET size = 150 WHERE size = 101",
        "position 150: the checkpoint of this size speaks of 101",
    ),
    "a delivery without entry": (
        "UPDATE $deliveries SET pos = 999 WHERE pos = 100",
        "position 999: a delivery",
    ),
}


@pytest.mark.parametrize(("statement", "said"), SPOILT.values(), ids=SPOILT)
def test_each_tampering_is_named_with_its_position(filled: Home, statement: str, said: str) -> None:
    """The first finding is the place that was changed."""
    tamper(filled.database, statement)
    found = findings(filled)
    assert found
    assert found[0].startswith(said)
    assert len(found) <= 6


def test_a_redacted_part_is_no_damage(filled: Home) -> None:
    """Bytes and salt gone: every hash still verifies."""
    tamper(filled.database, "DELETE FROM $parts WHERE pos = 100")
    assert findings(filled) == []
