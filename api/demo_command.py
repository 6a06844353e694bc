"""The command that shows everything at work."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from api.demo import run_demo
from api.host import now


@click.command()
@click.option("--data", envvar="DEMO_DATA", type=click.Path(path_type=Path), default=None)
@click.option("--port", envvar="DEMO_PORT", default=8400, show_default=True, type=int)
@click.option("--exit/--stay", "leave", envvar="DEMO_EXIT", default=False)
def demo(data: Path | None, port: int, leave: bool) -> None:  # noqa: FBT001 - an option
    """Send an organisation's quarter to a server of its own and verify it."""
    sys.exit(run_demo(data, port, now(), sys.stdout, stay=not leave))
