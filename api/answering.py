"""Where questions about the past wait for their answer: few are made at once.

An answer may take many seconds of all processors, and dashboards ask again before they had the last
one. If all of them took threads, deliveries would wait for one; so a few have their turn, and
beyond a bound whoever asks is told to come back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from starlette.concurrency import run_in_threadpool

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
        """Nobody has asked yet."""
        self._turns = asyncio.Semaphore(AT_ONCE)
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
            async with self._turns:
                return await run_in_threadpool(answer, *asked)
        finally:
            self._held -= 1


async def answered(request: Request, answer: Callable[..., T], *asked: object) -> T:
    """`Answering.run` of the application that a request came to."""
    answering: Answering = request.app.state.answering
    return await answering.run(answer, *asked)
