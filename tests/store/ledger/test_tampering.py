"""The tamper table: what is done to a ledger, and what `fsck` and the client's verifier say.

The client judges what a server of the tampered ledger would serve, with the keys it pinned and the
checkpoint it saw before. `BLIND`: it cannot see it, since what was changed stands beside the log.
A table, and what its rows do, so it is long.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest

from domain.errors import DamageError, SettingError
from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.key import SigningKey
from domain.log.tree import EMPTY_ROOT
from pipeledger.verifier.wire import UncheckedError, UnsoundError
from tests.store.ledger.conftest import ORIGIN
from tests.store.ledger.tampering import (
    BAD,
    CTX_FIELDS,
    SEQ_FIELDS,
    SIZE,
    SIZES,
    Sound,
    Tampered,
    edited,
    made,
    renumbered,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Server

BLIND = ""
AT = f"position {BAD}: "


class Kind(NamedTuple):
    """A kind of tampering.

    Attributes:
        act: does it.
        fsck: how what fsck says begins, its first finding.
        client: how what the client says begins; BLIND: it finds the ledger sound.
        most: the most findings that it gives.
    """

    act: Callable[[Tampered], object]
    fsck: str
    client: str = BLIND
    most: int = 3


def statements(*said: str) -> Callable[[Tampered], object]:
    """What statements do."""
    return lambda ledger: ledger.sql(*said)


def _swap(ledger: Tampered) -> None:
    first, second = ledger.entries()[BAD - 1 : BAD + 1]
    ledger.put(BAD, second, mended=True)
    ledger.put(BAD + 1, first, mended=True)


def _double(ledger: Tampered) -> None:
    ledger.sql(
        "INSERT INTO $entries SELECT 302, at, time, type, leaf, entry FROM $entries WHERE pos = 301"
    )


def _insert(ledger: Tampered) -> None:
    ledger.sql(
        "UPDATE $entries SET pos = pos + 1001 WHERE pos >= 100",
        "UPDATE $entries SET pos = pos - 1000 WHERE pos > 1000",
        "INSERT INTO $entries SELECT 100, at, time, type, leaf, entry FROM $entries"
        " WHERE pos = 101",
    )


def _forge(ledger: Tampered) -> None:
    """A row that nobody signed, behind the last one, before the next append."""
    ledger.rewrite(
        lambda entries: [*entries, entries[-1].replace(b"service:checkout", b"service:checkins")]
    )


def _signature_of_another(ledger: Tampered) -> None:
    here, there = ledger.entries()[BAD - 1 : BAD + 1]
    mine, other = (re.search(rb'"s":"([^"]+)"', raw) for raw in (here, there))
    assert mine is not None
    assert other is not None
    ledger.put(BAD, here.replace(mine[1], other[1]), mended=True)


def _key_swapped(ledger: Tampered) -> None:
    raw = ledger.entries()[BAD - 1]
    stranger = SigningKey.from_seed(ledger.keys.intake.name, b"\x09" * 32)
    ledger.put(BAD, raw.replace(ledger.keys.intake.id.encode(), stranger.id.encode()), mended=True)


def _document(ledger: Tampered, change: Callable[[bytes], bytes]) -> None:
    file = ledger.document(BAD)
    file.write_bytes(change(file.read_bytes()))


def _swap_documents(ledger: Tampered) -> None:
    first, second = ledger.document(BAD), ledger.document(BAD + 5)
    body = first.read_bytes() + b"y"
    first.write_bytes(second.read_bytes()[:-1])
    second.write_bytes(body)


def _swap_salts(ledger: Tampered) -> None:
    ledger.sql(
        "UPDATE $parts AS a SET salt = b.salt FROM $parts AS b"
        " WHERE a.pos = 100 AND b.pos = 100 AND a.name = 'event' AND b.name = 'text'"
    )


def _stranger_note(ledger: Tampered, origin: str) -> bytes:
    """The newest checkpoint, signed by a key that nobody trusts."""
    said = Checkpoint.parse(ledger.note(SIZE).decode().split("\n\n")[0] + "\n")
    key = SigningKey.from_seed(origin, b"\x09" * 32)
    return sign_checkpoint(replace(said, origin=origin), (key,))


def _resigned(ledger: Tampered) -> None:
    """The newest checkpoint under the signature of an older one."""
    text, _, _ = ledger.note(SIZE).partition(b"\n\n")
    _, _, signature = ledger.note(256).partition(b"\n\n")
    _publish(ledger, text + b"\n\n" + signature)


def _publish(ledger: Tampered, note: bytes, size: int = SIZE) -> None:
    ledger.sql("UPDATE $checkpoints SET note = %s WHERE size = %s", values=(note, size))


def _other_root(ledger: Tampered) -> None:
    _publish(ledger, ledger.signed(SIZE, EMPTY_ROOT))


def _older_served(ledger: Tampered) -> None:
    """Database and guard as they were: what a restored backup of both serves."""
    note = ledger.note(256)
    ledger.truncate(256)
    ledger.guard(note)


MENDED = {
    f"a bit of seq.{field}, its leaf hash mended": Kind(
        partial(Tampered.flip, field=field, mended=True), AT, AT
    )
    for field in ("prev", "at", "sn")
}
TRUNCATED = {
    f"truncated to {size} entries": Kind(
        partial(Tampered.truncate, size=size),
        f"position {size + 1}: missing: the guard covers {SIZE} entries",
        # Between published sizes, the newest checkpoint that is left is of a smaller one.
        f"position {(size if size in SIZES else 256) + 1}: missing: {SIZE} entries were seen",
    )
    for size in (100, 255, 256, 257, SIZE - 1)
}
TABLE = {
    **MENDED,
    **TRUNCATED,
    "entries swapped": Kind(_swap, AT + "the entry says position 101", AT, most=8),
    "an entry removed": Kind(
        statements("DELETE FROM $entries WHERE pos = 100"), AT + "no entry here", AT, most=8
    ),
    "three entries removed": Kind(
        statements("DELETE FROM $entries WHERE pos BETWEEN 100 AND 102"),
        AT + "no entries here up to 102", AT, most=20,
    ),
    "the last entry removed": Kind(
        statements("DELETE FROM $entries WHERE pos = 301"), f"position {SIZE}: ",
        f"position {SIZE}: missing", most=6,
    ),
    "an entry inserted": Kind(
        _insert, AT, "position 101: here stands", most=2000
    ),
    "an entry doubled": Kind(_double, f"position {SIZE + 1}: the entry says position {SIZE}"),
    "an entry renumbered": Kind(
        lambda ledger: ledger.put(
            BAD, ledger.entries()[BAD - 1].replace(b'"pos":100,', b'"pos":110,'), mended=True
        ),
        AT + "the entry says position 110", AT,
    ),
    "an entry left out, the rest linked anew": Kind(
        lambda ledger: ledger.rewrite(without(BAD)), AT, AT, most=2000
    ),
    "the same, numbers in streams mended": Kind(
        lambda ledger: ledger.rewrite(renumbered(without(BAD))), AT, AT + "part event",
        most=2000,
    ),
    "the chain from a point on, without the intake key": Kind(
        lambda ledger: ledger.rewrite(edited(BAD, b"asserted", b"observed"), tiles=True),
        AT + "ctx: the signature", AT + "the signature",
    ),
    "the same with the intake key": Kind(
        lambda ledger: ledger.rewrite(edited(BAD + 1, b"asserted", b"observed"), intake=True),
        "position 255: the checkpoint of this size has another root than the entries: something"
        " was written anew at positions 101 to 255",
        "position 301: the entries do not give the signed root though every link fits",
        most=8,
    ),
    "the same with the intake key and new tiles": Kind(
        lambda ledger: ledger.rewrite(
            edited(BAD + 1, b"asserted", b"observed"), intake=True, tiles=True
        ),
        "position 255: the checkpoint of this size has another root than the entries: something"
        " was written anew at positions 101 to 255",
        "position 301: the entries do not give the signed root though every link fits",
    ),
    "the same with the log key too": Kind(
        lambda ledger: ledger.rewrite(
            edited(BAD, b"asserted", b"observed"), intake=True, tiles=True, log=True
        ),
        "position 301: the guard holds another root than the entries",
        "the first 301 entries are not those seen before: a fork",
    ),
    "a row forged before the next append": Kind(
        _forge, f"position {SIZE + 1}: ctx: the signature"
    ),
    "the signature of another entry": Kind(_signature_of_another, AT + "ctx: the signature", AT),
    "the key of a signature swapped": Kind(_key_swapped, AT + "ctx: no signature by", AT),
    "the leaf column": Kind(
        statements("UPDATE $entries SET leaf = sha256('x') WHERE pos = 100"),
        AT + "the leaf column", AT, most=1,
    ),
    "the type column": Kind(
        statements("UPDATE $entries SET type = 'pipeledger.build.finished' WHERE pos = 100"),
        AT + "the type column", most=1,
    ),
    "the at column": Kind(
        statements("UPDATE $entries SET at = at + interval '1 hour' WHERE pos = 100"),
        AT + "the at column", most=1,
    ),
    "a tag removed": Kind(
        statements("DELETE FROM $tags WHERE pos = 100 AND tag = 'service:checkout'"),
        AT + "the tag service:checkout is missing", most=1,
    ),
    "a tag added": Kind(
        statements("INSERT INTO $tags VALUES ('service:other', 100, NULL)"),
        AT + "the tag service:other is not the entry's", most=1,
    ),
    "a tag altered": Kind(
        statements("UPDATE $tags SET tag = 'service:x' WHERE pos = 100 AND tag LIKE 'service%'"),
        AT + "the tag service:checkout is missing", most=2,
    ),
    "the number beside a stream": Kind(
        statements("UPDATE $tags SET sn = 7 WHERE pos = 100 AND tag LIKE 'stream:line%'"),
        AT + "the number beside stream:", most=1,
    ),
    "an event altered": Kind(
        statements("UPDATE $parts SET body = 'x' WHERE pos = 100 AND name = 'event'"),
        AT + "part event", AT + "part event", most=1,
    ),
    "a part altered": Kind(
        statements(
            "UPDATE $parts SET body = set_byte(body, 0, get_byte(body, 0) # 1)"
            " WHERE pos = 100 AND name = 'text'"
        ),
        AT + "part text", AT + "part text", most=1,
    ),
    "a salt altered": Kind(
        statements("UPDATE $parts SET salt = sha256('x') WHERE pos = 100 AND name = 'text'"),
        AT + "part text", AT + "part text", most=1,
    ),
    "salts swapped": Kind(_swap_salts, AT + "part event", AT + "part event", most=1),
    "a part added": Kind(
        statements("INSERT INTO $parts VALUES (100, 'extra', sha256('x'), 'x', NULL)"),
        AT + "part extra", AT + "a part extra", most=1,
    ),
    "a part removed that no event says was redacted": Kind(
        statements("DELETE FROM $parts WHERE pos = 100 AND name = 'text'"),
        AT + "part text is missing, and no event says that it was redacted", most=1,
    ),
    "a part without entry": Kind(
        statements("INSERT INTO $parts VALUES (999, 'event', sha256('x'), 'x', NULL)"),
        "position 999: a part is kept but no entry", most=1,
    ),
    "the document column": Kind(
        statements("UPDATE $parts SET document = sha256('x') WHERE pos = 100 AND name = 'text'"),
        AT + "the document column of part text", most=1,
    ),
    "a bit of a document": Kind(
        lambda ledger: _document(ledger, lambda body: bytes([body[0] ^ 1]) + body[1:]),
        AT + "part original", AT + "part original", most=1,
    ),
    "a document cut off": Kind(
        lambda ledger: _document(ledger, lambda body: body[:-1]),
        AT + "part original", AT + "part original", most=1,
    ),
    "a document missing": Kind(
        lambda ledger: ledger.document(BAD).unlink(), AT + "part original: its document is missing",
        most=1,
    ),
    "documents of two entries altered": Kind(
        _swap_documents, AT + "part original", AT + "part original", most=2
    ),
    "a tile altered": Kind(
        statements("UPDATE $tiles SET hashes = overlay(hashes PLACING 'zz' FROM 3200)"),
        AT + "the tile 0/0 is not of the entries: hash 99", most=1,
    ),
    "a tile removed": Kind(
        statements("DELETE FROM $tiles"), "position 256: the tile 0/0 is missing", most=1
    ),
    "a tile too many": Kind(
        statements("INSERT INTO $tiles SELECT 1, 0, hashes FROM $tiles"),
        "the tile 1/0 is kept but no entries fill it", most=1,
    ),
    "a bit of a checkpoint's root": Kind(
        lambda ledger: _publish(ledger, ledger.note(255).replace(b"\n255\n", b"\n254\n"), 255),
        "position 255: the checkpoint of this size does not verify", most=1,
    ),
    "a checkpoint at another size": Kind(
        statements("UPDATE $checkpoints SET size = 150 WHERE size = 100"),
        "position 150: the checkpoint of this size speaks of 100", most=1,
    ),
    "the checkpoint of another log": Kind(
        lambda ledger: _publish(ledger, _stranger_note(ledger, "other.example/log")),
        "position 301: the checkpoint of this size does not verify", "no key is trusted", most=1,
    ),
    "a checkpoint signed by another key of the same name": Kind(
        lambda ledger: _publish(ledger, _stranger_note(ledger, ORIGIN)),
        "position 301: the checkpoint of this size does not verify", "checkpoint: not signed",
        most=1,
    ),
    "a checkpoint with the signature of another": Kind(
        _resigned, "position 301: the checkpoint of this size does not verify",
        "checkpoint: the log's", most=1,
    ),
    "a signed checkpoint of another root": Kind(
        _other_root, "position 301: the checkpoint of this size has another root",
        "position 301: the entries do not give", most=1,
    ),
    "an older state of database and guard": Kind(
        _older_served, "", f"position 257: missing: {SIZE} entries"
    ),
    "the guard put back": Kind(
        lambda ledger: ledger.guard(ledger.note(256)),
        "position 301: the guard holds an older checkpoint", most=1,
    ),
    "the guard of another tree": Kind(
        lambda ledger: ledger.guard(ledger.signed(SIZE, EMPTY_ROOT)),
        "position 301: the guard holds another root", most=1,
    ),
    "the guard's checkpoint of another key": Kind(
        lambda ledger: ledger.guard(_stranger_note(ledger, ORIGIN)),
        "the guard's checkpoint does not verify", most=1,
    ),
    "a delivery moved": Kind(
        statements("UPDATE $deliveries SET pos = 999 WHERE pos = 100"),
        "position 999: a delivery", most=1,
    ),
}  # fmt: skip
LONG = {
    "a bit of seq.prev, its leaf hash mended", "a bit of seq.sn, its leaf hash mended",
    "truncated to 100 entries", "truncated to 257 entries", "truncated to 300 entries",
    "three entries removed", "a document cut off", "documents of two entries altered",
    "a tag altered", "an event altered", "a part without entry", "the document column",
    "a delivery moved",
}  # fmt: skip
"""Like others in the table; in the long run only."""
UNSEEN = {"an older state of database and guard"}
"""What the server itself cannot see: everything that it has agrees. The client remembers."""


@pytest.fixture(scope="module")
def sound(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sound]:
    """A sound ledger, made once."""
    yield from made(postgres, tmp_path_factory.mktemp("sound"))


@pytest.fixture
def ledger(sound: Sound, tmp_path: Path) -> Iterator[Tampered]:
    """A copy of it."""
    yield from sound.copy(tmp_path / "copy")


def test_the_untampered_copy_is_sound_to_both(ledger: Tampered, tmp_path: Path) -> None:
    """Or nothing in the table would mean anything; and the table is as long as it should be."""
    assert ledger.fsck() == []
    ledger.verify(tmp_path / "export")
    assert len(TABLE) >= 40


def test_a_bit_in_each_field_is_named_each_at_its_entry(ledger: Tampered) -> None:
    """All at once: one damage does not hide another, and each gives its own finding only."""
    fields = (*SEQ_FIELDS, *CTX_FIELDS)
    for at, field in enumerate(fields):
        ledger.flip(field, position=BAD + 2 * at)
    found = ledger.fsck()
    named = [int(one.split(":")[0].removeprefix("position ")) for one in found]
    assert named == [BAD + 2 * at for at in range(len(fields))], found


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.long if one in LONG else ()) for one in TABLE]
)
def test_each_kind_of_tampering_is_named_with_its_place(
    ledger: Tampered, tmp_path: Path, name: str
) -> None:
    """By fsck, and by the client's verifier where it can see it."""
    kind = TABLE[name]
    kind.act(ledger)
    found = ledger.fsck()
    if name in UNSEEN:
        assert found == []
    else:
        assert found
        assert found[0].startswith(kind.fsck), (found[:5], len(found))
        assert len(found) <= kind.most, (found[:6], len(found))
    if kind.client == BLIND:
        ledger.verify(tmp_path / "export")
        return
    with pytest.raises((UnsoundError, UncheckedError)) as caught:
        ledger.verify(tmp_path / "export")
    assert str(caught.value).startswith(kind.client), str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["a row forged before the next append", "truncated to 256 entries", "the guard of another tree",
     "the guard's checkpoint of another key", "the same with the log key too"],
)  # fmt: skip
def test_the_server_does_not_start_over_it(ledger: Tampered, name: str) -> None:
    """It stops and says why; nothing is signed."""
    TABLE[name].act(ledger)
    before = ledger.home.guard.read()
    with pytest.raises((DamageError, SettingError)):
        ledger.home.open()
    assert ledger.home.guard.read() == before
