"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), read strictly.

    <origin> LF <size> LF <base64 of the root hash> LF
    LF
    U+2014 SP <key name> SP base64(key hash[4] || signature) LF          one or more

Exactly one blank line, and nothing but signature lines after it. A line of a trusted key must
verify; lines of other keys are passed over; without a line that verifies there is no checkpoint.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeledger.verifier.shown import printable
from pipeledger.verifier.wire import (
    Checkpoint,
    UnsoundError,
    read_base64,
    read_hash,
    read_number,
    read_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeledger.verifier.key import TrustedKey

MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100
_TEXT_LINES = 3
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile("\u2014 ([^ +]+) ([A-Za-z0-9+/]+=*)")


def note_origin(raw: bytes) -> str:
    """The first line of a note: whose checkpoint it claims to be.

    Raises:
        UnsoundError: not a note.
    """
    return _split(raw)[0].partition("\n")[0]


class UnsignedError(UnsoundError):
    """A checkpoint that no trusted key signed; its log may have said which new key did."""


def open_later(raw: bytes, keys: Iterable[TrustedKey], origin: str) -> Checkpoint:
    """A checkpoint of which all entries are at hand: they may introduce the key that signed it.

    What no trusted key signed is given as it stands; `open_checkpoint` must be called again with
    the keys that the entries led to.

    Raises:
        UnsoundError: not a checkpoint, another log's, or a signature that does not verify.
    """
    try:
        return open_checkpoint(raw, keys, origin)
    except UnsignedError:
        lines = _split(raw)[0].split("\n")
        size = read_number(lines[1], "checkpoint size")
        return Checkpoint(origin, size, read_hash(lines[2], "checkpoint root"), raw)


def open_checkpoint(raw: bytes, keys: Iterable[TrustedKey], origin: str) -> Checkpoint:
    """The checkpoint of the log `origin`, signed by one of its trusted keys.

    Raises:
        UnsoundError: not a checkpoint, another log's, or not signed by a trusted key.
    """
    text, signatures = _split(raw)
    lines = text.split("\n")[:-1]
    if len(lines) < _TEXT_LINES or not all(lines):
        raise UnsoundError(None, "checkpoint: expected origin, size and root hash")
    if lines[0] != origin:
        raise UnsoundError(None, f"checkpoint: of {printable(lines[0][:100])}, not of {origin}")
    size = read_number(lines[1], "checkpoint size")
    root = read_hash(lines[2], "checkpoint root")
    known = {(key.name, key.key_hash): key for key in keys if key.name == origin}
    signed = False
    for name, key_hash, signature in signatures:
        key = known.get((name, key_hash))
        if key is None:
            continue
        if not key.verify(text.encode(), signature):
            raise UnsoundError(None, "checkpoint: the log's signature does not verify")
        key.check(size)
        signed = True
    if not signed:
        raise UnsignedError(
            None,
            "checkpoint: not signed by a trusted key of the log "
            "(if its keys were replaced since, verify the whole ledger first)",
        )
    return Checkpoint(origin, size, root, raw)


def note_lines(raw: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Text and signature lines of a note: name, key hash, and what follows them.

    Raises:
        UnsoundError: not a note.
    """
    return _split(raw)


def _split(raw: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    if len(raw) > MAX_NOTE:
        raise UnsoundError(None, "checkpoint: too long")
    text, _, below = read_text(raw, "checkpoint").partition("\n\n")
    if "\n\n" in below or not below.endswith("\n") or _CONTROL.search(text + below):
        raise UnsoundError(None, "checkpoint: not a signed note")
    lines = below.split("\n")[:-1]
    if len(lines) > MAX_SIGNATURES:
        raise UnsoundError(None, "checkpoint: too many signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise UnsoundError(None, "checkpoint: a line under the text is no signature")
    raw = read_base64(match[2], "checkpoint signature")
    if len(raw) <= 4:  # noqa: PLR2004 - the key hash alone
        raise UnsoundError(None, "checkpoint: a signature without bytes")
    return match[1], raw[:4], raw[4:]
