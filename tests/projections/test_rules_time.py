"""Answers stay what they were: at an earlier position, and made anew; rule R0."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.log.tree import CompactTree
from projections import segment
from projections.engine import Engine
from projections.live import Snapshot
from projections.parameters import Parameters
from tests.projections.histories import histories
from tests.projections.story import ORIGIN, Story, viewing
from tests.projections.telling import impaired, instant, pushed, window
from tests.projections.test_reference import WINDOW, story_of
from tests.projections.test_rules_numbers import organisation

if TYPE_CHECKING:
    from projections.engine import View
    from tests.projections.histories import Events

TABLES = (
    "deployments", "failures", "lead_times", "incidents", "environments", "services", "dora",
    "mttr", "comparison", "window_gaps", "dora_evidence",
)  # fmt: skip


def answers(view: View) -> dict[str, list[str]]:
    """All rows of all tables, in an order of their own."""
    return {name: sorted(map(repr, view.table(name).to_pylist())) for name in TABLES}


@given(events=histories, share=st.floats(0, 1))
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_answer_at_an_earlier_position_is_what_the_ledger_said_then(
    events: Events, share: float
) -> None:
    """Whatever was told since: late facts, corrections, registrations, voids."""
    compare_with_then(events, share)


@pytest.mark.long
@given(events=histories, share=st.floats(0, 1))
@settings(max_examples=16, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_answers_at_earlier_positions_are_what_the_ledger_said_then(
    events: Events, share: float
) -> None:
    """The same, more often."""
    compare_with_then(events, share)


def compare_with_then(events: Events, share: float) -> None:
    """What a ledger says of its first part, and what that part alone says."""
    chosen = {"window_from": WINDOW[0], "window_to": WINDOW[1]}
    then = story_of(events[: 1 + int(share * (len(events) - 1))])
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        with viewing(then, Path(one), **chosen) as view:
            expected = answers(view)
        with viewing(story_of(events), Path(other), known_at=len(then.told()), **chosen) as view:
            assert answers(view) == expected


def test_an_earlier_answer_stays_while_the_ledger_grows(tmp_path: Path) -> None:
    """Also where late facts change the newest one."""
    story = organisation()
    known_at = len(story.told())
    with window(story, tmp_path) as view:
        first = answers(view)
    story.tell("event.voided", "2026-03-20T00:00:00Z", assurance="decided", position=4, reason="no")
    impaired(story, "late", "03-04T11:00", environment="prod-us", restored="03-04T12:00")
    pushed(story, "c", "03-01T00:00")
    with window(story, tmp_path) as view:
        assert answers(view) != first
    with window(story, tmp_path, known_at=known_at) as view:
        assert answers(view) == first


def sealed(story: Story, folder: Path, size: int) -> Snapshot:
    """The story with its first entries sealed in segments of a size."""
    rows = story.rows()
    tree = CompactTree()
    tree.extend(rows.leaves)
    paths = []
    for start in range(0, rows.events.num_rows // size * size, size):
        path = folder / f"{start // size:08d}.parquet"
        segment.write_events(path, rows.events.slice(start, size))
        paths.append(path)
    tail = rows.events.slice(len(paths) * size)
    last = rows.last.position
    return Snapshot(ORIGIN, last, tree.root(), b"", tuple(paths), tail, (last, 0))


def test_what_is_derived_can_be_dropped_and_is_made_anew_the_same(tmp_path: Path) -> None:
    """However much of the ledger is sealed."""
    story = organisation()
    for name in ("segments", "facts"):
        (tmp_path / name).mkdir()
    chosen: dict[str, Any] = {
        "window_from": instant("03-01T00:00"), "window_to": instant("04-01T00:00"),
        "group_by": "team",
    }  # fmt: skip
    with viewing(story, tmp_path / "tail", **chosen) as view:
        expected = answers(view)
    snapshot = sealed(story, tmp_path / "segments", 4)
    assert len(snapshot.segments) == 2
    engine = Engine(tmp_path / "facts", threads=1)
    try:
        for _ in range(2):
            with engine.view(snapshot, Parameters(known_at=snapshot.size, **chosen)) as view:
                assert answers(view) == expected
            assert any((tmp_path / "facts").iterdir())
            engine.forget()
            assert not any((tmp_path / "facts").glob("*/*.parquet"))
    finally:
        engine.close()


@pytest.mark.parametrize("left", [0, 100])
def test_facts_that_a_power_failure_cut_off_are_derived_anew(tmp_path: Path, left: int) -> None:
    """Of nothing that is there, nothing may say that there is none."""
    story = organisation()
    for name in ("segments", "facts"):
        (tmp_path / name).mkdir()
    snapshot = sealed(story, tmp_path / "segments", 4)

    def asked() -> list[str]:
        engine = Engine(tmp_path / "facts", threads=1)
        with engine.view(snapshot, Parameters(known_at=snapshot.size)) as view:
            found: list[str] = view.table("deployments")["deployment"].to_pylist()
        engine.close()
        return found

    expected = asked()
    for path in (tmp_path / "facts").glob("deployment_facts-*/*.parquet"):
        path.write_bytes(path.read_bytes()[:left])
    assert asked() == expected
