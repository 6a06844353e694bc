"""The peer of appending and of rebuilding: the library's plain PostgreSQL recorder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from eventsourcing.dcb.api import DCBEvent
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from eventsourcing.postgres import PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.draft import Draft


PATIENCE_S: Final = 60
CONNECTIONS: Final = 3
"""A subscription keeps one to listen, and reads by another."""


@contextlib.contextmanager
def recorder(conninfo: str) -> Iterator[PostgresDCBRecorderTT]:
    """Its recorder on the same server, in a table of its own, which is dropped at the end."""
    at = conninfo_to_dict(conninfo)
    store = PostgresDatastore(
        *[str(at[name]) for name in ("dbname", "host", "port", "user", "password")],
        connect_timeout=PATIENCE_S,
        pool_size=CONNECTIONS,
    )
    try:
        found = PostgresDCBRecorderTT(store)
        found.create_table()
        yield found
        with store.transaction(commit=True) as cursor:
            cursor.execute(f"DROP TABLE {found.events_table_name} CASCADE")
    finally:
        store.close()


def plain(draft: Draft) -> DCBEvent:
    """What the peer keeps of an event: type, bytes and tags."""
    return DCBEvent(draft.type, draft.event.body, list(draft.tags))
