"""How requests learn what became of them: callers' threads one by one, event loops all at once.

To wake an event loop costs as much as to answer on it, so whatever a group has for one loop goes
over in one call.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent import futures

    from store.ledger.request import Batch, Waiting

UNPUBLISHED: Final = "committed, but not published yet; send again for the receipt"
UNKNOWN: Final = (
    "no answer came: whether the events stand is not known; send again those that have an id"
)

Answer = tuple["Waiting", "Batch | BaseException"]


def give(answers: Iterable[Answer]) -> None:
    """Resolve futures; those that are done, or whose loop was closed, are passed over."""
    loops: dict[asyncio.AbstractEventLoop, list[Answer]] = {}
    for answer in answers:
        future = answer[0]
        if isinstance(future, asyncio.Future):
            loops.setdefault(future.get_loop(), []).append(answer)
        else:
            _resolve(future, answer[1])
    for loop, several in loops.items():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve_all, several)


def _resolve_all(answers: Sequence[Answer]) -> None:
    for future, said in answers:
        _resolve(future, said)


def _resolve(future: futures.Future[Any] | asyncio.Future[Any], said: object) -> None:
    if future.done():
        return
    if isinstance(said, BaseException):
        future.set_exception(said)
    else:
        future.set_result(said)
