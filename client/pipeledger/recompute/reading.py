"""Entries through the chain: nothing becomes a row before it is verified."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pyarrow.compute as pc

from pipeledger.recompute.documents import document_rows
from pipeledger.recompute.rows import event_rows
from pipeledger.verifier.chain import Chain
from pipeledger.verifier.entry import parse_entry
from pipeledger.verifier.part import commitment
from pipeledger.verifier.tree import Tree
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
EVENT = "event"
_NAMED = 5


class Source(Protocol):
    """Where entries and definitions come from; nothing of it is believed."""

    @property
    def note(self) -> bytes:
        """A checkpoint over the entries."""

    def batches(self, size: int, *, documents: bool) -> Iterator[Batch]:
        """The first entries, so many, in order; with their documents where they are wanted."""

    def definitions(self) -> Definitions:
        """What makes tables of them."""


@dataclass(frozen=True)
class Rows:
    """Rows of entries that were verified.

    Attributes:
        events: one an entry.
        documents: one a line of their documents, where these are wanted.
    """

    events: pa.Table
    documents: pa.Table


@dataclass
class Redactions:
    """Events and documents that are not at hand.

    Attributes:
        gone: their positions and names of parts.
        announced: what events speak of as redacted, and where.
    """

    gone: set[tuple[int, str]] = field(default_factory=set)
    announced: dict[tuple[int, str], int] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """How many events are not at hand."""
        return sum(part == EVENT for _, part in self.gone)

    def check(self) -> None:
        """Refuse to go on without what nobody says was redacted.

        Raises:
            UncheckedError: there is some; names the first.
        """
        missing = sorted(self.gone - self.announced.keys())
        if missing:
            positions = [str(at) for at, _ in missing[:_NAMED]]
            named = ", ".join(positions) + (" ..." if missing[_NAMED:] else "")
            what = "events" if any(part == EVENT for _, part in missing) else "documents"
            raise UncheckedError(
                f"{len(missing)} {what} are not here and no entry says that they were redacted: "
                f"positions {named}",
                "read them with a token that may read parts",
            )

    def after(self, position: int) -> int:
        """How many parts at or before a position were redacted after it."""
        return sum(
            key[0] <= position < said for key, said in self.announced.items() if key in self.gone
        )


def verified_rows(
    source: Source,
    log: TrustedLog,
    checkpoint: Checkpoint,
    settings: Settings,
    redactions: Redactions,
    root: Checkpoint | None = None,
    *,
    documents: bool = False,
) -> Iterator[Rows]:
    """The rows of all entries below a checkpoint; the last batch is followed by its root's check.

    Whoever uses rows before the end must not believe them before it.

    Args:
        source: gives the entries.
        log: whose they are.
        checkpoint: of the log, opened with its key.
        settings: how much is checked.
        redactions: is told which events are not at hand.
        root: a smaller state whose root must be that of the first entries, or None.
        documents: their documents are wanted, too.

    Raises:
        UnsoundError: the first bad position, or a root that is not the entries'.
    """
    chain = Chain(
        log, signatures=settings.signatures, known=settings.known, workers=settings.workers
    )
    tree = Tree()
    for batch in source.batches(checkpoint.size, documents=documents):
        begin = chain.next_position
        parsed = chain.extend(batch.entries)
        if not settings.signatures:
            parsed = _parsed(batch.entries, begin)
        leaves = chain.leaves
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
            lines = document_rows(parsed if documents else (), batch.documents)
            redactions.gone |= {
                (row["position"], row["part"])
                for row in lines.filter(pc.is_null(lines["salt"])).to_pylist()
            }
            yield Rows(event_rows(parsed, leaves, batch), lines)
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
            redactions.gone.add((entry.position, EVENT))
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
    if isinstance(at, int) and isinstance(parts, list):
        redactions.announced |= {(at, part): position for part in parts if isinstance(part, str)}
