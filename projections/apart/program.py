"""The process that derives: reads requests from a socket, answers each when it is done.

It follows ledgers beside the server, with connections of its own, and shares their folders of
what is derived with every other process. It ends when the server does, however that ends.

What it holds of a ledger (what is not sealed, with its facts, a database of its own to compute in,
connections) it lets go when nobody has asked about that ledger for a while; the next question opens
it again. That loses nothing, since a question can be the first one to this process at any time.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from projections.apart.messages import (
    Asked,
    Begin,
    Follow,
    Followed,
    Forget,
    Hear,
    Heard,
    Look,
    Made,
    Make,
    Said,
    Seen,
    failed,
    read_asked,
    read_begin,
    write,
    write_tables,
)
from projections.engine import Engine
from projections.following import follow
from projections.heard import told
from projections.sheets import sheets_of
from store.ledger.opening import Place
from store.ledger.publisher import Published
from store.ledger.read_only import ReadOnlyLedger
from store.postgres.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from projections.apart import messages
    from projections.live import Snapshot

AT_ONCE: Final = 16
"""Requests that are answered side by side; the server asks fewer questions at once."""
IDLE_S: Final = 15 * 60.0
"""Seconds after its last question until a ledger is let go. Who reads through pages, or has a
dashboard that looks every five minutes, comes back sooner; who comes later waits for at most 65,536
events to be read again, which takes seconds."""
LOOK_S: Final = 60.0
"""Seconds until it looks for such ledgers while no message comes; each message has it look too."""
_CONNECTIONS: Final = 2
_NAME: Final = "pipeledger past"


class Derived:
    """One ledger, followed. Safe for threads."""

    def __init__(
        self, place: messages.Place, published: Published, database: Database, people: Database
    ) -> None:
        files = Place(Path(place.folder))
        self._ledger = ReadOnlyLedger(
            place.name, place.origin, files, published, database, people
        )  # fmt: skip
        self._engine = Engine(files.derived / "facts")
        self._live = follow(self._ledger, files.derived / "segments", forget=self._engine.drop)
        self._lock = threading.Lock()
        self._states: dict[tuple[int, int], Snapshot] = {}

    def said(self, asked: Asked, published: Published) -> Said:
        """The answer to a request."""
        with self._lock:
            # Requests overtake each other.
            if published.size > self._ledger.published.size:
                self._ledger.published = published
        match asked:
            case Follow():
                found = self._newest()
                with self._lock:
                    self._states[found.version] = found
                return Followed(
                    asked.number, found.size, found.root, found.checkpoint, found.version
                )
            case Make():
                with self._engine.view(self._state(asked.version), asked.parameters) as view:
                    rows = view.answer(asked.selections)
                return Made(asked.number, write_tables(rows))
            case Hear():
                return Heard(asked.number, told(self._state(asked.version), asked.position))
            case Look():
                return Seen(asked.number, sheets_of(self._state(asked.version), asked.positions))

    def forget(self, version: tuple[int, int]) -> None:
        """Keep a state no longer."""
        with self._lock:
            self._states.pop(version, None)

    def close(self) -> None:
        """Close its connections and its database; nobody may ask meanwhile or later."""
        self._live.close()
        self._engine.close()

    def _newest(self) -> Snapshot:
        found = self._live.snapshot()
        self._engine.settled.turn_to(found)
        return found

    def _state(self, version: tuple[int, int]) -> Snapshot:
        with self._lock:
            found = self._states.get(version)
        # A process before this one had it: what was known at a position is the same in all later.
        # It is not kept, since nobody was told of it who would say when it may go.
        return found or self._newest()


@dataclass(slots=True)
class _Use:
    """How a ledger is used.

    Attributes:
        derived: what is held of it; None: nothing.
        under_way: questions that came and are not answered.
        left: when the last of them was.
    """

    derived: Derived | None = None
    under_way: int = 0
    left: float = 0.0


class Program:
    """Answers what comes by a socket."""

    def __init__(
        self,
        connection: Connection,
        begin: Begin,
        monotonic: Callable[[], float] = time.monotonic,
        look_s: float = LOOK_S,
    ) -> None:
        self._connection = connection
        self._monotonic = monotonic
        self._look_s = look_s
        self._sending = threading.Lock()
        self._places = {one.name: one for one in begin.ledgers}
        self._databases = (
            Database(begin.database, application=_NAME, pool_size=_CONNECTIONS),
            Database(begin.database, application=_NAME, pool_size=_CONNECTIONS),
        )
        self._lock = threading.Lock()
        # Under _lock, which is held while one is opened or closed: two databases of one ledger
        # would spill into the same folder.
        self._uses: dict[str, _Use] = {}

    def run(self) -> None:
        """Answer until the server ends the connection; raises EOFError or OSError then."""
        pool = ThreadPoolExecutor(AT_ONCE)
        while True:
            self._let_go()
            if not self._connection.poll(self._look_s):
                continue
            match read_asked(self._connection.recv_bytes()):
                case Forget(ledger, version):
                    if (use := self._uses.get(ledger)) is not None and use.derived is not None:
                        use.derived.forget(version)
                case asked:
                    with self._lock:
                        use = self._uses.setdefault(asked.ledger, _Use())
                        # Here and not when its turn comes, so that it is not let go in between.
                        use.under_way += 1
                    pool.submit(self._answer, asked, use)

    def _let_go(self) -> None:
        """Close what nobody asked about for long."""
        with self._lock:
            before = self._monotonic() - IDLE_S
            for use in self._uses.values():
                if use.derived is not None and not use.under_way and use.left <= before:
                    derived, use.derived = use.derived, None
                    derived.close()

    def _answer(self, asked: Asked, use: _Use) -> None:
        try:
            raw = write(self._said(asked, use))
        except Exception as error:  # noqa: BLE001 - the server raises it, and logs what is a fault
            raw = write(failed(asked.number, error))
        with self._lock:
            use.under_way -= 1
            use.left = self._monotonic()
        with self._sending:
            self._connection.send_bytes(raw)

    def _said(self, asked: Asked, use: _Use) -> Said:
        published = Published(asked.size, asked.root, asked.checkpoint)
        with self._lock:
            if use.derived is None:
                use.derived = Derived(self._places[asked.ledger], published, *self._databases)
            one = use.derived
        return one.said(asked, published)


def main(descriptor: int) -> None:
    """Answer what comes by a socket, until it is closed."""
    connection = Connection(descriptor)
    try:
        begin = read_begin(connection.recv_bytes())
        # An append waits for nobody who only looks on.
        os.nice(begin.niceness)
        Program(connection, begin).run()
    except (EOFError, OSError):
        # The server is gone, or wants this process to go: nothing here is worth finishing.
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
