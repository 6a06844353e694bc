"""Segments and tail show what is published, verified, or say what is wrong with it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from psycopg import sql

from domain.errors import DamageError
from projections import segment
from projections.following import follow, history_of
from projections.parameters import Parameters
from projections.segments import Segments
from projections.selection import Selection
from tests.store.ledger.conftest import ORIGIN, draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from projections.live import Live, Snapshot
    from store.ledger.ledger import Ledger
    from tests.store.ledger.conftest import Home

SIZE = 64


@pytest.fixture
def live(ledger: Ledger, tmp_path: Path) -> Iterator[Live]:
    """Follows a ledger of 160 entries, whose segments hold 64."""
    ledger.submit([draft(number) for number in range(159)]).result(60)
    one = follow(ledger, tmp_path / "segments", SIZE)
    yield one
    one.close()


def positions(found: Snapshot) -> list[int]:
    """Of all rows, segments first."""
    sealed = [pq.read_table(path)["position"].to_pylist() for path in found.segments]
    return [*(at for one in sealed for at in sorted(one)), *found.tail["position"].to_pylist()]


def altered(home: Home, statement: str, *values: object) -> None:
    """Change the ledger's tables behind its back, as a superuser can."""
    with home.database.connect() as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for name in ("entries", "parts"):
            table = sql.Identifier("ledger_test", name)
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(table))
        query = sql.SQL(statement).format(
            entries=sql.Identifier("ledger_test", "entries"),
            parts=sql.Identifier("ledger_test", "parts"),
        )
        connection.execute(query, values)


def test_every_entry_is_there_once_and_the_root_is_the_signed_one(
    ledger: Ledger, live: Live
) -> None:
    """Two segments and a tail."""
    found = live.snapshot()
    assert positions(found) == list(range(1, 161))
    assert [path.name for path in found.segments] == ["00000000.parquet", "00000001.parquet"]
    assert (found.size, found.root) == (160, ledger.published.root)


def test_what_is_appended_later_is_seen_by_the_next_snapshot_alone(
    ledger: Ledger, live: Live
) -> None:
    """And a segment is sealed as soon as it is full."""
    before = live.snapshot()
    ledger.submit([draft(number) for number in range(200, 260)]).result(60)
    after = live.snapshot()
    assert len(positions(before)) == 160
    assert positions(after) == list(range(1, 221))
    assert len(after.segments) == 3


def test_a_tail_that_grew_event_by_event_lies_in_few_pieces(ledger: Ledger, live: Live) -> None:
    """What asks about it goes through each; as many as there were events would be ever slower."""
    for number in range(200, 220):
        ledger.submit([draft(number)]).result(60)
        found = live.snapshot()
    assert positions(found) == list(range(1, 181))
    assert found.tail["position"].num_chunks <= (found.tail.num_rows).bit_length()


def test_a_second_process_uses_the_segments_of_the_first(
    ledger: Ledger, live: Live, tmp_path: Path
) -> None:
    """It reads them, checks them, and writes nothing."""
    first = live.snapshot()
    states = [path.stat().st_mtime_ns for path in first.segments]
    other = follow(ledger, tmp_path / "segments", SIZE)
    assert positions(other.snapshot()) == positions(first)
    assert [path.stat().st_mtime_ns for path in first.segments] == states
    other.close()


def test_sealing_again_gives_the_same_content(live: Live) -> None:
    """The digest is of what stands in the ledger, not of the file."""
    before = [segment.read_seal(path) for path in live.snapshot().segments]
    after = [segment.read_seal(path) for path in live.rebuild().segments]
    assert before == after
    assert len({seal.digest for seal in before}) == 2


def test_an_entry_altered_in_the_database_stops_the_projection_at_its_position(
    home: Home, live: Live
) -> None:
    """There is no answer from altered entries."""
    altered(
        home, "UPDATE {entries} SET entry = convert_to(replace(convert_from(entry, 'UTF8'),"
        " 'asserted', 'observed'), 'UTF8') WHERE pos = 100",
    )  # fmt: skip
    with pytest.raises(DamageError, match="position 100"):
        live.snapshot()


def test_an_entry_altered_with_its_hash_is_found_by_the_link_after_it(
    home: Home, live: Live
) -> None:
    """The next entry still names the old one."""
    altered(
        home, "UPDATE {entries} SET (entry, leaf) = (SELECT e, sha256('\\x00'::bytea || e) FROM"
        " (SELECT convert_to(replace(convert_from(entry, 'UTF8'), 'asserted', 'observed'),"
        " 'UTF8')) AS new (e)) WHERE pos = 150",
    )  # fmt: skip
    with pytest.raises(DamageError, match="position 151"):
        live.snapshot()


def test_the_last_entry_altered_with_its_hash_is_found_by_the_signed_root(
    home: Home, live: Live
) -> None:
    """No link follows it, but the checkpoint covers it."""
    altered(
        home, "UPDATE {entries} SET (entry, leaf) = (SELECT e, sha256('\\x00'::bytea || e) FROM"
        " (SELECT convert_to(replace(convert_from(entry, 'UTF8'), 'asserted', 'observed'),"
        " 'UTF8')) AS new (e)) WHERE pos = 160",
    )  # fmt: skip
    with pytest.raises(DamageError, match="another root"):
        live.snapshot()


def test_an_event_altered_in_the_database_stops_the_projection_at_its_position(
    home: Home, live: Live
) -> None:
    """The entry commits to its bytes."""
    altered(home, "UPDATE {parts} SET body = '{{}}' WHERE pos = 70")
    with pytest.raises(DamageError, match="position 70"):
        live.snapshot()


def test_an_entry_that_is_gone_is_named(home: Home, live: Live) -> None:
    """Positions run without gaps."""
    altered(home, "DELETE FROM {entries} WHERE pos = 90")
    with pytest.raises(DamageError, match="position 90"):
        live.snapshot()


def test_a_ledger_that_is_mended_is_answered_again(home: Home, live: Live) -> None:
    """A refusal leaves nothing behind."""
    altered(home, "UPDATE {parts} SET body = body || ' ' WHERE pos = 70")
    with pytest.raises(DamageError):
        live.snapshot()
    altered(
        home, "UPDATE {parts} SET body = rtrim(convert_from(body, 'UTF8'))::bytea WHERE pos = 70"
    )
    assert len(positions(live.snapshot())) == 160


def _flipped(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _lying(path: Path) -> None:
    """Another value in a column, in a file that is otherwise sound."""
    table = pq.read_table(path)
    at = table.schema.get_field_index("outcome")
    lie = pa.array(["success"] * table.num_rows, pa.string())
    pq.write_table(table.set_column(at, "outcome", lie).cast(table.schema), path)


def _foreign(path: Path) -> None:
    """The segment of another ledger."""
    table = pq.read_table(path)
    metadata = {
        key: value.replace(ORIGIN.encode(), b"ledger.example/rest")
        for key, value in table.schema.metadata.items()
    }
    pq.write_table(table.replace_schema_metadata(metadata), path)


def _swapped(path: Path) -> None:
    """The other segment of this ledger."""
    shutil.copy(path.with_name("00000001.parquet"), path)


@pytest.mark.parametrize("damage", [_flipped, _cut, _lying, _foreign, _swapped])
def test_a_damaged_or_foreign_segment_is_refused_by_name_and_sealed_anew(
    ledger: Ledger,
    live: Live,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[Path], None],
) -> None:
    """Whatever was done to the file."""
    first = live.snapshot()
    sound = segment.read_seal(first.segments[0])
    damage(first.segments[0])
    other = follow(ledger, tmp_path / "segments", SIZE)
    assert positions(other.snapshot()) == list(range(1, 161))
    assert segment.check(first.segments[0], ORIGIN) == sound
    assert "00000000.parquet" in caplog.text
    other.close()


def _column(path: Path, name: str, change: Callable[[list[Any]], list[Any]]) -> None:
    table = pq.read_table(path)
    at = table.schema.get_field_index(name)
    field = table.schema.field(at)
    changed = pa.array(change(table[name].to_pylist()), field.type)
    pq.write_table(table.set_column(at, field, changed), path)


_OF_CHAIN: Final[dict[str, Callable[[list[Any]], list[Any]]]] = {
    "position": lambda told: [*told[:-1], told[-1] + 1],
    "entry": lambda told: [told[0].replace(b"asserted", b"observed"), *told[1:]],
    "leaf": lambda told: [bytes(32), *told[1:]],
    "salt": lambda told: [None, *told[1:]],
}


@pytest.mark.parametrize("name", _OF_CHAIN)
def test_a_segment_that_appeared_meanwhile_is_taken_if_its_chain_holds(
    ledger: Ledger, live: Live, tmp_path: Path, name: str
) -> None:
    """Places, hashes and links, and what the seal says of redacted events; else it is sealed."""
    sound = live.snapshot().segments[0]
    seal = segment.check_chain(sound, ORIGIN)
    other = Segments(tmp_path / "other", ORIGIN, SIZE)
    other.open()
    shutil.copy(sound, other.path(0))
    taken = other.path(0).stat().st_ino
    columns = ledger.columns()
    other.seal(columns, SIZE)
    assert (other.path(0).stat().st_ino, other.seals) == (taken, [seal])
    damaged = Segments(tmp_path / "damaged", ORIGIN, SIZE)
    damaged.open()
    shutil.copy(sound, damaged.path(0))
    _column(damaged.path(0), name, _OF_CHAIN[name])
    with pytest.raises(DamageError):
        segment.check_chain(damaged.path(0), ORIGIN)
    damaged.seal(columns, SIZE)
    assert segment.check(damaged.path(0), ORIGIN) == seal
    columns.close()


@pytest.mark.parametrize("position", [10, 159])
def test_a_redaction_takes_the_event_out_of_segment_or_tail(
    home: Home, ledger: Ledger, live: Live, position: int
) -> None:
    """And nothing else changes: the entries, the root and the other segments are as they were."""
    before = live.snapshot()
    sealed = segment.read_seal(before.segments[0])
    with home.database.connect("redactor") as connection:
        connection.execute(
            sql.SQL("DELETE FROM {} WHERE pos = %s").format(sql.Identifier("ledger_test", "parts")),
            (position,),
        )
    said = b'{"data":{"position":%d,"parts":["event"]}}' % position
    ledger.submit([draft(900, kind="pipeledger.part.redacted", body=said)]).result(60)
    after = live.snapshot()
    rows = pa.concat_tables([*(pq.read_table(path) for path in after.segments), after.tail])
    gone = rows.filter(pc.is_null(rows["event"]))
    assert gone["position"].to_pylist() == [position]
    assert gone["type"].to_pylist() == ["pipeledger.deployment.finished"]
    assert positions(after) == list(range(1, 162))
    again = segment.check(after.segments[0], ORIGIN)
    assert (again.subtree, again.last) == (sealed.subtree, sealed.last)
    assert (again.digest != sealed.digest, again.redaction) == (
        position == 10,
        161 * (position == 10),
    )
    assert segment.read_seal(live.rebuild().segments[0]) == again


def redact(home: Home, ledger: Ledger, position: int) -> None:
    """Take an event's bytes away, and say so."""
    with home.database.connect("redactor") as connection:
        connection.execute(
            sql.SQL("DELETE FROM {} WHERE pos = %s").format(sql.Identifier("ledger_test", "parts")),
            (position,),
        )
    said = b'{"data":{"position":%d,"parts":["event"]}}' % position
    told = draft(9000 + position, kind="pipeledger.part.redacted", body=said)
    ledger.submit([told]).result(60)


def test_a_redaction_that_happened_while_nobody_followed_is_made_up_for(
    home: Home, ledger: Ledger, live: Live, tmp_path: Path
) -> None:
    """Also where what tells of it lies in a segment of its own by now."""
    live.snapshot()
    live.close()
    redact(home, ledger, 10)
    ledger.submit([draft(number) for number in range(200, 340)]).result(60)
    other = follow(ledger, tmp_path / "segments", SIZE)
    first = pq.read_table(other.snapshot().segments[0])
    assert first.filter(pc.is_null(first["event"]))["position"].to_pylist() == [10]
    other.close()


def test_what_was_derived_of_a_redacted_event_goes_with_it(
    home: Home, ledger: Ledger, tmp_path: Path
) -> None:
    """No file of facts keeps what its segment has no more."""
    body = b'{"data":{"deployment":"d-secret","service":"s","environment":"e"}}'
    ledger.submit([draft(1, body=body), *map(draft, range(2, 200))]).result(60)
    history = history_of(ledger, tmp_path / "derived", SIZE)
    with history.view(Parameters(known_at=100)) as view:
        assert "d-secret" in view.table("deployment_facts")["deployment"].to_pylist()
    history.ask([Selection("unresolved_deployments"), Selection("service_registrations")], {})
    assert "service_registrations" in str([*(tmp_path / "derived").rglob("settled/*/*")])
    redact(home, ledger, 2)
    history.snapshot()
    # An empty one says that there is nothing.
    files = [path for path in (tmp_path / "derived").rglob("*.parquet") if path.stat().st_size]
    kept = [pq.read_table(path) for path in files]
    assert kept
    assert not [path for path in files if "settled" in path.parts]
    assert not any("d-secret" in str(table.to_pylist()) for table in kept)
    history.close()
