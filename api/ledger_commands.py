"""Commands about whole ledgers: make, list, migrate, examine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from api.commanding import of_ledger, placed
from api.host import Host
from domain.events import TYPES
from store.ledger.opening import clear, examine

if TYPE_CHECKING:
    from api.host import Settings


@click.group()
def ledger() -> None:
    """Make and list ledgers."""


@ledger.command("create")
@placed
@click.argument("name")
@click.option("--origin", required=True, metavar="HOST/NAME",
              help="its name for the world, such as ledger.example.org/payments: stands in every "
              "entry and proof, is never changed, and is no address to be reached")  # fmt: skip
def ledger_create(settings: Settings, name: str, origin: str) -> None:
    """Make a ledger."""
    with Host(settings) as home:
        home.create(name, origin)
        click.echo(f"made ledger {name} with the origin {origin}; the next serve has it")


@ledger.command("list")
@placed
def ledger_list(settings: Settings) -> None:
    """List the ledgers."""
    with Host(settings) as home:
        for name in home.names():
            click.echo(f"{name}\t{home.origin(name)}")


@click.command("migrate")
@placed
def migrate(settings: Settings) -> None:
    """Bring every ledger's tables to this version; `serve` does it by itself."""
    with Host(settings) as home:
        for name in home.names():
            for file in home.migrate(name):
                click.echo(f"ledger {name}: {file}")
        click.echo("up to date")


@click.command()
@placed
@of_ledger
@click.option("--remove-strays", is_flag=True,
              help="of a sound ledger, remove the documents that belong to no entry")  # fmt: skip
def fsck(settings: Settings, name: str, *, remove_strays: bool) -> None:
    """Re-derive everything that is kept; exit 1 and name each position that is damaged."""
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
        if remove_strays:
            removed = clear(name, home.origin(name), home.place(name), home.surroundings(name))
            click.echo(f"removed {removed} documents that belong to no entry")
