"""Where questions about the past wait for their answer: few are made at once.

An answer may take many seconds of all processors, and dashboards ask again before they had the last
one. In the pool of threads that deliveries are taken in by, such questions would stand in their
way; so they have one of their own, and beyond a bound whoever asks is told to come back.
"""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from domain.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request

T = TypeVar("T")

AT_ONCE: Final = 8
"""Questions that are being answered. What is kept is read side by side; what has to be made is made
by one of them for all (`projections.engine`)."""
MOST: Final = 128
"""Questions that are being answered or wait."""


class Answering:
    """The questions of one application; used by its event loop only."""

    def __init__(self) -> None:
        """Start no thread before the first question."""
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="answering")
        self._held = 0

    async def run(self, answer: Callable[..., T], *asked: object) -> T:
        """Call what answers a question when its turn comes.

        Args:
            answer: blocks until the answer is there; raises what it likes.
            asked: its arguments.

        Raises:
            UnavailableError: too many wait already.
        """
        if self._held >= MOST:
            raise UnavailableError("too many questions wait for their answer; ask again later")
        self._held += 1
        try:
            # A trace goes on in the thread.
            call = contextvars.copy_context().run
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, call, answer, *asked)
        finally:
            self._held -= 1


async def answered(request: Request, answer: Callable[..., T], *asked: object) -> T:
    """`Answering.run` of the application that a request came to."""
    answering: Answering = request.app.state.answering
    return await answering.run(answer, *asked)
