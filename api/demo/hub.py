"""Bodies as GitHub's webhooks have them, signed as GitHub signs."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Person(NamedTuple):
    """Somebody who works there.

    Attributes:
        login: account name.
        email: address.
        name: for people.
    """

    login: str
    email: str
    name: str


def signed(body: bytes, secret: str) -> str:
    """What the header `X-Hub-Signature-256` holds."""
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def push(service: str, who: Person, commit: str, message: str, at: datetime) -> dict[str, Any]:
    """A push of one commit to a branch."""
    author = {"name": who.name, "email": who.email, "username": who.login}
    return _about(service, who, at) | {
        "ref": "refs/heads/change", "before": "0" * 40, "after": commit, "created": True,
        "deleted": False, "forced": False, "pusher": {"name": who.login, "email": who.email},
        "commits": [{
            "id": commit, "message": message, "timestamp": at.isoformat(), "distinct": True,
            "author": author, "committer": author, "added": [], "modified": ["src/basket.py"],
        }],
    }  # fmt: skip


def review(
    service: str, number: int, head: str, author: Person, reviewer: Person, at: datetime
) -> dict[str, Any]:
    """An approving review of a pull request."""
    return _about(service, reviewer, at) | {
        "action": "submitted",
        "review": {
            "state": "approved", "user": _account(reviewer), "commit_id": head,
            "submitted_at": at.isoformat(), "body": "Looks right to me.",
        },
        "pull_request": _pull(service, number, head, author),
    }  # fmt: skip


def merge(
    service: str, number: int, head: str, author: Person, merger: Person, at: datetime
) -> dict[str, Any]:
    """A pull request that was merged."""
    pull = _pull(service, number, head, author) | {
        "merged": True, "merged_by": _account(merger), "merged_at": at.isoformat(),
        "merge_commit_sha": head,
    }  # fmt: skip
    return _about(service, merger, at) | {
        "action": "closed",
        "number": number,
        "pull_request": pull,
    }


def encode(body: dict[str, Any]) -> bytes:
    """The bytes of a body."""
    return json.dumps(body, separators=(",", ":")).encode()


def repository(service: str) -> str:
    """The address of a service's repository."""
    return f"https://code.example/acme/{service}"


def _about(service: str, sender: Person, at: datetime) -> dict[str, Any]:
    return {
        "repository": {
            "name": service, "full_name": f"acme/{service}", "html_url": repository(service),
            "node_id": f"R_{service}", "pushed_at": int(at.timestamp()),
        },
        "sender": _account(sender),
    }  # fmt: skip


def _account(person: Person) -> dict[str, Any]:
    return {"login": person.login, "node_id": f"U_{person.login}", "type": "User"}


def _pull(service: str, number: int, head: str, author: Person) -> dict[str, Any]:
    return {
        "number": number, "title": f"{service}: change {number}", "user": _account(author),
        "head": {"ref": "change", "sha": head}, "base": {"ref": "main", "sha": head},
    }  # fmt: skip
