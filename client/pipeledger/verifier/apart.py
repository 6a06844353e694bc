"""Processes that check stretches of a log ahead, where there are entries enough to pay for them.

Each takes every n-th stretch and says either that it is good by itself, with what must be known to
take it over (`Stretch`), or nothing: then this process examines it, so that every refusal is found
and worded in one place. A process that cannot be started, or is killed, says nothing as well.
They are forked: what they believe is what this process believed then. They end with it, however
it ends: each waits for the end of a pipe that nobody else holds open.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import sys
import warnings
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from pipeledger.verifier.entry import LINK_AT, LINK_END
from pipeledger.verifier.lines import Absent
from pipeledger.verifier.part import spoken_of
from pipeledger.verifier.stretch import Stretch
from pipeledger.verifier.tiles import tops
from pipeledger.verifier.tree import all_but_last, levels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeledger.verifier.chain import Chain
    from pipeledger.verifier.tiles import HashTiles

_LENGTH_BYTES = 8
_ENDING = (signal.SIGINT, signal.SIGTERM)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Processes:
    """Processes that check stretches, whose answers are taken in the order of the stretches."""

    def __init__(
        self, check: Callable[[int], Stretch | None], stretches: range, count: int
    ) -> None:
        """Start them.

        Args:
            check: examines the stretch of a number; whatever it raises means nothing.
            stretches: the numbers of all of them.
            count: how many processes; fewer than two are none.
        """
        self._pids: list[int] = []
        self._pipes: list[BinaryIO] = []
        self._turn = 0
        self._life: tuple[int, ...] = ()
        # One is no faster than this one; on macOS the system's libraries may not survive a fork.
        if count < 2 or not hasattr(os, "fork") or sys.platform == "darwin":  # noqa: PLR2004
            return
        try:
            self._life = os.pipe()
            for index in range(min(count, len(stretches))):
                self._start(check, stretches[index::count])
        except OSError:
            self.close()

    def next(self) -> Stretch | None:
        """What was found of the next stretch: that it is good, or nothing, as after the last."""
        if not self._pipes:
            return None
        pipe = self._pipes[self._turn % len(self._pipes)]
        self._turn += 1
        length = int.from_bytes(pipe.read(_LENGTH_BYTES), "big")
        try:
            return Stretch(*marshal.loads(pipe.read(length)))  # noqa: S302 - forked from this one
        except EOFError:
            return None

    def close(self) -> None:
        """End them."""
        for pipe in self._pipes:
            pipe.close()
        for end in self._life:
            os.close(end)
        for pid in self._pids:
            # Where somebody else has waited for it, its number may be another's already.
            with contextlib.suppress(ChildProcessError, ProcessLookupError):
                if os.waitpid(pid, os.WNOHANG) == (0, 0):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
        self._pipes, self._pids, self._life = [], [], ()

    def _start(self, check: Callable[[int], Stretch | None], stretches: range) -> None:
        reading, writing = os.pipe()
        self._pipes.append(os.fdopen(reading, "rb"))
        # An interrupt would run this process's code there.
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            with warnings.catch_warnings():
                # Of threads; those that check signatures here wait for work and hold no lock.
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if pid == 0:
                self._work(check, stretches, writing)
            self._pids.append(pid)
        finally:
            os.close(writing)
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)

    def _work(
        self, check: Callable[[int], Stretch | None], stretches: range, writing: int
    ) -> NoReturn:
        """Be such a process: nothing of what this one would still do is done in it as well.

        What interrupts a command remains blocked: whom it ends, that one ends this.
        """
        try:
            reading, held = self._life
            os.close(held)
            Thread(target=_end_after, args=(reading,)).start()
            with os.fdopen(writing, "wb") as answers:
                for stretch in stretches:
                    raw = b""
                    with contextlib.suppress(Exception):
                        said: Any = check(stretch)
                        raw = marshal.dumps(tuple(said))  # None is no tuple either
                    answers.write(len(raw).to_bytes(_LENGTH_BYTES, "big") + raw)
                    answers.flush()
        finally:
            os._exit(0)


def _end_after(reading: int) -> None:
    os.read(reading, 1)
    os._exit(0)


def examined(chain: Chain, entries: Sequence[bytes], tiles: HashTiles) -> Stretch | None:
    """What there is to say of a stretch that is good, or nothing.

    Args:
        chain: a run that begins here.
        entries: so many that their leaves are a complete tree, and fill tiles.
        tiles: what their leaves are compared with.

    Raises:
        VerifierError: something in it does not hold.
    """
    parsed = chain.extend(entries)
    chain.settle()
    if chain.taught:
        return None
    if tiles.wanted:
        tiles.compare(chain.first - 1, chain.leaves)
    rows, absent = levels(chain.leaves), Absent()
    first: dict[str, int] = {}
    for entry in parsed:
        absent.add(entry.position, spoken_of(entry))
        for stream, number in zip(entry.context["streams"], entry.seq["sn"], strict=True):
            first.setdefault(stream, number)
    return Stretch(
        len(entries), entries[0][LINK_AT:LINK_END], chain.last_leaf, all_but_last(rows), tops(rows),
        parsed[0].seq["at"] if parsed else "", parsed[-1].seq["at"] if parsed else "",
        {stream: (number, chain.numbers[stream]) for stream, number in first.items()},
        chain.succession.signers, absent.count, absent.named,
    )  # fmt: skip
