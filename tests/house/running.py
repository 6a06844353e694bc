"""A server process of an installed wheel, and the lines it prints for people to paste."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Process(Protocol):
    """A process that prints."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    @property
    def stdout(self) -> IO[str] | None:
        """What it prints."""
        ...

    def send_signal(self, signal: int) -> None:
        """Send it a signal."""
        ...

    def wait(self, timeout: float) -> int | None:
        """Its exit status, once it has ended."""
        ...


FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")
START_LIMIT_S = 120


class Printed:
    """What the server has printed so far; questions wait for the line that answers them."""

    def __init__(self, process: Process) -> None:
        self.pid = process.pid
        self._process = process
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._seen: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def find(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """The first match in what was or will be printed; fails when the server ends first."""
        for seen in self._seen:
            if found := pattern.search(seen):
                return found
        while (line := self._lines.get(timeout=START_LIMIT_S)) is not None:
            self._seen.append(line)
            if found := pattern.search(line):
                return found
        raise AssertionError(f"never printed {pattern.pattern}:\n{''.join(self._seen)}")

    def so_far(self) -> str:
        """All that questions have gone through."""
        return "".join(self._seen)

    def everything(self) -> list[str]:
        """All lines, once the server has ended."""
        while (line := self._lines.get(timeout=START_LIMIT_S)) is not None:
            self._seen.append(line)
        return list(self._seen)

    def export(self, name: str) -> str:
        """The value of an `export NAME=value` line."""
        return self.find(re.compile(rf"export {name}=(\S+)")).group(1).strip("'\"")

    def word(self, pattern: str) -> str:
        """What the first group of a pattern finds."""
        return self.find(re.compile(pattern)).group(1)

    def fingerprint(self) -> str:
        """The log's fingerprint."""
        return self.find(FINGERPRINT).group()


@contextlib.contextmanager
def first_lines(
    command: list[str], *, cwd: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Printed]:
    """Run a server for the length of the block and end it as an operator would."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=variables(settings or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with ending(process) as printed:
        yield printed


@contextlib.contextmanager
def ending(process: Process) -> Iterator[Printed]:
    """What a server prints; it is ended with the block, as an operator would."""
    try:
        yield Printed(process)
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(timeout=60)
        assert process.stdout is not None
        process.stdout.close()
        assert status == 0


def variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Those of this process, without what would reach into a server, and these."""
    ours = ("PYTHON", "PIPELEDGER", "OTEL")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | dict(settings)
