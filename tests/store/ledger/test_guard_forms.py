"""What every guard promises, on each of its forms; and a ledger over each, through an outage."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from api.guards.address import Folder, Objects, open_guard, parse_guard
from api.witness.calling import UnknownLogError
from domain.errors import DamageError, SettingError, UnavailableError
from domain.log.key import parse_vkey
from domain.log.tree import consistency_proof
from store.ledger.guard import GuardConflictError
from store.ledger.keys import LedgerKeys
from store.ledger.opening import Place, create_ledger, examine
from store.ledger.tiles import Tiles
from tests.store.ledger.conftest import ORIGIN, Home, draft
from tests.witnessing import Log, credentials, object_store, witnessing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.ledger.guard import Guard
    from store.postgres.database import Database
    from tests.witnessing import Witness

LOG = Log(ORIGIN)


@dataclass
class Form:
    """A guard of one form, to be opened as often as one likes.

    Attributes:
        setting: what `PIPELEDGER_GUARD` says.
        environment: the variables beside it.
        name: the ledger's.
        known: the witness, where it is one.
    """

    setting: str
    environment: dict[str, str] = field(default_factory=dict)
    name: str = "default"
    known: Witness | None = None

    def open(self, database: Database | None = None) -> Guard:
        """A guard over the same place."""

        def prove(old: int, new: int) -> list[bytes]:
            if database is None:
                return LOG.proof(old, new)
            with database.session("writer") as connection:
                tiles = Tiles("ledger_test")
                return consistency_proof(old, new, tiles.reader(connection, new))

        address = parse_guard(self.setting)
        return open_guard(address, self.name, ORIGIN, prove, self.environment)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of an object store; started once, since that takes a second."""
    with object_store() as url:
        yield url


@pytest.fixture(params=["folder", "witness", "objects"])
def form(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Form]:
    """Each form, empty."""
    if request.param == "folder":
        yield Form(f"file:{tmp_path}/guard")
    elif request.param == "witness":
        with witnessing(tmp_path / "witness", LOG.key.verifier.vkey()) as witness:
            yield Form(witness.setting, known=witness)
    else:
        url = request.getfixturevalue("bucket")
        yield Form("s3://guards/below", credentials(url), name=tmp_path.name)


def text(note: bytes | None) -> bytes | None:
    """A checkpoint without its signatures; a witness adds its own."""
    return None if note is None else note.partition(b"\n\n")[0]


def test_the_last_checkpoint_stands_for_whoever_opens_the_guard(form: Form) -> None:
    """None at first; after each swap the new one, read by another guard too."""
    assert form.open().read() is None
    before = None
    for size in (1, 2, 5, 5, 300):
        form.open().swap(before, LOG.note(size))
        before = form.open().read()
        assert text(before) == text(LOG.note(size))


def test_a_checkpoint_that_was_not_expected_stays(form: Form) -> None:
    """An empty guard takes a first one only; a later one is swapped for what stands there only."""
    guard = form.open()
    with pytest.raises(GuardConflictError):
        guard.swap(LOG.note(1), LOG.note(2))
    assert guard.read() is None
    guard.swap(None, LOG.note(3))
    for wrong in (None, LOG.note(1), LOG.note(2)):
        with pytest.raises(GuardConflictError):
            guard.swap(wrong, LOG.note(4))
    assert text(guard.read()) == text(LOG.note(3))


def test_of_many_swaps_over_one_checkpoint_exactly_one_is_done(form: Form) -> None:
    """As several writers of one ledger would try."""
    form.open().swap(None, LOG.note(1))
    stands = form.open().read()

    def swap(size: int) -> bool:
        try:
            form.open().swap(stands, LOG.note(size))
        except GuardConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(swap, range(2, 18)))
    assert done.count(True) == 1
    assert text(form.open().read()) == text(LOG.note(2 + done.index(True)))


def test_a_ledger_is_made_opened_and_appended_to(
    form: Form, ledger_database: Database, tmp_path: Path
) -> None:
    """A repeat, a second writer and a later start find the guard in step; fsck is content."""
    home = made(form, ledger_database, tmp_path)
    first, second = home.open(), home.open()
    for number, ledger in enumerate((first, second, first, second), 1):
        assert ledger.submit([draft(number)]).result(60).outcomes[0].position == number + 1  # type: ignore[union-attr]
    home.close()
    ledger = home.open()
    assert ledger.published.size == 5
    home.close()
    assert [str(one) for one in examine("test", ORIGIN, home.place, home.around)] == []


def test_another_history_does_not_start(
    form: Form, ledger_database: Database, tmp_path: Path
) -> None:
    """What a restored backup or a copied folder would sign is refused at the start."""
    home = made(form, ledger_database, tmp_path)
    home.open().submit([draft(1)]).result(60)
    home.close()
    with home.database.connect() as connection, connection.transaction():
        connection.execute("ALTER TABLE ledger_test.entries DISABLE TRIGGER append_only")
        connection.execute("DELETE FROM ledger_test.entries WHERE pos = 2")
    with pytest.raises(DamageError, match="older than what was signed"):
        home.open()


@pytest.mark.parametrize("away", ["witness", "objects"])
def test_nothing_is_answered_while_the_guard_is_away_and_nothing_is_lost(
    away: str, ledger_database: Database, tmp_path: Path
) -> None:
    """The event stands and is not shown; the guard back, the same bytes get their receipt."""
    with contextlib.ExitStack() as stack:
        if away == "witness":
            witness = stack.enter_context(witnessing(tmp_path / "witness"))
            form = Form(witness.setting, known=witness)
        else:
            url = stack.enter_context(object_store())
            form = Form("s3://guards/below", credentials(url))
        home = made(form, ledger_database, tmp_path)
        ledger = home.open()
        port = int(form.setting.partition("+")[0].rpartition(":")[2]) if away == "witness" else 0
        stack.close()
        with pytest.raises(UnavailableError):
            ledger.submit([draft(1)]).result(60)
        assert ledger.published.size == 1
        with pytest.raises(UnavailableError):
            form.open().read()
        if form.known is not None:
            stack.enter_context(witnessing(tmp_path / "witness", *form.known.known, port=port))
            (outcome,) = ledger.submit([draft(1)]).result(60).outcomes
            assert (outcome.position, outcome.repeated) == (2, True)  # type: ignore[union-attr]
            assert ledger.published.size == 2


def made(form: Form, database: Database, folder: Path) -> Home:
    """A ledger that was made over this guard."""
    place = Place(folder / "ledger")
    home = Home(database, place, form.open(database))
    if form.known is not None:
        with pytest.raises(UnknownLogError, match="does not know the log"):
            home.create()
        vkey = LedgerKeys.load(place.keys, ORIGIN).log.verifier.vkey()
        # A key of the same origin, beside the one that was known at first.
        form.known.know(vkey)
    create_ledger("test", ORIGIN, place, home.around)
    return home


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("", "expected a path"),
        ("file:", "a path after file:"),
        ("http://host/x", "http: is no form"),
        ("s3://bucket", "s3://BUCKET/KEY"),
        ("s3://UPPER/key", "s3://BUCKET/KEY"),
        ("witness:https://host", r"witness:URL\+KEY"),
        ("witness:https://host+name+00000000+AAAA", "witness's key"),
        ("witness:host+" + LOG.key.verifier.vkey(), "witness's key: expected a witness's key"),
    ],
)
def test_a_setting_that_is_wrong_is_named_in_one_line(setting: str, what: str) -> None:
    """Before anything is opened."""
    with pytest.raises(SettingError, match=what) as caught:
        parse_guard(setting)
    assert "PIPELEDGER_GUARD" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_forms_of_the_setting(tmp_path: Path) -> None:
    """A path is a path with and without its scheme."""
    for one in (str(tmp_path), f"file:{tmp_path}", f"file://{tmp_path}"):
        assert parse_guard(one) == Folder(tmp_path)
    assert parse_guard("s3://guards/a/b/") == Objects("guards", "a/b")
    assert parse_vkey(LOG.key.verifier.vkey()) == LOG.key.verifier


def test_a_bucket_that_is_not_there_is_said(bucket: str) -> None:
    """It is no empty guard: the log must not begin anew."""
    form = Form("s3://nobody-made-this/key", credentials(bucket))
    with pytest.raises(UnavailableError, match="bucket does not exist"):
        form.open().read()
