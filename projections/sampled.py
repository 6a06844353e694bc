"""Samples of what tests of controls judged, each item with what is to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from domain.sampling import METHOD, draw
from projections.answer import rows_of
from projections.sheets import MOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.sampling import Drawn, Stratum
    from projections.catalogue import Catalogue, Outcome

By = Literal["service", "outcome"]


class Sample:
    """A sample of every population: of each test and set of its parameters one of its own.

    Attributes:
        rows: the items, as `control_items` has them.
    """

    def __init__(
        self, items: pa.Table, size: int, seed: str, by: By, outcome: Outcome | None = None
    ) -> None:
        """Draw it.

        Args:
            items: all that was judged, as `control_items` has it.
            size: items of each population.
            seed: makes it repeatable.
            by: the column whose values are the strata.
            outcome: that all the items have; None: items of every outcome.
        """
        self._size, self._seed, self._by, self._outcome = size, seed, by, outcome
        self._drawn: list[tuple[str, str, list[Stratum], list[Drawn], pa.Table]] = []
        places = []
        pairs = items.select(["test", "variant"]).group_by(["test", "variant"]).aggregate([])
        for pair in sorted(map(tuple, zip(*pairs.to_pydict().values(), strict=True))):
            test, variant = pair
            mask = pc.and_(pc.equal(items["test"], test), pc.equal(items["variant"], variant))
            at = pc.indices_nonzero(mask).to_pylist()
            keys = items["item_key"].take(at).to_pylist()
            names = items[by].take(at).to_pylist()
            place = dict(zip(keys, at, strict=True))
            strata, drawn = draw(
                ((name or "", key) for name, key in zip(names, keys, strict=True)), size, seed
            )
            chosen = [place[one.key] for one in drawn]
            places += chosen
            self._drawn.append((test, variant, strata, drawn, items.take(chosen)))
        self.rows: pa.Table = items.take(pa.array(places, pa.int64()))

    def looked_at(self) -> set[int]:
        """The positions whose sheets `told` wants."""
        return {one for row in self.rows["positions"].to_pylist() for one in row[:MOST]}

    def told(self, catalogue: Catalogue, sheets: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
        """As an answer states it.

        Args:
            catalogue: in effect.
            sheets: what is to be looked at behind each position of `looked_at`.
        """

        def item(drawn: Drawn, row: dict[str, Any], test: str) -> dict[str, Any]:
            entries = [sheets[position] for position in row["positions"][:MOST]]
            sheet = {"audit": catalogue.tests[test].audit, "entries": entries}
            return {"stratum": drawn.stratum, "rank": drawn.rank, **row, "sheet": sheet}

        return {
            "method": METHOD, "size": self._size, "seed": self._seed, "strata": self._by,
            "outcome": self._outcome,
            "populations": [
                {
                    "test": test, "variant": variant,
                    "population": sum(one.population for one in strata),
                    "strata": [
                        {"stratum": one.name, "population": one.population, "sampled": one.sampled}
                        for one in strata
                    ],
                    "items": [
                        item(one, row, test)
                        for one, row in zip(drawn, rows_of(rows), strict=True)
                    ],
                }
                for test, variant, strata, drawn, rows in self._drawn
            ],
        }  # fmt: skip
