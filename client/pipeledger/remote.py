"""A whole ledger over HTTP, and proofs on request: bytes only, the verifier judges them."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeledger.durable import move, written
from pipeledger.durable import replace as replace_file
from pipeledger.errors import AwayError
from pipeledger.transport import Transport, refusal
from pipeledger.verifier.evidence import verdict_of_run
from pipeledger.verifier.folder import CHECKPOINT, ENTRIES
from pipeledger.verifier.lines import check_lines
from pipeledger.verifier.note import MAX_NOTE, UnsignedError, open_checkpoint, open_later
from pipeledger.verifier.proof import MAX_PATH, Proof, parse_proof
from pipeledger.verifier.seen import Memory
from pipeledger.verifier.wire import UncheckedError, UnsoundError, read_hash, read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any, BinaryIO

    from pipeledger.settings import Settings as ClientSettings
    from pipeledger.verifier.evidence import Verdict
    from pipeledger.verifier.lines import Settings
    from pipeledger.verifier.trust import TrustedLog
    from pipeledger.verifier.wire import Checkpoint
    from pipeledger.verifier.witness import WitnessPolicy

PAGE = 1000
MAX_PROOF = 2_000_000
MAX_DEFINITIONS = 64 * 1024 * 1024
NDJSON = "application/x-ndjson"
_GONE = frozenset({404, 410})
_BAR = 24


class LedgerReader:
    """Reads one ledger for the verifier."""

    def __init__(self, url: str, ledger: str, settings: ClientSettings) -> None:
        self._transport = Transport(url, ledger, settings)

    def check(self, log: TrustedLog, settings: Settings, *, save: Path | None) -> Verdict:
        """Verify the whole ledger against its newest checkpoint.

        Args:
            log: trusted keys, and what was seen before.
            settings: how much is checked.
            save: folder for what was read and is sound, or None.

        Raises:
            UnsoundError: the first bad position.
            UncheckedError: entries or checkpoint may not be read.
            AwayError: the ledger does not answer.
        """
        note = self.checkpoint()
        claimed = open_later(note, log.log_keys, log.origin)
        memory = Memory(settings.known)
        with suppress(UnsignedError):
            # Before a whole ledger is read; but what nobody signed yet accuses nobody.
            opened = open_checkpoint(note, log.log_keys, log.origin)
            memory.compare(opened, log, whole=True, passed=True)
        said: tuple[str, ...] = ()
        if settings.witnesses is not None:
            settings, said = self._witnessed(settings.witnesses, settings, log, claimed)
        watched = replace(settings, progress=progress_of(claimed.size))
        with ExitStack() as stack:
            kept: BinaryIO | None = None
            if save is not None:
                partial = stack.enter_context(written(save, ENTRIES, b""))
                kept = stack.enter_context(partial.open("wb"))
            run = check_lines(self.lines(claimed.size, kept), log, watched, note=note)
            standing = memory.compare(run.checkpoint, log, whole=True, passed=True)
            if save is not None and kept is not None:
                kept.close()
                move(partial, save / ENTRIES)
                replace_file(save / CHECKPOINT, note)
        if said:
            standing = replace(standing, lines=(*said, *standing.lines[1:]))
        return verdict_of_run(run).judged(standing)

    def proof(self, position: int) -> Proof:
        """The proof of an entry, up to the ledger's newest checkpoint.

        Raises:
            UnsoundError: the ledger says that there is no such position.
            UncheckedError: it may not be read.
            AwayError: the ledger does not answer.
        """
        answer = self._transport.request(
            "GET", f"entries/{position}/proof", headers={"Accept": "text/plain"}, limit=MAX_PROOF
        )
        if answer.status in _GONE:
            raise UnsoundError(position, "the ledger says that it does not hold it")
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise UncheckedError(str(refusal(answer)), self._hint(answer.status))
        return parse_proof(answer.body)

    def consistency(self, log: TrustedLog, old: int, new: int) -> list[bytes]:
        """The path between two sizes; the verifier judges it.

        Raises:
            UnsoundError: the ledger holds less than was signed, or answers with no path.
            UncheckedError: it may not be read.
            AwayError: the ledger does not answer.
        """
        answer = self._transport.request(
            "GET", "log/consistency", query={"from": str(old), "to": str(new)}, limit=MAX_PROOF
        )
        if answer.status != 200:  # noqa: PLR2004 - OK
            newest = open_checkpoint(self.checkpoint(), log.log_keys, log.origin)
            if newest.size < new:
                raise UnsoundError(
                    newest.size + 1,
                    f"missing: {new} entries were signed, and the ledger has {newest.size} now",
                )
            raise UncheckedError(str(refusal(answer)), self._hint(answer.status))
        hashes = read_object(answer.body, "consistency").get("hashes")
        if not isinstance(hashes, list) or len(hashes) > MAX_PATH + 1:
            raise UnsoundError(None, "consistency: no list of hashes")
        return [read_hash(str(one), "consistency hash") for one in hashes]

    def _witnessed(
        self, policy: WitnessPolicy, settings: Settings, log: TrustedLog, newest: Checkpoint
    ) -> tuple[Settings, tuple[str, ...]]:
        """What the policy's witnesses say, of the newest checkpoint or of the last one they saw.

        Witnesses are a step behind a ledger that grows; what they saw must then be contained.
        """
        try:
            return settings, policy.check(newest)
        except UnsoundError:
            answer = self._transport.request(
                "GET", "log/checkpoint", query={"witnessed": "true"},
                headers={"Accept": "text/plain"}, limit=MAX_NOTE,
            )  # fmt: skip
            if answer.status != 200:  # noqa: PLR2004 - OK
                raise
        seen = open_checkpoint(answer.body, log.log_keys, log.origin)
        said = policy.check(seen)
        if seen.size > newest.size:
            raise UnsoundError(newest.size + 1, f"missing: witnesses saw {seen.size} entries")
        later = newest.size - seen.size
        held = replace(settings, known=(*settings.known, seen))
        return held, (
            f"up to position {seen.size} {said[0]}",
            f"no quorum yet for the {later} entries after it",
        )

    def checkpoint(self) -> bytes:
        """The newest checkpoint, as a signed note.

        Raises:
            UncheckedError: it may not be read.
            AwayError: the ledger does not answer.
        """
        return self._get("log/checkpoint", "text/plain", MAX_NOTE)

    def definitions(self) -> dict[str, Any]:
        """What the ledger makes its tables with.

        Raises:
            UnsoundError: what it says is no object.
            UncheckedError: it may not be read.
            AwayError: the ledger does not answer.
        """
        raw = self._get("definitions", "application/json", MAX_DEFINITIONS)
        return read_object(raw, "definitions")

    def lines(self, size: int, kept: BinaryIO | None = None) -> Iterator[bytes]:
        """The first entries, so many, a line each.

        Args:
            size: how many.
            kept: where each line is written as well, or None.

        Raises:
            AwayError: the ledger does not answer, or with more than was asked for.
        """
        after = 0
        while after < size:
            # Never beyond the checkpoint: what came later has no signed root yet.
            wanted = min(PAGE, size - after)
            got = 0
            query = {"after": str(after), "limit": str(wanted)}
            for line in self._transport.lines("entries", query=query, headers={"Accept": NDJSON}):
                got += 1
                if got > wanted:
                    raise AwayError("the ledger answers with more entries than were asked for")
                if kept is not None:
                    kept.write(line)
                yield line
            if not got:
                return
            after += got

    def _get(self, path: str, accept: str, limit: int) -> bytes:
        answer = self._transport.request("GET", path, headers={"Accept": accept}, limit=limit)
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise UncheckedError(str(refusal(answer)), self._hint(answer.status))
        return answer.body

    def _hint(self, status: int) -> str:
        if status not in (401, 403):
            return ""
        if self._transport.withheld:
            return "PIPELEDGER_TOKEN is sent to PIPELEDGER_URL only: set that to this address"
        return "set PIPELEDGER_TOKEN to a token that may read"


def progress_of(total: int) -> Callable[[int], None] | None:
    """Tell of progress where a person watches."""
    if not _watched():
        return None

    def tell(done: int) -> None:
        share = done * _BAR // total if total else _BAR
        bar = "#" * share + "." * (_BAR - share)
        end = "\r" if done < total else "\r\x1b[K"
        sys.stderr.write(f"\r{bar} {done:,} of {total:,} entries{end}")
        sys.stderr.flush()

    return tell


def counter() -> Callable[[int], None] | None:
    """Tell how far it is where a person watches and the end is not known."""
    if not _watched():
        return None

    def tell(done: int) -> None:
        sys.stderr.write(f"\r\x1b[K{done:,} entries\r")
        sys.stderr.flush()

    return tell


def _watched() -> bool:
    return sys.stderr.isatty() and not os.environ.get("CI")
