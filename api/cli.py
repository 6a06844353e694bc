"""The server's command line: `pipeledger-server`."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.commanding import (
    DEFAULT,
    granting,
    of_controls,
    of_ledger,
    opened,
    placed,
    until_of,
)
from api.exception_commands import emergency, people, waiver
from api.export_commands import export
from api.guard_commands import guard
from api.history_commands import rebuild
from api.host import Host, Served, Settings, now
from api.key_commands import key
from api.moving_commands import export_ledger, import_
from api.outlet_commands import export_as_cdevents, export_by_otlp, export_for_grafana
from api.receipts import fingerprint
from api.register_commands import assess, command, environment, event, service
from api.report_commands import report
from api.source_commands import source
from api.witness_commands import witness
from domain.errors import PipeledgerError, SettingError

if TYPE_CHECKING:
    from projections.catalogue import Catalogue
    from store.credentials import Role


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keep and serve delivery ledgers."""


@cli.command()
@placed
@of_controls
@click.option(
    "--outgoing",
    envvar="PIPELEDGER_OUTGOING",
    type=click.Choice(["otlp"]),
    help="hand events and figures on by OTLP while it runs (docs/outgoing.md)",
)
@click.option("--host", envvar="PIPELEDGER_HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PIPELEDGER_PORT", default=8400, show_default=True, type=int)
@click.option(
    "--metrics", envvar="PIPELEDGER_METRICS", default="token", show_default=True,
    type=click.Choice(["token", "loopback"]),
    help="who may read /metrics: a token of an auditor or operator, or this machine without one",
)  # fmt: skip
def serve(
    settings: Settings,
    catalogue: Catalogue,
    host: str,
    port: int,
    outgoing: str | None,
    metrics: str,
) -> None:
    """Serve every ledger; the first start makes the ledger `default`."""
    from api import expiring, gaps  # noqa: PLC0415 - for this command alone
    from api.outlets import telling  # noqa: PLC0415 - likewise
    from api.periodic import Periodic  # noqa: PLC0415 - likewise
    from api.publishing import publish  # noqa: PLC0415 - likewise
    from api.serving import run  # noqa: PLC0415 - the HTTP server loads only to serve
    from api.telemetry import logs, switch  # noqa: PLC0415 - they are for this command alone
    from api.witness import rounds  # noqa: PLC0415 - likewise

    logs.configure(os.environ.get("PIPELEDGER_LOG_LEVEL", "warning"))
    with contextlib.ExitStack() as stack:
        telemetry = switch.start(os.environ)
        if telemetry is not None:
            stack.callback(telemetry.close)
        observer = None if telemetry is None else telemetry.observer
        home = stack.enter_context(Host(settings, observer))
        for warning in home.warnings:
            click.echo(f"warning: {warning}", err=True)
        first = not home.names()
        if first:
            made_up = f"pipeledger.invalid/{os.urandom(16).hex()}"
            home.create(DEFAULT, home.planned(DEFAULT) or made_up)
        served: dict[str, Served] = {}
        try:
            for name in home.names():
                served[name] = home.open(name)
            with socket.create_server((host, port)) as listening:
                url = f"http://{host}:{listening.getsockname()[1]}"
                for name, one in served.items():
                    token = granting(one).token("operator", "operator") if first else None
                    try:
                        publish(one, catalogue, now(), os.urandom)
                    except PipeledgerError as error:
                        # A ledger that takes no more events must still be there to be read.
                        click.echo(f"warning: controls are not on record: {error}", err=True)
                    _greet(name, one, url, token)
                ledgers = list(served.values())
                dates = expiring.Dates(ledgers)
                going = [(one, home.place(name).outgoing) for name, one in served.items()]
                with (
                    telling(going, now) if outgoing is not None else contextlib.nullcontext(),
                    Periodic(gaps.PERIOD_S, lambda: gaps.watch(ledgers, now, os.urandom)),
                    Periodic(
                        rounds.PERIOD_S, lambda: rounds.watch(ledgers, now, os.urandom, telemetry)
                    ),
                    Periodic(
                        expiring.PERIOD_S, lambda: dates.sweep(now(), os.urandom), at_once=True
                    ),
                ):
                    run(
                        served, listening, telemetry, catalogue=catalogue,
                        metrics_on_loopback=metrics == "loopback",
                    )  # fmt: skip
        except OSError as error:
            raise SettingError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        finally:
            for one in served.values():
                one.close()


def _greet(name: str, one: Served, url: str, token: str | None) -> None:
    mark = fingerprint(one.ledger.vkeys)
    click.echo(f"ledger {name}: {one.ledger.origin}, {one.ledger.published.size} entries")
    click.echo(f"fingerprint {mark}")
    click.echo(f"listening on {url}\n")
    click.echo(f"The console is at {url}/ ; log in with a token.\n")
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


@cli.group()
def ledger() -> None:
    """Make and list ledgers."""


@ledger.command("create")
@placed
@click.argument("name")
@click.option("--origin", required=True)
def ledger_create(settings: Settings, name: str, origin: str) -> None:
    """Make a ledger."""
    with Host(settings) as home:
        home.create(name, origin)
        click.echo(f"made ledger {name} with the origin {origin}")


@ledger.command("list")
@placed
def ledger_list(settings: Settings) -> None:
    """List the ledgers."""
    with Host(settings) as home:
        for name in home.names():
            click.echo(f"{name}\t{home.origin(name)}")


@cli.group()
def token() -> None:
    """Make, list and revoke API tokens."""


@token.command("create")
@placed
@of_ledger
@click.option(
    "--role", type=click.Choice(["emitter", "approver", "auditor", "operator"]), required=True
)
@click.option("--name", "who", required=True,
              help="whose it is; by an e-mail address, whoever commits by that")  # fmt: skip
@click.option("--source", "sources", multiple=True, help="prefix of the sources it may use; any")
@click.option("--approves-as", multiple=True, metavar="ROLE",
              help="role in the organisation in which its bearer approves; repeat it")  # fmt: skip
@click.option("--expires", default=None, metavar="90d")
def token_create(
    settings: Settings,
    name: str,
    role: Role,
    who: str,
    sources: tuple[str, ...],
    approves_as: tuple[str, ...],
    expires: str | None,
) -> None:
    """Make a token and print it, this once."""
    until = until_of(expires)
    with opened(settings, name) as one:
        click.echo(granting(one).token(role, who, sources, until, approves_as))


@token.command("list")
@placed
@of_ledger
def token_list(settings: Settings, name: str) -> None:
    """List the tokens that are valid."""
    with Host(settings) as home:
        home.origin(name)
        for one in home.tokens(name).valid():
            until = "never" if one.expires is None else one.expires.isoformat()
            click.echo(f"{one.id}\t{one.role}\t{one.principal}\texpires {until}")


@token.command("revoke")
@placed
@of_ledger
@click.argument("credential")
def token_revoke(settings: Settings, name: str, credential: str) -> None:
    """Make a token useless, by its id."""
    with opened(settings, name) as one:
        granting(one).revoke_token(credential)
    click.echo(f"revoked {credential}")


@cli.command("migrate")
@placed
def migrate_all(settings: Settings) -> None:
    """Bring every ledger's tables to this version; `serve` does it by itself."""
    with Host(settings) as home:
        for name in home.names():
            for file in home.migrate(name):
                click.echo(f"ledger {name}: {file}")
        click.echo("up to date")


@cli.command()
@placed
@of_ledger
def fsck(settings: Settings, name: str) -> None:
    """Re-derive everything that is kept; exit 1 and name each position that is damaged."""
    from domain.events import TYPES  # noqa: PLC0415 - only this command needs it
    from store.ledger.opening import examine  # noqa: PLC0415 - likewise

    watched = sys.stderr.isatty()

    def tell(done: int, total: int) -> None:
        click.echo(f"\r\x1b[K{done:,} of {total:,} entries\r", nl=False, err=True)
        if done == total:
            click.echo("\r\x1b[K", nl=False, err=True)

    with Host(settings) as home:
        findings = 0
        for finding in examine(
            name, home.origin(name), home.place(name), home.surroundings(name), TYPES,
            tell if watched else None,
        ):  # fmt: skip
            if watched:
                click.echo("\r\x1b[K", nl=False, err=True)
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


cli.add_command(source)
cli.add_command(key)
cli.add_command(witness)
for group in (environment, service, event, assess, people, waiver, emergency, command):
    cli.add_command(group)
cli.add_command(rebuild)
export.add_command(export_ledger)
for outlet in (export_by_otlp, export_as_cdevents, export_for_grafana):
    export.add_command(outlet)
cli.add_command(export)
cli.add_command(import_)
cli.add_command(guard)
cli.add_command(report)


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
