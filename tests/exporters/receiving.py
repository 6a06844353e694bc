"""Events on their way out: a story read like a ledger, and receivers that keep or refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.errors import UnavailableError
from exporters.told import told_of
from tests.projections.story import ORIGIN, Story

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from exporters.told import Told


@dataclass
class Entries:
    """The entries of a story."""

    story: Story

    def read(self, after: int, until: int) -> pa.Table:
        """Those over `after` and up to `until`."""
        return self.story.read().slice(after, until - after)


@dataclass
class Receiver:
    """Keeps what it accepted; refuses the batch of a given number, once."""

    refuses: int = -1
    kept: list[int] = field(default_factory=list)
    batches: int = 0

    def send(self, batch: Sequence[Told]) -> None:
        """Take a batch."""
        self.batches += 1
        if self.batches == self.refuses:
            raise UnavailableError("the receiver did not accept them")
        self.kept += [told.position for told in batch]


def all_of(story: Story) -> list[Told]:
    """Every event of a story as it leaves."""
    return [*told_of(story.rows().events, ORIGIN)]
