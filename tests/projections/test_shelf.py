"""Documents become rows after their commitment held, and go when they are redacted."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from psycopg import sql

from domain.draft import SealedPart
from domain.errors import DamageError
from domain.log.part import Part
from projections.documents import check_documents
from projections.following import follow, history_of
from projections.parameters import Parameters
from tests.projections.story import Story
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.draft import Draft
    from projections.live import Live, Snapshot
    from store.ledger.ledger import Ledger
    from tests.store.ledger.conftest import Home

SIZE = 64
SEALED, LARGE, TAIL = 12, 22, 150
"""Positions of scans with findings: two in the first segment, one of them a long document."""


def scan(number: int, *findings: str, padding: int = 0) -> Draft:
    """A scan that found these."""
    body = "".join(f'{{"rule":"{name}","x":"{"x" * padding}"}}\n' for name in findings).encode()
    part = SealedPart(Part("findings", "application/x-ndjson", body, os.urandom(32)))
    return dataclasses.replace(draft(number, kind="pipeledger.scan.finished"), parts=(part,))


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """A ledger of 160 entries, some of them with findings."""
    drafts = {number: draft(number) for number in range(2, 161)}
    drafts[SEALED] = scan(SEALED, "a", "b")
    drafts[LARGE] = scan(LARGE, "long", padding=100_000)
    drafts[TAIL] = scan(TAIL, "c")
    ledger.submit(list(drafts.values())).result(60)
    return ledger


@pytest.fixture
def live(told: Ledger, tmp_path: Path) -> Iterator[Live]:
    """Follows it."""
    one = follow(told, tmp_path / "segments", SIZE)
    yield one
    one.close()


def rows(found: Snapshot) -> dict[int, list[str | None]]:
    """Texts of the documents, without the last empty line, by position."""
    kept = found.documents()
    told: dict[int, list[str | None]] = {}
    for table in (*map(pq.read_table, kept.files), kept.tail):
        for row in table.to_pylist():
            if row["text"] != "":
                told.setdefault(row["position"], []).append(row["text"])
    return told


def _redact(home: Home, ledger: Ledger, position: int) -> None:
    """Take the findings of an entry away, and say so."""
    with home.database.connect("redactor") as connection:
        statement = "DELETE FROM {} WHERE pos = %s AND name = 'findings'"
        parts = sql.Identifier("ledger_test", "parts")
        connection.execute(sql.SQL(statement).format(parts), (position,))
    said = b'{"data":{"position":%d,"parts":["findings"]}}' % position
    kind = "pipeledger.part.redacted"
    ledger.submit([draft(9000 + position, kind=kind, body=said)]).result(60)


def test_the_documents_of_segments_and_tail_are_rows(live: Live) -> None:
    """Line by line, also those that are too long for the database."""
    found = live.snapshot()
    told = rows(found)
    assert told.keys() == {SEALED, LARGE, TAIL}
    assert told[SEALED] == ['{"rule":"a","x":""}', '{"rule":"b","x":""}']
    assert len(str(told[LARGE][0])) > 100_000
    assert [path.name for path in found.documents().files] == [path.name for path in found.segments]


def test_what_is_not_asked_for_is_not_read(home: Home, live: Live) -> None:
    """An altered document stops who asks for documents, by its position, and nobody else."""
    with home.database.connect() as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        parts = sql.Identifier("ledger_test", "parts")
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(parts))
        change = "UPDATE {} SET body = body || ' ' WHERE pos = %s AND name = 'findings'"
        connection.execute(sql.SQL(change).format(parts), (SEALED,))
    found = live.snapshot()
    with pytest.raises(DamageError, match=f"position {SEALED}: part findings"):
        found.documents()


@pytest.mark.parametrize("position", [SEALED, TAIL])
def test_a_redaction_takes_the_rows_out_and_everything_derived_of_them(
    home: Home, told: Ledger, tmp_path: Path, position: int
) -> None:
    """The other documents are as they were."""
    history = history_of(told, tmp_path / "derived", SIZE)
    before = rows(history.snapshot())
    with history.view(Parameters(known_at=160)) as view:
        assert view.table("finding_facts").num_rows == 4
    _redact(home, told, position)
    after = history.snapshot()
    derived = [path for path in (tmp_path / "derived").rglob("*.parquet") if path.stat().st_size]
    files = [pq.read_table(path) for path in derived]
    gone = str(before[position][0])
    assert not any(gone in str(table.to_pylist()) for table in files)
    assert rows(after) == before | {position: [None]}
    with history.view(Parameters(known_at=161)) as view:
        facts = view.table("finding_facts").to_pylist()
    assert [row["position"] for row in facts if row["redacted"]] == [position]
    history.close()


def test_a_redaction_that_nobody_saw_is_made_up_for(
    home: Home, told: Ledger, live: Live, tmp_path: Path
) -> None:
    """A file of before it is not believed."""
    assert rows(live.snapshot())[SEALED] != [None]
    live.close()
    _redact(home, told, SEALED)
    other = follow(told, tmp_path / "segments", SIZE)
    assert rows(other.snapshot())[SEALED] == [None]
    other.close()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_redaction_takes_what_a_kill_left_unfinished(
    home: Home, told: Ledger, tmp_path: Path, *, is_there: bool
) -> None:
    """Whether the file itself was made or not; what other segments left stays."""
    folder = tmp_path / "segments"
    first = follow(told, folder, SIZE)
    (path, *_) = first.snapshot().documents().files
    first.close()
    ours, other = (path.with_name(f"{number:08d}.99.new") for number in (0, 1))
    for left in (ours, other):
        left.write_bytes(path.read_bytes())
    if not is_there:
        path.unlink()
    _redact(home, told, SEALED)
    second = follow(told, folder, SIZE)
    second.snapshot()
    assert not ours.exists()
    assert other.exists()
    second.rebuild()
    assert not other.exists()
    second.close()


@pytest.mark.parametrize("damage", ["cut", "altered", "foreign"])
def test_a_file_that_does_not_hold_is_made_anew(
    told: Ledger, live: Live, tmp_path: Path, damage: str
) -> None:
    """As a segment is."""
    before = rows(live.snapshot())
    path = live.snapshot().documents().files[0]
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-50])
    elif damage == "altered":
        table = pq.read_table(path)
        texts = [text.replace('"a"', '"z"') for text in table["text"].to_pylist()]
        at = table.schema.get_field_index("text")
        pq.write_table(table.set_column(at, table.schema.field(at), [texts]), path)
    else:
        path.write_bytes(live.snapshot().documents().files[1].read_bytes())
    other = follow(told, tmp_path / "segments", SIZE)
    assert rows(other.snapshot()) == before
    other.close()


def test_sound_files_are_used_again(told: Ledger, live: Live, tmp_path: Path) -> None:
    """A second process reads them and writes nothing."""
    files = live.snapshot().documents().files
    states = [path.stat().st_mtime_ns for path in files]
    other = follow(told, tmp_path / "segments", SIZE)
    rows(other.snapshot())
    assert [path.stat().st_mtime_ns for path in files] == states
    other.close()


def test_what_is_appended_later_is_read_with_the_next_snapshot(told: Ledger, live: Live) -> None:
    """And what was read before is as it was."""
    before = rows(live.snapshot())
    told.submit([scan(700, "d")]).result(60)
    after = rows(live.snapshot())
    assert after == before | {161: ['{"rule":"d","x":""}']}
    assert rows(live.rebuild()) == after


def test_what_is_asked_about_an_older_state_later_is_told_of_that_state(
    told: Ledger, live: Live
) -> None:
    """Whatever was read meanwhile, and whether its events have been sealed since."""
    old = live.snapshot()
    told.submit([scan(700, "d")]).result(60)
    newer = live.snapshot()
    assert rows(newer).keys() == {SEALED, LARGE, TAIL, 161}
    assert rows(old).keys() == {SEALED, LARGE, TAIL}
    told.submit([*map(draft, range(800, 840)), scan(900, "e")]).result(60)
    sealed = live.snapshot()
    assert (len(newer.segments), len(sealed.segments)) == (2, 3)
    told.submit([scan(901, "f")]).result(60)
    assert rows(live.snapshot()).keys() == {SEALED, LARGE, TAIL, 161, 202, 203}
    assert rows(sealed).keys() == {SEALED, LARGE, TAIL, 161, 202}


@pytest.mark.parametrize(
    ("name", "value"),
    [("text", "{}"), ("text", None), ("line", 7), ("position", 2), ("part", "other"),
     ("salt", b"x" * 32), ("salt", None)],
)  # fmt: skip
def test_no_column_of_a_document_s_rows_can_be_changed_unnoticed(name: str, value: object) -> None:
    """Whatever else a file of them says."""
    story = Story()
    story.tell("scan.finished", "2026-03-01T10:00:00Z", outcome="success", found=[{"rule": "a"}])
    snapshot = story.snapshot()
    rows = snapshot.documents().tail
    check_documents(snapshot.tail, rows)
    values = rows[name].to_pylist()
    values[0] = value
    column = pa.array(values, rows.schema.field(name).type)
    at = rows.schema.get_field_index(name)
    with pytest.raises(DamageError, match="position"):
        check_documents(snapshot.tail, rows.set_column(at, rows.schema.field(name), column))
