"""What GitLab itself noticed: vulnerabilities, and tokens that will expire. No incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.gitlab.common import reading, repository_of, user
from intake.gitlab.structure import Project
from intake.instant import told_time
from intake.rows import named
from intake.severity import of_word

if TYPE_CHECKING:
    from intake.gitlab.structure import AccessTokenEvent, Vulnerability, VulnerabilityEvent
    from intake.report import Reading

_TOKEN: Final = "Resource Access Token Hook"  # noqa: S105 - GitLab's name of the event
_VULNERABILITY: Final = "Vulnerability Hook"
_OPEN: Final = frozenset({"detected", "confirmed"})
_ENDED: Final = frozenset({"dismissed", "resolved"})


def access_token(event: AccessTokenEvent) -> list[Reading]:
    """An access token of a project or group will expire soon."""
    one, group = event.object_attributes, event.group
    place = repository_of(event)
    if place is None and group is not None:
        place = named(group.full_path) or named(group.group_path)
    if one is None or one.id is None or place is None:
        return []
    data = {
        "fingerprint": f"access_token/{one.id}",
        "rule": named(event.event_name),
        "kind": "access_token",
        "target": named(f"{place}#access_token/{one.name or one.id}"),
        "expires_on": named(one.expires_at),
        "tool": "GitLab",
    }
    # It says when the token was made, not when this was noticed.
    return [reading(_TOKEN, event, "alert.fired", None, data)]


def vulnerability(event: VulnerabilityEvent) -> list[Reading]:
    """A vulnerability was found, or somebody decided on it."""
    one = event.object_attributes
    address = named(one.url) if one is not None else None
    if one is None or address is None:
        return []
    state = one.state or ""
    project, _, number = address.partition("/-/security/vulnerabilities/")
    # The payload names the project by number only; the address has its path.
    event.project = event.project or (Project(web_url=project) if number else None)
    data = _described(one) | {
        "fingerprint": f"vulnerability/{number}" if number else address,
        "url": address,
        "reported_outcome": named(state),
    }
    kind = f"{_VULNERABILITY}.{named(state)}"
    if state in _OPEN:
        return [reading(kind, event, "alert.fired", one.updated_at, data)]
    if state not in _ENDED:
        return []
    by = one.dismissed_by_id if state == "dismissed" else one.resolved_by_id
    ended = told_time(one.updated_at)
    data |= {"actor": user(None, None, None, by), "ended_at": ended.time if ended else None}
    return [reading(kind, event, "alert.resolved", one.updated_at, data)]


def _described(one: Vulnerability) -> dict[str, Any]:
    names = [each for each in one.identifiers or () if each.name]
    began = told_time(one.created_at)
    return {
        "kind": named(one.report_type),
        "rule": named(names[0].name) if names else None,
        "cve": next((named(each.name) for each in names if each.external_type == "cve"), None),
        "severity": of_word(one.severity),
        "priority": named(one.severity),
        "target": named(one.location.file) if one.location is not None else None,
        "started_at": began.time if began else None,
        "tool": "GitLab",
    }
