"""A ledger's past that is derived in this process."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from projections.heard import told
from projections.history import History
from projections.sheets import sheets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    import pyarrow as pa

    from projections.answer import Question
    from projections.engine import Engine, View
    from projections.heard import Told
    from projections.live import Snapshot
    from projections.parameters import Parameters


class Following(Protocol):
    """Follows a ledger (`projections.live`)."""

    def snapshot(self) -> Snapshot:
        """The newest state."""
        ...

    def rebuild(self, progress: Callable[[int], None]) -> Snapshot:
        """The same, derived anew."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class LocalHistory(History):
    """One ledger's past, with all its rows at hand. Safe for threads."""

    def __init__(
        self,
        live: Following,
        engine: Engine,
        root_at: Callable[[int], bytes],
        position_at: Callable[[datetime, int], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask about a ledger.

        Args:
            live: follows it.
            engine: runs the definitions.
            root_at: see `History`.
            position_at: likewise.
            monotonic: likewise.
        """
        super().__init__(root_at, position_at, monotonic)
        self._live = live
        self._engine = engine

    def snapshot(self) -> Snapshot:
        """What `newest` gives and raises, with its rows."""
        return cast("Snapshot", self.newest())

    def follow(self) -> Snapshot:
        """See `History`."""
        found = self._live.snapshot()
        self._engine.settled.turn_to(found)
        return found

    def rebuild(self, progress: Callable[[int], None]) -> Snapshot:
        """Drop what was derived and derive it anew.

        Args:
            progress: is told the position reached.

        Raises:
            DamageError: the ledger does not verify; names the position.
            UnavailableError: the database or the disk.
        """
        self._engine.forget()
        found = self._live.rebuild(progress)
        self._engine.prepare(found)
        self._engine.settled.turn_to(found)
        return found

    @contextmanager
    def view(self, parameters: Parameters, snapshot: Snapshot | None = None) -> Iterator[View]:
        """The tables with these parameters."""
        with self._engine.view(snapshot or self.snapshot(), parameters) as view:
            yield view

    def compute(self, question: Question) -> dict[str, pa.Table]:
        """See `History`."""
        with self._engine.view(_rows(question), question.proof.parameters) as view:
            return view.answer(question.selections)

    def heard(self, question: Question) -> Told:
        """See `History`."""
        return told(_rows(question), question.proof.position)

    def sheets(self, question: Question, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        """See `History`."""
        return sheets_of(_rows(question), positions)

    def close(self) -> None:
        """See `History`."""
        self._live.close()
        self._engine.close()


def _rows(question: Question) -> Snapshot:
    # Every state that this history settles a question on is one of its own.
    return cast("Snapshot", question.state)
