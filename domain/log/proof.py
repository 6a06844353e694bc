"""Proof files (C2SP tlog-proof, extension `.tlog-proof`): an entry is in a log, checked offline.

    c2sp.org/tlog-proof@v1
    extra <base64>                   optional, not authenticated
    index <decimal>                  position - 1
    <base64 hash>                    none or more, the leaf's sibling first
                                     (blank line)
    <checkpoint, verbatim>

The file says neither which entry it is for nor whether to trust the log: the leaf hash is made
from the entry's own bytes, origin and keys come from local policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import RefusedError, TooLargeError
from domain.log.checkpoint import Checkpoint, open_checkpoint
from domain.log.note import MAX_NOTE, parse_note
from domain.log.tree import HASH_BYTES, verify_inclusion
from domain.log.wire import read_base64, read_number, write_base64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.log.note import NoteVerifier

MAX_HASHES = 63
"""A path in a tree of at most 2^63 - 1 leaves is no longer."""
MAX_EXTRA = 65_536
MAX_PROOF = MAX_NOTE + 2 * MAX_EXTRA
MEDIA_TYPE = "text/plain; charset=utf-8"

_HEADER = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof file.

    Attributes:
        index: position - 1.
        hashes: the inclusion path (32 bytes each).
        checkpoint: the signed note, verbatim.
        extra: whatever the maker added, not authenticated, or None.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """The file's bytes.

        Raises:
            RefusedError: a value the file cannot hold.
            TooLargeError: too many hashes or too much besides.
        """
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(_EXTRA + write_base64(self.extra))
        lines.append(f"{_INDEX}{self.index:d}")
        lines.extend(map(write_base64, self.hashes))
        raw = "\n".join([*lines, "", ""]).encode("ascii") + self.checkpoint
        TlogProof.parse(raw)
        return raw

    @classmethod
    def parse(cls, raw: bytes) -> TlogProof:
        """The proof of a file's bytes; nothing is verified here.

        Raises:
            RefusedError: not a proof file.
            TooLargeError: too many bytes or hashes.
        """
        if len(raw) > MAX_PROOF:
            raise TooLargeError("proof", f"at most {MAX_PROOF} bytes")
        head, blank, note = raw.partition(b"\n\n")
        if not blank:
            raise RefusedError("proof", "no blank line before the checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise RefusedError(f"proof byte {error.start}", "not ASCII") from error
        if lines[0] != _HEADER:
            raise RefusedError("proof line 1", f"expected {_HEADER}")
        at = 1
        extra = None
        if lines[at:] and lines[at].startswith(_EXTRA):
            extra = read_base64(lines[at].removeprefix(_EXTRA), f"proof line {at + 1}")
            at += 1
            if len(extra) > MAX_EXTRA:
                raise TooLargeError("proof", f"extra has over {MAX_EXTRA} bytes")
        if not lines[at:] or not lines[at].startswith(_INDEX):
            raise RefusedError(f"proof line {at + 1}", "expected the line of the index")
        index = read_number(lines[at].removeprefix(_INDEX), f"proof line {at + 1}")
        hashes = lines[at + 1 :]
        if len(hashes) > MAX_HASHES:
            raise TooLargeError("proof", f"at most {MAX_HASHES} hashes")
        path = tuple(
            read_base64(line, f"proof line {number}", HASH_BYTES)
            for number, line in enumerate(hashes, at + 2)
        )
        # An index outside the tree is malformed whoever signed, so it is said at once.
        text, _ = parse_note(note)
        if index >= Checkpoint.parse(text).size:
            raise RefusedError(f"proof line {at + 1}", "the tree has no leaf of this index")
        return cls(index, path, note, extra)

    def verify(self, leaf: bytes, verifiers: Sequence[NoteVerifier], origin: str) -> Checkpoint:
        """Check that the entry of this leaf hash is in the log `origin`, where the file says.

        Args:
            leaf: hash made from the entry's own bytes (`domain.log.entry.leaf_hash`).
            verifiers: the log's keys, from local policy.
            origin: the log, from local policy.

        Returns:
            The checkpoint, now verified.

        Raises:
            RefusedError: the checkpoint is malformed.
            DamageError: signature, origin or path does not verify.
            SettingError: no key, or one of another name than the origin.
        """
        checkpoint = open_checkpoint(self.checkpoint, verifiers, origin)
        verify_inclusion(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root)
        return checkpoint
