"""What the kinds of GitHub's events share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.instant import told_time
from intake.person import person_of
from intake.report import Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.github.structure import Account, Payload

SYSTEM: Final = "github"
OUTCOMES: Final = {
    "success": "success", "neutral": "success", "failure": "failure", "timed_out": "failure",
    "startup_failure": "error", "action_required": "error", "error": "error",
    "cancelled": "cancelled", "stale": "cancelled", "skipped": "skipped",
}  # fmt: skip
"""Conclusions of runs and checks; what GitHub called it stands beside."""
_OF_BRANCHES: Final = ("pull_request", "schedule", "merge_group")


def who(account: Account | None) -> dict[str, Any] | None:
    """The person or application of an account."""
    if account is None:
        return None
    return person_of(
        SYSTEM,
        login=account.login or account.username or account.slug,
        email=account.email,
        name=account.name,
        account=account.id,
    )


def repository_of(payload: Payload) -> str | None:
    """The address of the repository for people."""
    found = payload.repository
    if found is None:
        return None
    if found.html_url:
        return named(found.html_url)
    # Objects of the events API name it without an address.
    name = found.full_name or found.name
    return f"https://github.com/{named(name)}" if name and "/" in name else None


def service_of(payload: Payload) -> str | None:
    """The name of the repository, which stands for the service until one is registered."""
    found = payload.repository
    name = found and (found.name or found.full_name)
    return named(name.rpartition("/")[2]) if name else None


def ref_of(event: str | None, head: str | None) -> str | None:
    """What a run is of; the name alone where it may be a tag's.

    Runs that a push, a release or a person began are of either, and GitHub names both alike.
    """
    name = named(head)
    return f"refs/heads/{name}" if name and (event or "").startswith(_OF_BRANCHES) else name


def base_of(payload: Payload) -> dict[str, Any]:
    """Fields that every event of a repository has."""
    return {"repository": repository_of(payload), "actor": who(payload.sender)}


def reading(
    kind: str, payload: Payload, what: str, time: str | None, data: dict[str, Any]
) -> Reading:
    """The reading of an event.

    Args:
        kind: GitHub's name of the event.
        payload: as it came.
        what: the type without prefix and version.
        time: GitHub's instant for it, or None.
        data: fields; None is left out.
    """
    told = told_time(time)
    if told is None and isinstance(payload.created_at, str):
        told = told_time(payload.created_at)
    organization = payload.organization
    source = repository_of(payload) or (
        f"https://github.com/{named(organization.login)}"
        if organization is not None and organization.login
        else None
    )
    return Reading(
        type=f"pipeledger.{what}.v1",
        kind=f"{kind}.{payload.action}" if payload.action else kind,
        source=source,
        time=told.time if told else None,
        local_time=told.local if told else None,
        data={name: value for name, value in data.items() if value is not None},
    )
