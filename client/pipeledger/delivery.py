"""Delivery: everything goes through the spool, so a kill at any point loses nothing.

An event is kept on disk first; then one process at a time sends what waits, oldest first, and takes
each file away once the ledger has answered for it. What the ledger refuses for good is set aside
with its reason and holds nothing up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeledger.discreet import hide
from pipeledger.errors import AwayError, ClientError, SpoolError, UsageError
from pipeledger.event import CONTENT_TYPE
from pipeledger.receipt import check_answer
from pipeledger.signing import ENVELOPE_TYPE, EventSigner, stated_origin
from pipeledger.spool import EVENT, REPORT, Item, Spool
from pipeledger.transport import Transport
from pipeledger.web import Answer, problem_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeledger.settings import Settings

NDJSON = "application/x-ndjson"
BATCH = 500
BATCH_BYTES = 4 * 1024 * 1024
MAX_PATIENCE_S = 5.0
MAX_RETRIES = 5
_PATHS = {"event": "events", "report": "reports"}
# Not about what was sent: the credential, the address, the rate, the moment.
_NOT_FOR_GOOD = frozenset({401, 402, 404, 405, 407, 408, 421, 423, 425, 426, 429, 511})


@dataclass
class Sent:
    """What came of one item.

    Attributes:
        answer: what the ledger answered for it: a receipt, or a report's answer.
        problem: why it was refused, or nothing.
        unread: names in an event's data that its type does not have, as far as the ledger said.
    """

    answer: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    unread: tuple[str, ...] = ()


@dataclass
class Drained:
    """What came of sending what waits.

    Attributes:
        sent: by name in the queue, what was answered for or refused.
        away: why sending stopped, or nothing.
        certain: the ledger itself answered that (`AwayError`).
    """

    sent: dict[str, Sent] = field(default_factory=dict)
    away: str = ""
    certain: bool = False


@dataclass
class Kept:
    """What is to be sent, on disk where the spool could keep it.

    Attributes:
        item: what.
        name: in the queue; nothing where it is not there.
        begun: when it was given, in seconds of the epoch.
        error: why it is not there.
    """

    item: Item
    name: str
    begun: float
    error: OSError | SpoolError | None = None


class Delivery:
    """Sends to one ledger what a spool holds for it."""

    def __init__(
        self,
        settings: Settings,
        *,
        origin: Callable[[], str] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            settings: of this run.
            origin: gives the trusted origin of the ledger, or nothing where none is trusted.
            pause: waits some seconds.
        """
        self.settings = settings
        self.spool = Spool(settings.spool, settings.spool_limit)
        self._origin = origin
        self._pause = pause
        self._signer: EventSigner | None = None

    @cached_property
    def _transport(self) -> Transport:
        try:
            return Transport(self.settings.url, self.settings.ledger, self.settings)
        except UsageError as error:  # what a build delivers waits; it is no reason to end the build
            raise AwayError(str(error), certain=True) from error

    def event(self, body: bytes, event_id: str, label: str) -> Item:
        """The item of an event; signed already, if there is a key and the origin is trusted.

        Raises:
            UsageError: the key cannot be used.
        """
        item = Item(
            kind=EVENT,
            url=self.settings.url,
            ledger=self.settings.ledger,
            id=event_id,
            label=label,
            content_type=CONTENT_TYPE,
            body=body,
            sign=self.settings.key is not None,
            mark=self.settings.mark,
        )
        if item.sign:
            signer = self._key()
            if self._origin is not None and (origin := self._origin()):
                return _signed(item, signer.envelope(body, origin))
        return item

    def deliver(self, item: Item, *, wait_s: float) -> Sent:
        """Keep an item and send all that waits up to it.

        Args:
            item: what to send.
            wait_s: longest time for it, in seconds.

        Raises:
            AwayError: it waits in the spool now.
            SpoolError: the spool could not keep it, and the ledger did not take it either.
        """
        return self.send(self.keep(item), wait_s=wait_s)

    def keep(self, item: Item) -> Kept:
        """Keep an item on disk, without sending anything; a kill takes it no more.

        Raises:
            UnreadableError: its body cannot be read.
        """
        begun = time.time()
        try:
            return Kept(item, self.spool.add(item), begun)
        except (OSError, SpoolError) as error:
            return Kept(item, "", begun, error)

    def send(self, kept: Kept, *, wait_s: float) -> Sent:
        """Send all that waits up to what was kept; see `deliver`."""
        item, name = kept.item, kept.name
        if kept.error is not None:
            return self._without_spool(item, kept.error, wait_s)
        if not self.settings.url:
            raise AwayError("PIPELEDGER_URL is not set")
        try:
            with self.spool.draining(wait_s):
                if self.spool.read(name) is None:
                    return Sent(problem=self.spool.problem(name))
                if self._failed_since(kept.begun):
                    raise AwayError("another process found the ledger away a moment ago")
                drained = self.drain(wait_s)
        except SpoolError as error:
            raise AwayError(f"{error} and sends") from error
        except OSError as error:
            raise AwayError(f"the spool: {error.strerror or error}") from error
        if name in drained.sent:
            if item.kind == REPORT:
                self.spool.forget_refusal(name)
            return drained.sent[name]
        raise AwayError(
            drained.away or "older events are still being sent", certain=drained.certain
        )

    def drain(self, budget_s: float | None = None, *, everything: bool = False) -> Drained:
        """Send what waits for this ledger, in order.

        Who calls holds the sending lock, unless the spool cannot keep anything: then there may be
        no lock, and the ledger recognises what comes twice.

        Args:
            budget_s: no new request is begun after so many seconds; None: no such limit.
            everything: also what was meant for another ledger.
        """
        drained = Drained()
        deadline = None if budget_s is None else time.monotonic() + budget_s
        group: list[tuple[str, Item]] = []
        try:
            for name in self.spool.waiting():
                if deadline is not None and time.monotonic() > deadline:
                    break
                try:
                    item = self.spool.read(name)
                except (OSError, SpoolError) as error:
                    self._set_aside(name, error, drained)
                    continue
                if item is None or not (everything or self._ours(item)):
                    continue
                if group and not _fits(group, item):
                    self._send(group, drained)
                    group = []
                group.append((name, item))
            self._send(group, drained)
        except AwayError as error:
            drained.away, drained.certain = str(error), error.certain
            self._note_failure()
        except OSError as error:
            drained.away = f"the spool: {error.strerror or error}"
        return drained

    def _ours(self, item: Item) -> bool:
        if item.ledger != self.settings.ledger:
            return False
        # A token belongs to one ledger, so the same token means the same ledger elsewhere. What
        # was meant for another one must not go into this one: nothing can be taken out again.
        return item.url in ("", self.settings.url) or item.mark == self.settings.mark != ""

    def _send(self, group: list[tuple[str, Item]], drained: Drained) -> None:
        if len(group) > 1:
            lines = b"\n".join(_bytes(item) for _, item in group)
            answer = self._post(replace(group[0][1], content_type=NDJSON, body=lines))
            if answer.status < 400 and self._settle_group(group, answer.object(), drained):  # noqa: PLR2004 - errors begin there
                return
        for name, item in group:
            try:
                answer = self._post(item)
            except (AwayError, UsageError):
                raise
            except ClientError as error:  # of this item alone: it cannot be read, or signed
                self._set_aside(name, error, drained)
                continue
            self._settle(name, item, answer, drained)

    def _set_aside(self, name: str, error: Exception, drained: Drained) -> None:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self.spool.refuse(name, problem)
        drained.sent[name] = Sent(problem=problem)

    def _settle_group(
        self, group: list[tuple[str, Item]], answered: dict[str, Any], drained: Drained
    ) -> bool:
        """Take the answers for a group one by one; False if they cannot be told apart."""
        rows = answered.get("receipts")
        if not isinstance(rows, list) or len(rows) != len(group):
            return False
        for (name, item), row in zip(group, rows, strict=True):
            status = row.get("status") if isinstance(row, dict) else None
            if not isinstance(status, int):
                raise AwayError("what answered is no ledger: a receipt without status")
            receipt, problem = row.get("receipt"), row.get("problem")
            if isinstance(receipt, dict) and status < 400:  # noqa: PLR2004 - errors begin there
                receipt.setdefault("checkpoint", answered.get("checkpoint"))
                self._done(name, item, receipt, drained)
            else:
                said = problem_text(problem if isinstance(problem, dict) else {}, status)
                self._not_taken(name, status, said, drained)
        return True

    def _settle(self, name: str, item: Item, answer: Answer, drained: Drained) -> None:
        if answer.status < 300:  # noqa: PLR2004 - success
            self._done(name, item, answer.object(), drained)
            if unread := answer.headers.get("pipeledger-unread"):
                drained.sent[name].unread = tuple(unread.split(","))
        elif answer.status == 403 and not answer.is_object():  # noqa: PLR2004 - forbidden
            # A proxy's page; the ledger would say why, and the event must not be given up for it.
            raise AwayError(f"{self.settings.url}: status 403, and not from a ledger")
        else:
            self._not_taken(name, answer.status, answer.problem(), drained)

    def _done(self, name: str, item: Item, answered: dict[str, Any], drained: Drained) -> None:
        check_answer(answered, item)
        if name:
            self.spool.done(name)
        drained.sent[name] = Sent(answered)

    def _not_taken(self, name: str, status: int, problem: str, drained: Drained) -> None:
        if status == 401:  # noqa: PLR2004 - unauthorised
            raise AwayError(f"{self._unknown()}: {problem}", certain=True)
        if status >= 500 or status < 400 or status in _NOT_FOR_GOOD:  # noqa: PLR2004 - HTTP
            raise AwayError(f"the ledger says: {problem}", certain=True)
        problem = hide(self.settings.token, problem)
        if name:
            self.spool.refuse(name, problem)
        drained.sent[name] = Sent(problem=problem)

    def _unknown(self) -> str:
        """Which ledger does not know who sends, and what says it."""
        where = f"the ledger {self.settings.ledger} at {self.settings.url}"
        if self.settings.token:
            return f"{where} does not know PIPELEDGER_TOKEN"
        return f"PIPELEDGER_TOKEN is not set; {where} says"

    def _post(self, item: Item) -> Answer:
        if item.sign:
            origin = (self._origin() if self._origin is not None else "") or stated_origin(
                self._transport
            )
            item = _signed(item, self._key().envelope(_bytes(item), origin))
        for _ in range(MAX_RETRIES):
            answer = self._transport.request(
                "POST",
                _PATHS[item.kind],
                query=item.query,
                body=item.body,
                headers={"Content-Type": item.content_type},
            )
            if answer.status != 429 or answer.retry_after_s > MAX_PATIENCE_S:  # noqa: PLR2004 - rate
                break
            self._pause(max(answer.retry_after_s, 0.2))
        return answer

    def _without_spool(self, item: Item, cause: OSError | SpoolError, wait_s: float) -> Sent:
        """Send what the spool cannot keep; older events still go first."""
        why = cause.strerror if isinstance(cause, OSError) else str(cause)
        lost = f"the spool cannot keep it ({why or 'error'})"
        if not self.settings.url:
            raise SpoolError(f"{lost}, and PIPELEDGER_URL is not set")
        drained = self.drain(wait_s)
        try:
            if not drained.away:
                self._settle("", item, self._post(item), drained)
        except AwayError as error:
            drained.away = str(error)
        if drained.away:
            raise SpoolError(f"{lost}, and the ledger did not take it: {drained.away}") from cause
        return drained.sent[""]

    def _key(self) -> EventSigner:
        if self._signer is None:
            if self.settings.key is None:
                raise AwayError("a waiting event is to be signed, but PIPELEDGER_KEY is not set")
            self._signer = EventSigner.load(self.settings.key)
        return self._signer

    def _failed_since(self, begun: float) -> bool:
        try:
            # What lies ahead was written before a clock was set back.
            return begun <= (self.spool.folder / "away").stat().st_mtime <= time.time()
        except OSError:
            return False

    def _note_failure(self) -> None:
        try:
            (self.spool.folder / "away").write_bytes(b"")
        except OSError:
            return  # only spares the next process a try


def _signed(item: Item, envelope: bytes) -> Item:
    return replace(item, content_type=ENVELOPE_TYPE, body=envelope, sign=False)


def _fits(group: list[tuple[str, Item]], item: Item) -> bool:
    """Whether an item can go with these in one request: plain events, as the bytes they are.

    A line of NDJSON is taken as the very bytes that a single event would be, so an event whose
    answer was lost is recognised whichever way it comes again.
    """
    return (
        len(group) < BATCH
        and _is_plain(item)
        and b"\n" not in _bytes(item)
        and all(_is_plain(one) for _, one in group[:1])
        and sum(len(_bytes(one)) for _, one in group) + len(_bytes(item)) < BATCH_BYTES
    )


def _is_plain(item: Item) -> bool:
    return item.kind == EVENT and item.content_type == CONTENT_TYPE and not item.sign


def _bytes(item: Item) -> bytes:
    """The body of an event."""
    return item.body if isinstance(item.body, bytes) else b"".join(item.body.pieces())
