"""R6 in plain Python: which commit is credited to which deployment, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.projections.reference_events import (
    Deployment,
    Event,
    artifacts_of,
    components_of,
    instant,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tests.projections.reference import Reference

Placed = tuple[str, str]
"""A commit and its repository."""
Told = tuple[str, str | None]
"""The same as far as it is told."""


@dataclass(kw_only=True)
class Commit:
    """What is known of a commit."""

    parents: set[str]
    authored: datetime | None
    committed: datetime | None
    told: datetime | None
    repository: str | None
    patch: str | None
    picked: str | None
    paths: list[str]
    merged: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A change that reached production."""

    deployment: Deployment
    commit: str
    seconds: float | None


class Changes:
    """R6: which commit is credited to which deployment."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.commits: dict[str, Commit] = {}
        for event in reference.of("commit.pushed"):
            self._know(event)
        self.inside = {sha: set(one.parents) for sha, one in self.commits.items()}
        self.moved = {event["data"].get("after") for event in reference.of("ref.updated")}
        self.pushed: dict[str | None, set[str]] = {}
        for event in reference.of("ref.updated"):
            self._move(event["data"])
        self.squashed: dict[str, set[str]] = {}
        self.joins = {sha for sha, one in self.commits.items() if len(one.parents) > 1}
        for event in reference.of("change.merged"):
            self._merge(event)

    def _know(self, event: Event) -> None:
        data, at = event["data"], instant(event["time"])
        one = self.commits.get(data["commit"])
        fresh = Commit(
            parents=set(data.get("parents") or ()), authored=instant(data.get("authored_at")),
            committed=instant(data.get("committed_at")), told=at,
            repository=data.get("repository"), patch=data.get("patch_id"),
            picked=data.get("cherry_picked_from"), paths=data.get("paths") or [],
        )  # fmt: skip
        if one is None:
            self.commits[data["commit"]] = fresh
            return
        one.authored = least(one.authored, fresh.authored)
        one.committed = least(one.committed, fresh.committed)
        one.told = least(one.told, fresh.told)
        one.parents = max(one.parents, fresh.parents, key=len)
        one.patch, one.picked = one.patch or fresh.patch, one.picked or fresh.picked
        one.paths = one.paths or fresh.paths

    def _move(self, data: dict[str, Any]) -> None:
        after = data.get("after")
        listed = {one["sha"] for one in data.get("commits") or ()}
        self.pushed.setdefault(after, set()).update(listed)
        if after is None or data.get("deleted"):
            return
        known = self.inside.setdefault(after, set())
        known |= listed - {after}
        forced = data.get("forced")
        straight = data.get("protected") if forced is None else not forced
        if data.get("before") and straight and not data.get("created"):
            known |= {data["before"]} - {after}

    def _merge(self, event: Event) -> None:
        data = event["data"]
        sha = data.get("merge_commit")
        originals = set(data.get("original_commits") or ())
        at = instant(data.get("merged_at") or event["time"])
        listed = {each["sha"] for each in data.get("commits") or ()}
        pushed = self.pushed.get(sha, set()) if sha else set()
        for one in originals | listed | pushed | {sha, data.get("head")}:
            if one in self.commits:
                self.commits[one].merged = least(self.commits[one].merged, at)
        if data.get("method") == "squash" and sha:
            self.squashed.setdefault(sha, set()).update(originals)
        head = data.get("head")
        stays = head and head != sha and head in self.inside.get(sha, ()) and sha in self.moved
        if sha and (data.get("method") == "merge" or (stays and data.get("method") != "squash")):
            self.joins.add(sha)

    def contained(self, roots: Iterable[str]) -> set[str]:
        """Everything that these commits contain."""
        found: set[str] = set()
        todo = list(roots)
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += self.inside.get(one, ())
        return found

    def same(self, sha: str) -> set[str]:
        """All commits that are the same change as this one."""
        group = {sha}
        while True:
            patches = {self.commits[one].patch for one in group if one in self.commits} - {None}
            picked = {self.commits[one].picked for one in group if one in self.commits} - {None}
            wider = group | {one for one in picked if one} | {
                one for one, known in self.commits.items()
                if known.patch in patches or known.picked in group
            }  # fmt: skip
            if wider == group:
                return group
            group = wider

    def time(self, sha: str) -> datetime | None:
        """When a commit was made, by the basis chosen."""
        one, basis = self.commits[sha], self.reference.chosen.commit_time_basis
        if basis == "merged":
            return one.merged
        if basis == "committed":
            return one.committed or one.told
        return one.authored or one.committed or one.told

    def observations(self) -> list[Observation]:
        """Every change, credited to the first success of its line that contains it."""
        lines = {one.line for one in self.reference.deployments}
        return [found for line in sorted(lines) for found in self._of_line(line)]

    def _of_line(self, line: tuple[str, str]) -> list[Observation]:
        found: list[Observation] = []
        before: set[str] = set()
        changes: set[str] = set()
        repositories: set[str] = set()
        for one in self.reference.line(line):
            if not one.succeeded or one.tier != "production":
                continue
            listed, roots = self._deployed(one)
            everything = self.contained({sha for sha, _ in listed | roots}) - before
            first = {where for _, where in roots} - repositories
            # A list is all of its deployment; of several components, all of its repository.
            silent = {where for _, where in (listed if one.components > 1 else roots) if listed}
            told = self.contained(sha for sha, where in roots if where in silent)
            told |= self.contained(sha for sha, _ in listed)
            # What another repository leads to is no secret of one whose baseline this is.
            rest = self.contained(sha for sha, where in roots if where not in silent | first) - told
            credit = ({sha for sha, _ in listed} | rest) - before
            if one.kind == "rollback":
                credit = set()
            observed = self._unsquashed(credit) - changes
            others = self._unsquashed(everything) - observed
            for sha in sorted(observed):
                if sha not in changes and (seen := self._observed(one, sha)) is not None:
                    found.append(seen)
                if sha in self.commits:
                    changes |= self.same(sha)
            for sha in others:
                changes |= self.same(sha) if sha in self.commits else {sha}
            before |= everything
            repositories |= {where for _, where in listed | roots}
        return found

    def _unsquashed(self, found: set[str]) -> set[str]:
        told: set[str] = set()
        for sha in found:
            known = {one for one in self.squashed.get(sha, ()) if one in self.commits}
            told |= known or {sha}
        return told

    def _observed(self, one: Deployment, sha: str) -> Observation | None:
        if sha not in self.commits or sha in self.joins or not self._is_its_own(one, sha):
            return None
        times = [self.time(each) for each in self.same(sha) if each in self.commits]
        own = self.time(sha)
        known = [at for at in times if at is not None]
        at = min(known) if known else own
        seconds = (one.finished - at).total_seconds() if at else None
        return Observation(deployment=one, commit=sha, seconds=seconds)

    def _is_its_own(self, one: Deployment, sha: str) -> bool:
        """Where paths of the service were registered, the commit touches one of them."""
        known = self.commits[sha]
        used = self.reference.registered(one.line[0], one.finished, "repositories") or []
        paths = [path for use in used if use["repository"] == known.repository
                 for path in use.get("paths") or ()]  # fmt: skip
        if not paths or not known.paths:
            return True
        return any(
            path == part or path.startswith(part.rstrip("/") + "/")
            for path in known.paths for part in paths
        )  # fmt: skip

    def _sources(self, artifacts: Iterable[str]) -> dict[str, set[Told]]:
        """The commits that artifacts were built from, as the first build that made each says."""
        found: dict[str, set[Told]] = {name: set() for name in artifacts}
        for name, sources in found.items():
            for event in self.reference.of("build.finished"):
                data = event["data"]
                made = artifacts_of(data) if data["outcome"] == "success" else ()
                if name in made and data.get("commit"):
                    sources.add((data["commit"], data.get("repository")))
                    break
        return found

    def _deployed(self, one: Deployment) -> tuple[set[Placed], set[Placed]]:
        """The commits that a deployment lists, and those that it was made from."""
        good = [each for each in one.reports if each.succeeded]
        listed = {(sha, each.repository) for each in good for sha in each.commits}
        built = self._sources(one.artifacts)
        roots = {source for sources in built.values() for source in sources}
        parts = [[each for each in part if each.succeeded] for part in components_of(one.reports)]
        sourced = [any(built[name] for each in part for name in each.artifacts if name in built)
                   for part in parts]  # fmt: skip
        for part, has_source in zip(parts, sourced, strict=True):
            if not has_source and (any(sourced) or not any(built.values())):
                roots |= {(each.commit, each.repository) for each in part if each.commit}
        if not roots and one.commit:
            roots = {(one.commit, one.repository)}
        used = self.reference.registered(one.line[0], one.finished, "repositories") or []
        manifests = {use["repository"] for use in used if use.get("role") == "manifests"}

        def kept(some: set[Told]) -> set[Placed]:
            found: set[Placed] = set()
            for sha, said in some:
                known = own.repository if (own := self.commits.get(sha)) else None
                where = said or known or one.repository or ""
                if not manifests & {where, known}:
                    found.add((sha, where))
            return found

        return kept(listed), kept(roots)


def least(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two instants, as far as they are known."""
    return min((at for at in (one, other) if at is not None), default=None)
