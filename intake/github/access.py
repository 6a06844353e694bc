"""Members of repositories, teams and organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.github.common import base_of, reading, repository_of, who
from intake.rows import named

if TYPE_CHECKING:
    from intake.github.structure import Payload
    from intake.report import Reading

_GIVEN: Final = frozenset({"added", "member_added"})
_TAKEN: Final = frozenset({"removed", "member_removed"})


def member(payload: Payload) -> list[Reading]:
    """Somebody may work on a repository now, or not any more."""
    return _access("member", payload, who(payload.member), repository_of(payload))


def membership(payload: Payload) -> list[Reading]:
    """Somebody is in a team now, or not any more."""
    organization, team = payload.organization, payload.team
    if organization is None or team is None:
        return []
    place = f"https://github.com/orgs/{named(organization.login)}/teams/{named(team.slug)}"
    return _access("membership", payload, who(payload.member), place)


def organization(payload: Payload) -> list[Reading]:
    """Somebody is in the organisation now, or not any more."""
    found = payload.organization
    told = payload.membership if isinstance(payload.membership, dict) else {}
    user = told.get("user")
    login = user.get("login") if isinstance(user, dict) else None
    if found is None or not isinstance(login, str):
        return []
    subject = {"system": "github", "login": named(login)}
    return _access("organization", payload, subject, f"https://github.com/{named(found.login)}")


def _access(
    kind: str, payload: Payload, subject: dict[str, Any] | None, target: str | None
) -> list[Reading]:
    if subject is None or target is None:
        return []
    if payload.action not in _GIVEN | _TAKEN:
        return []
    what = "access.granted" if payload.action in _GIVEN else "access.revoked"
    data = base_of(payload) | {"target": target, "subject": subject, "role": kind}
    return [reading(kind, payload, what, None, data)]
