"""What the publisher asks of whoever has checkpoints cosigned before anybody is answered."""

from __future__ import annotations

from typing import Protocol


class Witnessing(Protocol):
    """Has a checkpoint cosigned; only for a ledger that gives no receipt without witnesses."""

    def cosigned(self, note: bytes) -> bytes:
        """The note, with the cosignatures of a quorum under it.

        Raises:
            UnavailableError: no quorum cosigned it in time.
        """
        ...
