"""A statement, opened, as the readers of predicates get it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intake.instant import Told


@dataclass(frozen=True, slots=True)
class Said:
    """A statement.

    Attributes:
        predicate_type: what kind of thing is said.
        predicate: what is said, JSON.
        subjects: fields `artifact` and `commit` of those it is said of; at least one, which is
            empty where no subject has a digest.
        digest: of the statement.
        version: of the statement's format: `v0.1`, `v1`.
        signed: whether it is signed; nobody says that the signature holds.
        is_logged: whether a transparency log has it, or None where nothing would say so.
        logged_at: since when.
    """

    predicate_type: str
    predicate: bytes
    subjects: list[dict[str, Any]]
    digest: str
    version: str | None
    signed: bool
    is_logged: bool | None
    logged_at: Told | None

    @property
    def base(self) -> dict[str, Any]:
        """Fields of every event that tells of it."""
        return {
            "predicate_type": self.predicate_type,
            "signed": self.signed,
            "logged": self.is_logged,
        }
