"""The process that derives, seen by the server: started when somebody asks, and when it died."""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import Future
from itertools import count
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from domain.errors import UnavailableError
from projections.apart.child import end, start
from projections.apart.messages import Failed, raised, read_said, write

if TYPE_CHECKING:
    from projections.apart.messages import Asked, Begin, Forget, Said

S = TypeVar("S", bound="Said")

_MODULE: Final = "projections.apart.program"
_LOG: Final = logging.getLogger("pipeledger.api")
_OVER: Final = "the process that answers questions ended; ask again"


class _Running:
    """One process, and who waits for its answers."""

    def __init__(self, begin: Begin) -> None:
        self.process, self._connection = start(_MODULE, stays=True)
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        # Under _lock; None when the process has ended.
        self._waiting: dict[int, Future[Said]] | None = {}
        self._send(write(begin))
        threading.Thread(target=self._read, name="past", daemon=True).start()

    @property
    def has_ended(self) -> bool:
        """Whether it takes no more requests."""
        return self._waiting is None

    def ask(self, asked: Asked) -> Future[Said]:
        """What will hold the answer.

        Raises:
            UnavailableError: the process has ended.
        """
        future: Future[Said] = Future()
        with self._lock:
            if self._waiting is None:
                raise UnavailableError(_OVER)
            # Before it is sent: if the process dies in between, whoever reads sees its end.
            self._waiting[asked.number] = future
        self._send(write(asked))
        return future

    def tell(self, said: Forget) -> None:
        """Send what is not answered."""
        self._send(write(said))

    def close(self) -> None:
        """End the process; whoever waits is told."""
        end(self.process)

    def _send(self, raw: bytes) -> None:
        # Of one that has ended whoever reads sees the end.
        with self._sending, contextlib.suppress(OSError):
            self._connection.send_bytes(raw)

    def _read(self) -> None:
        # What is no answer to anything asked is taken for the end as well, and makes it so.
        with contextlib.suppress(EOFError, OSError, msgspec.DecodeError, KeyError):
            try:
                while True:
                    self._take(read_said(self._connection.recv_bytes()))
            except MemoryError:
                # An answer that is longer than what is left here: nobody may wait for it for ever.
                _LOG.error("an answer about the past took more memory than there is")
        with self._lock:
            left, self._waiting = self._waiting or {}, None
        with self._sending:
            self._connection.close()
        self.process.kill()
        self.process.wait()
        for future in left.values():
            future.set_exception(UnavailableError(_OVER))

    def _take(self, said: Said) -> None:
        with self._lock:
            future = (self._waiting or {}).pop(said.number)
        if isinstance(said, Failed):
            future.set_exception(raised(said))
        else:
            future.set_result(said)


class Apart:
    """The process that derives what ledgers' pasts were. Safe for threads."""

    def __init__(self, begin: Begin) -> None:
        """Start nothing yet.

        Args:
            begin: what the process is told first.
        """
        self._begin = begin
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._closed = False

    def number(self) -> int:
        """A number for a new request."""
        return next(self._numbers)

    @property
    def pid(self) -> int | None:
        """The process, where one runs."""
        running = self._running
        return None if running is None or running.has_ended else running.process.pid

    def ask(self, asked: Asked, wanted: type[S]) -> S:
        """The answer to a request.

        Args:
            asked: with a `number` of its own.
            wanted: what it is answered by.

        Raises:
            UnavailableError: the process ended, or cannot be started.
            PipeledgerError: what it met.
        """
        said = self._process().ask(asked).result()
        if not isinstance(said, wanted):
            raise TypeError(f"{type(asked).__name__} was answered by {type(said).__name__}")
        return said

    def tell(self, said: Forget) -> None:
        """Say what is not answered, if somebody is there to be told."""
        running = self._running
        if running is not None:
            running.tell(said)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, None
        if running is not None:
            running.close()

    def _process(self) -> _Running:
        with self._lock:
            if self._closed:
                raise UnavailableError("the server is ending")
            if self._running is None or self._running.has_ended:
                try:
                    self._running = _Running(self._begin)
                except OSError as error:
                    raise UnavailableError(
                        f"the process that answers questions cannot be started: {error.strerror}"
                    ) from error
            return self._running
