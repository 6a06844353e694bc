"""Reads request bodies within limits, whatever a sender claims about them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError, TooLargeError

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_EVENT: Final = 1_048_576
MAX_BATCH: Final = 16 * 1_048_576
MAX_BATCH_EVENTS: Final = 5_000
_GZIP: Final = 31
"""zlib's window bits for gzip with its header."""


async def read_body(request: Request, limit: int) -> bytes:
    """The body, decompressed where it came as gzip.

    Raises:
        TooLargeError: more than `limit` bytes, packed or unpacked.
        RefusedError: another encoding, or no whole gzip stream.
    """
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated) > limit:
        raise TooLargeError("body", f"at most {limit} bytes")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise RefusedError("header content-encoding", "expected gzip or none")
    packed = encoding == "gzip"
    unzip = zlib.decompressobj(_GZIP)
    pieces: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        try:
            # One byte over the limit is enough to know: a bomb is never unpacked.
            piece = unzip.decompress(chunk, limit - size + 1) if packed else chunk
        except zlib.error:
            raise RefusedError("body", "no gzip stream") from None
        size += len(piece)
        if size > limit:
            raise TooLargeError("body", f"at most {limit} bytes")
        pieces.append(piece)
    if packed and (not unzip.eof or unzip.unused_data):
        raise RefusedError("body", "the gzip stream is cut off or something follows it")
    return b"".join(pieces)
