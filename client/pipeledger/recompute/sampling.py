"""Samples of what was judged, drawn again.

    rank     SHA-256 of seed, line feed, key, in hexadecimal; the first of a stratum are drawn
    shares   in proportion: whole parts, then one more by the largest remainder, of equal ones by
             name; where the size reaches, one without any takes it from the one that has most

A sample is of each test and variant for itself. Its items are rows of `control_items`, each with a
sheet: what the entries behind it say of themselves.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeledger.looking import at, objects
from pipeledger.recompute.comparison import compare, plain
from pipeledger.recompute.rows import records
from pipeledger.verifier.wire import UncheckedError, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

METHOD = "sha256-stratified/v1"
ITEMS = "control_items"
_SHEET = 50
_MOST = 1000
_COLUMNS = ["position", "type", "occurred_at", "recorded_at", "source", "event", "entry"]

Row = dict[str, Any]


class Sample:
    """A sample as an answer states it.

    Attributes:
        outcome: that its items have, or None for all.
    """

    def __init__(self, told: Any) -> None:  # noqa: ANN401 - JSON
        """Read it.

        Raises:
            UnsoundError: it is none.
            UncheckedError: drawn in a way that this program does not know.
        """
        if not isinstance(told, dict) or not isinstance(told.get("populations"), list):
            raise UnsoundError(None, "sample: of no known form")
        if told.get("method") != METHOD:
            raise UncheckedError("the sample was drawn in an unknown way", "update pipeledger")
        self._told = told
        size, seed, by = (told.get(key) for key in ("size", "seed", "strata"))
        self.outcome: str | None = told.get("outcome")
        if (
            type(size) is not int
            or not 0 < size <= _MOST
            or not isinstance(seed, str)
            or not isinstance(by, str)
            or by not in {"service", "outcome"}
            or not (self.outcome is None or isinstance(self.outcome, str))
        ):
            raise UnsoundError(None, "sample: of no known form")
        self._size, self._seed, self._by = size, seed, by
        items = [item for one in objects(told, "populations") for item in objects(one, "items")]
        self._wanted = {
            position
            for item in items
            for entry in objects(item, "sheet", "entries")
            if type(position := entry.get("position")) is int and 0 < position < 2**63
        }
        self._entries: dict[int, Row] = {}

    @property
    def statement(self) -> tuple[str, list[str]]:
        """The SQL that gives the rows that it is of, and the values of its placeholders."""
        narrowed = [] if self.outcome is None else [self.outcome]
        return f"SELECT * FROM {ITEMS}{' WHERE outcome = ?' if narrowed else ''}", narrowed  # noqa: S608

    def look(self, events: pa.Table) -> None:
        """Take from rows of `events` what its sheets speak of."""
        wanted = pa.array(sorted(self._wanted), pa.int64())
        found = events.select(_COLUMNS).filter(pc.is_in(events["position"], value_set=wanted))
        self._entries |= {row["position"]: _entry(row) for row in records(found)}

    def check(self, items: Iterable[Row]) -> list[str]:
        """Draw it again; gives what was found, for people.

        Args:
            items: all rows of `control_items` that it is of.

        Raises:
            UnsoundError: another sample; names test and item.
        """
        rows: dict[tuple[str, str], list[Row]] = {}
        for row in items:
            rows.setdefault((row["test"], row["variant"]), []).append(row)
        made = [self._draw(key, found) for key, found in sorted(rows.items())]
        said = list(objects(self._told, "populations"))
        names = [(one.get("test"), one.get("variant")) for one in said]
        if names != sorted(rows):
            raise UnsoundError(None, "sample: it is of other tests than were judged")
        for one, other in zip(said, made, strict=True):
            self._compare(one, other)
        return [
            f"sample of {one['test']}: {len(one['items'])} of {one['population']}, drawn again "
            f"with the seed {self._seed} by {self._by}: equal, and what the entries behind them say"
            for one in made
        ]

    def _draw(self, key: tuple[str, str], rows: list[Row]) -> Row:
        by_name: dict[str, list[Row]] = {}
        for row in rows:
            by_name.setdefault(row[self._by] or "", []).append(row)
        shares = shares_of({name: len(found) for name, found in by_name.items()}, self._size)
        items = [
            {"stratum": name, "rank": rank, **row}
            for name in sorted(by_name)
            for rank, _, row in sorted(
                ((rank_of(self._seed, row["item_key"]), row["item_key"], row)
                 for row in by_name[name]), key=lambda one: one[:2],
            )[: shares[name]]
        ]  # fmt: skip
        strata = [
            {"stratum": name, "population": len(by_name[name]), "sampled": shares[name]}
            for name in sorted(by_name)
        ]
        return {"test": key[0], "variant": key[1], "population": len(rows), "strata": strata,
                "items": items}  # fmt: skip

    def _compare(self, said: Row, made: Row) -> None:
        place = f"sample of {made['test']}"
        if said.get("population") != made["population"]:
            raise UnsoundError(None, f"{place}: its population is not {made['population']}")
        compare(f"{place}, strata", list(objects(said, "strata")), made["strata"], ordered=True)
        items = list(objects(said, "items"))
        bare = [{key: one for key, one in item.items() if key != "sheet"} for item in items]
        compare(place, bare, made["items"], ordered=True)
        for item, row in zip(items, made["items"], strict=True):
            looked = [self._entries.get(position) for position in row["positions"][:_SHEET]]
            if at(item, "sheet", "entries") != looked:
                raise UnsoundError(
                    None, f"{place}: the sheet of {row['item_key'][:100]!a} is not what its "
                    "entries say",
                )  # fmt: skip


def rank_of(seed: str, key: str) -> str:
    """What an item is ranked by."""
    return sha256(f"{seed}\n{key}".encode()).hexdigest()


def shares_of(counts: dict[str, int], size: int) -> dict[str, int]:
    """How many are drawn from each stratum."""
    whole = sum(counts.values())
    size = min(size, whole)
    parts = {name: divmod(size * count, whole) for name, count in sorted(counts.items())}
    shares = {name: part for name, (part, _) in parts.items()}
    by_remainder = sorted(parts, key=lambda name: (-parts[name][1], name))
    for name in by_remainder[: size - sum(shares.values())]:
        shares[name] += 1
    bare = [name for name, share in shares.items() if not share]
    for name in bare if size >= len(shares) else ():
        most = max(shares.values())
        shares[next(one for one, share in shares.items() if share == most)] -= 1
        shares[name] += 1
    return shares


def _entry(row: Row) -> Row:
    """What a sheet says of an entry."""
    try:
        data = json.loads(row["event"] or "{}")["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        data = {}
    digests = {str(one.get("name")): one.get("digest") for one in objects(data, "documents")}
    url = at(data, "url")
    context = json.loads(row["entry"].split(b"\n", 1)[1])
    return {
        "position": row["position"], "type": row["type"], "time": plain(row["occurred_at"]),
        "recorded_at": plain(row["recorded_at"]), "source": row["source"],
        "url": url if isinstance(url, str) else None,
        "documents": [
            {"name": part["name"], "media_type": part["ct"], "commitment": part["c"],
             "digest": digests.get(part["name"])}
            for part in context["parts"]
        ],
    }  # fmt: skip
