"""A project on GitLab, by its REST API of version 4."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from pipeledger.codehost.thing import CHANGE, COMMIT, DEPLOYMENT, RELEASE, Thing
from pipeledger.errors import UnseenError
from pipeledger.instant import written
from pipeledger.looking import at, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeledger.codehost.api import HostApi
    from pipeledger.codehost.thing import Window

TOKEN = "GITLAB_TOKEN"  # noqa: S105 - the name of the variable
HEADERS = {"Accept": "application/json"}
_NOT_BEGUN = ("created", "blocked")


def api_of(host: str) -> str:
    """Where the API of a host is."""
    return f"https://{host}/api/v4"


class GitLab:
    """A project."""

    def __init__(self, api: HostApi, path: str) -> None:
        """Name it.

        Args:
            api: where to ask.
            path: with its groups, `group/sub/name`.
        """
        self._api = api
        self._path = "projects/" + quote(path, safe="")

    def describe(self) -> tuple[str, str]:
        """Its address for people, and its default branch.

        Raises:
            UnseenError: there is none, or the token may not see it.
        """
        found = self._api.one(self._path)
        address, branch = text(found, "web_url"), text(found, "default_branch")
        if not address:
            raise UnseenError(f"{self._path}: no such project, or the token may not see it")
        return address, branch

    def things(self, kind: str, window: Window, branch: str) -> Iterator[Thing]:
        """What there is of a kind: changes merged, commits of the branch, and so on.

        Raises:
            UnseenError: it cannot be listed.
        """
        return {CHANGE: self._changes, COMMIT: self._commits, DEPLOYMENT: self._deployments,
                RELEASE: self._releases}[kind](window, branch)  # fmt: skip

    def has(self, kind: str, identity: str) -> bool:
        """Whether there is this change (merged), deployment or release, at whatever time.

        Raises:
            UnseenError: it cannot be asked for.
        """
        place = {CHANGE: "merge_requests", DEPLOYMENT: "deployments", RELEASE: "releases"}[kind]
        found = self._api.one(f"{self._path}/{place}/{quote(identity, safe='')}")
        return found is not None and (kind != CHANGE or text(found, "state") == "merged")

    def _changes(self, window: Window, _: str) -> Iterator[Thing]:
        query = {"state": "merged", "scope": "all", "order_by": "updated_at",
                 "updated_after": written(window.since)}  # fmt: skip
        for one in self._api.rows(f"{self._path}/merge_requests", query):
            if window.holds(at(one, "merged_at")):
                names = ("merge_commit_sha", "squash_commit_sha", "sha")
                yield Thing(
                    CHANGE, str(at(one, "iid")), tuple(filter(None, (text(one, x) for x in names)))
                )

    def _commits(self, window: Window, branch: str) -> Iterator[Thing]:
        if not branch:
            return  # a project without commits has no branch
        query = {"ref_name": branch, "since": written(window.since), "until": written(window.until)}
        for one in self._api.rows(f"{self._path}/repository/commits", query):
            sha = text(one, "id")
            yield Thing(COMMIT, sha, (sha,))

    def _deployments(self, window: Window, _: str) -> Iterator[Thing]:
        # Only in this order does it filter by the update.
        query = {"order_by": "updated_at", "updated_after": written(window.since)}
        for one in self._api.rows(f"{self._path}/deployments", query):
            begun = text(one, "status") not in _NOT_BEGUN
            if begun and window.holds(at(one, "created_at")):
                yield Thing(DEPLOYMENT, str(at(one, "id")), (text(one, "sha"),),
                            text(one, "environment", "name"))  # fmt: skip

    def _releases(self, window: Window, _: str) -> Iterator[Thing]:
        for one in self._api.rows(f"{self._path}/releases", {}):
            if window.holds(at(one, "released_at")):
                sha = text(one, "commit", "id")
                yield Thing(RELEASE, text(one, "tag_name"), (sha,) if sha else ())
