"""Group commit: one thread gives events their place in the chain (design sections 3 and 4).

Requests wait in a queue; whatever waits when the thread is free becomes one group and one
transaction. A request is atomic, a group is not: duplicates and conditions are evaluated in
order, against the database plus what is pending in the group, and refused requests leave before
the insert.

If the process dies before COMMIT, nothing of the group is there and nobody got an answer. If it
dies after, the entries stand, unsigned by any checkpoint: the next start verifies and signs them.

A group is sent again, one request at a time, only where an answer said no. Where the answer was
lost and nobody can be asked what became of it, that is what the requests are told: an event
without a delivery would stand twice, and one with a condition would contradict itself.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from datetime import UTC
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from domain.errors import DamageError, PipeledgerError, UnavailableError
from domain.log.entry import format_at
from domain.log.succession import ROTATED
from store.ledger import situations
from store.ledger.answers import UNKNOWN, UNPUBLISHED, give
from store.ledger.group import Group
from store.ledger.lookup import Lookup
from store.ledger.numbering import REMEMBERED, unmet
from store.ledger.observer import Stage
from store.ledger.prepared import take_back
from store.ledger.request import Committed, Request, apart, claims_of
from store.ledger.signer import FEW
from store.ledger.verdict import decide
from store.postgres.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from eventsourcing.dcb.api import DCBQuery

    from store.ledger.chain import Head
    from store.ledger.equipment import Equipment
    from store.ledger.lookup import Found, Known
    from store.ledger.query import Matcher
    from store.ledger.signer import Frame, Signer
    from store.postgres.database import Connection

MAX_WAITING: Final = 4096
"""Requests that may wait; more are turned away (UnavailableError)."""
MAX_GROUP_EVENTS: Final = 2000
_STOP_PATIENCE_S: Final = 30
_ENDED: Final = "57P"
"""Class of the states by which a server ends connections."""


class _StandingError(UnavailableError):
    """What was sent stands, or may stand: it is neither sent again nor taken back."""


class Sequencer:
    """The sequencing thread of one ledger in one process."""

    def __init__(
        self,
        equipment: Equipment,
        head: Head,
        matcher: Matcher,
        signer: Signer,
        publish: Callable[[Committed], None],
    ) -> None:
        self._database = equipment.database
        self._schema = schema = equipment.schema
        self._head = head
        self._examiner = equipment.examiner
        self._ring = equipment.ring
        self._documents = equipment.documents
        self._matcher = matcher
        self._signer = signer
        self._clock = equipment.clock
        self._observer = equipment.observer
        self._publish = publish
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._talk: Talk | None = None
        self._damage: DamageError | None = None
        self._written: Group | None = None
        self._outdated = False
        # Writers of one ledger exclude each other, in whatever process they are.
        digest = hashlib.sha256(b"pipeledger/append/" + schema.encode()).digest()
        self._mutex = int.from_bytes(digest[:8], "big", signed=True)
        self._lookup = Lookup(schema, self._mutex)
        self._leaf_at = sql.SQL("SELECT leaf FROM {} WHERE pos = %s").format(
            sql.Identifier(schema, "entries")
        )
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
        # Callers that come at the same instant may be a few too many; the limit is no promise.
        waiting = self._queue.qsize()
        if waiting >= MAX_WAITING:
            raise UnavailableError("too many events are waiting; send again later")
        self._queue.put(request)
        self._observer.queued(waiting + 1)

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
            for group in apart(requests):
                self._sequence(group)
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
        except _StandingError as error:
            self._disconnect()
            _fail(requests, error)
        except (psycopg.Error, PipeledgerError) as error:
            self._disconnect()
            if len(requests) > 1 and _refused(error):
                # One request may be what the database chokes on; the others shall not suffer.
                for request in requests:
                    self._sequence([request])
            else:
                take_back(self._documents, [one for each in requests for one in each.sound])
                _fail(requests, _as_ours(error))
        except Exception as error:  # noqa: BLE001 - the thread must outlive any single request
            self._disconnect()
            _fail(requests, error)

    def _commit(self, requests: list[Request]) -> Committed:
        started = time.time_ns()
        talk = self._connected()
        group: Group | None = None
        try:
            if self._outdated:
                self._reload()
            signing = self._sign(requests)
            known, claimed = self._begin(talk, requests)
            now = format_at(self._clock().astimezone(UTC))
            group = Group(self._head.copy(), max(now, self._head.at), claimed=claimed)
            answers, refusals = decide(group, known, requests, self._stands)
            grouped = signed = time.time_ns()
            signed = group.write(talk, self._schema, signing, self._signer.settle)
            # Let go at the next group: to free thousands of rows now would hold up the answers.
            self._written = group
        except psycopg.Error:
            # The answer to COMMIT may be what was lost, whatever came in its place. The chain
            # itself says whether it happened: then the planned leaf stands at the planned position.
            if group is None or not group.pending or not self._happened(group.head):
                raise
            grouped = signed = started
        except BaseException:
            # The server takes back what it was told.
            self._disconnect()
            raise
        ended = time.time_ns()
        # The group stands, whatever fails from here on.
        self._head = group.head
        self._head.numbers.update(group.numbers)
        sound = [event for request in requests for event in request.sound]
        take_back(self._documents, sound, group.pending)
        give(refusals)
        if any(event.type == ROTATED for event in group.pending):
            try:
                self._reload()
            except (psycopg.Error, PipeledgerError) as error:
                raise _StandingError(UNPUBLISHED) from error
        stages = (
            Stage("sign", started, signed),
            Stage("group", started, grouped),
            Stage("commit", grouped, ended),
        )
        for stage in stages:
            self._observer.stage(stage, len(group.pending))
        edge = self._head.edge
        return Committed(edge.tree.size, edge.tree.root(), answers, stages)

    def _sign(self, requests: list[Request]) -> list[Frame]:
        """Have signed what is not; what has to be waited for."""
        signing = [one for request in requests for one in request.signing]
        events = [one for request in requests if not request.signing for one in request.sound]
        if len(events) >= FEW:
            signing.append(self._signer.begin(events, last=True))
        else:
            self._signer.sign(events)
        return signing

    def _begin(self, talk: Talk, requests: list[Request]) -> tuple[Known, bool]:
        """Begin the transaction; on return the head stands where the ledger does.

        Returns:
            Deliveries that are there, and whether those of this group are kept already.
        """
        events = [one for request in requests for one in request.sound]
        streams = {stream for event in events for stream in event.streams}
        if len(self._head.numbers) > REMEMBERED:
            self._head.numbers.clear()
        unknown = unmet(self._head.numbers, streams)
        # Nearly always every delivery is new and nobody else appends, so the deliveries are kept
        # without a question before; where that is not so, the group begins once more.
        if claims := claims_of(requests, self._head.position):
            found = self._lookup.begin(talk, unknown, claims=claims)
            if found.claimed == len(claims) and found.position == self._head.position:
                self._is_ours(found)
                self._head.numbers.update(found.numbers)
                return {}, True
            talk.ask([(b"ROLLBACK", None)])
        found = self._lookup.begin(
            talk, unknown, [event.key for event in events if event.key is not None]
        )
        if self._is_ours(found):
            self._head.numbers.update(found.numbers)
        else:
            self._catch_up(streams)
        return found.known, False

    def _is_ours(self, found: Found) -> bool:
        """Whether the last entry is the one this process knows.

        Raises:
            DamageError: what this process appended or verified is no longer there.
        """
        head = self._head
        if found.position < head.position:
            raise situations.vanished(found.position + 1)
        if found.position == head.position:
            if head.position and found.leaf != head.leaf:
                raise DamageError(head.position, "the last entry is not the one that was appended")
            return True
        if head.position:
            stood = self._driver.execute(self._leaf_at, (head.position,)).fetchone()
            if stood is None or bytes(stood[0]) != head.leaf:
                raise DamageError(head.position, "the entry is not the one appended here")
        return False

    def _catch_up(self, streams: set[str]) -> None:
        # Another process appended: on a copy, so that a failure leaves our head where it is.
        head = self._head.copy()
        head.numbers = dict(head.numbers)
        self._reload()
        self._examiner.extend(self._driver, head)
        head.edge.take()
        self._examiner.numbers.fill(self._driver, head.position, head.numbers, streams)
        self._head = head

    def _reload(self) -> None:
        """Take up keys that were replaced; if that fails, before the next group."""
        self._outdated = True
        self._ring.load(self._driver)
        self._signer.change(self._ring.signers)
        self._outdated = False

    def _stands(self, query: DCBQuery, after: int) -> bool:
        return bool(self._matcher.positions(self._driver, query, after=after, limit=1))

    def _happened(self, planned: Head) -> bool:
        """Whether a group stands of which the answer was lost.

        Raises:
            _StandingError: nobody can be asked. Repeats of deliveries will find the entries if
                they are there, and the chain is checked before the next group.
        """
        self._disconnect()
        try:
            self._connected()
            with self._driver.transaction():
                # Waits until the server has ended the old transaction one way or the other.
                self._driver.execute("SELECT pg_advisory_xact_lock(%s)", (self._mutex,))
                row = self._driver.execute(self._leaf_at, (planned.position,)).fetchone()
        except (psycopg.Error, PipeledgerError) as error:
            raise _StandingError(UNKNOWN) from error
        return row is not None and bytes(row[0]) == planned.leaf

    def _connected(self) -> Talk:
        if self._connection is None or self._talk is None or self._connection.closed:
            self._connection = self._database.connect("writer")
            self._talk = Talk(self._connection)
        return self._talk

    @property
    def _driver(self) -> Connection:
        """The connection of the conversation, for what is asked seldom."""
        if self._connection is None:
            raise UnavailableError("the database connection was lost")
        return self._connection

    def _disconnect(self) -> None:
        self._talk = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _fail(requests: Sequence[Request], error: Exception) -> None:
    give([(request.future, error) for request in requests])


def _refused(error: Exception) -> bool:
    """Whether an answer said no to something of the group; not, where none came."""
    if isinstance(error, psycopg.Error):
        state = error.diag.sqlstate
        return state is not None and not state.startswith(_ENDED)
    return not isinstance(error, UnavailableError)


def _as_ours(error: Exception) -> PipeledgerError:
    if isinstance(error, PipeledgerError):
        return error
    # Its first line names files and tables; values of rows stand only below it.
    why = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return UnavailableError(
        f"the database did not take the events: {why or type(error).__name__}",
        "the database did not take the events; send them again",
    )
