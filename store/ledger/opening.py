"""Making a ledger, and opening one: nothing is served before the log and the guard agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Final

import msgspec
from psycopg import sql

from domain.draft import Draft
from domain.errors import DamageError, RefusedError, SettingError
from domain.log.checkpoint import Checkpoint
from domain.log.entry import format_at, leaf_hash, parse_entry
from domain.log.names import check_origin
from domain.log.part import EVENT_PART, SALT_BYTES, Part
from domain.log.tree import CompactTree
from store.documents import DocumentStore
from store.files import make_folder, write_file
from store.ledger import situations
from store.ledger.bodies import Bodies
from store.ledger.chain import Examiner, Head
from store.ledger.equipment import Equipment
from store.ledger.fsck import fsck
from store.ledger.group import Group
from store.ledger.keys import LedgerKeys
from store.ledger.last import last_position
from store.ledger.ledger import SERVER, Ledger
from store.ledger.observer import Unobserved
from store.ledger.prepared import Workbench
from store.ledger.publisher import Published
from store.ledger.signer import Signer
from store.ledger.strays import remove_strays
from store.ledger.succession import ValidKeys
from store.ledger.tiles import Edge, Tiles
from store.postgres.migrate import check_migrated, migrate
from store.postgres.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from datetime import datetime
    from pathlib import Path

    from domain.log.key import Entropy
    from store.ledger.finding import Finding
    from store.ledger.guard import Guard
    from store.ledger.observer import Observer
    from store.ledger.sealer import Sealer
    from store.ledger.witnessing import Witnessing
    from store.postgres.database import Connection, Database

ORIGIN: Final = "origin"
"""The file that makes a folder a ledger's."""
_MAC_KEY: Final = "delivery.key"
_MAC_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger keeps its files.

    Attributes:
        folder: `<data>/ledgers/<name>`.
    """

    folder: Path

    @property
    def keys(self) -> Path:
        """The folder of the private keys."""
        return self.folder / "keys"

    @property
    def secrets(self) -> Path:
        """The folder of the secrets that are no signing keys."""
        return self.folder / "secrets"

    @property
    def derived(self) -> Path:
        """The folder of what can be derived again from the ledger."""
        return self.folder / "derived"

    @property
    def outgoing(self) -> Path:
        """The folder of the marks up to where events have left for other systems."""
        return self.folder / "outgoing"

    @property
    def documents(self) -> Path:
        """The folder of the document store."""
        return self.folder / "documents"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a ledger is given from outside.

    Attributes:
        database: where its schema lies.
        guard: keeps the last signed checkpoint.
        clock: the present instant, with time zone.
        entropy: random bytes.
        sealer: seals parts for persons, or None.
        observer: told about the stages of an append.
        witnessing: has checkpoints cosigned before anybody is answered, or None.
        signer: URI of the log key of a ledger that is made, where that lies elsewhere.
    """

    database: Database
    guard: Guard
    clock: Callable[[], datetime]
    entropy: Entropy
    sealer: Sealer | None = None
    observer: Observer = field(default_factory=Unobserved)
    witnessing: Witnessing | None = None
    signer: str | None = None


def schema_of(name: str) -> str:
    """The PostgreSQL schema of a ledger."""
    return "ledger_" + name.replace("-", "_")


def create_ledger(name: str, origin: str, place: Place, around: Surroundings) -> None:
    """Make a ledger: keys, secrets, schema, and `ledger.created` at position 1.

    Each step is found done when a creation that died half-way is run again.

    Raises:
        RefusedError: the origin cannot name a ledger.
        SettingError: the ledger exists, or its log key is another than the one asked for.
    """
    check_origin(origin)
    make_folder(place.folder)
    make_folder(place.secrets)
    if not (place.secrets / _MAC_KEY).exists():
        write_file(place.secrets / _MAC_KEY, around.entropy(_MAC_BYTES))
    LedgerKeys.create(place.keys, origin, around.entropy, around.signer)
    with around.database.connect() as connection:
        migrate(connection, schema_of(name))
    equipment = equip(name, origin, place, around)
    guarded = around.guard.read()
    with around.database.connect("writer") as connection:
        head = Head.genesis(origin, Edge(CompactTree(), [[]]))
        try:
            equipment.examiner.extend(connection, head)
        except DamageError as error:
            if error.position != 1:
                raise
            # The keys are of this moment: what is there was made with others.
            raise situations.of_others(name) from error
        if not head.position and guarded is None:
            _append_first(connection, equipment)
            equipment.examiner.extend(connection, head)
    first = Checkpoint(origin, 1, head.edge.tree.root())
    if guarded is None:
        if head.position != 1:
            raise situations.unfinished(name, head.position)
        around.guard.swap(None, equipment.ring.sign(first))
    elif not _says(equipment, guarded, first):
        raise situations.guarded_before(name)


def open_ledger(name: str, origin: str, place: Place, around: Surroundings) -> Ledger:
    """Open a ledger that was created.

    The guard decides: the database must hold exactly the tree that was last guarded, and
    whatever it holds beyond is verified entry by entry before it is signed.

    Raises:
        SettingError: keys, secrets or schema are missing.
        DamageError: the database is behind the guard, differs from it, or does not verify.
    """
    equipment = equip(name, origin, place, around)
    with around.database.connect() as connection:
        check_migrated(connection, equipment.schema)
    with around.database.connect("writer") as connection:
        note = around.guard.read()
        if note is None:
            raise situations.empty(name)
        equipment.ring.load(connection)
        for position, cause in equipment.ring.problems.items():
            raise DamageError(position, cause)
        head, guarded = _guarded_head(connection, equipment, note)
        equipment.examiner.extend(connection, head)
        head.edge.take()
        published = Published(guarded.size, guarded.root, note)
        if head.position > guarded.size:
            root = head.edge.tree.root()
            newer = equipment.ring.sign(Checkpoint(origin, head.position, root))
            around.guard.swap(note, newer)
            published = Published(head.position, root, newer)
        _keep(connection, equipment.schema, published)
    return Ledger(equipment, head, published)


def examine(
    name: str,
    origin: str,
    place: Place,
    around: Surroundings,
    known_types: Container[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Finding]:
    """Re-derive everything that a ledger keeps, whether it is open somewhere or not.

    Args:
        name: the ledger's.
        origin: its name in the log.
        place: where its files lie.
        around: what it is given from outside.
        known_types: stored types of the vocabulary; None: types are not looked at.
        progress: told how many entries of how many are done.

    Raises:
        SettingError: keys, secrets or schema are missing.
        UnavailableError: the database or the guard does not answer.
    """
    equipment = equip(name, origin, place, around)
    with around.database.connect() as connection:
        check_migrated(connection, equipment.schema)
    yield from fsck(equipment, known_types, progress)


def clear(name: str, origin: str, place: Place, around: Surroundings) -> int:
    """Remove the documents of a ledger, open or not, that belong to no entry; see `strays`.

    Raises:
        SettingError: keys, secrets or schema are missing.
        UnavailableError: the database does not answer, or a document cannot be removed.
    """
    return remove_strays(equip(name, origin, place, around))


def equip(
    name: str, origin: str, place: Place, around: Surroundings, schema: str | None = None
) -> Equipment:
    """What the parts of a ledger work with.

    Args:
        name: of the ledger.
        origin: of the ledger.
        place: its files.
        around: what it is given from outside.
        schema: where its tables lie, if not in the schema of its name.

    Raises:
        SettingError: keys or secrets are missing.
    """
    schema = schema or schema_of(name)
    tiles = Tiles(schema)
    ring = ValidKeys(schema, LedgerKeys.load(place.keys, origin), tiles)
    documents = DocumentStore(place.documents)
    bodies = Bodies(schema, documents, around.sealer)
    return Equipment(
        database=around.database,
        schema=schema,
        name=name,
        origin=origin,
        ring=ring,
        delivery_key=_secret(place.secrets / _MAC_KEY),
        sealer=around.sealer,
        documents=documents,
        bodies=bodies,
        tiles=tiles,
        examiner=Examiner(schema, origin, ring, bodies),
        guard=around.guard,
        clock=around.clock,
        entropy=around.entropy,
        observer=around.observer,
        witnessing=around.witnessing,
    )


def _says(equipment: Equipment, note: bytes, wanted: Checkpoint) -> bool:
    """Whether a note is this checkpoint of the ledger."""
    try:
        return equipment.ring.open(note) == wanted
    except (RefusedError, DamageError):
        return False


def _guarded_head(
    connection: Connection, equipment: Equipment, note: bytes
) -> tuple[Head, Checkpoint]:
    try:
        guarded = equipment.ring.open(note)
    except (RefusedError, DamageError) as error:
        raise situations.foreign(equipment.name, error) from error
    statement = sql.SQL("SELECT leaf, entry FROM {} WHERE pos = %s").format(
        sql.Identifier(equipment.schema, "entries")
    )
    row = connection.execute(statement, (guarded.size,)).fetchone()
    if row is None:
        last = last_position(connection, equipment.schema)
        raise situations.older(equipment.name, guarded.size, last)
    leaf, raw = bytes(row[0]), bytes(row[1])
    edge = equipment.tiles.edge(connection, guarded.size)
    if leaf_hash(raw) != leaf or edge.tree.root() != guarded.root:
        raise situations.different(equipment.name, guarded.size)
    return Head(guarded.size, leaf, parse_entry(raw).seq.at, edge), guarded


def _append_first(connection: Connection, equipment: Equipment) -> None:
    """Write `ledger.created`; the one entry that no sequencer writes."""
    now = equipment.clock().astimezone(UTC)
    at = format_at(now)
    event = {
        "specversion": "1.0",
        "id": "created",
        "source": equipment.origin,
        "type": "pipeledger.ledger.created.v1",
        "time": at,
        "data": {
            "origin": equipment.origin,
            "hash": "sha-256",
            "format": 1,
            "keys": list(equipment.ring.keys.vkeys),
        },
    }
    draft = Draft(
        type="pipeledger.ledger.created",
        version=1,
        assurance="decided",
        by=SERVER,
        streams=("ledger",),
        tags=(),
        event=Part(
            EVENT_PART,
            "application/json",
            msgspec.json.encode(event),
            equipment.entropy(SALT_BYTES),
        ),
        time=now,
    )
    head = Head.genesis(equipment.origin, Edge(CompactTree(), [[]]))
    head.numbers["ledger"] = 0
    group = Group(head, at)
    created = Workbench(equipment).lay_out(draft)
    Signer((equipment.ring.keys.intake,)).sign([created])
    group.place(created)
    talk = Talk(connection)
    talk.ask([(b"BEGIN", None)])
    group.write(talk, equipment.schema)


def _keep(connection: Connection, schema: str, published: Published) -> None:
    statement = sql.SQL("INSERT INTO {} (size, note) VALUES (%s, %s) ON CONFLICT DO NOTHING")
    connection.execute(
        statement.format(sql.Identifier(schema, "checkpoints")),
        (published.size, published.checkpoint),
    )


def _secret(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingError(f"the secret {path} cannot be read: {error.strerror}") from error
