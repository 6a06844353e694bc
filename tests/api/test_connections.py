"""Connections of senders who are slow, endless or too many, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from api.connections import MAX_HEAD, Bounded, make_room
from tests.witnessing import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

POST = b"POST /%s HTTP/1.1\r\nHost: ledger.example\r\nContent-Length: %d\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: ledger.example\r\n\r\n"


class Hasty(Bounded):
    """The same, within the time of a test."""

    most = 4
    period_s = 0.2
    least = 100


async def measure(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers how long a body was; under `/late` it begins to read after several periods."""
    if scope["path"] == "/late":
        await asyncio.sleep(5 * Hasty.period_s)
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        more = message["more_body"]
    body = b"%d" % length
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, int]]:
    """Where it listens."""
    with listening(measure, http=Hasty) as url:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        yield parts.hostname, parts.port


@contextlib.contextmanager
def sender(place: tuple[str, int]) -> Iterator[socket.socket]:
    """Somebody who is connected."""
    with socket.create_connection(place, timeout=10) as connection:
        yield connection


def dribble(connection: socket.socket, piece: bytes, times: int, every_s: float) -> bytes:
    """Send a piece again and again until something is answered; empty: it was closed."""
    connection.settimeout(every_s)
    for _ in range(times):
        try:
            connection.sendall(piece)
            return connection.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            return b""
    connection.settimeout(10)
    return connection.recv(65_536)


def test_whoever_says_nothing_is_let_go(place: tuple[str, int]) -> None:
    """A connection alone is no request."""
    with sender(place) as connection, contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_a_head_that_does_not_end_soon_is_not_waited_for(place: tuple[str, int]) -> None:
    """However steadily its bytes come."""
    with sender(place) as connection:
        connection.sendall(GET[:-2] + b"X-Slow: ")
        assert dribble(connection, b"a", 100, 0.05) == b""


LONG: dict[str, bytes] = {
    "a long header": GET[:-2] + b"X: " + b"a" * MAX_HEAD + b"\r\n\r\n",
    "many headers": GET[:-2] + b"X: a\r\n" * MAX_HEAD + b"\r\n",
    "a header without an end": GET[:-2] + b"X: " + b"a" * 8 * MAX_HEAD,
    "a long address": b"GET /" + b"a" * MAX_HEAD + GET[5:],
    "a header behind the body": (
        GET.replace(b"GET", b"POST")[:-2] + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: "
        + b"a" * 16 * MAX_HEAD
    ),
}  # fmt: skip


@pytest.mark.parametrize("sent", LONG.values(), ids=LONG)
def test_a_head_is_not_kept_without_end(place: tuple[str, int], sent: bytes) -> None:
    """It is refused as too long, and the connection ends."""
    with sender(place) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(sent)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                answer += piece
    # What was refused before all of it was read may be answered by a reset alone.
    assert not answer or answer.startswith(b"HTTP/1.1 431 ")


def test_a_head_that_is_too_long_is_told_so(place: tuple[str, int]) -> None:
    """With the limit, as a problem."""
    with sender(place) as connection:
        connection.sendall(LONG["a long header"])
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in answer
    assert b"at most 65536 bytes" in answer


def test_what_is_no_request_is_a_problem_and_not_told_of(
    place: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    """It ends the connection, and strangers do not fill the logs with it."""
    servers = logging.getLogger("uvicorn.error")
    caplog.set_level(logging.DEBUG, logger=servers.name)
    servers.addHandler(caplog.handler)
    with sender(place) as connection:
        connection.sendall(b"hello\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400 ")
    servers.removeHandler(caplog.handler)
    assert caplog.records == []


def test_a_body_that_hardly_comes_is_not_waited_for(place: tuple[str, int]) -> None:
    """It must bring some bytes in each of two periods that follow each other."""
    with sender(place) as connection:
        connection.sendall(POST % (b"now", 1_000_000))
        assert dribble(connection, b"a", 100, 0.05) == b""


def test_a_body_that_comes_slowly_but_steadily_is_taken(place: tuple[str, int]) -> None:
    """Over many periods."""
    with sender(place) as connection:
        connection.sendall(POST % (b"now", 2_000))
        answer = dribble(connection, b"a" * 100, 20, 0.08)
    assert answer.endswith(b"\r\n\r\n2000")


def test_who_waits_for_the_server_is_not_blamed(place: tuple[str, int]) -> None:
    """While nobody reads, nothing can come; and a whole request may take its time."""
    for length in (10, 3_000_000):
        with sender(place) as connection:
            connection.sendall(POST % (b"late", length) + b"a" * length)
            assert connection.recv(65_536).endswith(b"\r\n\r\n%d" % length)


def test_a_connection_serves_one_request_after_the_other(place: tuple[str, int]) -> None:
    """The limits are of each, also where two come in one piece."""
    with sender(place) as connection:
        for _ in range(3):
            connection.sendall(POST % (b"now", 5) + b"hello")
            assert connection.recv(65_536).endswith(b"\r\n\r\n5")
        connection.sendall((POST % (b"now", 1) + b"a") * 2)
        answers = b""
        while answers.count(b"\r\n\r\n1") < 2:
            answers += connection.recv(65_536)


def test_beyond_the_most_connections_new_ones_are_closed_at_once(place: tuple[str, int]) -> None:
    """Those that are there go on."""
    with contextlib.ExitStack() as stack:
        here = [stack.enter_context(sender(place)) for _ in range(Hasty.most)]
        for connection in here:
            connection.sendall(POST % (b"late", 1) + b"a")
        with sender(place) as more, contextlib.suppress(ConnectionResetError):
            assert more.recv(1) == b""
        for connection in here:
            assert connection.recv(65_536).endswith(b"\r\n\r\n1")


def test_there_is_room_for_connections_and_for_the_ledger_s_own_files() -> None:
    """Whatever the machine allows, some of it is left."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        most = make_room()
        after, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert hard == before[1]
    assert after >= before[0]
    assert 0 < most <= after - 512 or most == after // 2
