"""What the verbs share: their parser, their settings, and how they speak of deliveries."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import sys
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from pipeledger.errors import AwayError, SpoolError, UsageError
from pipeledger.event import default_source
from pipeledger.instant import instant_of, written
from pipeledger.settings import Settings
from pipeledger.spool import Item
from pipeledger.verifier.shown import plain, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeledger.ci import Job
    from pipeledger.delivery import Delivery, Kept, Sent

FAILED = 1
_CLOCKS_S = 300.0
"""By how much two clocks may differ before it is said."""
_SPAN = re.compile("[0-9]{1,4}[dh]")


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Refuse the words.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{message} (see {self.prog} --help)")


def parser_of(verb: str, description: str, epilog: str = "") -> Parser:
    """The parser of a verb."""
    return Parser(
        prog=f"pipeledger {verb}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_delivery_options(parser: argparse.ArgumentParser) -> None:
    """Options of the verbs that send."""
    parser.add_argument(
        "--strict", action="store_true", help="fail when the ledger did not take it (default: warn)"
    )
    parser.add_argument("--source", default="", help="CloudEvents source (PIPELEDGER_SOURCE)")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the environment and these options.

    Raises:
        UsageError: one of them is wrong.
    """
    settings = Settings.read(os.environ)
    return replace(
        settings,
        strict=settings.strict or getattr(options, "strict", False),
        source=getattr(options, "source", "") or settings.source,
    )


def source_of(settings: Settings, job: Job) -> str:
    """Where events come from; warns in a CI job that would give each machine a name of its own."""
    in_job = job.system or os.environ.get("CI", "").lower() not in ("", "0", "false")
    if not settings.source and in_job and "repository" not in job.facts:
        warn(
            "PIPELEDGER_SOURCE is not set, and no repository is known: events come from a name "
            "of this machine alone, and deployments told by several are not counted together"
        )
    return settings.source or default_source(job, settings.state)


def delivery_of(settings: Settings) -> Delivery:
    """How things are sent; signed events name the origin that is trusted at the address."""
    from pipeledger.delivery import Delivery  # noqa: PLC0415 - brings what help does not need

    return Delivery(settings, origin=lambda: trusted_origin(settings))


def trusted_origin(settings: Settings) -> str:
    """The origin of the ledger that is trusted at the address, or nothing."""
    from pipeledger.trusting import TrustStore  # noqa: PLC0415 - brings cryptography
    from pipeledger.verifier.wire import UncheckedError  # noqa: PLC0415 - as above

    try:
        log = TrustStore(settings.config).of_address(settings.url, settings.ledger)
    except (UncheckedError, OSError) as error:
        raise UsageError(str(error)) from error
    return "" if log is None else log.origin


def attempt(
    delivery: Delivery, item: Item | Kept, forgiven: Callable[[str], bool] | None = None
) -> tuple[Sent | None, int]:
    """Deliver an item, warn where that fails, and give the exit status for it.

    Args:
        delivery: sends it.
        item: what to send; it may be kept already.
        forgiven: whether a refusal for this reason is no failure; None: none is.
    """
    settings = delivery.settings
    failed = FAILED if settings.strict else 0
    kept = delivery.keep(item) if isinstance(item, Item) else item
    item = kept.item
    try:
        sent = delivery.send(kept, wait_s=settings.timeout_s)
    except AwayError as error:
        waiting = len(delivery.spool.waiting())
        # What answers is not away: it wants another token, say, and then takes what waits.
        why = "the ledger did not take it" if error.certain else "the ledger is away"
        warn(f"{why} ({error}); {item.label} waits in the spool, {waiting} in all")
        return None, failed
    except SpoolError as error:
        warn(f"{item.label} is lost: {error}")
        return None, failed
    if sent.problem:
        place = f"; kept under {delivery.spool.refused}" if item.kind == "event" else ""
        hint = "; key:=value gives numbers and lists" if sent.problem.endswith("got text") else ""
        warn(f"{item.label} was refused: {sent.problem}{hint}{place}")
        return None, 0 if forgiven is not None and forgiven(sent.problem) else failed
    if isinstance(item.body, bytes) and (ahead := _ahead_s(item.body, sent.answer)) > _CLOCKS_S:
        warn(f"{item.label} is said to happen {ahead:.0f} s after the ledger recorded it: "
             "check --at, or this machine's clock")  # fmt: skip
    return sent, 0


def _ahead_s(event: bytes, receipt: Mapping[str, Any]) -> float:
    """Seconds by which an event's time lies after its recording; 0 where it is not told."""
    try:
        told = json.loads(event)["time"]
        recorded = json.loads(receipt["seq"])["at"]
        return (datetime.fromisoformat(told) - datetime.fromisoformat(recorded)).total_seconds()
    except (KeyError, TypeError, ValueError):
        return 0.0


def time_of(said: str, option: str, now: datetime) -> str:
    """A time as a ledger takes it: what is told as a span before now is made an instant.

    Raises:
        UsageError: a span beyond the calendar.
    """
    return written(instant_of(said, option, now)) if _SPAN.fullmatch(said) else said


def warn(message: str) -> None:
    """Say something on standard error, on one line; where that takes nothing, nobody hears it."""
    try:
        sys.stderr.write(f"pipeledger: {plain(message)}\n")
    except AttributeError:
        pass  # closed before we began
    except (OSError, ValueError):
        # A full disk, say. What is left unwritten must not fail at exit.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def say(line: str) -> None:
    """Say something on standard output, on one line."""
    sys.stdout.write(f"{printable(line)}\n")
