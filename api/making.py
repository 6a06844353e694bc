"""Evidence packs that were asked for over HTTP: made one after the other, kept for a while.

A pack is a file whose name is its id, its size and the last redaction that was known when it was
begun, so it is there after a restart; what was under way then is asked for again. Everything here
may be dropped at any time.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import shutil
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from api.refusing import TooManyError
from domain.errors import PipeledgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOG: Final = logging.getLogger("pipeledger.api")
Writing = Callable[["Path", Callable[[int, int], None]], object]
"""Writes a pack into a file, and tells how many files of how many are done."""
WAITING: Final = 8
"""Packs that may wait to be made."""
KEPT: Final = 20
"""Packs that are kept; the one that was made longest ago goes first."""
_NAME: Final = re.compile(r"([0-9a-f]{32})-([0-9]{1,19})-([0-9]{1,19})\.zip")
_UNFINISHED: Final = re.compile(rf"\.{_NAME.pattern}\..+")
"""What a pack is written into until it is whole."""


class Pack(NamedTuple):
    """A pack that is made.

    Attributes:
        path: its file.
        size: entries that it holds.
    """

    path: Path
    size: int


@dataclass(slots=True)
class Making:
    """A pack that is being made.

    Attributes:
        done: files that are written.
        total: of so many; 0: not known yet.
        failure: why it came to nothing, or None.
        ended: is done when it is made or has come to nothing.
    """

    done: int = 0
    total: int = 0
    failure: str | None = None
    ended: Future[None] = field(default_factory=Future, repr=False)


class Packs:
    """The packs of one ledger. Safe for threads."""

    def __init__(self, folder: Path) -> None:
        """Keep packs.

        Args:
            folder: for them alone; it may be missing.
        """
        self._folder = folder
        self._lock = threading.Lock()
        self._making: OrderedDict[str, Making] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, "packs")
        self._held: Callable[[], object] | None = None
        self._hold()

    def find(self, identity: str, redacted: int) -> Pack | None:
        """A pack, where it is made.

        Args:
            identity: its id.
            redacted: position of the last redaction; whatever was packed before it is removed,
                whichever pack is asked for.
        """
        found = None
        for name, pack, known in self._made():
            if known < redacted:
                pack.path.unlink(missing_ok=True)
            elif name == identity:
                found = pack
        return found

    def state(self, identity: str) -> Making | None:
        """How far the making of a pack is; None: nobody asked for it."""
        with self._lock:
            return self._making.get(identity)

    def make(self, identity: str, size: int, redacted: int, write: Writing) -> Making:
        """Have a pack made, unless it is being made.

        Args:
            identity: its id.
            size: entries that it holds.
            redacted: position of the last redaction before it is begun; 0: none.
            write: writes it.

        Raises:
            TooManyError: too many wait.
        """
        with self._lock:
            there = self._making.get(identity)
            if there is not None and there.failure is None:
                return there
            if sum(one.failure is None for one in self._making.values()) >= WAITING:
                raise TooManyError("many packs wait to be made; ask again later")
            state = Making()
            self._making[identity] = state
            while len(self._making) > WAITING * 2:
                self._making.popitem(last=False)
        target = self._folder / f"{identity}-{size}-{redacted}.zip"
        self._worker.submit(self._run, identity, state, write, target)
        return state

    def close(self) -> None:
        """Begin no other; wait for the one under way."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        if self._held is not None:
            self._held()

    def _hold(self) -> None:
        """Remove what killed writers left, unless another process may be writing now.

        It is large, and holds events that a redaction would not reach.
        """
        if self._held is not None:
            return
        with contextlib.suppress(OSError):
            handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._held = weakref.finalize(self, os.close, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                for left in self._folder.iterdir():
                    if _UNFINISHED.fullmatch(left.name) is None:
                        continue
                    if left.is_dir():
                        shutil.rmtree(left, ignore_errors=True)
                    else:
                        left.unlink(missing_ok=True)
            fcntl.flock(handle, fcntl.LOCK_SH)

    def _run(self, identity: str, state: Making, write: Writing, target: Path) -> None:
        def tell(done: int, total: int) -> None:
            state.done, state.total = done, total

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._hold()
            if not target.exists():
                write(target, tell)
            self._drop_old()
        except PipeledgerError as error:
            state.failure = str(error)
            _LOG.warning("a pack was not made: %s", error)
        except Exception:  # noqa: BLE001 - whatever it is, who waits is told
            state.failure = "it could not be made; the server's log says why"
            _LOG.exception("a pack was not made")
        else:
            with self._lock:
                self._making.pop(identity, None)
        finally:
            state.ended.set_result(None)

    def _made(self) -> Iterator[tuple[str, Pack, int]]:
        """Each pack with its id, and the last redaction that it knows of."""
        for path in self._folder.glob("*.zip"):
            if (named := _NAME.fullmatch(path.name)) is not None:
                yield named[1], Pack(path, int(named[2])), int(named[3])

    def _drop_old(self) -> None:
        made = sorted(
            (one.path for _, one, _ in self._made()), key=lambda path: path.stat().st_mtime
        )
        for path in made[:-KEPT]:
            with contextlib.suppress(OSError):
                path.unlink()
