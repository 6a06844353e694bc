"""The server and the client of the demo: the real commands, as processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from domain.errors import PipeledgerError, SettingError

_START_LIMIT_S: Final = 120.0


class Server:
    """A server process and what it printed."""

    def __init__(self, data: Path, port: int, controls: Path) -> None:
        command = [
            beside("pipeledger-server"), "serve", "--data", str(data), "--port", str(port),
            "--controls", str(controls),
            # Whoever looks at the demo waits for its answers, and nothing else comes in meanwhile.
            "--answers-niceness", "0",
        ]  # fmt: skip
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._found: dict[str, str] = {}
        self._ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._ready.wait(_START_LIMIT_S) or "token" not in self._found:
            self.process.kill()
            last = self._found.get("last", "").removeprefix("pipeledger-server: ")
            raise SettingError(f"the demo's server did not start: {last}")

    def __getitem__(self, name: str) -> str:
        return self._found.get(name, "")

    def _read(self) -> None:
        for line in self.process.stdout or ():
            words = line.split()
            self._found["last"] = line.strip()
            if words[:1] == ["fingerprint"]:
                self._found["fingerprint"] = words[1]
            elif words[:2] == ["listening", "on"]:
                self._found["url"] = words[2]
            elif line.strip().startswith("export PIPELEDGER_TOKEN="):
                self._found["token"] = words[1].partition("=")[2]
            # A new ledger's first token comes after its address.
            if {"url", "token"} <= self._found.keys():
                self._ready.set()
        self._ready.set()

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


class Client:
    """The `pipeledger` command, with files of its own."""

    def __init__(self, server: Server, home: Path) -> None:
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "PIPELEDGER_URL": server["url"],
            "PIPELEDGER_TOKEN": server["token"],
        }

    def __call__(self, *words: str, expected: int = 0) -> str:
        """What the command printed.

        Raises:
            PipeledgerError: another exit status than expected.
        """
        done = subprocess.run(  # noqa: S603 - our own command
            [beside("pipeledger"), *words],
            env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != expected:
            raise PipeledgerError(f"pipeledger {words[0]} gave {done.returncode}: {done.stderr}")
        return done.stdout or done.stderr


def beside(name: str) -> str:
    """A command of the environment this runs in."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise SettingError(f"the command {name} is not installed beside this one")
    return str(path)
