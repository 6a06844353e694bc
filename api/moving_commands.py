"""Commands that move a ledger to another server, or keep a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.commanding import of_ledger, placed
from api.host import Host
from api.moving import bring_in, write_out
from exporters.folder import making

if TYPE_CHECKING:
    from api.host import Settings


@click.command("ledger")
@placed
@of_ledger
@click.option("--keys", metavar="FILE", default=None, type=click.Path(path_type=Path),
              help="write its private keys and secrets into this file; keep it apart")  # fmt: skip
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
def export_ledger(settings: Settings, name: str, target: Path, keys: Path | None) -> None:
    """Write a whole ledger into a new folder, for `import ledger` or to be kept.

    Entries, parts with their salts (sealed ones stay sealed), identity register, documents,
    sources, tokens' digests, emitters' keys and checkpoints, as they stand behind the last
    checkpoint; a server may go on serving meanwhile. Before a ledger is moved, stop its server:
    what it appends after the export does not come along.
    """
    with Host(settings) as home, click.progressbar(length=0, label="writing") as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        with making(target.absolute()) as folder:
            folder.path.chmod(0o700)
            beside = None if keys is None else keys.absolute()
            found = write_out(home, name, folder.path, beside, tell)
    click.echo(f"{found.size} entries of {found.origin} in {target}")
    if keys is None:
        click.echo("its keys are not in it: without them (--keys FILE) it cannot be imported")
    else:
        click.echo(f"its keys in {keys}: whoever has this file can sign in the ledger's name")


@click.group("import")
def import_() -> None:
    """Read in what was exported."""


@import_.command("ledger")
@placed
@of_ledger
@click.option("--keys", metavar="FILE", required=True, type=click.Path(path_type=Path),
              help="the file that `export ledger --keys` wrote")  # fmt: skip
@click.argument("source", metavar="DIR", type=click.Path(path_type=Path))
def import_ledger(settings: Settings, name: str, source: Path, keys: Path) -> None:
    """Make the ledger of an export on this server, verified, or nothing at all.

    Also into another version of PostgreSQL. Every digest, entry, part and document, the tree and
    the checkpoint are verified first. The guard of this server begins with the checkpoint of the
    export. A run that was interrupted is run again.
    """
    with Host(settings) as home, click.progressbar(length=0, label="checking") as bar:

        def tell(what: str, done: int, total: int) -> None:
            if what != bar.label:
                bar.label, bar.pos = what, 0
            bar.length = total
            bar.update(done - bar.pos)

        found = bring_in(home, name, source.absolute(), keys.absolute(), tell)
        guards = settings.guarded_at
    click.echo(f"{found.size} entries of {found.origin}: all verified, now ledger {name}")
    click.echo(
        "The old server must never append again: two servers with one key write two histories.\n"
        "Stop it for good, and remove its data and keys once this one answers.\n"
        f"From here on the guard at {guards} says which history is the ledger's."
    )
