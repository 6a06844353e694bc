"""What is compared: changes, commits, deployments, releases, within a window of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipeledger.instant import read_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

CHANGE, COMMIT, DEPLOYMENT, RELEASE = KINDS = ("change", "commit", "deployment", "release")


@dataclass(frozen=True)
class Thing:
    """Something that a code host has.

    Attributes:
        kind: one of KINDS.
        id: number of a change, object id of a commit, id of a deployment, tag of a release.
        commits: the commits by which the ledger may know it.
        environment: of a deployment.
    """

    kind: str
    id: str
    commits: tuple[str, ...] = ()
    environment: str = ""


@dataclass(frozen=True)
class Window:
    """What happened from `since` on and before `until`."""

    since: datetime
    until: datetime

    def holds(self, instant: object) -> bool:
        """Whether an instant as code hosts write it lies in the window."""
        found = read_instant(instant)
        return found is not None and self.since <= found < self.until

    def before(self, instant: object) -> bool:
        """Whether an instant lies before the window."""
        found = read_instant(instant)
        return found is not None and found < self.since


class CodeHost(Protocol):
    """A repository on a code host."""

    def describe(self) -> tuple[str, str]:
        """Its address for people, and its default branch."""

    def things(self, kind: str, window: Window, branch: str) -> Iterator[Thing]:
        """What there is of a kind: changes merged, commits of the branch, and so on."""

    def has(self, kind: str, identity: str) -> bool:
        """Whether there is this change (merged), deployment or release, at whatever time."""
