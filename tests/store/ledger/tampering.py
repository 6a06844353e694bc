"""What somebody who holds the database, files and some keys can do to a ledger, and who sees it.

One sound ledger is made a module; each test gets a copy of it: a database cloned by the server, and
the ledger's folder. What a server of the tampered ledger would serve is written as an export, which
the client's own verifier judges with the keys and the checkpoint that it had before.
"""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from psycopg import sql

from domain.draft import Delivery, Draft, SealedPart
from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.entry import leaf_hash, sign_context
from domain.log.part import EVENT_PART, Part
from domain.log.tree import CompactTree
from pipeledger.verifier.evidence import Policy, check_path
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.trust import TrustedLog, trusted_log
from pipeledger.verifier.wire import Checkpoint as Seen
from store.ledger.guard import FileGuard
from store.ledger.keys import LedgerKeys
from store.ledger.opening import Place, examine
from store.ledger.tiles import Edge
from store.postgres.database import Database
from tests.store.ledger.conftest import ORIGIN, SENDER, Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from store.postgres.database import Connection
    from tests.conftest import Server

BAD = 100
SIZE = 301
SIZES = (1, 100, 255, 256, SIZE)
"""Sizes whose checkpoints were published."""
TABLES = ("entries", "tags", "tiles", "checkpoints", "parts")
SEQ_FIELDS = ("v", "prev", "pos", "at", "sn", "sig")
CTX_FIELDS = ("o", "type", "tv", "as", "by", "streams", "tags", "event", "parts")
_LARGE = b"x" * 40_000
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Sound:
    """A sound ledger that is copied.

    Attributes:
        server: of its database.
        template: its database.
        folder: its files and its guard.
        seen: what the client saw of it.
        vkeys: its public keys.
    """

    server: Server
    template: str
    folder: Path
    seen: Seen
    vkeys: tuple[str, ...]

    @property
    def log(self) -> TrustedLog:
        """What the client believes and remembers."""
        return trusted_log(self.vkeys, seen=self.seen)

    def copy(self, folder: Path) -> Iterator[Tampered]:
        """A copy to tamper with."""
        shutil.copytree(self.folder, folder)
        for conninfo in self.server.fresh(self.template):
            with Database(conninfo) as database:
                database.prepare()
                yield Tampered(home_in(folder, database), self)


def home_in(folder: Path, database: Database) -> Home:
    """The ledger whose files lie in a folder."""
    return Home(database, Place(folder / "ledger"), FileGuard(folder / "guard"))


def made(
    server: Server, folder: Path, sizes: Sequence[int] = SIZES, *, documents: bool = True
) -> Iterator[Sound]:
    """A sound ledger, published at some sizes."""
    for conninfo in server.fresh(server.template):
        with Database(conninfo) as database:
            database.prepare()
            home = home_in(folder, database)
            home.create()
            ledger = home.open()
            for first, last in pairwise(sizes):
                for at in range(first + 1, last + 1, _AT_ONCE):
                    some = range(at, min(at + _AT_ONCE, last + 1))
                    ledger.submit([_draft(one, documents=documents) for one in some]).result(60)
            published = ledger.published
            keys = LedgerKeys.load(home.place.keys, ORIGIN)
            home.close()
            assert published.size == sizes[-1]
        yield Sound(
            server,
            re.search(r"dbname=(\S+)", conninfo)[1],  # type: ignore[index]
            folder,
            Seen(ORIGIN, published.size, published.root),
            keys.vkeys,
        )


def _draft(position: int, *, documents: bool) -> Draft:
    """An event with a small part, and every fifth one with a document."""
    named = {"original": _LARGE} if documents and position % 5 == 0 else {}
    bodies = {**named, "text": b"note %d" % position}
    return Draft(
        type="pipeledger.deployment.finished",
        version=1,
        assurance="asserted",
        by=SENDER,
        streams=("line/checkout@production", f"deployment/{position % 7}"),
        tags=("environment:production", "service:checkout"),
        event=Part(EVENT_PART, "application/json", b'{"n":%d}' % position, _salt(position, "e")),
        parts=tuple(
            SealedPart(Part(name, "text/plain", body, _salt(position, name)))
            for name, body in sorted(bodies.items())
        ),
        delivery=Delivery("https://ci.example", f"evt-{position}", b"%d" % position),
        time=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _salt(position: int, name: str) -> bytes:
    return sha256(f"{position} {name}".encode()).digest()


class Tampered:
    """A copy of the sound ledger under the hands of somebody who may do anything to it.

    Attributes:
        home: the ledger.
        served: the checkpoint that its server would serve; None: the newest in the database.
    """

    def __init__(self, home: Home, sound: Sound) -> None:
        self.home = home
        self.served: bytes | None = None
        self._sound = sound

    @property
    def keys(self) -> LedgerKeys:
        """The ledger's private keys."""
        return LedgerKeys.load(self.home.place.keys, ORIGIN)

    def sql(self, *statements: str, values: Sequence[object] | None = None) -> None:
        """Statements of a superuser; `$` stands for the ledger's schema."""
        with self.home.database.connect() as connection, connection.transaction():
            for table in TABLES:
                connection.execute(
                    sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(
                        sql.Identifier("ledger_test", table)
                    )
                )
            for statement in statements:
                done = connection.execute(statement.replace("$", "ledger_test."), values)
                assert done.rowcount > 0, statement

    def entries(self) -> list[bytes]:
        """All entries."""
        with self.home.database.connect() as connection:
            return [raw for _, _, raw in _entries(connection)]

    def put(self, position: int, raw: bytes, *, mended: bool = False) -> None:
        """Replace the bytes of an entry; mended: its leaf hash too."""
        self.sql("UPDATE $entries SET entry = %s WHERE pos = %s", values=(raw, position))
        if mended:
            leaf = leaf_hash(raw)
            self.sql("UPDATE $entries SET leaf = %s WHERE pos = %s", values=(leaf, position))

    def flip(self, field: str, *, position: int = BAD, mended: bool = False) -> None:
        """Flip a bit in the value of a field of an entry."""
        raw = self.entries()[position - 1]
        at = _place(raw, field)
        self.put(position, raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :], mended=mended)

    def rewrite(
        self,
        edit: Callable[[list[bytes]], list[bytes]],
        *,
        intake: bool = False,
        tiles: bool = False,
        log: bool = False,
        guard: bool = False,
    ) -> None:
        """Write the chain anew: edited, renumbered, linked, and whatever hangs on it.

        Args:
            edit: makes the entries out of the old ones.
            intake: sign contexts that changed, with the intake key.
            tiles: make the tiles anew as well.
            log: sign all checkpoints anew, with the log key.
            guard: put the newest one into the guard.
        """
        old = self.entries()
        new = _linked(edit(list(old)), set(old), self.keys if intake else None)
        with self.home.database.connect() as connection, connection.transaction():
            connection.execute("SET session_replication_role = replica")
            for table in TABLES:
                connection.execute(f"ALTER TABLE ledger_test.{table} DISABLE TRIGGER ALL")
            connection.execute("CREATE TEMP TABLE kept AS TABLE ledger_test.entries")
            connection.execute("DELETE FROM ledger_test.entries")
            for position, raw in enumerate(new, 1):
                connection.execute(
                    "INSERT INTO ledger_test.entries SELECT %s, at, time, type, %s, %s FROM kept"
                    " WHERE pos = %s",
                    (position, leaf_hash(raw), raw, min(position, len(old))),
                )
            edge = Edge(CompactTree(), [[]])
            roots = {}
            for position, raw in enumerate(new, 1):
                edge.append(leaf_hash(raw))
                if position in SIZES:
                    roots[position] = edge.tree.root()
            if tiles:
                connection.execute("DELETE FROM ledger_test.tiles")
                for tile in edge.take():
                    connection.execute("INSERT INTO ledger_test.tiles VALUES (%s, %s, %s)", tile)
            if log:
                for size, root in roots.items():
                    connection.execute(
                        "UPDATE ledger_test.checkpoints SET note = %s WHERE size = %s",
                        (self.signed(size, root), size),
                    )
        if guard:
            self.guard(self.signed(SIZE, roots[SIZE]))

    def signed(self, size: int, root: bytes) -> bytes:
        """A checkpoint by the log key."""
        return sign_checkpoint(Checkpoint(ORIGIN, size, root), (self.keys.log,))

    def note(self, size: int) -> bytes:
        """The published checkpoint of a size."""
        with self.home.database.connect() as connection:
            row = connection.execute(
                "SELECT note FROM ledger_test.checkpoints WHERE size = %s", (size,)
            ).fetchone()
        assert row is not None
        return bytes(row[0])

    def guard(self, note: bytes) -> None:
        """Put another note into the guard."""
        self.home.guard.swap(self.home.guard.read(), note)

    def document(self, position: int) -> Path:
        """The file of the document of an entry."""
        context = json.loads(self.entries()[position - 1].split(b"\n")[1])
        digest: str = next(part["c"] for part in context["parts"] if part["name"] == "original")
        return self.home.place.documents / digest[:2] / digest[2:4] / digest

    def truncate(self, size: int) -> None:
        """Take away all that came after a size."""
        self.sql(
            "DELETE FROM $entries WHERE pos > %s", "DELETE FROM $tags WHERE pos > %s",
            "DELETE FROM $parts WHERE pos > %s", "DELETE FROM $deliveries WHERE pos > %s",
            "DELETE FROM $checkpoints WHERE size > %s", values=(size,),
        )  # fmt: skip
        with self.home.database.connect() as connection, connection.transaction():
            connection.execute(
                "DELETE FROM ledger_test.tiles WHERE (idx + 1) * 256 ^ (level + 1) > %s", (size,)
            )

    def fsck(self) -> list[str]:
        """What fsck says."""
        return [str(one) for one in examine("test", ORIGIN, self.home.place, self.home.around)]

    def verify(self, folder: Path) -> None:
        """The client's verifier over what a server of this ledger would serve."""
        with self.home.database.connect() as connection:
            newest = connection.execute(
                "SELECT size, note FROM ledger_test.checkpoints ORDER BY size DESC LIMIT 1"
            ).fetchone()
            assert newest is not None
            size, note = int(newest[0]), self.served or bytes(newest[1])
            parts: dict[int, list[dict[str, Any]]] = {}
            rows = connection.execute(
                "SELECT pos, name, salt, body, document FROM ledger_test.parts ORDER BY pos, name"
            )
            for pos, name, salt, body, document in rows:
                served = self._document(bytes(document).hex()) if body is None else bytes(body)
                if served is not None:
                    part = {"name": name, "salt": _b64(bytes(salt)), "bytes": _b64(served)}
                    parts.setdefault(int(pos), []).append(part)
            lines = [
                {
                    "position": pos,
                    "entry": _b64(raw),
                    "leaf": leaf.hex(),
                    "parts": parts.get(pos, []),
                }
                for pos, leaf, raw in _entries(connection)
                if pos <= size
            ]
        folder.mkdir()
        (folder / "checkpoint").write_bytes(note)
        (folder / "entries.ndjson").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        check_path(folder, Policy([self._sound.log], Settings()))

    def _document(self, digest: str) -> bytes | None:
        file = self.home.place.documents / digest[:2] / digest[2:4] / digest
        return file.read_bytes() if file.exists() else None


def edited(position: int, old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    """Replace bytes in one entry."""

    def edit(entries: list[bytes]) -> list[bytes]:
        assert old in entries[position - 1]
        entries[position - 1] = entries[position - 1].replace(old, new, 1)
        return entries

    return edit


def without(position: int) -> Callable[[list[bytes]], list[bytes]]:
    """Leave one entry out."""
    return lambda entries: entries[: position - 1] + entries[position:]


def renumbered(edit: Callable[[list[bytes]], list[bytes]]) -> Callable[[list[bytes]], list[bytes]]:
    """The same, with the numbers in streams following."""

    def mend(entries: list[bytes]) -> list[bytes]:
        numbers: dict[str, int] = {}
        mended = []
        for raw in edit(entries):
            seq, ctx = raw.split(b"\n")
            fields = json.loads(seq)
            for at, name in enumerate(json.loads(ctx)["streams"]):
                numbers[name] = fields["sn"][at] = numbers.get(name, 0) + 1
            mended.append(_compact(fields) + b"\n" + ctx)
        return mended

    return mend


def _linked(entries: Sequence[bytes], old: set[bytes], keys: LedgerKeys | None) -> list[bytes]:
    contexts = {raw.split(b"\n")[1] for raw in old}
    linked: list[bytes] = []
    for position, raw in enumerate(entries, 1):
        seq, ctx = raw.split(b"\n")
        fields = json.loads(seq)
        fields["pos"] = position
        if linked:
            fields["prev"] = leaf_hash(linked[-1]).hex()
        if keys is not None and ctx not in contexts:
            (signature,) = sign_context(ctx, [keys.intake])
            fields["sig"] = [{"k": signature.key_id, "s": _b64(signature.value)}]
        linked.append(_compact(fields) + b"\n" + ctx)
    return linked


def _entries(connection: Connection) -> list[tuple[int, bytes, bytes]]:
    rows = connection.execute("SELECT pos, leaf, entry FROM ledger_test.entries ORDER BY pos")
    return [(int(pos), bytes(leaf), bytes(raw)) for pos, leaf, raw in rows]


def _place(raw: bytes, field: str) -> int:
    """A byte inside the value of a field, past brackets and quotation marks."""
    start = 0 if field in SEQ_FIELDS else raw.index(b"\n")
    at = raw.index(f'"{field}":'.encode(), start) + len(field) + 3
    while chr(raw[at]) in '[{"':
        at += 1
    return at


def _compact(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def _b64(raw: bytes) -> str:
    return b64encode(raw).decode()
