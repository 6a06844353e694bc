"""Ends mutants that work or wait for too long, and the processes that they leave behind."""

from __future__ import annotations

import ctypes
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SUBREAPER: Final = 36
"""PR_SET_CHILD_SUBREAPER of Linux: whom the processes of a mutant leave is this one's to end."""


@dataclass(frozen=True)
class Patience:
    """How long a test may take with a mutant.

    Attributes:
        working_s: seconds of processor time in any case.
        working: and so many times what the test takes of it.
        waiting_s: seconds in any case.
        waiting: and so many times as long as the test takes.
    """

    working_s: float
    working: float
    waiting_s: float
    waiting: float

    def limit(self, spent: float, elapsed: float) -> None:
        """From now on this process is ended by a signal where it overruns.

        Args:
            spent: seconds of processor time that the test takes.
            elapsed: seconds that it takes.
        """
        for one in (signal.SIGPROF, signal.SIGALRM):
            signal.signal(one, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, self.working_s + self.working * spent)
        signal.setitimer(signal.ITIMER_REAL, self.waiting_s + self.waiting * elapsed)


def is_overrun(status: int) -> bool:
    """Whether a process that ended so was ended by its limit."""
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM)


def adopt() -> None:
    """From now on this process has the processes that its own leave behind."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def end_all() -> None:
    """End all processes that one of these left behind, and whom those left."""
    tasks = Path("/proc/self/task")
    while pids := [int(pid) for one in tasks.glob("*/children") for pid in one.read_text().split()]:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
