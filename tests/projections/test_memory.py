"""Questions take a share of the memory that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projections.memory import LEAST, query_memory

if TYPE_CHECKING:
    from pathlib import Path


def test_a_container_s_limit_bounds_what_questions_take(tmp_path: Path) -> None:
    """A quarter of it; what cannot be read bounds nothing."""
    limit = tmp_path / "memory.max"
    whole = query_memory(limit)
    limit.write_text("max\n")
    assert query_memory(limit) == whole
    limit.write_text(f"{4 * whole - 4}\n")
    assert query_memory(limit) == max(LEAST, whole - 1)


@pytest.mark.parametrize("told", ["0\n", f"{2 * LEAST}\n"])
def test_questions_have_what_a_small_ledger_needs_on_a_small_machine_too(
    tmp_path: Path, told: str
) -> None:
    """Less would refuse what the machine can answer."""
    limit = tmp_path / "memory.max"
    limit.write_text(told)
    assert query_memory(limit) == LEAST
