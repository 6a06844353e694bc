"""What a sheet says of the entries behind an item, wherever these lie."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from domain.errors import UnavailableError
from projections.following import follow
from projections.sheets import sheets_of
from tests.projections.story import Story
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from pathlib import Path

    from store.ledger.ledger import Ledger

WHEN = "2026-03-01T10:00:00Z"


def test_a_sheet_names_source_address_and_documents() -> None:
    """Documents by their commitment, and by the digest that the event tells."""
    story = Story()
    digest = f"sha256:{'a' * 64}"
    position = story.tell(
        "scan.finished", WHEN, outcome="success", url="https://ci.example/7",
        found=[{"rule": "a"}], documents=[{"name": "findings", "digest": digest}],
    )  # fmt: skip
    found = sheets_of(story.snapshot(), [position])[position]
    (document,) = found.pop("documents")
    assert found == {
        "position": position, "type": "pipeledger.scan.finished", "time": WHEN,
        "recorded_at": "2026-03-20T00:00:01Z", "source": "https://ci.example/acme",
        "url": "https://ci.example/7",
    }  # fmt: skip
    entry = story.read()["entry"].to_pylist()[position - 1]
    (part,) = json.loads(entry.split(b"\n")[1])["parts"]
    assert document == {
        "name": "findings", "media_type": "application/x-ndjson", "commitment": part["c"],
        "digest": digest,
    }  # fmt: skip


def test_what_was_redacted_or_is_no_event_leaves_a_sheet_empty() -> None:
    """Only what the entry itself says is there."""
    story = Story()
    first = story.tell(
        "incident.opened", WHEN, incident="i", service="s", url="https://ci.example/7"
    )
    for body in (b"[]", b'{"data":7}', b'{"data":{"documents":[7,{"name":[]}],"url":7}}', b"\xff"):
        story.keep(body)
    story.redact(first)
    found = sheets_of(story.snapshot(), range(first, first + 5))
    assert len(found) == 5
    assert all(one["url"] is None and one["documents"] == [] for one in found.values())


def test_sheets_of_sealed_entries_are_read_from_their_segments(
    ledger: Ledger, tmp_path: Path
) -> None:
    """The first and the last of each, and the tail."""

    def body(number: int) -> bytes:
        return json.dumps({"time": WHEN, "data": {"url": f"https://ci.example/{number}"}}).encode()

    ledger.submit([draft(number, body=body(number)) for number in range(159)]).result(60)
    live = follow(ledger, tmp_path / "segments", 64)
    snapshot = live.snapshot()
    assert len(snapshot.segments) == 2
    asked = [2, 64, 65, 128, 129, 160]
    found = sheets_of(snapshot, [*asked, 64])
    assert {at: one["url"] for at, one in found.items()} == {
        at: f"https://ci.example/{at - 2}" for at in asked
    }
    live.close()
    snapshot.segments[0].write_bytes(b"PAR1")
    with pytest.raises(UnavailableError, match="cannot be read"):
        sheets_of(snapshot, [2])
