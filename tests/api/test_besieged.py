"""A server that many hold connections to, and what it still does for those who send."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.serving import Running

pytestmark = pytest.mark.long

MIB = 1_048_576
STRANGER = "POST /v1/default/%s HTTP/1.1\r\nHost: ledger.example\r\nContent-Length: %d\r\n"
INTAKE = "intake/github", 32 * MIB
SIGNED = "events", 2 * MIB
SILENT, HALF, SLOW, LARGE = 300, 300, 100, 40
PATIENCE_S = 60.0


def memory(server: Running) -> int:
    """The most bytes that the server's process has had in memory."""
    status = Path(f"/proc/{server.printed.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


class Siege:
    """Connections of strangers who send little, or all that they may, and never end."""

    def __init__(self, server: Running) -> None:
        parts = urlsplit(server.url)
        self._place = (parts.hostname or "", parts.port or 0)
        self.open: list[socket.socket] = []

    def hold(self, number: int, sent: bytes) -> None:
        """Connect, send this, and stay."""
        for _ in range(number):
            connection = socket.create_connection(self._place, timeout=PATIENCE_S)
            self.open.append(connection)
            connection.sendall(sent)

    def pour(self, number: int, path: str, length: int) -> None:
        """Send a body of a length but for its last byte, each on a thread of its own."""
        signed = "Content-Type: application/vnd.dsse.envelope.v1+json\r\n\r\n"
        head = (STRANGER % (path, length) + signed).encode()

        def send() -> None:
            with contextlib.suppress(OSError):
                connection = socket.create_connection(self._place, timeout=PATIENCE_S)
                self.open.append(connection)
                connection.sendall(head)
                for _ in range(length // MIB):
                    connection.sendall(b" " * (MIB - 1))

        threads = [threading.Thread(target=send) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)

    def ended(self) -> int:
        """How many of them the server has closed; waits for each."""
        number = 0
        for connection in self.open:
            connection.settimeout(PATIENCE_S)
            # What was answered before it was closed, and what is reset, are both ends.
            with contextlib.suppress(ConnectionError):
                while connection.recv(65_536):
                    pass
            number += 1
        return number

    def lift(self) -> None:
        """Go away."""
        for connection in self.open:
            connection.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server with a source that strangers can guess."""
    with serving(tmp_path / "data") as running:
        with running.http() as http:
            assert http.post("/sources", json={"kind": "github"}).status_code == 201
        yield running


def test_a_besieged_server_goes_on_for_those_who_send(server: Running) -> None:
    """Every event gets its receipt in time, memory has an end, and so has every connection."""
    before = memory(server)
    siege = Siege(server)
    try:
        siege.hold(SILENT, b"")
        siege.hold(HALF, b"GET / HTTP/1.1\r\nHost: ledger.example\r\nX: ")
        siege.hold(SLOW, (STRANGER % INTAKE).encode() + b"\r\nabc")
        siege.pour(LARGE, *INTAKE)
        siege.pour(LARGE, *SIGNED)
        slowest = 0.0
        with server.http() as http:
            for number in range(50):
                started = time.monotonic()
                answer = http.post("/events", json=event(number))
                slowest = max(slowest, time.monotonic() - started)
                assert answer.status_code == 201
        assert slowest < 5
        # The budget of what nobody proved yet, once joined and once in pieces, and some room.
        assert memory(server) - before < 2 * 256 * MIB + 200 * MIB
        assert siege.ended() == len(siege.open)
    finally:
        siege.lift()
