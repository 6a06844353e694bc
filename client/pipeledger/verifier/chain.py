"""A run of entries: links, positions, times, stream numbers, signatures, tree.

Each entry's link is the leaf hash of the entry before, so whatever pins the last entry of a run
pins all of it. `Chain` takes entries in order and finds the first bad position:

* an entry that is not well formed, stands at another position, goes back in time, skips a number
  in a stream or bears no good signature is bad by itself;
* where a link does not fit, one of two entries was altered. If the leaf hashes that the links
  speak of give the signed root, they are the true ones, and the entry that differs from them is
  bad. Otherwise it is the one that the next link does not confirm.

Checking links needs no parsing: they stand at a fixed place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeledger.verifier.broken import BrokenLink
from pipeledger.verifier.entry import (
    AFTER_LINK,
    LINK_AT,
    LINK_END,
    PREFIX,
    genesis_link,
    misplaced,
    parse_entry,
)
from pipeledger.verifier.note import open_checkpoint
from pipeledger.verifier.seen import ForkError
from pipeledger.verifier.succession import ROTATION, Succession
from pipeledger.verifier.tree import Tree, all_but_last, leaf_hashes, levels
from pipeledger.verifier.trust import INTAKE
from pipeledger.verifier.wire import HASH_BYTES, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from pipeledger.verifier.entry import Entry
    from pipeledger.verifier.key import TrustedKey
    from pipeledger.verifier.stretch import Stretch
    from pipeledger.verifier.trust import TrustedLog
    from pipeledger.verifier.wire import Checkpoint

CREATED = "pipeledger.ledger.created"
_HEAD = PREFIX + b"%b" + AFTER_LINK + b'%d,"at":"'
_SLICE = 256
"""Entries whose signatures one thread checks at a time: enough to outweigh handing them over."""


class Chain:
    """A run of entries, checked as it grows.

    Attributes:
        first: position of the first entry.
        count: number of entries so far.
        last_leaf: leaf hash of the last entry; before the first one, what it must link to, or
            nothing where that is not known.
        leaves: leaf hashes of the entries that were given last.
        rows: all hashes of the tree of these, where they are one in the log's; else empty.
        taught: whether an entry was about keys.
        numbers: last number of each stream, where signatures are checked.
        succession: the keys, as the entries replace them.
    """

    def __init__(
        self,
        log: TrustedLog,
        *,
        first: int = 1,
        signatures: bool = True,
        known: Iterable[Checkpoint] = (),
        workers: Executor | None = None,
    ) -> None:
        """Begin a run.

        Args:
            log: whose entries they are.
            first: position of the first one; only a run from 1 gives a root.
            signatures: False leaves out everything that needs parsing: signatures, times,
                stream numbers, and the form of the lines.
            known: checkpoints that a run from 1 must pass through, beside what the log's
                trust has seen.
            workers: threads that check signatures, or None for this thread alone.
        """
        self.first = first
        self.count = 0
        self.last_leaf = genesis_link(log.origin) if first == 1 else b""
        self.leaves: list[bytes] = []
        self.rows: list[list[bytes]] = []
        self.taught = False
        self._origin = log.origin
        self.succession = Succession(log)
        self._keys = keys_by_id(log)
        self._parse = signatures
        passed = [*known, *([log.seen] if log.seen is not None else [])]
        ours = (one for one in passed if one.origin == log.origin)
        self._known = sorted(ours, key=lambda one: one.size)
        self._missed: Checkpoint | None = None
        self._workers = workers
        self._tree = Tree()
        self._held: list[bytes] = []  # the last leaf: a broken link may put it in doubt
        self._at = ""
        self.numbers: dict[str, int] = {}
        self._broken: BrokenLink | None = None

    @property
    def in_doubt(self) -> bool:
        """Whether a link did not fit, so that the end of the run will be a refusal."""
        return self._broken is not None

    @property
    def next_position(self) -> int:
        """The position of the entry that comes next."""
        return self.first + self.count

    def extend(self, entries: Sequence[bytes]) -> list[Entry]:
        """Check more entries; gives them parsed, if signatures are checked.

        Raises:
            UnsoundError: the first bad position, if it is certain already.
        """
        self.leaves = leaf_hashes(entries)
        self.rows = []
        # In one piece: looked for in each entry, it takes five times as long.
        if ROTATION not in b"".join(entries):
            return self._extend(entries, self.leaves)
        self.taught = True
        parsed: list[Entry] = []
        start = 0
        for at in [at for at, entry in enumerate(entries) if ROTATION in entry]:
            # Whoever signs after this entry may be known only by it.
            parsed += self._extend(entries[start : at + 1], self.leaves[start : at + 1])
            self._learn(entries[at])
            start = at + 1
        return parsed + self._extend(entries[start:], self.leaves[start:])

    def adopt(self, part: Stretch) -> bool:
        """Take entries that were checked elsewhere, if they go on from here; else leave all as is.

        Not to be asked of a run in doubt, whose end is a refusal whatever it takes.
        Whoever checked them believed the keys that hold here, and found none that is about keys.
        """
        if (
            part.link != self.last_leaf.hex().encode()
            or part.begins < self._at
            or not self._is_tree(part.size)
            or any(self.numbers.get(one, 0) + 1 != at for one, (at, _) in part.numbers.items())
        ):
            return False
        self._append(part.path)
        self._held = [part.last]
        self.last_leaf = part.last
        self.count += part.size
        self._at = part.ends
        self.numbers.update((one, last) for one, (_, last) in part.numbers.items())
        self.succession.signers = part.signers | self.succession.signers
        return True

    def opened(self, note: bytes) -> Checkpoint:
        """The log's checkpoint, after all entries, by the keys that they led to.

        Raises:
            UnsoundError: none of these signed it, or one that is not valid at its size.
        """
        return open_checkpoint(note, self.succession.keys, self._origin)

    def _learn(self, raw: bytes) -> None:
        if self._broken is not None:
            return
        entry = parse_entry(raw)
        check_signatures(entry, self._keys)
        root = None
        if self.first == 1:
            tree = self._tree.copy()
            tree.extend(self._held)
            root = tree.root()
        self.succession.take(entry, root)
        self._keys = _by_id(self.succession.keys)

    def _extend(self, entries: Sequence[bytes], leaves: list[bytes]) -> list[Entry]:
        if not entries:
            return []
        if self._broken is not None:
            self._broken.extend(entries, leaves)
            self.count += len(entries)
            return []
        if not self._parse and self._is_plain(entries, leaves):
            self._grow(leaves)
            return []
        unlinked = self._first_unlinked(entries, leaves)
        parsed, good, fault = self._examine(entries)
        if fault is not None and (unlinked is None or good < unlinked):
            raise fault
        if unlinked is None:
            self._grow(leaves)
            return parsed
        position = self.next_position + unlinked
        if position == self.first:
            raise fault or UnsoundError(position, "its link is not that of a first entry")
        before = [*self._held, *leaves[:unlinked]]
        self._broken = BrokenLink(
            position, fault if good == unlinked else None, self._tree, before[:-1]
        )
        self._broken.extend(entries[unlinked:], leaves[unlinked:])
        self.count += len(entries)
        return []

    def finish(self, checkpoint: Checkpoint) -> None:
        """End a run from position 1 and compare it with the log's checkpoint.

        Raises:
            UnsoundError: the first bad position; or the root differs.
            ForkError: the log signed another history than is known.
        """
        end = self.next_position - 1
        if self._broken is not None:
            raise self._broken.verdict(checkpoint)
        if end < checkpoint.size:
            raise UnsoundError(end + 1, f"missing: the checkpoint speaks of {checkpoint.size}")
        if end > checkpoint.size:
            raise UnsoundError(checkpoint.size + 1, "not covered by the checkpoint")
        self._add(self._held)
        if self._tree.root() != checkpoint.root:
            raise UnsoundError(
                end or None,
                "the entries do not give the signed root though every link fits: the last one "
                "was altered, or the chain was written anew before it",
            )
        self.check_known(checkpoint.note)

    def check_known(self, note: bytes) -> None:
        """Refuse a run that does not pass through what is known; to be asked once a note proves it.

        Raises:
            ForkError: it does not, and the log signed that.
            UnsoundError: it does not, and the log did not sign it.
        """
        if self._missed is not None:
            raise ForkError(
                f"the first {self._missed.size} entries are not those seen before: a fork",
                self._missed,
                self.opened(note),
            )

    def settle(self) -> None:
        """End a run that is not read further, or whose last entry is proved otherwise.

        Raises:
            UnsoundError: a link did not fit.
        """
        if self._broken is not None:
            raise self._broken.verdict(None)

    def _grow(self, leaves: list[bytes]) -> None:
        if leaves is self.leaves and self._is_tree(len(leaves)):
            self.rows = levels(leaves)
            self._append(all_but_last(self.rows))
        elif self.first == 1:
            self._add([*self._held, *leaves[:-1]])
        self._held = leaves[-1:]
        self.last_leaf = leaves[-1]
        self.count += len(leaves)

    def _is_tree(self, count: int) -> bool:
        """Whether so many entries more are a complete tree in the log's, with no known size inside.

        A run that begins later has no tree.
        """
        return (
            self.first == 1
            and count & (count - 1) == 0
            and self.count % count == 0
            and not any(self.count < one.size < self.count + count for one in self._known)
        )

    def _append(self, path: Sequence[bytes]) -> None:
        """Append the leaves of a complete tree but the last: it is held."""
        self._add(self._held)
        for number, top in enumerate(path, 1):
            self._tree.append(len(path) - number, top)

    def _add(self, leaves: list[bytes]) -> None:
        """Append to the tree, stopping at each size whose root is known."""
        start = self._tree.size
        done = 0
        for one in self._known:
            if start < one.size <= start + len(leaves):
                self._tree.extend(leaves[done : one.size - start])
                done = one.size - start
                # Altered here or signed so by the log: the end of the run says which.
                if self._missed is None and self._tree.root() != one.root:
                    self._missed = one
        self._tree.extend(leaves[done:])

    def _is_plain(self, entries: Sequence[bytes], leaves: list[bytes]) -> bool:
        """Whether each entry begins as one of its position, and links to the one before."""
        first = self.last_leaf.hex().encode() or entries[0][LINK_AT:LINK_END]
        links = [first, *b"".join(leaves).hex("\n", HASH_BYTES).encode().split(b"\n")]
        heads = [_HEAD % (link, at) for at, link in enumerate(links, self.next_position)]
        return all(map(bytes.startswith, entries, heads))

    def _first_unlinked(self, entries: Sequence[bytes], leaves: list[bytes]) -> int | None:
        """Index of the first entry whose link is not the leaf hash of the one before."""
        before = [self.last_leaf, *leaves[:-1]] if self.last_leaf else leaves[:-1]
        skipped = len(leaves) - len(before)
        links = [entry[LINK_AT:LINK_END] for entry in entries[skipped:]]
        if b"".join(links) == b"".join(before).hex().encode():
            return None
        return next(
            index
            for index, (link, leaf) in enumerate(zip(links, before, strict=True), skipped)
            if link != leaf.hex().encode()
        )

    def _examine(self, entries: Sequence[bytes]) -> tuple[list[Entry], int, UnsoundError | None]:
        """Look at each entry by itself: as parsed, how many are good, the fault of the next one."""
        begin = self.next_position
        if not self._parse:
            return [], *misplaced(entries, begin)
        slices = [(begin + at, entries[at : at + _SLICE]) for at in range(0, len(entries), _SLICE)]
        run = map if self._workers is None else self._workers.map
        parsed: list[Entry] = []
        for read, fault in run(self._read, slices):
            for position, entry in enumerate(read, begin + len(parsed)):
                try:
                    self._check(entry, position)
                except UnsoundError as error:
                    return parsed, position - begin, UnsoundError(position, error.cause)
            parsed += read
            if fault is not None:
                return parsed, len(parsed), fault
        return parsed, len(parsed), None

    def _read(self, part: tuple[int, Sequence[bytes]]) -> tuple[list[Entry], UnsoundError | None]:
        """Parse entries and check their signatures, up to the first that fails; in any thread."""
        begin, entries = part
        read: list[Entry] = []
        for position, raw in enumerate(entries, begin):
            try:
                entry = parse_entry(raw)
                check_signatures(entry, self._keys)
            except UnsoundError as error:
                return read, UnsoundError(position, error.cause)
            read.append(entry)
        return read, None

    def _check(self, entry: Entry, position: int) -> None:
        if entry.position != position:
            raise UnsoundError(None, f"here stands an entry that says position {entry.position}")
        if entry.context["o"] != self._origin:
            raise UnsoundError(None, "an entry of another ledger")
        self.succession.note(entry)
        if position == 1 and entry.context["type"] != CREATED:
            raise UnsoundError(None, f"a ledger begins with {CREATED}")
        at = entry.seq["at"]
        if at < self._at:
            raise UnsoundError(None, "its time lies before that of the entry before")
        self._at = at
        for stream, number in zip(entry.context["streams"], entry.seq["sn"], strict=True):
            last = self.numbers.get(stream, 0 if self.first == 1 else number - 1)
            if number != last + 1:
                raise UnsoundError(None, f"number {number} in the stream {stream} after {last}")
            self.numbers[stream] = number


def keys_by_id(log: TrustedLog) -> dict[str, TrustedKey]:
    """The log's intake keys by the id that entries name them with."""
    return _by_id(log.keys)


def _by_id(keys: Iterable[TrustedKey]) -> dict[str, TrustedKey]:
    return {key.key_id: key for key in keys if key.name.endswith(INTAKE)}


def check_signatures(entry: Entry, keys: Mapping[str, TrustedKey]) -> None:
    """Check a context's signatures: all those by trusted keys, and at least one.

    Raises:
        UnsoundError: one does not verify, or none is by a trusted key.
    """
    signed = False
    for key_id, signature in entry.signatures:
        key = keys.get(key_id)
        if key is not None:
            if not key.verify(entry.signed, signature):
                raise UnsoundError(None, "the signature of its context does not verify")
            key.check(entry.position)
            signed = True
    if not signed:
        raise UnsoundError(
            None, f"not signed by a trusted intake key; it names {entry.signatures[0][0]}"
        )
