"""GitHub's audit log: JSON lines of a stream, or arrays of the REST API.

Of its some hundred actions those are taken that no webhook tells, or that a control asks for; the
file itself holds the others.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from intake.github.common import OUTCOMES, SYSTEM, ref_of
from intake.github.structure import AuditEntry
from intake.ids import commit_of
from intake.instant import Told, told_epoch, told_time
from intake.json_body import read_all
from intake.limits import MAX_FACTS
from intake.person import person_of
from intake.report import Format, Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_RUN: Final = "workflows.completed_workflow_run"
_GRANTS: Final = {
    "org.add_member": "access.granted", "org.invite_member": "access.granted",
    "org.update_member": "access.granted", "repo.add_member": "access.granted",
    "repo.update_member": "access.granted", "team.add_member": "access.granted",
    "team.add_repository": "access.granted", "business.add_admin": "access.granted",
    "org.remove_member": "access.revoked", "repo.remove_member": "access.revoked",
    "team.remove_member": "access.revoked", "team.remove_repository": "access.revoked",
    "business.remove_admin": "access.revoked",
    "protected_branch.policy_override": "access.elevated",
    "repository_ruleset.bypass": "access.elevated",
}  # fmt: skip
_PROTECTION: Final = {
    "create": "created", "update": "edited", "destroy": "deleted", "edit": "edited",
}  # fmt: skip
_RULES: Final = ("protected_branch", "repository_ruleset")
_MILLIS: Final = 1000


def claims(shape: Shape) -> bool:
    """Flat objects with a dotted `action` and the organisation, enterprise or actor."""
    members = shape.object
    action = shape.text("action") or ""
    known = {"_document_id", "@timestamp", "created_at"} & members.keys()
    return "." in action and bool(known) and bool({"org", "business", "actor"} & members.keys())


def read(body: bytes) -> list[Reading]:
    """The readings of the entries that have an event type.

    Raises:
        RefusedError: no audit log; the place is named.
        TooLargeError: a limit was passed.
    """
    entries = read_all(body, AuditEntry)
    found = (_reading(entry) for entry in entries)
    return list(islice((one for one in found if one is not None), MAX_FACTS + 1))


def _reading(entry: AuditEntry) -> Reading | None:
    family, _, verb = entry.action.rpartition(".")
    if entry.action == _RUN:
        return _run(entry)
    if entry.action in _GRANTS:
        return _access(entry, _GRANTS[entry.action])
    word = verb.partition("_")[0]
    if family in _RULES and word in _PROTECTION:
        return _protection(entry, family, _PROTECTION[word])
    return None


def _run(entry: AuditEntry) -> Reading | None:
    if entry.workflow_run_id is None or entry.conclusion not in OUTCOMES:
        return None
    began = _told(entry.started_at)
    return _made(entry, "pipeline.finished", _told(entry.completed_at), {
        "run": str(entry.workflow_run_id),
        "pipeline": named(entry.name),
        "attempt": entry.run_attempt,
        "trigger": named(entry.event),
        "commit": commit_of(entry.head_sha),
        "ref": ref_of(entry.event, entry.head_branch),
        "outcome": OUTCOMES[entry.conclusion],
        "reported_outcome": entry.conclusion,
        "started_at": began.time if began else None,
    })  # fmt: skip


def _access(entry: AuditEntry, what: str) -> Reading | None:
    target = _repository(entry) or _organization(entry)
    if target is None:
        return None
    elevated = what == "access.elevated"
    subject = person_of(SYSTEM, login=entry.actor if elevated else entry.user)
    return _made(entry, what, None, {
        "target": f"{target}#{branch}" if (branch := named(entry.branch)) else target,
        "subject": subject,
        "role": named(entry.permission or entry.action),
        "break_glass": True if elevated else None,
    })  # fmt: skip


def _protection(entry: AuditEntry, family: str, action: str) -> Reading | None:
    name = named(entry.ruleset_name or entry.branch or entry.name)
    if name is None or _repository(entry) is None:
        return None
    return _made(entry, "protection.changed", None, {
        "ref": name, "rule": family, "action": action,
    })  # fmt: skip


def _made(entry: AuditEntry, what: str, at: Told | None, data: dict[str, Any]) -> Reading:
    told = at or _told(entry.at) or _told(entry.created_at)
    actor = person_of(SYSTEM, login=entry.actor)
    common = {"repository": _repository(entry), "actor": actor, "audit": named(entry.document_id)}
    found = common | data
    return Reading(
        type=f"pipeledger.{what}.v1",
        kind=entry.action,
        source=_repository(entry) or _organization(entry),
        time=told.time if told else None,
        local_time=told.local if told else None,
        data={name: value for name, value in found.items() if value is not None},
    )


def _repository(entry: AuditEntry) -> str | None:
    name = named(entry.repo) if isinstance(entry.repo, str) else None
    return f"https://github.com/{name}" if name else None


def _organization(entry: AuditEntry) -> str | None:
    name = named(entry.org) if isinstance(entry.org, str) else named(entry.business)
    return f"https://github.com/{name}" if name else None


def _told(value: object) -> Told | None:
    """Milliseconds, RFC 3339, or local text; each occurs."""
    return told_time(value) if isinstance(value, str) else told_epoch(value, _MILLIS)


FORMAT: Final = Format("github-audit-log", "GitHub audit log", "application/x-ndjson", claims, read)
