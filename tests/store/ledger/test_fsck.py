"""What `fsck` says of a ledger that nobody tampered with; `test_tampering` has the others."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from eventsourcing.dcb.api import DCBEvent

from domain.log.part import REDACTED
from store.documents import DocumentStore
from store.ledger.compromised import REVOKED
from store.ledger.numbering import Numbering
from store.ledger.opening import clear, examine
from store.ledger.strays import GRACE
from tests.store.ledger.conftest import ORIGIN, Home, draft

if TYPE_CHECKING:
    from store.ledger.ledger import Ledger

STRAY: Final = "a" * 64
AGAIN: Final = "b" * 64


def findings(home: Home) -> list[str]:
    """What fsck says."""
    return [str(one) for one in examine("test", ORIGIN, home.place, home.around)]


def test_progress_is_told_up_to_the_last_entry(home: Home, ledger: Ledger) -> None:
    """As entries of how many."""
    ledger.submit([draft(number) for number in range(600)]).result(60)
    told: list[tuple[int, int]] = []
    found = examine("test", ORIGIN, home.place, home.around, progress=lambda *at: told.append(at))
    assert list(found) == []
    assert told == [(500, 601), (601, 601)]


def test_a_redacted_part_is_told_and_is_no_damage(home: Home, ledger: Ledger) -> None:
    """Bytes and salt gone and an event that says so: every hash still verifies."""
    said = b'{"data":{"position":2,"parts":["event"]}}'
    ledger.submit([draft(1), draft(2, body=said, kind=REDACTED)]).result(60)
    with home.database.session("redactor") as connection, connection.transaction():
        connection.execute("DELETE FROM ledger_test.parts WHERE pos = 2")
    (found,) = examine("test", ORIGIN, home.place, home.around)
    assert str(found) == "position 2: part event: redacted, as position 3 says"
    assert not found.damage


def test_a_redaction_that_names_another_part_excuses_nothing(home: Home, ledger: Ledger) -> None:
    """Nor does one that cannot be read."""
    others = [
        b'{"data":{"position":2,"parts":["text"]}}', b'{"data":{"position":3,"parts":["event"]}}',
        b'{"data":{"position":"2"}}', b"\xff", b"[]",
    ]  # fmt: skip
    drafts = [draft(at, body=body, kind=REDACTED) for at, body in enumerate(others, 2)]
    ledger.submit([draft(1), *drafts]).result(60)
    with home.database.session("redactor") as connection, connection.transaction():
        connection.execute("DELETE FROM ledger_test.parts WHERE pos = 2")
    missing = "position 2: part event is missing, and no event says that it was redacted"
    assert findings(home) == [missing]


def test_a_plain_event_may_speak_of_a_time(home: Home, ledger: Ledger) -> None:
    """It is found by none, whatever its bytes say."""
    ledger.append([DCBEvent("seat.taken", b'{"time":"2026-01-01T00:00:00Z"}', [])])
    assert findings(home) == []


def test_an_altered_entry_that_passes_for_a_report_hides_nothing(
    home: Home, ledger: Ledger
) -> None:
    """It is named, and so is everything that is looked at after the reports are read."""
    ledger.submit([draft(number) for number in range(3)]).result(60)
    home.close()
    with home.database.connect() as connection:
        connection.execute("ALTER TABLE ledger_test.entries DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE ledger_test.entries SET entry = 'x', type = %s WHERE pos = 2", (REVOKED,)
        )
    (home.place.folder.parent / "guard" / "checkpoint").unlink()
    found = findings(home)
    assert len(found) == 2
    assert found[0].startswith("position 2: ")
    assert "guard" in found[1]


def test_documents_of_no_entry_are_told_after_a_day_and_can_be_removed(
    home: Home, ledger: Ledger
) -> None:
    """Those of entries stay however old they are, and so does what was put again lately."""
    ledger.submit([draft(1, body=b'{"large":"' + b"x" * 40_000 + b'"}')]).result(60)
    documents = DocumentStore(home.place.documents)
    (needed,) = documents
    for stray in (STRAY, AGAIN):
        documents.put(stray, b"left by a crash")
    assert findings(home) == []
    old = (datetime.now(UTC) - GRACE - timedelta(minutes=1)).timestamp()
    for one in (needed, STRAY, AGAIN):
        os.utime(home.place.documents / one[:2] / one[2:4] / one, (old, old))
    documents.put(AGAIN, b"left by a crash")
    (found,) = examine("test", ORIGIN, home.place, home.around)
    assert str(found) == f"document {STRAY} belongs to no entry"
    assert not found.damage
    assert clear("test", ORIGIN, home.place, home.around) == 1
    assert list(documents) == sorted([needed, AGAIN])
    assert findings(home) == []


def test_many_documents_of_no_entry_are_found_among_those_of_entries(
    home: Home, ledger: Ledger
) -> None:
    """More than are looked up at a time."""
    ledger.submit([draft(1, body=b'{"large":"' + b"x" * 40_000 + b'"}')]).result(60)
    documents = DocumentStore(home.place.documents)
    (needed,) = documents
    strays = {f"{number:064x}" for number in range(510)}
    for stray in strays:
        documents.put(stray, b"left by a crash")
    home.clock = lambda: datetime.now(UTC) + GRACE + timedelta(minutes=1)
    assert len(findings(home)) == 510
    assert clear("test", ORIGIN, home.place, home.around) == 510
    assert list(documents) == [needed]


def test_numbers_of_streams_that_were_not_met_lately_are_looked_up(
    home: Home, ledger: Ledger
) -> None:
    """However many streams there are, few are held in memory."""
    for number in range(12):
        ledger.submit([draft(number, streams=(f"deployment/{number % 6}",))]).result(60)
    numbering = Numbering("ledger_test", held=2)
    with home.database.connect("writer") as connection:
        for number in range(12):
            name = f"deployment/{number % 6}"
            last = numbering.last(connection, name, number + 1)
            assert last == number // 6, name
            numbering.set(name, last + 1)
