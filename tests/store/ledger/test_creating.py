"""A ledger whose making died at any step is made to the end by the next attempt."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import SettingError
from store.ledger import keys, opening
from store.ledger.guard import FileGuard
from store.ledger.opening import Place, Surroundings, create_ledger
from tests.store.ledger.conftest import ORIGIN, Home
from tests.store.ledger.rotations import append

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.postgres.database import Database


class KilledError(BaseException):
    """The process is gone."""


STEPS = [
    "ledger", "secrets", "delivery.key", "keys", "log.key", "intake.key", "migrate",
    "_append_first", "swap",
]  # fmt: skip


def test_the_making_goes_on_wherever_it_died(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt dies after the first thing that it does; the last one finds all done."""
    died: list[str] = []
    folder = tmp_path / "ledger"

    def killed_after(owner: object, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def step(*args: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
            path = args[0] if name in {"make_folder", "write_file"} else None
            if path is not None and path.exists():
                return real(*args)
            done = real(*args)
            if name != "migrate" or done:
                died.append(name if path is None else path.name)
                raise KilledError
            return done

        monkeypatch.setattr(owner, name, step)

    guard = FileGuard(tmp_path / "guard")
    for owner in (opening, keys):
        killed_after(owner, "make_folder")
        killed_after(owner, "write_file")
    for name in ("migrate", "_append_first"):
        killed_after(opening, name)
    killed_after(guard, "swap")
    home = Home(database, Place(folder), guard)
    for _ in STEPS:
        with pytest.raises(KilledError):
            home.create()
    home.create()
    assert died == STEPS
    monkeypatch.undo()
    append(home.open(), [1])
    home.close()
    # What another ledger of this name left is still not taken for ours.
    with pytest.raises(SettingError, match="holds a checkpoint already"):
        home.create()


def test_a_guard_of_another_tree_is_not_taken_for_ours(home: Home, tmp_path: Path) -> None:
    """Though the same key signed it, of the same size: there would be two first entries."""
    with home.database.connect() as connection:
        connection.execute("DROP SCHEMA ledger_test CASCADE")
    with pytest.raises(SettingError, match="holds a checkpoint already"):
        home.create()
    other = FileGuard(tmp_path / "other")
    create_ledger("test", ORIGIN, home.place, replace(home.around, guard=other))
    with pytest.raises(SettingError, match="holds a checkpoint already"):
        home.create()


def test_a_log_key_that_is_there_is_not_passed_over(tmp_path: Path, home: Home) -> None:
    """Whoever names one elsewhere is told which lies there."""
    around = Surroundings(
        home.database, home.guard, lambda: datetime.now(UTC), os.urandom,
        signer=f"file2:{tmp_path / 'log.pem'}",
    )  # fmt: skip
    with pytest.raises(SettingError, match=r"left another key, ledger\.example"):
        create_ledger("test", ORIGIN, home.place, around)


def test_a_new_folder_on_a_database_in_use_is_told_so(home: Home, tmp_path: Path) -> None:
    """Whoever forgot which folder it was reads that first, and nothing is appended."""
    other = Home(home.database, Place(tmp_path / "new"), FileGuard(tmp_path / "new-guard"))
    with pytest.raises(SettingError, match="made with other keys than this data folder"):
        other.create()
    ledger = home.open()
    assert ledger.published.size == 1
    home.close()
