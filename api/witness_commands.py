"""Commands of witnesses: being one, and having others cosign a ledger."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

import click

from api.commanding import of_ledger, placed
from api.host import Host, Settings
from api.listening import listens, take, url_of
from api.witness import registering, telling
from domain.errors import SettingError

_GRACE_S: Final = 5


def _default_state() -> Path:
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "pipeledger-witness"


@click.group()
def witness() -> None:
    """Be a witness, or have witnesses cosign a ledger."""


@witness.command("serve")
@click.option(
    "--state", envvar="PIPELEDGER_WITNESS_STATE", default=None,
    type=click.Path(path_type=Path, file_okay=False),
    help="folder of its key and of what it cosigned",
)  # fmt: skip
@click.option(
    "--logs", "logs_file", envvar="PIPELEDGER_WITNESS_LOGS", required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="policy file: a line `log KEY` for each log that it knows, then `quorum none`; "
    "read again on change",
)  # fmt: skip
@click.option(
    "--name", envvar="PIPELEDGER_WITNESS_NAME", default=None, metavar="HOST/NAME",
    help="name of the key that the first start makes",
)  # fmt: skip
@listens(8401)
def witness_serve(
    state: Path | None, logs_file: Path, name: str | None, host: str, port: int
) -> None:
    """Cosign the checkpoints of the logs that a file names, each only as the last one grown on."""
    # All of it loads only to serve.
    from contextlib import suppress  # noqa: PLC0415

    import uvicorn  # noqa: PLC0415

    from api.connections import Bounded  # noqa: PLC0415
    from api.telemetry import logs  # noqa: PLC0415
    from api.witness.app import Logs, make_witness, told  # noqa: PLC0415
    from store.witness import WitnessState  # noqa: PLC0415

    logs.configure(os.environ.get("PIPELEDGER_LOG_LEVEL", "warning"))
    try:
        known = Logs(logs_file)
    except OSError as error:
        raise SettingError(f"--logs: {logs_file} cannot be read: {error.strerror}") from error
    kept = WitnessState(state or _default_state(), name, os.urandom, lambda: int(time.time()))
    with take(host, port) as listening:
        listening.listen()
        click.echo(told(kept, known.policy), nl=False)
        click.echo(f"listening on {url_of(host, listening.getsockname()[1])}")
        config = uvicorn.Config(
            make_witness(kept, known),
            access_log=False,
            proxy_headers=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
            http=Bounded,
        )
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


@witness.command("add")
@placed
@of_ledger
@click.option(
    "--quorum", default=None, metavar="all|any|N",
    help="how many of all its witnesses are enough; else as before, at first any",
)  # fmt: skip
@click.argument("vkey", metavar="VKEY")
@click.argument("url", metavar="URL")
def witness_add(settings: Settings, name: str, quorum: str | None, vkey: str, url: str) -> None:
    """Have a witness cosign a ledger's checkpoints; a running server takes it up by itself."""
    with Host(settings) as home:
        found = home.cosigners(name)
        key = home.log_vkey(name)
        members = registering.add(found.policy, vkey, url)
        registering.write(
            home.place(name), key, members, registering.least_of(found.policy, quorum)
        )
        click.echo(f"added; the witness must know this log:\nlog {key}")


@witness.command("remove")
@placed
@of_ledger
@click.argument("called", metavar="NAME")
def witness_remove(settings: Settings, name: str, called: str) -> None:
    """Ask a witness no more, by the name of its key."""
    with Host(settings) as home:
        found = home.cosigners(name)
        members = registering.without(found.policy, called)
        least = registering.least_of(found.policy, None)
        registering.write(home.place(name), home.log_vkey(name), members, least)
        click.echo(f"removed {called}")


@witness.command("list")
@placed
@of_ledger
def witness_list(settings: Settings, name: str) -> None:
    """List a ledger's witnesses: what each cosigned last, and signs of another history."""
    with Host(settings) as home:
        found = home.cosigners(name)
        if not found.policy.witnesses:
            click.echo("no witness; add one: pipeledger-server witness add VKEY URL")
        for line in telling.table(found, home.origin(name)):
            click.echo(line)
