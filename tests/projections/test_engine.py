"""Facts come from events up to a position, and without what was voided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.definitions import definitions
from tests.projections.story import Story, viewing

if TYPE_CHECKING:
    from pathlib import Path

WHEN = "2026-03-01T10:00:00Z"
ARTIFACT = "sha256:" + "a" * 64


def _story() -> Story:
    story = Story()
    for number in range(1, 4):
        story.tell(
            "deployment.finished", WHEN, deployment=f"d-{number}", service="shop",
            environment="production", outcome="success", artifact={"digest": ARTIFACT},
            remediates=["d-0"],
        )  # fmt: skip
    story.tell("event.voided", WHEN, assurance="decided", position=2, reason="twice told")
    return story


def test_what_was_voided_is_not_counted_and_stays_listed(tmp_path: Path) -> None:
    """From the position of the voiding on."""
    story = _story()
    with viewing(story, tmp_path) as view:
        rows = view.table("deployment_facts").to_pylist()
        assert [row["deployment"] for row in rows] == ["d-1", "d-3"]
        assert rows[0]["artifacts"] == [ARTIFACT]
        assert rows[0]["remediates"] == ["d-0"]
        told = view.query("SELECT deployment FROM all_deployment_facts ORDER BY position")
        assert told["deployment"].to_pylist() == ["d-1", "d-2", "d-3"]
    with viewing(story, tmp_path, known_at=3) as view:
        assert view.table("deployment_facts").num_rows == 3


def test_what_is_asked_at_an_earlier_position_does_not_see_the_later_ones(tmp_path: Path) -> None:
    """Whatever was appended since."""
    with viewing(_story(), tmp_path, known_at=1) as view:
        assert view.table("deployment_facts")["position"].to_pylist() == [1]


def test_all_definitions_can_be_made_together(tmp_path: Path) -> None:
    """Each reads columns that there are."""
    with viewing(_story(), tmp_path) as view:
        view.make(definitions())
        assert view.table("dora").num_rows == 1
