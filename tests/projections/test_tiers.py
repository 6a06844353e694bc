"""What a name suggests is the same to the ledger, which registers it, and to its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.tiers import NAMES, tier_of
from tests.projections.story import Story, records, viewing

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = (
    "eu", "non-prod", "productive", "devops", "LIVE", "Prod EU", "stage/2", "pr.17", "prod(1)"
)  # fmt: skip


def test_both_read_names_alike(tmp_path: Path) -> None:
    """Every word of every tier, alone and with something after it, and others."""
    words = [word for several in NAMES.values() for word in several]
    names = [*words, *(f"{word}-eu" for word in words), *(f"{word}s" for word in words), *OTHERS]
    story = Story()
    for number, name in enumerate(names):
        story.tell(
            "deployment.finished", "2026-03-01T10:00:00Z", deployment=f"d-{number}",
            service="checkout", environment=name, outcome="success",
        )  # fmt: skip
    with viewing(story, tmp_path) as view:
        rows = records(view.table("environment_sightings"))
    assert {row["environment"]: row["tier_by_name"] for row in rows} == {
        name: tier_of(name) for name in names
    }
