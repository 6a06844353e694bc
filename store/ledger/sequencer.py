"""Group commit: one thread gives events their place in the chain (design sections 3 and 4).

Requests wait in a queue; whatever waits when the thread is free becomes one group and one
transaction. A request is atomic, a group is not: duplicates and conditions are evaluated in
order, against the database plus what is pending in the group, and refused requests leave before
the insert.

If the process dies before COMMIT, nothing of the group is there and nobody got an answer. If it
dies after, the entries stand, unsigned by any checkpoint: the next start verifies and signs them.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import starmap
from typing import TYPE_CHECKING, Final

import psycopg
from eventsourcing.persistence import IntegrityError
from psycopg import sql

from domain.errors import ConflictError, DamageError, PipeledgerError, UnavailableError
from domain.log.entry import Seq, encode_entry, format_at, leaf_hash
from store.ledger import copying
from store.ledger.chain import StreamNumbers
from store.ledger.query import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from eventsourcing.dcb.api import DCBAppendCondition

    from store.ledger.chain import Head
    from store.ledger.equipment import Equipment
    from store.ledger.prepared import Prepared
    from store.ledger.query import Matcher
    from store.postgres.database import Connection

MAX_WAITING: Final = 4096
"""Requests that may wait; more are turned away (UnavailableError)."""
MAX_GROUP_EVENTS: Final = 2000
_STOP_PATIENCE_S: Final = 30


class ConditionFailedError(ConflictError, IntegrityError):
    """The condition of an append matched an event that is there."""


@dataclass(frozen=True, slots=True)
class Appended:
    """An event that stands in the ledger.

    Attributes:
        position: its position.
        leaf: its leaf hash.
        raw: its entry.
        repeated: it was delivered before; this is the first delivery's entry.
    """

    position: int
    leaf: bytes
    raw: bytes
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """The answer to a request, once everything in it is published.

    Attributes:
        outcomes: one for each draft, in order.
        checkpoint: the published checkpoint, a signed note that covers every outcome.
    """

    outcomes: tuple[Appended | PipeledgerError, ...]
    checkpoint: bytes


@dataclass(slots=True)
class Request:
    """What a caller wants appended.

    Attributes:
        events: prepared, or why one was refused before it came here.
        condition: of the whole request.
        atomic: all events or none; else each stands for itself.
        future: resolved by the publisher, or here with an error.
    """

    events: list[Prepared | PipeledgerError]
    condition: DCBAppendCondition | None
    atomic: bool
    future: Future[Batch] = field(default_factory=Future)


@dataclass(slots=True)
class Committed:
    """A group whose transaction is durable, on its way to the guard.

    Attributes:
        size: the tree's size behind it.
        root: the tree's root at that size.
        answers: requests and their outcomes.
    """

    size: int
    root: bytes
    answers: list[tuple[Request, tuple[Appended | PipeledgerError, ...]]]


class Group:
    """The rows of one transaction, and what is pending in it."""

    def __init__(self, head: Head, at: str) -> None:
        self.head = head
        self.at = at
        self.numbers: dict[str, int] = {}
        self.entries: list[bytes] = []
        self.tags: list[bytes] = []
        self.parts: list[bytes] = []
        self.deliveries: list[bytes] = []
        self.pending: list[Prepared] = []
        self.placed: dict[bytes, tuple[bytes, Appended]] = {}
        self._at = copying.microseconds(datetime.fromisoformat(at))

    def place(self, event: Prepared) -> Appended:
        """Give an event the next position."""
        head = self.head
        position = head.position + 1
        numbers = []
        for stream in event.streams:
            number = self.numbers.get(stream) or head.numbers[stream]
            self.numbers[stream] = number + 1
            numbers.append(number + 1)
        raw = encode_entry(
            Seq(head.leaf, position, self.at, tuple(numbers), event.signatures), event.context
        )
        leaf = leaf_hash(raw)
        self.entries.append(
            copying.entry_row(position, self._at, event.time, event.type_field, leaf, raw)
        )
        for tag in event.tag_fields:
            self.tags.append(copying.tag_row(tag, position, None))
        for stream_tag, number in zip(event.stream_fields, numbers, strict=True):
            self.tags.append(copying.tag_row(stream_tag, position, number))
        for row in event.part_rows:
            self.parts.append(copying.part_row(position, row))
        head.position, head.leaf, head.at = position, leaf, self.at
        head.edge.append(leaf)
        self.pending.append(event)
        appended = Appended(position, leaf, raw)
        if event.key is not None and event.mac is not None:
            self.deliveries.append(copying.delivery_row(event.key, event.mac, position))
            self.placed[event.key] = (event.mac, appended)
        return appended

    def write(self, connection: Connection, schema: str) -> None:
        """Send the rows."""
        copying.copy(connection, schema, "entries", self.entries)
        copying.copy(connection, schema, "tags", self.tags)
        copying.copy(connection, schema, "parts", self.parts)
        copying.copy(connection, schema, "deliveries", self.deliveries)
        tiles = list(starmap(copying.tile_row, self.head.edge.take()))
        copying.copy(connection, schema, "tiles", tiles)


class Sequencer:
    """The sequencing thread of one ledger in one process."""

    def __init__(
        self,
        equipment: Equipment,
        head: Head,
        matcher: Matcher,
        publish: Callable[[Committed], None],
    ) -> None:
        self._database = equipment.database
        self._schema = schema = equipment.schema
        self._head = head
        self._examiner = equipment.examiner
        self._matcher = matcher
        self._clock = equipment.clock
        self._observer = equipment.observer
        self._publish = publish
        self._numbers = StreamNumbers(schema)
        self._queue: queue.Queue[Request | None] = queue.Queue(MAX_WAITING)
        self._connection: Connection | None = None
        self._damage: DamageError | None = None
        # Writers of one ledger exclude each other, in whatever process they are.
        digest = hashlib.sha256(b"pipeledger/append/" + schema.encode()).digest()
        self._mutex = int.from_bytes(digest[:8], "big", signed=True)
        self._last = sql.SQL("SELECT pos, leaf FROM {} ORDER BY pos DESC LIMIT 1").format(
            sql.Identifier(schema, "entries")
        )
        self._leaf_at = sql.SQL("SELECT leaf FROM {} WHERE pos = %s").format(
            sql.Identifier(schema, "entries")
        )
        self._known = sql.SQL(
            "SELECT d.key, d.mac, d.pos, e.leaf, e.entry FROM unnest(%s::bytea[]) AS wanted (key)"
            " JOIN {} AS d ON d.key = wanted.key JOIN {} AS e ON e.pos = d.pos"
        ).format(sql.Identifier(schema, "deliveries"), sql.Identifier(schema, "entries"))
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)

    def start(self) -> None:
        """Begin to take requests."""
        self._thread.start()

    def put(self, request: Request) -> None:
        """Hand over a request; its future is resolved later.

        Raises:
            UnavailableError: too many wait already.
            DamageError: the ledger was stopped because something in it does not verify.
        """
        self._refuse_when_damaged()
        try:
            self._queue.put_nowait(request)
        except queue.Full:
            raise UnavailableError("too many events are waiting; send again later") from None
        self._observer.queued(self._queue.qsize())

    def stop(self) -> None:
        """Finish what waits, then end the thread."""
        self._queue.put(None)
        self._thread.join(_STOP_PATIENCE_S)
        self._disconnect()

    def _refuse_when_damaged(self) -> None:
        if self._damage is not None:
            raise DamageError(self._damage.position, self._damage.cause)

    def _run(self) -> None:
        while True:
            requests, last = self._collect()
            if requests:
                self._sequence(requests)
            if last:
                return

    def _collect(self) -> tuple[list[Request], bool]:
        """Everything that waits, at least one request; and whether to stop after it."""
        first = self._queue.get()
        if first is None:
            return [], True
        requests, events = [first], len(first.events)
        while events < MAX_GROUP_EVENTS:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                break
            if request is None:
                return requests, True
            requests.append(request)
            events += len(request.events)
        return requests, False

    def _sequence(self, requests: list[Request]) -> None:
        try:
            self._refuse_when_damaged()
            self._publish(self._commit(requests))
        except DamageError as error:
            # Nothing more is signed on a ledger that does not verify; an operator decides.
            self._damage = error
            _fail(requests, error)
        except (psycopg.Error, PipeledgerError) as error:
            self._disconnect()
            if len(requests) > 1:
                # One request may be what the database chokes on; the others shall not suffer.
                for request in requests:
                    self._sequence([request])
            else:
                _fail(requests, _as_ours(error))
        except Exception as error:  # noqa: BLE001 - the thread must outlive any single request
            self._disconnect()
            _fail(requests, error)

    def _commit(self, requests: list[Request]) -> Committed:
        started = time.time_ns()
        connection = self._connected()
        group: Group | None = None
        try:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._mutex,))
                # A statement of its own, so that its snapshot is younger than the lock.
                self._catch_up(connection)
                now = format_at(self._clock().astimezone(UTC))
                group = Group(self._head.copy(), max(now, self._head.at))
                answers = self._evaluate(connection, group, requests)
                grouped = time.time_ns()
                group.write(connection, self._schema)
        except psycopg.OperationalError:
            # The answer to COMMIT may be what was lost. The chain itself says whether it
            # happened: then the planned leaf stands at the planned position.
            if group is None or not group.entries or not self._happened(group.head):
                raise
            grouped = started
        ended = time.time_ns()
        self._head = group.head
        self._head.numbers.update(group.numbers)
        self._observer.stage("group", started, grouped, len(group.entries))
        self._observer.stage("commit", grouped, ended, len(group.entries))
        edge = self._head.edge
        return Committed(edge.tree.size, edge.tree.root(), answers)

    def _catch_up(self, connection: Connection) -> None:
        row = connection.execute(self._last).fetchone()
        position, leaf = (0, self._head.leaf) if row is None else (int(row[0]), bytes(row[1]))
        if position < self._head.position:
            raise DamageError(position + 1, "entries that were appended are gone")
        if position == self._head.position:
            if leaf != self._head.leaf:
                raise DamageError(position, "the last entry is not the one that was appended")
            return
        if self._head.position:
            stood = connection.execute(self._leaf_at, (self._head.position,)).fetchone()
            if stood is None or bytes(stood[0]) != self._head.leaf:
                raise DamageError(self._head.position, "the entry is not the one appended here")
        # Another process appended: on a copy, so that a failure leaves our head where it is.
        head = self._head.copy()
        head.numbers = dict(head.numbers)
        self._examiner.extend(connection, head)
        head.edge.take()
        self._head = head

    def _evaluate(
        self, connection: Connection, group: Group, requests: list[Request]
    ) -> list[tuple[Request, tuple[Appended | PipeledgerError, ...]]]:
        events = [
            event
            for request in requests
            for event in request.events
            if not isinstance(event, PipeledgerError)
        ]
        self._numbers.fill(connection, group.head, (s for event in events for s in event.streams))
        known = self._find_known(connection, events)
        answers = []
        for request in requests:
            try:
                answers.append((request, self._outcomes(connection, group, known, request)))
            except PipeledgerError as error:
                request.future.set_exception(error)
        return answers

    def _find_known(
        self, connection: Connection, events: Sequence[Prepared]
    ) -> dict[bytes, tuple[bytes, Appended]]:
        keys = [event.key for event in events if event.key is not None]
        if not keys:
            return {}
        return {
            bytes(key): (bytes(mac), Appended(pos, bytes(leaf), bytes(raw), repeated=True))
            for key, mac, pos, leaf, raw in connection.execute(self._known, (keys,)).fetchall()
        }

    def _outcomes(
        self,
        connection: Connection,
        group: Group,
        known: dict[bytes, tuple[bytes, Appended]],
        request: Request,
    ) -> tuple[Appended | PipeledgerError, ...]:
        # Every refusal of an atomic request is found before its first event is placed:
        # what is placed cannot be taken back.
        verdicts = self._verdicts(group, known, request)
        if request.condition is not None:
            self._check_condition(connection, group, request.condition)
        if request.atomic:
            for verdict in verdicts:
                if isinstance(verdict, PipeledgerError):
                    raise verdict
        outcomes: list[Appended | PipeledgerError] = []
        for event, verdict in zip(request.events, verdicts, strict=True):
            if isinstance(event, PipeledgerError):
                outcomes.append(event)
            elif verdict is not None:
                outcomes.append(verdict)
            elif event.key is not None and event.key in group.placed:
                outcomes.append(_repeat(event, *group.placed[event.key]))
            else:
                outcomes.append(group.place(event))
        return tuple(outcomes)

    @staticmethod
    def _verdicts(
        group: Group, known: dict[bytes, tuple[bytes, Appended]], request: Request
    ) -> list[Appended | PipeledgerError | None]:
        """What is decided before placing: repeats and refusals; None: to be placed."""
        verdicts: list[Appended | PipeledgerError | None] = []
        within: dict[bytes, bytes] = {}
        for event in request.events:
            if isinstance(event, PipeledgerError):
                verdicts.append(event)
                continue
            found = None
            if event.key is not None:
                found = known.get(event.key) or group.placed.get(event.key)
            if found is not None:
                verdicts.append(_repeat(event, *found))
            elif event.key is not None and event.mac is not None:
                first = within.setdefault(event.key, event.mac)
                verdicts.append(None if first == event.mac else _conflict())
            else:
                verdicts.append(None)
        return verdicts

    def _check_condition(
        self, connection: Connection, group: Group, condition: DCBAppendCondition
    ) -> None:
        query, after = condition.fail_if_events_match, condition.after or 0
        first = group.head.position - len(group.pending)
        for offset, event in enumerate(group.pending, 1):
            if first + offset > after and matches(query, event.type, event.matching):
                raise ConditionFailedError("a matching event was appended meanwhile")
        if self._matcher.positions(connection, query, after=after, limit=1):
            raise ConditionFailedError("a matching event is in the ledger")

    def _happened(self, planned: Head) -> bool:
        self._disconnect()
        try:
            connection = self._connected()
            with connection.transaction():
                # Waits until the server has ended the old transaction one way or the other.
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._mutex,))
                row = connection.execute(self._leaf_at, (planned.position,)).fetchone()
        except (psycopg.Error, PipeledgerError):
            # Not known now. The requests are answered as failed; repeats of deliveries will
            # find the entries if they are there, and the chain is checked before the next group.
            return False
        return row is not None and bytes(row[0]) == planned.leaf

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._database.connect("writer")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _repeat(event: Prepared, mac: bytes, first: Appended) -> Appended | PipeledgerError:
    if event.mac != mac:
        return _conflict()
    return Appended(first.position, first.leaf, first.raw, repeated=True)


def _conflict() -> ConflictError:
    return ConflictError("an event of this source and id stands in the ledger with other bytes")


def _fail(requests: Sequence[Request], error: Exception) -> None:
    for request in requests:
        if not request.future.done():
            request.future.set_exception(error)


def _as_ours(error: Exception) -> PipeledgerError:
    if isinstance(error, PipeledgerError):
        return error
    return UnavailableError("the database did not take the events; send them again")
