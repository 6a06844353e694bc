"""A log in memory is read like a ledger, and says of itself that nobody signed it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from domain.draft import Draft, SealedPart
from domain.errors import DamageError
from domain.log.entry import genesis_prev, parse_entry
from domain.log.part import LongPart, Part, commitment
from domain.log.tree import CompactTree
from projections.heard import NOBODY, told
from projections.parameters import Parameters
from projections.rows import beginning, verified
from projections.unsigned import UnsignedLog, history_over
from tests.projections.story import SENDER, SOURCE, Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "ledger.example/memory"
AT = datetime(2026, 3, 1, tzinfo=UTC)


class _Long:
    """Bytes that are told in pieces."""

    def __len__(self) -> int:
        return 6

    def pieces(self) -> Iterator[bytes]:
        yield b'{"a":1'
        yield b""


def _draft(number: int, *parts: SealedPart) -> Draft:
    salt = sha256(b"%d" % number).digest()
    event = Part("event", "application/json", b'{"n":%d}' % number, salt)
    return Draft("plain", 1, "asserted", SENDER, ("a/b",), (), event, parts)


def test_its_entries_are_chained_and_give_the_root_of_their_leaves() -> None:
    """As the format of entries says; positions and numbers in streams are counted from one."""
    log = UnsignedLog(ORIGIN)
    assert [log.append(_draft(n), AT + timedelta(seconds=n)) for n in range(5)] == [1, 2, 3, 4, 5]
    entries = [parse_entry(raw) for raw in log.read()["entry"].to_pylist()]
    assert [one.seq.prev for one in entries] == [
        genesis_prev(ORIGIN), *(one.leaf for one in entries[:-1]),
    ]  # fmt: skip
    assert [one.seq.stream_numbers for one in entries] == [(n,) for n in (1, 2, 3, 4, 5)]
    for size in (0, 3, 5):
        tree = CompactTree()
        tree.extend([one.leaf for one in entries[:size]])
        assert log.root_at(size) == tree.root()
    assert log.snapshot().root == log.root_at(5)
    assert [log.position_at(AT + timedelta(seconds=n), 5) for n in (-1, 0, 2, 9)] == [0, 1, 3, 5]
    assert log.position_at(AT + timedelta(seconds=9), 2) == 2


def test_nobody_signed_it() -> None:
    """Its one signature is by a key that says so, and there is no checkpoint."""
    log = UnsignedLog(ORIGIN)
    log.append(_draft(1), AT)
    (entry,) = (parse_entry(raw) for raw in log.read()["entry"].to_pylist())
    (signature,) = entry.seq.signatures
    assert signature.key_id == "unsigned+00000000"
    assert set(signature.value) == {0}
    assert log.snapshot().checkpoint == b""


def test_an_altered_entry_is_found_as_in_a_ledger() -> None:
    """The same reader checks it."""
    log = UnsignedLog(ORIGIN)
    log.append(_draft(1), AT)
    log.append(_draft(2), AT)
    read = log.read()
    bodies = read["body"].to_pylist()
    bodies[1] = b'{"n":3}'
    broken = read.set_column(4, "body", pa.array(bodies, pa.binary()))
    with pytest.raises(DamageError, match="position 2"):
        verified(broken, ORIGIN, beginning(ORIGIN))


def test_documents_are_kept_and_other_parts_only_committed_to() -> None:
    """An original of hundreds of megabytes is not held."""
    log = UnsignedLog(ORIGIN)
    salt = bytes(32)
    kept = Part("findings", "application/x-ndjson", b'{"rule":"a"}\n', salt)
    parts = (SealedPart(kept), SealedPart(LongPart("original", "text/plain", _Long(), salt)))
    log.append(_draft(1, *parts), AT)
    (entry,) = (parse_entry(raw) for raw in log.read()["entry"].to_pylist())
    assert [(one.name, one.length) for one in entry.context.parts] == [
        ("findings", 13), ("original", 6),
    ]  # fmt: skip
    assert entry.context.parts[1].commitment == commitment(salt, b'{"a":1')
    assert log.parts(["findings", "original"], 0, 1)["name"].to_pylist() == ["findings"]
    assert log.parts(["findings"], 1, 9).num_rows == 0
    assert log.snapshot().documents().tail["text"][0].as_py() == '{"rule":"a"}'


def test_questions_are_answered_of_an_earlier_position_too(tmp_path: Path) -> None:
    """With the root of that many entries."""
    story = Story()
    for name in ("d-1", "d-2"):
        story.tell("deployment.finished", "2026-03-01T10:00:00Z", deployment=name, service="shop",
                   environment="production", outcome="success")  # fmt: skip
    history = history_over(story, tmp_path)
    with history.view(Parameters(known_at=1)) as view:
        assert view.table("deployments").num_rows == 1
    proof = history.proof(["deployments"], Parameters(known_at=1), history.snapshot())
    assert proof.root == story.root_at(1).hex()
    assert history.rebuild(lambda _: None) is history.snapshot()
    history.close()


def test_who_told_what_is_counted_up_to_a_position() -> None:
    """By source and by type, with the instants of recording; later entries are not in."""
    story = Story()
    for number, source in enumerate((SOURCE, "https://other.example", SOURCE), 1):
        story.tell("alert.fired", "2026-03-01T10:00:00Z", source=source, fingerprint="x",
                   at=AT + timedelta(hours=number))  # fmt: skip
    story.keep(b"no json")
    story.tell("alert.resolved", "2026-03-01T10:00:00Z", fingerprint="x")
    heard = told(story.snapshot(), 4)
    assert [(one.name, one.events) for one in heard.sources] == [
        (NOBODY, 1), (SOURCE, 2), ("https://other.example", 1),
    ]  # fmt: skip
    assert [(one.name, one.events) for one in heard.types] == [
        ("pipeledger.alert.fired", 3), ("plain", 1),
    ]  # fmt: skip
    ours = heard.sources[1]
    assert (ours.first_at, ours.last_at) == (AT + timedelta(hours=1), AT + timedelta(hours=3))
    assert heard.first_at == AT + timedelta(hours=1)
    assert heard.last_at == AT + timedelta(hours=3, seconds=1)
