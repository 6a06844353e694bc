"""A process that does small works of the product on request, for a tracer to disturb.

    python -m tests.store.ledger.failing_calls SOCKET CONNINFO PLACE GUARD

Each request is a line of JSON, the work and its folder; each answer says what was acknowledged,
and by which error the work ended. Answers go through a socket: what is traced are the calls by
which files are written.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import PipeledgerError
from exporters.log import export_log
from projections.segments import Segments
from store.documents import DocumentStore
from store.ledger.guard import FileGuard
from store.ledger.opening import Place, Surroundings, open_ledger
from store.postgres.database import Database
from tests.store.ledger.conftest import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.ledger.ledger import Ledger

DOCUMENTS = {
    f"{number:02x}" * 32: bytes([number]) * length
    for number, length in enumerate((0, 10, 100_000, 3_000_000), 0xA0)
}
"""What is kept, by commitment."""
SEGMENT = 128


def keep_documents(folder: Path, done: list[str]) -> None:
    """Keep each document, one of them twice, and remove one."""
    store = DocumentStore(folder)
    for commitment, body in DOCUMENTS.items():
        store.put(commitment, (body[at : at + 65_536] for at in range(0, len(body), 65_536)))
        done.append(commitment)
    first = next(iter(DOCUMENTS))
    store.put(first, DOCUMENTS[first])
    # From here on nobody was told whether it is there.
    done.remove(first)
    store.delete(first)
    done.append(f"-{first}")


def seal_segments(ledger: Ledger, folder: Path, done: list[str]) -> None:
    """Seal what is complete."""
    columns = ledger.columns()
    try:
        found = Segments(folder, ORIGIN, SEGMENT)
        found.open()
        found.seal(columns, ledger.published.size)
        done += [seal.digest for seal in found.seals]
    finally:
        columns.close()


def export(ledger: Ledger, folder: Path, done: list[str]) -> None:
    """Write the log as files."""
    done.append(str(export_log(ledger, folder).size))


def answer(work: Callable[[Path, list[str]], None], folder: Path) -> dict[str, Any]:
    """Do one work; whatever ends it is told."""
    done: list[str] = []
    try:
        work(folder, done)
    except PipeledgerError as error:
        return {"done": done, "error": str(error), "ours": True}
    except OSError as error:
        return {"done": done, "error": repr(error), "ours": False}
    return {"done": done, "error": None, "ours": True}


def main(address: str, conninfo: str, place: str, guard: str) -> None:
    """Answer requests until the other end is closed."""
    with Database(conninfo) as database, socket.socket(socket.AF_UNIX) as line:
        around = Surroundings(
            database, FileGuard(Path(guard)), lambda: datetime.now(UTC), os.urandom
        )
        ledger = open_ledger("test", ORIGIN, Place(Path(place)), around)
        works: dict[str, Callable[[Path, list[str]], None]] = {
            "documents": keep_documents,
            "segments": lambda folder, done: seal_segments(ledger, folder, done),
            "log": lambda folder, done: export(ledger, folder, done),
        }
        line.connect(address)
        while request := line.recv(65_536):
            asked = json.loads(request)
            told = answer(works[asked["work"]], Path(asked["folder"]))
            line.send(json.dumps(told).encode())
        ledger.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
