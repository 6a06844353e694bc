"""Answers of a newer state, made before the state that is shared is too old.

Who puts up with an older state shares what was made of it (`History.question`, `max_age`). Whoever
asked first after that would wait, time and again, until the next one is made. So it is made a
little earlier, behind the back of those who keep asking, and all go over to it together.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from domain.errors import PipeledgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from projections.selection import Selection

LATE: Final = 0.75
"""From this part of the age that is put up with on, the next state is made."""
_MOST: Final = 16
_NAME: Final = "pipeledger ahead"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked who puts up with an older state.

    Attributes:
        wanted: which rows of which tables.
        chosen: parameters that differ from their defaults.
    """

    wanted: tuple[Selection, ...]
    chosen: Mapping[str, Any]


class Ahead:
    """What was asked of the state that is shared, and is to be made of the next. Safe for threads.

    A state is never held here: whoever makes the next one has it, and lets it go.
    """

    def __init__(self, renew: Callable[[Sequence[Asked]], None]) -> None:
        """Nothing was asked.

        Args:
            renew: makes the answers of the newest state, and then shares that.
        """
        self._renew = renew
        self._lock = threading.Lock()
        self._asked: OrderedDict[str, Asked] = OrderedDict()
        self._at_work = threading.Lock()

    def note(self, wanted: Sequence[Selection], chosen: Mapping[str, Any]) -> None:
        """Remember what was asked; of very many the last ones."""
        one = Asked(tuple(wanted), chosen)
        key = str(one)
        with self._lock:
            self._asked[key] = one
            self._asked.move_to_end(key)
            while len(self._asked) > _MOST:
                self._asked.popitem(last=False)

    def begin(self) -> None:
        """Make the next state's answers, in a thread of their own; one at a time does."""
        if self._at_work.acquire(blocking=False):
            try:
                threading.Thread(target=self._make, name=_NAME, daemon=True).start()
            except RuntimeError:
                # No thread is to be had; whoever asks next tries again.
                self._at_work.release()

    def _make(self) -> None:
        with self._lock:
            lately = list(self._asked.values())
            # What nobody asks again until then is not made another time.
            self._asked.clear()
        try:
            # Whoever asks when the state is too old meets what is wrong, and is told.
            with contextlib.suppress(PipeledgerError):
                self._renew(lately)
        finally:
            self._at_work.release()
