"""Who made what is approved, as far as the ledger's own events tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from eventsourcing.dcb.domain import Selector

from domain.decisions.fact import (
    ArtifactDescribed,
    ArtifactPublished,
    AttestationVerified,
    BuildFinished,
    ChangeMerged,
    ChangeProposed,
    ChangeReviewed,
    ChangeUpdated,
    CommitPushed,
    Fact,
    RefUpdated,
    ReleaseCreated,
)
from domain.errors import RefusedError
from domain.log.names import RESERVED_TAG_PREFIX, stream_component, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_COMMITS: Final = 300
"""Commits behind one approval; each is a condition of its own."""
_CHANGES: Final = (ChangeProposed, ChangeUpdated, ChangeReviewed, ChangeMerged)
_CHANGED: Final = ("commit", "head", "merge_commit")
_OF_COMMIT: Final = (CommitPushed, RefUpdated, *_CHANGES)
_OF_ARTIFACT: Final = (
    BuildFinished, ArtifactPublished, ArtifactDescribed, AttestationVerified, ReleaseCreated,
)  # fmt: skip


class Authorship:
    """The commits behind subjects, and whoever wrote, committed or pushed them.

    A release leads to its commit and artifacts, an artifact to the commits it was built from, the
    commit of a merge to the commits of its change. Each is a selector, so whatever is told of
    them later belongs to the same question.

    Attributes:
        persons: who made it: opaque ids.
    """

    def __init__(self, subjects: Iterable[Mapping[str, Any]], service: str | None) -> None:
        """The question, before anything is learned.

        Args:
            subjects: what is approved.
            service: that releases among them are of.
        """
        self.persons: set[str] = set()
        self._commits: dict[str, None] = {}
        self._artifacts: dict[str, None] = {}
        self._releases: dict[str, None] = {}
        self._service = service
        for one in subjects:
            self._take(one.get("commit"), self._commits)
            if one.get("kind") == "artifact":
                self._take(one.get("digest"), self._artifacts)
            if one.get("kind") == "release":
                self._take(one.get("release"), self._releases)

    def selectors(self) -> list[Selector]:
        """The facts that tell it, as far as is known which they are.

        Raises:
            RefusedError: too many commits stand behind it.
        """
        if len(self._commits) > MOST_COMMITS:
            raise RefusedError(
                "field subjects", f"over {MOST_COMMITS} commits stand behind it: ask in parts"
            )
        found = [Selector(_OF_COMMIT, [tag("commit", one)]) for one in self._commits]
        found += [Selector(_OF_ARTIFACT, [tag("artifact", one)]) for one in self._artifacts]
        found += [
            Selector(_OF_ARTIFACT, [f"{RESERVED_TAG_PREFIX}artifact/{stream_component(one)}"])
            for one in self._artifacts
        ]
        if self._service is not None:
            service = stream_component(self._service)
            found += [
                Selector(
                    [ReleaseCreated],
                    [f"{RESERVED_TAG_PREFIX}release/{service}@{stream_component(one)}"],
                )
                for one in self._releases
            ]
        return found

    def learn(self, fact: Fact) -> None:
        """Take in a fact; those that are of something else say nothing here."""
        said = fact.data
        if isinstance(fact, CommitPushed):
            if said.get("commit") in self._commits:
                self._made(said, "authors", "co_authors", "committer", "pusher")
        elif isinstance(fact, RefUpdated):
            self._pushed(said)
        elif isinstance(fact, _CHANGES):
            self._changed(said)
        elif isinstance(fact, _OF_ARTIFACT):
            self._built(fact)

    def _pushed(self, said: Mapping[str, Any]) -> None:
        # Whoever tags a commit for a release did not make it.
        is_tag = str(said.get("ref")).startswith("refs/tags/")
        if not is_tag and said.get("after") in self._commits:
            self._made(said, "pusher")
        self._authored(one for one in said.get("commits") or () if one["sha"] in self._commits)

    def _changed(self, said: Mapping[str, Any]) -> None:
        if self._commits.keys().isdisjoint(said.get(name) for name in _CHANGED):
            return
        self._made(said, "author", "co_authors", "last_pusher")
        self._authored(said.get("commits") or ())
        for sha in (said.get("head"), *(said.get("original_commits") or ())):
            self._take(sha, self._commits)

    def _built(self, fact: Fact) -> None:
        said = fact.data
        is_release = (
            isinstance(fact, ReleaseCreated)
            and said.get("service") == self._service
            and said.get("version") in self._releases
        )
        if is_release:
            self._made(said, "author")
            for digest in _digests(said):
                self._take(digest, self._artifacts)
        if is_release or any(digest in self._artifacts for digest in _digests(said)):
            self._take(said.get("commit"), self._commits)

    def _authored(self, commits: Iterable[Mapping[str, Any]]) -> None:
        for one in commits:
            self._made(one, "authors", "co_authors", "committer")

    def _made(self, said: Mapping[str, Any], *fields: str) -> None:
        for name in fields:
            told = said.get(name) or ()
            self.persons.update((told,) if isinstance(told, str) else told)

    @staticmethod
    def _take(value: str | None, into: dict[str, None]) -> None:
        if value is not None:
            into[value] = None


def _digests(said: Mapping[str, Any]) -> Iterator[str]:
    for one in (said.get("artifact"), *(said.get("artifacts") or ())):
        if one is not None and one.get("digest") is not None:
            yield one["digest"]
