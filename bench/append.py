"""Appending in batches, beside the library's plain recorder on the same server.

`python -m bench.append`: each round appends one batch to either, in turn; told are medians. Ours
signs, chains, tags, guards and publishes; the peer only inserts.
"""

from __future__ import annotations

import os
import statistics
from typing import TYPE_CHECKING, Final

from api.host import now
from bench.events import deployment, draft
from bench.figures import Figure, Watch, scratch, tell
from bench.peer import plain, recorder
from store.ledger.guard import FileGuard
from store.ledger.opening import Place, Surroundings, create_ledger, open_ledger
from store.postgres.database import Database
from store.postgres.server import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS: Final = 15_000
"""For each batch size and side."""
BATCHES: Final = ((1, None, None), (100, 1, 2), (500, 1, 2))
"""Size, floor and aim of the ratio."""
NAME: Final = "bench"
ORIGIN: Final = "ledger.example/bench"


def measure() -> Iterator[Figure]:
    """Append to both, in turn."""
    with (
        scratch() as folder,
        EmbeddedPostgres.start(folder / "postgres") as server,
        Database(server.conninfo) as database,
        recorder(server.conninfo) as peer,
    ):
        database.prepare()
        place = Place(folder / "ledger")
        around = Surroundings(database, FileGuard(folder / "guard"), now, os.urandom)
        create_ledger(NAME, ORIGIN, place, around)
        ledger = open_ledger(NAME, ORIGIN, place, around)
        number = 0
        for batch, floor, aim in BATCHES:
            ours, theirs = [], []
            for _ in range(max(20, min(300, EVENTS // batch))):
                drafts = [draft(deployment(number + nth)) for nth in range(batch)]
                number += batch
                events = [plain(one) for one in drafts]
                watch = Watch()
                ledger.submit(drafts).result(60)
                ours.append(batch / watch.seconds)
                watch = Watch()
                peer.append(events)
                theirs.append(batch / watch.seconds)
            yield Figure(
                f"append, batch of {batch}", statistics.median(ours), "events/s",
                statistics.median(theirs), floor, aim,
            )  # fmt: skip
        ledger.close()


if __name__ == "__main__":
    tell(measure())
