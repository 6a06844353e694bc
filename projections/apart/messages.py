"""What the server and the process that derives say to each other: MessagePack, tables as Arrow.

Nothing that is read can run code: the server holds keys, the other process meets what was sent in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa

from domain.errors import (
    DamageError,
    NotFoundError,
    PipeledgerError,
    RefusedError,
    UnavailableError,
)
from projections.heard import Told  # noqa: TC001 - decoded
from projections.parameters import Parameters  # noqa: TC001 - decoded
from projections.selection import Selection  # noqa: TC001 - decoded

if TYPE_CHECKING:
    from collections.abc import Mapping


class Place(msgspec.Struct, frozen=True):
    """Where a ledger lies.

    Attributes:
        name: the ledger's.
        origin: likewise.
        folder: `<data>/ledgers/<name>`.
    """

    name: str
    origin: str
    folder: str


class Begin(msgspec.Struct, frozen=True):
    """The first message.

    Attributes:
        database: libpq address; may hold a password.
        ledgers: that will be asked about.
        niceness: how far the process steps back behind all others, 0 to 19.
    """

    database: str
    ledgers: tuple[Place, ...]
    niceness: int


class Request(msgspec.Struct, frozen=True):
    """What is asked of a ledger, of which this is published.

    Attributes:
        number: of the request, which its answer repeats.
        ledger: by its name.
        size: number of entries published.
        root: root hash over them.
        checkpoint: the signed note.
    """

    number: int
    ledger: str
    size: int
    root: bytes
    checkpoint: bytes


class Follow(Request, tag=True, frozen=True):
    """Take in what is published; answered by `Followed`."""


class Make(Request, tag=True, frozen=True):
    """Make rows; answered by `Made`.

    Attributes:
        version: of the state to read; where it is gone, a later one gives the same.
        parameters: of the answer.
        selections: the rows that are wanted.
    """

    version: tuple[int, int]
    parameters: Parameters
    selections: tuple[Selection, ...]


class Hear(Request, tag=True, frozen=True):
    """Tell what the ledger was told up to a position; answered by `Heard`."""

    version: tuple[int, int]
    position: int


class Look(Request, tag=True, frozen=True):
    """Give the sheets of entries; answered by `Seen`."""

    version: tuple[int, int]
    positions: tuple[int, ...]


class Forget(msgspec.Struct, tag=True, frozen=True):
    """Nobody will ask about this state again; not answered."""

    ledger: str
    version: tuple[int, int]


class Followed(msgspec.Struct, tag=True, frozen=True):
    """The newest state, verified; see `projections.answer.State`."""

    number: int
    size: int
    root: bytes
    checkpoint: bytes
    version: tuple[int, int]


class Made(msgspec.Struct, tag=True, frozen=True):
    """Rows: tables in Arrow's stream format, by name."""

    number: int
    tables: dict[str, bytes]


class Heard(msgspec.Struct, tag=True, frozen=True):
    """What the ledger was told."""

    number: int
    told: Told


class Seen(msgspec.Struct, tag=True, frozen=True):
    """Sheets, by position."""

    number: int
    sheets: dict[int, dict[str, Any]]


class Failed(msgspec.Struct, tag=True, frozen=True):
    """A request failed.

    Attributes:
        number: of the request.
        kind: of the error; empty for one that nobody foresaw.
        words: what it was made with.
    """

    number: int
    kind: str
    words: tuple[str | int | None, ...]


Asked = Follow | Make | Hear | Look
Said = Followed | Made | Heard | Seen | Failed
read_begin: Final = msgspec.msgpack.Decoder(Begin).decode
read_asked: Final = msgspec.msgpack.Decoder(Asked | Forget).decode
read_said: Final = msgspec.msgpack.Decoder(Said).decode
write: Final = msgspec.msgpack.encode


def write_tables(tables: Mapping[str, pa.Table]) -> dict[str, bytes]:
    """Tables as they go through the pipe."""
    found = {}
    for name, table in tables.items():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        found[name] = sink.getvalue().to_pybytes()
    return found


def read_tables(raw: Mapping[str, bytes]) -> dict[str, pa.Table]:
    """The same, taken back."""
    return {name: pa.ipc.open_stream(one).read_all() for name, one in raw.items()}


def failed(number: int, error: Exception) -> Failed:
    """An error, as it goes through the pipe."""
    match error:
        case UnavailableError():
            return Failed(number, "unavailable", (str(error), error.public))
        case DamageError():
            return Failed(number, "damage", (error.position, error.cause))
        case RefusedError():
            return Failed(number, "refused", (error.place, error.reason))
        case NotFoundError():
            return Failed(number, "not found", (str(error),))
        case _:
            return Failed(number, "", (f"{type(error).__name__}: {error}",))


def raised(said: Failed) -> Exception:
    """The error that was met on the other side; a RuntimeError where it is a fault of ours."""
    made: dict[str, type[PipeledgerError]] = {
        "unavailable": UnavailableError, "damage": DamageError, "refused": RefusedError,
        "not found": NotFoundError,
    }  # fmt: skip
    return made.get(said.kind, RuntimeError)(*said.words)
