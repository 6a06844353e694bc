"""What the pushes of code hosts have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from intake.ids import commit_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class Pushed(Protocol):
    """A commit as a push lists it."""

    @property
    def id(self) -> str | None:
        """Its object id, as the host writes it."""


def listed(commits: Iterable[Pushed] | None) -> list[dict[str, str]] | None:
    """The commits that a push lists, for `ref.updated`, or None where it lists none.

    Also those that were on another branch before: the place that the branch moved to contains
    them all, and the host does not tell their parents.
    """
    return [{"sha": sha} for one in commits or () if (sha := commit_of(one.id))] or None
