"""The contract of the tables: what `schema/tables` says that each column is."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Final

import pyarrow as pa

_TEXT: Final = pa.string()
ARROW: Final = {
    "BIGINT": pa.int64(),
    "BLOB": pa.binary(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    "VARCHAR": _TEXT,
    "BIGINT[]": pa.list_(pa.int64()),
    "VARCHAR[]": pa.list_(_TEXT),
}
"""The kinds of columns that a contract may name, as DuckDB spells them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: its name.
        kind: its type, a key of `ARROW`.
        meaning: one line for people.
    """

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table that others may rely on.

    Attributes:
        name: its name.
        version: rises when a column changes its meaning or goes.
        grain: what one row is.
        columns: in order.
    """

    name: str
    version: int
    grain: str
    columns: tuple[Column, ...]

    @property
    def arrow(self) -> pa.Schema:
        """The columns as Arrow types."""
        return pa.schema([pa.field(one.name, ARROW[one.kind]) for one in self.columns])


@functools.cache
def table(name: str) -> Table:
    """The contract of one table.

    Raises:
        KeyError: there is none of this name.
    """
    file = resources.files("schema") / "tables" / f"{name}.toml"
    if not file.is_file():
        raise KeyError(name)
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    columns = tuple(Column(key, *value) for key, value in said["columns"].items())
    return Table(name, said["version"], said["grain"], columns)


@functools.cache
def names() -> tuple[str, ...]:
    """All tables that have a contract, in order."""
    folder = resources.files("schema") / "tables"
    files = [file.name for file in folder.iterdir() if file.name.endswith(".toml")]
    return tuple(sorted(name.removesuffix(".toml") for name in files))
