"""A server in a process of its own, forked off one that has loaded its modules already.

Loading them takes a server twice as long as all that it does until it answers, and is the same in
every test. From there on it is what the installed command runs: the same words, variables and
folder, its own process, signals and children. The command itself is started where kills and wheels
are tried.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

_LOADED = ("api.cli", "api.serve_command", "api.app")
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__, *_LOADED])


class Forked:
    """`pipeledger-server` with its output, as a process of the operating system.

    Attributes:
        pid: of the process.
        stdout: what it prints, its errors too.
    """

    def __init__(self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        """Start it.

        Args:
            words: the command's arguments.
            cwd: where it runs.
            env: all of its variables.
        """
        here, there = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_run, args=(there, [*words], str(cwd), dict(env)))
        self._process.start()
        there.close()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        self.stdout: TextIO = open(os.dup(here.fileno()), encoding="utf-8")  # noqa: PTH123, SIM115 - a descriptor, closed by whoever reads
        here.close()

    def send_signal(self, signal: int) -> None:
        """Send it a signal, if it is there still."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal)

    def wait(self, timeout: float) -> int | None:
        """Its exit status; None where it does not end in that many seconds."""
        self._process.join(timeout)
        return self._process.exitcode


def _run(output: Connection, words: list[str], cwd: str, env: dict[str, str]) -> None:
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    output.close()
    sys.stdout, sys.stderr = (open(one, "w", encoding="utf-8", closefd=False) for one in (1, 2))  # noqa: SIM115 - as a process has them
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["pipeledger-server", *words]
    from api.cli import main  # noqa: PLC0415 - loaded where this is forked off, not by the tests

    main()
