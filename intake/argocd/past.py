"""Which deployments of a line were rollbacks, by what was deployed before.

Argo CD does not mark them: a rollback is a synchronisation to what an entry of the history says.
Since 2.9 an ordinary one names its source too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.argocd.structure import Source

BASIS: Final = "history"
_MOVING: Final = frozenset({"targetRevision", "name", "ref"})


def content_of(
    revision: str | None,
    revisions: Sequence[str | None] | None,
    source: Source | None,
    sources: Sequence[Source] | None,
) -> bytes | None:
    """What was deployed, to be compared and nothing else; None where no revision is told.

    What a revision was asked for by (a branch) does not count, parameters do.
    """
    told = [one for one in (revisions or [revision]) if one]
    if not told:
        return None
    fixed = [
        {name: value for name, value in one.items() if name not in _MOVING}
        for one in (sources or [source or {}])
    ]
    return msgspec.json.encode([told, fixed], order="sorted")


class Line:
    """The deployments of one application, one after the other."""

    def __init__(self) -> None:
        self._met: dict[bytes, str] = {}
        self._last: bytes | None = None
        self._last_id: str | None = None
        self._left: bytes | None = None

    def kind_of(self, content: bytes | None) -> dict[str, Any]:
        """The fields of a deployment that comes next: its kind, what it takes and brings back."""
        if content is None or self._last is None:
            return {}
        if content == self._last:
            kind = "redeploy"
        elif content in self._met and content != self._left:
            return {
                "kind": "rollback", "kind_basis": BASIS,
                "rolls_back": self._last_id, "restores": self._met[content],
            }  # fmt: skip
        else:
            # Going back to what was just rolled back from is going on.
            kind = "planned"
        return {"kind": kind, "kind_basis": BASIS}

    def add(self, identity: str, content: bytes | None) -> None:
        """A deployment succeeded."""
        if content is None:
            return
        if content != self._last:
            back = self.kind_of(content).get("kind") == "rollback"
            self._left = self._last if back else None
        self._met[content] = identity
        self._last, self._last_id = content, identity
