"""What `fsck` finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree, or that is not there any more.

    Attributes:
        position: where, or None where no position applies.
        cause: what is wrong.
        damage: False for what is only unknown to this version, was redacted, or is too much.
    """

    position: int | None
    cause: str
    damage: bool = True

    def __str__(self) -> str:
        return self.cause if self.position is None else f"position {self.position}: {self.cause}"
