"""Signs the contexts of long batches in a process of its own, beside everything else.

A signature takes as long as all the rest that an event costs this process before the database.
Threads do not help: each signature gives the interpreter lock away and has to wait for it again,
behind a thread that computes. So contexts go out in frames while later drafts are laid out, and
the signatures are there when the rows are written.

Whatever happens to the process, every event is signed: what it leaves unsigned is signed here.
"""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from struct import Struct
from typing import IO, TYPE_CHECKING, Final

from domain.log.dsse import CONTEXT_PAYLOAD_TYPE, pae
from domain.log.entry import Signature, sign_context
from domain.log.key import SIGNATURE_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.log.key import SigningKey
    from store.ledger.prepared import Prepared

FRAME: Final = 50
"""Events of a long batch that are handed over at once."""
FEW: Final = 4
"""Fewer are signed sooner here than by the process."""
_PROGRAM: Final = Path(__file__).with_name("signing_process.py")
_PIPE_BYTES: Final = 1 << 20
_STOP_PATIENCE_S: Final = 5
_number = Struct("!I")

_Frame = tuple["Sequence[Prepared]", "Future[None]"]


class Signer:
    """Signs with one key. Safe for threads; the process is started by the first frame."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self._reader: threading.Thread | None = None
        self._lock = threading.Lock()
        # The next three: under the lock, but that the reader takes away from the left alone.
        self._process: subprocess.Popen[bytes] | None = None
        self._outstanding: deque[_Frame] = deque()
        self._closed = False

    def sign(self, events: Sequence[Prepared]) -> None:
        """Sign these events here and now."""
        for event in events:
            event.signatures = sign_context(event.context, (self._key,))

    def begin(self, events: Sequence[Prepared], *, last: bool) -> Future[None]:
        """Hand over a frame of events, at least one; signed once the future is done.

        That is some time after the last frame was handed over.
        """
        future: Future[None] = Future()
        messages = [pae(CONTEXT_PAYLOAD_TYPE, event.context) for event in events]
        pieces = [_number.pack(len(messages))]
        for message in messages:
            pieces += (_number.pack(len(message)), message)
        if last:
            pieces.append(_number.pack(0))
        with self._lock:
            try:
                process = self._running()
            except OSError:
                process = None
            if process is not None:
                # Outstanding before it is sent: if the process dies in between, or has died,
                # whoever reads from it sees its end, takes the lock and signs what is left.
                self._outstanding.append((events, future))
                self._send(process, b"".join(pieces))
                return future
        self.sign(events)
        future.set_result(None)
        return future

    def close(self) -> None:
        """End the process; what is outstanding is signed first."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                _pipe(process.stdin).close()
            try:
                process.wait(_STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._reader is not None:
            self._reader.join()

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self._process is None and not self._closed:
            process = subprocess.Popen(  # noqa: S603 - our own file, no shell
                [sys.executable, "-I", str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={},
                cwd="/",
                # An interrupt at the terminal is for the server, which still wants signatures.
                start_new_session=True,
            )
            with contextlib.suppress(OSError):
                fcntl.fcntl(_pipe(process.stdin), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            self._send(process, self._key.seed)
            self._process = process
            self._reader = threading.Thread(
                target=self._collect, args=(process,), name="signatures", daemon=True
            )
            self._reader.start()
        return self._process

    @staticmethod
    def _send(process: subprocess.Popen[bytes], raw: bytes) -> None:
        with contextlib.suppress(OSError):
            _pipe(process.stdin).write(raw)
            _pipe(process.stdin).flush()

    def _collect(self, process: subprocess.Popen[bytes]) -> None:
        incoming = _pipe(process.stdout)
        while first := incoming.read(SIGNATURE_BYTES):
            events, future = self._outstanding[0]
            raw = first + incoming.read(SIGNATURE_BYTES * (len(events) - 1))
            if len(raw) < SIGNATURE_BYTES * len(events):
                break
            for nth, event in enumerate(events):
                value = raw[nth * SIGNATURE_BYTES : (nth + 1) * SIGNATURE_BYTES]
                event.signatures = (Signature(self._key.id, value),)
            self._outstanding.popleft()
            future.set_result(None)
        with self._lock:
            if self._process is process:
                self._process = None
            left = list(self._outstanding)
            self._outstanding.clear()
        for events, future in left:
            self.sign(events)
            future.set_result(None)
        process.wait()
        incoming.close()
        with contextlib.suppress(OSError):
            _pipe(process.stdin).close()


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise OSError("the process was started without a pipe")
    return end
