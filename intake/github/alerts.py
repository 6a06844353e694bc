"""Alerts of code scanning, secret scanning and Dependabot; they are no incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.github.common import base_of, reading, who
from intake.ids import commit_of
from intake.instant import told_time
from intake.rows import named
from intake.severity import of_word

if TYPE_CHECKING:
    from intake.github.structure import Alert, Payload
    from intake.report import Reading

_FIRED: Final = frozenset({
    "created", "reopened", "reopened_by_user", "reintroduced", "auto_reopened",
    "appeared_in_branch", "publicly_leaked",
})  # fmt: skip
_ENDED: Final = frozenset({
    "fixed", "closed_by_user", "dismissed", "auto_dismissed", "resolved", "revoked",
})  # fmt: skip


def code_scanning(payload: Payload) -> list[Reading]:
    """A code scanning alert."""
    alert = payload.alert
    if alert is None or alert.rule is None:
        return []
    places = [alert.most_recent_instance, *(alert.instances or ())]
    path = next((one.location.path for one in places if one and one.location), None)
    tool = alert.tool
    more = {
        "rule": named(alert.rule.id),
        "severity": of_word(alert.rule.security_severity_level or alert.rule.severity),
        "priority": named(alert.rule.security_severity_level or alert.rule.severity),
        "target": named(path),
        "tool": named(tool.name) if tool else None,
        "tool_version": named(tool.version) if tool else None,
        "commit": commit_of(payload.commit_oid),
        "ref": named(payload.ref),
    }
    return _alert("code_scanning_alert", payload, alert, more)


def secret_scanning(payload: Payload) -> list[Reading]:
    """A secret scanning alert; the payload has no value, and none is kept."""
    alert = payload.alert
    if alert is None:
        return []
    more = {"rule": named(alert.secret_type), "tool": "GitHub secret scanning"}
    return _alert("secret_scanning_alert", payload, alert, more)


def dependabot(payload: Payload) -> list[Reading]:
    """A Dependabot alert."""
    alert = payload.alert
    if alert is None or alert.security_advisory is None:
        return []
    advisory, dependency = alert.security_advisory, alert.dependency
    package = dependency.package if dependency else None
    more = {
        "rule": named(advisory.ghsa_id) or named(advisory.cve_id),
        "severity": of_word(advisory.severity),
        "priority": named(advisory.severity),
        "target": named(dependency.manifest_path) if dependency else None,
        "package": named(package.name) if package else None,
        "ecosystem": named(package.ecosystem) if package else None,
        "cve": named(advisory.cve_id),
        "tool": "Dependabot",
    }
    return _alert("dependabot_alert", payload, alert, more)


def _alert(
    kind: str, payload: Payload, alert: Alert, more: dict[str, Any]
) -> list[Reading]:  # fmt: skip
    number = alert.number
    if number is None:
        return []
    data = base_of(payload) | more | {
        "fingerprint": f"{kind}/{number}",
        "kind": kind.removesuffix("_alert"),
        "url": named(alert.html_url),
        "reported_outcome": named(payload.action),
        "started_at": _instant(alert.created_at),
    }  # fmt: skip
    if payload.action in _FIRED:
        time = alert.created_at if payload.action == "created" else alert.updated_at
        return [reading(kind, payload, "alert.fired", time, data)]
    if payload.action not in _ENDED:
        return []
    ended = alert.fixed_at or alert.dismissed_at or alert.resolved_at or alert.updated_at
    data |= {
        "ended_at": _instant(ended),
        "reason": named(alert.dismissed_reason or alert.resolution),
    }
    if (person := who(alert.dismissed_by or alert.resolved_by)) is not None:
        data["actor"] = person
    return [reading(kind, payload, "alert.resolved", ended, data)]


def _instant(text: str | None) -> str | None:
    told = told_time(text)
    return told.time if told else None
