"""All events of a stream: nothing is left out between the first and the last that is shown.

    {"format":"pipeledger/stream/v1","stream":name,"size":n,"checkpoint":note,
     "entries":[{"entry":base64,"hashes":[base64,..],..},..]}

Each entry is signed, stands in the log under the one checkpoint, and says its number in the
stream. Numbers run 1, 2, .. n at growing positions, so the stream has no other event up to the
position of the last one. Whether an event n+1 stands between there and the checkpoint's size,
numbers cannot tell: whoever answers may hold it back. It is shown by

* a later answer, in which n+1 stands after that size (an earlier checkpoint is then given, or is
  remembered: up to its size the answer is complete), or
* a run over all entries, which counts every stream.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.note import note_origin, open_checkpoint
from pipeledger.verifier.proof import MAX_PATH, check_entry
from pipeledger.verifier.tree import is_included, leaf_hash
from pipeledger.verifier.trust import find_trust
from pipeledger.verifier.wire import UncheckedError, UnsoundError, read_base64, read_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.verifier.trust import TrustedLog
    from pipeledger.verifier.wire import Checkpoint

STREAM = "pipeledger/stream/v1"
_STREAM_NAME = re.compile("[!-~]{1,232}")


@dataclass(frozen=True)
class Stream:
    """The events of a stream that were shown.

    Attributes:
        log: whose they are.
        name: the stream's.
        positions: of the events, in order of their numbers, from 1.
        checkpoint: that all of them are proved against.
    """

    log: TrustedLog
    name: str
    positions: tuple[int, ...]
    checkpoint: Checkpoint

    def complete_up_to(self, size: int) -> int | None:
        """How many events the first `size` entries hold, where that is shown; else None."""
        if not self.positions or size > self.positions[-1]:
            return None
        return sum(position <= size for position in self.positions)

    def lines(self, earlier: Sequence[Checkpoint]) -> list[str]:
        """What is shown and what is not.

        Args:
            earlier: checkpoints that the log is shown to contain.
        """
        count, size = len(self.positions), self.checkpoint.size
        if not count:
            return [
                f"no event of {self.name} is shown",
                f"not shown: that none stands among the {size} entries; {_CLOSE}",
            ]
        last = self.positions[-1]
        whole = f"signed and included, none left out up to position {last}"
        lines = [f"{self.name}: events 1 to {count}, {whole}"]
        for one in earlier:
            if one.size < last:
                known = self.complete_up_to(one.size)
                lines.append(f"of the first {one.size} entries these are {known}, and all")
        if last < size:
            lines.append(
                f"not shown: that no event {count + 1} stands at positions {last + 1} to {size}; "
                f"{_CLOSE}"
            )
        else:
            lines.append(f"complete: the last one is the last of all {size} entries")
        return lines


_CLOSE = "a later answer, or verify of all entries with --stream, closes that"


def check_stream(fields: dict[str, Any], logs: Sequence[TrustedLog]) -> Stream:
    """Check the events of a stream.

    Raises:
        UnsoundError: one is not genuine, not in the log or not of the stream; or one is left out.
        UncheckedError: no key is trusted for the ledger, or it does not begin with the first.
    """
    name, entries, log, checkpoint = _opened(fields, logs)
    positions: list[int] = []
    for one in entries:
        if not isinstance(one, dict):
            raise UnsoundError(None, "stream: an entry that is no object")
        position, number = _member(one, name, log, checkpoint)
        if number != len(positions) + 1:
            if not positions:
                raise UncheckedError(
                    f"it begins with event {number} of the stream", "ask for the stream from 1 on"
                )
            raise UnsoundError(
                position,
                f"number {number} in {name} after {len(positions)}: something is left out",
            )
        if positions and position <= positions[-1]:
            raise UnsoundError(position, f"stands before event {len(positions)} of {name}")
        positions.append(position)
    if fields.get("next") is not None:
        raise UncheckedError("it is one page of several", "pipeledger query stream NAME gets all")
    return Stream(log, name, tuple(positions), checkpoint)


def _opened(
    fields: dict[str, Any], logs: Sequence[TrustedLog]
) -> tuple[str, list[Any], TrustedLog, Checkpoint]:
    """Name, entries, log and checkpoint of an answer."""
    name, note, entries = (fields.get(one) for one in ("stream", "checkpoint", "entries"))
    if fields.get("format") != STREAM:
        raise UnsoundError(None, "stream: not of a version that this verifier knows")
    if not isinstance(name, str) or not isinstance(note, str) or not isinstance(entries, list):
        raise UnsoundError(None, "stream: expected stream, checkpoint and entries")
    if _STREAM_NAME.fullmatch(name) is None:
        raise UnsoundError(None, "stream: no name of a stream")
    raw = note.encode("utf-8", "surrogatepass")
    log = find_trust(logs, note_origin(raw))
    checkpoint = open_checkpoint(raw, log.log_keys, log.origin)
    if fields.get("size") != checkpoint.size:
        raise UnsoundError(None, "stream: its size is not that of its checkpoint")
    return name, entries, log, checkpoint


def _member(
    one: dict[str, Any], name: str, log: TrustedLog, checkpoint: Checkpoint
) -> tuple[int, int]:
    """Position of an entry that is in the log, and its number in the stream."""
    raw = read_base64(one.get("entry"), "stream entry")
    entry = check_entry(raw, log)
    position, hashes = entry.position, one.get("hashes")
    if not isinstance(hashes, list) or len(hashes) > MAX_PATH:
        raise UnsoundError(position, "without its path to the root")
    path = [read_hash(step, "stream hash") for step in hashes if isinstance(step, str)]
    if len(path) != len(hashes) or not is_included(
        leaf_hash(raw), position - 1, checkpoint.size, path, checkpoint.root
    ):
        raise UnsoundError(position, "the path does not lead from this entry to the root")
    if one.get("position", position) != position:
        raise UnsoundError(position, "said to stand at another position")
    streams = entry.context["streams"]
    if name not in streams:
        raise UnsoundError(position, f"not an event of {name[:100]!a}")
    return position, int(entry.seq["sn"][streams.index(name)])
