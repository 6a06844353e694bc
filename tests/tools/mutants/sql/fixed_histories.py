"""A fixed set of random histories, on which the SQL and the slow reference must say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.projections.histories import Events, histories
from tests.projections.test_reference import CHOICES, check, story_of

if TYPE_CHECKING:
    from pathlib import Path

HOW_MANY: Final = 30


def _drawn() -> list[tuple[Events, dict[str, Any]]]:
    drawn: list[tuple[Events, dict[str, Any]]] = []

    @seed(20260302)
    @settings(
        max_examples=HOW_MANY, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(events=histories, chosen=CHOICES)
    def draw(events: Events, chosen: dict[str, Any]) -> None:
        drawn.append((events, chosen))

    draw()
    return drawn


@pytest.mark.parametrize(("events", "chosen"), _drawn())
def test_sql_and_reference_agree(events: Events, chosen: dict[str, Any], tmp_path: Path) -> None:
    """Kinds, D, S, F with their reasons, recovery, lead times, MTTR, and every number of them."""
    check(story_of(events), tmp_path, **chosen)
