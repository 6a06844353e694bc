"""The guard on files: one note, swapped whole, whatever happens to its file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from domain.errors import UnavailableError
from store.ledger.guard import FileGuard, GuardConflictError

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 8192


def filled(folder: Path, swaps: int) -> FileGuard:
    """A guard after so many swaps, of the notes `note 1`, `note 2` and so on."""
    guard = FileGuard(folder)
    note = None
    for number in range(1, swaps + 1):
        following = f"note {number}\n".encode()
        guard.swap(note, following)
        note = following
    return guard


def test_the_last_note_stands_for_every_later_opening(tmp_path: Path) -> None:
    """After any number of swaps the last one is read back, by another guard too."""
    for swaps in (1, 2, 3, 8):
        filled(tmp_path / str(swaps), swaps)
        assert FileGuard(tmp_path / str(swaps)).read() == f"note {swaps}\n".encode()


def test_an_empty_guard_holds_nothing_and_takes_a_first_note(tmp_path: Path) -> None:
    """None is read, and only None can be expected."""
    guard = FileGuard(tmp_path / "guard")
    assert guard.read() is None
    with pytest.raises(GuardConflictError):
        guard.swap(b"something", b"first")
    assert guard.read() is None


def test_a_note_that_was_not_expected_stays(tmp_path: Path) -> None:
    """A swap over another note than the expected one changes nothing."""
    guard = filled(tmp_path, 3)
    for wrong in (None, b"note 2\n", b""):
        with pytest.raises(GuardConflictError):
            guard.swap(wrong, b"other")
    assert guard.read() == b"note 3\n"


@pytest.mark.parametrize("swaps", [1, 2, 3, 4])
def test_a_write_torn_at_any_byte_leaves_the_note_before(tmp_path: Path, swaps: int) -> None:
    """The next block, begun and not finished, is passed over, and the next swap mends it."""
    guard = filled(tmp_path, swaps)
    path = tmp_path / "checkpoint"
    before = path.read_bytes()
    last = f"note {swaps}\n".encode()
    guard.swap(last, b"the next note\n")
    after = path.read_bytes()
    first = next(at for at in range(len(after)) if before[at] != after[at])
    end = BLOCK * (first // BLOCK) + 200
    for torn in range(first + 1, end):
        if before[torn:end] == after[torn:end]:
            break
        path.write_bytes(after[:torn] + before[torn:])
        assert guard.read() == last
    guard.swap(last, b"once more\n")
    assert guard.read() == b"once more\n"


def test_a_guard_with_both_blocks_damaged_answers_nothing(tmp_path: Path) -> None:
    """Rather no answer than an old one or none: the log must not sign on."""
    guard = filled(tmp_path, 2)
    (tmp_path / "checkpoint").write_bytes(bytes(2 * BLOCK))
    with pytest.raises(UnavailableError, match="neither block is whole"):
        guard.read()
    with pytest.raises(UnavailableError):
        guard.swap(b"note 2\n", b"other")


def test_a_note_longer_than_a_block_is_refused_and_the_old_one_stands(tmp_path: Path) -> None:
    """8 KiB hold a checkpoint with dozens of signatures; more is an error, not a torn file."""
    guard = filled(tmp_path, 2)
    with pytest.raises(UnavailableError, match="too long"):
        guard.swap(b"note 2\n", bytes(BLOCK))
    assert guard.read() == b"note 2\n"


def test_of_many_swaps_over_one_note_exactly_one_is_done(tmp_path: Path) -> None:
    """Threads with guards of their own, as processes would have."""
    filled(tmp_path, 1)

    def swap(number: int) -> bool:
        try:
            FileGuard(tmp_path).swap(b"note 1\n", f"of {number}\n".encode())
        except GuardConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(swap, range(32)))
    assert done.count(True) == 1
    assert FileGuard(tmp_path).read() == f"of {done.index(True)}\n".encode()
