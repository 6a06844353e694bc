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
from pathlib import Path
from struct import Struct
from typing import IO, TYPE_CHECKING, Final

from domain.log.dsse import CONTEXT_PAYLOAD_TYPE, pae
from domain.log.entry import Signature, sign_context
from domain.log.key import SIGNATURE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.log.key import SigningKey
    from store.ledger.prepared import Prepared

FRAME: Final = 50
"""Events of a long batch that are handed over at once."""
FEW: Final = 4
"""Fewer are signed sooner here than by the process."""
_UNREAD: Final = 800
"""Signatures that a pipe takes though nobody reads from it yet, whatever its size."""
_PROGRAM: Final = Path(__file__).with_name("signing_process.py")
_PIPE_BYTES: Final = 1 << 20
_STOP_PATIENCE_S: Final = 5
_number = Struct("!I")


class Frame:
    """Events on their way to be signed.

    Attributes:
        events: in order.
        signed: they have their signatures.
    """

    __slots__ = ("_collect", "events", "signed")

    def __init__(self, events: Sequence[Prepared], collect: Callable[[Frame], None]) -> None:
        self.events = events
        self.signed = False
        self._collect = collect

    def wait(self) -> None:
        """Return when the events are signed: some time after a last frame was handed over."""
        if not self.signed:
            self._collect(self)


class Signer:
    """Signs with the intake keys. Safe for threads; the process is started by the first frame.

    Two keys sign only while one is being replaced; then nothing is handed to the process.

    Whoever waits reads from the process: a thread that did would be one more to hand over to.
    """

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._keys = tuple(keys)
        # Never taken by a thread that holds the other one.
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        # The next three: under _lock, but that frames leave from the left under _reading alone.
        self._process: subprocess.Popen[bytes] | None = None
        self._outstanding: deque[Frame] = deque()
        self._closed = False
        self._key_of_process = ""
        self._changed = False

    def sign(self, events: Sequence[Prepared]) -> None:
        """Sign these events here and now."""
        for event in events:
            event.signatures = sign_context(event.context, event.signers or self._keys)

    def settle(self, events: Sequence[Prepared]) -> None:
        """Sign anew whatever was signed by keys that have been replaced meanwhile."""
        if not self._changed:
            return
        ids = [key.id for key in self._keys]
        for event in events:
            if not event.signers and [one.key_id for one in event.signatures] != ids:
                event.signatures = sign_context(event.context, self._keys)

    def change(self, keys: Sequence[SigningKey]) -> None:
        """Sign with other keys from now on; what is outstanding is signed with the old ones."""
        if [key.id for key in keys] == [key.id for key in self._keys]:
            return
        self.close()
        with self._lock:
            self._keys = tuple(keys)
            self._changed = True
            self._closed = False

    def begin(self, events: Sequence[Prepared], *, last: bool) -> Frame:
        """Hand over a frame of events, at least one."""
        if sum(len(frame.events) for frame in tuple(self._outstanding)) >= _UNREAD:
            # A process that cannot get rid of signatures takes no more frames.
            self._catch_up()
        messages = [pae(CONTEXT_PAYLOAD_TYPE, event.context) for event in events]
        pieces = [_number.pack(len(messages))]
        for message in messages:
            pieces += (_number.pack(len(message)), message)
        if last:
            pieces.append(_number.pack(0))
        frame = Frame(events, self._collect)
        with self._lock:
            try:
                process = self._running() if len(self._keys) == 1 else None
            except OSError:
                process = None
            if process is not None:
                # Outstanding before it is sent: if the process dies in between, or has died,
                # whoever reads from it sees its end and signs what is left.
                self._outstanding.append(frame)
                self._send(process, b"".join(pieces))
                return frame
        self._sign(frame)
        return frame

    def close(self) -> None:
        """End the process; what is outstanding is signed first."""
        with self._lock:
            self._closed = True
            process = self._process
            if process is None:
                return
            with contextlib.suppress(OSError):
                _pipe(process.stdin).close()
        _end(process)
        with self._reading:
            while self._process is process:
                self._read(process)

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
            self._key_of_process = self._keys[0].id
            self._send(process, self._keys[0].seed)
            self._process = process
        return self._process

    @staticmethod
    def _send(process: subprocess.Popen[bytes], raw: bytes) -> None:
        # What has ended, or is being closed by another thread, signs no more.
        with contextlib.suppress(OSError, ValueError):
            _pipe(process.stdin).write(raw)
            _pipe(process.stdin).flush()

    def _catch_up(self) -> None:
        """Have every frame signed that is outstanding now."""
        with self._lock:
            frames = list(self._outstanding)
            if self._process is not None:
                self._send(self._process, _number.pack(0))
        if frames:
            frames[-1].wait()

    def _collect(self, frame: Frame) -> None:
        with self._reading:
            while not frame.signed:
                self._read(self._process)

    def _sign(self, frame: Frame) -> None:
        self.sign(frame.events)
        frame.signed = True

    def _read(self, process: subprocess.Popen[bytes] | None) -> None:
        """Take in the signatures of the oldest frame; under _reading.

        At the process's end, sign everything that it left.
        """
        frame = self._outstanding[0] if self._outstanding else None
        wanted = SIGNATURE_BYTES * len(frame.events) if frame is not None else 1
        raw = b"" if process is None else _pipe(process.stdout).read(wanted)
        if frame is not None and len(raw) == wanted:
            for nth, event in enumerate(frame.events):
                value = raw[nth * SIGNATURE_BYTES : (nth + 1) * SIGNATURE_BYTES]
                event.signatures = (Signature(self._key_of_process, value),)
            self._outstanding.popleft()
            frame.signed = True
            return
        with self._lock:
            if self._process is process:
                self._process = None
            left = list(self._outstanding)
            self._outstanding.clear()
        for one in left:
            self._sign(one)
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    _pipe(pipe).close()
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has ended that has nothing more to do."""
    try:
        process.wait(_STOP_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise OSError("the process was started without a pipe")
    return end
