"""A real server process on a data folder of its own, and ways to speak to it."""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.clusters import quickly_prepared
from tests.forked import Forked
from tests.house.running import ending, variables
from tests.inside import administer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.house.running import Printed

BIN = Path(sys.executable).parent
COMMIT = "c" * 40
PLAIN: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: our servers speak plain HTTP, and httpx reads the certificates of all authorities
for each client otherwise, which takes longer than most requests."""


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        data: its data folder.
        url: its address.
        token: an operator's token; empty where the ledger existed before.
        fingerprint: of the log's keys.
        printed: what it prints; its errors too.
    """

    data: Path
    url: str
    token: str
    fingerprint: str
    printed: Printed

    def http(self, token: str | None = None) -> httpx.Client:
        """A client of the ledger `default`."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(
            base_url=f"{self.url}/v1/default", headers=headers, timeout=60, verify=PLAIN
        )

    def environment(self, home: Path) -> dict[str, str]:
        """Variables for the `pipeledger` command, with files below `home`."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PIPELEDGER_URL": self.url,
            "PIPELEDGER_TOKEN": self.token,
        }

    def administer(self, *words: str | Path, status: int = 0, stdin: str = "") -> str:
        """What `pipeledger-server` prints beside it, on its data; its errors too."""
        done = administer(*words, "--data", self.data, status=status, stdin=stdin)
        return done.stdout + done.stderr

    def token_of(self, role: str, name: str = "") -> str:
        """A new token of a role."""
        words = ("token", "create", "--role", role, "--name", name or role)
        # Its id is told beside it, among the errors.
        return administer(*words, "--data", self.data).stdout.strip()


def deriving(server: int) -> int:
    """The process that derives what the past was, of a server that was asked about it."""
    tasks = Path(f"/proc/{server}/task").glob("*/children")
    children = {pid for one in tasks for pid in one.read_text().split()}
    (found,) = (
        int(pid) for pid in children
        if b"projections.apart.program" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )  # fmt: skip
    return found


@contextlib.contextmanager
def serving(data: Path, *, first: bool = True, **settings: str) -> Iterator[Running]:
    """Run `pipeledger-server serve` for the length of the block, with these variables."""
    words = ("serve", "--data", str(quickly_prepared(data)), "--port", "0")
    # Tests keep all processors busy, and wait for answers.
    patient = {"PIPELEDGER_ANSWERS_NICENESS": "0"} | settings
    server = Forked(words, cwd=data.parent, env=variables(patient))
    with ending(server) as printed:
        fingerprint = printed.fingerprint()
        url = printed.word(r"listening on (\S+)")
        token = printed.export("PIPELEDGER_TOKEN") if first else ""
        yield Running(data, url, token, fingerprint, printed)


def event(number: int = 1, /, **data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A deployment that differs by its number."""
    return {
        "specversion": "1.0",
        "id": f"evt-{number}",
        "source": "https://ci.example/acme/checkout",
        "type": "pipeledger.deployment.finished.v1",
        "time": "2026-01-01T11:00:00Z",
        "data": {
            "deployment": f"d-{number}",
            "service": "checkout",
            "environment": "production",
            "outcome": "success",
            "commit": COMMIT,
            **data,
        },
    }
