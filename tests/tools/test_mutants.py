"""The two tools that alter code and definitions tell what is noticed from what is not."""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import TYPE_CHECKING, Final

import pytest

from projections.definitions import Definition, definitions
from tests.tools.mutants import __main__ as of_code
from tests.tools.mutants.ending import Patience, adopt
from tests.tools.mutants.sql import __main__ as of_sql
from tests.tools.mutants.sql import kept
from tests.tools.mutants.sql.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# How long is for ever has to be long on a busy machine too.
pytestmark = pytest.mark.long
_PATIENCE: Final = Patience(working_s=5, working=3, waiting_s=15, waiting=3)
CODE: Final = """
import threading

def is_large(number):
    return number > 9

def go_on():
    while False:
        pass
    if False:
        threading.Event().wait()
"""
CODE_TESTS: Final = """
from tiny import go_on, is_large

def test_it():
    assert is_large(10)
    assert not is_large(8)
    go_on()
"""
SQL: Final = """
SELECT min("position") AS one, max("position") AS other
FROM deployment_facts
WHERE environment IS NOT NULL
"""
SQL_TESTS: Final = """
import threading
from tests.projections.telling import Story, deployed, window

def test_it(tmp_path):
    story = Story()
    for name in "ab":
        deployed(story, name, "03-05T10:00")
    with window(story, tmp_path) as view:
        found = view.table("tiny")["one"].to_pylist()
    if found == [None]:
        threading.Event().wait()
    assert found == [1]
"""


def test_of_code_what_is_noticed_what_is_not_and_what_goes_on_for_ever(tmp_path: Path) -> None:
    """By work, or by waiting."""
    printed = _printed(_try_code, tmp_path)
    assert [line for line in printed if line.startswith("+ return")] == [
        "+ return number >= 9", "+ return number > 8",
    ]  # fmt: skip
    assert printed[-1] == "tiny.py: 10 mutants, {'killed': 2, 'survived': 5, 'endless': 3}"


def test_of_sql_what_is_noticed_what_is_not_and_what_waits_for_ever(tmp_path: Path) -> None:
    """A condition that always holds is alike, and a column that nobody looks at survives."""
    printed = _printed(_try_sql, tmp_path)
    fates = [(one.rpartition(": ")[2], now) for one, now in zip(printed, printed[2:], strict=False)]
    assert [one for one in fates if one[0] in ("survived", "alike")] == [
        ("alike", "+ other FROM deployment_facts"),
        ("survived", '+ min("position") AS one, min("position") AS other FROM'),
    ]
    counts = "{'killed': 1, 'endless': 1, 'alike': 1, 'survived': 1}"
    assert printed[-1].startswith(f"tiny: 4 mutants, {counts}, 1 given, ")


def _try_code(folder: Path) -> None:
    (folder / "tiny.py").write_text(CODE)
    (folder / "test_tiny.py").write_text(CODE_TESTS)
    sys.path.insert(0, str(folder))
    adopt()
    of_code.run(of_code.Trial(["tiny.py"], set(), _PATIENCE), [str(folder / "test_tiny.py")])


def _try_sql(folder: Path) -> None:
    (folder / "test_tiny.py").write_text(SQL_TESTS)
    kept.FOLDER = folder  # where nobody else looks
    definitions()["tiny"] = Definition("tiny", "tables", SQL, ("deployment_facts",))
    of_sql.run(Trial(["tiny"], set(), 1, _PATIENCE), [str(folder / "test_tiny.py")])


def _printed(work: Callable[[Path], None], folder: Path) -> list[str]:
    """The lines that a process prints which has used nothing yet: an engine outlives no fork."""
    process = multiprocessing.get_context("forkserver").Process(target=_be, args=(work, folder))
    process.start()
    process.join()
    assert process.exitcode == 0
    return (folder / "printed").read_text().splitlines()


def _be(work: Callable[[Path], None], folder: Path) -> None:
    with (folder / "printed").open("w") as printed:
        os.dup2(printed.fileno(), 1)
        sys.stdout = printed
        work(folder)
