"""Appending in batches, beside the library's plain recorder on the same server.

`python -m bench.append`: each round appends one batch to either, in turn; medians and their
ratio are printed. Ours signs, chains, tags, guards and publishes; the peer only inserts.
BENCH_N: events for each batch size and recorder (default 10,000).
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from eventsourcing.dcb.api import DCBEvent
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from eventsourcing.postgres import PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from domain.draft import Delivery, Draft
from domain.log.context import By
from domain.log.part import EVENT_PART, Part
from store.ledger.guard import FileGuard
from store.ledger.opening import Place, Surroundings, create_ledger, open_ledger
from store.postgres.database import Database
from store.postgres.server import EmbeddedPostgres

BY = By("wkl_" + "a" * 32, "crd_" + "b" * 32, "token")
TIME = datetime(2026, 1, 1, tzinfo=UTC)
BODY = 420


def tags(number: int) -> tuple[str, ...]:
    """Four tags, as a deployment has them."""
    return (
        f"artifact:sha256:{number:064x}",
        f"commit:{number:040x}",
        "environment:production",
        f"service:service-{number % 50}",
    )


def draft(number: int) -> Draft:
    """A deployment of one of 50 services."""
    body = os.urandom(BODY // 2).hex().encode()
    return Draft(
        type="pipeledger.deployment.finished",
        version=1,
        assurance="asserted",
        by=BY,
        streams=(
            f"deployment/0123456789abcdef.d-{number}",
            f"line/service-{number % 50}@production",
        ),
        tags=tags(number),
        event=Part(EVENT_PART, "application/json", body, os.urandom(32)),
        delivery=Delivery("https://ci.example", f"evt-{number}", body),
        time=TIME,
    )


def main() -> None:
    """Measure and print."""
    total = int(os.environ.get("BENCH_N", "10000"))
    folder = Path(tempfile.mkdtemp(prefix="pipeledger-bench-"))
    folder.chmod(0o711)
    with EmbeddedPostgres.start(folder / "postgres") as server:
        database = Database(server.conninfo)
        database.prepare()
        around = Surroundings(
            database, FileGuard(folder / "guard"), lambda: datetime.now(UTC), os.urandom
        )
        create_ledger("bench", "ledger.example/bench", Place(folder / "ledger"), around)
        ledger = open_ledger("bench", "ledger.example/bench", Place(folder / "ledger"), around)
        at = conninfo_to_dict(server.conninfo)
        peer_store = PostgresDatastore(
            str(at["dbname"]),
            str(at["host"]),
            str(at["port"]),
            str(at["user"]),
            str(at["password"]),
        )
        peer = PostgresDCBRecorderTT(peer_store)
        peer.create_table()
        number = 0
        print("batch   ours/s   peer/s   ratio   (medians)")
        for batch in (1, 100, 500):
            ours, theirs = [], []
            for _ in range(max(20, min(300, total // batch))):
                drafts = [draft(number + offset) for offset in range(batch)]
                number += batch
                plain = [DCBEvent(one.type, one.event.body, list(one.tags)) for one in drafts]
                start = time.perf_counter()
                ledger.submit(drafts).result(60)
                middle = time.perf_counter()
                peer.append(plain)
                ours.append(batch / (middle - start))
                theirs.append(batch / (time.perf_counter() - middle))
            mine, other = statistics.median(ours), statistics.median(theirs)
            print(f"{batch:5} {mine:8.0f} {other:8.0f} {mine / other:7.2f}")
        ledger.close()
        peer_store.close()
        database.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
