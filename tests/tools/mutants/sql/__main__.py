"""Whether the tests notice wrong definitions: `python -m tests.tools.mutants.sql [name ...]`.

Files of tests among the names are run instead of all: quicker, and all that it finds noticed is.

The tests of the rules run once, and what each definition was made from is noted. Each mutant is
then made from the same, and only where it gives other rows than the definition, the tests that
asked for those run with it, each in a process of its own, quickest first, up to the first that
fails: what kills a mutant is a test that fails, nothing else. One that no test notices is a
*survivor*, and an error unless `explained.toml` says why it makes no difference. So is an
explanation that explains nothing.
"""

from __future__ import annotations

import gc
import os
import pickle
import resource
import signal
import sys
import threading
import time
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, settings

from projections.definitions import (
    Definition,
    definitions,
    in_order,
    is_settled,
    rules_of,
    types_of,
)
from projections.settled import Settled
from tests.projections.story import _engine
from tests.tools.mutants.sql.operators import Parser, mutants_of
from tests.tools.mutants.sql.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.tools.mutants.sql.operators import Mutant
    from tests.tools.mutants.sql.recording import Given

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[3]
ASKED: Final = ("dora", "mttr", "comparison", "dora_evidence", "window_gaps")
"""The tables whose definitions are tried, with all that stands behind them."""
TESTS: Final = (
    "test_examples.py", "test_rules_changes.py", "test_rules_deployments.py",
    "test_rules_failures.py", "test_rules_recovery.py", "test_rules_incidents.py",
    "test_rules_kinds.py", "test_rules_lines.py", "test_rules_numbers.py", "test_rules_told.py",
    "test_facts.py", "test_strange.py", "test_pushes.py",
)  # fmt: skip
_PATIENCE_S: Final = 30
_MEMORY: Final = 6 << 30

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


_UNALTERED: Final = dict(definitions())


class Replay:
    """Makes a definition's rows from what tests made it from."""

    def __init__(self) -> None:
        self._database = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
        self._database.execute("SET GLOBAL TimeZone = 'UTC'")

    def rows(self, text: str, given: Given) -> list[str] | str:
        """The rows in an order of their own, or the kind of error."""
        for name, table in given.tables.items():
            self._database.register(name, table)
        for name, instant in zip(("asked_from", "asked_until"), given.span or (), strict=False):
            said = f"TIMESTAMPTZ '{instant.isoformat()}'"
            self._database.execute(f"CREATE OR REPLACE TEMP MACRO {name}() AS {said}")
        timer = threading.Timer(_PATIENCE_S, self._database.interrupt)
        timer.start()
        try:
            found = self._database.sql(text).to_arrow_table()
            return sorted(map(repr, found.to_pylist()))
        except duckdb.Error as error:
            return type(error).__name__
        finally:
            timer.cancel()


class Trial:
    """A plugin of pytest that tries the mutants of some definitions with the collected tests.

    Attributes:
        counts: by definition, how many of each fate.
        met: explained mutants that survived.
        failed: whether something is not as it should be.
    """

    def __init__(self, names: list[str], explained: set[Key], jobs: int) -> None:
        """Try nothing yet.

        Args:
            names: of definitions.
            explained: mutants that are known to make no difference.
            jobs: how many processes share the work.
        """
        self._jobs = jobs
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.met: set[Key] = set()
        self.failed = False
        self._names = names
        self._explained = explained
        self._recording = Recording()
        self._replay = Replay()
        self._parser = Parser()
        self._seconds: dict[pytest.Item, float] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs what was collected: once as it is, then for each mutant."""
        begun = time.process_time()
        with self._recording.listening():
            for item in session.items:
                self._recording.item = item
                self._seconds[item] = -time.process_time()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                self._seconds[item] += time.process_time()
        if session.testsfailed:
            raise session.Failed("the tests fail without any mutant")
        for name in definitions():
            is_settled(name) and types_of(name) and rules_of(name)
        # What a process has of DuckDB from before its fork must not end in it.
        _engine.cache_clear()
        gc.collect()
        gc.freeze()
        print(f"recorded in {time.process_time() - begun:.0f} s", flush=True)
        self._share(session)
        return True

    def _share(self, session: pytest.Session) -> None:
        """Try everything, in as many processes as there are to be."""
        results = []
        for number in range(self._jobs):
            read, write = os.pipe()
            if not os.fork():
                for name in self._names[number :: self._jobs]:
                    self._try(definitions()[name], session)
                with os.fdopen(write, "wb") as pipe:
                    pickle.dump((dict(self.counts), self.met, self.failed), pipe)
                sys.stdout.flush()
                os._exit(0)
            os.close(write)
            results.append(read)
        for read in results:
            with os.fdopen(read, "rb") as pipe:
                counts, met, failed = pickle.load(pipe)  # noqa: S301 - our own process wrote it
            self.counts |= counts
            self.met |= met
            self.failed |= failed

    def _try(self, one: Definition, session: pytest.Session) -> None:
        begun = sum(os.times()[:4])
        given = sorted(self._recording.of(one.name), key=self._cost)
        rows = [self._replay.rows(one.text, each) for each in given]
        same = self._parser.text(self._parser.tree(one.text))
        for each, expected in zip(given, rows, strict=True):
            if isinstance(expected, str) or self._replay.rows(same, each) != expected:
                raise session.Failed(f"{one.name}: written again it says something else")
        if given and self._is_noticed(one, same, given[0].items[0], session):
            raise session.Failed(f"{one.name}: a test fails with what says the same")
        counts = self.counts[one.name]
        for mutant in mutants_of(one.text, self._parser):
            fate = self._fate(one, mutant, given, rows, session)
            key = (one.name, mutant.was, mutant.now)
            if fate in ("alike", "survived") and key in self._explained:
                self.met.add(key)
                fate = "explained"
            counts[fate] += 1
            if fate in ("alike", "survived"):
                self.failed = True
                print(f"\n{one.name}.sql:{mutant.line}: {fate}")
                print(f"- {mutant.was}\n+ {mutant.now}", flush=True)
        spent = sum(os.times()[:4]) - begun
        print(
            f"{one.name}: {counts.total()} mutants, {dict(counts)}, {len(given)} given,"
            f" {spent:.0f} s",
            flush=True,
        )

    def _cost(self, given: Given) -> float:
        return min(self._seconds[item] for item in given.items)

    def _fate(
        self, one: Definition, mutant: Mutant, given: list[Given], rows: list[list[str] | str],
        session: pytest.Session,
    ) -> str:  # fmt: skip
        fate = "alike"
        tried: set[pytest.Item] = set()
        for each, expected in zip(given, rows, strict=True):
            found = self._replay.rows(mutant.text, each)
            if found == expected:
                continue
            if found in ("BinderException", "ParserException", "CatalogException"):
                return "no SQL"
            fate = "survived"
            for item in sorted(set(each.items) - tried, key=self._seconds.__getitem__):
                tried.add(item)
                if self._is_noticed(one, mutant.text, item, session):
                    return "killed"
        return fate

    def _is_noticed(
        self, one: Definition, text: str, item: pytest.Item, session: pytest.Session
    ) -> bool:
        """Whether a test fails with a text, in a process of its own."""
        if not (child := os.fork()):
            self._be(one, text, item, session)
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV:
            raise session.Failed(f"{one.name}: a process broke down with\n{text}")
        return status != 0

    def _be(
        self, one: Definition, text: str, item: pytest.Item, session: pytest.Session
    ) -> NoReturn:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        limit = _PATIENCE_S + int(3 * self._seconds[item])
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        self._recording.recalling(one.name)
        definitions()[one.name] = Altered(one.name, one.layer, text, one.needs)
        Settled.unheard.clear()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        os._exit(1 if session.testsfailed else 0)


def explanations() -> set[Key]:
    """The mutants that are known to make no difference."""
    said = tomllib.loads((HERE / "explained.toml").read_text())
    return {(name, one["was"], one["now"]) for name in said for one in said[name]}


def tried() -> Iterator[str]:
    """The definitions that are tried, each after what it needs."""
    for one in in_order(ASKED):
        if one.layer != "steps":
            yield one.name


def main(words: list[str]) -> int:
    """Try the mutants of some definitions, or of all; 1: something is not as it should be.

    Args:
        words: names of definitions, and files of tests to be run instead of all.
    """
    os.chdir(ROOT)
    settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None,
        phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutants")
    explained = explanations()
    files = [word for word in words if word.endswith(".py")]
    wanted = [word for word in words if word not in files] or list(tried())
    trial = Trial(wanted, explained, int(os.environ.get("JOBS", "2")))
    whole = [*(f"tests/projections/{name}" for name in TESTS), str(HERE / "fixed_histories.py")]
    status = pytest.main(
        [
            "-s", "--assert=plain", "-p", "no:terminal", "-p", "no:cacheprovider",
            "-o", "timeout=0", "-m", "not long", *(files or whole),
        ],
        [trial],
    )  # fmt: skip
    idle = {key for key in explained - trial.met if key[0] in wanted}
    for name, was, now in sorted(idle):
        print(f"\n{name}: explained, but no survivor\n- {was}\n+ {now}")
    total: Counter[str] = Counter()
    for counts in trial.counts.values():
        total.update(counts)
    print(f"all: {total.total()} mutants, {dict(total)}")
    return int(trial.failed or bool(status) or bool(idle))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
