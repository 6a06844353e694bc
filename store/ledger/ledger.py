"""One open ledger: the chained recorder of `eventsourcing`'s DCB interface, and more."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from eventsourcing.dcb.api import DCBEvent, DCBReadResponse, DCBRecorder, DCBSequencedEvent
from eventsourcing.dcb.persistence import DCBListenNotifySubscription
from eventsourcing.dcb.popo import SimpleDCBReadResponse
from eventsourcing.persistence import ProgrammingError
from psycopg import sql

from domain.draft import Draft
from domain.errors import PipeledgerError, RefusedError, UnavailableError
from domain.log.by import By
from domain.log.dsse import CONTEXT_PAYLOAD_TYPE, pae
from domain.log.entry import parse_entry
from domain.log.part import EVENT_PART, Part
from store.ledger.answers import UNKNOWN
from store.ledger.compromised import Report, affected, read_reports
from store.ledger.keys import intake_name
from store.ledger.prepared import Workbench, take_back
from store.ledger.publisher import Published, Publisher
from store.ledger.query import Matcher
from store.ledger.reader import Reader, Row
from store.ledger.request import Request
from store.ledger.rotating import Rotating
from store.ledger.sequencer import Sequencer
from store.ledger.signer import FRAME, Signer
from store.ledger.tiled import TiledLog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery

    from domain.log.context import Context
    from domain.log.key import VerifierKey
    from domain.log.succession import Succession
    from store.ledger.chain import Head
    from store.ledger.columns import ColumnReader
    from store.ledger.equipment import Equipment
    from store.ledger.prepared import Prepared
    from store.ledger.request import Batch, Waiting
    from store.ledger.signer import Frame

SERVER: Final = By("wkl_" + "0" * 32, "crd_" + "0" * 32, "server")
"""The ledger itself, as `by` names it."""
_POLL_S: Final = 1.0
_ANSWER_LIMIT_S: Final = 60.0


@dataclass
class LedgerEvent(DCBEvent):
    """An event read back through the DCB interface, with what the ledger knows of it.

    Attributes:
        context: who was authenticated, streams, commitments.
        position: where it stands.
    """

    context: Context | None = None
    position: int = 0


@dataclass
class DraftedEvent(DCBEvent):
    """An event to be appended through the DCB interface that has been through the door.

    Attributes:
        draft: what is appended; it says more than the interface's own fields.
    """

    draft: Draft | None = None


class Ledger(DCBRecorder):
    """An open ledger. Safe for threads; several processes may hold one ledger open.

    `append`, `read` and `subscribe` are the library's interface and see what is committed;
    `reader`, `tiled` and `published` are for everybody else and see what is published.
    """

    def __init__(self, equipment: Equipment, head: Head, published: Published) -> None:
        self.name = equipment.name
        self.origin = equipment.origin
        self.schema = equipment.schema
        self._equipment = equipment
        self._observer = equipment.observer
        self.reader = Reader(
            equipment.database, equipment.schema, equipment.bodies, equipment.tiles
        )
        self.tiled = TiledLog(equipment.database, equipment.schema, equipment.tiles)
        self._matcher = Matcher(equipment.schema)
        self._workbench = Workbench(equipment)
        self._signer = Signer(equipment.ring.signers)
        self._publisher = Publisher(equipment, published, self._announce)
        self._sequencer = Sequencer(
            equipment, head, self._matcher, self._signer, self._publisher.publish
        )
        self._listeners: set[threading.Event] = set()
        self._changed = threading.Lock()
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        by_position = sql.SQL(
            "SELECT e.pos, e.entry, p.body FROM {} AS e LEFT JOIN {} AS p"
            " ON p.pos = e.pos AND p.name = 'event' JOIN unnest(%s::bigint[]) AS wanted (pos)"
            " ON wanted.pos = e.pos ORDER BY e.pos"
        )
        self._by_position = by_position.format(
            sql.Identifier(equipment.schema, "entries"), sql.Identifier(equipment.schema, "parts")
        )
        self._last = sql.SQL("SELECT max(pos) FROM {}").format(
            sql.Identifier(equipment.schema, "entries")
        )
        self._sequencer.start()
        self._watcher.start()

    @property
    def succession(self) -> Succession:
        """The ledger's keys, and where each is valid."""
        return self._equipment.ring.succession

    @property
    def vkeys(self) -> tuple[str, ...]:
        """Every public key there ever was, the first ones first."""
        return self.succession.vkeys

    @property
    def published(self) -> Published:
        """The newest state that readers may see."""
        return self._publisher.published

    def sign_statement(self, payload_type: str, payload: bytes) -> tuple[str, bytes]:
        """Sign what the ledger says outside its log, as DSSE signs it.

        Args:
            payload_type: of the statement; a context's is refused, or a statement could be put
                in the place of an entry.
            payload: its bytes.

        Returns:
            Id of the key, and the signature.

        Raises:
            RefusedError: the type is that of contexts.
        """
        if payload_type == CONTEXT_PAYLOAD_TYPE:
            raise RefusedError("payload type", "contexts are signed in the log alone")
        key = self._equipment.ring.signers[-1]
        return key.key_id, key.sign(pae(payload_type, payload))

    def rotating(self) -> Rotating:
        """The replacement of this ledger's keys."""
        return Rotating(self._equipment)

    def compromised(self) -> list[tuple[Report, list[tuple[int, int]]]]:
        """Keys and credentials reported compromised, and the positions in doubt as ranges."""
        with self._equipment.database.session("writer") as connection:
            return [
                (report, affected(connection, self.schema, self.succession, report))
                for report in read_reports(connection, self.schema)
            ]

    @property
    def signing(self) -> tuple[VerifierKey, ...]:
        """The ledger's keys that sign now."""
        held = self.succession
        return (*held.in_force(self.origin), *held.in_force(intake_name(self.origin)))

    def columns(self) -> ColumnReader:
        """A reader of much of the log at once, with a connection of its own."""
        # Arrow loads for who reads so.
        from store.ledger.columns import ColumnReader  # noqa: PLC0415

        return ColumnReader(
            self._equipment.database, self._equipment.schema, self._equipment.documents,
            self._equipment.sealer,
        )  # fmt: skip

    def submit(
        self,
        drafts: Sequence[Draft],
        *,
        condition: DCBAppendCondition | None = None,
        atomic: bool = True,
    ) -> Future[Batch]:
        """Append drafts; the future is resolved after commit, guard and publication.

        Drafts are laid out on the calling thread; long batches are signed beside it.

        Args:
            drafts: at least one.
            condition: refuses the request if a matching event is there.
            atomic: all drafts or none; else each has an outcome of its own.

        Raises:
            ProgrammingError: no draft.
            UnavailableError: too many requests wait, or a document cannot be kept.
            DamageError: the ledger stopped because something in it does not verify.
            PipeledgerError: of an atomic request, the first draft that cannot be kept.
        """
        future: Future[Batch] = Future()
        self._submit(drafts, condition, future, atomic=atomic)
        return future

    def submit_here(self, drafts: Sequence[Draft], *, atomic: bool = True) -> asyncio.Future[Batch]:
        """Append drafts from a task of the running event loop; else as `submit`."""
        future: asyncio.Future[Batch] = asyncio.get_running_loop().create_future()
        self._submit(drafts, None, future, atomic=atomic)
        return future

    def append(
        self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None
    ) -> int:
        """Append events, plain or drafted, atomically; see the library's interface.

        Returns:
            The position of the last one, once it is published.

        Raises:
            ConditionFailedError: the condition matched (also the library's IntegrityError).
            UnavailableError: no answer came within a minute, or as `submit`.
        """
        batch = self.submit([self._draft(event) for event in events], condition=condition)
        try:
            last = batch.result(_ANSWER_LIMIT_S).outcomes[-1]
        except TimeoutError as error:
            raise UnavailableError(UNKNOWN) from error
        if isinstance(last, PipeledgerError):
            raise last
        return last.position

    def read(
        self,
        query: DCBQuery | None = None,
        *,
        after: int | None = None,
        limit: int | None = None,
    ) -> DCBReadResponse:
        """Committed events that match; see the library's interface."""
        with self._equipment.database.session("writer") as connection:
            head = None
            if limit is None:
                row = connection.execute(self._last).fetchone()
                head = None if row is None else row[0]
            positions = self._matcher.positions(
                connection, query, after=after or 0, limit=limit,
                **({} if head is None else {"until": head}),
            )  # fmt: skip
            rows = connection.execute(self._by_position, (positions,)).fetchall()
        events = [self._event(pos, bytes(raw), body) for pos, raw, body in rows]
        if limit is not None:
            head = events[-1].position if events else None
        return SimpleDCBReadResponse(iter(events), head)

    def subscribe(
        self, query: DCBQuery | None = None, *, after: int | None = None
    ) -> LedgerSubscription:
        """Events as they come; see the library's interface."""
        return LedgerSubscription(self, query, after)

    def listen(self, event: threading.Event) -> None:
        """Set `event` whenever something was published."""
        with self._changed:
            self._listeners.add(event)

    def unlisten(self, event: threading.Event) -> None:
        """Stop setting `event`."""
        with self._changed:
            self._listeners.discard(event)

    def close(self) -> None:
        """Finish what was submitted and release threads and connections."""
        self._closing.set()
        self._sequencer.stop()
        self._publisher.close()
        self._signer.close()
        self._watcher.join()

    def _submit(
        self,
        drafts: Sequence[Draft],
        condition: DCBAppendCondition | None,
        future: Waiting,
        *,
        atomic: bool,
    ) -> None:
        if not drafts:
            raise ProgrammingError("nothing to append")
        # The sequencer looks up what it needs meanwhile, and waits before it writes entries.
        events, signing = self._prepare(drafts)
        request = Request(events, condition, atomic, signing, future)
        try:
            if atomic:
                for event in events:
                    if isinstance(event, PipeledgerError):
                        raise event
            self._sequencer.put(request)
        except PipeledgerError:
            take_back(self._equipment.documents, request.sound)
            raise

    def _prepare(
        self, drafts: Sequence[Draft]
    ) -> tuple[list[Prepared | PipeledgerError], list[Frame]]:
        """Events, laid out; those of long batches are being signed, the others are not yet."""
        events: list[Prepared | PipeledgerError] = []
        signing: list[Frame] = []
        frame: list[Prepared] = []
        for draft in drafts:
            try:
                event = self._workbench.lay_out(draft)
            except PipeledgerError as error:
                events.append(error)
                continue
            if len(frame) == FRAME:
                signing.append(self._signer.begin(frame, last=False))
                frame = []
            events.append(event)
            frame.append(event)
        if signing:
            signing.append(self._signer.begin(frame, last=True))
        return events, signing

    def _draft(self, event: DCBEvent) -> Draft:
        if isinstance(event, DraftedEvent) and event.draft is not None:
            return event.draft
        salt = self._equipment.entropy(32)
        return Draft(
            type=event.type,
            version=1,
            assurance="asserted",
            by=SERVER,
            streams=(),
            tags=tuple(sorted(set(event.tags))),
            event=Part(EVENT_PART, "application/json", event.data, salt),
        )

    def _event(self, pos: int, raw: bytes, body: bytes | None) -> DCBSequencedEvent:
        context = parse_entry(raw).context
        if body is None:
            # In the document store, or redacted: then the decision sees no bytes.
            parts = {part.name: part.body for part in self.reader.parts(Row(pos, b"", raw))}
            body = parts.get(EVENT_PART, b"")
        event = LedgerEvent(context.type, bytes(body), list(context.tags), context, pos)
        return DCBSequencedEvent(event, pos)

    def _announce(self, published: Published) -> None:
        del published
        with self._changed:
            for event in self._listeners:
                event.set()

    def _watch(self) -> None:
        """Notice what other processes publish: polling, since notices can be lost."""
        while not self._closing.wait(_POLL_S):
            try:
                newest = self.reader.newest()
            except PipeledgerError:
                continue
            except Exception:  # noqa: BLE001, S112 - the database may be restarting
                continue
            if newest is not None and newest[0] > self.published.size:
                try:
                    ring = self._equipment.ring
                    there = ring.open_newer(newest[1], self._equipment.database)
                except PipeledgerError:
                    # Not ours to judge here; fsck names it. It is not shown to anybody.
                    continue
                self._publisher.adopt(Published(there.size, there.root, newest[1]))


class LedgerSubscription(DCBListenNotifySubscription[Ledger]):
    """A subscription to an open ledger."""

    def __init__(self, ledger: Ledger, query: DCBQuery | None, after: int | None) -> None:
        super().__init__(recorder=ledger, query=query, after=after)
        ledger.listen(self._has_been_notified)

    def stop(self) -> None:
        """End the subscription."""
        super().stop()
        self._recorder.unlisten(self._has_been_notified)
