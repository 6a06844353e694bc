"""What can be asked of one ledger's past, and who shares an answer."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from domain.instant import read_instant
from domain.log.wire import read_number
from projections.ahead import LATE, Ahead
from projections.answer import Answer, Proof, Question
from projections.definitions import digest_of
from projections.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from projections.ahead import Asked
    from projections.answer import State
    from projections.heard import Told
    from projections.selection import Selection

_KEPT: Final = 64
_KEPT_BYTES: Final = 32 << 20
_LARGEST: Final = _KEPT_BYTES // 4
"""Bytes of an answer that is kept: a page of 10,000 deployments has 6 MB."""
_PATIENCE: Final = 10
_QUICK_S: Final = 0.2


class History(ABC):
    """One ledger's past. Safe for threads.

    It may be derived in this process (`projections.local`) or in another one (`projections.apart`).
    """

    def __init__(
        self,
        root_at: Callable[[int], bytes],
        position_at: Callable[[datetime, int], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask about a ledger.

        Args:
            root_at: root hash of its tree of a size.
            position_at: the last position recorded at or before an instant, up to a size.
            monotonic: seconds that never go back.
        """
        self._root_at = root_at
        self._position_at = position_at
        self._monotonic = monotonic
        self._seen: tuple[float, State] | None = None
        self._next: tuple[float, State] | None = None
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._kept_bytes = 0
        self._making: dict[str, Future[Answer]] = {}
        self._took: dict[tuple[str, ...], float] = {}
        self._ahead = Ahead(self._renew)

    def newest(self) -> State:
        """The newest published state, verified.

        Raises:
            DamageError: the ledger does not verify; names the position.
            UnavailableError: the database, the disk, or the process that derives.
        """
        began = self._monotonic()
        found = self.follow()
        self._seen = (began, found)
        return found

    @abstractmethod
    def follow(self) -> State:
        """What `newest` gives and raises."""

    @abstractmethod
    def compute(self, question: Question) -> dict[str, pa.Table]:
        """The rows that a question wants, by the name of their table.

        Raises:
            UnavailableError: memory, the disk, or the process that derives.
        """

    @abstractmethod
    def heard(self, question: Question) -> Told:
        """What the ledger was told at all up to the position of an answer; raises the same."""

    @abstractmethod
    def sheets(self, question: Question, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        """What is to be looked at behind these positions (`projections.sheets`); raises the same.

        Args:
            question: whose answer names them.
            positions: of entries up to its own position.
        """

    @abstractmethod
    def close(self) -> None:
        """Close what is open."""

    def _recent(self, max_age: float) -> tuple[State, float]:
        """A state that was the newest so many seconds ago at most, and how many it is."""
        if max_age > 0:
            # Of a state that is being made answers for, whoever asks shares these. A still newer
            # one would have to be made as well, beside it, and all would wait for both.
            for known in (self._seen, self._next):
                if known is not None and (age := self._monotonic() - known[0]) <= max_age:
                    return known[1], age
        return self.newest(), 0.0

    def patience(self, wanted: Sequence[Selection]) -> float:
        """Seconds that a state may be old, so that making answers takes a tenth of the time.

        That is ten times what the last answer from these tables took; 0 where that was quick.

        Args:
            wanted: which rows of which tables.
        """
        took = self._took.get(tuple(one.table for one in wanted), 0.0)
        return _PATIENCE * took if took > _QUICK_S else 0.0

    def known_at(self, told: str | None, state: State) -> int:
        """The position that a parameter `known_at` means: a position, an instant, or a day's first.

        Raises:
            RefusedError: neither, or before the first entry.
        """
        if told is None:
            return state.size
        place = "query known_at"
        if told.isascii() and told.isdigit():
            found = min(read_number(told, place), state.size)
        else:
            try:
                instant = read_instant(told, place)
            except RefusedError:
                said = "expected a position, a day, or RFC 3339 with offset"
                raise RefusedError(place, said) from None
            found = self._position_at(instant, state.size)
        if found < 1:
            raise RefusedError(place, "the ledger knew nothing yet")
        return found

    def question(
        self,
        wanted: Sequence[Selection],
        chosen: Mapping[str, Any],
        known_at: str | None = None,
        max_age: float = 0.0,
    ) -> Question:
        """Settle what is asked, before anything is computed.

        Args:
            wanted: which rows of which tables.
            chosen: parameters that differ from their defaults, without `known_at`.
            known_at: position or instant of recording up to which the ledger is read; None: all.
            max_age: where all is read, a state that was the newest so many seconds ago will do:
                tables made for another who asked can then be read again. Where that takes long, the
                newest state's are made before this one is so old, for whoever keeps asking.

        Raises:
            RefusedError: a parameter is wrong.
            DamageError: the ledger does not verify; names the position.
            UnavailableError: the database or the disk.
        """
        shared = max_age if known_at is None else 0.0
        state, age = self._recent(shared)
        found = self._settled(wanted, chosen, self.known_at(known_at, state), state, age)
        if shared > 0:
            self._ahead.note(wanted, chosen)
            # What is made quickly may as well be waited for.
            if age > LATE * shared and self.patience(wanted) > 0:
                self._ahead.begin()
        return found

    def _settled(
        self, wanted: Sequence[Selection], chosen: Mapping[str, Any], position: int, state: State,
        age: float = 0.0,
    ) -> Question:  # fmt: skip
        parameters = Parameters(known_at=position, **chosen)
        proof = self.proof([one.table for one in wanted], parameters, state)
        return Question(proof, tuple(wanted), state, age)

    def answer(self, question: Question) -> Answer:
        """The rows that were asked for, with what proves them.

        Raises:
            UnavailableError: the disk.
        """
        # State, parameters and selections settle the rows: dashboards ask the same again and again.
        key = f"{question.state.version} {question.proof.parameters} {question.selections}"
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
            if (making := self._making.get(key)) is None:
                mine = self._making[key] = Future()
        # Whoever asks what another asked just now waits for the same answer.
        return self._make(key, question, mine) if making is None else making.result()

    def beside(
        self, question: Question, wanted: Sequence[Selection], chosen: Mapping[str, Any]
    ) -> Answer:
        """Other rows of the same state, at the same position.

        Args:
            question: that was answered on it.
            wanted: which rows of which tables.
            chosen: parameters that differ from their defaults, without `known_at`.

        Raises:
            RefusedError: a parameter is wrong.
            UnavailableError: the disk.
        """
        position, state = question.proof.position, question.state
        return self.answer(self._settled(wanted, chosen, position, state, question.age))

    def _renew(self, lately: Sequence[Asked]) -> None:
        """Answer what was asked lately on the newest state, and share that from then on."""
        began = self._monotonic()
        state = self.follow()
        self._next = (began, state)
        try:
            for one in lately:
                self.answer(self._settled(one.wanted, one.chosen, state.size, state))
            took = self._monotonic() - began
            # They share tables: which of them made those, and seems slow, is chance.
            self._took.update((tuple(of.table for of in one.wanted), took) for one in lately)
            if self._seen is None or self._seen[0] < began:
                self._seen = (began, state)
        finally:
            self._next = None

    def _make(self, key: str, question: Question, mine: Future[Answer]) -> Answer:
        """Compute an answer for all who wait for it."""
        began = self._monotonic()
        try:
            found = Answer(question.proof, question.selections, self.compute(question))
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._took[found.proof.definitions] = self._monotonic() - began
            if found.nbytes <= _LARGEST:
                self._keep(key, found)
        mine.set_result(found)
        return found

    def _keep(self, key: str, found: Answer) -> None:
        self._kept[key] = found
        self._kept_bytes += found.nbytes
        while len(self._kept) > _KEPT or self._kept_bytes > _KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.nbytes

    def ask(
        self, wanted: Sequence[Selection], chosen: Mapping[str, Any], known_at: str | None = None
    ) -> Answer:
        """What `question` and `answer` give together, and raise."""
        return self.answer(self.question(wanted, chosen, known_at))

    def proof(self, names: Sequence[str], parameters: Parameters, state: State) -> Proof:
        """What proves an answer made of these tables."""
        at = parameters.known_at
        root = state.root if at == state.size else self._root_at(at)
        return Proof(
            state.origin, at, root.hex(), state.checkpoint.decode(), parameters,
            tuple(names), digest_of(names),
        )  # fmt: skip
