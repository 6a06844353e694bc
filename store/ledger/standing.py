"""A guard that only says what stands: for whoever examines a ledger beside its own guard."""

from __future__ import annotations

from domain.errors import ConflictError


class StandingGuard:
    """Says what a guard held, or is to hold; takes nothing."""

    def __init__(self, note: bytes) -> None:
        self._note = note

    def read(self) -> bytes:
        """The checkpoint."""
        return self._note

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Refuse: nothing is signed while a ledger is examined.

        Raises:
            ConflictError: always.
        """
        del old, new
        raise ConflictError("a ledger that is examined takes no checkpoint")
