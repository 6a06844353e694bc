"""A server that answers with whatever bytes a test wants, as slowly as it wants."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HEAD_END = b"\r\n\r\n"


class Hostile:
    """One answer for every connection.

    Attributes:
        url: its address.
        requests: heads and bodies that came in, one a connection.
        closing: set when the test is over, so that endless answers end.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[bytes] = []
        self.closing = threading.Event()

    def drip(self, connection: socket.socket, piece: bytes) -> None:
        """Send a piece again and again, never long after each other."""
        while not self.closing.wait(0.05):
            connection.sendall(piece)


def answering(raw: bytes) -> Callable[[Hostile, socket.socket], None]:
    """A script that sends these bytes and hangs up."""
    return lambda _, connection: connection.sendall(raw)


def whole(
    body: bytes, status: str = "201 Created", kind: str = "application/json", more: str = ""
) -> bytes:
    """A well-formed answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


@contextlib.contextmanager
def hostile(
    script: Callable[[Hostile, socket.socket], None],
    certificate: Path | None = None,
    *,
    reads_per_s: int = 0,
) -> Iterator[Hostile]:
    """Listen for the length of the block.

    Args:
        script: what is done with a connection after its request was read.
        certificate: file with key and certificate; speaks TLS then.
        reads_per_s: bytes a second that it reads of a request; 0: as they come.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    scheme = "http" if certificate is None else "https"
    server = Hostile(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:  # the client may have gone
            speaking = context.wrap_socket(connection, server_side=True) if context else connection
            with speaking:
                server.requests.append(_request(speaking, reads_per_s))
                script(server, speaking)
                # Closed with unread bytes it would be reset, and the answer lost with it.
                speaking.shutdown(socket.SHUT_WR)
                while speaking.recv(65_536):
                    pass

    def accept() -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                connection, _ = listener.accept()
                connection.settimeout(30)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def write_certificate(file: Path, *, name: str = "127.0.0.1", days: int = 1) -> None:
    """Write a key and a certificate that nobody has signed but itself.

    Args:
        file: where.
        name: whose certificate it is.
        days: how long it lasts; negative: it has ended.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - dt.timedelta(days=10))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


def _request(connection: socket.socket, reads_per_s: int) -> bytes:
    """The head of a request, and its body as far as it states a length."""
    slowly = threading.Event()
    raw = b""
    while HEAD_END not in raw:
        piece = connection.recv(65_536)
        if not piece:
            return raw
        raw += piece
    head, _, body = raw.partition(HEAD_END)
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        if reads_per_s:
            slowly.wait(65_536 / reads_per_s)  # a slow line
        piece = connection.recv(65_536)
        if not piece:
            break
        body += piece
    return head + HEAD_END + body
