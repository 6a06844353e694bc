"""Sends history in batches, and remembers how far it came.

History can be read again at any time, so nothing of it goes through the spool: what was not
answered for is sent again by the next run.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipeledger.durable import make_folder, replace
from pipeledger.errors import AwayError, ClientError
from pipeledger.event import encode
from pipeledger.transport import refusal
from pipeledger.web import problem_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipeledger.settings import Settings
    from pipeledger.transport import Transport

BATCH = 500
BATCH_BYTES = 4 * 1024 * 1024
MAX_TRIES = 8
MAX_PAUSE_S = 5.0
_CREATED, _REPEATED, _ERRORS = 201, 200, 400


@dataclass
class Tally:
    """What became of the events.

    Attributes:
        created: the ledger has them now.
        repeated: it had them before.
        refused: it will not have them.
        first_refusal: why, of the first of them.
    """

    created: int = 0
    repeated: int = 0
    refused: int = 0
    first_refusal: str = ""

    def add(self, other: Tally) -> None:
        """Add what became of others."""
        self.created += other.created
        self.repeated += other.repeated
        self.refused += other.refused
        self.first_refusal = self.first_refusal or other.first_refusal


class Progress:
    """How far the import of one repository into one ledger came.

    The walk to fixed tips is always the same, so a number says which of its commits are in.
    """

    def __init__(self, settings: Settings, repository: str) -> None:
        name = f"{settings.url}\n{settings.ledger}\n{settings.mark}\n{repository}"
        digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._file: Path = settings.state / "imports" / f"{digest}.json"
        self.finished: list[str] = []
        self.tips: list[str] = []
        self.done = 0
        self._read()

    def begin(self, tips: list[str]) -> None:
        """Walk to these tips; the walk that was cut off is taken up instead, if there is one."""
        if not self.tips:
            self.tips, self.done = tips, 0

    def advance(self, commits: int) -> None:
        """So many more commits are in."""
        self.done += commits
        self._write()

    def finish(self) -> None:
        """All commits that lead to the tips are in."""
        self.finished = self.tips
        self.tips, self.done = [], 0
        self._write()

    def _read(self) -> None:
        try:
            said = json.loads(self._file.read_bytes())
            tips, done, finished = said["tips"], said["done"], said["finished"]
        except (OSError, ValueError, TypeError, KeyError):
            return
        if all(isinstance(one, str) for one in [*tips, *finished]) and isinstance(done, int):
            self.tips, self.done, self.finished = tips, done, finished

    def _write(self) -> None:
        said = {"tips": self.tips, "done": self.done, "finished": self.finished}
        make_folder(self._file.parent)
        replace(self._file, json.dumps(said).encode())


def send(
    transport: Transport,
    events: Iterable[dict[str, Any]],
    told: Callable[[Tally, int], None],
    pause: Callable[[float], None] = time.sleep,
) -> Tally:
    """Send events in batches.

    Args:
        transport: to the ledger.
        events: as objects.
        told: hears after each batch of the sum, and of how many events it was.
        pause: waits some seconds.

    Raises:
        AwayError: the ledger stays away; what was told of is in.
        ClientError: it refuses everything.
    """
    tally = Tally()
    lines: list[bytes] = []
    size = 0
    for event in events:
        line = encode(event)
        if lines and (len(lines) >= BATCH or size + len(line) > BATCH_BYTES):
            _post(transport, lines, tally, pause)
            told(tally, len(lines))
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        _post(transport, lines, tally, pause)
        told(tally, len(lines))
    return tally


def _post(
    transport: Transport, lines: list[bytes], tally: Tally, pause: Callable[[float], None]
) -> None:
    body = b"\n".join(lines)
    headers = {"Content-Type": "application/x-ndjson"}
    for attempt in range(MAX_TRIES):
        try:
            answer = transport.request("POST", "events", body=body, headers=headers)
            if answer.status >= _ERRORS:
                raise refusal(answer)
            rows = answer.object().get("receipts")
        except AwayError:
            if attempt == MAX_TRIES - 1:
                raise
            pause(min(0.2 * 2**attempt, MAX_PAUSE_S))
            continue
        break
    if not isinstance(rows, list) or len(rows) != len(lines):
        raise ClientError("what answered is no ledger: not one answer for each event")
    for row in rows:
        status = row.get("status") if isinstance(row, dict) else None
        if status in (_CREATED, _REPEATED) and isinstance(row.get("receipt"), dict):
            tally.created += status == _CREATED
            tally.repeated += status == _REPEATED
        elif isinstance(status, int) and status >= 500:  # noqa: PLR2004 - server's errors
            raise AwayError("the ledger took only a part; run it again")
        else:
            tally.refused += 1
            problem = row.get("problem") if isinstance(row, dict) else None
            said = problem_text(problem if isinstance(problem, dict) else {}, status or 0)
            tally.first_refusal = tally.first_refusal or said
