"""Runs a command in place of this one: same input and output, signals handed on."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeledger.event import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

NOT_FOUND = 127
NOT_EXECUTABLE = 126
OF_SIGNAL = 128
"""Shells report the end by signal n as 128 + n."""
_HANDED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGBREAK")
_CANCELS = frozenset({"SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK"})
BESIDE_S = 60.0
_SHELL = "/bin/sh"
_LOOKED_AT = 4096
"""How far a file is looked into for what no script has, in bytes."""


@dataclass(frozen=True)
class Ran:
    """What became of a command.

    Attributes:
        status: exit status as a shell would report it.
        outcome: `success`, `failure`, `cancelled` (we were told to stop), `error` (never began).
        started_at: RFC 3339.
        duration_s: seconds.
    """

    status: int
    outcome: str
    started_at: str
    duration_s: float


def run_command(
    command: Sequence[str], *, beside: Callable[[], None], after: Callable[[Ran], None]
) -> Ran:
    """Run a command to its end.

    Args:
        command: program and arguments.
        beside: what is done while it runs, in another thread.
        after: what is done at once when it has ended, while signals still end nothing.
    """
    received: list[str] = []
    thread = threading.Thread(target=beside, daemon=True)
    begin, started_at = time.monotonic(), now()
    with _handing_on(received) as attach:
        try:
            process = _start(command)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.write(2, os.fsencode(f"pipeledger: {command[0]}: {error.strerror}\n"))
            thread.start()
            status = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
            outcome, duration = "error", time.monotonic() - begin
        else:
            attach(process)
            thread.start()
            code = process.wait()
            duration = time.monotonic() - begin
            status = code if code >= 0 else OF_SIGNAL - code
            outcome = _outcome(code, received)
        ran = Ran(status, outcome, started_at, duration)
        after(ran)
        thread.join(BESIDE_S)
    return ran


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command; a script that names no interpreter by the shell, as shells do."""
    try:
        return subprocess.Popen(list(command))  # noqa: S603 - the user's own command
    except OSError as error:
        shelled = error.errno == errno.ENOEXEC and os.name != "nt"
        script = shutil.which(command[0]) if shelled else None
        if script is None or not _is_text(script):
            raise
        return subprocess.Popen([_SHELL, script, *command[1:]])  # noqa: S603 - as above


def _is_text(file: str) -> bool:
    with contextlib.suppress(OSError), Path(file).open("rb") as stream:
        return b"\0" not in stream.read(_LOOKED_AT)
    return False


def _outcome(code: int, received: list[str]) -> str:
    if code == 0:
        return "success"
    return "cancelled" if _CANCELS.intersection(received) else "failure"


@contextlib.contextmanager
def _handing_on(received: list[str]) -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Hand signals on to a process; those that come before it is there, when it is."""
    process: subprocess.Popen[bytes] | None = None

    def hand_on(number: int) -> None:
        # A terminal sends its interrupts to the whole group: the command has it already.
        if process is not None and not (number == signal.SIGINT and _at_terminal()):
            with contextlib.suppress(OSError, ValueError):
                process.send_signal(number)

    def handle(number: int, _: FrameType | None) -> None:
        received.append(signal.Signals(number).name)
        hand_on(number)

    def attach(started: subprocess.Popen[bytes]) -> None:
        nonlocal process
        process = started
        for name in list(received):
            hand_on(signal.Signals[name])

    numbers = [getattr(signal, name) for name in _HANDED_ON if hasattr(signal, name)]
    before = {}
    for number in numbers:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup and the like stay as they are
            before[number] = signal.signal(number, handle)
    try:
        yield attach
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _at_terminal() -> bool:
    """Whether this process group is the one that a terminal's keys speak to."""
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:  # noqa: PTH123 - no path of files
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (OSError, AttributeError):
        return False
