"""Reads request bodies within limits, whatever a sender claims about them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import ClientDisconnect

from api.headers import header
from domain.errors import RefusedError, TooLargeError
from intake.scratch import FEW, Scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

_GZIP: Final = 31
"""zlib's window bits for gzip with its header."""
_NOT_WHOLE: Final = "the gzip stream is cut off or something follows it"


async def read_body(
    request: Request, limit: int, take: Callable[[int], None] | None = None
) -> bytes:
    """The body, decompressed where it came as gzip.

    Args:
        request: with the body.
        limit: bytes.
        take: is told of every piece before the next one is read, and may refuse it.

    Raises:
        TooLargeError: more than `limit` bytes, packed or unpacked.
        RefusedError: another encoding, or no whole gzip stream.
        ClientDisconnect: the sender went away.
    """
    unpack = _unpacking(request, limit)
    pieces: list[bytes] = []

    def keep(piece: bytes) -> None:
        if take is not None:
            take(len(piece))
        pieces.append(piece)

    more = True
    while more:
        # Most bodies are one message; the framework's stream costs more than that.
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        found = unpack.pieces(message.get("body", b""))
        if unpack.packed:
            # Off the event loop: little that is packed may be much.
            async for piece in iterate_in_threadpool(found):
                keep(piece)
        else:
            for piece in found:
                keep(piece)
        more = message.get("more_body", False)
    unpack.end()
    return b"".join(pieces)


async def keep_body(request: Request, limit: int) -> Scratch:
    """A long body, decompressed where it came as gzip; it does not stay in memory.

    Raises:
        TooLargeError: more than `limit` bytes, packed or unpacked.
        RefusedError: another encoding, or no whole gzip stream.
        UnavailableError: the disk cannot keep it.
    """
    unpack = _unpacking(request, limit)
    kept = Scratch()

    def keep(chunks: list[bytes]) -> None:
        for chunk in chunks:
            for piece in unpack.pieces(chunk):
                kept.write(piece)

    waiting: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        waiting.append(chunk)
        size += len(chunk)
        if size >= FEW:
            # Off the event loop: a disk may be slow, and little that is packed may be much.
            await run_in_threadpool(keep, waiting)
            waiting, size = [], 0
    await run_in_threadpool(keep, waiting)
    unpack.end()
    return kept


class _Unpacking:
    """Unpacks a body piece by piece; a bomb is never unpacked.

    Attributes:
        left: bytes that may still come.
        packed: whether the body comes as gzip.
    """

    def __init__(self, limit: int, *, packed: bool) -> None:
        self._limit = self.left = limit
        self._came = 0
        self.packed = packed
        self._unzip = zlib.decompressobj(_GZIP) if packed else None

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk of the body is unpacked."""
        if self._unzip is None:
            yield self._counted(chunk)
            return
        self._came += len(chunk)
        if self._came > self._limit:
            raise self._too_large()
        while chunk:
            try:
                piece = self._unzip.decompress(chunk, FEW)
            except zlib.error:
                raise RefusedError("body", "no gzip stream") from None
            chunk = self._unzip.unconsumed_tail
            yield self._counted(piece)
            if self._unzip.unused_data:
                # It would be kept, however much comes.
                raise RefusedError("body", _NOT_WHOLE)

    def end(self) -> None:
        """The body has ended."""
        if self._unzip is not None and not self._unzip.eof:
            raise RefusedError("body", _NOT_WHOLE)

    def _counted(self, piece: bytes) -> bytes:
        self.left -= len(piece)
        if self.left < 0:
            raise self._too_large()
        return piece

    def _too_large(self) -> TooLargeError:
        return TooLargeError("body", f"at most {self._limit} bytes")


def _unpacking(request: Request, limit: int) -> _Unpacking:
    stated = header(request, b"content-length") or ""
    if stated.isascii() and stated.isdigit() and int(stated) > limit:
        raise TooLargeError("body", f"at most {limit} bytes")
    encoding = (header(request, b"content-encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise RefusedError("header content-encoding", "expected gzip or none")
    return _Unpacking(limit, packed=encoding == "gzip")
