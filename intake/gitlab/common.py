"""What the kinds of GitLab's events share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.instant import told_time
from intake.person import person_of
from intake.report import Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.gitlab.structure import Account, Happening

SYSTEM: Final = "gitlab"
OUTCOMES: Final = {
    "success": "success", "failed": "failure", "canceled": "cancelled", "skipped": "skipped",
}  # fmt: skip
"""Statuses that a pipeline, job or deployment ends in; the others are on the way."""
_HIDDEN: Final = "[REDACTED]"
"""What stands for the address of somebody who does not publish it."""


def who(account: Account | None) -> dict[str, Any] | None:
    """The person of an account."""
    if account is None:
        return None
    return user(account.username, account.email, account.name, account.id)


def user(
    login: str | None, email: str | None, name: str | None, account: int | None
) -> dict[str, Any] | None:
    """The person of what a payload says of a user, or None where it says nothing."""
    address = None if email == _HIDDEN else email
    return person_of(SYSTEM, login=login, email=address, name=name, account=account)


def repository_of(happening: Happening) -> str | None:
    """The address of the project for people."""
    project, repository = happening.project, happening.repository
    if project is not None and project.web_url:
        return named(project.web_url)
    return named(repository.homepage) if repository is not None else None


def service_of(happening: Happening) -> str | None:
    """The last part of the project's path, which stands for the service until one is registered."""
    address = repository_of(happening)
    return named(address.rstrip("/").rpartition("/")[2]) if address else None


def ref_of(name: str | None, *, tag: bool | None) -> str | None:
    """The reference of a branch or tag that is named without `refs/`."""
    found = named(name)
    if found is None or found.startswith("refs/"):
        return found
    return f"refs/tags/{found}" if tag else f"refs/heads/{found}"


def reading(
    kind: str, happening: Happening, what: str, time: str | None, data: dict[str, Any]
) -> Reading:
    """The reading of an event.

    Args:
        kind: GitLab's name of the event, as in `X-Gitlab-Event`; a dot and its action.
        happening: as it came.
        what: the type without prefix and version.
        time: GitLab's instant for it, or None.
        data: fields; None is left out.
    """
    told, source = told_time(time), repository_of(happening)
    found = {"repository": source, "actor": who(happening.user)} | data
    return Reading(
        type=f"pipeledger.{what}.v1",
        kind=kind,
        source=source,
        time=told.time if told else None,
        local_time=told.local if told else None,
        data={name: value for name, value in found.items() if value is not None},
    )
