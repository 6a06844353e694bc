"""Shorthand for histories of one organisation in March 2026."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.projections.story import SOURCE, Story, viewing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from projections.engine import View

REPOSITORY = "https://code.example/acme/shop"
BAD: dict[str, Any] = {"outcome": "failure", "impact": True}
"""A deployment that failed and harmed."""


def commit(name: str) -> str:
    """The object id of a commit called so."""
    return hashlib.sha1(name.encode()).hexdigest()  # noqa: S324 - git's own ids


def artifact(name: str) -> dict[str, str]:
    """The artifact called so."""
    return {"digest": f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"}


def when(text: str) -> str:
    """`03-04T10:00` or `03-04T10:00:01` of 2026, in UTC."""
    return f"2026-{text}Z" if text.count(":") > 1 else f"2026-{text}:00Z"


def instant(text: str) -> datetime:
    """The same as an instant."""
    return datetime.fromisoformat(when(text)).astimezone(UTC)


def pushed(story: Story, name: str, authored: str, *parents: str, **more: Any) -> int:  # noqa: ANN401
    """A commit was pushed."""
    data = {"repository": REPOSITORY, "authored_at": when(authored)} | more
    return story.tell(
        "commit.pushed", when(authored), commit=commit(name),
        parents=[commit(one) for one in parents], **data,
    )  # fmt: skip


def deployed(
    story: Story,
    name: str,
    finished: str,
    content: str | None = None,
    *,
    outcome: str = "success",
    service: str = "shop",
    environment: str = "production",
    **more: Any,  # noqa: ANN401 - JSON
) -> int:
    """A deployment ended; `content` names its artifact."""
    data: dict[str, Any] = {"artifact": artifact(content) if content else None} | more
    return story.tell(
        "deployment.finished", when(finished), deployment=name, service=service,
        environment=environment, outcome=outcome, **data,
    )  # fmt: skip


def two(**more: Any) -> Story:  # noqa: ANN401 - JSON
    """Two deployments of a shop, an hour apart."""
    story = Story()
    deployed(story, "d1", "03-05T10:00", "1")
    deployed(story, "d2", "03-05T11:00", "2", **more)
    return story


def impaired(
    story: Story,
    name: str,
    started: str,
    *,
    restored: str | None = None,
    resolved: str | None = None,
    **more: Any,  # noqa: ANN401 - JSON
) -> None:
    """An incident began, and was perhaps restored and resolved."""
    data = {"service": "shop", "environment": "production"} | more
    story.tell("incident.opened", when(started), incident=name, started_at=when(started), **data)
    if restored:
        story.tell("incident.restored", when(restored), incident=name, restored_at=when(restored))
    if resolved:
        story.tell("incident.resolved", when(resolved), incident=name, resolved_at=when(resolved))


@contextmanager
def window(
    story: Story,
    folder: Path,
    start: str = "03-01T00:00",
    end: str = "04-01T00:00",
    **chosen: Any,  # noqa: ANN401
) -> Iterator[View]:
    """The tables of a story for a window."""
    chosen |= {"window_from": instant(start), "window_to": instant(end)}
    with viewing(story, folder, **chosen) as view:
        yield view


def only(view: View, name: str, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The one row of a table with these values."""
    rows = [
        row for row in view.table(name).to_pylist()
        if all(row[key] == value for key, value in wanted.items())
    ]  # fmt: skip
    assert len(rows) == 1, (name, wanted, rows)
    row: dict[str, Any] = rows[0]
    return row


def kinds(view: View) -> list[str]:
    """The kinds of the deployments in the order in which they finished."""
    table = view.table("deployments").sort_by([("finished_at", "ascending")])
    found: list[str] = table["kind"].to_pylist()
    return found


def failed(view: View) -> set[str]:
    """The failed deployments, by their ids."""
    return set(view.table("failures")["deployment"].to_pylist())


__all__ = [
    "REPOSITORY", "SOURCE", "Story", "artifact", "commit", "deployed", "failed", "impaired",
    "instant", "kinds", "only", "pushed", "when", "window",
]  # fmt: skip
