"""Wires everything: database, guard, keys, register, ledgers. The one place that does."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from api.guards.address import Folder, open_guard
from api.later import Later
from api.making import Packs
from api.served import Served
from api.witness.calling import UnknownLogError
from api.witness.cosigners import Cosigners
from api.witness.tree import LedgerTree
from domain.errors import SettingError
from domain.log.names import check_origin
from store.credentials import Tokens
from store.emitters import Emitters
from store.files import make_folder, write_file
from store.ledger.keys import LedgerKeys
from store.ledger.observer import Unobserved
from store.ledger.opening import (
    ORIGIN,
    Place,
    Surroundings,
    create_ledger,
    open_ledger,
    schema_of,
)
from store.people.keys import RegisterKeys
from store.people.register import Register
from store.postgres.database import Database
from store.postgres.migrate import migrate
from store.postgres.server import EmbeddedPostgres
from store.source_counts import SourceCounts
from store.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

    from api.guards.address import GuardAddress
    from projections.apart.process import Apart
    from projections.history import History
    from projections.local import LocalHistory
    from store.ledger.guard import Guard
    from store.ledger.ledger import Ledger
    from store.ledger.observer import Observer

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
# `/console/NAME/…` would be another thing than the pages of such a ledger.
_TAKEN: Final = frozenset({"assets"})
_PLANNED: Final = "origin.planned"
_PEOPLE: Final = 4
"""Connections by which persons are looked up."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a server keeps its things.

    Attributes:
        data: data folder.
        database: libpq URL of a server to use, or None for the embedded one.
        guard: where the guards are, or None for `<data>.guard` beside the data.
        witnessed_only: no receipt is given without the witnesses' quorum.
        signer: URI of the log key of ledgers that are made, where it lies elsewhere.
    """

    data: Path
    database: str | None = None
    guard: GuardAddress | None = None
    witnessed_only: bool = False
    signer: str | None = None

    @property
    def guarded_at(self) -> GuardAddress:
        """Where the guards are, one below it for each ledger."""
        return self.guard or Folder(self.guards)

    @property
    def guards(self) -> Path:
        """The folder of the guards that is used where nothing else is said."""
        return self.data.with_name(self.data.name + ".guard")


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


class Host:
    """A database server and the ledgers of one data folder. A context manager."""

    def __init__(self, settings: Settings, observer: Observer | None = None) -> None:
        """Start or reach the database.

        Args:
            settings: where everything lies.
            observer: told about the stages of every append, or None.

        Raises:
            SettingError: a setting is wrong.
            UnavailableError: the database does not answer.
        """
        self.settings = settings
        self._observer = observer or Unobserved()
        self._embedded: EmbeddedPostgres | None = None
        address = settings.database
        if address is None:
            # It makes the data folder, with the mode that its service account needs.
            self._embedded = EmbeddedPostgres.start(settings.data)
            address = self._embedded.conninfo
        try:
            make_folder(settings.data)
        except OSError as error:
            raise SettingError(
                f"the data folder {settings.data} cannot be made: {error.strerror}"
            ) from error
        self.database = Database(address)
        # Keys of persons are asked for while an entry is read: by a session of the same pool,
        # readers would wait for each other.
        self._people = Database(address, pool_size=_PEOPLE)
        try:
            self.database.prepare()
        except BaseException:
            self.close()
            raise

    @property
    def warnings(self) -> list[str]:
        """What works but is weaker than it should be."""
        found = [] if self._embedded is None else list(self._embedded.warnings)
        if self.settings.guard is None:
            found.append(
                f"the guard lies in {self.settings.guards}, on this machine: whoever copies the "
                "machine copies the guard"
            )
        return found + self.database.readiness_warnings()

    def names(self) -> list[str]:
        """The ledgers there are."""
        folder = self.settings.data / "ledgers"
        found = (path.parent.name for path in folder.glob(f"*/{ORIGIN}"))
        # A folder of another name is one that an import has not finished.
        return sorted(name for name in found if _NAME.fullmatch(name))

    def origin(self, name: str) -> str:
        """The origin of a ledger.

        Raises:
            SettingError: there is none of this name.
        """
        path = self._folder(name) / ORIGIN
        try:
            return path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise SettingError(
                f"there is no ledger {name} in {self.settings.data}; "
                "--data or PIPELEDGER_DATA names the server's data folder"
            ) from error

    def create(self, name: str, origin: str) -> None:
        """Make a ledger.

        Raises:
            RefusedError: the origin cannot name a ledger.
            SettingError: the name is none, the ledger exists, or another has the origin.
        """
        check_name(name)
        check_origin(origin)
        if name in self.names():
            raise SettingError(f"ledger {name} exists")
        self.check_free(name, origin)
        place = Place(self._folder(name))
        make_folder(place.folder)
        # Whoever comes again because a guard was away wants the same ledger.
        write_file(place.folder / _PLANNED, origin.encode())
        RegisterKeys.create(place.secrets, os.urandom)
        try:
            create_ledger(name, origin, place, self.surroundings(name, origin))
        except UnknownLogError as error:
            key = LedgerKeys.load(place.keys, origin).log.verifier.vkey()
            raise SettingError(
                f"{error}; let it know this one and start again: log {key}"
            ) from error
        # Last: a ledger without this file was not made to the end, and is made again.
        write_file(place.folder / ORIGIN, origin.encode())

    def check_free(self, name: str, origin: str) -> None:
        """Refuse an origin that another ledger has.

        Raises:
            SettingError: names that one.
        """
        for other in self.names():
            if other != name and self.origin(other) == origin:
                # Two logs of one name are what a forger makes: no verifier could hold both.
                raise SettingError(f"ledger {other} has the origin {origin}: it names one for good")

    def planned(self, name: str) -> str | None:
        """The origin of a ledger whose making was begun; None: of none, or it was given none."""
        try:
            return (self._folder(name) / _PLANNED).read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def migrate(self, name: str) -> tuple[str, ...]:
        """Bring a ledger's tables to this version; gives the names of the files that ran now."""
        with self.database.connect() as connection:
            return migrate(connection, schema_of(name))

    def apart(self, niceness: int) -> Apart:
        """The process that derives what the pasts of all ledgers were; it starts later.

        Args:
            niceness: how far it steps back behind all others, 0 to 19.
        """
        from projections.apart.messages import Begin, Place  # noqa: PLC0415 - as `_history_of`
        from projections.apart.process import Apart  # noqa: PLC0415 - likewise

        places = [Place(name, self.origin(name), str(self._folder(name))) for name in self.names()]
        return Apart(Begin(self.database.conninfo, tuple(places), niceness))

    def open(self, name: str, apart: Later[Apart] | None = None) -> Served:
        """Open a ledger.

        Args:
            name: the ledger's.
            apart: the process that derives what its past was; None: this one does.

        Raises:
            SettingError: there is none, or its keys are missing.
            DamageError: it does not agree with its guard.
        """
        origin = self.origin(name)
        self.migrate(name)
        cosigners = self.cosigners(name)
        around = self.surroundings(name)
        if self.settings.witnessed_only:
            around = replace(around, witnessing=cosigners)
        ledger = open_ledger(name, origin, self.place(name), around)
        counts = SourceCounts(self.database, schema_of(name))
        folder = self.place(name).derived
        derived = Later(lambda: _history_of(ledger, folder))
        past: Later[History] = (
            Later(derived.get) if apart is None
            else Later(lambda: _remote_history_of(name, ledger, apart.get()))
        )  # fmt: skip
        return Served(
            ledger, self.register(name), self.tokens(name), self.emitters(name),
            self.sources(name), counts, past, derived, Packs(folder / "packs"),
            RegisterKeys.load(self.place(name).secrets).session, cosigners,
        )  # fmt: skip

    def place(self, name: str) -> Place:
        """Where a ledger keeps its files."""
        return Place(self._folder(name))

    def surroundings(self, name: str, origin: str | None = None) -> Surroundings:
        """What a ledger is given.

        Args:
            name: the ledger's.
            origin: likewise; None: what is kept of it says.
        """
        return Surroundings(
            database=self.database,
            guard=self.guard(name, origin or self.origin(name)),
            clock=now,
            entropy=os.urandom,
            sealer=self.register(name),
            observer=self._observer,
            signer=self.settings.signer,
        )

    def guard(self, name: str, origin: str, schema: str | None = None) -> Guard:
        """The guard of a ledger; nothing is asked of it yet.

        Args:
            name: the ledger's.
            origin: likewise.
            schema: of its tables, where they have not its name yet.

        Raises:
            SettingError: it cannot be reached with these settings.
        """
        tree = LedgerTree(self.database, schema or schema_of(name))
        return open_guard(self.settings.guarded_at, name, origin, tree.prove, os.environ)

    def cosigners(self, name: str) -> Cosigners:
        """The witnesses of a ledger.

        Raises:
            SettingError: its policy of witnesses is wrong.
        """
        origin, place = self.origin(name), self.place(name)
        return Cosigners(
            place.folder / "witnesses", origin, LedgerTree(self.database, schema_of(name)),
            lambda: LedgerKeys.load(place.keys, origin).verifiers(origin),
            lambda: int(time.time()), closed=self.settings.witnessed_only,
        )  # fmt: skip

    def log_vkey(self, name: str) -> str:
        """The key that a ledger's checkpoints are signed with now."""
        return LedgerKeys.load(self.place(name).keys, self.origin(name)).log.verifier.vkey()

    def register(self, name: str) -> Register:
        """The identity register of a ledger."""
        keys = RegisterKeys.load(self.place(name).secrets)
        return Register(self._people, schema_of(name), keys, os.urandom)

    def tokens(self, name: str) -> Tokens:
        """The tokens of a ledger."""
        return Tokens(self.database, schema_of(name), os.urandom, now, time.monotonic)

    def emitters(self, name: str) -> Emitters:
        """The emitters' keys of a ledger."""
        return Emitters(self.database, schema_of(name), os.urandom, now, time.monotonic)

    def sources(self, name: str) -> Sources:
        """The sources of a ledger."""
        keys = RegisterKeys.load(self.place(name).secrets)
        return Sources(
            self.database, schema_of(name), keys.sealing, os.urandom, now, time.monotonic
        )

    def close(self) -> None:
        """Close the connections; end the embedded server if nobody else uses it."""
        if hasattr(self, "database"):
            self.database.close()
            self._people.close()
        if self._embedded is not None:
            self._embedded.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _folder(self, name: str) -> Path:
        return self.settings.data / "ledgers" / name


def _history_of(ledger: Ledger, folder: Path) -> LocalHistory:
    # Arrow and DuckDB are most of what there is to load, and most commands ask nothing.
    from projections.following import history_of  # noqa: PLC0415

    return history_of(ledger, folder)


def _remote_history_of(name: str, ledger: Ledger, apart: Apart) -> History:
    from projections.apart.history import RemoteHistory  # noqa: PLC0415 - likewise

    reader = ledger.reader
    return RemoteHistory(
        apart, name, ledger.origin, lambda: ledger.published, reader.root, reader.position_at
    )  # fmt: skip


def check_name(name: str) -> None:
    """Refuse what cannot name a ledger.

    Raises:
        SettingError: says what can.
    """
    if _NAME.fullmatch(name) is None:
        raise SettingError("a ledger's name: a lower-case letter, then letters, digits, -")
    if name in _TAKEN:
        raise SettingError(f"a ledger's name: {name} is a place of the console's own")
