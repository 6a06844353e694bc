"""Whether the tests notice when the code is wrong: `python -m tests.tools.mutants [path ...]`.

The tests of a folder are collected and run once; then each mutant of its files is tried in a
process of its own, by those tests alone that come through the altered function, up to the first
that fails: those that noticed its last mutants before others, then the quickest. One that no test
notices is a *survivor*, and an error unless `explained.toml` says why it makes no difference. So
is an explanation that explains nothing.
With files of tests among the paths only these are run, and more survives.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import os
import pickle
import resource
import sys
import threading
import time
import tomllib
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.tools.mutants.ending import Patience, adopt, end_all
from tests.tools.mutants.grafting import graft
from tests.tools.mutants.operators import MODULE, mutants_of

if TYPE_CHECKING:
    from types import CodeType, FrameType

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[2]
_VERIFIERS: Final = (
    "answer", "apart", "chain", "entry", "evidence", "folder", "known_answers", "lines", "note",
    "processes", "proofs", "seen", "standalone", "stream", "succession", "tampering", "tiles",
    "trust", "wire", "witnesses",
)  # fmt: skip
TESTS: Final = {
    "domain/log": ["tests/domain/log"],
    "domain/decisions": ["tests/domain/decisions"],
    "client/pipeledger/verifier": [f"tests/client/test_{name}.py" for name in _VERIFIERS],
}
"""Folder of the code: where its tests are."""

# None is 0: with that, code under test ends a process in which it finds itself by mistake.
_SURVIVED, _KILLED, _BROKEN = 4, 1, 3
PATIENCE: Final = Patience(working_s=2, working=3, waiting_s=10, waiting=5)
_MEMORY: Final = 4 << 30

Key = tuple[str, str, str, str]
"""File, function, statement, altered statement."""


class Trial:
    """A plugin of pytest that runs the collected tests on each mutant of some files.

    Attributes:
        explained: mutants that make no difference.
        counts: by file, how many of each fate.
        met: explained mutants that survived.
        failed: whether something is not as it should be.
    """

    def __init__(self, files: list[str], explained: set[Key], patience: Patience) -> None:
        """Try nothing yet.

        Args:
            files: of the code.
            explained: mutants that make no difference.
            patience: how long a test may take with a mutant.
        """
        self.files = files
        self.explained = explained
        self._patience = patience
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.met: set[Key] = set()
        self.failed = False
        self._modules = {
            name: importlib.import_module(
                name.removeprefix("client/").removesuffix(".py").replace("/", ".")
            )
            for name in files
        }
        self._names = {module.__file__: name for name, module in self._modules.items()}
        self._reached: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
        self._seconds: dict[pytest.Item, float] = {}
        self._elapsed: dict[pytest.Item, float] = {}
        self._at = mmap.mmap(-1, 4)  # which test a mutant came to

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs what was collected: once as it is, then for each mutant."""
        gc.collect()
        gc.freeze()
        if not self._watch(session):
            return self._stop("the tests fail without any mutant")
        same = {name: compile(self._text(name), self._path(name), "exec") for name in self.files}
        if self._fate(same, session.items, session, values=True) != "survived":
            return self._stop("the tests fail with code put in the place of the same code")
        for name in self.files:
            self._try(name, session)
        return True

    def _stop(self, why: str) -> bool:
        print(why)
        self.failed = True
        return True

    def _watch(self, session: pytest.Session) -> bool:
        """Run the tests and note which functions each comes through; whether all passed.

        In a process of its own, since a test may use up what it was collected with.
        """
        reading, writing = os.pipe()
        if not (child := os.fork()):
            with os.fdopen(writing, "wb") as told:
                pickle.dump([self._seen(item) for item in session.items], told)
            os._exit(bool(session.testsfailed))
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            notes = pickle.loads(told.read())  # noqa: S301 - our own words
        for item, (seconds, elapsed, seen) in zip(session.items, notes, strict=True):
            self._seconds[item], self._elapsed[item] = seconds, elapsed
            for one in {*seen, *((name, MODULE) for name, _ in seen)}:
                self._reached[one].append(item)
        for items in self._reached.values():
            items.sort(key=self._seconds.__getitem__)
        return os.waitpid(child, 0)[1] == 0

    def _seen(self, item: pytest.Item) -> tuple[float, float, set[tuple[str, str]]]:
        """A test's processor time and time in seconds, and the functions it comes through.

        Those that its threads and forked processes come through are among them.
        """
        seen: set[tuple[str, str]] = set()
        shared = os.memfd_create("seen")

        def note(frame: FrameType, _event: str, _argument: object) -> None:
            code = frame.f_code
            if (name := self._names.get(code.co_filename)) is not None:
                one = (name, code.co_qualname.partition(".<locals>")[0])
                if one not in seen:
                    seen.add(one)
                    os.write(shared, "\0".join(one).encode() + b"\n")

        for module in self._modules.values():
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
        begun, at = time.process_time(), time.monotonic()
        threading.settrace(note)
        sys.settrace(note)
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        finally:
            sys.settrace(None)
            threading.settrace(None)
        seconds, elapsed = time.process_time() - begun, time.monotonic() - at
        with os.fdopen(shared, "rb") as told:
            told.seek(0)
            for line in told.read().decode().splitlines():
                name, function = line.split("\0")
                seen.add((name, function))
        return seconds, elapsed, seen

    def _path(self, name: str) -> str:
        return str(self._modules[name].__file__)

    def _text(self, name: str) -> str:
        return Path(self._path(name)).read_text()

    def _try(self, name: str, session: pytest.Session) -> None:
        counts = self.counts[name]
        for mutant in mutants_of(self._text(name), self._path(name)):
            items = self._reached.get((name, mutant.function), [])
            values = mutant.function == MODULE
            fate = self._fate({name: mutant.code}, items, session, values=values)
            key = (name, mutant.function, mutant.was, mutant.now)
            if fate == "survived" and key in self.explained:
                self.met.add(key)
                fate = "explained"
            counts[fate] += 1
            if fate == "killed" and items:
                items.insert(0, items.pop(int.from_bytes(self._at[:], "big")))
            if fate in ("survived", "broken"):
                self.failed = True
                print(f"\n{name}:{mutant.line} {mutant.function}: {fate}")
                print(f"- {mutant.was}\n+ {mutant.now}", flush=True)
        print(f"{name}: {counts.total()} mutants, {dict(counts)}", flush=True)

    def _fate(
        self, codes: dict[str, CodeType], items: list[pytest.Item], session: pytest.Session,
        *, values: bool,
    ) -> str:  # fmt: skip
        """What comes of running tests with other code, in a process of its own."""
        self._at[:] = bytes(4)
        if not (child := os.fork()):
            self._be(codes, items, session, values=values)
        _, status = os.waitpid(child, 0)
        end_all()
        if os.WIFSIGNALED(status):
            return "endless"
        return {_SURVIVED: "survived", _BROKEN: "broken"}.get(os.WEXITSTATUS(status), "killed")

    def _be(
        self, codes: dict[str, CodeType], items: list[pytest.Item], session: pytest.Session,
        *, values: bool,
    ) -> NoReturn:  # fmt: skip
        """Be the mutant, until a test fails or none did."""
        # Whom a mutant signals by mistake is at most its own group.
        os.setsid()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        try:
            for name, code in codes.items():
                graft(self._modules[name], code, values=values)
        except ValueError:
            os._exit(_BROKEN)
        except BaseException:  # noqa: BLE001 - a module that does not load is noticed by anybody
            os._exit(_KILLED)
        for at, item in enumerate(items):
            self._at[:] = at.to_bytes(4, "big")
            self._patience.limit(self._seconds[item], self._elapsed[item])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if session.testsfailed:
                os._exit(_KILLED)
        os._exit(_SURVIVED)


def explanations() -> set[Key]:
    """The mutants that are known to make no difference."""
    said = tomllib.loads((HERE / "explained.toml").read_text())
    return {(file, one["function"], one["was"], one["now"]) for file in said for one in said[file]}


def run(trial: Trial, tests: list[str]) -> int:
    """Try mutants by the tests in some files or folders; not 0: pytest broke down."""
    quiet = ["-s", "--assert=plain", "-p", "no:terminal", "-p", "no:cacheprovider"]
    return pytest.main([*quiet, "-o", "timeout=0", "-m", "not long", *tests], [trial])


def main(names: list[str]) -> int:
    """Try the mutants of some files, or of all, by all their tests or by some.

    1: something is not as it should be.
    """
    only = [one for one in names if one.startswith("tests/")]
    names = [one for one in names if one not in only]
    os.chdir(ROOT)
    adopt()
    settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None,
        phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutants")
    warnings.simplefilter("ignore", SyntaxWarning)
    explained = explanations()
    failed = False
    total: Counter[str] = Counter()
    for folder, tests in TESTS.items():
        files = [str(one) for one in sorted(Path(folder).glob("*.py")) if one.stem != "__init__"]
        files = [one for one in files if not names or one.startswith((*names,))]
        if not files:
            continue
        trial = Trial(files, explained, PATIENCE)
        status = run(trial, only or tests)
        idle = {key for key in explained - trial.met if key[0] in files}
        for file, function, was, now in sorted(idle):
            print(f"\n{file} {function}: explained, but not a survivor\n- {was}\n+ {now}")
        failed |= trial.failed or bool(status) or bool(idle)
        for counts in trial.counts.values():
            total.update(counts)
    print(f"all: {total.total()} mutants, {dict(total)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
