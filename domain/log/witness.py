"""What a witness decides (C2SP tlog-witness): whether it cosigns a checkpoint.

    old <size> LF
    <base64 hash> LF           0 to 63: proof from the tree of that size to the checkpoint's
    LF
    <checkpoint>

It has seen one tree of each log, its latest; the checkpoint must be that tree grown on. Nothing is
kept here: whoever calls keeps the latest checkpoint, in one step with this decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from domain.errors import ConflictError, DamageError, ForbiddenError, NotFoundError, RefusedError
from domain.log.checkpoint import Checkpoint, EmptyRootError
from domain.log.note import open_note, parse_note
from domain.log.proof import MAX_HASHES
from domain.log.tree import EMPTY_ROOT, HASH_BYTES, verify_consistency
from domain.log.wire import read_base64, read_number, write_base64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.log.key import VerifierKey

SIZE_MEDIA_TYPE: Final = "text/x.tlog.size"
"""Media type of the answer that tells which size was cosigned last."""
MAX_SUBMISSION: Final = 65_536
"""Largest request a witness reads, in bytes."""
_OLD: Final = "old "


class StaleError(ConflictError):
    """The sender began from another size than the one that was cosigned last.

    Attributes:
        size: the one that was.
    """

    def __init__(self, size: int) -> None:
        super().__init__(f"the tree of {size} entries was cosigned last")
        self.size = size


class InconsistentError(ConflictError):
    """The checkpoint is not shown to be the latest tree grown on.

    Attributes:
        fork: two roots are signed for one size; else the proof alone does not hold.
    """

    def __init__(self, cause: str, *, fork: bool = False) -> None:
        super().__init__(cause)
        self.fork = fork


@dataclass(frozen=True, slots=True)
class Submission:
    """A request to cosign.

    Attributes:
        old: size of the tree that the proof begins from.
        hashes: consistency proof from there.
        note: the checkpoint, verbatim.
    """

    old: int
    hashes: tuple[bytes, ...]
    note: bytes

    def encode(self) -> bytes:
        """The request's bytes."""
        lines = [f"{_OLD}{self.old:d}", *map(write_base64, self.hashes), "", ""]
        return "\n".join(lines).encode("ascii") + self.note

    @classmethod
    def parse(cls, raw: bytes) -> Submission:
        """The submission of a request's bytes; nothing is verified here.

        Raises:
            RefusedError: malformed, or the old size is larger than the checkpoint's.
            TooLargeError: the checkpoint has too many signatures. How many bytes are read
                (`MAX_SUBMISSION`) is up to whoever reads them.
        """
        head, blank, note = raw.partition(b"\n\n")
        if not blank:
            raise RefusedError("request", "no blank line before the checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise RefusedError(f"request byte {error.start}", "not ASCII") from error
        if not lines[0].startswith(_OLD):
            raise RefusedError("request line 1", "expected the old size")
        old = read_number(lines[0].removeprefix(_OLD), "request line 1")
        if len(lines) - 1 > MAX_HASHES:
            raise RefusedError("request", f"at most {MAX_HASHES} hashes")
        hashes = tuple(
            read_base64(line, f"request line {number}", HASH_BYTES)
            for number, line in enumerate(lines[1:], 2)
        )
        parse_note(note)
        return cls(old, hashes, note)

    @property
    def origin(self) -> str:
        """The log that the checkpoint says it is of."""
        return parse_note(self.note)[0].partition("\n")[0]


def origin_digest(origin: str) -> str:
    """SHA-256 of an origin in hexadecimal digits: the log's name in addresses."""
    return sha256(origin.encode()).hexdigest()


def judge(
    submission: Submission, keys: Sequence[VerifierKey], last: Checkpoint | None
) -> Checkpoint:
    """The checkpoint, if it is to be cosigned. The order of the checks is the specification's.

    Args:
        submission: what was sent.
        keys: those that are trusted for its origin; none: the origin is unknown.
        last: the checkpoint of this origin that was cosigned last, or None.

    Raises:
        NotFoundError: the origin is unknown.
        ForbiddenError: no trusted key signed, or the line of one does not verify.
        RefusedError: not a checkpoint, or smaller than the old size.
        StaleError: another size was cosigned last.
        InconsistentError: another tree.
    """
    if not keys:
        raise NotFoundError("a checkpoint of a log that this witness does not know")
    try:
        text = open_note(submission.note, keys).text
    except DamageError as error:
        raise ForbiddenError("checkpoint", error.cause) from error
    try:
        checkpoint = Checkpoint.parse(text)
    except EmptyRootError as error:
        raise InconsistentError(error.reason) from error
    if submission.old > checkpoint.size:
        raise RefusedError("request line 1", "the old size is larger than the checkpoint's")
    size, root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
    if submission.old != size:
        raise StaleError(size)
    if checkpoint.size == size and checkpoint.root != root:
        raise InconsistentError(f"two roots are signed for {size} entries: a fork", fork=True)
    try:
        verify_consistency(size, checkpoint.size, root, checkpoint.root, submission.hashes)
    except DamageError as error:
        raise InconsistentError(error.cause) from error
    return checkpoint
