"""Memory of a server under load: `python -m bench.memory [EVENTS]`.

Single events go to a new ledger over 64 connections, and after every 8,192 somebody reads: DORA,
deployments, entries by tag, a stream, a proof. What is not sealed yet a server holds in memory, up
to 65,536 events; so memory is flat if it is the same whenever as many events are not sealed. It is
looked at before each reading: what an answer took is given back by and by. It is that of two
processes: the server, and the one that derives what the past was, which holds what is not sealed.
EVENTS: how many are sent (default 170,000).
"""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING, Final

import uvloop

from bench.events import deployment
from bench.figures import Figure, Watch, memory, scratch, tell
from bench.http import load, requests, target_of
from projections.segment import SIZE
from tests.serving import deriving, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS: Final = 170_000
CLIENTS: Final = 64
PIECE: Final = 8_192
_FLAT: Final = 3
"""Percent of memory, a segment."""


def measure(count: int) -> Iterator[Figure]:
    """Send, read, look at the memory, again and again."""
    server_held: list[float] = []
    apart_held: list[float] = []
    watch = Watch()
    with scratch() as folder, serving(folder / "data") as server, server.http() as client:
        target = target_of(server)
        for first in range(0, count, PIECE):
            wire = requests(target, first, PIECE)
            uvloop.run(load(target, CLIENTS, wire))
            server_held.append(memory(target.process))
            apart_held.append(memory(deriving(target.process)) if first else 0.0)
            for path in _read(first):
                client.get(path).raise_for_status()
        most = {
            "server": memory(target.process, "VmHWM"),
            "deriving": memory(deriving(target.process), "VmHWM"),
        }
    yield Figure(f"{len(server_held) * PIECE:,} events sent and read in", watch.seconds / 60, "min")
    for process, held in (("server", server_held), ("deriving", apart_held)):
        yield Figure(f"memory of the {process} process: at most", most[process], "MiB")
        yield from _grown(process, held)


def _grown(process: str, held: list[float]) -> Iterator[Figure]:
    turn = SIZE // PIECE
    assert len(held) > 2 * turn, "too few events to compare two segments"
    what = f"memory of the {process} process"
    yield Figure(f"{what}: at the end", held[-1], "MiB")
    # The first segment warms everything up: what is compared is one segment with the next.
    pairs = list(zip(held[turn:], held[2 * turn :], strict=False))
    grown = statistics.mean(later - earlier for earlier, later in pairs)
    yield Figure(
        f"{what} grows by, a segment of 65,536 events",
        100 * grown / statistics.mean(held[turn:]), "%", floor=_FLAT, least=True,
    )  # fmt: skip
    inside = statistics.linear_regression(range(turn // 2), held[turn : turn + turn // 2]).slope
    yield Figure(f"{what}: of events not sealed, slope", 10_000 / PIECE * inside, "MiB/10,000")


def _read(first: int) -> Iterator[str]:
    told = deployment(first)["data"]
    yield "/metrics/dora"
    yield "/deployments?limit=100"
    yield f"/entries?tag=commit:{told['commit']}"
    yield f"/streams/line/{told['service']}@{told['environment']}?limit=100"
    yield f"/log/consistency?from={first + 1}&to={first + PIECE}"


if __name__ == "__main__":
    tell(measure(int(sys.argv[1]) if sys.argv[1:] else EVENTS))
