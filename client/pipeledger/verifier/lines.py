"""Entries as they are exported: one JSON object a line, in order of position.

    {"position":n,"entry":base64,"leaf":hex,"parts":[{"name","salt","bytes"},..]}
    {"count":n,"checkpoint":note}                        the last line of an exported file

`position` and `leaf` only repeat what the entry says; where they say something else, the line was
tampered with. A run from position 1 to the checkpoint's size is proved by the root; any other run
needs the proof of its last entry (`"proof"`, base64 of a proof file, in place of `checkpoint`),
which by the links proves all entries before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.chain import Chain
from pipeledger.verifier.note import open_checkpoint, open_later
from pipeledger.verifier.part import check_parts
from pipeledger.verifier.tree import is_included, leaf_hash
from pipeledger.verifier.wire import (
    Checkpoint,
    UncheckedError,
    UnsoundError,
    read_base64,
    read_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Executor

    from pipeledger.verifier.entry import Entry
    from pipeledger.verifier.key import TrustedKey
    from pipeledger.verifier.proof import Proof
    from pipeledger.verifier.trust import TrustedLog
    from pipeledger.verifier.witness import WitnessPolicy

BATCH = 4096
BATCH_BYTES = 16_777_216
MAX_NAMED = 5


@dataclass
class Absent:
    """Parts that are not at hand: redacted, or withheld from this reader.

    Attributes:
        count: how many.
        named: the first of them, as position and name.
    """

    count: int = 0
    named: list[tuple[int, str]] = field(default_factory=list)

    def add(self, position: int, names: Iterable[str]) -> None:
        """Note absent parts of one entry."""
        for name in names:
            self.merge(1, [(position, name)])

    def merge(self, count: int, named: Sequence[tuple[int, str]]) -> None:
        """Note so many more absent parts, the first of which are named."""
        self.count += count
        self.named += named[: MAX_NAMED - len(self.named)]


@dataclass(frozen=True)
class Run:
    """A run of entries that was checked.

    Attributes:
        first: position of the first.
        last: position of the last.
        checkpoint: of the log, that proves them.
        absent: parts that are not at hand.
        signatures: whether signatures were checked too.
        notes: what else was checked, or was not there.
        keys: the keys that the entries led to; empty where they taught nothing.
        told: what they taught, for people.
    """

    first: int
    last: int
    checkpoint: Checkpoint
    absent: Absent
    signatures: bool
    notes: tuple[str, ...] = ()
    keys: tuple[TrustedKey, ...] = ()
    told: tuple[str, ...] = ()


@dataclass
class Settings:
    """How much is checked, and with what.

    Attributes:
        signatures: False leaves out signatures, times, stream numbers and parts.
        known: checkpoints that the log must contain.
        workers: threads for signatures.
        progress: told how many entries are done.
        streams: whose events are counted over a whole log.
        witnesses: whose cosignatures are asked for; None: nobody's.
        processes: that check a tiled log together; fewer than two: this one alone.
        alone: a log of fewer entries is checked by this process in any case.
    """

    signatures: bool = True
    known: tuple[Checkpoint, ...] = ()
    workers: Executor | None = None
    progress: Callable[[int], None] | None = None
    streams: tuple[str, ...] = ()
    witnesses: WitnessPolicy | None = None
    processes: int = 0
    alone: int = 20_000

    def counted(self, chain: Chain) -> tuple[str, ...]:
        """What a run over a whole log says of the streams that are counted.

        Raises:
            UncheckedError: numbers in streams were not checked.
        """
        if self.streams and not self.signatures:
            raise UncheckedError("--stream counts what --without-signatures leaves out")
        end = chain.next_position - 1
        return tuple(
            f"{name}: {chain.numbers.get(name, 0)} events, which are all among {end} entries"
            for name in self.streams
        )


def check_lines(
    lines: Iterable[bytes],
    log: TrustedLog,
    settings: Settings,
    *,
    note: bytes | None = None,
    proof: Proof | None = None,
) -> Run:
    """Check exported entries against a checkpoint or the proof of the last of them.

    Args:
        lines: the lines, without a trailer.
        log: whose entries they are.
        settings: how much is checked.
        note: the log's checkpoint; for a run from position 1.
        proof: of the last entry; for any run.

    Raises:
        UnsoundError: something does not hold; the first bad position.
        UncheckedError: no entry, or nothing that proves them.
    """
    claimed = None if note is None else open_later(note, log.log_keys, log.origin)
    run: _Running | None = None
    for raw in lines:
        line = read_object(raw, "entries")
        if run is None:
            first = line.get("position")
            if type(first) is not int or first < 1:
                raise UnsoundError(None, "entries: a line without its position")
            run = _Running(
                Chain(
                    log,
                    first=first,
                    signatures=settings.signatures,
                    known=settings.known,
                    workers=settings.workers,
                ),
                settings,
            )
        run.add(line)
    if run is None:
        raise UncheckedError("there is no entry in it")
    run.flush()
    chain = run.chain
    if proof is not None:
        checkpoint = open_checkpoint(proof.note, log.log_keys, log.origin)
        chain.settle()
        last = chain.next_position - 1
        if proof.index + 1 != last or not is_included(
            chain.last_leaf, proof.index, checkpoint.size, proof.path, checkpoint.root
        ):
            raise UnsoundError(last, "the proof does not lead from this entry to the root")
        chain.check_known(proof.note)
    elif claimed is None:
        raise UncheckedError("no checkpoint is with the entries, so nothing proves the last one")
    elif chain.first != 1:
        chain.settle()
        raise UncheckedError(
            f"the entries begin at position {chain.first}: that needs the proof of the last one"
        )
    else:
        chain.finish(claimed)
        checkpoint = chain.opened(claimed.note)
    end = chain.next_position - 1
    notes = settings.counted(chain) if (chain.first, end) == (1, checkpoint.size) else ()
    if settings.streams and not notes:
        raise UncheckedError("--stream needs all entries of the log")
    return run_of(chain, checkpoint, run.absent, settings, notes)


def run_of(
    chain: Chain,
    checkpoint: Checkpoint,
    absent: Absent,
    settings: Settings,
    notes: tuple[str, ...],
) -> Run:
    """A run whose end was reached, and what its entries taught of keys."""
    learnt = tuple(chain.succession.told)
    return Run(
        chain.first, chain.next_position - 1, checkpoint, absent, settings.signatures, notes,
        # A run that begins later cannot hold a log key's end against its own root.
        tuple(chain.succession.keys) if chain.first == 1 else (), learnt,
    )  # fmt: skip


class _Running:
    """A run while its lines come in."""

    def __init__(self, chain: Chain, settings: Settings) -> None:
        self.chain = chain
        self.absent = Absent()
        self._settings = settings
        self._entries: list[bytes] = []
        self._parts: list[Any] = []
        self._bytes = 0

    def add(self, line: dict[str, Any]) -> None:
        """Take one line; what it says beside its entry must be what the entry says."""
        position = self.chain.next_position + len(self._entries)
        try:
            entry = _entry_of(line, position)
        except UnsoundError as error:
            self.flush()
            # Something earlier may be bad already; then this line is not the first.
            self.chain.settle()
            raise UnsoundError(position, error.cause) from error
        self._entries.append(entry)
        self._parts.append(line.get("parts", []))
        self._bytes += len(entry)
        if len(self._entries) >= BATCH or self._bytes >= BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Check what was taken in."""
        entries: list[Entry] = self.chain.extend(self._entries)
        for entry, parts in zip(entries, self._parts, strict=False):
            self.absent.add(entry.position, check_parts(entry, parts))
        self._entries, self._parts, self._bytes = [], [], 0
        if self._settings.progress is not None:
            self._settings.progress(self.chain.count)


def _entry_of(line: dict[str, Any], position: int) -> bytes:
    entry = read_base64(line.get("entry"), "entry")
    leaf = leaf_hash(entry).hex()
    if line.get("position") != position:
        raise UnsoundError(None, f"here stands a line of position {line.get('position')}")
    if line.get("leaf", leaf) != leaf:
        raise UnsoundError(None, "the entry is not the one of the leaf hash beside it")
    if not isinstance(line.get("parts", []), list):
        raise UnsoundError(None, "parts: not a list")
    return entry
