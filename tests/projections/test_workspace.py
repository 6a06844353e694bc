"""Questions leave nothing behind in the process that computes them, however many are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb
import pytest

from projections.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW: Final = 200
MANY: Final = 100
_BLOCKS: Final = "SELECT sum(approximate_size) FROM duckdb_eviction_queues()"


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """One that is to remember few blocks."""
    made = Workspace({"threads": 1}, remembered=FEW)
    yield made
    made.close()


def ask(workspace: Workspace) -> int:
    """A question; tells how many blocks are remembered of it and those before."""
    with workspace.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE told AS FROM range(50) AS a JOIN range(50) AS b USING (range)"
        )
        ((blocks,),) = cursor.execute(_BLOCKS).fetchall()
        return int(blocks)


def test_what_questions_used_is_not_remembered_for_good(workspace: Workspace) -> None:
    """Each adds some blocks; a hundred questions leave no more than the limit and a few."""
    most = FEW + 20 * ask(workspace)
    assert max(ask(workspace) for _ in range(MANY)) < most


def test_whoever_reads_meanwhile_keeps_what_it_made(workspace: Workspace) -> None:
    """The database is made anew when nobody reads, and not before."""
    with workspace.cursor() as reader:
        reader.execute("CREATE TEMP TABLE kept AS SELECT 1 AS one")
        most = max(ask(workspace) for _ in range(MANY))
        assert reader.execute("FROM kept").fetchall() == [(1,)]
    assert most > FEW
    assert ask(workspace) < FEW


def test_a_question_that_fails_holds_up_nothing(workspace: Workspace) -> None:
    """It reads no more."""
    with pytest.raises(duckdb.CatalogException), workspace.cursor() as cursor:
        cursor.execute("FROM nothing")
    most = FEW + 20 * ask(workspace)
    assert max(ask(workspace) for _ in range(MANY)) < most
