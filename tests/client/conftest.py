"""Fixtures of the client's tests: a ledger that listens, and the command with a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeledger.verifier.lines import Settings
from tests.client.listening import Listening, listening
from tests.inside import client, expected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "plt_very-secret-0123456789"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=[0, 2], ids=["alone", "apart"])
def asked(request: pytest.FixtureRequest) -> Callable[..., Settings]:
    """How much is checked: by this process alone, and by processes however small a log is."""
    return partial(Settings, processes=request.param, alone=0)


class Command:
    """Runs `pipeledger` with a home of its own.

    Attributes:
        home: its home folder.
        environment: its variables.
    """

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(ROOT / "client"),
            "PIPELEDGER_URL": url,
            "PIPELEDGER_TOKEN": TOKEN,
            "PIPELEDGER_SOURCE": "https://code.example/acme/shop",
            "PIPELEDGER_TIMEOUT": "5",
        }

    def start(
        self, *words: str | Path, changes: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start the command."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipeledger", *words],
            env=self.environment | (changes or {}),
            cwd=self.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(
        self,
        *words: str | Path,
        status: int = 0,
        changes: dict[str, str] | None = None,
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run the command and expect an exit status."""
        environment = self.environment | (changes or {})
        done = client(*words, environment=environment, folder=self.home, status=status, stdin=stdin)
        assert TOKEN not in done.stdout + done.stderr
        return done

    def apart(
        self, *words: str | Path, status: int = 0, changes: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own: several at once, or one that has children."""
        process = self.start(*words, changes=changes)
        out, err = process.communicate(timeout=60)
        done = subprocess.CompletedProcess(words, process.returncode, out, err)
        assert TOKEN not in out + err
        return expected(done, status)

    @property
    def spool(self) -> Path:
        """Where its events wait."""
        return self.home / ".local" / "state" / "pipeledger" / "spool"

    def waiting(self) -> list[str]:
        """Names of what waits."""
        queue = self.spool / "queue"
        return sorted(one.name for one in queue.iterdir()) if queue.exists() else []


@pytest.fixture
def ledger() -> Iterator[Listening]:
    """A ledger that listens."""
    with listening() as found:
        yield found


@pytest.fixture
def command(ledger: Listening, tmp_path: Path) -> Command:
    """The command, speaking to that ledger."""
    home = tmp_path / "home"
    home.mkdir()
    return Command(home, ledger.url)
