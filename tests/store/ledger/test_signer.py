"""Long batches are signed in a process of their own, and are signed whatever happens to it."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.log.entry import verify_context
from domain.log.key import SigningKey
from store.ledger import signer as module
from store.ledger.prepared import Prepared
from store.ledger.signer import FRAME, Signer

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

KEY = SigningKey("ledger.example/acme/intake", bytes(range(32)))


def events(count: int, first: int = 0) -> list[Prepared]:
    """Events with contexts of different lengths."""
    return [
        Prepared(
            "type", b"%d %b" % (first + nth, b"x" * (nth % 900)), (), (), None, b"", (), (), (),
            None, None,
        )
        for nth in range(count)
    ]  # fmt: skip


def all_signed(ones: list[Prepared]) -> bool:
    """Whether every event carries the key's signature of its own context."""
    for one in ones:
        verify_context(one.context, one.signatures, {KEY.id: KEY.verifier})
    return True


def process_of(signer: Signer) -> int:
    """The number of the running process."""
    process = signer._process
    assert process is not None
    return process.pid


@pytest.fixture
def signer() -> Iterator[Signer]:
    """A signer, closed at the end."""
    made = Signer((KEY,))
    yield made
    made.close()


def test_frames_are_signed_as_one_would_sign_them_here(signer: Signer) -> None:
    """Ed25519 has one signature for a key and a message, so both ways give the same bytes."""
    there, here = events(3 * FRAME), events(3 * FRAME)
    frames = [
        signer.begin(there[at : at + FRAME], last=at == 2 * FRAME)
        for at in range(0, len(there), FRAME)
    ]
    for frame in frames:
        frame.wait()
    signer.sign(here)
    assert [one.signatures for one in there] == [one.signatures for one in here]
    assert all_signed(there)


def test_threads_share_the_process_and_each_gets_its_own_signatures(signer: Signer) -> None:
    """Frames of several batches mingle; every frame is signed after any later last one."""

    def batch(nth: int) -> bool:
        ones = events(FRAME, nth * 1000)
        frame = signer.begin(ones, last=True)
        frame.wait()
        return all_signed(ones)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(batch, range(64)))


def test_what_a_killed_process_left_unsigned_is_signed_here(signer: Signer) -> None:
    """Killed before, between and after frames; the next batch has a process again."""
    ones = events(FRAME)
    signer.begin(ones, last=False)
    first = process_of(signer)
    os.kill(first, signal.SIGSTOP)
    more = events(FRAME, 500)
    frame = signer.begin(more, last=True)
    os.kill(first, signal.SIGKILL)
    frame.wait()
    assert all_signed(ones)
    assert all_signed(more)

    again = events(FRAME, 900)
    frame = signer.begin(again, last=True)
    frame.wait()
    assert all_signed(again)


def test_closing_signs_what_is_outstanding_and_leaves_no_process() -> None:
    """Even a frame that nobody asked the signatures of."""
    signer = Signer((KEY,))
    ones = events(FRAME)
    frame = signer.begin(ones, last=False)
    number = process_of(signer)
    signer.close()
    frame.wait()
    assert all_signed(ones)
    assert not Path(f"/proc/{number}").exists()

    late = events(FRAME)
    signer.begin(late, last=True).wait()
    assert all_signed(late)


def test_a_frame_that_comes_while_the_process_is_closed_is_signed(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pipe is closed, and it has not ended yet."""
    signer.begin(events(FRAME), last=True).wait()
    between = events(FRAME, 500)
    real = module._end

    def end(process: subprocess.Popen[bytes]) -> None:
        monkeypatch.setattr(module, "_end", real)
        signer.begin(between, last=True)
        real(process)

    monkeypatch.setattr(module, "_end", end)
    signer.close()
    assert all_signed(between)


def test_frames_that_nobody_waits_for_hold_up_no_others(signer: Signer) -> None:
    """A batch that is given up leaves more signatures than a pipe takes."""
    given_up = [events(FRAME, nth * FRAME) for nth in range(100)]
    for ones in given_up:
        signer.begin(ones, last=True)
    more = events(FRAME, 10_000)
    signer.begin(more, last=True).wait()
    assert all(all_signed(ones) for ones in (*given_up, more))


def test_the_key_shows_neither_in_the_command_nor_in_the_environment(signer: Signer) -> None:
    """Other accounts of the machine may read a command line; the seed comes by a pipe."""
    signer.begin(events(1), last=True)
    folder = Path(f"/proc/{process_of(signer)}")
    seen = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
    assert KEY.seed not in seen
    assert KEY.seed.hex().encode() not in seen


def test_short_batches_start_no_process(signer: Signer) -> None:
    """A ledger that takes events one by one runs in one process."""
    ones = events(FRAME - 1)
    signer.sign(ones)
    assert all_signed(ones)
    assert signer._process is None
