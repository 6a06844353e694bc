"""What was seen of a log before: whatever is verified later must contain it.

A prefix of a log under its own old checkpoint is sound by itself, and so is another history that
the log's key signed. Both are found by whoever kept a checkpoint: the trust store remembers the
largest one that was verified, and `--since` brings one that was kept elsewhere.

| it speaks of | than what was seen | then |
|---|---|---|
| as many entries, under another root | | a fork |
| more entries, all of them at hand | | they passed through the root that was seen |
| more entries | | a consistency proof, where a ledger can be asked |
| fewer entries | as the whole log | entries are missing: truncated, or rolled back |
| fewer entries | as a state of some time | a consistency proof the other way round |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pipeledger.verifier.tree import is_consistent
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeledger.verifier.trust import TrustedLog
    from pipeledger.verifier.witness import WitnessPolicy

Consistency: TypeAlias = "Callable[[TrustedLog, int, int], Sequence[bytes]]"
"""Gives the path between two sizes of a log."""


NO_WITNESS = "no witness was asked: --policy FILE names those that are believed"


class ForkError(UnsoundError):
    """Two checkpoints of one log contradict each other.

    Attributes:
        one: the first; its note may be lost.
        other: the second.
    """

    def __init__(self, cause: str, one: Checkpoint, other: Checkpoint) -> None:
        super().__init__(None, cause)
        self.one = one
        self.other = other


@dataclass(frozen=True)
class Standing:
    """How a checkpoint stands to what was seen.

    Attributes:
        lines: what of it could not be checked, or is worth telling.
        follows: whether it may be remembered in place of what was seen: it is shown to contain it.
        note: the checkpoint, as it was signed.
    """

    lines: tuple[str, ...]
    follows: bool
    note: bytes = b""


@dataclass(frozen=True)
class Memory:
    """What must be contained, and how to ask for proofs of it.

    Attributes:
        known: checkpoints that were brought as known.
        consistency: gives the path between two sizes of a log; None: no ledger can be asked.
        older: a whole log may be a copy made earlier, which holds less than was seen.
        witnesses: whose cosignatures are asked for; None: nobody's.
    """

    known: tuple[Checkpoint, ...] = ()
    consistency: Consistency | None = None
    older: bool = False
    witnesses: WitnessPolicy | None = None

    def compare(
        self, checkpoint: Checkpoint, log: TrustedLog, *, whole: bool, passed: bool
    ) -> Standing:
        """Hold a checkpoint against what is known of its log.

        Args:
            checkpoint: opened with the log's key.
            log: may hold the largest checkpoint that was seen before.
            whole: it claims to be all there is, not a state of some time.
            passed: all entries were at hand, and checked against what is smaller.

        Raises:
            UnsoundError: a fork; or entries are missing.
            UncheckedError: a ledger must show that one contains the other, and does not.
        """
        for one in self.known:
            if one.origin != checkpoint.origin:
                raise UncheckedError(f"the known checkpoint is of {one.origin}")
        lines = [NO_WITNESS] if self.witnesses is None else [*self.witnesses.check(checkpoint)]
        follows = True
        seen = (log.seen,) if log.seen is not None else ()
        for one in (*self.known, *seen):
            told = self._compare(one, checkpoint, log, whole=whole, passed=passed)
            if told:
                if one in self.known:
                    raise UncheckedError(told)
                lines.append(f"not checked: {told}")
                follows = False
            if one.size > checkpoint.size:
                follows = False
                lines.append(f"older than what was seen before: {one.size} entries")
        return Standing(tuple(lines), follows, checkpoint.note)

    def _compare(
        self, one: Checkpoint, checkpoint: Checkpoint, log: TrustedLog, *, whole: bool, passed: bool
    ) -> str:
        """What could not be checked, or nothing."""
        if one.size == checkpoint.size:
            if one.root != checkpoint.root:
                raise ForkError(
                    f"two different roots are signed for size {one.size}: a fork", one, checkpoint
                )
            return ""
        if one.size < checkpoint.size:
            return "" if passed else self._prove(one, checkpoint, log)
        if one in self.known or (whole and not self.older):
            # What was brought along as a minimum (--since) is one whatever is said of copies.
            way = "" if one in self.known else "; --older takes a copy that was made earlier"
            raise UnsoundError(
                checkpoint.size + 1, f"missing: {one.size} entries were seen here before{way}"
            )
        return self._prove(checkpoint, one, log)

    def _prove(self, old: Checkpoint, new: Checkpoint, log: TrustedLog) -> str:
        if old.size == 0:
            return ""
        if self.consistency is None:
            return (
                f"whether the {new.size} entries begin with the {old.size} ones of the earlier "
                "checkpoint, which needs the whole log or its ledger"
            )
        path = self.consistency(log, old.size, new.size)
        if not is_consistent(old.size, new.size, old.root, new.root, path):
            raise ForkError(
                f"the {new.size} entries do not begin with the {old.size} ones of the earlier "
                "checkpoint: a fork",
                old,
                new,
            )
        return ""
