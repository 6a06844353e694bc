"""Where a server listens: an address that is taken before anything else is begun."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from domain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

HOST: Final = "127.0.0.1"
"""Where it listens unless something else is said: for this machine alone."""
PORTS: Final = click.IntRange(0, 65_535)
_INSTEAD: Final = "--host and --port choose another"


def listens(port: int) -> Callable[[F], F]:
    """Add the options that say where to listen.

    Args:
        port: the one that is taken where none is said.
    """
    host_option = click.option(
        "--host", envvar="PIPELEDGER_HOST", default=HOST, show_default=True,
        help="address to listen on; :: and 0.0.0.0 are all of this machine",
    )  # fmt: skip
    port_option = click.option(
        "--port", envvar="PIPELEDGER_PORT", default=port, show_default=True, type=PORTS,
        help="0: a free one",
    )  # fmt: skip
    return lambda command: host_option(port_option(command))


def take(host: str, port: int, instead: str = _INSTEAD) -> socket.socket:
    """Take an address; whoever connects is refused until the socket listens.

    A name goes to its IPv4 address; an address with a colon is one of IPv6.

    Args:
        host: name or address.
        port: 0: a free one.
        instead: how another one is chosen, for people.

    Raises:
        SettingError: it is none of this machine, or taken.
    """
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        # A server that comes again need not wait for connections of the last one to be forgotten.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise SettingError(
            f"cannot listen on {host} port {port}: {error.strerror}; {instead}"
        ) from error
    return taken


def url_of(host: str, port: int) -> str:
    """The address to open, such as `http://127.0.0.1:8400`."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def read_public_url(_: click.Context, __: click.Parameter, told: str | None) -> str | None:
    """The address that others reach the server by, without a slash at its end.

    Raises:
        click.BadParameter: it is none.
    """
    if told is None:
        return None
    try:
        there = urlsplit(told)
    except ValueError:
        there = urlsplit("")
    if there.scheme not in ("http", "https") or not there.hostname or there.query or there.fragment:
        raise click.BadParameter(
            "expected an address such as https://ledger.example.org, with its scheme"
        )
    return told.rstrip("/")
