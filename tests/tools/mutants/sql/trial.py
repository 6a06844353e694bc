"""The mutants of definitions, tried with the tests that pytest collected."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from projections.definitions import Definition, definitions, is_settled, rules_of, types_of
from projections.settled import Settled
from tests.projections.story import _engine
from tests.tools.mutants.ending import adopt, end_all, is_overrun
from tests.tools.mutants.sql import kept
from tests.tools.mutants.sql.course import Chances, Course
from tests.tools.mutants.sql.operators import Parser, mutants_of
from tests.tools.mutants.sql.recalling import Recalling
from tests.tools.mutants.sql.recording import Recorded, Recording
from tests.tools.mutants.sql.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pytest

    from tests.tools.mutants.ending import Patience
    from tests.tools.mutants.sql.operators import Mutant
    from tests.tools.mutants.sql.recording import Given

_MEMORY: Final = 6 << 30
_ENOUGH: Final = 4
"""Runs in a row that notice nothing, for each mutant that is left, until these are told."""
_SAME: Final = 0
"""The number of the definition itself, as the parser writes it."""

Result = TypeVar("Result")
Key = tuple[str, str, str]
"""Definition, words, altered words."""


class Altered(Definition):
    """A definition with another text, which reads what it read before."""

    @property
    def reads(self) -> Sequence[str]:
        """The tables that it reads, each as often as it did."""
        return _UNALTERED[self.name].reads

    @property
    def base(self) -> str:
        """What facts are made from."""
        return _UNALTERED[self.name].base

    @property
    def types(self) -> frozenset[str]:
        """The types of events that it names."""
        return _UNALTERED[self.name].types


_UNALTERED: Final[dict[str, Definition]] = {}


class Trial:
    """A plugin of pytest that tries the mutants of some definitions with the collected tests.

    Attributes:
        counts: by definition, how many of each fate.
        met: explained mutants that survived.
        failed: whether something is not as it should be.
        explained: mutants that are known to make no difference.
        patience: how long a test may take with a mutant.
    """

    def __init__(
        self, names: list[str], explained: set[Key], jobs: int, patience: Patience
    ) -> None:
        """Try nothing yet.

        Args:
            names: of definitions.
            explained: mutants that are known to make no difference.
            jobs: how many processes share the work.
            patience: how long a test may take with a mutant.
        """
        self._jobs = jobs
        self.patience = patience
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.met: set[Key] = set()
        self.failed = False
        self._names = names
        self.explained = explained
        self._recorded = Recorded()
        self._items: dict[str, pytest.Item] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs what was collected: once as it is, unless that is known, then for each mutant."""
        files: dict[Path, list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            files[item.path].append(item)
            self._items[item.nodeid] = item
        self._record(session, files)
        self._warm()
        for name in definitions():
            is_settled(name) and types_of(name) and rules_of(name)
        gc.collect()
        gc.freeze()

        chances = Chances(self._recorded)

        def attempt(number: int) -> None:
            Tries(self, self._recorded, self._items, session, chances).of(self._names[number])

        def result() -> tuple[dict[str, Counter[str]], set[Key], bool]:
            return dict(self.counts), self.met, self.failed

        for counts, met, failed in self._shared(len(self._names), attempt, result):
            for name, each in counts.items():
                self.counts[name] += each
            self.met |= met
            self.failed |= failed
        return True

    def _record(self, session: pytest.Session, files: dict[Path, list[pytest.Item]]) -> None:
        missing = [file for file in files if kept.recalled(file) is None]

        def run(number: int) -> None:
            recording = Recording()
            with recording.listening():
                for item in files[missing[number]]:
                    recording.item = item.nodeid
                    begun = time.process_time()
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                    recording.recorded.seconds[item.nodeid] = time.process_time() - begun
            if not session.testsfailed:
                kept.keep(missing[number], recording.recorded)

        if any(self._shared(len(missing), run, lambda: session.testsfailed)):
            raise session.Failed("tests fail without any mutant")
        for file in files:
            recorded = kept.recalled(file)
            if recorded is None:
                raise session.Failed(f"{file} changed meanwhile")
            self._recorded.add(recorded)
        spent = sum(self._recorded.seconds.values())
        print(f"{len(missing)} of {len(files)} files recorded; all take {spent:.0f} s", flush=True)

    def _warm(self) -> None:
        """Run the quickest test: what it imports need not be imported for each mutant again."""
        item = self._items[min(self._recorded.seconds, key=self._recorded.seconds.__getitem__)]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        # What a process has of DuckDB from before its fork must not end in it.
        _engine.cache_clear()

    def _shared(
        self, count: int, do: Callable[[int], None], result: Callable[[], Result]
    ) -> list[Result]:
        """Do so many things in several processes, and give what each process found.

        One that breaks down is told of; what it was about is as if it had not been asked.
        """
        waiting, numbers = os.pipe()
        os.write(numbers, b"".join(number.to_bytes(2, "big") for number in range(count)))
        os.close(numbers)
        pipes = {}
        for _ in range(min(self._jobs, count)):
            read, write = os.pipe()
            if not (child := os.fork()):
                self._work(waiting, write, do, result)
            os.close(write)
            pipes[child] = read
        os.close(waiting)
        found = []
        for child, read in pipes.items():
            with os.fdopen(read, "rb") as pipe:
                told = pipe.read()
            _, status = os.waitpid(child, 0)
            if status == 0:
                found.append(pickle.loads(told))  # noqa: S301 - our own process wrote it
            else:
                self.failed = True
                print(f"a process broke down: {os.waitstatus_to_exitcode(status)}", flush=True)
        return found

    def _work(
        self, waiting: int, write: int, do: Callable[[int], None], result: Callable[[], object]
    ) -> NoReturn:
        """Do what is waiting, one after the other, and tell what was found."""
        adopt()
        try:
            while number := os.read(waiting, 2):
                do(int.from_bytes(number, "big"))
            with os.fdopen(write, "wb") as pipe:
                pickle.dump(result(), pipe)
        except BaseException:  # noqa: BLE001 - nothing of it may go on as if it were the first one
            traceback.print_exc(file=sys.stdout)
            sys.stdout.flush()
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)


class Tries:
    """The mutants of one definition, each made from what tests made the definition from."""

    def __init__(
        self,
        trial: Trial,
        recorded: Recorded,
        items: dict[str, pytest.Item],
        session: pytest.Session,
        chances: Chances,
    ) -> None:
        """Try nothing yet.

        Args:
            trial: is told what becomes of the mutants.
            recorded: what the tests made.
            items: the tests by their ids.
            session: of pytest.
            chances: what other mutants have shown of the tests.
        """
        self._chances = chances
        self._trial = trial
        self._recorded = recorded
        self._items = items
        self._session = session

    def of(self, name: str) -> None:
        """Try the mutants of a definition, and print those that nothing notices."""
        begun = sum(os.times()[:4])
        one, parser = definitions()[name], Parser()
        given = list(self._recorded.given[name].values())
        same = parser.text(parser.tree(one.text))
        if given and self._noticed(one, same, given[0].items[0]):
            raise self._session.Failed(f"{name}: a test fails with what says the same")
        mutants = dict(enumerate(mutants_of(one.text, parser), 1))
        counts = self._trial.counts[name]
        for number, fate in self._fates(one, same, mutants, given):
            mutant = mutants[number]
            key = (name, mutant.was, mutant.now)
            if fate not in ("alike", "survived"):
                counts[fate] += 1
            elif key in self._trial.explained:
                self._trial.met.add(key)
                counts["explained"] += 1
            else:
                counts[fate] += 1
                self._trial.failed = True
                self._print(name, mutant, fate)
        spent = sum(os.times()[:4]) - begun
        print(
            f"{name}: {counts.total()} mutants, {dict(counts)}, {len(given)} given, {spent:.0f} s",
            flush=True,
        )

    def _print(self, name: str, mutant: Mutant, fate: str) -> None:
        if (name, mutant.was, mutant.now) not in self._trial.explained:
            print(f"\n{name}.sql:{mutant.line}: {fate}\n- {mutant.was}\n+ {mutant.now}", flush=True)

    def _fates(
        self, one: Definition, same: str, mutants: dict[int, Mutant], given: list[Given]
    ) -> Iterator[tuple[int, str]]:
        """What becomes of each mutant, as soon as that is known.

        What the likeliest tests do not mind is told before it is tried with all the others.
        """
        texts = {number: mutant.text for number, mutant in mutants.items()}
        replay = Replay(self._recorded, {_SAME: same} | texts)
        course = Course(set(mutants))
        for number, fate in self._killed(one, replay, texts, given, course):
            course.left.remove(number)
            yield number, fate
        for each in given if course.left else ():
            self._compare(one, replay, each, course)
        for number in sorted(replay.wrong & course.left):
            yield number, "no SQL"
            course.left.discard(number)
        items = {number: course.items(number, given) for number in sorted(course.left)}
        for number, asked in items.items():
            if asked:
                self._print(one.name, mutants[number], "left")
        for number, asked in items.items():
            likely = sorted(asked, key=self._chances.cost)
            tried = (self._tried(one, texts[number], number, item, course) for item in likely)
            yield number, next(filter(None, tried), "survived" if asked else "alike")

    def _killed(
        self, one: Definition, replay: Replay, texts: dict[int, str], given: list[Given],
        course: Course,
    ) -> Iterator[tuple[int, str]]:  # fmt: skip
        """The likeliest test is asked about all that are left, until it has minded little.

        Then another one is, until many runs in a row have noticed nothing.
        """
        waiting = [(each, item) for each in given for item in each.items]
        while waiting and course.unminded < _ENOUGH * len(course.left):
            waiting.sort(key=lambda pair: self._chances.cost(pair[1]), reverse=True)
            each, item = waiting.pop()
            self._compare(one, replay, each, course)
            for number in sorted(course.differing[id(each)] & course.left):
                if waiting and self._chances.cost(item) > self._chances.cost(waiting[-1][1]):
                    waiting.append((each, item))
                    break
                if fate := self._tried(one, texts[number], number, item, course):
                    yield number, fate

    def _compare(self, one: Definition, replay: Replay, given: Given, course: Course) -> None:
        if id(given) not in course.differing:
            course.differing[id(given)] = self._differing(one, replay, given, course.left)

    def _tried(self, one: Definition, text: str, number: int, item: str, course: Course) -> str:
        """What becomes of a mutant by a test, if it was not asked before."""
        if (number, item) in course.asked:
            return ""
        course.asked.add((number, item))
        fate = self._noticed(one, text, item)
        course.unminded = 0 if fate else course.unminded + 1
        return fate

    def _differing(
        self, one: Definition, replay: Replay, given: Given, numbers: set[int]
    ) -> set[int]:
        """The mutants that give other rows."""
        expected = replay.give(given)
        if replay.rows(_SAME) != expected:
            raise self._session.Failed(f"{one.name}: written again it says something else")
        return {one for one in numbers - replay.wrong if replay.rows(one) != expected}

    def _noticed(self, one: Definition, text: str, item: str) -> str:
        """How a test notices a text, in a process of its own; empty: it does not."""
        if not (child := os.fork()):
            self._be(one, text, item)
        _, status, used = os.wait4(child, 0)
        end_all()
        self._chances.learn(item, used.ru_utime + used.ru_stime, noticed=status != 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV:
            raise self._session.Failed(f"{one.name}: a process broke down with\n{text}")
        if is_overrun(status):
            return "endless"
        return "killed" if status else ""

    def _be(self, one: Definition, text: str, item: str) -> NoReturn:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        # How long a test took beside others by the clock says less than what it worked.
        self._trial.patience.limit(self._recorded.seconds[item], self._recorded.seconds[item])
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        Recalling(self._recorded, one.name).begin()
        _UNALTERED[one.name] = one
        definitions()[one.name] = Altered(one.name, one.layer, text, one.needs)
        Settled.unheard.clear()
        test = self._items[item]
        test.config.hook.pytest_runtest_protocol(item=test, nextitem=None)
        os._exit(1 if self._session.testsfailed else 0)
