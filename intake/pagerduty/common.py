"""What the versions of PagerDuty's webhooks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import site_of
from intake.instant import told_time
from intake.person import person_of
from intake.report import Reading
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM: Final = "pagerduty"
_USERS: Final = frozenset({"user", "user_reference"})


class Reference(msgspec.Struct, gc=False, kw_only=True):
    """Another object of PagerDuty: a user, a service, a priority; any field may be missing."""

    id: str | None = None
    type: str | None = None
    summary: str | None = None
    name: str | None = None
    email: str | None = None
    html_url: str | None = None


def who(reference: Reference | None) -> dict[str, Any] | None:
    """The person that a reference names; integrations, services and workflows are none.

    The first versions gave a user no type, but an address of e-mail.
    """
    if reference is None or not (reference.type in _USERS or reference.email):
        return None
    name = reference.name or reference.summary
    return person_of(SYSTEM, email=reference.email, name=name, account=reference.id)


def label(reference: Reference | None) -> str | None:
    """The name of something that a reference names."""
    return named(reference.summary or reference.name) if reference is not None else None


def reading(
    kind: str, what: str, time: str | None, address: str | None, data: Mapping[str, Any]
) -> Reading:
    """The reading of an event.

    Args:
        kind: PagerDuty's name of it.
        what: the type without prefix and version.
        time: when it happened.
        address: of the incident.
        data: fields; None is left out.
    """
    told = told_time(time)
    found = dict(data) | {"url": named(address), "tool": "PagerDuty"}
    return Reading(
        type=f"pipeledger.{what}.v1",
        kind=kind,
        source=site_of(address),
        time=told.time if told else None,
        local_time=told.local if told else None,
        data={name: value for name, value in found.items() if value is not None},
    )
