"""What the kinds of Azure DevOps' events share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.address import address_of
from intake.instant import told_time
from intake.person import person_of
from intake.report import Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.azure_devops.structure import Hook, Identity, Links
    from intake.instant import Told

TOOL: Final = "Azure DevOps"
SYSTEM: Final = "azure-devops"
OUTCOMES: Final = {
    "succeeded": "success", "succeededwithissues": "success", "partiallysucceeded": "failure",
    "failed": "failure", "rejected": "failure", "abandoned": "cancelled", "stopped": "cancelled",
    "canceled": "cancelled", "cancelled": "cancelled", "skipped": "skipped",
}  # fmt: skip
"""Results in lower case; versions differ in how they spell them."""
_SERVICES: Final = re.compile(
    r"Microsoft\.(?:VisualStudio|TeamFoundation)\..*|(?:.* )?Build Service \(.*\)"
)


def person(who: Identity | None) -> dict[str, Any] | None:
    """The person of an identity; None for groups and services."""
    if who is None or who.is_container or is_service(who):
        return None
    # Accounts of Microsoft have their provider before them.
    login = (who.unique_name or "").rpartition("\\")[2] if "@" in (who.unique_name or "") else None
    plain = who.unique_name if login is None else None
    return person_of(SYSTEM, login=plain, email=login, name=who.display_name, account=who.id)


def is_service(who: Identity | None) -> bool:
    """Whether an identity is one of the service's own."""
    return who is not None and _SERVICES.fullmatch(who.display_name or "") is not None


def outcome_of(result: str | None) -> str | None:
    """The outcome of a result, however its version spells it."""
    return OUTCOMES.get((result or "").replace("_", "").lower())


def at(hook: Hook, *texts: str | None) -> Told | None:
    """The first instant that is told, else when the event was made."""
    return next((told for text in (*texts, hook.created_date) if (told := told_time(text))), None)


def time_of(text: str | None) -> str | None:
    """An instant as a field of an event; None without a zone."""
    told = told_time(text)
    return told.time if told and told.local is None else None


def web(links: Links | None) -> str | None:
    """Where something is for people; what an address asks for is a part of it here."""
    return named(links.web.href) if links is not None and links.web is not None else None


def reading(
    hook: Hook, what: str, when: Told | None, data: dict[str, Any], source: str | None = None
) -> Reading:
    """The reading of an event.

    Args:
        hook: as it came.
        what: the type without prefix and version.
        when: it happened.
        data: fields; None is left out.
        source: the repository; else the organisation, where it is told.
    """
    within = hook.resource_containers
    place = source or next(
        (found for one in ((within.account, within.collection) if within else ())
         if one is not None and (found := address_of(one.base_url))), None,
    )  # fmt: skip
    return fact(what, when, {"tool": TOOL} | data, kind=hook.event_type, source=place)
