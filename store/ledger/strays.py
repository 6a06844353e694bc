"""Documents that belong to no entry: what a crash leaves that comes between the two."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from store.ledger.equipment import Equipment
    from store.postgres.database import Connection

GRACE: Final = timedelta(days=1)
"""A younger document may be one of an append that is under way, which takes minutes at most."""
_AT_ONCE: Final = 500


def strays(equipment: Equipment, connection: Connection, seen: datetime) -> Iterator[str]:
    """Commitments of documents older than GRACE that no part is kept in, in ascending order.

    Args:
        equipment: the ledger's.
        connection: to its database.
        seen: the instant of which the connection sees the ledger, or an earlier one.
    """
    before = seen - GRACE
    kept = sql.SQL("SELECT document FROM {} WHERE document = ANY(%s) AND body IS NULL").format(
        sql.Identifier(equipment.schema, "parts")
    )
    documents = equipment.documents
    old = (one for one in documents if documents.put_before(one, before))
    while some := list(islice(old, _AT_ONCE)):
        wanted = [bytes.fromhex(one) for one in some]
        rows = connection.execute(kept, (wanted,)).fetchall()
        yield from sorted(set(some) - {bytes(row[0]).hex() for row in rows})


def remove_strays(equipment: Equipment) -> int:
    """Remove these documents; how many there were.

    What no entry needs today may be what mends a damaged one: examine the ledger before.

    Raises:
        UnavailableError: the database does not answer, or a document cannot be removed.
    """
    with equipment.database.session("writer") as connection:
        found = strays(equipment, connection, equipment.clock())
        return sum(equipment.documents.delete(one) for one in found)
