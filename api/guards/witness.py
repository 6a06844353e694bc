"""A witness as guard: its `add-checkpoint` is a compare and swap that nobody can roll back.

It holds the last tree of our log, and takes another only with a proof that ours grew on from it.
So it also refuses what a plain store cannot see: a checkpoint of another history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from api.witness.calling import ForkSeenError
from domain.errors import UnavailableError
from domain.log.checkpoint import Checkpoint
from domain.log.witness import StaleError, Submission
from store.ledger.guard import GuardConflictError

if TYPE_CHECKING:
    from api.witness.calling import WitnessClient

Proving = Callable[[int, int], list[bytes]]
"""Gives the consistency proof between two sizes."""


class WitnessGuard:
    """Compare and swap at a witness. Safe for threads and for several processes."""

    def __init__(self, client: WitnessClient, origin: str, prove: Proving) -> None:
        """Guard a log.

        Args:
            client: the witness.
            origin: the log.
            prove: gives the consistency proof between two sizes of its tree.
        """
        self._client = client
        self._origin = origin
        self._prove = prove

    def read(self) -> bytes | None:
        """The checkpoint that the witness cosigned last; see `store.ledger.guard.Guard`.

        Raises:
            UnavailableError: it does not answer, or shows an older one than it cosigned.
        """
        note = self._client.latest(self._origin)
        if note is None:
            return None
        size = Checkpoint.of(note).size
        try:
            # What a witness shows may be an hour old; what it takes is decided on the newest.
            self._client.add(Submission(size, (), note))
        except StaleError as error:
            raise UnavailableError(
                f"the witness {self._client.name} shows the tree of {size} entries, but cosigned "
                f"one of {error.size}: ask again later"
            ) from error
        return note

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Have `new` cosigned after `old`; see `store.ledger.guard.Guard`."""
        before, after = 0 if old is None else Checkpoint.of(old).size, Checkpoint.of(new).size
        proof = tuple(self._prove(before, after)) if before else ()
        try:
            self._client.add(Submission(before, proof, new))
        except StaleError as error:
            raise GuardConflictError(
                f"the witness {self._client.name} cosigned a tree of {error.size} entries"
            ) from error
        except ForkSeenError as error:
            raise GuardConflictError(str(error)) from error
