"""Single events over HTTP, beside a route of the same framework that only parses their bodies.

`python -m bench.http`: all threads of the server run on the first core, this generator on the
last; the database runs where it likes. Each round sends the same number of events to either; told
are medians.

Connections are kept: each has had an answer before the clock starts. The HTTP server accepts one
connection a turn of its event loop, so that of many that come at once under full load the last
ones wait for as many turns; that is told as the longest first answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import socket
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import msgspec
import uvicorn
import uvloop
from fastapi import FastAPI, Request, Response

from bench.events import deployment
from bench.figures import Figure, memory, p99, scratch, tell
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.serving import Running

ROUNDS: Final = 3
COUNT: Final = 3_000
"""Requests a round."""
CLIENTS: Final = (1, 16, 64)
JUDGED: Final = 64
ONE: Final = "application/cloudevents+json"


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

    def __init__(self) -> None:
        self._answer = b""
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def start(self, requests: Iterator[bytes], times: list[float]) -> asyncio.Future[None]:
        """Send until there are no more requests; done when the last one is answered.

        Args:
            requests: shared by all connections.
            times: takes the seconds each answer took.
        """
        self._requests, self._times = requests, times
        self._done = asyncio.get_running_loop().create_future()
        self._send()
        return self._done

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()

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
            self._done.set_exception(RuntimeError(self._answer.decode()))
            return
        self._answer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server hung up."""
        if not self._done.done():
            self._done.set_exception(exc or RuntimeError("the server hung up"))

    def _send(self) -> None:
        following = next(self._requests, None)
        if following is None:
            self._done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(following)


def requests(target: Target, first: int, count: int) -> list[bytes]:
    """So many events as they go over the wire."""
    numbers = range(first, first + count)
    return [posted(target, ONE, msgspec.json.encode(deployment(number))) for number in numbers]


def posted(target: Target, media: str, body: bytes) -> bytes:
    """A request that sends events."""
    head = (
        f"POST /v1/default/events HTTP/1.1\r\nHost: {target.host}\r\n"
        f"Authorization: Bearer {target.token}\r\nContent-Type: {media}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def target_of(server: Running, token: str | None = None) -> Target:
    """Where a server takes events."""
    at = urlsplit(server.url)
    assert at.hostname is not None
    assert at.port is not None
    return Target(at.hostname, at.port, token or server.token, server.printed.pid)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round took.

    Attributes:
        rate: requests a second.
        times: seconds that each request took.
        first: seconds that the slowest of the first answers took, all connections new.
    """

    rate: float
    times: list[float]
    first: float


async def load(target: Target, clients: int, wire: list[bytes]) -> Round:
    """Open connections, send one request over each, then send all others as fast as they go."""
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(Client, target.host, target.port))[1] for _ in range(clients)
    ]
    first: list[float] = []
    await asyncio.gather(*[one.start(iter(wire[n : n + 1]), first) for n, one in enumerate(opened)])
    times: list[float] = []
    rest = iter(wire[clients:])
    start = time.perf_counter()
    await asyncio.gather(*[one.start(rest, times) for one in opened])
    took = time.perf_counter() - start
    for one in opened:
        one.close()
    return Round(len(times) / took, times, max(first))


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


def measure() -> Iterator[Figure]:
    """Run both servers and measure."""
    with scratch() as folder, serving(folder / "data") as server, peer() as theirs:
        ours = target_of(server)
        cores = sorted(os.sched_getaffinity(0))
        for target in (ours, theirs):
            for thread in Path(f"/proc/{target.process}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {cores[0]})
        os.sched_setaffinity(0, {cores[-1]})
        number = 0
        for clients in CLIENTS:
            mine: list[Round] = []
            other: list[Round] = []
            count = COUNT + clients
            for _ in range(ROUNDS):
                mine.append(uvloop.run(load(ours, clients, requests(ours, number, count))))
                other.append(uvloop.run(load(theirs, clients, requests(theirs, 0, count))))
                number += count
            yield from _told(clients, mine, other)
        yield Figure("memory of the server, after these", memory(ours.process), "MiB")


def _told(clients: int, mine: list[Round], other: list[Round]) -> Iterator[Figure]:
    rate, plain = (statistics.median(one.rate for one in side) for side in (mine, other))
    slow, others = (p99([took for one in side for took in one.times]) for side in (mine, other))
    first, also = (statistics.median(one.first for one in side) for side in (mine, other))
    judged = clients == JUDGED
    what = f"single events over HTTP, {clients} clients"
    yield Figure(
        what, rate, "events/s", plain, 0.4 if judged else None, 0.6 if judged else None
    )  # fmt: skip
    if judged:
        yield Figure(f"{what}, p99", 1e3 * slow, "ms", floor=100, least=True)
        yield Figure(f"{what}, p99 of the peer", 1e3 * others, "ms")
        yield Figure(f"{what}, longest first answer", 1e3 * first, "ms")
        yield Figure(f"{what}, the peer's", 1e3 * also, "ms")


if __name__ == "__main__":
    tell(measure())
