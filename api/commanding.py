"""What the server's commands share: where the data lies, which ledger, in whose name."""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from api.granting import Granting
from api.guards.address import parse_guard
from api.host import Host, Settings, now
from domain.errors import SettingError, UnavailableError
from domain.instant import read_instant
from store.files import write_file
from store.ledger.ledger import SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.served import Served
    from projections.catalogue import Catalogue

DEFAULT: Final = "default"
_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")
WITNESSING: Final = "PIPELEDGER_WITNESSING"
"""Whether a receipt is given without the witnesses' quorum: `open` (it is) or `closed`."""
F = TypeVar("F", bound=Callable[..., Any])


def _default_data() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/pipeledger/data")
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "pipeledger"


def _witnessed_only() -> bool:
    said = os.environ.get(WITNESSING, "open")
    if said not in ("open", "closed"):
        raise SettingError(f"{WITNESSING}: expected open or closed")
    return said == "closed"


def placed(command: F) -> F:
    """Add the options that say where a server keeps its things."""

    @click.option(
        "--data", envvar="PIPELEDGER_DATA", type=click.Path(path_type=Path), default=None,
        metavar="DIR", help="where the server keeps its things; else where docs/operations.md says",
    )  # fmt: skip
    @click.option(
        "--database", envvar="PIPELEDGER_DATABASE_URL", default=None, metavar="URL",
        help="a PostgreSQL of your own, in place of the embedded one",
    )  # fmt: skip
    @functools.wraps(command)
    def wrapped(data: Path | None, database: str | None, **rest: object) -> object:
        guard = os.environ.get("PIPELEDGER_GUARD")
        settings = Settings(
            (data or _default_data()).absolute(), database,
            parse_guard(guard) if guard else None, _witnessed_only(),
            os.environ.get("PIPELEDGER_SIGNER") or None,
        )  # fmt: skip
        return command(settings=settings, **rest)

    return wrapped  # type: ignore[return-value]  # click replaces the signature


of_ledger: Final = click.option(
    "--ledger", "name", default=DEFAULT, show_default=True, metavar="NAME", help="which ledger"
)


def _catalogue(_: click.Context, __: click.Parameter, folder: Path | None) -> Catalogue:
    # Only commands that have this option call it.
    from projections.asked_controls import check_catalogue  # noqa: PLC0415
    from projections.catalogue import read_catalogue  # noqa: PLC0415

    found = read_catalogue(folder)
    check_catalogue(found)
    return found


of_controls: Final = click.option(
    "--controls", "catalogue", envvar="PIPELEDGER_CONTROLS", default=None, metavar="DIR",
    type=click.Path(path_type=Path), callback=_catalogue,
    help="an organisation's own tests and controls, laid over the catalogue that comes along",
)  # fmt: skip
"""Gives the catalogue in effect; a file of it that is wrong stops the command."""


@contextlib.contextmanager
def opened(settings: Settings, name: str) -> Iterator[Served]:
    """Open a ledger for the length of the block.

    Raises:
        SettingError: there is none of this name.
    """
    with Host(settings) as home:
        one = home.open(name)
        try:
            yield one
        finally:
            one.close()


def granting(one: Served) -> Granting:
    """Grants in the name of the server."""
    # Whoever may run commands on the server's own data is the server, as far as it can tell.
    return Granting(one, SERVER, now(), os.urandom)


def until_of(text: str | None) -> datetime | None:
    """When `--expires` ends, counted from now; None for never.

    Raises:
        SettingError: no number of days.
    """
    if text is None:
        return None
    match = _DAYS.fullmatch(text)
    if match is None:
        raise SettingError("--expires: a number of days, such as 90d")
    return now() + timedelta(days=int(match[1]))


def window_of(since: str | None, to: str | None) -> dict[str, datetime]:
    """The parameters of the window that `--from` and `--to` choose; what they leave open is not in.

    Raises:
        RefusedError: an instant is none.
    """
    told = {"window_from": read_instant(since, "--from"), "window_to": read_instant(to, "--to")}
    return {name: one for name, one in told.items() if one is not None}


def write_whole(target: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, for its owner alone.

    Raises:
        UnavailableError: the disk.
    """
    try:
        write_file(target, content)
    except OSError as error:
        raise UnavailableError(f"{target} cannot be written: {error.strerror}") from error
