"""Questions wait for their turn, and not without end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from api.answering import AT_ONCE, MOST, Answering
from domain.errors import UnavailableError


def test_beyond_a_bound_whoever_asks_is_told_to_come_back() -> None:
    """So many are answered at once, so many wait, and each that waited is answered."""

    async def ask() -> None:
        answering = Answering()
        may = threading.Event()
        running = threading.Semaphore(0)

        def answer(number: int) -> int:
            running.release()
            assert may.wait(60)
            return number

        asked = [asyncio.ensure_future(answering.run(answer, one)) for one in range(MOST)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError, match="too many questions"):
            await answering.run(answer, MOST)
        for _ in range(AT_ONCE):
            assert await asyncio.to_thread(running.acquire, timeout=60)
        assert not running.acquire(blocking=False)
        may.set()
        assert await asyncio.gather(*asked) == list(range(MOST))
        assert await answering.run(answer, MOST) == MOST

    asyncio.run(ask())
