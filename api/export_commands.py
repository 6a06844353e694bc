"""Commands that write a ledger out for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.commanding import of_ledger, opened, placed
from exporters.parquet import export_parquet

if TYPE_CHECKING:
    from api.host import Settings


@click.group()
def export() -> None:
    """Write a ledger out for analysts, auditors and other systems."""


@export.command("parquet")
@placed
@of_ledger
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
def export_as_parquet(settings: Settings, name: str, target: Path) -> None:
    """Write events, tables and their definitions as Parquet files into a new folder."""
    with opened(settings, name) as one, click.progressbar(length=0, label="writing") as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        found = export_parquet(one.history, one.ledger.vkeys, target.absolute(), tell)
    click.echo(f"{found.size} events of {found.origin} in {target}")
