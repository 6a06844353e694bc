"""How each witness of a ledger stands: a file beside the ledger, which may be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from store.files import make_folder, write_file

if TYPE_CHECKING:
    from pathlib import Path


class Standing(msgspec.Struct):
    """What is known of one witness.

    Attributes:
        size: of the checkpoint that it cosigned last; 0: none that we know of.
        at: when it did, POSIX seconds, by its own clock.
        recorded: the size that `checkpoint.witnessed` says of it.
        recorded_at: when that was recorded, POSIX seconds.
        failures: attempts in a row that came to nothing.
        trouble: why the last one did, or "".
        forks: how often it refused our tree, or we found that it saw another.
    """

    size: int = 0
    at: int = 0
    recorded: int = 0
    recorded_at: int = 0
    failures: int = 0
    trouble: str = ""
    forks: int = 0


def read_standings(path: Path) -> dict[str, Standing]:
    """What the file says, by the id of the witness's key; nothing where it cannot be read.

    Whatever is lost with it is learnt again from the witnesses; an event more is recorded.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Standing])
    except (OSError, msgspec.DecodeError):
        return {}


def write_standings(path: Path, standings: dict[str, Standing]) -> None:
    """Write the file whole."""
    make_folder(path.parent)
    write_file(path, msgspec.json.encode(standings))
