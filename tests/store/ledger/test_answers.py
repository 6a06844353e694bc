"""Requests of threads and of event loops each learn what became of them."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from domain.errors import UnavailableError
from store.ledger.answers import give
from store.ledger.request import Batch

if TYPE_CHECKING:
    from store.ledger.answers import Answer

BATCH = Batch((), b"note")


def test_every_loop_and_thread_is_told(pool: ThreadPoolExecutor) -> None:
    """Results and errors, to two loops and to a thread, out of one group."""

    async def both() -> None:
        loop = asyncio.get_running_loop()
        good, bad = loop.create_future(), loop.create_future()
        own: Future[Batch] = Future()
        answers: list[Answer] = [(good, BATCH), (own, BATCH), (bad, UnavailableError("away"))]
        await loop.run_in_executor(pool, give, answers)
        assert await good is BATCH
        assert own.result(0) is BATCH
        with pytest.raises(UnavailableError):
            await bad

    with ThreadPoolExecutor(2) as loops:
        list(loops.map(lambda _: asyncio.run(both()), range(2)))


def test_whoever_waits_no_more_is_passed_over(pool: ThreadPoolExecutor) -> None:
    """A future that was cancelled, and one whose loop has ended, keep nobody else waiting."""
    gone: asyncio.Future[Batch]

    async def leave() -> None:
        nonlocal gone
        gone = asyncio.get_running_loop().create_future()

    asyncio.run(leave())

    async def stay() -> Batch:
        loop = asyncio.get_running_loop()
        cancelled, waiting = loop.create_future(), loop.create_future()
        cancelled.cancel()
        await loop.run_in_executor(
            pool, give, [(gone, BATCH), (cancelled, BATCH), (waiting, BATCH)]
        )
        found: Batch = await waiting
        return found

    assert asyncio.run(stay()) is BATCH


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    """The thread of a sequencer."""
    return ThreadPoolExecutor(1)
