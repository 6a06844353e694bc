"""What is known while the mutants of a definition are tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.tools.mutants.sql.recording import Given, Recorded


class Chances:
    """What it takes to have a test notice a mutant, by what it took before."""

    def __init__(self, recorded: Recorded) -> None:
        """Know nothing yet but how long the tests take.

        Args:
            recorded: what they made.
        """
        self._kills = dict.fromkeys(recorded.seconds, 0.5)
        self._spent = dict(recorded.seconds)

    def learn(self, item: str, seconds: float, *, noticed: bool) -> None:
        """Take what a test took, and whether it noticed something."""
        self._kills[item] += noticed
        self._spent[item] += seconds

    def cost(self, item: str) -> float:
        """Seconds for each mutant that a test notices."""
        return self._spent[item] / self._kills[item]


@dataclass
class Course:
    """How far the mutants of a definition are tried.

    Attributes:
        left: numbers of those that no test has noticed.
        differing: of what was given, by its id, the mutants that give other rows.
        asked: mutants and the tests that ran with them.
        unminded: how many runs in a row noticed nothing.
    """

    left: set[int]
    differing: dict[int, set[int]] = field(default_factory=dict)
    asked: set[tuple[int, str]] = field(default_factory=set)
    unminded: int = 0

    def items(self, number: int, given: list[Given]) -> set[str]:
        """The tests in which a mutant gives other rows."""
        return {item for each in given if number in self.differing[id(each)] for item in each.items}
