"""Both sides beside each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeledger.codehost.ledger import component

if TYPE_CHECKING:
    from pipeledger.codehost.ledger import Known
    from pipeledger.codehost.thing import CodeHost, Thing, Window

MAX_LISTED = 5000
"""Most differences that an event lists; its counts tell of all."""
LEDGER, SOURCE = "ledger", "source"


@dataclass
class Comparison:
    """What came of it.

    Attributes:
        population: how many things either side has, by kind.
        matched: how many both have.
        missing: kind and id of what is missing, by the side that has it not.
    """

    population: Counter[str] = field(default_factory=Counter)
    matched: int = 0
    missing: dict[str, list[tuple[str, str]]] = field(
        default_factory=lambda: {LEDGER: [], SOURCE: []}
    )

    @property
    def differences(self) -> int:
        """How many differences there are."""
        return sum(len(found) for found in self.missing.values())

    def data(self) -> dict[str, Any]:
        """The comparison as events hold it."""
        listed = [
            {"kind": kind, "id": identity, "missing_in": side}
            for side, found in self.missing.items()
            for kind, identity in found
        ]
        return {
            "population": self.population.total(),
            "matched": self.matched,
            "missing_in_ledger": len(self.missing[LEDGER]),
            "missing_in_source": len(self.missing[SOURCE]),
            "unexplained": self.differences,
            "counts": dict(self.population),
            "differences": listed[:MAX_LISTED],
        }


def compare(
    host: CodeHost, known: Known, kinds: list[str], window: Window, branch: str
) -> Comparison:  # fmt: skip
    """Compare what a code host has with what the ledger has.

    Raises:
        UnseenError: the code host cannot be asked.
        AwayError: the ledger does not answer.
        ClientError: it refuses.
    """
    found = Comparison(Counter(dict.fromkeys(kinds, 0)))
    things: dict[tuple[str, str], Thing] = {}
    for kind in kinds:
        for one in host.things(kind, window, branch):
            things[kind, component(one.id)] = one
    known.load(kinds)
    for one in things.values():
        found.population[one.kind] += 1
        if known.has(one, kinds):
            found.matched += 1
        else:
            found.missing[LEDGER].append((one.kind, one.id))
    for kind, identity in sorted(known.inside() - things.keys()):
        # The two may put one thing on either side of the window's edge.
        if not host.has(kind, identity):
            found.population[kind] += 1
            found.missing[SOURCE].append((kind, identity))
    return found
