"""Witnesses and object stores that listen on this machine, and a log to show them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from api.witness.app import Logs, make_witness
from api.witness.calling import WitnessAddress, WitnessClient
from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.cosignature import WitnessSigner
from domain.log.key import SigningKey
from domain.log.tree import consistency_proof, root_of
from domain.log.witness import Submission
from store.witness import WitnessState
from tests.domain.log.leaves import Leaves, leaf

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

NAME = "witness.example/w1"


@dataclass
class Log:
    """A log of made-up leaves that can sign any beginning of itself, and of another history.

    Attributes:
        origin: its name.
    """

    origin: str = "log.example/a"
    seed: bytes = bytes([7]) * 32

    @property
    def key(self) -> SigningKey:
        """Signs its checkpoints."""
        return SigningKey(self.origin, self.seed)

    def note(self, size: int, branch: int = 0) -> bytes:
        """The checkpoint of so many leaves; another branch is another history."""
        root = root_of(size, Leaves(self._leaves(size, branch)))
        return sign_checkpoint(Checkpoint(self.origin, size, root), [self.key])

    def proof(self, old: int, new: int, branch: int = 0) -> list[bytes]:
        """That the tree of `old` leaves is the beginning of the one of `new`."""
        return consistency_proof(old, new, Leaves(self._leaves(new, branch)))

    @staticmethod
    def _leaves(size: int, branch: int) -> list[bytes]:
        return [leaf(1000 * branch + number) for number in range(size)]

    def submission(self, old: int, new: int, branch: int = 0) -> Submission:
        """What is sent to a witness that holds the tree of `old` leaves."""
        proof = self.proof(old, new, branch) if old else []
        return Submission(old, tuple(proof), self.note(new, branch))


@dataclass
class Witness:
    """A witness that can be told to know logs, and be put away.

    Attributes:
        folder: holds its state and the file of its logs.
        url: where it listens while it does.
        state: its key and what it cosigned.
    """

    folder: Path
    url: str
    state: WitnessState
    known: list[str] = field(default_factory=list)

    @property
    def logs_file(self) -> Path:
        """The file of the logs that it knows."""
        return self.folder / "logs"

    @property
    def address(self) -> WitnessAddress:
        """Its key and where it is."""
        return WitnessAddress.of(self.state.signer.verifier, self.url)

    @property
    def setting(self) -> str:
        """What `PIPELEDGER_GUARD` says to be guarded by it."""
        return f"witness:{self.url}+{self.state.signer.verifier.vkey()}"

    def client(self, seconds: float = 10.0) -> WitnessClient:
        """Speaks to it."""
        return WitnessClient(self.address, seconds)

    def know(self, vkey: str) -> None:
        """Know a log from now on."""
        self.known.append(vkey)
        text = "".join(f"log {one}\n" for one in self.known) + "quorum none\n"
        self.logs_file.write_text(text)
        # Two writes within one tick of the file system's clock would look like one.
        at = time.time_ns() + len(self.known)
        os.utime(self.logs_file, ns=(at, at))


def make(folder: Path, url: str = "http://127.0.0.1:9", name: str = NAME) -> Witness:
    """A witness that does not listen."""
    folder.mkdir(parents=True, exist_ok=True)
    state = WitnessState(folder / "state", name, os.urandom, lambda: int(time.time()))
    made = Witness(folder, url, state)
    made.logs_file.write_text("quorum none\n")
    return made


@contextlib.contextmanager
def listening(
    app: ASGIApp, port: int = 0, http: type[asyncio.Protocol] | str = "auto"
) -> Iterator[str]:
    """Serve an application on a thread for the length of the block; gives its address."""
    config = uvicorn.Config(app, log_level="error", lifespan="off", http=http)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", port)) as taken:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


@contextlib.contextmanager
def witnessing(folder: Path, *logs: str, name: str = NAME, port: int = 0) -> Iterator[Witness]:
    """A witness that listens for the length of the block and knows these logs."""
    made = make(folder, name=name)
    for vkey in logs:
        made.know(vkey)
    with listening(make_witness(made.state, Logs(made.logs_file)), port) as url:
        made.url = url
        yield made


@contextlib.contextmanager
def object_store(port: int = 0) -> Iterator[str]:
    """A server that speaks the object store's protocol, with a bucket `guards`; its address."""
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:  # fmt: skip
        try:
            _until(lambda: _put(f"{url}/guards"))
            yield url
        finally:
            process.terminate()
            process.wait(30)


def credentials(url: str) -> dict[str, str]:
    """The variables that lead to an object store."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }


def signer(number: int, name: str | None = None) -> WitnessSigner:
    """One of several witnesses' keys."""
    return WitnessSigner(name or f"witness.example/w{number}", bytes([number]) * 32)


def _put(url: str) -> bool:
    request = urllib.request.Request(url, method="PUT", data=b"")  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - likewise
            return True
    except (urllib.error.URLError, ConnectionError):
        return False


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
