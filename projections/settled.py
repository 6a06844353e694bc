"""Settled tables: those that hang on the events and the rules alone, not on what one asks.

Whoever asks first pays for them; they are kept beside the segments for whoever asks next, in this
process or another. A file counts for exactly one text of every definition behind it, the rules as
they are by default, one state of the sealed segments and of what is redacted, and one last event of
the types that the table hangs on: what else was appended since changes nothing in it, and a leaf
hash speaks for all entries before it.

While nothing is sealed a ledger is small and changes often: then tables are kept in memory, for
this process alone. Of what was never told the tables are the same in every ledger, and stay.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Final

import duckdb

from domain.log.part import REDACTED
from projections.definitions import digest_of, is_settled, rules_of, types_of
from projections.parameters import Parameters
from projections.placing import place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    import pyarrow as pa

    from projections.live import Snapshot

_SIGNIFICANT: Final = 24
_GROUP: Final = 16_384
"""Rows of a group: who asks for a page, or for some of the time, reads groups and not the file."""


class Settled:
    """The folder in which the settled tables of one ledger lie. Safe for threads and processes.

    Attributes:
        unheard: tables, by name, that hang on events none of which ever came: the same of every
            ledger.
    """

    unheard: ClassVar[dict[str, pa.Table]] = {}

    def __init__(self, folder: Path) -> None:
        """Keep tables.

        Args:
            folder: for them alone; it may be dropped at any time.
        """
        self._folder = folder
        self._now: str | None = None
        self._recent: dict[str, tuple[str, pa.Table]] = {}
        self._heard: tuple[Snapshot, dict[str, int]] | None = None
        self._redacted = b""

    def keeps(self, name: str, snapshot: Snapshot, parameters: Parameters) -> bool:
        """Whether a table is one that is kept, of this state and with these parameters."""
        return (
            parameters.known_at == snapshot.size
            and is_settled(name)
            and _is_by_default(name, parameters)
        )

    def path(self, name: str, snapshot: Snapshot, parameters: Parameters) -> Path | None:
        """Where a table lies or would lie; None: it is none that is kept, with these parameters."""
        if snapshot.state is None or not self.keeps(name, snapshot, parameters):
            return None
        key = self._key(name, snapshot)
        return self._folder / snapshot.state[:_SIGNIFICANT] / f"{name}-{key}.parquet"

    def recall(self, name: str, snapshot: Snapshot, parameters: Parameters) -> pa.Table | None:
        """A table that is kept in memory."""
        if self.is_unheard(name, snapshot, parameters):
            return self.unheard.get(name)
        if snapshot.state is not None or not self.keeps(name, snapshot, parameters):
            return None
        key, rows = self._recent.get(name, ("", None))
        return rows if key == self._key(name, snapshot) else None

    def remember(
        self, name: str, snapshot: Snapshot, parameters: Parameters, made: duckdb.DuckDBPyRelation
    ) -> None:
        """Keep a table in memory, if it is one that is kept there."""
        if self.is_unheard(name, snapshot, parameters):
            self.unheard[name] = made.to_arrow_table()
        elif snapshot.state is None and not self._now and self.keeps(name, snapshot, parameters):
            self._recent[name] = (self._key(name, snapshot), made.to_arrow_table())

    def is_unheard(self, name: str, snapshot: Snapshot, parameters: Parameters) -> bool:
        """Whether a table hangs on events none of which ever came: then all ledgers have it."""
        if (
            snapshot.segments
            or snapshot.state is not None
            or not is_settled(name)
            or not _is_by_default(name, parameters)
        ):
            return False
        types = types_of(name)
        return types is not None and types.isdisjoint(self.heard(snapshot))

    def heard(self, snapshot: Snapshot) -> Mapping[str, int]:
        """The last position of each type of event after the segments."""
        heard = self._heard
        if heard is None or heard[0] is not snapshot:
            told = snapshot.tail.select(["type", "position"])
            last = told.group_by("type").aggregate([("position", "max")]).to_pylist()
            heard = (snapshot, {one["type"]: one["position_max"] for one in last})
            self._heard = heard
        return heard[1]

    def _key(self, name: str, snapshot: Snapshot) -> str:
        """What, beside the state, a table of this snapshot is known by."""
        digest = sha256(f"{_made_by(name)} {snapshot.origin} ".encode())
        digest.update(self._last_leaf(types_of(name), snapshot))
        return digest.hexdigest()[:_SIGNIFICANT]

    def _last_leaf(self, types: frozenset[str] | None, snapshot: Snapshot) -> bytes:
        """Leaf hash of the last event of these types after the segments; empty: there is none."""
        told = self.heard(snapshot)
        # What is redacted changes rows of any type.
        wanted = told.keys() if types is None else types | {REDACTED}
        position = max((told[one] for one in wanted if one in told), default=None)
        if position is None:
            return b""
        first: int = snapshot.tail["position"][0].as_py()
        leaf: bytes = snapshot.tail["leaf"][position - first].as_py()
        return leaf

    def open(self, path: Path) -> BinaryIO | None:
        """A kept table, which stays readable until it is closed, also when it is removed."""
        try:
            return path.open("rb")
        except OSError:
            return None

    def keep(self, path: Path, made: duckdb.DuckDBPyRelation) -> None:
        """Keep a table of the state now in place of what was kept of it before.

        Where that fails, the next one to ask makes it again.
        """
        if path.parent.name != self._now:
            return
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with contextlib.suppress(OSError, duckdb.IOException):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                made.write_parquet(str(fresh), compression="zstd", row_group_size=_GROUP)
                place(fresh, path)
                self._remove_older(path)
            finally:
                fresh.unlink(missing_ok=True)

    def _remove_older(self, path: Path) -> None:
        for old in path.parent.glob(f"{path.name.partition('-')[0]}-*.parquet"):
            if old != path:
                old.unlink(missing_ok=True)

    def turn_to(self, snapshot: Snapshot) -> None:
        """Take a state for the one that is now, and remove the tables of others."""
        redacted = self._last_leaf(frozenset({REDACTED}), snapshot)
        if self._redacted != redacted:
            # What was taken out may stand in what is kept.
            self._redacted = redacted
            self._recent.clear()
        now = (snapshot.state or "")[:_SIGNIFICANT]
        if self._now != now:
            self._now = now
            # What is kept in memory is of a ledger of which nothing was sealed.
            self._recent.clear()
            for old in self._folder.glob("*"):
                if old.name != now:
                    shutil.rmtree(old, ignore_errors=True)

    def drop(self) -> None:
        """Remove all of them."""
        self._recent.clear()
        shutil.rmtree(self._folder, ignore_errors=True)


@functools.cache
def _made_by(name: str) -> str:
    return f"{digest_of([name])} {_BY_DEFAULT} {duckdb.__version__}"


def _is_by_default(name: str, parameters: Parameters) -> bool:
    return all(getattr(parameters, rule) == _BY_DEFAULT[rule] for rule in rules_of(name))


_BY_DEFAULT: Final = Parameters(known_at=0).rules()
