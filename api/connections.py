"""A connection that nobody can hold, or fill, without sending a request.

The HTTP server gives a sender all the time there is and keeps as long a head as comes. Here a
head has to be there soon and be short, a body has to keep coming, and more connections than there
is room for are closed at once, so that files are left for the ledger itself.
"""

from __future__ import annotations

import logging
import resource
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Final

import httptools
import msgspec
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import MEDIA_TYPE, problem

if TYPE_CHECKING:
    import asyncio

MAX_HEAD: Final = 65_536
"""Bytes of a request's line and headers."""
_WANTED_FILES: Final = 16_384
_OWN_FILES: Final = 1_024
"""Kept for databases, facts and what comes in."""
# What strangers send that is no request is no news, and there may be any number of them.
_LOG: Final = logging.getLogger("pipeledger.connections")
_LOG.setLevel(logging.ERROR)


class Bounded(HttpToolsProtocol):
    """One connection.

    Attributes:
        most: connections at the same time.
        period_s: how often a sender is looked at who has more to send. Within the first period a
            head has to be whole.
        least: bytes that a body has to bring in a period; in two that follow each other it did not.
    """

    most: ClassVar[int] = 1_024
    period_s: ClassVar[float] = 15.0
    least: ClassVar[int] = 15_360

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - the server's own
        super().__init__(*args, **more)
        self.logger = _LOG
        self._watch: asyncio.TimerHandle | None = None
        self._in_head = True
        self._is_open = True
        self._is_body = False
        self._kept = 0
        self._fed = 0
        self._came = 0
        self._slow = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let a sender in, if there is room."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
            return
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the sender."""
        self._look_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and no more than a little of what is neither a whole head nor body."""
        self._came += len(data)
        was_open, self._is_body = self._is_open, False
        self._fed = self._kept + len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._is_open:
            if self._watch is not None:
                self._look_no_more()
            return
        # The parser keeps headers, and those that may follow a body, until they end.
        self._kept = 0 if self._is_body or not was_open else self._kept + len(data)
        if self._kept > MAX_HEAD:
            self.send_400_response("")
        elif self._watch is None:
            self._look_later()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = self._is_open = True
        self._kept = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head ends.

        Raises:
            HttpParserError: it is too long.
        """
        # Nearly every head came in one short piece, and need not be measured.
        if self._fed > MAX_HEAD:
            said = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if said > MAX_HEAD:
                self._kept = said
                raise httptools.HttpParserError
        self._in_head, self._kept = False, 0
        super().on_headers_complete()
        # What follows a body is nothing that anybody asks for.
        self.headers = deque(maxlen=0)  # type: ignore[assignment]  # it is only appended to

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._is_body = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._is_open = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, and say nothing more."""
        too_long = self._kept > MAX_HEAD
        error = HTTPException(431) if too_long else HTTPException(400, msg)
        told = problem(error) | ({"detail": f"at most {MAX_HEAD} bytes"} if too_long else {})
        body = msgspec.json.encode(told)
        self.transport.write(
            f"HTTP/1.1 {told['status']} {told['title']}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
            + body
        )
        self.transport.close()

    def _look_later(self) -> None:
        self._came = 0
        self._watch = self.loop.call_later(self.period_s, self._look)

    def _look_no_more(self) -> None:
        self._slow = 0
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self) -> None:
        self._watch = None
        if self.transport.is_closing():
            return
        # While the server does not read, the sender cannot send.
        slow = self._came < self.least and not self.flow.read_paused
        self._slow = self._slow + 1 if slow else 0
        if self._in_head or self._slow > 1:
            self.transport.abort()
            return
        self._look_later()


def make_room() -> int:
    """Let this process have more files, if it may; how many connections it then has room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    files = _WANTED_FILES if soft == resource.RLIM_INFINITY else soft
    return max(files - _OWN_FILES, files // 2)
