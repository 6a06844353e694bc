"""Connections that wait for the head of an answer only so long altogether.

A socket's time limit begins anew with every byte, so a server that sends one byte now and then, or
`100 Continue` without end, would be waited for as long as it likes. Here the connection is closed
when the whole wait has lasted as long as one read may.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from base64 import b64encode
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3.response import HTTPResponse
    from urllib3.util import Url


class _Connection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3's own is so, too
        with _hung_up_after(self.timeout, self.sock):
            return super().getresponse()


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3's own is so, too
        with _hung_up_after(self.timeout, self.sock):
            return super().getresponse()


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def connections(proxy: str | None) -> urllib3.PoolManager:
    """A pool of such connections, through a proxy if one is given.

    Args:
        proxy: its address, with a name and password where it asks for them; or None. Without a
            scheme it is one of http.

    Raises:
        ValueError: no address of a proxy.
    """
    pool = _proxied(proxy) if proxy else urllib3.PoolManager()
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pool


def _proxied(proxy: str) -> urllib3.ProxyManager:
    with contextlib.suppress(LocationParseError):
        url = parse_url(proxy if "://" in proxy else f"http://{proxy}")
        if url.host:
            return _authorised(url)
    # Beside the library's own error, which repeats the address with the password in it.
    raise ValueError("the address of the proxy cannot be read")


def _authorised(url: Url) -> urllib3.ProxyManager:
    told = {}
    if url.auth:
        secret = b64encode(unquote_to_bytes(url.auth)).decode()
        told = {"Proxy-Authorization": f"Basic {secret}"}
    return urllib3.ProxyManager(url._replace(auth=None).url, proxy_headers=told)


@contextlib.contextmanager
def _hung_up_after(seconds: object, held: socket.socket | None) -> Iterator[None]:
    if not isinstance(seconds, int | float) or held is None:
        yield
        return
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        with contextlib.suppress(OSError):
            # The plain socket's own: one of TLS would wait for the other side.
            socket.socket.shutdown(held, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException) as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        # What was read ends where it was cut, and may look like a whole head.
        raise TimeoutError
