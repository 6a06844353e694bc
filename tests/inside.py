"""A command line run inside the test's own process.

Starting Python and loading the modules costs a quarter of a second for the client and two for the
server; a test of what a command does, says and leaves behind needs neither. What is about the
process itself (its signals, its children's output, two commands at once) starts one.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from subprocess import CompletedProcess
from typing import TYPE_CHECKING
from unittest import mock

import api.cli
from pipeledger import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def inside(
    main: Callable[[], int | None],
    words: tuple[str | Path, ...],
    *,
    environment: Mapping[str, str],
    folder: Path | None = None,
    stdin: str = "",
) -> CompletedProcess[str]:
    """Run a command as a process would run it, with these variables in this folder.

    Args:
        main: takes the words off `sys.argv`; gives the exit status or raises SystemExit.
        words: its arguments.
        environment: all of its variables.
        folder: where it runs; None: where the tests do.
        stdin: what it reads.
    """
    taken, out, err = (_Stream(io.BytesIO(), "utf-8", write_through=True) for _ in range(3))
    taken.write(stdin)
    taken.seek(0)
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.multiple(sys, argv=["inside", *map(str, words)]),
        mock.patch.multiple(sys, stdin=taken, stdout=out, stderr=err),
        contextlib.chdir(folder or "."),
    ):
        try:
            status = main() or 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return CompletedProcess(words, status, out.text(), err.text())


def client(
    *words: str | Path, environment: Mapping[str, str], folder: Path | None = None,
    status: int = 0, stdin: str = "",
) -> CompletedProcess[str]:  # fmt: skip
    """Run `pipeledger` and expect an exit status."""
    done = inside(cli.main, words, environment=environment, folder=folder, stdin=stdin)
    return expected(done, status)


def administer(
    *words: str | Path,
    status: int = 0,
    stdin: str = "",
    variables: Mapping[str, str] | None = None,
) -> CompletedProcess[str]:
    """Run `pipeledger-server` with these variables and expect an exit status."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.devnull} | dict(variables or {})
    return expected(inside(api.cli.main, words, environment=environment, stdin=stdin), status)


def expected(done: CompletedProcess[str], status: int) -> CompletedProcess[str]:
    """What ended as it should, and surprised nobody."""
    assert done.returncode == status, done
    assert "Traceback" not in done.stderr
    return done


class _Stream(io.TextIOWrapper):
    """A standard stream that is kept."""

    def text(self) -> str:
        """What was written."""
        self.seek(0)
        return self.read()
