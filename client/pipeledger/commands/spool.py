"""`pipeledger spool`: what waits for the ledger."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pipeledger.commands.common import delivery_of, parser_of, say, settings_of, warn
from pipeledger.errors import ClientError, SpoolError, UsageError
from pipeledger.spool import Spool

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pipeledger.settings import Settings
    from pipeledger.spool import Item

_EPILOG = """\
Where the runner's disk dies with the job, flush in a step that always runs, or keep the folder as
a build artifact and import it later:

  pipeledger spool flush
  pipeledger spool import pipeledger-spool.tar.gz && pipeledger spool flush
"""
_SHOWN = 20


def main(words: Sequence[str]) -> int:
    """Show, send or take over what waits; the exit status."""
    parser = parser_of("spool", "See and send what waits for the ledger.", _EPILOG)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="status|flush|import")
    status = verbs.add_parser("status", help="what waits and what was refused")
    status.add_argument("--json", action="store_true")
    flush = verbs.add_parser("flush", help="send what waits")
    flush.add_argument("--strict", action="store_true", help="fail when something still waits")
    flush.add_argument(
        "--retry-refused", action="store_true", help="try what was refused once more, too"
    )
    flush.add_argument(
        "--readdress", action="store_true", help="send what waits for other ledgers here, too"
    )
    take = verbs.add_parser("import", help="take over a spool carried as a folder or archive")
    take.add_argument("carried", metavar="DIR|ARCHIVE", type=Path)
    options = parser.parse_args(list(words))
    settings = settings_of(options)
    return {"status": _status, "flush": _flush, "import": _import}[options.verb](options, settings)


def _status(options: argparse.Namespace, settings: Settings) -> int:
    spool = Spool(settings.spool, settings.spool_limit)
    waiting, refused = spool.waiting(), spool.refusals()
    if options.json:
        rows = [{"name": name, "problem": spool.problem(name)} for name in refused]
        say(json.dumps({"folder": str(spool.folder), "waiting": len(waiting),
                        "bytes": spool.size(), "refused": rows}))  # fmt: skip
        return 0
    say(f"{spool.folder}: {len(waiting)} waiting ({spool.size()} bytes), {len(refused)} refused")
    for name in waiting[:_SHOWN]:
        say(f"  waiting  {_label(spool, name)}")
    for name in refused[:_SHOWN]:
        say(f"  refused  {_label(spool, name, refused=True)}: {spool.problem(name)}")
    return 0


def _flush(options: argparse.Namespace, settings: Settings) -> int:
    failed = 1 if settings.strict else 0
    spool = Spool(settings.spool, settings.spool_limit)
    if options.retry_refused:
        _retry(spool)
    if not spool.waiting():
        say("nothing waits")
        return 0
    if not settings.url:
        warn(f"PIPELEDGER_URL is not set; {len(spool.waiting())} wait in the spool")
        return failed
    delivery = delivery_of(settings)
    try:
        with spool.draining(settings.timeout_s):
            drained = delivery.drain(everything=options.readdress)
    except (OSError, SpoolError) as error:
        warn(str(error))
        return failed
    refused = [(name, one.problem) for name, one in drained.sent.items() if one.problem]
    left = len(spool.waiting())
    say(f"{len(drained.sent) - len(refused)} sent, {len(refused)} refused, {left} still waiting")
    for name, problem in refused[:_SHOWN]:
        warn(f"{_label(spool, name, refused=True)} was refused: {problem}")
    if drained.away:
        warn(drained.away)
    elif left:
        warn(
            f"{left} wait for another ledger than {settings.ledger} at {settings.url}; "
            "pipeledger spool flush --readdress sends them here"
        )
    return failed if left or refused else 0


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from pipeledger.carried import carried_items  # noqa: PLC0415 - archives are seldom needed

    if not options.carried.exists():
        raise UsageError(f"{options.carried}: no such folder or archive")
    spool = Spool(settings.spool, settings.spool_limit)
    here = _digests(spool)
    found = 0

    def new_ones() -> Iterator[Item]:
        nonlocal found
        for item in carried_items(options.carried):
            found += 1
            if (digest := _digest(item)) not in here:
                here.add(digest)
                # Whoever imports says where it goes now; a ledger's name stays.
                yield replace(item, url=settings.url or item.url, mark=settings.mark or item.mark)

    taken = sum(1 for _ in spool.add_all(new_ones()))
    say(f"{taken} taken over, {found - taken} were here already; next: pipeledger spool flush")
    return 0


def _digests(spool: Spool) -> set[bytes]:
    found = set()
    for name in spool.waiting():
        with contextlib.suppress(ClientError, OSError):  # damaged: `flush` sets it aside
            if (item := spool.read(name)) is not None:
                found.add(_digest(item))
    return found


def _digest(item: Item) -> bytes:
    """Of all that an item is but where it goes."""
    whole = sha256()
    for piece in replace(item, url="", mark="").pieces():
        whole.update(piece)
    return whole.digest()


def _retry(spool: Spool) -> None:
    name = ""

    def again() -> Iterator[Item]:
        nonlocal name
        for name in spool.refusals():
            try:
                item = spool.read(name, refused=True)
            except (OSError, SpoolError) as error:
                warn(f"{name} stays refused: {error}")
                continue
            if item is not None:
                yield item

    for _ in spool.add_all(again()):
        spool.forget_refusal(name)


def _label(spool: Spool, name: str, *, refused: bool = False) -> str:
    try:
        item = spool.read(name, refused=refused)
    except SpoolError as error:
        return f"{name} ({error})"
    except OSError:  # what was refused says why itself
        return name
    return name if item is None else f"{item.label} {item.id}"
