"""Commands that write a ledger out for others."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.asking import FILTERS
from api.commanding import of_controls, of_ledger, opened, placed, window_of, write_whole
from api.host import now
from api.packing import Scope, packing_of, parameters_of
from api.publishing import warn_unrecorded
from api.reads import record_export
from domain.errors import PipeledgerError, SettingError
from exporters.assessment import assess, frameworks_of
from exporters.log import export_log
from exporters.oscal import write_oscal
from exporters.pack import write_pack
from exporters.parquet import MANIFEST, export_parquet
from projections.asked_controls import every_control
from store.ledger.ledger import SERVER

if TYPE_CHECKING:
    from api.host import Settings
    from api.served import Served
    from projections.catalogue import Catalogue


@click.command("parquet")
@placed
@of_ledger
@of_controls
@click.option("--from", "since", metavar="TIME", help="first instant or day of numbers")
@click.option("--to", metavar="TIME", help="first instant or day after them")
@click.option("--tz", metavar="ZONE", help="of days and weeks (UTC)")
@click.option("--bucket", type=click.Choice(["day", "week", "month"]), help="a series, too")
@click.option("--group-by", type=click.Choice(FILTERS), help="numbers of each")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
def export_as_parquet(
    settings: Settings,
    name: str,
    catalogue: Catalogue,
    target: Path,
    since: str | None,
    to: str | None,
    **asked: str | None,
) -> None:
    """Write events, tables and their definitions as Parquet files into a new folder."""
    told = {key: one for key, one in asked.items() if one is not None}
    chosen: dict[str, Any] = {
        **window_of(since, to), **told, "controls": every_control(catalogue),
    }  # fmt: skip
    with opened(settings, name) as one, click.progressbar(length=0, label="writing") as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        warn_unrecorded(one, catalogue)
        found = export_parquet(one.whole, one.ledger.vkeys, target.absolute(), tell, chosen)
        _record(one, "parquet", found.size, target / MANIFEST)
    click.echo(f"{found.size} events of {found.origin} in {target}")


@click.command("pack")
@placed
@of_ledger
@of_controls
@click.option("--framework", "frameworks", multiple=True, help="all controls of one; repeatable")
@click.option("--control", "controls", multiple=True, metavar="FRAMEWORK/CONTROL", help="one")
@click.option("--release", metavar="SERVICE@VERSION", help="only what is about this release")
@click.option("--service", help="only what is about this service")
@click.option("--environment", help="only what is about this environment")
@click.option("--from", "since", metavar="TIME", help="first instant or day of the period")
@click.option("--to", metavar="TIME", help="first instant or day after it")
@click.option("--known-at", metavar="POSITION", help="as it was known then; otherwise now")
@click.argument("target", metavar="FILE.zip", type=click.Path(path_type=Path))
def export_as_pack(
    settings: Settings,
    name: str,
    catalogue: Catalogue,
    target: Path,
    frameworks: tuple[str, ...],
    controls: tuple[str, ...],
    since: str | None,
    to: str | None,
    known_at: str | None,
    **narrowed: str | None,
) -> None:
    """Write an evidence pack that an auditor verifies offline."""
    scope = Scope(
        frameworks=frameworks,
        controls=controls,
        window=window_of(since, to),
        narrowed={key: one for key, one in narrowed.items() if one is not None},
    )
    with opened(settings, name) as one, click.progressbar(length=0, label="writing") as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        warn_unrecorded(one, catalogue)
        at = one.history.known_at(known_at, one.history.newest())
        parameters = parameters_of(scope, catalogue, at)
        found = write_pack(packing_of(one, catalogue), parameters, target.absolute(), tell)
        _record(one, "pack", at, target)
    told = f"{found.state.size} events of {found.state.origin} in {target}"
    items = f"{found.items} item{'' if found.items == 1 else 's'} judged"
    click.echo(f"{told}, as known at position {at}; {items}")
    if not found.items and scope.narrowed:
        asked = ", ".join(f"--{key} {one}" for key, one in scope.narrowed.items())
        click.echo(f"warning: no item of the period is of {asked}", err=True)


@click.command("oscal")
@placed
@of_ledger
@of_controls
@click.option("--framework", "frameworks", multiple=True, help="only of this one; repeatable")
@click.option("--from", "since", metavar="TIME", help="first instant or day of the period")
@click.option("--to", metavar="TIME", help="first instant or day after it")
@click.option("--known-at", metavar="TIME|POSITION", help="what the ledger knew then")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
def export_as_oscal(
    settings: Settings,
    name: str,
    catalogue: Catalogue,
    target: Path,
    frameworks: tuple[str, ...],
    since: str | None,
    to: str | None,
    known_at: str | None,
) -> None:
    """Write what controls came to as OSCAL assessment results."""
    wanted = frameworks_of(catalogue, frameworks)
    window = window_of(since, to)
    with opened(settings, name) as one:
        warn_unrecorded(one, catalogue)
        note = one.ledger.reader.checkpoint
        found = assess(one.history, catalogue, wanted, window, known_at, checkpoint=note)
        write_whole(target, write_oscal(found))
        _record(one, "oscal", found.proof.position, target)
    click.echo(
        f"{sum(len(one.controls) for one in wanted)} controls of {found.proof.origin} in {target},"
        f" as known at position {found.proof.position}"
    )


@click.command("log")
@placed
@of_ledger
@click.option("--witnessed", is_flag=True, help="only as far as enough witnesses have seen it")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
def export_as_log(
    settings: Settings,
    name: str,
    target: Path,
    *,
    witnessed: bool,
) -> None:
    """Write checkpoint, entries and tiles for any web server; again: what is new since.

    No payloads. Not on record: a log that grew by being copied would never be copied whole.
    """
    with opened(settings, name) as one, click.progressbar(length=0, label="writing") as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        note = one.cosigners.shown(one.ledger.published.checkpoint)
        if witnessed:
            seen = one.cosigners.witnessed
            if seen is None:
                raise SettingError("no checkpoint of this ledger has a quorum of witnesses")
            note = seen
        found = export_log(one.ledger, target.absolute(), tell, note)
    click.echo(
        f"{found.size} entries of {found.origin} in {target}, {found.size - found.before} of them "
        f"new, {found.files} files written"
    )


def _record(one: Served, what: str, position: int, file: Path) -> None:
    """Record a copy; where that cannot be done it stays, and whoever took it is told so.

    Args:
        one: the ledger.
        what: kind of the copy.
        position: of its state.
        file: whose digest is that of the copy.
    """
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        record_export(one, what, position, f"sha256:{digest}", SERVER, now(), os.urandom)
    except PipeledgerError as error:
        click.echo(f"warning: this export is not on record: {error}", err=True)
