"""Entries through the chain: nothing becomes a row before it is verified."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pipeledger.recompute.rows import event_rows
from pipeledger.verifier.chain import Chain
from pipeledger.verifier.entry import parse_entry
from pipeledger.verifier.part import commitment
from pipeledger.verifier.tree import Tree, leaf_hashes
from pipeledger.verifier.wire import UncheckedError, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from pipeledger.recompute.definitions import Definitions
    from pipeledger.recompute.rows import Batch
    from pipeledger.verifier.entry import Entry
    from pipeledger.verifier.lines import Settings
    from pipeledger.verifier.trust import TrustedLog
    from pipeledger.verifier.wire import Checkpoint

REDACTED = "pipeledger.part.redacted"
_NAMED = 5


class Source(Protocol):
    """Where entries and definitions come from; nothing of it is believed."""

    @property
    def note(self) -> bytes:
        """A checkpoint over the entries."""

    def batches(self, size: int) -> Iterator[Batch]:
        """The first entries, so many, in order."""

    def definitions(self) -> Definitions:
        """What makes tables of them."""


@dataclass
class Redactions:
    """Events that are not at hand.

    Attributes:
        gone: their positions.
        announced: positions that events speak of as redacted, and where.
    """

    gone: set[int] = field(default_factory=set)
    announced: dict[int, int] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse to go on without events that nobody says were redacted.

        Raises:
            UncheckedError: there are some; names the first.
        """
        missing = sorted(self.gone - self.announced.keys())
        if missing:
            named = ", ".join(map(str, missing[:_NAMED])) + (" ..." if missing[_NAMED:] else "")
            raise UncheckedError(
                f"{len(missing)} events are not here and no entry says that they were redacted: "
                f"positions {named}",
                "read them with a token that may read parts",
            )

    def after(self, position: int) -> int:
        """How many events at or before a position were redacted after it."""
        return sum(at <= position < said for at, said in self.announced.items() if at in self.gone)


def verified_rows(
    source: Source,
    log: TrustedLog,
    checkpoint: Checkpoint,
    settings: Settings,
    redactions: Redactions,
    root: Checkpoint | None = None,
) -> Iterator[pa.Table]:
    """The rows of all entries below a checkpoint; the last batch is followed by its root's check.

    Whoever uses rows before the end must not believe them before it.

    Args:
        source: gives the entries.
        log: whose they are.
        checkpoint: of the log, opened with its key.
        settings: how much is checked.
        redactions: is told which events are not at hand.
        root: a smaller state whose root must be that of the first entries, or None.

    Raises:
        UnsoundError: the first bad position, or a root that is not the entries'.
    """
    chain = Chain(
        log, signatures=settings.signatures, known=settings.known, workers=settings.workers
    )
    tree = Tree()
    for batch in source.batches(checkpoint.size):
        begin = chain.next_position
        parsed = chain.extend(batch.entries)
        if not settings.signatures:
            parsed = _parsed(batch.entries, begin)
        leaves = leaf_hashes(batch.entries)
        if root is not None and tree.size < root.size:
            tree.extend(leaves[: root.size - tree.size])
            if tree.size == root.size and tree.root() != root.root:
                chain.settle()
                raise UnsoundError(None, f"the root is not that of the first {root.size} entries")
        if settings.progress is not None:
            settings.progress(chain.next_position - 1)
        # Fewer where a link did not fit: the chain then says at its end which entry is bad.
        if len(parsed) == len(batch.entries):
            _check_events(parsed, batch, redactions)
            yield event_rows(parsed, leaves, batch)
    chain.finish(checkpoint)
    redactions.check()


def _parsed(entries: list[bytes], begin: int) -> list[Entry]:
    parsed = []
    for position, raw in enumerate(entries, begin):
        try:
            parsed.append(parse_entry(raw))
        except UnsoundError as error:
            raise UnsoundError(position, error.cause) from error
    return parsed


def _check_events(parsed: list[Entry], batch: Batch, redactions: Redactions) -> None:
    for entry, salt, body in zip(parsed, batch.salts, batch.bodies, strict=True):
        said = entry.context["event"]
        if body is None or salt is None:
            redactions.gone.add(entry.position)
        elif len(body) != said["len"] or commitment(salt, body) != said["c"]:
            raise UnsoundError(entry.position, "part event: not what the entry commits to")
        elif entry.context["type"] == REDACTED:
            _announce(body, entry.position, redactions)


def _announce(body: bytes, position: int, redactions: Redactions) -> None:
    try:
        data = json.loads(body)["data"]
        at, parts = data["position"], data["parts"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if isinstance(at, int) and isinstance(parts, list) and "event" in parts:
        redactions.announced[at] = position
