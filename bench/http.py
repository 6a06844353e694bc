"""Single events over HTTP, beside a route of the same framework that only parses their bodies.

`python -m bench.http`: the server runs on the first core, this generator on the last; the database
runs where it likes. Each round sends the same number of events to either; medians are printed.
BENCH_N: requests a round (default 3,000).
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import socket
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import msgspec
import uvicorn
import uvloop
from fastapi import FastAPI, Request, Response

from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS: Final = 3
CLIENTS: Final = (1, 16, 64)


def parse_only(listening: socket.socket) -> None:
    """Serve the peer: the same server, framework and settings, a route that parses and answers."""
    app = FastAPI()

    @app.post("/v1/{ledger}/events", status_code=201)
    async def parse(request: Request, ledger: str) -> Response:
        value = msgspec.json.decode(await request.body())
        answer = {"ledger": ledger, "id": value["id"]}
        return Response(msgspec.json.encode(answer), 201, media_type="application/json")

    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )
    uvicorn.Server(config).run(sockets=[listening])


@dataclass(frozen=True, slots=True)
class Target:
    """Where events go: address, token and the process that answers."""

    host: str
    port: int
    token: str
    process: int


class Client(asyncio.Protocol):
    """One connection that sends the next event when the one before is answered."""

    def __init__(self, requests: Iterator[bytes], times: list[float]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._times = times
        self._answer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first event."""
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take in an answer; send the next event when it is whole."""
        self._answer += data
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._times.append(time.perf_counter() - self._sent)
        if not head.startswith(b"HTTP/1.1 201"):
            self.done.set_exception(RuntimeError(self._answer.decode()))
            return
        self._answer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server hung up."""
        if not self.done.done():
            self.done.set_exception(exc or RuntimeError("the server hung up"))

    def _send(self) -> None:
        following = next(self._requests, None)
        if following is None:
            self.done.set_result(None)
            self._transport.abort()
            return
        self._sent = time.perf_counter()
        self._transport.write(following)


def requests(target: Target, first: int, count: int) -> list[bytes]:
    """So many events as they go over the wire."""
    made = []
    for number in range(first, first + count):
        body = msgspec.json.encode(event(number))
        head = (
            f"POST /v1/default/events HTTP/1.1\r\nHost: {target.host}\r\n"
            f"Authorization: Bearer {target.token}\r\n"
            "Content-Type: application/cloudevents+json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def load(target: Target, clients: int, wire: list[bytes]) -> tuple[float, list[float]]:
    """Send everything; requests a second, and the seconds each took."""
    times: list[float] = []
    shared = iter(wire)
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    opened = [
        await loop.create_connection(lambda: Client(shared, times), target.host, target.port)
        for _ in range(clients)
    ]
    await asyncio.gather(*[client.done for _, client in opened])
    return len(wire) / (time.perf_counter() - start), times


@contextlib.contextmanager
def peer() -> Iterator[Target]:
    """The parse-only server in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = multiprocessing.get_context("spawn").Process(target=parse_only, args=(listening,))
        process.start()
        assert process.pid is not None
        try:
            host, port = listening.getsockname()
            yield Target(host, port, "none", process.pid)
        finally:
            process.terminate()
            process.join()


def memory(process: int) -> float:
    """What a process holds in memory, MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(ours: Target, theirs: Target, count: int) -> None:
    """Measure and print."""
    cores = sorted(os.sched_getaffinity(0))
    for target in (ours, theirs):
        os.sched_setaffinity(target.process, {cores[0]})
    os.sched_setaffinity(0, {cores[-1]})
    number = 0
    print("clients   ours/s   p50 ms   p99 ms   peer/s   p99 ms   ratio   server MiB")
    for clients in CLIENTS:
        rates: list[tuple[float, float]] = []
        mine: list[float] = []
        other: list[float] = []
        for _ in range(ROUNDS):
            rate, times = uvloop.run(load(ours, clients, requests(ours, number, count)))
            number += count
            mine += times
            plain, times = uvloop.run(load(theirs, clients, requests(theirs, number, count)))
            other += times
            rates.append((rate, plain))
        rate, plain = (statistics.median(column) for column in zip(*rates, strict=True))
        p50, p99 = statistics.median(mine), statistics.quantiles(mine, n=100)[98]
        print(
            f"{clients:7} {rate:8.0f} {1e3 * p50:8.1f} {1e3 * p99:8.1f} {plain:8.0f}"
            f" {1e3 * statistics.quantiles(other, n=100)[98]:8.1f} {rate / plain:7.2f}"
            f" {memory(ours.process):12.0f}"
        )


def main() -> None:
    """Run both servers and measure."""
    folder = Path(tempfile.mkdtemp(prefix="pipeledger-bench-"))
    folder.chmod(0o711)
    try:
        with serving(folder / "data") as server, peer() as theirs:
            at = urlsplit(server.url)
            assert at.hostname is not None
            assert at.port is not None
            ours = Target(at.hostname, at.port, server.token, server.printed.pid)
            measure(ours, theirs, int(os.environ.get("BENCH_N", "3000")))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
