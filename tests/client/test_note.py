"""Checkpoints as the verifier reads them: signed notes, and the log's own signature."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from pipeledger.verifier.key import TrustedKey
from pipeledger.verifier.note import (
    UnsignedError,
    note_lines,
    note_origin,
    open_checkpoint,
    open_later,
)
from pipeledger.verifier.wire import Checkpoint, UnsoundError
from tests.client.writer import ORIGIN, Key, b64

ROOT: Final = b"\x05" * 32
TEXT: Final = f"{ORIGIN}\n7\n{b64(ROOT)}\n"
LOG: Final = Key(ORIGIN, b"\2" * 32)
OTHER: Final = Key(ORIGIN, b"\3" * 32)
INTAKE: Final = Key(f"{ORIGIN}/intake", b"\1" * 32)
TRUSTED: Final = TrustedKey.parse(LOG.vkey)
MOST: Final = 1_000_000


def line(key: Key, text: str = TEXT) -> str:
    """The signature line of a key."""
    return f"\u2014 {key.name} {b64(key.hash + key.sign(text.encode()))}\n"


def note(text: str = TEXT, *keys: Key) -> bytes:
    """A text signed by keys, or by the log's."""
    return f"{text}\n{''.join(line(key, text) for key in keys or (LOG,))}".encode()


def opened(raw: bytes, *keys: Key) -> Checkpoint:
    """The checkpoint, for whoever trusts the log's key and some others."""
    return open_checkpoint(raw, [TrustedKey.parse(key.vkey) for key in (LOG, *keys)], ORIGIN)


def test_a_checkpoint_is_opened_by_any_of_its_trusted_keys() -> None:
    """Wherever its line stands, and whatever lines of others and more text there are."""
    for keys in ((LOG,), (OTHER, LOG), (LOG, INTAKE, OTHER)):
        raw = note(TEXT, *keys)
        read = opened(raw)
        assert (read.origin, read.size, read.root, read.note) == (ORIGIN, 7, ROOT, raw)
    assert opened(note(f"{TEXT}more\n\u00e4\n")).size == 7
    assert opened(note(TEXT, LOG, OTHER), OTHER).size == 7


def test_a_line_of_a_trusted_key_must_verify_though_another_does() -> None:
    """Nobody else writes under its name and hash."""
    for raw in (note() + line(OTHER, "x").encode(), note(TEXT, OTHER) + line(LOG, "x").encode()):
        with pytest.raises(UnsoundError, match="the log's signature does not verify"):
            opened(raw, OTHER)


@pytest.mark.parametrize("key", [OTHER, INTAKE])
def test_only_the_log_s_own_trusted_keys_sign_its_checkpoints(key: Key) -> None:
    """Neither a stranger under its name nor its intake key under that one's."""
    with pytest.raises(UnsignedError, match="not signed by a trusted key of the log"):
        opened(note(TEXT, key), INTAKE)
    false = Key(f"{ORIGIN}/other", b"\2" * 32)
    false.hash = LOG.hash
    with pytest.raises(UnsignedError):
        opened(note(TEXT, false))


def test_a_checkpoint_is_of_a_size_in_its_key_s_range() -> None:
    """A key that ended before signs none."""
    for last, ends in ((7, False), (6, True)):
        keys = [replace(TRUSTED, last=last)]
        if ends:
            with pytest.raises(UnsoundError, match="outside its range, 1 to 6"):
                open_checkpoint(note(), keys, ORIGIN)
        else:
            assert open_checkpoint(note(), keys, ORIGIN).size == 7


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"{ORIGIN}\n7\n", "expected origin, size and root hash"),
        (f"\n7\n{b64(ROOT)}\n", "expected origin, size and root hash"),
        (f"x{TEXT}", f"of x{ORIGIN}, not of {ORIGIN}"),
        (f"a\u202eb\x7f{'c' * 100}\n7\n{b64(ROOT)}\n", f"of a\\?b\\?{'c' * 96}, not of {ORIGIN}"),
        (TEXT.replace("\n7\n", "\n07\n"), "checkpoint size: not a decimal number"),
        (TEXT.replace(b64(ROOT), b64(ROOT[1:])), "checkpoint root: 31 bytes"),
        (TEXT.replace(b64(ROOT), "root"), "checkpoint root: 3 bytes"),
    ],
)
def test_another_text_is_no_checkpoint_of_the_log(text: str, cause: str) -> None:
    """Though its key signed it; whoever knows no key is told the same."""
    with pytest.raises(UnsoundError, match=cause):
        opened(note(text))
    with pytest.raises(UnsoundError, match=cause):
        open_later(note(text, OTHER), [TRUSTED], ORIGIN)


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (TEXT + line(LOG), "not a signed note"), (f"{TEXT}\n", "not a signed note"),
        (f"{TEXT}\n{line(LOG)}"[:-1], "not a signed note"),
        (f"{TEXT}\n{line(LOG)}\n{line(LOG)}", "not a signed note"),
        (f"a\tb\n{TEXT}\n{line(LOG)}", "not a signed note"),
        (f"{TEXT}\n{line(LOG)[:-1]}\r\n", "not a signed note"),
        (f"{TEXT}\n{line(LOG)}junk\n", "no signature"),
        (f"{TEXT}\njunk\n{line(LOG)}", "no signature"),
        (f"{TEXT}\n-{line(LOG)[1:]}", "no signature"),
        (f"{TEXT}\n\u2014 a {b64(bytes(4))}\n{line(LOG)}", "a signature without bytes"),
        (f"{TEXT}\n\u2014 a {b64(bytes(5))[:-1]}\n{line(LOG)}", "signature: not canonical base64"),
    ],
)  # fmt: skip
def test_what_is_no_note_is_told_so(raw: str, cause: str) -> None:
    """Whatever other readers would pass over."""
    for read in (note_lines, note_origin, opened):
        with pytest.raises(UnsoundError, match=f"^checkpoint.*{cause}"):
            read(raw.encode())
    with pytest.raises(UnsoundError, match="checkpoint: not UTF-8"):
        opened(b"\xff" + note())


def test_a_note_has_its_text_and_its_lines() -> None:
    """Names, hashes of keys, and all after them; one byte of signature is one."""
    raw = note(f"a\nb\n{TEXT}") + f"\u2014 x {b64(b'12345')}\n".encode()
    text, lines = note_lines(raw)
    signed = (LOG.name, LOG.hash, LOG.sign(text.encode()))
    assert (text, lines) == (f"a\nb\n{TEXT}", [signed, ("x", b"1234", b"5")])
    assert note_origin(raw) == "a"


def test_a_note_has_up_to_a_hundred_signatures_and_a_million_bytes() -> None:
    """Neither one more."""
    assert len(note_lines(note(TEXT, *[LOG] * 100))[1]) == 100
    with pytest.raises(UnsoundError, match="checkpoint: too many signatures"):
        note_lines(note(TEXT, *[LOG] * 101))
    more = MOST - len(note(f"{TEXT}\n"[:-1] + "x\n")) + 1
    assert opened(note(f"{TEXT}{'x' * more}\n")).size == 7
    with pytest.raises(UnsoundError, match="checkpoint: too long"):
        opened(note(f"{TEXT}{'x' * (more + 1)}\n"))


def test_what_no_trusted_key_signed_is_read_for_the_key_that_the_log_tells_of() -> None:
    """As it stands; what a trusted key signed wrongly is not."""
    raw = note(TEXT, OTHER)
    read = open_later(raw, [TRUSTED], ORIGIN)
    assert (read.origin, read.size, read.root, read.note) == (ORIGIN, 7, ROOT, raw)
    assert open_later(note(), [TRUSTED], ORIGIN).note == note()
    with pytest.raises(UnsoundError, match="does not verify"):
        open_later(raw + line(LOG, "x").encode(), [TRUSTED], ORIGIN)
