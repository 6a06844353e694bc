"""Figures of a ledger whose numbers cannot be told now."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import DamageError, UnavailableError
from exporters.figures import ENTRIES, SOUND, figures_of

if TYPE_CHECKING:
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
