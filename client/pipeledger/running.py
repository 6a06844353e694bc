"""`pipeledger run`: watches a command from start to finish and never stands in its way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_NOT_FOUND = 127
_NOT_ALLOWED = 126


def run_command(command: Sequence[str]) -> tuple[int, float]:
    """Run a command with our own input and output; signals are handed on.

    Returns:
        Its exit status as a shell gives it (128 and the signal's number where one ended it),
        and its duration in seconds.
    """
    started = time.monotonic()
    try:
        process = subprocess.Popen(list(command))  # noqa: S603 - running it is what is asked for
    except FileNotFoundError:
        sys.stderr.write(f"pipeledger: no such command: {command[0]}\n")
        return _NOT_FOUND, time.monotonic() - started
    except OSError as error:
        sys.stderr.write(f"pipeledger: {command[0]}: {error.strerror}\n")
        return _NOT_ALLOWED, time.monotonic() - started

    def hand_on(number: int, _: FrameType | None) -> None:
        process.send_signal(number)

    previous = {
        number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        status = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return (128 - status if status < 0 else status), time.monotonic() - started
