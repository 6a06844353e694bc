"""An export that others read: a quarter's worth of everything that numbers are made of."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exporters.parquet import export_parquet
from projections.definitions import in_order
from projections.following import history_of
from projections.selection import Selection
from tests.projections.telling import instant
from tests.projections.test_rules_numbers import shipping
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.ledger.ledger import Ledger

NUMBERS = ("dora", "mttr", "comparison", "dora_evidence")
METRICS = tuple(one.name for one in in_order(NUMBERS) if one.layer == "metrics")
"""All metrics, each after what it needs."""
CHOSEN: dict[str, Any] = {
    "window_from": instant("03-02T00:00"), "window_to": instant("03-30T00:00"),
    "baseline_from": instant("02-01T00:00"), "baseline_to": instant("03-06T00:00"),
    "group_by": "service", "bucket": "week",
}  # fmt: skip


@dataclass(frozen=True)
class Shipped:
    """An export and what the ledger says itself.

    Attributes:
        folder: the export.
        told: the ledger's own answer, by table, as JSON.
    """

    folder: Path
    told: dict[str, list[dict[str, Any]]]

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        """What the manifest says of each table."""
        manifest = json.loads((self.folder / "manifest.json").read_bytes())
        found: dict[str, dict[str, Any]] = manifest["tables"]
        return found

    def file(self, table: str) -> Path:
        """The file of a table."""
        return self.folder / str(self.tables[table]["file"])


@contextmanager
def shipped(ledger: Ledger, folder: Path) -> Iterator[Shipped]:
    """Tell a ledger a history and export it."""
    drafts = []
    for number, event in enumerate(shipping().told()):
        kind = event["type"].removesuffix(".v1")
        drafts.append(draft(number, body=json.dumps(event).encode(), kind=kind))
    ledger.submit(drafts).result(60)
    history = history_of(ledger, folder / "derived", 16)
    export_parquet(history, ledger.vkeys, folder / "out", chosen=CHOSEN)
    answer = history.ask([Selection(name) for name in NUMBERS], CHOSEN)
    yield Shipped(folder / "out", answer.told()["tables"])
    history.close()
