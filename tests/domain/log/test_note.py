"""Signed notes: one blank line, nothing but signature lines after it, and known keys that hold."""

from __future__ import annotations

import pytest

from domain.errors import DamageError, RefusedError, SettingError, TooLargeError
from domain.log.key import SigningKey
from domain.log.note import Note, NoteSignature, open_note, parse_note, sign_note
from domain.log.wire import write_base64

ONE, TWO = (SigningKey(f"key.example/{seed}", bytes([seed]) * 32) for seed in (1, 2))
TEXT = "first\nsecond\n"
NOTE = sign_note(TEXT, [ONE])
LINE = NOTE.decode().partition("\n\n")[2]


def test_a_note_is_its_text_and_a_line_of_each_key() -> None:
    """In the order of the keys; whoever knows one of them opens it."""
    note = sign_note(TEXT, [ONE, TWO])
    signatures = tuple(NoteSignature(key.name, key.hash, key.sign(TEXT.encode()))
                       for key in (ONE, TWO))  # fmt: skip
    assert parse_note(note) == (TEXT, signatures)
    assert open_note(note, [TWO.verifier]) == Note(TEXT, signatures[1:])
    assert open_note(note, [TWO.verifier, ONE.verifier]) == Note(TEXT, signatures)


@pytest.mark.parametrize("text", ["", "\n", "x", "\nx\n", "x\n\ny\n", "x\n\n"])
def test_a_text_with_a_blank_line_or_without_an_end_is_not_signed(text: str) -> None:
    """Nobody could say where it ends."""
    with pytest.raises(RefusedError) as caught:
        sign_note(text, [ONE])
    assert caught.value.reason == "the text has no blank line and ends in a line feed"


@pytest.mark.parametrize("control", ["\0", "\t", "\r", "\x1f"])
def test_a_control_character_is_refused_with_its_line(control: str) -> None:
    """Lines are counted from one."""
    for text, line in ((f"x{control}\ny\nz\n", 1), (f"x\ny{control}\nz\n", 2)):
        with pytest.raises(RefusedError, match="a control character") as caught:
            sign_note(text, [ONE])
        assert caught.value.place == f"note line {line}"


@pytest.mark.parametrize("keys", [[], [ONE, ONE], [ONE, TWO, ONE]])
def test_a_note_has_one_signature_of_each_key(keys: list[SigningKey]) -> None:
    """And one at least."""
    with pytest.raises(ValueError, match="by at least one key, and by each once"):
        sign_note(TEXT, keys)


SHORT = write_base64(bytes(4))


@pytest.mark.parametrize(
    ("note", "place", "reason"),
    [
        (f"{TEXT}{LINE}", "note", "no blank line between"),
        (f"\n\n{LINE}", "note", "the text has no blank line"),
        (f"a\n\n{LINE}"[1:], "note", "the text has no blank line"),
        (f"a\tb\n\n{LINE}", "note line 1", "a control character"),
        (f"{TEXT}\n", "note", "the last line has no line feed, or no line is signed"),
        (f"{TEXT}\n{LINE}"[:-1], "note", "the last line has no line feed"),
        (f"{TEXT}\n{LINE}\n", "note line 5", "expected a signature line"),
        (f"{TEXT}\n{LINE}junk\n{LINE}", "note line 5", "expected a signature line"),
        (f"{TEXT}\njunk\n{LINE}", "note line 4", "expected a signature line"),
        (f"{TEXT}\n-{LINE[1:]}", "note line 4", "expected a signature line"),
        (f"{TEXT}\n{LINE.replace('key', 'k+y')}", "note line 4", "expected a printable name"),
        (f"{TEXT}\n\u2014 name\n", "note line 4", "no signature after the key hash"),
        (f"{TEXT}\n{LINE[:-1]} junk\n", "note line 4", "expected standard base64"),
        (f"{TEXT}\n\u2014 a b c d\n", "note line 4", "expected standard base64"),
        (f"{TEXT}\n\u2014 name {LINE.split(' ')[2][:-1]} x\n", "note line 4", "expected standard"),
        (f"{TEXT}\n\u2014 name {SHORT}\n", "note line 4", "no signature after the key hash"),
    ],
)
def test_what_is_no_note_is_refused_with_its_line(note: str, place: str, reason: str) -> None:
    """Whatever other readers would pass over."""
    with pytest.raises(RefusedError, match=reason) as caught:
        parse_note(note.encode())
    assert caught.value.place == place


def test_the_fifth_byte_after_the_hash_begins_the_signature() -> None:
    """One byte is a signature as far as lines go."""
    _, (line,) = parse_note(f"x\n\n\u2014 name {write_base64(bytes(range(5)))}\n".encode())
    assert line == NoteSignature("name", bytes(range(4)), b"\x04")


def test_bytes_that_are_no_text_are_refused_with_their_place() -> None:
    """Counted from zero."""
    with pytest.raises(RefusedError) as caught:
        parse_note(b"ab\xff\n\n")
    assert caught.value.place == "note byte 2"


def test_a_hundred_lines_and_a_million_bytes_are_the_most() -> None:
    """One more is too large."""
    assert len(parse_note(f"{TEXT}\n{LINE * 100}".encode())[1]) == 100
    with pytest.raises(TooLargeError):
        parse_note(f"{TEXT}\n{LINE * 101}".encode())
    below = f"\n\n{LINE}".encode()
    assert parse_note(b"x" * (1_000_000 - len(below)) + below)
    with pytest.raises(TooLargeError):
        parse_note(b"x" * (1_000_001 - len(below)) + below)


def test_without_a_key_or_with_one_twice_nothing_is_opened() -> None:
    """Who opens it set it up wrongly."""
    with pytest.raises(SettingError, match="no key"):
        open_note(NOTE, [])
    with pytest.raises(SettingError, match="given twice"):
        open_note(NOTE, [ONE.verifier, TWO.verifier, ONE.verifier])


def test_a_line_of_a_known_key_holds_and_the_first_counts() -> None:
    """Lines of unknown keys are passed over, wrong as they may be."""
    wrong = NoteSignature(ONE.name, ONE.hash, bytes(64)).line().encode()
    right = NoteSignature(TWO.name, TWO.hash, TWO.sign(TEXT.encode())).line().encode()
    assert open_note(NOTE.replace(LINE.encode(), wrong) + right * 2, [TWO.verifier]).signatures == (
        NoteSignature(TWO.name, TWO.hash, TWO.sign(TEXT.encode())),
    )
    with pytest.raises(DamageError, match=r"signature of key\.example/1 does not"):
        open_note(NOTE + wrong, [ONE.verifier])
    with pytest.raises(DamageError, match=r"signature of key\.example/1 does not"):
        open_note(NOTE.replace(LINE.encode(), wrong) + right, [ONE.verifier, TWO.verifier])
    with pytest.raises(DamageError, match="no signature by a known key"):
        open_note(NOTE, [TWO.verifier])
