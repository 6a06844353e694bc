"""Tests leave nothing behind that the next ones would run short of."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.clusters import MARK, sweep

if TYPE_CHECKING:
    from pathlib import Path


def test_what_killed_tests_left_goes_and_what_others_use_stays(tmp_path: Path) -> None:
    """In memory twenty gibibytes of it were found once, and no room for a server."""
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], check=True, capture_output=True
    )
    pid = gone.stdout.decode().strip()
    left = tmp_path / f"{MARK}{pid}-abc"
    kept = [tmp_path / name for name in (
        f"{MARK}{os.getpid()}-abc", f"{MARK}abc-1", f"pl-test-1-{pid}-abc", "other-1",
    )]  # fmt: skip
    for folder in (left, *kept):
        (folder / "base").mkdir(parents=True)
    sweep(tmp_path, tmp_path / "missing")
    assert sorted(tmp_path.iterdir()) == sorted(kept)
