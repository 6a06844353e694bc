"""What a ledger was told is counted over its sealed segments as over its tail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from projections.following import follow
from projections.heard import told
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from pathlib import Path

    from store.ledger.ledger import Ledger

SIZE = 64


def test_segments_and_tail_are_one(ledger: Ledger, tmp_path: Path) -> None:
    """160 entries, two segments and a rest; and the first 70 of them."""
    bodies = [json.dumps({"source": f"https://{n % 3}.example"}).encode() for n in range(159)]
    ledger.submit([draft(n, body=body) for n, body in enumerate(bodies)]).result(60)
    live = follow(ledger, tmp_path / "segments", SIZE)
    snapshot = live.snapshot()
    assert len(snapshot.segments) == 2
    for position, each in ((160, 53), (70, 23)):
        heard = told(snapshot, position)
        counts = {one.name: one.events for one in heard.sources}
        assert [counts[f"https://{n}.example"] for n in range(3)] == [each] * 3
        assert sum(counts.values()) == position
        assert sum(one.events for one in heard.types) == position
    live.close()
