"""Something that a server does again and again beside its requests."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

_LOG: Final = logging.getLogger("pipeledger.api")


class Periodic:
    """Calls a task every so many seconds, in a thread of its own, until it is left."""

    def __init__(
        self, period_s: float, task: Callable[[], object], *, at_once: bool = False
    ) -> None:
        """Prepare it; nothing is called yet.

        Args:
            period_s: seconds between two calls.
            task: what is called; an error that it lets out is logged, and the next call comes.
            at_once: also when it begins.
        """
        self._period_s = period_s
        self._task = task
        self._at_once = at_once
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="periodic", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        over = not self._at_once and self._over.wait(self._period_s)
        while not over:
            try:
                self._task()
            except Exception:  # noqa: BLE001 - whatever it is, the next call comes
                _LOG.exception("what is done again and again failed; it is tried again")
            over = self._over.wait(self._period_s)
