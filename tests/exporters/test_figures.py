"""Figures of a ledger whose numbers cannot be told now."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import DamageError, UnavailableError
from exporters.figures import ENTRIES, LEFT_OUT, PERFORMANCE, SOUND, figures_of
from projections.engine import Engine
from projections.local import LocalHistory
from tests.projections.story import Story
from tests.projections.telling import deployed, when
from tests.projections.test_asked_together import Told

if TYPE_CHECKING:
    from pathlib import Path

    from domain.errors import PipeledgerError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DamageError(3, "part event"), {ENTRIES: 7, SOUND: 0}),
        (UnavailableError("disk"), {ENTRIES: 7}),
    ],
)
def test_only_what_does_not_verify_is_called_unsound(
    error: PipeledgerError, told: dict[Any, float]
) -> None:
    """A full disk, or too little memory, says nothing of the history."""

    def ask(*_: object) -> None:
        raise error

    ledger: Any = SimpleNamespace(
        name="default", published=SimpleNamespace(size=7), reader=SimpleNamespace(head=lambda: None)
    )
    history: Any = SimpleNamespace(ask=ask)
    found = figures_of(ledger, history, datetime(2026, 3, 1, tzinfo=UTC))
    assert {one.kind: one.value for one in found} == told


@pytest.mark.parametrize(
    ("most", "told", "left_out"),
    [(2, {"prod-a", "prod-b"}, 1), (3, {"prod-a", "prod-b", "prod-c"}, 0)],
)
def test_environments_beyond_the_most_are_counted_and_not_passed_over_in_silence(
    most: int, told: set[str], left_out: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first by name have numbers."""
    monkeypatch.setattr("exporters.figures.MOST_ENVIRONMENTS", most)
    story = Story()
    for number, place in enumerate(("prod-c", "prod-a", "prod-b", "test")):
        tier = "test" if place == "test" else "production"
        story.tell("environment.registered", when("03-01T00:00"), environment=place, tier=tier)
        deployed(story, f"d-{number}", "03-02T10:00", environment=place)
    ledger: Any = SimpleNamespace(
        name="default", published=SimpleNamespace(size=8), reader=SimpleNamespace(head=lambda: None)
    )
    engine = Engine(tmp_path, threads=1)
    history = LocalHistory(Told(story), engine, lambda _: b"", lambda _, size: size)
    found = list(figures_of(ledger, history, datetime(2026, 3, 25, tzinfo=UTC)))
    history.close()
    assert {one.labels["environment"] for one in found if one.kind in PERFORMANCE} == told
    assert [one.value for one in found if one.kind is LEFT_OUT] == [left_out]
