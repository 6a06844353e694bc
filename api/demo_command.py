"""The command that shows everything at work."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from api.demo import run_demo
from api.host import now
from api.listening import PORTS


@click.command()
@click.option("--data", envvar="DEMO_DATA", type=click.Path(path_type=Path), default=None,
              show_envvar=True, help="a new folder to keep; else none is kept")  # fmt: skip
@click.option("--port", envvar="DEMO_PORT", default=8400, show_default=True, show_envvar=True,
              type=PORTS, help="where its server listens")  # fmt: skip
@click.option("--exit/--stay", "leave", envvar="DEMO_EXIT", default=False, show_envvar=True,
              help="end when all is told, or keep the server up  [default: --stay]")  # fmt: skip
def demo(data: Path | None, port: int, leave: bool) -> None:  # noqa: FBT001 - an option
    """Send an organisation's quarter to a server of its own and verify it."""
    # However it is ended, its server ends with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run_demo(data, port, now(), sys.stdout, stay=not leave))
