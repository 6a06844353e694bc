"""Commands for the guard: what it holds, and how it is filled again after it was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from api.commanding import of_ledger, placed
from api.host import Host
from domain.errors import SettingError
from store.ledger.refilling import refill_guard

if TYPE_CHECKING:
    from api.host import Settings

_LARGEST = 1024 * 1024


@click.group()
def guard() -> None:
    """Show the guard, or fill it again after it was lost."""


@guard.command("show")
@placed
@of_ledger
def guard_show(settings: Settings, name: str) -> None:
    """Print the checkpoint that the guard of a ledger holds."""
    with Host(settings) as home:
        home.origin(name)
        note = home.surroundings(name).guard.read()
        if note is None:
            raise SettingError(f"the guard of ledger {name} is empty")
        click.echo(note, nl=False)


@guard.command("restore")
@placed
@of_ledger
@click.option("--checkpoint", "file", metavar="FILE", type=click.File("rb"), default=None,
              help="the newest checkpoint that was kept outside this machine")  # fmt: skip
@click.option(
    "--trust-database",
    is_flag=True,
    help="there is none: take the database's own; of a backup it makes a fork",
)
def guard_restore(
    settings: Settings,
    name: str,
    file: BinaryIO | None,
    trust_database: bool,  # noqa: FBT001 - an option
) -> None:
    """Fill an empty guard, after everything in the ledger was verified.

    What was signed last is known from a checkpoint that was kept elsewhere: by a witness, an
    auditor, a mirror. The database must hold what it says, so a restored backup is found out.
    """
    if (file is None) is not trust_database:
        raise SettingError("give --checkpoint FILE, or else --trust-database")
    evidence = None if file is None else file.read(_LARGEST)
    with Host(settings) as home:
        found = refill_guard(
            name, home.origin(name), home.place(name), home.surroundings(name), evidence
        )
    click.echo(f"the guard of ledger {name} holds {found.size} entries; everything verified")
