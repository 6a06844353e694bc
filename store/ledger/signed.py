"""What was signed of a ledger, against its entries: checkpoints in the database, and the guard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import PipeledgerError
from store.ledger.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.log.checkpoint import Checkpoint
    from domain.log.tree import CompactTree
    from store.ledger.equipment import Equipment


class Signed:
    """Checkpoints of a ledger, met in order of size while its tree grows."""

    def __init__(
        self, equipment: Equipment, note: bytes | None, rows: Iterator[tuple[int, bytes]]
    ) -> None:
        """Begin before the first entry.

        Args:
            equipment: the ledger's.
            note: what the guard held before the entries were looked at: what it covers has been
                committed by then.
            rows: size and note of what was published, ascending.
        """
        self._guard = equipment.guard
        self._ring = equipment.ring
        self._rows = rows
        self._next = next(rows, None)
        self._agreed = 0
        self._other = 0
        self._largest = 0
        self._note = note
        self._guarded: Checkpoint | None = None
        self._problem = ""
        if self._note is not None:
            try:
                self._guarded = self._ring.open(self._note)
            except PipeledgerError as error:
                self._problem = str(error)

    def root_of(self, size: int) -> bytes | None:
        """The root that the log signed for a size, where that is at hand."""
        if self._guarded is not None and self._guarded.size == size:
            return self._guarded.root
        if self._next is not None and self._next[0] == size:
            try:
                said = self._ring.open(self._next[1])
            except PipeledgerError:
                return None
            return said.root if said.size == size else None
        return None

    def passed(self, tree: CompactTree, *, whole: bool) -> Iterator[Finding]:
        """Whatever was signed of the entries up to here.

        Args:
            tree: of the entries so far.
            whole: False where entries are missing, so that no root can be compared.
        """
        while self._next is not None and self._next[0] <= tree.size:
            size, note = self._next
            self._next = next(self._rows, None)
            try:
                said = self._ring.open(note)
            except PipeledgerError as error:
                yield Finding(size, f"the checkpoint of this size does not verify: {error}")
                continue
            if said.size != size:
                yield Finding(size, f"the checkpoint of this size speaks of {said.size} entries")
                continue
            self._largest = size
            if whole and size == tree.size:
                yield from self._compared(said, tree, "the checkpoint of this size has")
        if whole and self._guarded is not None and self._guarded.size == tree.size:
            yield from self._compared(self._guarded, tree, "the guard holds")

    def rest(self, position: int) -> Iterator[Finding]:
        """What speaks of entries after the last one, and what the guard does not hold.

        Args:
            position: of the last entry.
        """
        if self._other > 1:
            yield Finding(
                None, f"{self._other - 1} checkpoints after that one have other roots too"
            )
        if self._next is not None:
            yield Finding(self._next[0], "a checkpoint covers more entries than exist")
        if self._note is None:
            yield Finding(None, "the guard is empty")
        elif self._guarded is None:
            yield Finding(None, f"the guard's checkpoint does not verify: {self._problem}")
        else:
            if self._guarded.size > position:
                yield Finding(
                    position + 1,
                    f"missing: the guard covers {self._guarded.size} entries, there are {position}",
                )
            yield from self._older()

    def _compared(self, said: Checkpoint, tree: CompactTree, what: str) -> Iterator[Finding]:
        if said.root == tree.root():
            self._agreed, self._other = said.size, 0
            return
        self._other += 1
        if self._other == 1:
            yield Finding(
                said.size,
                f"{what} another root than the entries: something was written anew at positions"
                f" {self._agreed + 1} to {said.size}",
            )

    def _older(self) -> Iterator[Finding]:
        # A running server goes on: what it published meanwhile the guard holds by now.
        note = self._guard.read()
        if note is None or self._guarded is None:
            return
        try:
            size = self._ring.open(note).size
        except PipeledgerError:
            size = self._guarded.size
        if size < self._largest:
            yield Finding(
                self._largest,
                f"the guard holds an older checkpoint, of {size} entries, than was published",
            )
