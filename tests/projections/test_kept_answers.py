"""Answers are kept for whoever asks the same, and take no more memory for that than they may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pytest

from projections.apart.history import Known
from projections.history import History
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from projections.answer import Question
    from projections.heard import Told

MIB = 1 << 20


class Rows(History):
    """A past that never changes, with rows that take as many bytes as `stale_after_s` says.

    Attributes:
        made: how often rows were computed.
    """

    def __init__(self) -> None:
        super().__init__(lambda _: bytes(32), lambda _, size: size)
        self.made = 0

    def follow(self) -> Known:
        """One entry."""
        return Known("ledger.example/rows", 1, bytes(32), b"", (1, 0))

    def compute(self, question: Question) -> dict[str, pa.Table]:
        """As large as it is asked for."""
        self.made += 1
        size = question.proof.parameters.stale_after_s or 0
        return {"dora": pa.table({"row": pa.array([bytes(size)])})}

    def heard(self, question: Question) -> Told:
        """Nobody asks for it."""
        raise NotImplementedError(question)

    def sheets(self, question: Question, positions: Iterable[int]) -> NoReturn:
        """Nobody asks for them."""
        raise NotImplementedError(question, positions)

    def close(self) -> None:
        """Nothing is open."""

    def asked(self, size: int, service: Any = None) -> int:  # noqa: ANN401 - any that differs
        """How often rows of a size have to be computed for a service."""
        before = self.made
        self.ask([Selection("dora")], {"stale_after_s": size, "service": service and str(service)})
        return self.made - before


@pytest.mark.parametrize(("size", "kept"), [(6 * MIB, 5), (1000, 64)])
def test_as_many_answers_are_kept_as_have_room(size: int, kept: int) -> None:
    """Sixty-four small ones, and of pages of ten thousand rows a few: those asked for last."""
    rows = Rows()
    for number in range(1, 101):
        assert rows.asked(size, number) == 1
    assert sum(rows.asked(size, number) for number in range(100, 100 - kept, -1)) == 0
    assert rows.asked(size, 100 - kept) == 1


def test_one_that_is_very_large_takes_nobody_s_place() -> None:
    """It is made each time, and the others stay."""
    rows = Rows()
    assert [rows.asked(size) for size in (MIB, 9 * MIB, 9 * MIB, MIB)] == [1, 1, 1, 0]
