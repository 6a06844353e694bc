"""Checkpoints (C2SP tlog-checkpoint): a log's statement of its size and root, as a signed note.

    <origin> LF <tree size> LF <base64 of the root hash> LF          (then extension lines)

A log never signs two checkpoints that are inconsistent with each other; nothing here can see to
that, it is what the guard is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import DamageError, RefusedError, SettingError
from domain.log.note import open_note, parse_note, sign_note
from domain.log.tree import EMPTY_ROOT, HASH_BYTES
from domain.log.wire import read_base64, read_number, write_base64

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.log.note import NoteSigner, NoteVerifier

_LINES = 3


class EmptyRootError(RefusedError):
    """A checkpoint of no entries has another root than that of the empty tree."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself.

    Attributes:
        origin: the log's name.
        size: number of entries; for a ledger the last position.
        root: root hash (32 bytes).
        extensions: further lines, which ours never have.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def encode(self) -> str:
        """The note's text.

        Raises:
            RefusedError: a value the text cannot hold.
        """
        text = "".join(
            f"{line}\n"
            for line in (self.origin, str(self.size), write_base64(self.root), *self.extensions)
        )
        if Checkpoint.parse(text) != self:
            raise RefusedError("checkpoint", "a line has a line feed in it")
        return text

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint of a note's text; nothing is verified here.

        Raises:
            RefusedError: not the text of a checkpoint (EmptyRootError: of no entries, but with
                another root than theirs).
        """
        lines = text.split("\n")
        if lines.pop() or len(lines) < _LINES or not all(lines):
            raise RefusedError("checkpoint", "expected three lines or more, none of them empty")
        size = read_number(lines[1], "checkpoint line 2")
        root = read_base64(lines[2], "checkpoint line 3", HASH_BYTES)
        if size == 0 and root != EMPTY_ROOT:
            raise EmptyRootError("checkpoint", "a tree without leaves has another root")
        return cls(lines[0], size, root, tuple(lines[_LINES:]))

    @classmethod
    def of(cls, note: bytes) -> Checkpoint:
        """The checkpoint that a note says; nothing is verified here.

        Raises:
            RefusedError: not a note, or its text not a checkpoint's.
        """
        return cls.parse(parse_note(note)[0])


def sign_checkpoint(checkpoint: Checkpoint, keys: Iterable[NoteSigner]) -> bytes:
    """The checkpoint as a note, signed by each key under the origin's name.

    During a rotation of keys several sign, all of one name; verifiers pass over those they do
    not know.

    Raises:
        RefusedError: a value the text cannot hold.
        ValueError: no key, one twice, or one whose name is not the origin.
    """
    signers = list(keys)
    if any(key.name != checkpoint.origin for key in signers):
        raise ValueError("a log's key bears the name of its origin")
    return sign_note(checkpoint.encode(), signers)


def open_checkpoint(raw: bytes, verifiers: Sequence[NoteVerifier], origin: str) -> Checkpoint:
    """The checkpoint of this log, if this log's key signed it.

    Args:
        raw: the note; lines of witnesses may follow the log's.
        verifiers: the log's own keys, from local policy and never from the note's sender. Keys
            of another name than `origin` are of no use here and refused.
        origin: the log that is wanted, from local policy too.

    Raises:
        RefusedError: not a note, or its text not a checkpoint's.
        DamageError: the checkpoint of another log, or not signed by this one.
        SettingError: no key, or one of another name.
    """
    if any(key.name != origin for key in verifiers):
        raise SettingError("a key to verify checkpoints with bears another name than the origin")
    checkpoint = Checkpoint.parse(open_note(raw, verifiers).text)
    if checkpoint.origin != origin:
        raise DamageError(None, "checkpoint: of another log")
    return checkpoint
