"""The server's command line: `pipeledger-server`.

Only the command that is called is loaded: what serves and what answers questions takes a second.
"""

from __future__ import annotations

import os
import sys
from typing import Final, NoReturn

import click

from api.lazy import LazyGroup
from domain.errors import PipeledgerError, RefusedError

COMMANDS: Final = {
    "assess": (
        "api.register_commands:assess",
        "Restate what a deployment did, or what an incident was.",
    ),
    "command": (
        "api.register_commands:command",
        "List, confirm and withdraw commands that need a second operator.",
    ),
    "demo": (
        "api.demo_command:demo",
        "Send an organisation's quarter to a server of its own and verify it.",
    ),
    "emergency": (
        "api.exception_commands:emergency",
        "Let changes go ahead before their approval.",
    ),
    "environment": ("api.register_commands:environment", "Say what environments are for."),
    "event": ("api.register_commands:event", "Correct what was sent."),
    "fsck": (
        "api.ledger_commands:fsck",
        "Re-derive everything that is kept; exit 1 and name each position that is damaged.",
    ),
    "guard": ("api.guard_commands:guard", "Show the guard, or fill it again after it was lost."),
    "import": ("api.moving_commands:import_", "Read in what was exported."),
    "key": ("api.key_commands:key", "Enroll, list, replace and revoke keys."),
    "ledger": ("api.ledger_commands:ledger", "Make and list ledgers."),
    "migrate": (
        "api.ledger_commands:migrate",
        "Bring every ledger's tables to this version; `serve` does it by itself.",
    ),
    "people": ("api.exception_commands:people", "Say which accounts are one person."),
    "rebuild": (
        "api.history_commands:rebuild",
        "Drop what was derived from a ledger and derive it anew, its chain verified.",
    ),
    "report": (
        "api.report_commands:report",
        "Write what controls came to as one page that needs nothing else.",
    ),
    "serve": (
        "api.serve_command:serve",
        "Serve every ledger; the first start makes the ledger `default`.",
    ),
    "service": ("api.register_commands:service", "Say what services are."),
    "source": (
        "api.source_commands:source",
        "Add, list and revoke systems that deliver by webhook.",
    ),
    "token": ("api.token_commands:token", "Make, list and revoke API tokens."),
    "waiver": (
        "api.exception_commands:waiver",
        "Except something from a rule until a date, with two persons.",
    ),
    "witness": ("api.witness_commands:witness", "Be a witness, or have witnesses cosign a ledger."),
}
"""Where each command is, and what it does."""
EXPORTS: Final = {
    "cdevents": (
        "api.outlet_commands:export_as_cdevents",
        "Send events that are new since the last time as CDEvents 0.5.1.",
    ),
    "grafana": (
        "api.outlet_commands:export_for_grafana",
        "Write dashboards and alert rules over Prometheus, to be provisioned as they are.",
    ),
    "ledger": (
        "api.moving_commands:export_ledger",
        "Write a whole ledger into a new folder, for `import ledger` or to be kept.",
    ),
    "log": (
        "api.export_commands:export_as_log",
        "Write checkpoint, entries and tiles for any web server; again: what is new since.",
    ),
    "oscal": (
        "api.export_commands:export_as_oscal",
        "Write what controls came to as OSCAL assessment results.",
    ),
    "otlp": (
        "api.outlet_commands:export_by_otlp",
        "Send events that are new since the last time to what speaks OTLP over HTTP.",
    ),
    "pack": (
        "api.export_commands:export_as_pack",
        "Write an evidence pack that an auditor verifies offline.",
    ),
    "parquet": (
        "api.export_commands:export_as_parquet",
        "Write events, tables and their definitions as Parquet files into a new folder.",
    ),
}
"""The same of what `export` writes."""


@click.group(
    cls=LazyGroup, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
def cli() -> None:
    """Keep and serve delivery ledgers."""


@cli.group(cls=LazyGroup, places=EXPORTS)
def export() -> None:
    """Write a ledger out for analysts, auditors and other systems."""


def main() -> None:
    """Run, and answer a known error with one line and exit status 2."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _complain(error.format_message())
    except click.Abort:
        sys.exit(130)
    except RefusedError as error:
        # What HTTP calls a query's parameter is an option here.
        query, _, name = error.place.partition(" ")
        _complain(f"--{name.replace('_', '-')}: {error.reason}" if query == "query" else str(error))
    except PipeledgerError as error:
        _complain(str(error))
    except BrokenPipeError:
        # The reader of our output is gone; what is left unwritten must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        _complain(f"{where}{error.strerror or error}")


def _complain(text: str) -> NoReturn:
    click.echo(f"pipeledger-server: {text}", err=True)
    sys.exit(2)
