"""An analysis on the server: the background task that worked it through, and what it was of.

How the task ended says that there are results, not what they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from intake.address import address_of
from intake.report import fact
from intake.rows import named
from intake.sonarqube.gate import TOOL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.instant import Told
    from intake.report import Reading

OUTCOMES: Final = {"SUCCESS": "success", "FAILED": "error", "CANCELED": "cancelled"}
"""How a background task can end; PENDING and IN_PROGRESS are no end."""

_CHANGE: Final = "PULL_REQUEST"


def scan_reading(
    status: str | None,
    task: str | None,
    told: Told | None,
    data: Mapping[str, object],
    source: str | None = None,
) -> Reading | None:
    """The reading of a task that ended; None where it did not.

    Args:
        status: of the task.
        task: its id.
        told: when, or None.
        data: all else; None is left out.
        source: see `Reading`.
    """
    word = named(status)
    if word is None or word not in OUTCOMES:
        return None
    found: dict[str, Any] = {
        "tool": TOOL,
        "kind": "sast",
        "outcome": OUTCOMES[word],
        "reported_outcome": word,
        "analysis": named(task),
        **data,
    }
    return fact("scan.finished", told, found, source=source)


def branch_of(name: str | None, kind: str | None) -> dict[str, str | None]:
    """The branch or the change request that was analysed."""
    word = named(name)
    if word is None:
        return {}
    return {"change": word} if kind == _CHANGE else {"ref": f"refs/heads/{word}"}


def source_of(server: str | None, project: str | None) -> str | None:
    """The address of a project, or None where the server's is not told."""
    address, key = address_of(server), named(project)
    if address is None:
        return None
    return f"{address.rstrip('/')}/dashboard?id={quote(key)}" if key is not None else address
