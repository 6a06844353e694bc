"""The command that writes the compliance report: of a ledger, or of report files alone."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click

from api.commanding import of_controls, opened, placed, window_of, write_whole
from api.host import now
from api.publishing import warn_unrecorded
from domain.errors import SettingError
from exporters.assessment import assess, assess_facts, frameworks_of
from exporters.report.page import write_report
from projections.selection import Selection
from projections.unsigned import history_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.host import Settings
    from projections.catalogue import Catalogue

_OF_FILES: Final = ("NIST-800-53r5", "NIST-SSDF-1.1")
_BESIDE: Final = (
    Selection("scans", order=("position",)),
    Selection("tests", order=("position",)),
    Selection("findings", order=("finding_key",)),
)


@click.command()
@placed
@of_controls
@click.option("--ledger", "name", default=None, help="write of this ledger; otherwise of files")
@click.option(
    "--nist",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="a report file of any tool that is known: what it says of NIST SP 800-53 and SSDF",
)
@click.option(
    "--reports",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="a folder of such files",
)
@click.option("--framework", "frameworks", multiple=True, help="only of this one; repeatable")
@click.option("--from", "since", metavar="TIME", help="first instant or day of the period")
@click.option("--to", metavar="TIME", help="first instant or day after it")
@click.option("--known-at", metavar="TIME|POSITION", help="what the ledger knew then")
@click.option(
    "--output", "target", required=True, metavar="FILE.html", type=click.Path(path_type=Path)
)  # fmt: skip
def report(
    settings: Settings,
    catalogue: Catalogue,
    name: str | None,
    file: Path | None,
    folder: Path | None,
    frameworks: tuple[str, ...],
    since: str | None,
    to: str | None,
    known_at: str | None,
    target: Path,
) -> None:
    """Write what controls came to as one page that needs nothing else.

    With --nist or --reports it is made of files alone, and needs no ledger: what no file shows is
    insufficient evidence.
    """
    if (name is None) == (file is None and folder is None):
        raise click.UsageError("choose what it is of: --nist FILE, --reports DIR, or --ledger NAME")
    if name is None and known_at is not None:
        raise click.UsageError("--known-at: files know no earlier state")
    window = window_of(since, to)
    if name is None:
        page = _of_files(catalogue, _paths(file, folder), frameworks, window)
    else:
        page = _of_ledger(settings, name, catalogue, frameworks, window, known_at)
    write_whole(target, page)
    click.echo(f"{target} is written")


def _of_ledger(
    settings: Settings,
    name: str,
    catalogue: Catalogue,
    frameworks: Sequence[str],
    window: dict[str, Any],
    known_at: str | None,
) -> bytes:
    chosen = frameworks_of(catalogue, frameworks)
    with opened(settings, name) as one:
        warn_unrecorded(one, catalogue)
        note = one.ledger.reader.checkpoint
        found = assess(one.history, catalogue, chosen, window, known_at, checkpoint=note)
        return write_report(found)


def _of_files(
    catalogue: Catalogue,
    paths: list[tuple[str, Path]],
    frameworks: Sequence[str],
    window: dict[str, Any],
) -> bytes:
    from api.file_facts import read_files  # noqa: PLC0415 - every format, for this alone

    chosen = frameworks_of(catalogue, frameworks or _OF_FILES)
    told = read_files(paths, now())
    with TemporaryDirectory(prefix="pipeledger-") as place:
        history = history_over(told.log, Path(place))
        try:
            found = assess_facts(history, catalogue, chosen, told.window() | window, _BESIDE)
        finally:
            history.close()
    return write_report(found, told.files)


def _paths(file: Path | None, folder: Path | None) -> list[tuple[str, Path]]:
    """The files in order, those in the folder by their names; what is hidden is passed over.

    Raises:
        SettingError: there is no such file or folder.
    """
    found = [] if file is None else [(_readable(Path(file.name)), file)]
    if file is not None and not file.is_file():
        raise SettingError(f"--nist: {file} is no file")
    if folder is not None:
        if not folder.is_dir():
            raise SettingError(f"--reports: {folder} is no folder")
        below = sorted(one for one in folder.rglob("*") if one.is_file())
        for one in below:
            name = one.relative_to(folder)
            if not any(part.startswith(".") for part in name.parts):
                found.append((_readable(name), one))
    return found


def _readable(name: Path) -> str:
    """A file's name for people, also where its bytes are no text."""
    return os.fsencode(name.as_posix()).decode("utf-8", "replace")
