"""Signed notes (C2SP signed-note): a text and lines of signatures under it.

    <text, its last character a line feed>
    LF
    U+2014 SP <key name> SP base64(key hash[4] || signature) LF        (one or more)

Stricter than the specification on purpose, because implementations disagree: some split at the
first blank line, some at the last, some skip junk between signature lines. Here a note has
exactly one blank line and nothing but signature lines after it, whether made or read.

A line of a key we know must verify, or the note is refused whole; lines of keys we do not know
are passed over; without one line that verifies the note is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from domain.errors import DamageError, RefusedError, SettingError, TooLargeError
from domain.log.key import check_key_name
from domain.log.wire import read_base64, write_base64

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_NOTE = 1_000_000
"""Largest note read, in bytes."""
MAX_SIGNATURES = 100
"""Most signature lines read; the specification asks for at least 16."""
HASH_BYTES = 4

_DASH = "\u2014 "
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


class NoteSigner(Protocol):
    """A key that signs notes."""

    @property
    def name(self) -> str:
        """The key's name."""
        ...

    @property
    def hash(self) -> bytes:
        """The 4 bytes that tell keys of one name apart."""
        ...

    def sign(self, message: bytes) -> bytes:
        """What follows the key hash in the line."""
        ...


class NoteVerifier(Protocol):
    """A key that notes are verified with."""

    @property
    def name(self) -> str:
        """The key's name."""
        ...

    @property
    def hash(self) -> bytes:
        """The 4 bytes that tell keys of one name apart."""
        ...

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature`, all that follows the key hash, is the key's for `message`."""
        ...


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A line of a note.

    Attributes:
        name: the key's name.
        hash: the key's 4 bytes.
        value: what follows them: the signature, for cosignatures after its time.
    """

    name: str
    hash: bytes
    value: bytes

    def line(self) -> str:
        """The line, with its line feed."""
        return f"{_DASH}{self.name} {write_base64(self.hash + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was opened.

    Attributes:
        text: with its last line feed.
        signatures: those that verified, one a key, in the note's order.
    """

    text: str
    signatures: tuple[NoteSignature, ...]


def sign_note(text: str, keys: Iterable[NoteSigner]) -> bytes:
    """The note of `text`, signed by each of `keys` in order.

    Raises:
        RefusedError: the text is empty, does not end in a line feed, has a blank line or a
            control character.
        ValueError: no key, or one twice.
    """
    _check_text(text)
    message = text.encode()
    signatures = [NoteSignature(key.name, key.hash, key.sign(message)) for key in keys]
    if not signatures or len({(line.name, line.hash) for line in signatures}) != len(signatures):
        raise ValueError("a note is signed by at least one key, and by each once")
    return (text + "\n" + "".join(line.line() for line in signatures)).encode()


def parse_note(raw: bytes) -> tuple[str, tuple[NoteSignature, ...]]:
    """Text and signature lines of a note; nothing is verified.

    Raises:
        RefusedError: not a note in the strict sense of this module.
        TooLargeError: too many bytes or lines.
    """
    if len(raw) > MAX_NOTE:
        raise TooLargeError("note", f"at most {MAX_NOTE} bytes")
    try:
        note = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError(f"note byte {error.start}", "not UTF-8") from error
    text, blank, below = note.partition("\n\n")
    if not blank:
        raise RefusedError("note", "no blank line between text and signatures")
    text += "\n"
    _check_text(text)
    if not below.endswith("\n"):
        raise RefusedError("note", "the last line has no line feed, or no line is signed")
    lines = below.split("\n")[:-1]
    if len(lines) > MAX_SIGNATURES:
        raise TooLargeError("note", f"at most {MAX_SIGNATURES} signature lines")
    first = text.count("\n") + 2
    return text, tuple(_read_line(line, first + at) for at, line in enumerate(lines))


def open_note(raw: bytes, verifiers: Sequence[NoteVerifier]) -> Note:
    """The note, if a key we know signed it.

    Args:
        raw: the note.
        verifiers: the keys we know.

    Raises:
        RefusedError: not a note in the strict sense of this module.
        TooLargeError: too many bytes or lines.
        DamageError: a line of a known key does not verify, or no known key signed.
        SettingError: no key is given, or two share name and hash.
    """
    known = {(key.name, key.hash): key for key in verifiers}
    if not known:
        raise SettingError("no key is given to verify the note with")
    if len(known) != len(verifiers):
        raise SettingError("two of the keys share name and hash, or one is given twice")
    text, lines = parse_note(raw)
    message = text.encode()
    verified: dict[tuple[str, bytes], NoteSignature] = {}
    for line in lines:
        key = known.get((line.name, line.hash))
        if key is None:
            continue
        if not key.verify(message, line.value):
            raise DamageError(None, f"note: the signature of {line.name} does not verify")
        verified.setdefault((line.name, line.hash), line)
    if not verified:
        raise DamageError(None, "note: no signature by a known key")
    return Note(text, tuple(verified.values()))


def _check_text(text: str) -> None:
    if not text.endswith("\n") or text.startswith("\n") or "\n\n" in text:
        raise RefusedError("note", "the text has no blank line and ends in a line feed")
    if (control := _CONTROL.search(text)) is not None:
        line = text[: control.start()].count("\n") + 1
        raise RefusedError(f"note line {line}", "a control character")


def _read_line(line: str, number: int) -> NoteSignature:
    place = f"note line {number}"
    # At most three pieces: a name has no space, so whatever a fourth held is refused as base64.
    dash, name, encoded = [*line.split(" ", 2), "", ""][:3]
    if dash + " " != _DASH:
        raise RefusedError(place, "expected a signature line: a dash, a name, base64")
    try:
        check_key_name(name)
    except RefusedError as error:
        raise RefusedError(place, error.reason) from error
    raw = read_base64(encoded, place)
    if len(raw) <= HASH_BYTES:
        raise RefusedError(place, "no signature after the key hash")
    return NoteSignature(name, raw[:HASH_BYTES], raw[HASH_BYTES:])
