"""Commands about what is derived from the log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from api.commanding import of_ledger, opened, placed

if TYPE_CHECKING:
    from api.host import Settings


@click.command()
@placed
@of_ledger
def rebuild(settings: Settings, name: str) -> None:
    """Drop what was derived from a ledger and derive it anew, its chain verified."""
    started = time.monotonic()
    with opened(settings, name) as one:
        total = one.ledger.published.size
        with click.progressbar(length=total, label="sealing", show_pos=True) as bar:
            found = one.whole.rebuild(lambda position: bar.update(position - bar.pos))
            bar.update(found.size - bar.pos)
    spent = time.monotonic() - started
    click.echo(
        f"{found.size} events verified and derived in {spent:.1f} s, "
        f"{found.size / spent:,.0f} events/s; {len(found.segments)} segments"
    )
