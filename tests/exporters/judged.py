"""A shop whose controls were judged, for what is written of that."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from exporters.assessment import assess, frameworks_of
from projections.catalogue import built_in
from projections.unsigned import history_over
from tests.projections.controls.judging import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from exporters.assessment import Assessment
    from projections.catalogue import Catalogue

HOSTILE: Final = "<script>alert(1)</script>\"'&{{7*7}}"
WINDOW: Final[dict[str, Any]] = {
    "window_from": datetime(2026, 3, 1, tzinfo=UTC), "window_to": datetime(2026, 6, 1, tzinfo=UTC),
}  # fmt: skip


def shop() -> Shop:
    """Deployments that were approved, that were not, under a waiver, and of a hostile name."""
    told = Shop()
    told.approve("granted", "03-01T09:00", "good")
    told.deploy("approved", "03-01T10:00", "good")
    told.deploy("unapproved", "04-02T10:00", "other")
    told.deploy(HOSTILE, "04-03T10:00", "third", service=HOSTILE)
    told.waive("w-1", "05-01T00:00", "CHG-02", "05-20T00:00", reason="freeze of the approver")
    told.deploy("waived", "05-02T10:00", "fourth")
    told.deploy("late", "07-02T10:00", "fifth")
    return told


@contextmanager
def judged(
    story: Shop,
    folder: Path,
    frameworks: Sequence[str] = ("NIST-800-53r5",),
    catalogue: Catalogue | None = None,
    known_at: str | None = None,
    **chosen: Any,  # noqa: ANN401 - of several types
) -> Iterator[Assessment]:
    """What the controls of frameworks came to."""
    history = history_over(story, folder)
    used = catalogue or built_in()
    try:
        yield assess(history, used, frameworks_of(used, frameworks), WINDOW | chosen, known_at)
    finally:
        history.close()
