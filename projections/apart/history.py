"""A ledger's past, asked of the process that derives it."""

from __future__ import annotations

import time
import weakref
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from projections.apart.messages import (
    Follow,
    Followed,
    Forget,
    Hear,
    Heard,
    Look,
    Made,
    Make,
    Seen,
    read_tables,
)
from projections.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    import pyarrow as pa

    from projections.answer import Question
    from projections.apart.process import Apart
    from projections.heard import Told
    from store.ledger.publisher import Published


@dataclass(frozen=True)
class Known:
    """A state that the process keeps for as long as somebody here may ask about it.

    See `projections.answer.State`.
    """

    origin: str
    size: int
    root: bytes
    checkpoint: bytes
    version: tuple[int, int]


class RemoteHistory(History):
    """One ledger's past. Safe for threads."""

    def __init__(
        self,
        apart: Apart,
        name: str,
        origin: str,
        published: Callable[[], Published],
        root_at: Callable[[int], bytes],
        position_at: Callable[[datetime, int], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask about a ledger.

        Args:
            apart: the process.
            name: of the ledger.
            origin: likewise.
            published: the newest state that readers may see.
            root_at: see `History`.
            position_at: likewise.
            monotonic: likewise.
        """
        super().__init__(root_at, position_at, monotonic)
        self._apart = apart
        self._name = name
        self._origin = origin
        self._published = published
        self._states: weakref.WeakValueDictionary[tuple[int, int], Known] = (
            weakref.WeakValueDictionary()
        )
        # A state may end wherever an object is let go, in the middle of a message too.
        self._ended: deque[tuple[int, int]] = deque()

    def follow(self) -> Known:
        """See `History`."""
        while self._ended:
            self._apart.tell(Forget(self._name, self._ended.popleft()))
        said = self._apart.ask(Follow(*self._request()), Followed)
        found = self._states.get(said.version)
        if found is None:
            found = Known(self._origin, said.size, said.root, said.checkpoint, said.version)
            self._states[said.version] = found
            weakref.finalize(found, self._ended.append, said.version)
        return found

    def compute(self, question: Question) -> dict[str, pa.Table]:
        """See `History`."""
        version, parameters = question.state.version, question.proof.parameters
        asked = Make(*self._request(), version, parameters, question.selections)
        return read_tables(self._apart.ask(asked, Made).tables)

    def heard(self, question: Question) -> Told:
        """See `History`."""
        version, position = question.state.version, question.proof.position
        return self._apart.ask(Hear(*self._request(), version, position), Heard).told

    def sheets(self, question: Question, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        """See `History`."""
        asked = Look(*self._request(), question.state.version, tuple(positions))
        return self._apart.ask(asked, Seen).sheets

    def close(self) -> None:
        """See `History`; the process serves other ledgers as well, and is closed by itself."""

    def _request(self) -> tuple[int, str, int, bytes, bytes]:
        published = self._published()
        return (
            self._apart.number(), self._name, published.size, published.root, published.checkpoint,
        )  # fmt: skip
