"""Which deployments of a line were rollbacks, by what was deployed before.

Argo CD does not mark them: a rollback is a synchronisation to what an entry of the history says.
Since 2.9 an ordinary one names its source too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.argocd.structure import Source

BASIS: Final = "history"
_MOVING: Final = frozenset({"targetRevision", "name", "ref"})


@dataclass(frozen=True, slots=True)
class Content:
    """What was deployed, to be compared and nothing else: parameters may be secret.

    Attributes:
        revisions: of each source.
        sources: the sources as they stand there, without what a revision was asked for by.
    """

    revisions: tuple[str, ...]
    sources: bytes = field(repr=False)


def content_of(
    revision: str | None,
    revisions: Sequence[str | None] | None,
    source: Source | None,
    sources: Sequence[Source] | None,
) -> Content | None:
    """What was deployed; None where no revision is told.

    What a revision was asked for by (a branch) does not count, parameters do.
    """
    told = tuple(one for one in (revisions or [revision]) if one)
    if not told:
        return None
    fixed = [
        {name: value for name, value in one.items() if name not in _MOVING}
        for one in (sources or [source or {}])
    ]
    return Content(told, msgspec.json.encode(fixed, order="sorted"))


class Line:
    """The deployments of one application, one after the other."""

    def __init__(self) -> None:
        self._met: dict[Content, str] = {}
        self._revisions: set[tuple[str, ...]] = set()
        self._last: Content | None = None
        self._left: Content | None = None

    def kind_of(self, content: Content | None) -> dict[str, Any]:
        """The fields of a deployment that comes next: its kind, what it takes and brings back.

        Nothing is said of a revision that is new: it may be planned or a hotfix.
        """
        if content is None or self._last is None:
            return {}
        if content == self._last:
            return {"kind": "redeploy", "kind_basis": BASIS}
        if content in self._met and content != self._left:
            return {
                "kind": "rollback", "kind_basis": BASIS,
                "rolls_back": self._met[self._last], "restores": self._met[content],
            }  # fmt: skip
        if content.revisions in self._revisions:
            # Other parameters, or going back to what was just rolled back from: going on.
            return {"kind": "planned", "kind_basis": BASIS}
        return {}

    def add(self, identity: str, content: Content | None) -> None:
        """A deployment succeeded."""
        if content is None:
            return
        if content != self._last:
            back = self.kind_of(content).get("kind") == "rollback"
            self._left = self._last if back else None
        self._met[content] = identity
        self._revisions.add(content.revisions)
        self._last = content
