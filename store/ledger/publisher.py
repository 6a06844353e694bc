"""Sign, guard, publish, answer: what follows a commit, in this order (design section 3).

No signature is made inside a transaction, so nothing signed can be lost with one. If the process
dies between commit and guard, the entries stand unguarded and the next start signs them. If it
dies between guard and publication, the guard holds the note and the next start publishes it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from domain.errors import DamageError, PipeledgerError, RefusedError, UnavailableError
from domain.log.checkpoint import Checkpoint
from domain.log.tree import root_of
from store.ledger import situations
from store.ledger.answers import UNPUBLISHED, give
from store.ledger.guard import GuardConflictError
from store.ledger.observer import Stage
from store.ledger.request import Batch
from store.postgres.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.ledger.equipment import Equipment
    from store.ledger.request import Committed
    from store.postgres.database import Connection

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Published:
    """The newest state that readers may see.

    Attributes:
        size: number of entries.
        root: root hash at that size.
        checkpoint: the signed note.
    """

    size: int
    root: bytes
    checkpoint: bytes


class Publisher:
    """Publishes the groups of one ledger in one process, on the thread that sequences them.

    A thread of its own would let the next group begin earlier, and smaller: what waits meanwhile
    becomes one group, and each hand-over from thread to thread costs as much as several events.
    """

    def __init__(
        self,
        equipment: Equipment,
        published: Published,
        announce: Callable[[Published], None],
    ) -> None:
        self._database = equipment.database
        self._name = equipment.name
        self._origin = equipment.origin
        self._ring = equipment.ring
        self._guard = equipment.guard
        self._tiles = equipment.tiles
        self._observer = equipment.observer
        self._witnessing = equipment.witnessing
        self._witnessed = 0
        self._announce = announce
        self.published = published
        self._expected: bytes | None = published.checkpoint
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._talk: Talk | None = None
        self._insert = (
            sql.SQL("INSERT INTO {} (size, note) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .format(sql.Identifier(equipment.schema, "checkpoints"))
            .as_bytes(None)
        )

    def publish(self, committed: Committed) -> None:
        """Sign, guard and publish a group whose transaction is durable, and answer for it.

        Whatever goes wrong is what its requests are told.

        Raises:
            DamageError: the guard contradicts the database: nothing more may be appended here.
        """
        try:
            self._publish(committed)
        except DamageError as error:
            self._fail(committed, error)
            raise
        except Exception as error:  # noqa: BLE001 - the thread must outlive a failure
            self._fail(committed, error)

    def adopt(self, published: Published) -> None:
        """Show what another process of this ledger published."""
        with self._lock:
            if published.size > self.published.size:
                self.published = published
        self._announce(published)

    def close(self) -> None:
        """Release the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _publish(self, committed: Committed) -> None:
        stages: tuple[Stage, ...] = ()
        if committed.size > self.published.size:
            published = self._guarded(committed.size, committed.root)
            guarded = time.time_ns()
            published = self._cosigned(published)
            self._keep(published)
            self.adopt(published)
            guard = Stage("guard", committed.stages[-1].end_ns, guarded)
            stages = (guard, Stage("publish", guarded, time.time_ns()))
            events = sum(len(outcomes) for _, outcomes in committed.answers)
            for stage in stages:
                self._observer.stage(stage, events)
        elif self._witnessing is not None and self._witnessed < self.published.size:
            # Published at the start, or by another process, before witnesses saw it.
            cosigned = self._cosigned(self.published)
            with self._lock:
                self.published = cosigned
        note, passed = self.published.checkpoint, (*committed.stages, *stages)
        give(
            (request.future, Batch(outcomes, note, passed))
            for request, outcomes in committed.answers
        )

    def _guarded(self, size: int, root: bytes) -> Published:
        """Swap a checkpoint of this size into the guard, or adopt a later one that stands there."""
        note = self._ring.sign(Checkpoint(self._origin, size, root))
        for attempt in range(1, _TRIES + 1):
            try:
                self._guard.swap(self._expected, note)
            except GuardConflictError:
                # Another process of this ledger was quicker, or our own swap was done and
                # reported as failed.
                there = self._guard.read()
                adopted = self._check_guarded(there, size, root)
                if adopted is not None:
                    self._expected = adopted.checkpoint
                    return adopted
                self._expected = there
            except UnavailableError:
                if attempt == _TRIES:
                    raise
            else:
                self._expected = note
                return Published(size, root, note)
        raise UnavailableError("the guard is contended; the events stand and may be sent again")

    def _cosigned(self, published: Published) -> Published:
        """With the witnesses' cosignatures, where nobody is answered without them.

        Raises:
            UnavailableError: not enough of them; what is guarded stands, and is not shown.
        """
        if self._witnessing is None:
            return published
        note = self._witnessing.cosigned(published.checkpoint)
        self._witnessed = published.size
        return Published(published.size, published.root, note)

    def _check_guarded(self, note: bytes | None, size: int, root: bytes) -> Published | None:
        """The guard's checkpoint, if it covers `size`; None, if ours may follow it.

        Raises:
            DamageError: it contradicts what stands in the database.
        """
        if note is None:
            raise situations.empty(self._name)
        try:
            there = self._ring.open_newer(note, self._database)
        except (RefusedError, DamageError) as error:
            raise situations.foreign(self._name, error) from error
        if (root if there.size == size else self._root(there.size)) != there.root:
            raise situations.different(self._name, there.size)
        return Published(there.size, there.root, note) if there.size >= size else None

    def _root(self, size: int) -> bytes | None:
        """The root of the first entries; None where there are not so many."""
        with self._database.session("writer") as connection:
            try:
                return root_of(size, self._tiles.reader(connection, size))
            except DamageError:
                return None

    def _keep(self, published: Published) -> None:
        """Write the row other processes and `fsck` read.

        It need not be flushed before the answer: the guard holds the note durably, and after a
        crash the start writes the guard's note again.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                values = (published.size.to_bytes(8, "big"), published.checkpoint)
                self._connected().ask([(self._insert, values)])
            except (psycopg.Error, UnavailableError) as error:
                self.close()
                if attempt == _TRIES:
                    raise UnavailableError(
                        "guarded, but the checkpoint row was not written"
                    ) from error
            else:
                return

    def _connected(self) -> Talk:
        if self._connection is None or self._talk is None or self._connection.closed:
            self._connection = self._database.connect("writer")
            self._connection.execute("SET synchronous_commit = off")
            self._talk = Talk(self._connection)
        return self._talk

    @staticmethod
    def _fail(committed: Committed, error: Exception) -> None:
        ours = error if isinstance(error, PipeledgerError) else UnavailableError(UNPUBLISHED)
        give((request.future, ours) for request, _ in committed.answers)
