"""What is asked of one ledger's past, and the answer with what proves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from domain.instant import write_time

if TYPE_CHECKING:
    import pyarrow as pa

    from projections.parameters import Parameters
    from projections.selection import Selection

FORMAT: Final = "pipeledger/answer/v1"


class State(Protocol):
    """A published state of a ledger that verified."""

    @property
    def origin(self) -> str:
        """Of the ledger."""
        ...

    @property
    def size(self) -> int:
        """Number of entries."""
        ...

    @property
    def root(self) -> bytes:
        """Root hash over them."""
        ...

    @property
    def checkpoint(self) -> bytes:
        """The signed note of this state."""
        ...

    @property
    def version(self) -> tuple[int, int]:
        """Differs between two states whose rows differ."""
        ...


@dataclass(frozen=True, slots=True)
class Proof:
    """On what an answer was given.

    Attributes:
        origin: of the ledger.
        position: up to which it was read.
        root: root hash over the entries up to there, hexadecimal.
        checkpoint: a signed note of this size or a larger one.
        parameters: with which parameters.
        definitions: names of the tables that were asked for.
        digest: over their definitions and all that these need.
    """

    origin: str
    position: int
    root: str
    checkpoint: str
    parameters: Parameters
    definitions: tuple[str, ...]
    digest: str

    def told(self) -> dict[str, Any]:
        """As it stands in an answer."""
        return {
            "format": FORMAT,
            "origin": self.origin,
            "position": self.position,
            "root": self.root,
            "checkpoint": self.checkpoint,
            "parameters": self.parameters.told(),
            "definitions": {"names": list(self.definitions), "digest": self.digest},
        }


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is settled: whoever asks it again gets the same rows.

    Attributes:
        proof: on what it will be answered.
        selections: which rows are wanted.
        state: that is read.
        age: seconds since that was the newest state for certain.
    """

    proof: Proof
    selections: tuple[Selection, ...]
    state: State = field(repr=False)
    age: float = 0.0


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Answer:
    """Tables and what proves them. It equals itself alone: many share one.

    Attributes:
        proof: on what it was given.
        selections: which rows, in the order asked for.
        tables: the rows, by the name of their table.
    """

    proof: Proof
    selections: tuple[Selection, ...]
    tables: dict[str, pa.Table] = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Bytes that the rows take."""
        return sum(table.nbytes for table in self.tables.values())

    def told(self) -> dict[str, Any]:
        """The whole answer as JSON values; `verify --recompute` takes it back."""
        return {
            "proof": self.proof.told(),
            "selections": [one.told() for one in self.selections],
            "tables": {name: rows_of(table) for name, table in self.tables.items()},
        }


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table as JSON values: instants as RFC 3339 in UTC, dates as ISO 8601."""
    found: list[dict[str, Any]] = _plain(table.to_pylist())
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return write_time(value)
    return value.isoformat() if isinstance(value, date) else value
