"""A proxy before a PostgreSQL server that cuts connections at a chosen message."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Cut:
    """When a connection is cut.

    Attributes:
        at: bytes that occur in what the client sends.
        passed_on: the server gets them, and its answer is lost; else it never sees them.
        times: how often it is still to happen.
    """

    at: bytes
    passed_on: bool = False
    times: int = 1


@dataclass
class Proxy:
    """What stands between.

    Attributes:
        conninfo: of the server, through this proxy.
        cut: what is to be cut next, or None.
        cuts: how many connections were cut.
    """

    conninfo: str = ""
    cut: Cut | None = None
    cuts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def decide(self, sent: bytes) -> Cut | None:
        """Whether this is to be cut."""
        with self.lock:
            if self.cut is None or self.cut.at not in sent or not self.cut.times:
                return None
            self.cut.times -= 1
            self.cuts += 1
            return self.cut


@contextlib.contextmanager
def cutting(conninfo: str) -> Iterator[Proxy]:
    """Stand before a server for the length of the block."""
    proxy = Proxy()
    listening = socket.create_server(("127.0.0.1", 0))
    proxy.conninfo = make_conninfo(
        conninfo, host="127.0.0.1", port=listening.getsockname()[1], sslmode="disable"
    )
    threading.Thread(target=_accept, args=(proxy, listening, conninfo), daemon=True).start()
    try:
        yield proxy
    finally:
        listening.close()


def _accept(proxy: Proxy, listening: socket.socket, conninfo: str) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        server = _connected(conninfo)
        # What the client asks for is looked at; what is answered is passed on as it comes.
        for target in (_asked, _answered):
            threading.Thread(target=target, args=(proxy, client, server), daemon=True).start()


def _connected(conninfo: str) -> socket.socket:
    found = conninfo_to_dict(conninfo)
    host, port = str(found.get("host") or "127.0.0.1"), int(str(found.get("port") or 5432))
    if host.startswith("/"):
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server
    return socket.create_connection((host, port))


def _asked(proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while sent := client.recv(65_536):
            cut = proxy.decide(sent)
            if cut is None:
                server.sendall(sent)
                continue
            # The client hears nothing any more, whatever the server does.
            client.shutdown(socket.SHUT_RDWR)
            if cut.passed_on:
                server.sendall(sent)
                # It does what it was told before it sees that nobody is there any more.
                server.shutdown(socket.SHUT_WR)
                while server.recv(65_536):
                    pass
            break
    _close(client, server)


def _answered(_: Proxy, client: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while told := server.recv(65_536):
            client.sendall(told)
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
