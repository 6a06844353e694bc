"""Each call to the system fails in turn; then everything is derived again, and nothing is missing.

The calls are those of a process that really runs; the tracer makes them fail (strace's `inject`).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from projections.segments import Segments
from store.documents import DocumentStore
from store.ledger.opening import examine
from tests.exporters.test_log import check, contents
from tests.store.ledger.conftest import ORIGIN, Home, draft
from tests.store.ledger.failing_calls import DOCUMENTS, SEGMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.long,
    # The files are the same whichever database it is.
    pytest.mark.parametrize("postgres", ["embedded"], indirect=True),
]

SIZE = 300
CALLS = {
    "open": ("openat", "EIO", "ENOSPC"),
    "write": ("write", "EIO", "ENOSPC"),
    "flush": ("fsync", "EIO", "ENOSPC"),
    "rename": ("rename,renameat,renameat2", "EIO", "ENOSPC"),
    "make a folder": ("mkdir,mkdirat", "ENOSPC"),
    "remove": ("unlink,unlinkat", "EIO"),
    "lock": ("flock", "EIO"),
}


# Not `close`: the tracer leaves the file open, and with it the lock on it, which no system does.


@dataclass
class Worker:
    """The process that works.

    Attributes:
        process: of it.
        line: to it.
        log: what the tracer writes.
    """

    process: subprocess.Popen[bytes]
    line: socket.socket
    log: Path

    def work(self, what: str, folder: Path) -> dict[str, Any]:
        """Have something done; gives what became of it."""
        self.line.send(json.dumps({"work": what, "folder": str(folder)}).encode())
        answer: dict[str, Any] = json.loads(self.line.recv(1_000_000))
        return answer

    @contextlib.contextmanager
    def failing(self, calls: str, error: str, nth: int) -> Iterator[None]:
        """Let the nth such call of each thread fail for the length of the block."""
        inject = f"inject={calls}:error={error}:when={nth}"
        tracer = subprocess.Popen(
            ["strace", "-f", "-o", str(self.log), "-e", f"trace={calls}", "-e", inject, "-p",
             str(self.process.pid)],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        assert "attached" in said, said
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(60)
            tracer.stderr.close()

    def failed(self) -> bool:
        """Whether a call was made to fail."""
        return "(INJECTED)" in self.log.read_text()


@pytest.fixture(scope="module")
def strace() -> None:
    """The tracer is there, or the run fails with its name."""
    assert shutil.which("strace"), "make tools installs strace"


@pytest.fixture
def worker(strace: None, home: Home, tmp_path: Path) -> Iterator[Worker]:
    """A process that has a ledger of over a full tile open."""
    del strace
    home.open().submit([draft(number) for number in range(SIZE - 1)]).result(60)
    address = tmp_path / "line"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(address))
        listening.listen()
        words = [str(address), home.database.conninfo, str(home.place.folder),
                 str(tmp_path / "guard")]  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.ledger.failing_calls", *words],
            cwd=Path(__file__).parents[3],
        )
        listening.settimeout(60)
        line, _ = listening.accept()
    with line:
        yield Worker(process, line, tmp_path / "calls")
    process.wait(60)


def each_failure(
    worker: Worker, what: str, tmp_path: Path, at_most: int = 1000
) -> Iterator[tuple[str, dict[str, Any], Path]]:
    """Every call of a work fails once, of each kind the first so many.

    Gives which, what became of the work, and its folder.
    """
    numbers = count(1)
    for name, (calls, *errors) in CALLS.items():
        for error in errors:
            for nth in range(1, at_most + 1):
                folder = tmp_path / f"{what}-{next(numbers)}"
                with worker.failing(calls, error, nth):
                    answer = worker.work(what, folder)
                if not worker.failed():
                    break
                yield f"{name} {nth}: {error}", answer, folder
                shutil.rmtree(folder, ignore_errors=True)


def test_documents_that_were_acknowledged_are_there_whole(worker: Worker, tmp_path: Path) -> None:
    """Others are absent or whole, and are kept when they are sent again."""
    assert worker.work("documents", tmp_path / "first")["error"] is None
    tried = 0
    for case, answer, folder in each_failure(worker, "documents", tmp_path):
        tried += 1
        store = DocumentStore(folder)
        assert not list((folder / ".new").iterdir()), case
        there = {one: store.get(one) for one in store}
        assert there == {one: DOCUMENTS[one] for one in there}, case
        for one in answer["done"]:
            assert (one.lstrip("-") in there) is not one.startswith("-"), (case, one)
        for one, body in DOCUMENTS.items():
            store.put(one, body)
        assert list(store) == sorted(DOCUMENTS), case
    assert tried > 40


def test_segments_are_sealed_the_next_time(worker: Worker, tmp_path: Path, home: Home) -> None:
    """Whatever a failure left, what is there afterwards is what an undisturbed run makes."""
    undisturbed = worker.work("segments", tmp_path / "first")["done"]
    assert len(undisturbed) == SIZE // SEGMENT
    columns = home.opened[0].columns()
    tried = 0
    for case, answer, folder in each_failure(worker, "segments", tmp_path, at_most=8):
        tried += 1
        assert answer["done"] in ([], undisturbed), case
        found = Segments(folder, ORIGIN, SEGMENT)
        found.open()
        found.seal(columns, SIZE)
        assert [seal.digest for seal in found.seals] == undisturbed, case
        again = Segments(folder, ORIGIN, SEGMENT)
        again.open()
        assert [seal.digest for seal in again.seals] == undisturbed, case
    columns.close()
    assert tried > 20


def test_the_exported_log_is_a_whole_tree_or_none(
    worker: Worker, tmp_path: Path, home: Home
) -> None:
    """A checkpoint stands only over a tree that strangers can verify; the next run mends it."""
    ledger = home.opened[0]
    assert worker.work("log", tmp_path / "first")["done"] == [str(SIZE)]
    undisturbed = contents(tmp_path / "first")
    tried = 0
    for case, answer, folder in each_failure(worker, "log", tmp_path):
        tried += 1
        assert answer["ours"], (case, answer)
        if answer["error"] is None or (folder / "checkpoint").exists():
            check(folder, ledger)
        again = worker.work("log", folder)
        assert again["error"] is None, (case, again)
        assert contents(folder) == undisturbed, case
    assert tried > 40
    found = examine("test", ORIGIN, home.place, home.around)
    assert not [str(one) for one in found if one.damage]
