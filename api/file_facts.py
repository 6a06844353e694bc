"""Facts of report files without a ledger: through the same doors, into a log in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pyarrow.compute as pc

from api.doors import check_door
from api.ingest import Original
from api.readings import Arrival, drafts_of
from api.recording import DEFAULT_SOURCE
from domain.errors import RefusedError, SettingError, TooLargeError
from exporters.report.files import ReadFile
from intake.limits import MAX_REPORT
from intake.registry import read_report
from intake.scratch import FEW, Scratch
from projections.parameters import LAST
from projections.unsigned import UnsignedLog
from store.credentials import Credential

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from domain.people import Account

ORIGIN: Final = "pipeledger.invalid/files"
_NOBODY: Final = "0" * 32
_READER: Final = Credential(f"crd_{_NOBODY}", f"wkl_{_NOBODY}", "operator", (), None)


class Strangers:
    """Persons of these files: numbered as they are met, named nowhere."""

    def __init__(self) -> None:
        self._met: dict[tuple[str | None, str], str] = {}

    def resolve(self, accounts: Sequence[Account]) -> list[str]:
        """Each account's id; who shares a login, an address or an id is one person."""
        return [self._resolve(one) for one in accounts]

    def known(self, accounts: Sequence[Account]) -> list[str | None]:
        """Each account's id where it was met before."""
        return [
            next((self._met[key] for key in _keys(one) if key in self._met), None)
            for one in accounts
        ]

    def absent(self, persons: Sequence[str]) -> list[str]:
        """Which of these ids nobody has."""
        given = set(self._met.values())
        return [one for one in persons if one not in given]

    def _resolve(self, account: Account) -> str:
        (found,) = self.known([account])
        person = found or f"per_{len(self._met) + 1:032x}"
        for key in _keys(account):
            self._met.setdefault(key, person)
        return person


def _keys(account: Account) -> Iterator[tuple[str | None, str]]:
    if account.id is not None:
        yield account.system, f"id {account.id}"
    if account.login is not None:
        yield account.system, f"login {account.login.casefold()}"
    if account.email is not None:
        yield None, f"email {account.email.casefold()}"
    if account.name is not None and not (account.id or account.login or account.email):
        yield account.system, f"name {account.name}"


@dataclass(slots=True)
class FileFacts:
    """What files told.

    Attributes:
        log: their facts.
        files: each file and what came of it.
    """

    log: UnsignedLog = field(default_factory=lambda: UnsignedLog(ORIGIN))
    files: list[ReadFile] = field(default_factory=list)
    _people: Strangers = field(default_factory=Strangers)
    _known: set[tuple[str, str]] = field(default_factory=set)

    def take(self, name: str, body: Scratch, received: datetime) -> None:
        """Take a file in; why nothing is told by it stands beside it."""
        digest = f"sha256:{body.digest()}"
        same = next((one.name for one in self.files if one.digest == digest), None)
        if same is not None:
            self.files.append(ReadFile(name, digest, problem=f"the same bytes as {same}"))
            return
        try:
            made = self._facts(body, received)
        except RefusedError as error:
            # What would be known instead is said where somebody is there to choose.
            self.files.append(ReadFile(name, digest, problem=str(error).partition(";")[0]))
        else:
            self.files.append(ReadFile(name, digest, *made))

    def _facts(self, body: Scratch, received: datetime) -> tuple[str, int, int]:
        """Append the facts of a file; gives its format, how many they are, and how many undated."""
        report = read_report(body)
        if not report.readings:
            raise RefusedError("body", f"{report.format.title} that tells of nothing known here")
        identity = f"report-{body.digest()[:40]}"
        arrival = Arrival(
            identity=identity, source=DEFAULT_SOURCE + report.format.name, credential=_READER,
            door=check_door, assurance="asserted", received=received,
        )  # fmt: skip
        original = Original("original", report.format.media_type, body.content())
        drafts = drafts_of(self._people, report.readings, original, arrival, _Salts(identity))
        facts = undated = 0
        for draft, reading in zip(drafts, report.readings, strict=True):
            told = draft.delivery
            # As in a ledger, a fact that several files tell under one name is one fact.
            if told is not None and (told.source, told.id) in self._known:
                continue
            if told is not None:
                self._known.add((told.source, told.id))
            self.log.append(draft, received)
            facts += 1
            undated += reading.time is None
        return report.format.title, facts, undated

    def window(self) -> dict[str, datetime]:
        """The days from the first fact to the last, as parameters of an answer."""
        told = self.log.rows().events["occurred_at"]
        first, last = pc.min(told).as_py(), pc.max(told).as_py()
        if first is None:
            return {}
        return {"window_from": _day(first), "window_to": _day_after(last)}


def read_files(paths: Iterable[tuple[str, Path]], received: datetime) -> FileFacts:
    """Read report files, in the order given; what is not recognised is told of.

    Args:
        paths: names for people, and the files.
        received: when they are read, the time of facts that have none of their own.

    Raises:
        SettingError: a file cannot be opened, or no file told anything.
        UnavailableError: the disk cannot keep what is made of them.
    """
    found = FileFacts()
    for name, path in paths:
        try:
            body = _body(path)
        except TooLargeError as error:
            found.files.append(ReadFile(name, problem=str(error)))
        else:
            found.take(name, body, received)
    if not any(one.facts for one in found.files):
        why = "; ".join(f"{one.name}: {one.problem}" for one in found.files[:3])
        raise SettingError(f"no file told anything: {why or 'there is none'}")
    return found


class _Salts:
    """Salts that are the same for the same file: what they would hide is on the page anyway."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._number = 0

    def __call__(self, size: int) -> bytes:
        self._number += 1
        return hashlib.shake_256(f"{self._identity} {self._number}".encode()).digest(size)


def _body(path: Path) -> Scratch:
    """The bytes of a file.

    Raises:
        TooLargeError: it is too long.
        SettingError: it cannot be read.
    """
    kept = Scratch()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(FEW):
                if len(kept) + len(piece) > MAX_REPORT:
                    raise TooLargeError("body", f"at most {MAX_REPORT} bytes")
                kept.write(piece)
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}") from error
    return kept


def _day(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)


def _day_after(instant: datetime) -> datetime:
    """The first instant of the next day; after the calendar's last one, its last instant."""
    day = _day(instant)
    return day + timedelta(days=1) if day <= LAST else datetime.max.replace(tzinfo=UTC)
