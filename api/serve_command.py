"""The command that serves."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import click

from api import expiring, gaps
from api.commanding import DEFAULT, granting, of_controls, placed
from api.host import Host, Settings, now
from api.later import Later
from api.ledgers import Ledgers
from api.listening import listens, read_public_url, take, url_of
from api.outlets import telling
from api.periodic import Periodic
from api.publishing import publish
from api.receipts import fingerprint
from api.serving import run
from api.telemetry import logs, switch
from api.witness import rounds
from domain.errors import PipeledgerError

if TYPE_CHECKING:
    from projections.catalogue import Catalogue


@click.command()
@placed
@of_controls
@click.option(
    "--outgoing",
    envvar="PIPELEDGER_OUTGOING",
    type=click.Choice(["otlp"]),
    help="hand events and figures on by OTLP while it runs (docs/outgoing.md)",
)
@listens(8400)
@click.option(
    "--public-url", envvar="PIPELEDGER_PUBLIC_URL", default=None, metavar="URL",
    callback=read_public_url,
    help="where systems that deliver reach it; else each request says how it came",
)  # fmt: skip
@click.option(
    "--metrics", envvar="PIPELEDGER_METRICS", default="token", show_default=True,
    type=click.Choice(["token", "loopback"]),
    help="who may read /metrics: a token of an auditor or operator, or this machine without one",
)  # fmt: skip
@click.option(
    "--answers-niceness",
    "niceness",
    envvar="PIPELEDGER_ANSWERS_NICENESS",
    default=10,
    show_default=True,
    type=click.IntRange(0, 19),
    help="how far answers about the past step back behind appending",
)
def serve(
    settings: Settings,
    catalogue: Catalogue,
    host: str,
    port: int,
    public_url: str | None,
    outgoing: str | None,
    metrics: str,
    niceness: int,
) -> None:
    """Serve every ledger; the first start makes the ledger `default`."""
    logs.configure(os.environ.get("PIPELEDGER_LOG_LEVEL", "warning"))
    # Taken as an interrupt, from the first step on: whatever was begun is closed in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
        # First: a ledger that is made by a start which fails after it never shows its token.
        listening = stack.enter_context(take(host, port))
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
        served = Ledgers()
        apart = Later(lambda: home.apart(niceness))
        # After the ledgers are closed, and whoever still asks was answered.
        stack.callback(apart.close)
        try:
            served.open(home, home.names(), apart)
            listening.listen()
            url = url_of(host, listening.getsockname()[1])
            token = granting(served[DEFAULT]).token("operator", "operator") if first else None
            for one in served.values():
                try:
                    publish(one, catalogue, now(), os.urandom)
                except PipeledgerError as error:
                    # A ledger that takes no more events must still be there to be read.
                    click.echo(f"warning: controls are not on record: {error}", err=True)
            _greet(served, url, token)
            ledgers = list(served.values())
            dates = expiring.Dates(ledgers)
            going = [(one, home.place(name).outgoing) for name, one in served.items()]
            with (
                telling(going, now) if outgoing is not None else contextlib.nullcontext(),
                Periodic(gaps.PERIOD_S, lambda: gaps.watch(ledgers, now, os.urandom)),
                Periodic(
                    rounds.PERIOD_S, lambda: rounds.watch(ledgers, now, os.urandom, telemetry)
                ),
                Periodic(expiring.PERIOD_S, lambda: dates.sweep(now(), os.urandom), at_once=True),
            ):
                run(
                    served, listening, telemetry, catalogue=catalogue,
                    metrics_on_loopback=metrics == "loopback", public_url=public_url,
                )  # fmt: skip
        finally:
            served.close()


def _greet(served: Ledgers, url: str, token: str | None) -> None:
    for name, one in served.items():
        click.echo(f"ledger {name}: {one.ledger.origin}, {one.ledger.published.size} entries")
        click.echo(f"fingerprint {fingerprint(one.ledger.vkeys)}")
    for name, error in served.stopped.items():
        # Loud, and where its operator looks: everything but this seems well.
        click.echo(f"ledger {name} IS NOT SERVED, the others are: {error}", err=True)
    click.echo(f"listening on {url}\n")
    click.echo(f"The console is at {url}/ ; log in with a token.\n")
    if token is not None:
        mark = fingerprint(served[DEFAULT].ledger.vkeys)
        click.echo("Paste this to send the first event and to verify the ledger:\n")
        click.echo(f"  export PIPELEDGER_URL={url}")
        click.echo(f"  export PIPELEDGER_TOKEN={token}")
        click.echo(f"  pipeledger trust add {url} --fingerprint {mark}")
        click.echo(
            "  pipeledger emit deployment.finished deployment=d-1 service=checkout "
            "environment=production outcome=success"
        )
        click.echo(f"  pipeledger verify {url}\n")
