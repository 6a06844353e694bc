"""New Relic's webhooks: issues, and the incidents that issues were called before workflows.

The body is a template that operators change; those are read that keep the default's names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of, site_of
from intake.instant import Told, told_epoch
from intake.json_body import read_fields, read_members
from intake.new_relic import changes
from intake.person import account_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import by_token
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

TOOL: Final = "New Relic"
_ISSUE: Final = frozenset({"id", "issueUrl", "state"})
_OLD: Final = frozenset({"incident_id", "current_state", "condition_name"})
_ENDED: Final = frozenset({"closed", "deactivated", "resolved"})
_BEGUN: Final = frozenset({"created", "activated", "active", "open"})
_OLD_STATES: Final = {
    "open": "incident.opened", "acknowledged": "incident.acknowledged",
    "closed": "incident.resolved",
}  # fmt: skip
_NOBODY: Final = "N/A"
_NEWS: Final = frozenset({"", "state_change", "issue_created", "issue_activated"})


class _Issue(msgspec.Struct, gc=False, rename="camel"):
    """An issue; templates of before workflows keep some of their names."""

    id: str | int
    state: str
    title: str | None = None
    issue_url: str | None = None
    priority: str | None = None
    trigger: str | None = None
    impacted_entities: list[str] | None = None
    alert_condition_names: list[str] | None = None
    created_at: int | str | None = None
    updated_at: int | str | None = None
    owner: str | None = None
    details: str | None = None
    condition: str | None = msgspec.field(name="condition_name", default=None)


class _Target(msgspec.Struct, gc=False):
    """What an old incident was about."""

    name: str | None = None


class _Incident(msgspec.Struct, gc=False):
    """An incident of before workflows."""

    incident_id: int | str
    current_state: str
    incident_url: str | None = None
    severity: str | None = None
    condition_name: str | None = None
    details: str | None = None
    owner: str | None = None
    timestamp: int | str | None = None
    targets: list[_Target] | _Target | None = None


def claims(shape: Shape) -> bool:
    """An issue with its state and address, or an old incident with its condition."""
    told = (shape.members or {}).keys()
    return told >= _ISSUE or told >= _OLD


def read(body: bytes) -> list[Reading]:
    """The reading of a delivery; none where its state is not known.

    Raises:
        RefusedError: no such body; the place is named.
        TooLargeError: a limit was passed.
    """
    if read_members(body).keys() >= _OLD:
        return _incident(read_fields(body, _Incident))
    return _issue(read_fields(body, _Issue))


def _issue(issue: _Issue) -> list[Reading]:
    state, trigger = issue.state.lower(), (issue.trigger or "").lower()
    began, changed = _told(issue.created_at), _told(issue.updated_at)
    what = _what(state, trigger)
    if what is None or (identity := named(str(issue.id))) is None:
        return []
    happened = began if what == "incident.opened" else changed
    if what != "incident.resolved":
        happened = happened or began
    data = {
        "incident": identity,
        "title": issue.title or None,
        "description": issue.details or None,
        "severity": named(issue.priority),
        "rule": _one(issue.alert_condition_names) or named(issue.condition),
        "owner": _owner(issue.owner),
        "url": address_of(issue.issue_url),
        "started_at": began.time if began else None,
        "reported_outcome": named(issue.state),
    } | _targets(issue.impacted_entities or [])
    return _reading(what, happened, data, trigger or state, issue.issue_url)


def _what(state: str, trigger: str) -> str | None:
    if state in _ENDED:
        return "incident.resolved"
    if state == "acknowledged":
        return "incident.acknowledged"
    if state not in _BEGUN:
        return None
    # An issue that somebody takes on stays activated; whatever else happens to it is news of it.
    if trigger == "user_action":
        return "incident.acknowledged"
    return "incident.opened" if state == "created" or trigger in _NEWS else "incident.assessed"


def _incident(one: _Incident) -> list[Reading]:
    what, identity = _OLD_STATES.get(one.current_state.lower()), named(str(one.incident_id))
    if what is None or identity is None:
        return []
    # Workflows that took the place of a channel send its body with one target, not a list.
    targets = [one.targets] if isinstance(one.targets, _Target) else one.targets or []
    data = {
        "incident": identity,
        "description": one.details or None,
        "severity": named(one.severity),
        "rule": named(one.condition_name),
        "owner": _owner(one.owner),
        "url": address_of(one.incident_url),
        "reported_outcome": named(one.current_state),
    } | _targets([target.name or "" for target in targets])
    return _reading(what, _told(one.timestamp), data, one.current_state, one.incident_url)


def _reading(
    what: str, told: Told | None, data: dict[str, Any], kind: str, address: str | None
) -> list[Reading]:
    time = told.time if told else None
    if what == "incident.opened":
        data = {"started_at": time} | data
    elif what == "incident.acknowledged":
        data = data | {"acknowledged_by": data["owner"]}
    elif what == "incident.resolved":
        data = data | {"resolved_at": time}
    return [fact(what, told, data | {"tool": TOOL}, kind=named(kind), source=site_of(address))]


def _owner(name: str | None) -> dict[str, Any] | None:
    """Who took it on; templates write `N/A` where nobody did."""
    return account_of("newrelic", name) if (name or "").strip().upper() != _NOBODY else None


def _targets(names: list[str]) -> dict[str, Any]:
    found = [one for name in names if (one := named(name))][:1000]
    return {
        "target": found[0] if len(found) == 1 else None,
        "targets": found if len(found) > 1 else None,
    }


def _one(names: list[str] | None) -> str | None:
    return named(names[0]) if names and len(names) == 1 else None


def _told(ticks: int | str | None) -> Told | None:
    return told_epoch(ticks, 1_000)


FORMAT: Final = Format("new-relic", "New Relic webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="new-relic",
    title=TOOL,
    scheme=by_token(
        "Alerts, Destinations, Webhook: endpoint as above, authorization Bearer token with the "
        "secret (or basic with the secret as password); the workflow's template as it is"
    ),
    formats=(FORMAT, changes.FORMAT),
)
