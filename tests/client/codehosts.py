"""Code hosts that answer as GitHub and GitLab document it, over real HTTP on this machine."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from tests.client.listening import Listening, Reply, Request, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

SINCE, UNTIL = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
INSIDE, BEFORE = "2026-01-10T12:00:00Z", "2025-12-10T12:00:00Z"
PEOPLE = "canary-person"
"""Login of everybody on the code host; must not reach the ledger."""
GITHUB_HEADERS = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4000"}


def sha(number: int) -> str:
    """An object id."""
    return f"{number:040x}"


@dataclass
class CodeHost:
    """A repository on a code host.

    Attributes:
        address: for people.
        token: which is asked for.
        depth: how many steps of a path name the repository.
        lists: by path below the repository: what is listed there.
        ones: by path: what stands there alone.
        replies: answers that come first, by path, each once.
        listening: what was asked.
    """

    address: str
    token: str
    depth: int
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    ones: dict[str, dict[str, Any]] = field(default_factory=dict)
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    listening: Listening = field(default_factory=Listening)

    @property
    def url(self) -> str:
        """Where its API is."""
        return self.listening.url

    def asked(self, path: str) -> list[dict[str, list[str]]]:
        """The queries with which a list was asked for."""
        return [one.query for one in self.listening.requests if unquote(one.path).endswith(path)]

    def answer(self, request: Request) -> Reply:
        """What it answers."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, b'{"message":"Bad credentials"}')
        path = unquote("/".join(request.path.split("/")[1 + self.depth :]))
        if waiting := self.replies.get(path):
            return waiting.pop(0)
        if path in self.lists:
            return self._page(request, self.lists[path])
        if path in self.ones:
            return Reply(200, json.dumps(self.ones[path]).encode(), GITHUB_HEADERS)
        return Reply(404, b'{"message":"Not Found"}')

    def _page(self, request: Request, found: list[dict[str, Any]]) -> Reply:
        size = int(request.query["per_page"][0])
        page = int(request.query.get("page", ["1"])[0])
        headers = dict(GITHUB_HEADERS)
        if page * size < len(found):
            told = {name: values[0] for name, values in request.query.items()}
            query = urlencode(told | {"page": str(page + 1)})
            # Another host stands there, as behind a proxy: the token must not go to it.
            link = f'<https://elsewhere.example{request.path}?{query}>; rel="next"'
            headers["Link"] = f'<https://elsewhere.example/?page=9>; rel="last", {link}'
        rows = found[(page - 1) * size : page * size]
        return Reply(200, json.dumps(rows).encode(), headers)


@contextlib.contextmanager
def code_host(host: CodeHost) -> Iterator[CodeHost]:
    """Let it answer for the length of the block."""
    with listening() as found:
        found.behave = host.answer
        host.listening = found
        yield host


def github(path: str, token: str) -> CodeHost:
    """A repository on GitHub, with nothing in it."""
    address = f"https://code.example/{path}"
    lists: dict[str, list[dict[str, Any]]] = {
        "pulls": [], "commits": [], "deployments": [], "releases": []
    }  # fmt: skip
    return CodeHost(address, token, 3, lists, {"": {"html_url": address, "default_branch": "main"}})


def gitlab(path: str, token: str) -> CodeHost:
    """A project on GitLab, with nothing in it."""
    address = f"https://code.example/{path}"
    lists: dict[str, list[dict[str, Any]]] = {
        "merge_requests": [], "repository/commits": [], "deployments": [], "releases": []
    }  # fmt: skip
    return CodeHost(address, token, 2, lists, {"": {"web_url": address, "default_branch": "main"}})


def pull(number: int, commit: str, merged_at: str | None = INSIDE) -> dict[str, Any]:
    """A closed pull request as GitHub lists it."""
    return {"number": number, "state": "closed", "merged_at": merged_at, "merge_commit_sha": commit,
            "updated_at": merged_at or INSIDE, "user": {"login": PEOPLE},
            "title": f"by {PEOPLE}"}  # fmt: skip


def deployment(number: int, commit: str, at: str = INSIDE) -> dict[str, Any]:
    """A deployment as GitHub lists it."""
    return {"id": number, "sha": commit, "environment": "production", "created_at": at,
            "creator": {"login": PEOPLE}}  # fmt: skip


def release(tag: str, at: str = INSIDE, *, draft: bool = False) -> dict[str, Any]:
    """A release as GitHub lists it."""
    return {"tag_name": tag, "draft": draft, "published_at": None if draft else at,
            "author": {"login": PEOPLE}, "target_commitish": "main"}  # fmt: skip
