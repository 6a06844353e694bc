"""Each write on the way of an event fails once: not done, or done and reported as failed.

Then the ledger is opened anew. Whatever was acknowledged stands there once, what was not can be
sent again and stands there once, and everything that is derived again agrees.
"""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import PipeledgerError
from projections import placing, segment
from projections.segments import Segments
from store.documents import DocumentStore
from store.ledger import succession
from store.ledger.group import Appended
from store.ledger.opening import examine
from store.ledger.signer import Signer
from store.postgres.database import Database
from tests.store.cutting import Cut, cutting
from tests.store.ledger.conftest import ORIGIN, Home, draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.ledger.ledger import Ledger
    from tests.store.cutting import Proxy

BEFORE = 254
"""Entries that stand there before: the next group completes a tile."""
LONG = b'{"long":"' + b"x" * 40_000 + b'"}'


@dataclass
class Scene:
    """Where a fault is arranged.

    Attributes:
        home: of the ledger, behind the proxy.
        proxy: before its database.
        patch: of what is no database.
        fired: how often it happened.
    """

    home: Home
    proxy: Proxy
    patch: pytest.MonkeyPatch
    fired: int = 0

    def failing(self, owner: object, name: str, error: Exception, *, done: bool) -> None:
        """The next call of this function fails, after it was done or in place of it."""
        real: Callable[..., Any] = getattr(owner, name)

        def once(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
            if self.fired:
                return real(*args, **named)
            self.fired += 1
            if done:
                real(*args, **named)
            raise error

        self.patch.setattr(owner, name, once)

    def happened(self) -> int:
        """How often the fault happened."""
        return self.fired + self.proxy.cuts


@dataclass(frozen=True)
class Sent:
    """A fault of what is sent to the database, told by bytes that occur in it."""

    at: bytes

    def arm(self, scene: Scene, *, done: bool) -> None:
        """Cut the connection there once."""
        scene.proxy.cut = Cut(self.at, passed_on=done)


@dataclass(frozen=True)
class Called:
    """A fault of a function."""

    owner: object
    name: str
    error: Exception

    def arm(self, scene: Scene, *, done: bool) -> None:
        """Have it fail once."""
        scene.failing(self.owner, self.name, self.error, done=done)


FULL = OSError(errno.ENOSPC, "No space left on device")
BROKEN = OSError(errno.EIO, "Input/output error")

# The first bytes of a row of `tiles` of level 0, and the sign before a note's signature.
TILE = b"\x00\x03\x00\x00\x00\x02\x00\x00\x00\x00\x00\x08"
SIGNED = "\n\n— ".encode()

FAULTS: dict[str, Sent | Called] = {
    "the transaction begins": Sent(b"BEGIN"),
    "the delivery is kept": Sent(b"pg_advisory_xact_lock"),
    "the rows are announced": Sent(b"COPY"),
    "tags are inserted": Sent(b"stream:line/checkout@production"),
    "parts are inserted": Sent(b'{"number":2}'),
    "a tile is inserted": Sent(TILE),
    "entries are inserted and committed": Sent(b'{"v":1,"prev":'),
    "the checkpoint's row": Sent(SIGNED),
    "the context is signed": Called(Signer, "sign", BROKEN),
    "the checkpoint is signed": Called(succession, "sign_checkpoint", BROKEN),
    "the guard's lock": Called(fcntl, "flock", BROKEN),
    "the guard is read": Called(os, "pread", BROKEN),
    "the guard is written": Called(os, "pwrite", FULL),
    "the document is flushed": Called(os, "fsync", FULL),
    "the document is kept": Called(DocumentStore, "put", FULL),
}
SHORT = {
    "a tile is inserted", "the checkpoint's row", "the checkpoint is signed",
    "the guard is written", "the document is kept",
}  # fmt: skip
"""Those of the short run; of lost connections the short run has a test of its own."""


@pytest.fixture
def scene(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A ledger that the next two entries complete a tile of."""
    ledger = home.open()
    numbers = range(1000, 1000 + BEFORE - 1)
    ledger.submit([draft(number, streams=("line/before",)) for number in numbers]).result(60)
    home.close()
    with cutting(home.database.conninfo) as proxy, Database(proxy.conninfo) as database:
        database.prepare()
        between = replace(home, database=database, opened=home.opened)
        yield Scene(between, proxy, monkeypatch)


def outcome(ledger: Ledger, number: int) -> Appended | None:
    """What became of two events: a small one, and a long one that is a document; None: an error."""
    long = draft(number + 100, body=LONG + b" " * number)
    try:
        outcomes = ledger.submit([draft(number), long]).result(60).outcomes
    except (PipeledgerError, OSError):
        return None
    first, second = outcomes
    assert isinstance(first, Appended)
    assert isinstance(second, Appended)
    assert (second.position, second.repeated) == (first.position + 1, first.repeated)
    return first


def sound(home: Home) -> bool:
    """Whether fsck finds nothing."""
    return [str(one) for one in examine("test", ORIGIN, home.place, home.around)] == []


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done, reported failed"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=name, marks=[] if name in SHORT else [pytest.mark.long])
        for name, fault in FAULTS.items()
    ],
)
def test_a_write_that_fails_loses_nothing_and_doubles_nothing(
    scene: Scene,
    fault: Sent | Called,
    done: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Acknowledged before the restart or after it, everything stands there once."""
    ledger = scene.home.open()
    fault.arm(scene, done=done)
    first = outcome(ledger, 2)
    assert scene.happened() == 1
    scene.patch.undo()
    scene.proxy.cut = None
    scene.home.close()

    ledger = scene.home.open()
    assert sound(scene.home)
    before = ledger.published.size
    again = outcome(ledger, 2)
    assert again is not None
    assert again.position == BEFORE + 1
    if first is not None:
        assert (first.position, first.leaf, again.repeated) == (again.position, again.leaf, True)
    # What the start signed is there already; nothing that was refused is there half.
    assert before in (BEFORE, BEFORE + 2)
    assert again.repeated is (before == BEFORE + 2)
    following = outcome(ledger, 3)
    assert following is not None
    assert (following.position, following.repeated) == (BEFORE + 3, False)
    assert ledger.published.size == BEFORE + 4
    assert sound(scene.home)


SEALING: dict[str, tuple[object, str]] = {
    "the rows are written": (segment, "write"),
    "the file is flushed": (placing, "sync"),
    "the file gets its name": (os, "replace"),
    "what was checked is remembered": (Segments, "_remember"),
}


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done, reported failed"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        pytest.param(*one, id=what, marks=[] if one == (os, "replace") else [pytest.mark.long])
        for what, one in SEALING.items()
    ],
)
def test_a_segment_that_is_not_sealed_is_sealed_the_next_time(
    scene: Scene,
    tmp_path: Path,
    owner: object,
    name: str,
    done: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """With the contents of one that was never disturbed; none is believed that is not whole."""
    ledger = scene.home.open()
    columns = ledger.columns()

    def sealed(folder: Path) -> list[str]:
        found = Segments(folder, ORIGIN, 64)
        found.open()
        found.seal(columns, BEFORE)
        return [seal.digest for seal in found.seals]

    undisturbed = sealed(tmp_path / "undisturbed")
    assert len(undisturbed) == BEFORE // 64
    scene.failing(owner, name, BROKEN, done=done)
    try:
        sealed(tmp_path / "disturbed")
    except (PipeledgerError, OSError):
        scene.patch.undo()
    assert scene.happened() == 1
    assert sealed(tmp_path / "disturbed") == undisturbed
    assert not list((tmp_path / "disturbed").glob("*.new"))
    columns.close()
    assert sound(scene.home)
