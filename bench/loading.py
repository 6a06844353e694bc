"""Loads a ledger in bulk: the product's very bytes, by COPY, below the sequencer.

Processes make events, lay them out and sign their contexts, with the product's own workbench and
signer; this one gives them their places in groups, as the sequencer does, and writes them. Indexes
that are not in the order of positions are made at the end. The first events are examined by
`fsck`; at the end the checkpoint is signed and guarded, and whoever opens the ledger finds it so.

`python -m bench.loading FOLDER N` puts N events into the ledger `default` of a data folder, which
is made if it is not there.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import subprocess
import sys
from collections import deque
from functools import partial
from itertools import islice, starmap
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

from psycopg import sql

from api.host import Host, Settings, now
from bench.events import draft, event
from bench.figures import Figure, Watch, scratch, tell
from domain.events import TYPES
from domain.log.checkpoint import Checkpoint
from domain.log.entry import Signature, format_at, parse_entry
from store.ledger.chain import Head
from store.ledger.fsck import fsck
from store.ledger.group import Group
from store.ledger.opening import equip
from store.ledger.prepared import Prepared, Workbench
from store.ledger.signer import Signer
from store.postgres.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.pool import AsyncResult, Pool

    from store.ledger.equipment import Equipment
    from store.postgres.database import Connection

NAME: Final = "default"
ORIGIN: Final = "ledger.example/bench"
DATA: Final = "BENCH_DATA"
N: Final = "BENCH_N"
MANY: Final = 1_000_000
GROUP: Final = 2_048
AHEAD: Final = 8
EXAMINED: Final = 5_000
_OWN: Final = 100
"""At most so many entries a server makes by itself before anybody sends."""
_DROPPED: Final = (
    ("entries", "entries_type"), ("entries", "entries_time"), ("tags", "tags_pkey"),
    ("deliveries", "deliveries_pkey"),
)  # fmt: skip
_TABLES: Final = ("entries", "tags", "parts", "deliveries", "tiles")


def wanted() -> int:
    """How many events BENCH_N asks for."""
    return int(os.environ.get(N, MANY))


@contextlib.contextmanager
def loaded(count: int, *, kept: bool = True) -> Iterator[Path]:
    """A data folder whose ledger has so many events: that of BENCH_DATA, loaded if it is empty.

    Args:
        count: of events.
        kept: may be that of BENCH_DATA; else, and without it, it is a folder for the block alone.
    """
    folder = os.environ.get(DATA) if kept else None
    with contextlib.ExitStack() as stack:
        data = Path(folder) if folder else stack.enter_context(scratch()) / "data"
        if not (data / "ledgers").exists():
            # In a process of its own: the memory of whoever measures is measured too.
            load_apart(data, count)
        yield data


def load_apart(data: Path, count: int) -> None:
    """Load by a process of its own."""
    words = [sys.executable, "-m", "bench.loading", str(data), str(count)]
    subprocess.run(words, check=True, env=os.environ | {"BENCH_OUTPUT": ""})


def ahead(workers: Pool, work: Callable[[int], bytes], numbers: Iterable[int]) -> Iterator[bytes]:
    """What a work makes of each number, in order; some are made ahead, and no more in memory."""
    waiting: deque[AsyncResult[bytes]] = deque()
    for number in numbers:
        waiting.append(workers.apply_async(work, (number,)))
        if len(waiting) == AHEAD:
            yield waiting.popleft().get()
    for one in waiting:
        yield one.get()


def load(data: Path, count: int) -> Iterator[Figure]:
    """Put so many events into a ledger; tells the rate and the bytes."""
    with Host(Settings(data)) as host:
        if NAME not in host.names():
            host.create(NAME, ORIGIN)
        equipment = _equipment(host)
        with (
            host.database.connect("writer") as connection,
            host.database.connect() as owner,
            get_context("spawn").Pool(os.cpu_count(), _begin, (data,)) as workers,
        ):
            head = _head(connection, equipment)
            assert head.position < _OWN, "the ledger was loaded before"
            pieces = map(_made, ahead(workers, partial(_make, count), range(0, count, GROUP)))
            gc.disable()
            watch = Watch()
            first = -(-EXAMINED // GROUP)
            _write(connection, equipment, head, islice(pieces, first))
            _publish(equipment, head)
            for found in fsck(equipment, TYPES):
                raise AssertionError(found)
            _make_indexes(owner, equipment.schema, lambda: _write(
                connection, equipment, head, pieces
            ))  # fmt: skip
            _publish(equipment, head)
            yield Figure("loading, by COPY below the sequencer", count / watch.seconds, "events/s",
                         aim=15_000)  # fmt: skip
            gc.enable()
            owner.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.SQL(", ").join(
                sql.Identifier(equipment.schema, table) for table in _TABLES
            )))  # fmt: skip
            yield from _sizes(owner, equipment.schema, count)
        # What the product makes of it: it opens only what agrees with the guard.
        here = host.open(NAME)
        assert here.ledger.published.size == head.position
        here.close()


def _equipment(host: Host) -> Equipment:
    return equip(NAME, host.origin(NAME), host.place(NAME), host.surroundings(NAME))


_work: tuple[Workbench, Signer]


def _begin(data: Path) -> None:
    """Make a process ready to work."""
    global _work  # noqa: PLW0603 - of a process of the pool, set once
    host = Host(Settings(data))
    equipment = _equipment(host)
    _work = Workbench(equipment), Signer(equipment.ring.signers)
    host.close()
    gc.disable()  # what is made here refers to nothing in a circle


def _make(count: int, first: int) -> bytes:
    """Events from a number on, laid out and signed, as `_made` takes them.

    Not pickled: that takes as long as the signatures.
    """
    workbench, signer = _work
    events = [
        workbench.lay_out(draft(event(number, count)))
        for number in range(first, min(first + GROUP, count))
    ]
    signer.sign(events)
    return marshal.dumps([
        (one.type, one.context, one.streams, (), one.time, one.type_field, one.tag_heads,
         one.stream_heads, one.part_rows, one.key, one.mac,
         [(signature.key_id, signature.value) for signature in one.signatures])
        for one in events
    ])  # fmt: skip


def _made(raw: bytes) -> list[Prepared]:
    """What `_make` gave; tags stand in it as rows only."""
    return [
        Prepared(*(*fields, tuple(starmap(Signature, signatures))))
        for *fields, signatures in marshal.loads(raw)  # noqa: S302 - of our own process
    ]


def _head(connection: Connection, equipment: Equipment) -> Head:
    last = sql.SQL("SELECT pos, leaf, entry FROM {} ORDER BY pos DESC LIMIT 1")
    statement = last.format(sql.Identifier(equipment.schema, "entries"))
    row = connection.execute(statement).fetchone()
    assert row is not None
    position, leaf, raw = row
    edge = equipment.tiles.edge(connection, position)
    return Head(position, bytes(leaf), parse_entry(bytes(raw)).seq.at, edge)


def _write(
    connection: Connection, equipment: Equipment, head: Head, pieces: Iterator[list[Prepared]]
) -> None:
    talk = Talk(connection)
    for events in pieces:
        group = Group(head.copy(), max(format_at(now()), head.at))
        for one in events:
            for stream in one.streams:
                head.numbers.setdefault(stream, 0)
            group.place(one)
        talk.ask([(b"BEGIN", None)])
        group.write(talk, equipment.schema)
        head.numbers.update(group.numbers)
        head.position, head.leaf = group.head.position, group.head.leaf
        head.at, head.edge = group.head.at, group.head.edge


def _publish(equipment: Equipment, head: Head) -> None:
    """Sign and guard; the row of the checkpoint is made by whoever opens the ledger."""
    root = head.edge.tree.root()
    note = equipment.ring.sign(Checkpoint(equipment.origin, head.position, root))
    equipment.guard.swap(equipment.guard.read(), note)


def _sizes(owner: Connection, schema: str, count: int) -> Iterator[Figure]:
    for table in _TABLES:
        row = owner.execute(
            "SELECT pg_total_relation_size(%s::regclass), pg_indexes_size(%s::regclass)",
            (f"{schema}.{table}",) * 2,
        ).fetchone()
        assert row is not None
        yield Figure(f"table {table} and its indexes, an event", row[0] / count, "bytes")


def _make_indexes(owner: Connection, schema: str, write: Callable[[], None]) -> None:
    """Write without the indexes that are not in the order of positions; make them after it."""
    made: list[sql.Composed] = []
    for table, index in _DROPPED:
        name, of = sql.Identifier(schema, index), sql.Identifier(schema, table)
        told = owner.execute(
            "SELECT pg_get_constraintdef(c.oid), pg_get_indexdef(i.oid) FROM pg_class AS i"
            " LEFT JOIN pg_constraint AS c ON c.conindid = i.oid WHERE i.oid = %s::regclass",
            (f"{schema}.{index}",),
        ).fetchone()
        assert told is not None
        constraint, definition = told
        if constraint is None:
            owner.execute(sql.SQL("DROP INDEX {}").format(name))
            made.append(sql.SQL(definition).format())
        else:
            alter = sql.SQL("ALTER TABLE {} {} CONSTRAINT {} ")
            owner.execute(alter.format(of, sql.SQL("DROP"), sql.Identifier(index)))
            again = alter.format(of, sql.SQL("ADD"), sql.Identifier(index))
            made.append(again + sql.SQL(constraint))
    write()
    for statement in made:
        owner.execute(statement)


if __name__ == "__main__":
    tell(load(Path(sys.argv[1]), int(sys.argv[2])))
