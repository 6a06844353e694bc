"""Many who ask at once make an answer once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from domain.errors import UnavailableError
from projections.engine import Engine
from projections.local import LocalHistory
from projections.parameters import Parameters
from projections.selection import Selection
from tests.projections.story import Story
from tests.projections.telling import commit, deployed, pushed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from projections.engine import View
    from projections.live import Snapshot

ASKED = [Selection("dora")]


@dataclass
class Told:
    """Follows a story that nothing is sealed of."""

    story: Story

    def snapshot(self) -> Snapshot:
        """All that was told."""
        return self.story.snapshot()

    def rebuild(self, progress: Callable[[int], None]) -> Snapshot:
        """The same."""
        progress(0)
        return self.snapshot()

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Clock:
    """Seconds, as told."""

    now: float = 0.0

    def __call__(self) -> float:
        """What is told."""
        return self.now


class Slow(Engine):
    """An engine that counts views, takes its time, and makes none before it may."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder, threads=1)
        self.clock = clock
        self.takes = 0.0
        self.views = 0
        self.asked = threading.Event()
        self.may = threading.Event()

    @contextmanager
    def view(self, snapshot: Snapshot, parameters: Parameters) -> Iterator[View]:
        """The tables, once it may."""
        self.views += 1
        self.asked.set()
        assert self.may.wait(60)
        self.clock.now += self.takes
        with super().view(snapshot, parameters) as view:
            yield view


@dataclass
class Asking:
    """A history of two deployments."""

    history: LocalHistory
    engine: Slow
    story: Story
    clock: Clock = field(default_factory=Clock)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    """Nobody has asked yet."""
    story = told()
    clock = Clock()
    engine = Slow(tmp_path, clock)
    history = LocalHistory(Told(story), engine, lambda _: b"", lambda _, size: size, clock)
    yield Asking(history, engine, story, clock)
    history.close()


def told() -> Story:
    """Two deployments."""
    story = Story()
    pushed(story, "a", "03-01T08:00")
    deployed(story, "d-1", "03-01T10:00", commit=commit("a"))
    deployed(story, "d-2", "03-02T10:00", commit=commit("a"))
    return story


def test_whoever_asks_what_is_being_answered_waits_for_that_answer(asking: Asking) -> None:
    """Ten ask, one view is made."""
    question = asking.history.question(ASKED, {})
    with ThreadPoolExecutor(10) as pool:
        answers = [pool.submit(asking.history.answer, question) for _ in range(10)]
        assert asking.engine.asked.wait(60)
        asking.engine.may.set()
        first, *rest = [one.result(60) for one in answers]
    assert all(one is first for one in rest)
    assert asking.engine.views == 1


def test_a_question_that_failed_is_answered_for_the_next_who_asks(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong for one is not kept."""
    asking.engine.may.set()
    with monkeypatch.context() as broken:
        broken.setattr(asking.engine, "facts", _no_disk)
        with pytest.raises(UnavailableError, match="no disk"):
            asking.history.ask(ASKED, {})
    assert asking.history.ask(ASKED, {}).tables["dora"].num_rows == 1


def _no_disk(*_: object) -> None:
    raise UnavailableError("no disk")


def test_an_older_state_is_told_to_whoever_puts_up_with_it_and_to_nobody_else(
    asking: Asking,
) -> None:
    """Its position and its age are told; a chosen position is never an older one."""
    asking.history.snapshot()
    size = asking.story.snapshot().size
    deployed(asking.story, "d-3", "03-03T10:00", commit=commit("a"))
    asking.clock.now = 20.0
    older = asking.history.question(ASKED, {}, max_age=20.0)
    assert (older.proof.position, older.age) == (size, 20.0)
    named = asking.history.question(ASKED, {}, str(size + 1), max_age=20.0)
    assert (named.proof.position, named.age) == (size + 1, 0.0)
    # Since then the newest is known.
    assert asking.history.question(ASKED, {}, max_age=20.0).proof.position == size + 1
    deployed(asking.story, "d-4", "03-04T10:00", commit=commit("a"))
    asking.clock.now = 41.0
    newest = asking.history.question(ASKED, {}, max_age=20.0)
    assert (newest.proof.position, newest.age) == (size + 2, 0.0)


def slowly(asking: Asking) -> int:
    """Somebody asks, and it takes a second; gives the position of the answer."""
    asking.engine.may.set()
    asking.engine.takes = 1.0
    question = asking.history.question(ASKED, {}, max_age=60.0)
    return asking.history.answer(question).proof.position


def finish() -> None:
    """Wait until what is made ahead is made."""
    for one in threading.enumerate():
        if one.name == "pipeledger ahead":
            one.join(60)


def test_whoever_keeps_asking_waits_for_no_newer_state(asking: Asking) -> None:
    """It is made while the older one is told, once, and then told to all."""
    size = slowly(asking)
    deployed(asking.story, "d-3", "03-03T10:00", commit=commit("a"))
    asking.clock.now = 45.0
    assert asking.history.question(ASKED, {}, max_age=60.0).age == 45.0
    assert asking.engine.views == 1
    asking.engine.may.clear()
    asking.engine.asked.clear()
    asking.clock.now = 46.0
    for _ in range(3):
        older = asking.history.question(ASKED, {}, max_age=60.0)
        # What is told at once is what was made before: nothing may be made now.
        assert asking.history.answer(older).proof.position == size
        assert asking.engine.asked.wait(60)
    asking.engine.may.set()
    finish()
    newer = asking.history.question(ASKED, {}, max_age=60.0)
    assert (newer.proof.position, newer.age) == (size + 1, 1.0)
    assert asking.history.answer(newer).tables["dora"].num_rows == 1
    assert asking.engine.views == 2


def test_whoever_asks_too_late_shares_what_is_being_made(asking: Asking) -> None:
    """A still newer state is not begun beside it."""
    size = slowly(asking)
    deployed(asking.story, "d-3", "03-03T10:00", commit=commit("a"))
    asking.engine.may.clear()
    asking.engine.asked.clear()
    asking.clock.now = 50.0
    asking.history.question(ASKED, {}, max_age=60.0)
    assert asking.engine.asked.wait(60)
    deployed(asking.story, "d-4", "03-04T10:00", commit=commit("a"))
    asking.clock.now = 61.0
    late = asking.history.question(ASKED, {}, max_age=60.0)
    assert (late.proof.position, late.age) == (size + 1, 11.0)
    # Who does not put up with its age either is told the newest.
    assert asking.history.question(ASKED, {}, max_age=10.0).proof.position == size + 2
    asking.engine.may.set()
    assert asking.history.answer(late).proof.position == size + 1
    finish()
    assert asking.engine.views == 2


def test_a_question_is_as_slow_as_all_that_were_made_with_it(asking: Asking) -> None:
    """Which of them made the tables that they share is chance."""
    slowly(asking)
    other = [Selection("deployments")]
    asking.history.answer(asking.history.question(other, {}, max_age=60.0))
    assert [asking.history.patience(one) for one in (ASKED, other)] == [10.0, 10.0]
    deployed(asking.story, "d-3", "03-03T10:00", commit=commit("a"))
    asking.clock.now = 50.0
    asking.history.question(ASKED, {}, max_age=60.0)
    finish()
    assert [asking.history.patience(one) for one in (ASKED, other)] == [20.0, 20.0]


def test_what_is_made_quickly_is_made_when_it_is_asked_for(asking: Asking) -> None:
    """Nobody waits long for it."""
    asking.engine.may.set()
    question = asking.history.question(ASKED, {}, max_age=60.0)
    size = asking.history.answer(question).proof.position
    deployed(asking.story, "d-3", "03-03T10:00", commit=commit("a"))
    asking.clock.now = 59.0
    assert asking.history.question(ASKED, {}, max_age=60.0).proof.position == size
    finish()
    assert asking.engine.views == 1


def test_what_nobody_asks_any_more_is_not_made_another_time(asking: Asking) -> None:
    """Of two questions one goes on being asked."""
    slowly(asking)
    other = asking.history.question([Selection("deployments")], {}, max_age=60.0)
    assert asking.history.answer(other).tables["deployments"].num_rows == 2
    for turn, views in ((1, 4), (2, 5)):
        deployed(asking.story, f"e-{turn}", "03-03T10:00", commit=commit("a"))
        asking.clock.now += 50.0
        asking.history.question(ASKED, {}, max_age=60.0)
        finish()
        assert asking.engine.views == views


def test_what_fails_ahead_is_told_to_whoever_asks_then(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then the older state is told; once it can be made again, it is."""
    size = slowly(asking)
    deployed(asking.story, "d-3", "03-03T10:00", commit=commit("a"))
    asking.clock.now = 50.0
    with monkeypatch.context() as broken:
        broken.setattr(asking.engine, "facts", _no_disk)
        for _ in range(2):
            assert asking.history.question(ASKED, {}, max_age=60.0).proof.position == size
            finish()
        asking.clock.now = 61.0
        with pytest.raises(UnavailableError, match="no disk"):
            asking.history.answer(asking.history.question(ASKED, {}, max_age=60.0))
    newest = asking.history.question(ASKED, {}, max_age=60.0)
    assert asking.history.answer(newest).proof.position == size + 1


def test_where_no_thread_is_to_be_had_it_is_made_ahead_later(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks is answered meanwhile."""
    size = slowly(asking)
    deployed(asking.story, "d-3", "03-03T10:00", commit=commit("a"))
    asking.clock.now = 50.0
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", _no_thread)
        assert asking.history.question(ASKED, {}, max_age=60.0).proof.position == size
    assert asking.history.question(ASKED, {}, max_age=60.0).proof.position == size
    finish()
    assert asking.history.question(ASKED, {}, max_age=60.0).proof.position == size + 1


def _no_thread(*_: object) -> None:
    raise RuntimeError("can't start new thread")


def test_tables_that_are_kept_are_made_by_one_of_those_who_need_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two different questions at once, on a state of which nothing is kept."""
    snapshot = told().snapshot()
    engine = Engine(tmp_path, threads=1)
    made: Counter[str] = Counter()
    remember = engine.settled.remember

    def counted(name: str, *more: object) -> None:
        made[name] += 1
        remember(name, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.settled, "remember", counted)
    together = threading.Barrier(2)

    def ask(name: str) -> int:
        with engine.view(snapshot, Parameters(known_at=snapshot.size)) as view:
            together.wait(60)
            rows: int = view.table(name).num_rows
            return rows

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, name) for name in ("deployments", "dora")]
        assert [one.result(60) for one in asked] == [2, 1]
    engine.close()
    kept = {
        name for name in made
        if engine.settled.keeps(name, snapshot, Parameters(known_at=snapshot.size))
    }  # fmt: skip
    assert "deployments" in kept
    assert {made[name] for name in kept} == {1}


def test_an_answer_that_takes_too_much_memory_is_refused_for_now(tmp_path: Path) -> None:
    """Nothing of the database's own surfaces."""
    snapshot, engine = told().snapshot(), Engine(tmp_path, threads=1, memory=24_000_000)
    with (
        pytest.raises(UnavailableError, match="more memory than it may"),
        engine.view(snapshot, Parameters(known_at=snapshot.size)) as view,
    ):
        view.query("SELECT list(range) FROM range(20000000)")
    engine.close()
