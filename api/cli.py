"""The server's command line: `pipeledger-server`."""

from __future__ import annotations

import functools
import os
import re
import socket
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from api.host import Host, Served, Settings, now
from api.receipts import fingerprint
from domain.errors import PipeledgerError, SettingError
from domain.people import Account

if TYPE_CHECKING:
    from store.credentials import Role

DEFAULT: Final = "default"
_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")
F = TypeVar("F", bound=Callable[..., Any])


def _default_data() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/pipeledger/data")
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "pipeledger"


def _placed(command: F) -> F:
    """Add the options that say where a server keeps its things."""

    @click.option("--data", envvar="PIPELEDGER_DATA", type=click.Path(path_type=Path), default=None)
    @click.option("--database", envvar="PIPELEDGER_DATABASE_URL", default=None, metavar="URL")
    @functools.wraps(command)
    def wrapped(data: Path | None, database: str | None, **rest: object) -> object:
        guard = os.environ.get("PIPELEDGER_GUARD")
        settings = Settings(
            (data or _default_data()).absolute(), database, Path(guard) if guard else None
        )
        return command(settings=settings, **rest)

    return wrapped  # type: ignore[return-value]  # click replaces the signature


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keep and serve delivery ledgers."""


@cli.command()
@_placed
@click.option("--host", envvar="PIPELEDGER_HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PIPELEDGER_PORT", default=8400, show_default=True, type=int)
def serve(settings: Settings, host: str, port: int) -> None:
    """Serve every ledger; the first start makes the ledger `default`."""
    from api.serving import run  # noqa: PLC0415 - the HTTP server loads only to serve

    with Host(settings) as home:
        for warning in home.warnings:
            click.echo(f"warning: {warning}", err=True)
        first = not home.names()
        if first:
            home.create(DEFAULT, f"pipeledger.invalid/{os.urandom(16).hex()}")
        served: dict[str, Served] = {}
        try:
            for name in home.names():
                served[name] = home.open(name)
            with socket.create_server((host, port)) as listening:
                url = f"http://{host}:{listening.getsockname()[1]}"
                for name, one in served.items():
                    token = _issue(one, "operator", "operator", None) if first else None
                    _greet(name, one, url, token)
                run(served, listening)
        except OSError as error:
            raise SettingError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        finally:
            for one in served.values():
                one.ledger.close()


def _greet(name: str, one: Served, url: str, token: str | None) -> None:
    mark = fingerprint(one.ledger.vkeys)
    click.echo(f"ledger {name}: {one.ledger.origin}, {one.ledger.published.size} entries")
    click.echo(f"fingerprint {mark}")
    click.echo(f"listening on {url}\n")
    if token is not None:
        click.echo("Paste this to send the first event and to verify the ledger:\n")
        click.echo(f"  export PIPELEDGER_URL={url}")
        click.echo(f"  export PIPELEDGER_TOKEN={token}")
        click.echo(f"  pipeledger trust add {url} --fingerprint {mark}")
        click.echo(
            "  pipeledger emit deployment.finished deployment=d-1 service=checkout "
            "environment=production outcome=success"
        )
        click.echo(f"  pipeledger verify {url}\n")


def _issue(one: Served, role: Role, who: str, days: int | None) -> str:
    (person,) = one.register.resolve([Account(system="pipeledger", login=who)])
    expires = None if days is None else now() + timedelta(days=days)
    token, _ = one.tokens.issue(person, role, (), expires)
    return token


@cli.group()
def ledger() -> None:
    """Make and list ledgers."""


@ledger.command("create")
@_placed
@click.argument("name")
@click.option("--origin", required=True)
def ledger_create(settings: Settings, name: str, origin: str) -> None:
    """Make a ledger."""
    with Host(settings) as home:
        home.create(name, origin)
        click.echo(f"made ledger {name} with the origin {origin}")


@ledger.command("list")
@_placed
def ledger_list(settings: Settings) -> None:
    """List the ledgers."""
    with Host(settings) as home:
        for name in home.names():
            click.echo(f"{name}\t{home.origin(name)}")


@cli.group()
def token() -> None:
    """Make, list and revoke API tokens."""


@token.command("create")
@_placed
@click.option("--ledger", "name", default=DEFAULT, show_default=True)
@click.option(
    "--role", type=click.Choice(["emitter", "approver", "auditor", "operator"]), required=True
)
@click.option("--name", "who", required=True, help="whose it is")
@click.option("--expires", default=None, metavar="90d")
def token_create(settings: Settings, name: str, role: Role, who: str, expires: str | None) -> None:
    """Make a token and print it, this once."""
    days = None
    if expires is not None:
        match = _DAYS.fullmatch(expires)
        if match is None:
            raise SettingError("--expires: a number of days, such as 90d")
        days = int(match[1])
    with Host(settings) as home:
        one = home.open(name)
        try:
            click.echo(_issue(one, role, who, days))
        finally:
            one.ledger.close()


@token.command("list")
@_placed
@click.option("--ledger", "name", default=DEFAULT, show_default=True)
def token_list(settings: Settings, name: str) -> None:
    """List the tokens that are valid."""
    with Host(settings) as home:
        home.origin(name)
        for one in home.tokens(name).valid():
            until = "never" if one.expires is None else one.expires.isoformat()
            click.echo(f"{one.id}\t{one.role}\t{one.principal}\texpires {until}")


@token.command("revoke")
@_placed
@click.option("--ledger", "name", default=DEFAULT, show_default=True)
@click.argument("credential")
def token_revoke(settings: Settings, name: str, credential: str) -> None:
    """Make a token useless, by its id."""
    with Host(settings) as home:
        home.origin(name)
        home.tokens(name).revoke(credential)
        click.echo(f"revoked {credential}")


@cli.command()
@_placed
@click.option("--ledger", "name", default=DEFAULT, show_default=True)
def fsck(settings: Settings, name: str) -> None:
    """Re-derive everything that is kept; exit 1 and name each position that is damaged."""
    from domain.events import TYPES  # noqa: PLC0415 - only this command needs it
    from store.ledger.opening import examine  # noqa: PLC0415 - likewise

    with Host(settings) as home:
        findings = 0
        for finding in examine(
            name, home.origin(name), home.place(name), home.surroundings(name), TYPES
        ):
            click.echo(str(finding))
            findings += finding.damage
        if findings:
            sys.exit(1)
        click.echo("sound")


@cli.command()
@click.option("--data", envvar="DEMO_DATA", type=click.Path(path_type=Path), default=None)
@click.option("--port", envvar="DEMO_PORT", default=8400, show_default=True, type=int)
@click.option("--exit/--stay", "leave", envvar="DEMO_EXIT", default=False)
def demo(data: Path | None, port: int, leave: bool) -> None:  # noqa: FBT001 - an option
    """Send an organisation's quarter to a server of its own and verify it."""
    from api.demo import run_demo  # noqa: PLC0415 - only this command needs it

    sys.exit(run_demo(data, port, now(), sys.stdout, stay=not leave))


def main() -> None:
    """Run, and answer a known error with one line and exit status 2."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except PipeledgerError as error:
        click.echo(f"pipeledger-server: {error}", err=True)
        sys.exit(2)
