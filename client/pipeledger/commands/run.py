"""`pipeledger run`: a command, with its start and finish as events."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from pipeledger.ci import job_of
from pipeledger.commands.common import (
    add_delivery_options,
    attempt,
    delivery_of,
    parser_of,
    settings_of,
    source_of,
    warn,
)
from pipeledger.errors import ClientError, UsageError
from pipeledger.event import build_event, encode, new_id, short_type
from pipeledger.process import BESIDE_S, run_command
from pipeledger.words import Form, data_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pipeledger.delivery import Delivery, Kept
    from pipeledger.process import Ran

RUNS = {
    "deployment": ("deployment.started", "deployment.finished", "deployment"),
    "rollback": ("deployment.started", "deployment.finished", "deployment"),
    "pipeline": ("pipeline.started", "pipeline.finished", "run"),
    "failover": ("failover.started", "failover.finished", "recovery"),
    "build": ("", "build.finished", ""),
    "tests": ("", "tests.finished", ""),
    "scan": ("", "scan.finished", ""),
    "task": ("", "task.finished", "task"),
    "infrastructure": ("", "infrastructure.applied", ""),
    "migration": ("", "database.migrated", "migration"),
    "backup": ("", "backup.finished", "recovery"),
    "restore": ("", "restore.tested", "recovery"),
    "drill": ("", "drill.finished", "recovery"),
}
"""What can be run: type of the start or nothing, of the finish, and the field that names it."""

_ROWS = "\n".join(
    f"  {word:<15} {' and '.join(one for one in row[:2] if one)}" for word, row in RUNS.items()
)
_EPILOG = f"""\
WHAT is one of
{_ROWS}

The finish holds outcome, exit_status, started_at and duration_s. Signals are handed on to the
command, its input and output are left alone, and its exit status is returned whatever the ledger
does; with --strict a delivery that failed turns 0 into 1.

  pipeledger run deployment service=checkout environment=production -- ./deploy.sh
"""


def main(words: Sequence[str]) -> int:
    """Run a command and send what it did; the command's exit status."""
    before, separator, command = _split(words)
    parser = parser_of("run", "Run a command and send its start and finish.", _EPILOG)
    parser.usage = "pipeledger run WHAT [key=value ...] [options] -- COMMAND ..."
    parser.add_argument("what", metavar="WHAT")
    parser.add_argument("data", metavar="key=value", nargs="*")
    add_delivery_options(parser)
    options = parser.parse_intermixed_args(before)
    if not separator or not command:
        raise UsageError("expected -- and a command (see pipeledger run --help)")
    if options.what not in RUNS:
        raise UsageError(f"{options.what!a} cannot be run; there are {', '.join(RUNS)}")
    given = data_of(options.data)
    settings = settings_of(options)
    recorder = _Recorder(options.what, given, delivery_of(settings))
    ran = run_command(command, beside=recorder.started, after=recorder.ended)
    failed = recorder.finished()
    return ran.status or failed


class _Recorder:
    """Sends start and finish; nothing that goes wrong here reaches the command."""

    def __init__(self, what: str, given: dict[str, Any], delivery: Delivery) -> None:
        start, finish, identity = RUNS[what]
        self._start, self._finish = start, finish
        self._job = job_of(os.environ)
        self._delivery = delivery
        self._source = ""
        self._data = {"kind": "rollback", **given} if what == "rollback" else dict(given)
        if (
            identity
            and identity not in self._data
            and not (identity == "run" and "run" in self._job.facts)
        ):
            self._data[identity] = f"{what[:3]}-{new_id()[:16]}"
        self._failed = 0
        self._start_kept = threading.Event()
        self._finish_kept: Kept | None = None

    def started(self) -> None:
        """Keep the start and send it, where its type exists."""
        try:
            kept = self._keep(self._start, {}) if self._start else None
        finally:
            self._start_kept.set()
        self._send(kept)

    def ended(self, ran: Ran) -> None:
        """Keep the finish, behind the start: a CI system that cancels a job kills it soon."""
        self._start_kept.wait(BESIDE_S)
        self._finish_kept = self._keep(self._finish, {
            "outcome": ran.outcome,
            "exit_status": ran.status,
            "duration_s": round(ran.duration_s, 3),
            "started_at": ran.started_at,
        })  # fmt: skip

    def finished(self) -> int:
        """Send the finish; 1 if a delivery failed and that is to fail the job."""
        self._send(self._finish_kept)
        return self._failed

    def _keep(self, kind: str, done: dict[str, Any]) -> Kept | None:
        try:
            # What was measured wins over what was given: an outcome is not a wish.
            data = {**self._data, **done}
            self._source = self._source or source_of(self._delivery.settings, self._job)
            event = build_event(Form(kind), data, self._job, self._source)
            label = short_type(event["type"])
            return self._delivery.keep(self._delivery.event(encode(event), event["id"], label))
        except (ClientError, OSError, ValueError) as error:
            self._not_sent(kind, error)
            return None

    def _send(self, kept: Kept | None) -> None:
        if kept is None:
            return
        try:
            _, failed = attempt(self._delivery, kept)
        except (ClientError, OSError, ValueError) as error:
            self._not_sent(kept.item.label, error)
        else:
            self._failed = max(self._failed, failed)

    def _not_sent(self, kind: str, error: Exception) -> None:
        warn(f"{kind} was not sent: {error}")
        self._failed = max(self._failed, 1 if self._delivery.settings.strict else 0)


def _split(words: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in words:
        return list(words), False, []
    at = list(words).index("--")
    return list(words[:at]), True, list(words[at + 1 :])
