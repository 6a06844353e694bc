"""Checkpoints: three lines or more, signed under the origin's name, and opened for one origin."""

from __future__ import annotations

import pytest

from domain.errors import DamageError, RefusedError, SettingError
from domain.log.checkpoint import Checkpoint, EmptyRootError, open_checkpoint, sign_checkpoint
from domain.log.key import SigningKey
from domain.log.note import sign_note
from domain.log.tree import EMPTY_ROOT
from domain.log.wire import write_base64

LOG = SigningKey("log.example/a", bytes([1]) * 32)
OTHER = SigningKey("log.example/b", bytes([2]) * 32)
ROOT = bytes(range(32))
HASH = write_base64(ROOT)


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(LOG.name, 5, ROOT), Checkpoint(LOG.name, 5, ROOT, ("one", "two")),
        Checkpoint(LOG.name, 0, EMPTY_ROOT), Checkpoint(LOG.name, 2**63 - 1, ROOT),
    ],
)  # fmt: skip
def test_a_checkpoint_is_read_as_it_was_written(checkpoint: Checkpoint) -> None:
    """Also that of no entries, and what further lines say."""
    assert Checkpoint.parse(checkpoint.encode()) == checkpoint
    note = sign_checkpoint(checkpoint, [LOG])
    assert open_checkpoint(note, [LOG.verifier], LOG.name) == Checkpoint.of(note) == checkpoint


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "checkpoint"),
        ("log\n5\n", "checkpoint"),
        (f"log\n5\n{HASH}", "checkpoint"),
        (f"\n5\n{HASH}\n", "checkpoint"),
        (f"log\n5\n{HASH}\n\n", "checkpoint"),
        (f"log\n5\n{HASH}\n\nmore\n", "checkpoint"),
        (f"log\n05\n{HASH}\n", "checkpoint line 2"),
        (f"log\n5\n{HASH[:-4]}\n", "checkpoint line 3"),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_its_line(text: str, place: str) -> None:
    """Empty lines, missing lines, other spellings."""
    with pytest.raises(RefusedError) as caught:
        Checkpoint.parse(text)
    assert caught.value.place == place
    assert type(caught.value) is RefusedError


def test_no_entries_have_one_root() -> None:
    """Another is told apart from what is no checkpoint."""
    with pytest.raises(EmptyRootError):
        Checkpoint.parse(f"log\n0\n{HASH}\n")
    with pytest.raises(EmptyRootError):
        Checkpoint("log", 0, ROOT).encode()


@pytest.mark.parametrize(
    "wrong",
    [
        Checkpoint("log\n5", 5, ROOT), Checkpoint("log", 5, ROOT, ("a\nb",)),
        Checkpoint("log", -1, ROOT), Checkpoint("log", 5, b"short"), Checkpoint("", 5, ROOT),
    ],
)  # fmt: skip
def test_what_the_text_cannot_hold_is_not_written(wrong: Checkpoint) -> None:
    """It would be read as something else."""
    with pytest.raises(RefusedError):
        wrong.encode()


def test_every_key_bears_the_name_of_the_origin() -> None:
    """One of several is enough to be refused."""
    with pytest.raises(ValueError, match="name of its origin"):
        sign_checkpoint(Checkpoint(LOG.name, 5, ROOT), [LOG, OTHER])
    note = sign_checkpoint(Checkpoint(LOG.name, 5, ROOT), [LOG])
    with pytest.raises(SettingError, match="another name than the origin"):
        open_checkpoint(note, [LOG.verifier, OTHER.verifier], LOG.name)


def test_a_checkpoint_of_another_log_is_damage_whoever_signed_it() -> None:
    """The key of one log signed what another says."""
    note = sign_note(f"{OTHER.name}\n5\n{HASH}\n", [LOG])
    with pytest.raises(DamageError, match="of another log"):
        open_checkpoint(note, [LOG.verifier], LOG.name)
