"""A ledger's HTTP side for tests: it takes events, serves a written ledger, and misbehaves."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.client.writer import b64, consistency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.client.writer import Writer

OK, CREATED, CONFLICT = 200, 201, 409


def receipt(position: int, kind: str) -> dict[str, Any]:
    """A receipt as the ledger gives it, but signed by nobody."""
    seq = json.dumps({"v": 1, "prev": "0" * 64, "pos": position}, separators=(",", ":"))
    ctx = json.dumps({"o": "ledger.example", "type": kind.rsplit(".v", 1)[0]})
    leaf = sha256(b"\0" + f"{seq}\n{ctx}".encode()).hexdigest()
    return {"position": position, "leaf": leaf, "seq": seq, "ctx": ctx}


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What goes out; `raw` replaces the whole answer, `None` hangs up."""

    status: int = OK
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    hang_up: bool = False


@dataclass
class Listening:
    """A ledger that listens.

    Attributes:
        url: its address.
        kept: bodies of the events it took, in order, each once.
        requests: all that came in.
        written: the ledger it serves to readers.
        behave: asked first for every request; a reply from it wins.
    """

    url: str = ""
    kept: list[bytes] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    written: Writer | None = None
    behave: Callable[[Request], Reply | None] = lambda _: None
    lock: threading.Lock = field(default_factory=threading.Lock)
    _positions: dict[str, int] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """Ids of the events it took."""
        return [json.loads(body)["id"] for body in self.kept]

    def answer(self, request: Request) -> Reply:
        """Answer as a ledger does, unless told to misbehave."""
        with self.lock:
            self.requests.append(request)
            misbehaviour = self.behave(request)
            if misbehaviour is not None:
                return misbehaviour
            if request.method == "POST" and request.path.endswith("/events"):
                return self._take(request)
            if request.method == "POST" and request.path.endswith("/reports"):
                return Reply(CREATED, json.dumps(self._report(request)).encode())
            return self._read(request)

    def keep(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Take one event; the same bytes again are no new event."""
        said = json.loads(body)
        position = self._positions.get(said["id"])
        if position is not None:
            if self.kept[position - 1] != body:
                return CONFLICT, {"detail": "other bytes of a known event"}
            return OK, receipt(position, said["type"])
        self.kept.append(body)
        self._positions[said["id"]] = len(self.kept)
        return CREATED, receipt(len(self.kept), said["type"])

    def _take(self, request: Request) -> Reply:
        if request.headers.get("content-type") != "application/x-ndjson":
            status, body = self.keep(request.body)
            return Reply(status, json.dumps(body).encode())
        rows = []
        for line in request.body.split(b"\n"):
            status, body = self.keep(line)
            rows.append({"status": status, ("problem" if status >= 400 else "receipt"): body})
        return Reply(207, json.dumps({"receipts": rows, "checkpoint": "note"}).encode())

    def _report(self, request: Request) -> dict[str, Any]:
        kind = "junit" if b"<testsuite" in request.body else "sarif"
        return {
            "recognised": {"format": kind, "tool": "pytest", "version": "8.0"},
            "receipts": [{"status": 201, "receipt": receipt(7, "pipeledger.tests.finished.v1")}],
        }

    def _consistency(self, request: Request) -> Reply:
        assert self.written is not None
        old, new = int(request.query["from"][0]), int(request.query["to"][0])
        if new > len(self.written.entries):
            return Reply(400, b'{"detail":"expected from <= to <= the published size"}')
        hashes = [b64(one) for one in consistency(old, self.written.leaves[:new])]
        return Reply(OK, json.dumps({"from": old, "to": new, "hashes": hashes}).encode())

    def _read(self, request: Request) -> Reply:
        assert self.written is not None
        name = request.path.split("/v1/default/", 1)[-1]
        if name == "log/keys":
            keys = {"origin": self.written.origin, "keys": self.written.vkeys}
            return Reply(OK, json.dumps(keys).encode())
        if name == "log/checkpoint":
            return Reply(OK, self.written.checkpoint())
        if name == "entries":
            after, limit = int(request.query["after"][0]), int(request.query["limit"][0])
            lines = self.written.lines(after + 1, after + limit)
            return Reply(OK, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        if name == "log/consistency":
            return self._consistency(request)
        if name.endswith("/proof"):
            return Reply(OK, self.written.proof(int(name.split("/")[1])))
        return Reply(404, b'{"detail":"nothing here"}')


@contextlib.contextmanager
def listening(port: int = 0) -> Iterator[Listening]:
    """Listen on a port of this machine for the length of the block."""
    ledger = Listening()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            parts = urlsplit(self.path)
            reply = ledger.answer(
                Request(
                    self.command,
                    parts.path,
                    parse_qs(parts.query),
                    {name.lower(): value for name, value in self.headers.items()},
                    self._body(),
                )
            )
            self.close_connection = True
            if reply.hang_up:
                return
            with contextlib.suppress(OSError):  # the client may have gone
                if reply.raw is not None:
                    self.wfile.write(reply.raw)
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while length := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(length))
                self.rfile.readline()
            return b"".join(chunks)

        do_GET = do_POST = _handle  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", port), Handler)
    ledger.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield ledger
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
