"""Commands that hand events on to other systems."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.commanding import of_ledger, placed
from api.figures import figures
from api.host import Host, now
from api.outlets import OTLP, send_new
from domain.errors import SettingError
from exporters.cdevents.sink import FileSink, HttpSink
from exporters.grafana.files import write_grafana

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.host import Settings
    from api.served import Served

_ENDPOINTS: Final = tuple(
    f"OTEL_EXPORTER_OTLP_{signal}ENDPOINT" for signal in ("", "TRACES_", "LOGS_", "METRICS_")
)
_BROKER: Final = re.compile(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}(/.*)?")
"""What is meant as an address and would make a file of that name."""
_AFTER: Final = click.option(
    "--after", type=click.IntRange(min=0), metavar="POSITION",
    help="the first time: leave out events up to this position",
)  # fmt: skip


@click.command("otlp")
@placed
@of_ledger
@_AFTER
@click.option(
    "--figures/--no-figures",
    "with_figures",
    default=True,
    help="DORA and the ledger's state as metrics",
)
def export_by_otlp(settings: Settings, name: str, after: int | None, *, with_figures: bool) -> None:
    """Send events that are new since the last time to what speaks OTLP over HTTP.

    Runs of pipelines go as traces, every event as a log record. The OTEL_EXPORTER_OTLP_* variables
    say where to and with which headers.
    """
    from exporters.otlp.sending import Sending  # noqa: PLC0415 - the SDK loads only to send

    if not any(os.environ.get(one) for one in _ENDPOINTS):
        raise SettingError("OTEL_EXPORTER_OTLP_ENDPOINT says where to, and is not set")
    sending = Sending()

    def told(here: Served) -> None:
        sending.send_figures(figures(here, now()))

    try:
        _send(settings, name, OTLP, sending.send, after, told if with_figures else None)
    finally:
        sending.close()


@click.command("cdevents")
@placed
@of_ledger
@_AFTER
@click.option(
    "--header", "headers", multiple=True, metavar="NAME=VALUE", help="of requests; repeatable"
)
@click.option("--name", "mark", metavar="NAME", help="of the receiver, if there are several")
@click.argument("target", metavar="FILE|URL")
def export_as_cdevents(
    settings: Settings,
    name: str,
    after: int | None,
    headers: tuple[str, ...],
    mark: str | None,
    target: str,
) -> None:
    """Send events that are new since the last time as CDEvents 0.5.1.

    To a file, a line each, or to a broker that takes CloudEvents over HTTP.
    """
    if "://" in target:
        pairs = dict(one.partition("=")[::2] for one in headers)
        if any(not key or not value for key, value in pairs.items()):
            raise SettingError("--header: expected NAME=VALUE")
        send = HttpSink(target, pairs).send
    elif _BROKER.fullmatch(target) and not Path(target).exists():
        raise SettingError(
            f"{target}: an address begins with http:// or https://, a file of that name with ./"
        )
    else:
        send = FileSink(Path(target).absolute()).send
    _send(settings, name, mark or "cdevents", send, after)


@click.command("grafana")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
def export_for_grafana(target: Path) -> None:
    """Write dashboards and alert rules over Prometheus, to be provisioned as they are."""
    for path in write_grafana(target.absolute()):
        click.echo(str(path))


def _send(
    settings: Settings,
    name: str,
    mark: str,
    send: Callable[[Any], None],
    after: int | None,
    then: Callable[[Served], None] | None = None,
) -> None:
    with Host(settings) as home:
        here = home.open(name)
        try:
            with click.progressbar(length=here.ledger.published.size, label="sending") as bar:
                found = send_new(
                    here, home.place(name).outgoing, mark, send,
                    since=after, progress=lambda at: bar.update(at - bar.pos),
                )  # fmt: skip
            if then is not None:
                then(here)
        finally:
            here.close()
    click.echo(f"{found.position - found.before} events sent, up to position {found.position}")
