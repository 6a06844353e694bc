"""Tables that hang on no choice are kept for one state of the ledger, and are the same then."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from projections.definitions import definitions, in_order, is_settled, rules_of
from projections.engine import Engine
from projections.parameters import RULES, Parameters
from projections.selection import Selection
from tests.projections.histories import Events, histories
from tests.projections.story import Story, viewing
from tests.projections.telling import commit, deployed, pushed
from tests.projections.test_reference import story_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from projections.definitions import Definition
    from projections.engine import View
    from projections.live import Snapshot

STATE = "5" * 64
OTHER = "6" * 64


def story() -> Story:
    """Two deployments of two commits."""
    told = Story()
    pushed(told, "a", "03-01T08:00")
    deployed(told, "d-1", "03-01T10:00", commit=commit("a"))
    pushed(told, "b", "03-02T08:00", "a")
    deployed(told, "d-2", "03-02T10:00", commit=commit("b"))
    return told


@contextmanager
def asking(folder: Path, snapshot: Snapshot, **chosen: Any) -> Iterator[View]:  # noqa: ANN401 - of several types
    """A view by an engine of its own, as another process has."""
    engine = Engine(folder, threads=1)
    try:
        engine.settled.turn_to(snapshot)
        with engine.view(snapshot, Parameters(**({"known_at": snapshot.size} | chosen))) as view:
            yield view
    finally:
        engine.close()


def ask(folder: Path, snapshot: Snapshot, **chosen: Any) -> list[str]:  # noqa: ANN401 - likewise
    """The ids of the deployments."""
    with asking(folder, snapshot, **chosen) as view:
        ids: list[str] = sorted(view.table("deployments")["deployment"].to_pylist())
        return ids


def emptied(snapshot: Snapshot) -> Snapshot:
    """The same state, as it says, with nothing in its events: what is answered was kept."""
    at = snapshot.tail.schema.get_field_index("event")
    nothing = pa.nulls(snapshot.tail.num_rows, pa.string())
    return replace(snapshot, tail=snapshot.tail.set_column(at, "event", nothing))


def grown(snapshot: Snapshot, told: Story) -> Snapshot:
    """What the ledger is after more was told, nothing of which was sealed."""
    return replace(told.snapshot(), state=snapshot.state)


def test_another_process_finds_what_the_first_one_made(tmp_path: Path) -> None:
    """It reads no fact for it."""
    snapshot = replace(story().snapshot(), state=STATE)
    assert ask(tmp_path, snapshot) == ["d-1", "d-2"]
    assert ask(tmp_path, emptied(snapshot)) == ["d-1", "d-2"]


def test_another_state_has_nothing_of_the_one_before(tmp_path: Path) -> None:
    """And what was kept of that one goes."""
    snapshot = replace(story().snapshot(), state=STATE)
    ask(tmp_path, snapshot)
    assert ask(tmp_path, replace(emptied(snapshot), state=OTHER)) == []
    assert [path.name for path in (tmp_path / "settled").iterdir()] == [OTHER[:24]]


def test_events_that_a_table_does_not_hang_on_leave_it_kept(tmp_path: Path) -> None:
    """Reading is an event as well, and must not cost the next reader anything."""
    told = story()
    snapshot = replace(told.snapshot(), state=STATE)
    ask(tmp_path, snapshot)
    told.tell("evidence.read", "2026-03-02T11:00:00Z", evidence="ev-1", reader="per_" + "1" * 32)
    assert ask(tmp_path, emptied(grown(snapshot, told))) == ["d-1", "d-2"]


@pytest.mark.parametrize("sealed", [True, False])
def test_events_that_a_table_hangs_on_make_it_anew(tmp_path: Path, *, sealed: bool) -> None:
    """Another deployment, and a deployment that is voided."""
    told = story()
    state = STATE if sealed else None
    engine = Engine(tmp_path, threads=1)

    def asked() -> list[str]:
        snapshot = replace(told.snapshot(), state=state)
        engine.settled.turn_to(snapshot)
        with engine.view(snapshot, Parameters(known_at=snapshot.size)) as view:
            return sorted(view.table("deployments")["deployment"].to_pylist())

    assert asked() == ["d-1", "d-2"]
    third = deployed(told, "d-3", "03-03T10:00", commit=commit("b"))
    assert asked() == ["d-1", "d-2", "d-3"]
    told.tell("event.voided", "2026-03-04T10:00:00Z", position=third, reason="never happened",
              assurance="decided")  # fmt: skip
    assert asked() == ["d-1", "d-2"]
    engine.close()
    kept = [path.name.partition("-")[0] for path in (tmp_path / "settled").rglob("*.parquet")]
    assert len(kept) == len(set(kept))


@pytest.mark.parametrize(
    "chosen",
    [{"known_at": 3}, {"count_redeploys": True}, {"infer_rollback": False}],
    ids=["position", "redeploys", "rollbacks"],
)
def test_what_is_asked_by_other_rules_or_at_an_earlier_position_is_not_kept(
    tmp_path: Path, chosen: dict[str, Any]
) -> None:
    """It is made when it is asked for."""
    snapshot = replace(story().snapshot(), state=STATE)
    ask(tmp_path, snapshot)
    assert ask(tmp_path, emptied(snapshot), **chosen) == []


def test_a_rule_that_a_table_does_not_hang_on_leaves_it_kept(tmp_path: Path) -> None:
    """Deployments are the same whatever lead time begins with."""
    snapshot = replace(story().snapshot(), state=STATE)
    ask(tmp_path, snapshot)
    assert ask(tmp_path, emptied(snapshot), commit_time_basis="merged") == ["d-1", "d-2"]


def test_without_a_sealed_segment_nothing_is_written(tmp_path: Path) -> None:
    """There is little to make then, and it changes often: it stays in memory, for this process."""
    snapshot = story().snapshot()
    assert ask(tmp_path, snapshot) == ["d-1", "d-2"]
    assert not (tmp_path / "settled").exists()
    assert ask(tmp_path, emptied(snapshot)) == []


class Asked(Engine):
    """An engine that tells which facts were read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, threads=1)
        self.read: list[str] = []

    def facts(self, one: Definition, snapshot: Snapshot) -> tuple[list[Path], pa.Table]:
        """As the engine reads them."""
        self.read.append(one.name)
        return super().facts(one, snapshot)

    def reads(self, snapshot: Snapshot, **chosen: Any) -> bool:  # noqa: ANN401 - of several types
        """Whether the deployments of a state are made from facts."""
        self.read = []
        with self.view(snapshot, Parameters(**({"known_at": snapshot.size} | chosen))) as view:
            assert view.table("deployments").num_rows == 2
        return "deployment_facts" in self.read


def test_the_same_process_finds_in_memory_what_it_made(tmp_path: Path) -> None:
    """Of the same state, by the same rules."""
    snapshot = story().snapshot()
    engine = Asked(tmp_path)
    assert engine.reads(snapshot)
    assert not engine.reads(snapshot)
    assert engine.reads(snapshot, count_redeploys=True)
    engine.close()


def test_what_was_redacted_leaves_memory_as_well(tmp_path: Path) -> None:
    """Tables may hold it."""
    snapshot = story().snapshot()
    engine = Asked(tmp_path)
    assert engine.reads(snapshot)
    engine.drop("00000000")
    assert engine.reads(snapshot)
    engine.close()


def test_a_redaction_of_what_is_not_sealed_empties_memory(tmp_path: Path) -> None:
    """Nobody need ask for a table again before it goes."""
    told = story()
    before = told.snapshot()
    engine = Asked(tmp_path)
    engine.settled.turn_to(before)
    assert engine.reads(before)
    engine.settled.turn_to(before)
    assert not engine.reads(before)
    told.tell("part.redacted", "2026-03-03T10:00:00Z", assurance="decided", position=2,
              parts=["event"])  # fmt: skip
    engine.settled.turn_to(told.snapshot())
    assert engine.reads(before)
    engine.close()


@pytest.mark.parametrize("how", ["redacted", "rebuilt"])
def test_what_is_derived_anew_leaves_nothing_kept(tmp_path: Path, how: str) -> None:
    """Kept tables may hold what was redacted."""
    snapshot = replace(story().snapshot(), state=STATE)
    ask(tmp_path, snapshot)
    engine = Engine(tmp_path, threads=1)
    if how == "redacted":
        engine.drop("00000000")
    else:
        engine.forget()
    engine.close()
    assert ask(tmp_path, emptied(snapshot)) == []


def test_a_state_that_is_past_is_kept_no_more(tmp_path: Path) -> None:
    """A question about it may still be under way, when something was redacted."""
    snapshot = replace(story().snapshot(), state=STATE)
    engine = Engine(tmp_path, threads=1)
    engine.settled.turn_to(replace(snapshot, state=OTHER))
    with engine.view(snapshot, Parameters(known_at=snapshot.size)) as view:
        assert view.table("deployments").num_rows == 2
    engine.close()
    assert not [*(tmp_path / "settled").rglob("*.parquet")]


def test_a_view_reads_on_although_what_it_reads_is_removed(tmp_path: Path) -> None:
    """Another process may have gone on to the next state."""
    snapshot = replace(story().snapshot(), state=STATE)
    ask(tmp_path, snapshot)
    with asking(tmp_path, emptied(snapshot)) as view:
        view.make(["deployments"])
        ask(tmp_path, replace(snapshot, state=OTHER))
        assert view.table("deployments").num_rows == 2


def test_a_kept_file_that_is_none_is_made_again(tmp_path: Path) -> None:
    """A disk that was full leaves such files."""
    snapshot = replace(story().snapshot(), state=STATE)
    ask(tmp_path, snapshot)
    for path in (tmp_path / "settled").rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-20])
    assert ask(tmp_path, snapshot) == ["d-1", "d-2"]


def test_what_another_question_reads_is_kept_with_the_first(tmp_path: Path) -> None:
    """Whoever asks for a trace after DORA finds what was deployed, and reads no fact for it."""
    snapshot = replace(story().snapshot(), state=STATE)
    with asking(tmp_path, snapshot) as view:
        made = view.table("lead_times").num_rows
    with asking(tmp_path, emptied(snapshot)) as view:
        kept = [view.table(name).num_rows for name in ("lead_times", "deployed_commits")]
    assert kept == [made, 2]


def test_a_page_is_what_the_whole_begins_with(tmp_path: Path) -> None:
    """Also where it is read while it is made, and where what it is made from is asked for too."""
    told = story()
    deployed(told, "d-3", "03-03T10:00", commit=commit("b"), environment="staging")
    snapshot = replace(told.snapshot(), state=STATE)
    page = Selection("running", order=("since", "line"), offset=1, limit=1)
    for beside in ([], ["drift"]):
        with asking(tmp_path, snapshot) as view:
            view.make(["running", *beside], ["running", *beside])
            found = view.select(page).to_pylist()
        with asking(tmp_path, snapshot) as view:
            whole = view.select(Selection("running", order=page.order)).to_pylist()
        assert found == whole[1:]
        assert [one["deployment"] for one in found] == ["d-3"]


def test_settled_tables_read_no_choice_and_no_document() -> None:
    """Or they would be another one's answer."""
    settled = {name for name in definitions() if is_settled(name)}
    assert {"deployments", "lead_times", "failures", "incidents", "contained"} <= settled
    assert not settled & {"windows", "chosen_deployments", "coverage", "findings", "trace_asked"}
    assert rules_of("deployments") == {"count_redeploys", "infer_rollback"}
    assert rules_of("commits") == set()
    for name in settled:
        for one in in_order([name]):
            assert "FROM parameters" not in one.text
            assert "JOIN parameters" not in one.text


def test_a_choice_is_nowhere_to_be_found_where_rules_are_read(tmp_path: Path) -> None:
    """The row `chosen_rules` has the rules and nothing else."""
    with viewing(story(), tmp_path) as view:
        assert view.query("FROM chosen_rules").column_names == list(RULES)


def test_columns_come_back_from_files_as_they_were(tmp_path: Path) -> None:
    """Of every table that may be kept."""
    snapshot = replace(story().snapshot(), state=STATE)
    names = sorted(name for name in definitions() if is_settled(name))
    with asking(tmp_path, snapshot) as view:
        view.make(names)
        made = {name: view.query(f"FROM {name}").schema for name in names}
    with asking(tmp_path, emptied(snapshot)) as view:
        view.make(names)
        assert {name: view.query(f"FROM {name}").schema for name in names} == made


def test_equal_tables_are_equal_files_however_they_were_made(tmp_path: Path) -> None:
    """Anew, out of memory, out of kept files, and at an earlier position of a grown ledger."""
    told = story()
    asked = told.snapshot()
    kept = replace(asked, state=STATE)
    told.tell("evidence.read", "2026-03-02T11:00:00Z", evidence="ev-1", reader="per_" + "1" * 32)
    names = ("deployments", "drills", "failovers", "incidents", "restores", "reviews")
    written = []
    for number, (snapshot, shelf) in enumerate(
        ((asked, "memory"), (asked, "memory"), (kept, "files"), (kept, "files"),
         (told.snapshot(), "memory"), (told.snapshot(), "anew"))
    ):  # fmt: skip
        folder = tmp_path / f"written-{number}"
        folder.mkdir()
        with asking(tmp_path / shelf, snapshot, known_at=asked.size) as view:
            for name in names:
                view.write(name, folder / name)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    for other in written[1:]:
        assert {name for name in other if other[name] != written[0][name]} == set()


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories)
def test_kept_tables_answer_as_those_made_anew(events: Events) -> None:
    """Over random histories."""
    told = story_of(events).snapshot()
    snapshot = replace(told, state=STATE)
    wanted = ("deployments", "lead_times", "failures", "changes", "artifacts", "incidents")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with asking(folder / "anew", told) as view:
            made = {one: _rows(view, one) for one in wanted}
        with asking(folder, snapshot) as view:
            view.make(wanted)
        with asking(folder, snapshot) as view:
            kept = {one: _rows(view, one) for one in wanted}
        engine = Engine(folder / "memory", threads=1)
        for _ in range(2):
            with engine.view(told, Parameters(known_at=told.size)) as view:
                recent = {one: _rows(view, one) for one in wanted}
        engine.close()
    assert kept == made
    assert recent == made


def _rows(view: View, name: str) -> list[str]:
    return sorted(str(row) for row in view.select(Selection(name)).to_pylist())


def test_what_was_kept_in_memory_goes_when_something_is_sealed(tmp_path: Path) -> None:
    """From then on it lies in files; in memory it would stay for as long as the process does."""
    gone = []
    engine = Engine(tmp_path, threads=1)
    snapshot = story().snapshot()
    for state in (None, STATE):
        engine.settled.turn_to(replace(snapshot, state=state))
        with engine.view(replace(snapshot, state=None), Parameters(known_at=snapshot.size)) as view:
            view.make(["deployments"])
        found = engine.settled.recall(
            "deployments", replace(snapshot, state=None), Parameters(known_at=snapshot.size)
        )
        gone.append(found is None)
    engine.close()
    assert gone == [False, True]
