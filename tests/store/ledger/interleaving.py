"""A ledger to which anything may happen in any order, and what everybody was told about it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from psycopg import sql

from domain.errors import DamageError, PipeledgerError, ReusedIdError, UnavailableError
from domain.log.part import EVENT_PART, REDACTED
from store.ledger.group import Appended
from store.ledger.opening import Surroundings, create_ledger, examine, open_ledger, schema_of
from store.ledger.reader import Filter
from store.ledger.request import ConditionFailedError
from tests.store.ledger.conftest import draft
from tests.store.ledger.rotations import entries, step, verified

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from domain.draft import Draft
    from store.ledger.guard import Guard
    from store.ledger.ledger import Ledger
    from store.ledger.opening import Place
    from store.postgres.database import Database

LONG = 40_000
"""Bytes of an event that lies in the document store."""


class Outage:
    """A guard that is away at times: before a swap, or after it was done."""

    def __init__(self, inner: Guard) -> None:
        self._inner = inner
        self.left = 0
        self.done_anyway = False

    def read(self) -> bytes | None:
        """What stands there, unless it is away."""
        if self.left and not self.done_anyway:
            raise UnavailableError("the guard is away")
        return self._inner.read()

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Swap, unless it is away."""
        if self.left:
            self.left -= 1
            if self.done_anyway:
                self._inner.swap(old, new)
            raise UnavailableError("the guard is away")
        self._inner.swap(old, new)


@dataclass(frozen=True)
class Sent:
    """An event that somebody sends, perhaps again, perhaps with other contents.

    Attributes:
        number: its id.
        other: it has other contents than usual.
        long: it lies in the document store.
    """

    number: int
    other: bool = False
    long: bool = False

    @property
    def body(self) -> bytes:
        """Its bytes."""
        said = {"id": self.number, "other": self.other, "pad": "x" * (LONG if self.long else 0)}
        return json.dumps(said).encode()

    def draft(self) -> Draft:
        """As the door hands it on."""
        streams = (f"line/{self.number % 3}", f"release/{self.number % 2}")
        return draft(self.number, body=self.body, streams=streams)


@dataclass
class Told:
    """What was acknowledged, and what may be there besides.

    Attributes:
        kept: contents and position of each event by its id.
        perhaps: contents of events whose sender was told that the answer is not known.
        seats: position of each decision that was taken, by what it was about; 0: not known.
        redacted: positions of events whose bytes were removed.
        rotations: how many steps of replacing a key were acknowledged.
    """

    kept: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    perhaps: dict[int, set[bytes]] = field(default_factory=dict)
    seats: dict[int, int] = field(default_factory=dict)
    redacted: set[int] = field(default_factory=set)
    rotations: int = 0


class Scenario:
    """One ledger, two servers that serve it, and everybody who sends."""

    def __init__(
        self,
        name: str,
        place: Place,
        database: Database,
        guard: Callable[[str, str], Guard],
        clock: Callable[[], datetime],
    ) -> None:
        """Make the ledger; both servers run.

        Args:
            name: of the ledger.
            place: its files.
            database: where its schema is made.
            guard: makes its guard, given origin and schema.
            clock: the present instant.
        """
        self.name = name
        self.origin = f"ledger.example/{name}"
        self.place = place
        self.database = database
        self.guard = Outage(guard(self.origin, schema_of(name)))
        self.around = Surroundings(database, self.guard, clock, os.urandom)
        create_ledger(name, self.origin, place, self.around)
        self.told = Told()
        self.servers = [self._open(), self._open()]

    def send(self, server: int, several: Sequence[Sent], *, atomic: bool) -> None:
        """Send a batch and hold what is told against all that was told before."""
        drafts = [one.draft() for one in several]
        try:
            batch = self.servers[server].submit(drafts, atomic=atomic).result(60)
        except ReusedIdError:
            assert atomic
            assert self._clashes(several)
            return
        except UnavailableError:
            for one in several:
                self.told.perhaps.setdefault(one.number, set()).add(one.body)
            return
        for one, outcome in zip(several, batch.outcomes, strict=True):
            if isinstance(outcome, Appended):
                self._acknowledged(one, outcome)
            else:
                assert isinstance(outcome, ReusedIdError), outcome
                assert self._clashes(several)

    def take(self, server: int, seat: int) -> None:
        """Decide what can be decided once."""
        tag = f"seat:{seat}"
        query = DCBQuery(items=[DCBQueryItem(types=["seat.taken"], tags=[tag])])
        try:
            position = self.servers[server].append(
                [DCBEvent("seat.taken", b"{}", [tag])], DCBAppendCondition(query)
            )
        except ConditionFailedError:
            assert seat in self.told.seats
        except UnavailableError:
            self.told.seats.setdefault(seat, 0)
        else:
            assert not self.told.seats.get(seat)
            self.told.seats[seat] = position

    def redact(self, server: int, nth: int) -> None:
        """Remove the bytes of an acknowledged event, and say so in the ledger."""
        kept = sorted(self.told.kept.items())
        if not kept:
            return
        _, (_, position) = kept[nth % len(kept)]
        said = {"data": {"position": position, "parts": [EVENT_PART]}}
        number = 1_000_000 + position
        note = draft(number, body=json.dumps(said).encode(), kind=REDACTED)
        try:
            self.servers[server].submit([note]).result(60)
        except UnavailableError:
            return
        with self.database.connect("redactor") as connection:
            parts = sql.Identifier(schema_of(self.name), "parts")
            connection.execute(sql.SQL("DELETE FROM {} WHERE pos = %s").format(parts), (position,))
        self.told.redacted.add(position)

    def rotate(self, server: int, purpose: str, *, end: bool) -> None:
        """Begin to replace a key, or end the old one; where it is not its turn, nothing happens."""
        try:
            step(self.servers[server], purpose, end=end)
        except DamageError:
            raise
        except PipeledgerError:
            return
        self.told.rotations += 1

    def restart(self, server: int) -> None:
        """End a server and start it again; while the guard is away it starts when that is back."""
        self.servers[server].close()
        self.guard.left = 0
        self.servers[server] = self._open()

    def end_sessions(self) -> None:
        """Have the database end every session of this database, as a switch-over does."""
        with self.database.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def finish(self) -> None:
        """Start both anew; everything that was told is so, and the whole is sound."""
        for server in (0, 1):
            self.restart(server)
        # Whatever nobody knew the fate of is known when it is sent again, one way or the other.
        for number in sorted(self.told.perhaps.keys() - self.told.kept.keys()):
            self._settle(number)
        ledger = self.servers[0]
        self._all_there(ledger)
        self._verified(ledger)
        found = examine(self.name, self.origin, self.place, self.around)
        assert [str(one) for one in found if one.damage] == []

    def close(self) -> None:
        """End both servers and drop the tables."""
        for one in self.servers:
            one.close()
        with self.database.connect() as connection:
            schema = sql.Identifier(schema_of(self.name))
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(schema))

    def _open(self) -> Ledger:
        return open_ledger(self.name, self.origin, self.place, self.around)

    def _settle(self, number: int) -> None:
        """Send an event again with each of the contents it may have, until one is taken."""
        for long in (False, True):
            for other in (False, True):
                if number not in self.told.kept:
                    self.send(0, [Sent(number, other=other, long=long)], atomic=False)
        assert number in self.told.kept

    def _acknowledged(self, one: Sent, outcome: Appended) -> None:
        before = self.told.kept.get(one.number)
        if before is not None:
            assert (one.body, outcome.position, outcome.repeated) == (*before, True)
        elif outcome.repeated:
            # From an answer that was lost, or earlier in the same batch.
            twice = one.number not in self.told.perhaps
            assert twice or one.body in self.told.perhaps[one.number]
        self.told.kept[one.number] = (one.body, outcome.position)

    def _clashes(self, several: Sequence[Sent]) -> bool:
        """Whether some event of a batch has other contents than one that is or may be there."""
        seen: dict[int, set[bytes]] = {}
        for one in several:
            known = seen.setdefault(one.number, set())
            known |= self.told.perhaps.get(one.number, set())
            if one.number in self.told.kept:
                known.add(self.told.kept[one.number][0])
            if known - {one.body}:
                return True
            known.add(one.body)
        return False

    def _all_there(self, ledger: Ledger) -> None:
        """Each event that was acknowledged stands where it was said to, and none twice."""
        size = ledger.published.size
        ids: list[int] = []
        seats: list[str] = []
        for row in ledger.reader.entries(size, Filter(), limit=100_000):
            event = next((one.body for one in ledger.reader.parts(row) if one.name == EVENT_PART),
                         None)  # fmt: skip
            assert (event is None) is (row.position in self.told.redacted)
            if event is not None and event.startswith(b'{"id"'):
                number = json.loads(event)["id"]
                ids.append(number)
                assert self.told.kept[number] == (event, row.position)
            if b'"type":"seat.taken"' in row.raw:
                seats += [word for word in row.raw.decode().split('"') if word.startswith("seat:")]
        for body, position in self.told.kept.values():
            assert position in self.told.redacted or json.loads(body)["id"] in ids
        assert len(ids) == len(set(ids))
        assert len(seats) == len(set(seats))
        for seat, position in self.told.seats.items():
            assert not position or f"seat:{seat}" in seats

    def _verified(self, ledger: Ledger) -> None:
        """The client's own verifier takes it, from the first entry to the checkpoint."""
        published = ledger.published
        chain = verified(entries(ledger), published.checkpoint, ledger.vkeys)
        assert chain.count == published.size
