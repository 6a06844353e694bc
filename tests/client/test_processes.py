"""Processes that check stretches ahead: how many, heard in which order, and none that is left."""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pipeledger.verifier.apart import Processes, processors
from pipeledger.verifier.stretch import Stretch
from tests.client.processes import children, forked

if TYPE_CHECKING:
    from collections.abc import Callable

ENDLESS: Final = range(2**40)


def good(number: int) -> Stretch:
    """What is said of a stretch, with its number in it."""
    return Stretch(number, b"", b"", [b"x"] * 9, [], "", "", {"s": (1, 2)}, {}, 0, [(1, "text")])


def open_files() -> set[int]:
    """The numbers of the files that this process has open."""
    return {int(one.name) for one in Path("/proc/self/fd").iterdir()}


def stuck(number: int) -> Stretch:
    """The same, but for those that come late: there is no end to them."""
    while number > 100:
        pass
    return good(number)


def busy() -> int:
    """Hear of stretches for as long as there are any; tells first that it does."""
    ahead = Processes(stuck, ENDLESS, 2)
    try:
        os.write(1, b"%d %d\n" % (*ahead._pids,))
        while True:
            ahead.next()
    except KeyboardInterrupt:
        return 130
    finally:
        ahead.close()


@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["one", "all"])
@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)]
)
def test_processes_end_with_the_one_that_started_them(
    send: Callable[[int, int], None], how: signal.Signals, status: int
) -> None:
    """Interrupted, told to end or killed, alone or as a terminal does it; no traceback is seen."""
    with forked(busy) as (pid, told):
        assert len(told.readline().split()) == 2
        send(pid, how)
        assert select.select([told], [], [], 60)[0], "somebody is still there"
        assert told.read() == b""
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == status


def test_answers_come_in_the_order_of_the_stretches() -> None:
    """However many processes there are; what fails, or is not known, is nothing."""
    before = children()

    def check(number: int) -> Stretch | None:
        if number == 4:
            raise RuntimeError("not told")
        return None if number == 5 else good(number)

    for count in (2, 3, 7, 20):
        ahead = Processes(check, range(2, 9), count)
        assert len(children() - before) == len(ahead._pids) == min(count, 7)
        told = [ahead.next() for _ in range(7)]
        assert told == [good(2), good(3), None, None, good(6), good(7), good(8)]
        assert ahead.next() is None
        ahead.close()
        assert ahead.next() is None
        assert children() == before


def test_processes_are_ended_in_the_midst_of_a_stretch_and_only_those() -> None:
    """Whoever has waited for one already gave its number to others; each pipe is closed."""
    before, files = children(), open_files()
    ahead = Processes(stuck, range(200, 204), 3)
    first, *_ = ahead._pids
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    ahead._pids.insert(1, os.getpid())
    assert ahead.next() is None
    # They are not waited for to notice that the pipe ended, which another may hold open.
    held = os.dup(ahead._life[1])
    ahead.close()
    os.close(held)
    assert children() == before
    assert open_files() == files
    ahead.close()


def test_an_answer_is_told_before_the_next_stretch_is_examined() -> None:
    """There may be no end to that."""
    ahead = Processes(stuck, range(99, 103), 2)
    assert [ahead.next(), ahead.next()] == [good(99), good(100)]
    ahead.close()


def test_an_answer_that_breaks_off_is_nothing() -> None:
    """Its process was ended when no more of it had a place in the pipe."""
    ahead = Processes(lambda _: good(1)._replace(last=bytes(1 << 20)), range(2), 2)
    assert select.select([ahead._pipes[0]], [], [], 60)[0]
    os.kill(ahead._pids[0], signal.SIGKILL)
    assert ahead.next() is None
    assert ahead.next() == good(1)._replace(last=bytes(1 << 20))
    ahead.close()


def test_what_interrupts_a_command_is_blocked_in_its_processes_alone() -> None:
    """From their first moment on: they would do in its place what it does then."""

    def blocked(_: int) -> Stretch:
        return good(len(signal.pthread_sigmask(signal.SIG_BLOCK, []) & ending))

    ending = {signal.SIGINT, signal.SIGTERM}
    ahead = Processes(blocked, range(2), 2)
    assert ahead.next() == ahead.next() == good(2)
    ahead.close()
    assert blocked(0) == good(0)


def test_one_process_or_where_none_can_be_forked_well_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two stretches, so that each of two would have one."""
    before = children()

    def nobody(count: int) -> bool:
        ahead = Processes(good, range(2), count)
        told = ahead.next()
        mine = children() - before
        ahead.close()
        return told is None and not mine

    assert nobody(0)
    assert nobody(1)
    assert not nobody(2)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "platform", "darwin")
        assert nobody(2)
    monkeypatch.delattr(os, "fork")
    assert nobody(2)


def test_there_are_as_many_processors_as_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a system does not say that, as many as there are, and one at least."""
    assert processors() == len(os.sched_getaffinity(0))
    mine = {0: range(9)}
    monkeypatch.setattr(os, "sched_getaffinity", mine.__getitem__)
    assert processors() == 9
    monkeypatch.delattr(os, "sched_getaffinity")
    for count, told in ((7, 7), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert processors() == told
