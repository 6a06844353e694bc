"""Commands about the systems that deliver by webhook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TextIO

import click

from api.commanding import granting, of_ledger, opened, placed
from api.delivering import address, listed
from api.host import now
from api.listening import read_public_url
from domain.errors import SettingError
from intake.registry import SENDERS

if TYPE_CHECKING:
    from api.host import Settings

_SPAN: Final = re.compile(r"([1-9][0-9]{0,3})(m|h|d)")
_LONGEST_SECRET: Final = 1000
_RULED: Final = ("severity", "priority", "rule", "target", "service", "environment")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400}


@click.group()
def source() -> None:
    """Add, list and revoke systems that deliver by webhook."""


@source.command("add")
@placed
@of_ledger
@click.argument("kind", metavar="KIND", type=click.Choice(sorted(SENDERS)))
@click.option("--name", "called", default=None, help="in its address; else the kind")
@click.option("--every", default=None, metavar="24h", help="record a gap when silent for longer")
@click.option(
    "--incident-when", "rules", multiple=True, metavar="FIELD=VALUE",
    help="an alert with this value is an incident; of several all must hold "
    f"({', '.join(_RULED)})",
)  # fmt: skip
@click.option(
    "--secret-file", "brought", type=click.File(), default=None, metavar="FILE",
    help="a secret that the system has made; - for standard input",
)  # fmt: skip
@click.option(
    "--url", envvar="PIPELEDGER_PUBLIC_URL", default="http://127.0.0.1:8400", show_default=True,
    callback=read_public_url, help="where the sender reaches this server",
)  # fmt: skip
def source_add(
    settings: Settings,
    name: str,
    kind: str,
    called: str | None,
    every: str | None,
    rules: tuple[str, ...],
    brought: TextIO | None,
    url: str,
) -> None:
    """Let a system deliver; print its address and secret, this once."""
    every_s, when = _seconds(every), _incident_when(rules)
    secret = _secret(brought) if brought is not None else None
    with opened(settings, name) as one:
        added = granting(one).source(called or kind, kind, every_s, secret, when)
    sender = SENDERS[kind]
    click.echo(f"url     {address(url, name, added)}")
    click.echo(f"secret  {added.secret}")
    click.echo(f"{sender.title}: {sender.scheme.enter}")


@source.command("list")
@placed
@of_ledger
def source_list(settings: Settings, name: str) -> None:
    """List the sources: what came from each, and whether one is silent for too long."""
    with opened(settings, name) as one:
        found = listed(one, now())
    if not found:
        click.echo("no source; add one: pipeledger-server source add KIND")
        return
    rows = [("name", "kind", "delivered", "unmapped", "gaps", "last delivery", "")]
    for each in found:
        last = each["last_at"]
        rows.append((
            each["name"], each["kind"], str(each["delivered"]), str(each["unmapped"]),
            str(each["gaps"]), "never" if last is None else last.isoformat(timespec="seconds"),
            "silent" if each["silent"] else "",
        ))  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@source.command("revoke")
@placed
@of_ledger
@click.argument("called", metavar="NAME")
def source_revoke(settings: Settings, name: str, called: str) -> None:
    """Take no more deliveries of a source."""
    with opened(settings, name) as one:
        granting(one).revoke_source(called)
    click.echo(f"revoked {called}")


def _secret(brought: TextIO) -> str:
    try:
        told = brought.read(_LONGEST_SECRET + 1)
    except UnicodeDecodeError:
        raise SettingError("--secret-file: the file is no text") from None
    if len(told) > _LONGEST_SECRET:
        raise SettingError(f"--secret-file: at most {_LONGEST_SECRET} characters")
    return told.strip()


def _incident_when(rules: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for rule in rules:
        field, _, value = rule.partition("=")
        if field not in _RULED or not value or field in found:
            raise SettingError(
                f"--incident-when: FIELD=VALUE, each field once, of {', '.join(_RULED)}"
            )
        found[field] = value
    return found


def _seconds(every: str | None) -> int | None:
    if every is None:
        return None
    match = _SPAN.fullmatch(every)
    if match is None:
        raise SettingError("--every: a number of minutes, hours or days, such as 24h")
    return int(match[1]) * _SECONDS[match[2]]
