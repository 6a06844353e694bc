"""A repository on GitHub, by its REST API of version 2022-11-28."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from pipeledger.codehost.api import HostApi, HostRefusal
from pipeledger.codehost.thing import CHANGE, COMMIT, DEPLOYMENT, RELEASE, Thing
from pipeledger.errors import UnseenError
from pipeledger.instant import written
from pipeledger.looking import at, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeledger.codehost.thing import Window

TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of the variable
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_EMPTY = 409
"""Answer to a question about the commits of a repository that has none."""


def api_of(host: str) -> str:
    """Where the API of a host is: github.com, data residency, or a server of one's own."""
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"https://{host}/api/v3"


class GitHub:
    """A repository."""

    def __init__(self, api: HostApi, path: str) -> None:
        """Name it.

        Args:
            api: where to ask.
            path: `owner/name`.
        """
        self._api = api
        self._path = "repos/" + quote(path, safe="/")

    def describe(self) -> tuple[str, str]:
        """Its address for people, and its default branch.

        Raises:
            UnseenError: there is none, or the token may not see it.
        """
        found = self._api.one(self._path)
        address, branch = text(found, "html_url"), text(found, "default_branch")
        if not address or not branch:
            raise UnseenError(f"{self._path}: no such repository, or the token may not see it")
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
        place = {CHANGE: "pulls", DEPLOYMENT: "deployments", RELEASE: "releases/tags"}[kind]
        found = self._api.one(f"{self._path}/{place}/{quote(identity, safe='')}")
        return found is not None and (kind != CHANGE or at(found, "merged_at") is not None)

    def _changes(self, window: Window, _: str) -> Iterator[Thing]:
        query = {"state": "closed", "sort": "updated", "direction": "desc"}
        for one in self._api.rows(f"{self._path}/pulls", query):
            # A change is updated when it is merged, so what comes now was merged before.
            if window.before(at(one, "updated_at")):
                return
            if window.holds(at(one, "merged_at")):
                merged = text(one, "merge_commit_sha")
                yield Thing(CHANGE, str(at(one, "number")), (merged,) if merged else ())

    def _commits(self, window: Window, branch: str) -> Iterator[Thing]:
        query = {"sha": branch, "since": written(window.since), "until": written(window.until)}
        try:
            for one in self._api.rows(f"{self._path}/commits", query):
                sha = text(one, "sha")
                yield Thing(COMMIT, sha, (sha,))
        except HostRefusal as refusal:
            if refusal.status != _EMPTY:
                raise

    def _deployments(self, window: Window, _: str) -> Iterator[Thing]:
        old = 0
        for one in self._api.rows(f"{self._path}/deployments", {}):
            # Newest first; a whole page of older ones ends it.
            old = old + 1 if window.before(at(one, "created_at")) else 0
            if old == 100:  # noqa: PLR2004 - rows of a page
                return
            if window.holds(at(one, "created_at")):
                yield Thing(DEPLOYMENT, str(at(one, "id")), (text(one, "sha"),),
                            text(one, "environment"))  # fmt: skip

    def _releases(self, window: Window, _: str) -> Iterator[Thing]:
        for one in self._api.rows(f"{self._path}/releases", {}):
            if at(one, "draft") is not True and window.holds(at(one, "published_at")):
                yield Thing(RELEASE, text(one, "tag_name"))
