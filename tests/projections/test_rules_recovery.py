"""When and how what failed was recovered: rule R11."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.projections.story import Story
from tests.projections.telling import BAD, deployed, impaired, only, two, when, window

if TYPE_CHECKING:
    from pathlib import Path


def recovery(story: Story, folder: Path, name: str) -> tuple[str, float | None]:
    """How and after how long a failed deployment was recovered."""
    with window(story, folder) as view:
        row = only(view, "failures", deployment=name)
    return row["recovered_by"], row["recovery_s"]


RESTORED, REMEDIED, RESOLVED = (
    "incidents restored", "remedied by a deployment", "incidents resolved",
)  # fmt: skip


@pytest.mark.parametrize(
    ("incidents", "hotfix", "expected"),
    [
        # All are restored: their last one, whatever was deployed meanwhile.
        ([("12:00", None), ("13:00", None)], True, (RESTORED, 7200)),
        # One is not: the deployment that remedies it.
        ([("12:00", None), (None, "14:00")], True, (REMEDIED, 5400)),
        # None remedies it: all are over, the one by its ticket, the other by being restored.
        ([("12:00", None), (None, "14:00")], False, (RESOLVED, 10800)),
        ([("15:00", None), (None, "14:00")], False, (RESOLVED, 14400)),
        ([("12:00", "15:00"), (None, "14:00")], False, (RESOLVED, 14400)),
        ([("12:00", None), (None, None)], False, ("open", None)),
        ([(None, "14:00"), (None, "15:00")], False, (RESOLVED, 14400)),
    ],
)  # fmt: skip
def test_r11_recovery_ends_with_the_first_thing_that_applies(
    tmp_path: Path,
    incidents: list[tuple[str | None, str | None]],
    *,
    hotfix: bool,
    expected: tuple[str, float | None],
) -> None:
    """Incidents restored, a remedy, incidents resolved, or nothing yet."""
    story = two()
    for number, (restored, resolved) in enumerate(incidents):
        impaired(
            story, f"i{number}", "03-05T11:10", caused_by="d2",
            restored=f"03-05T{restored}" if restored else None,
            resolved=f"03-05T{resolved}" if resolved else None,
        )  # fmt: skip
    if hotfix:
        deployed(story, "d3", "03-05T12:30", "3", remediates=["d2"])
    assert recovery(story, tmp_path, "d2") == expected


def test_r11_an_incident_that_was_reopened_is_not_resolved(tmp_path: Path) -> None:
    """Whatever its first ticket's end was."""
    story = two()
    impaired(story, "i", "03-05T11:10", caused_by="d2", resolved="03-05T12:00")
    story.tell("incident.reopened", when("03-05T13:00"), incident="i")
    assert recovery(story, tmp_path, "d2") == ("open", None)


def test_r11_the_earliest_remedy_after_the_failure_counts(tmp_path: Path) -> None:
    """One that finished before it is none."""
    story = Story()
    deployed(story, "d0", "03-05T08:00", "0", remediates=["d2"])
    deployed(story, "d2", "03-05T11:00", "2")
    deployed(story, "d4", "03-05T14:00", "4", remediates=["d2"])
    deployed(story, "d3", "03-05T13:00", "3", remediates=["d2"])
    assert recovery(story, tmp_path, "d2") == (REMEDIED, 7200)


def test_r11_of_a_failed_component_its_own_next_success_counts(tmp_path: Path) -> None:
    """Not that of another component, nor the end of the whole."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "api", component="api", **BAD)
    deployed(story, "d", "03-05T10:05", "web", component="web")
    deployed(story, "d", "03-05T10:20", "api", component="api", attempt=2)
    deployed(story, "d", "03-05T10:40", "job", component="job")
    assert recovery(story, tmp_path, "d") == (REMEDIED, 1200)


def test_r11_a_failed_attempt_after_a_success_recovers_with_the_next_attempt(
    tmp_path: Path,
) -> None:
    """The deployment finished long before."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "1")
    deployed(story, "d", "03-05T12:00", "1", attempt=2, **BAD)
    deployed(story, "d", "03-05T12:30", "1", attempt=3)
    assert recovery(story, tmp_path, "d") == (REMEDIED, 1800)


def test_r11_what_ended_before_it_began_is_an_anomaly(tmp_path: Path) -> None:
    """Counted apart and in no mean."""
    story = two()
    impaired(story, "i", "03-05T10:30", restored="03-05T10:45", caused_by="d2")
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["recovered"], dora["unrecovered"], dora["recovery_anomalies"]) == (0, 0, 1)
    assert dora["recovery_median_s"] is None
    assert dora["from_impact_median_s"] == 900
