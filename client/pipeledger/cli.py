"""The command line `pipeledger`. Imports what is slow only where it is needed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeledger import __version__
from pipeledger.errors import AwayError, ClientError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.settings import Settings

RUNS = {
    "deployment": ("deployment.started", "deployment.finished"),
    "pipeline": ("pipeline.started", "pipeline.finished"),
    "failover": ("failover.started", "failover.finished"),
    "build": (None, "build.finished"),
    "tests": (None, "tests.finished"),
    "task": (None, "task.finished"),
    "scan": (None, "scan.finished"),
}
"""What `run` sends before and after its command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0, or what the command's description says."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command: list[str] = []
    if words[:1] == ["run"] and "--" in words:
        # What follows belongs to the command, whatever it looks like.
        at = words.index("--")
        words, command = words[:at], words[at + 1 :]
    options = _parser().parse_args(words)
    options.command = command
    try:
        status: int = options.act(options)
    except ClientError as error:
        _say(f"pipeledger: {error}")
        return error.status
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipeledger", description="Send delivery events to a ledger, and verify it offline."
    )
    parser.add_argument("--version", action="version", version=f"pipeledger {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    emit = verbs.add_parser("emit", help="send one event")
    emit.add_argument("type", help="deployment.finished, rollback, failover, approval, …")
    emit.add_argument("fields", nargs="*", metavar="key=value", help="also key:=json")
    emit.add_argument("--at", metavar="TIME", help="when it happened: RFC 3339 with offset")
    emit.add_argument("--source", help="who says so; default: the repository")
    emit.add_argument("--json", action="store_true", help="print the whole receipt")
    emit.set_defaults(act=_emit)

    run = verbs.add_parser("run", help="run a command and send its start and finish")
    run.add_argument("what", choices=sorted(RUNS))
    run.add_argument("fields", nargs="*", metavar="key=value")
    run.add_argument("--source", help="who says so; default: the repository")
    run.set_defaults(act=_run)

    verify = verbs.add_parser("verify", help="verify a ledger, or files taken from it")
    verify.add_argument("what", metavar="FILE|URL")
    verify.add_argument("--entry", type=Path, help="the entry's bytes, for a proof file")
    verify.set_defaults(act=_verify)

    trust = verbs.add_parser("trust", help="pin a log's keys").add_subparsers(
        required=True, metavar="COMMAND"
    )
    add = trust.add_parser("add", help="pin the keys of the ledger at an address")
    add.add_argument("url")
    add.add_argument("--fingerprint", required=True)
    add.set_defaults(act=_trust_add)
    trust.add_parser("list", help="list pinned logs").set_defaults(act=_trust_list)

    spool = verbs.add_parser("spool", help="events that wait for the ledger").add_subparsers(
        required=True, metavar="COMMAND"
    )
    spool.add_parser("status", help="how many wait").set_defaults(act=_spool_status)
    spool.add_parser("flush", help="send them now").set_defaults(act=_spool_flush)
    taking = spool.add_parser("import", help="take over a spool carried as a build artifact")
    taking.add_argument("folder", type=Path)
    taking.set_defaults(act=_spool_import)
    return parser


def _settings() -> Settings:
    from pipeledger.settings import Settings  # noqa: PLC0415 - only commands need it

    return Settings.read(os.environ)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _emit(options: argparse.Namespace) -> int:
    from pipeledger.events import make_event, parse_fields, parse_type  # noqa: PLC0415 - as above

    kind, implied = parse_type(options.type)
    data = implied | parse_fields(options.fields)
    event = make_event(
        kind, data, time=options.at or _now(), source=options.source,
        environment=os.environ, entropy=os.urandom,
    )  # fmt: skip
    receipt = _send(event)
    if receipt is None:
        return 2 if _settings().strict else 0
    if options.json:
        sys.stdout.write(json.dumps(receipt) + "\n")
    else:
        sys.stdout.write(f"position {receipt['position']}  leaf {receipt['leaf']}\n")
    return 0


def _send(event: bytes) -> dict[str, Any] | None:
    """Send an event after those that wait; keep it where the ledger is away.

    Raises:
        RefusedError: the ledger refuses this event for good.
        ConfigurationError: it can be neither sent nor kept, and deliveries are strict.
    """
    from pipeledger.spool import Spool, deliver  # noqa: PLC0415 - brings the HTTP library

    settings = _settings()
    spool = Spool(settings.spool)
    try:
        if settings.url is not None:
            spool.flush(settings)
            return deliver(event, settings)
        away: ClientError = ConfigurationError("PIPELEDGER_URL is not set")
    except AwayError as error:
        away = error
    try:
        spool.add(event)
        _say(f"pipeledger: {away}; the event waits in {spool.folder}")
    except ConfigurationError as error:
        if settings.strict:
            raise
        _say(f"pipeledger: {away}, and {error}: this event is lost")
    return None


def _run(options: argparse.Namespace) -> int:
    from pipeledger.events import make_event, parse_fields, parse_type  # noqa: PLC0415 - as above
    from pipeledger.running import run_command  # noqa: PLC0415 - likewise

    if not options.command:
        raise ConfigurationError("run: name the command after --")
    data = parse_fields(options.fields)
    before, after = RUNS[options.what]

    def tell(name: str, fields: dict[str, Any]) -> None:
        kind, _ = parse_type(name)
        event = make_event(
            kind, fields, time=_now(), source=options.source,
            environment=os.environ, entropy=os.urandom,
        )  # fmt: skip
        try:
            _send(event)
        except ClientError as error:
            # The command's own fate decides, whatever becomes of the news of it.
            failed.append(error)
            _say(f"pipeledger: {error}")

    failed: list[ClientError] = []
    if before is not None:
        tell(before, data)
    status, duration = run_command(options.command)
    finished = {
        "outcome": "success" if status == 0 else "failure",
        **data,
        "exit_status": status,
        "duration_s": round(duration, 3),
    }
    if options.what == "failover":
        del finished["exit_status"]
    tell(after, finished)
    if status == 0 and failed and _settings().strict:
        return 2
    return status


def _verify(options: argparse.Namespace) -> int:
    from pipeledger.trust import TrustStore  # noqa: PLC0415 - brings the HTTP library
    from pipeledger.verify import verify_file, verify_url  # noqa: PLC0415 - likewise

    settings = _settings()
    store = TrustStore(settings.trusted)
    if options.what.startswith(("http://", "https://")):
        said = verify_url(options.what, settings, store)
    else:
        said = verify_file(Path(options.what), store, options.entry)
    sys.stdout.write(said + "\n")
    return 0


def _trust_add(options: argparse.Namespace) -> int:
    from pipeledger.settings import ledger_address  # noqa: PLC0415 - as above
    from pipeledger.trust import TrustStore, fetch_keys  # noqa: PLC0415 - likewise

    settings = _settings()
    offered = fetch_keys(ledger_address(options.url, settings.ledger))
    trust = TrustStore(settings.trusted).add(offered, options.fingerprint)
    sys.stdout.write(f"trusted: {trust.origin}\n")
    return 0


def _trust_list(_: argparse.Namespace) -> int:
    from pipeledger.trust import TrustStore  # noqa: PLC0415 - as above

    for origin, mark in TrustStore(_settings().trusted).origins():
        sys.stdout.write(f"{origin}\t{mark}\n")
    return 0


def _spool_status(_: argparse.Namespace) -> int:
    from pipeledger.spool import Spool  # noqa: PLC0415 - as above

    spool = Spool(_settings().spool)
    refused = len(list(spool.refused.glob("*.json"))) if spool.refused.is_dir() else 0
    sys.stdout.write(f"{len(spool.waiting())} waiting, {refused} refused in {spool.folder}\n")
    return 0


def _spool_flush(_: argparse.Namespace) -> int:
    from pipeledger.spool import Spool  # noqa: PLC0415 - as above

    settings = _settings()
    spool = Spool(settings.spool)
    try:
        sent, refused = spool.flush(settings)
    except AwayError as error:
        _say(f"pipeledger: {error}; {len(spool.waiting())} events still wait")
        return 2 if settings.strict else 0
    sys.stdout.write(f"{sent} sent, {refused} refused\n")
    return 0


def _spool_import(options: argparse.Namespace) -> int:
    from pipeledger.spool import Spool  # noqa: PLC0415 - as above

    taken = Spool(_settings().spool).take(options.folder)
    sys.stdout.write(f"{taken} taken over\n")
    return _spool_flush(options) if taken and _settings().url else 0


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
