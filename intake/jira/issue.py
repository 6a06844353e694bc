"""An issue as a ticket: its kind, state and people, and what Jira says of a change.

Fields that a site made have numbers for names; what they are called stands in `names` where it was
asked for, and in the log of a change. Change management's own fields are known by those names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from intake.address import address_of
from intake.instant import told_epoch, told_time
from intake.jira.structure import Approval, Instant, User
from intake.person import person_of
from intake.report import Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from intake.instant import Told
    from intake.jira.structure import Issue

SYSTEM: Final = "jira"
TOOL: Final = "Jira"
MILLIS: Final = 1000
_KINDS: Final = {
    "change": "change", "change request": "change", "incident": "incident", "problem": "problem",
    "service request": "request", "service request with approvals": "request",
    "request": "request", "task": "task", "sub-task": "task", "subtask": "task",
}  # fmt: skip
_PREFIX: Final = re.compile(r"^\[System\]\s*", re.IGNORECASE)
_DONE: Final = "done"
_VERDICTS: Final = {
    "approved": "approved", "declined": "rejected", "rejected": "rejected", "pending": "requested",
}  # fmt: skip
# What change management's fields are called, in lower case and without what stands apart.
_FIELDS: Final = {
    "changerisk": "risk", "risk": "risk",
    "changestartdate": "window_from", "plannedstart": "window_from",
    "plannedstartdate": "window_from",
    "changecompletiondate": "window_until", "plannedend": "window_until",
    "plannedenddate": "window_until",
    "impact": "impact", "changeimpact": "impact",
    "backoutplan": "back_out", "rollbackplan": "back_out",
    "changetype": "change_type",
}  # fmt: skip
_INSTANTS: Final = frozenset({"window_from", "window_until"})
_MOST_FIELDS: Final = 5000
_DEPTH: Final = 20


def person(user: User | None) -> dict[str, Any] | None:
    """Who somebody is; apps are nobody."""
    if user is None or user.account_type == "app":
        return None
    return person_of(SYSTEM, login=user.name, email=user.email_address, name=user.display_name,
                     account=user.account_id)  # fmt: skip


def known_fields(names: Mapping[str, Any] | None) -> dict[str, str]:
    """Which fields of a site's own making are change management's, by what they are called."""
    return {
        key: _FIELDS[plain] for key, label in (names or {}).items()
        if isinstance(label, str)
        and (plain := "".join(filter(str.isalnum, label.lower()))) in _FIELDS
    }  # fmt: skip


def ticket(issue: Issue, known: Mapping[str, str]) -> dict[str, Any] | None:
    """The fields of a ticket, or None where an issue has no key.

    Args:
        issue: as Jira tells it; names that stand in itself come first.
        known: see `known_fields`.
    """
    fields, key = issue.fields or {}, named(issue.key)
    if key is None:
        return None
    kind = _named(fields.get("issuetype"))
    status = _named(fields.get("status"))
    return {
        "system": SYSTEM,
        "tool": TOOL,
        "key": key,
        "ticket": key,
        "kind": _KINDS.get(_PREFIX.sub("", kind or "").strip().lower(), "other"),
        "issue_type": named(kind),
        "title": _text(fields.get("summary")),
        "description": _text(fields.get("description")),
        "status": named(status),
        "priority": named(_named(fields.get("priority"))),
        "assignee": person(_user(fields.get("assignee"))),
        "requester": person(_user(fields.get("reporter"))),
        "url": _url(issue.itself, key),
    } | _change(fields, known_fields(issue.names) or known)


def is_done(issue: Issue) -> bool:
    """Whether its state is one of those that end it."""
    status = (issue.fields or {}).get("status")
    category = status.get("statusCategory") if isinstance(status, dict) else None
    return isinstance(category, dict) and category.get("key") == _DONE


def resolution_of(issue: Issue) -> str | None:
    """What came of it."""
    return named(_named((issue.fields or {}).get("resolution")))


def moment(issue: Issue, *fields: str) -> Told | None:
    """The first of these fields that is an instant."""
    told = (issue.fields or {}).get
    return next(
        (at for name in fields if isinstance(text := told(name), str) and (at := told_time(text))),
        None,
    )  # fmt: skip


def approvals(issue: Issue, data: dict[str, Any], at: Told | None) -> Iterator[Reading]:
    """What people answered to the approvals of a request or change, each once."""
    for value in list((issue.fields or {}).values())[:_MOST_FIELDS]:
        for told in value if isinstance(value, list) else ():
            if isinstance(told, dict) and "approvers" in told and "finalDecision" in told:
                yield from _answers(told, data, at)


def _answers(told: dict[str, Any], data: dict[str, Any], at: Told | None) -> Iterator[Reading]:
    try:
        asked = msgspec.convert(told, Approval)
    except msgspec.ValidationError:
        return
    if asked.id is None:
        return
    # The request's own text belongs to the ticket.
    base = {name: data[name] for name in ("system", "tool", "ticket", "url") if name in data} | {
        "approval": named(f"{data['key']}/{asked.id}"), "target": named(asked.name),
    }  # fmt: skip
    whole = _VERDICTS.get((asked.final_decision or "").lower())
    begun = told_epoch((asked.created_date or Instant()).epoch_millis, MILLIS)
    ended = told_epoch((asked.completed_date or Instant()).epoch_millis, MILLIS)
    if whole == "requested":
        more = {"verdict": "requested", "reported_outcome": named(asked.final_decision)}
        yield fact("approval.reported", begun or at, base | more, kind="approval")
    for one in asked.approvers or ():
        verdict, who = _VERDICTS.get((one.approver_decision or "").lower()), person(one.approver)
        if verdict in ("approved", "rejected") and who is not None:
            answer: dict[str, Any] = {
                "verdict": verdict, "approver": who, "actor": who,
                "reported_outcome": named(one.approver_decision),
            }  # fmt: skip
            yield fact("approval.reported", ended or at, base | answer, kind="approval")


def _change(fields: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in fields.items():
        name = known.get(key)
        if name is None or value is None or name in found:
            continue
        if name in _INSTANTS:
            told = told_time(value) if isinstance(value, str) else None
            found[name] = told.time if told and told.local is None else None
        elif name in ("risk", "change_type"):
            found[name] = named(_named(value) or _text(value))
        else:
            found[name] = _named(value) or _text(value)
    return found


def _named(value: object) -> str | None:
    """The name of something, or the value of an option."""
    if not isinstance(value, dict):
        return None
    told = value.get("name") or value.get("value")
    return told if isinstance(told, str) else None


def _user(value: object) -> User | None:
    try:
        return msgspec.convert(value, User) if isinstance(value, dict) else None
    except msgspec.ValidationError:
        return None


def _text(value: object) -> str | None:
    """A text; of Atlassian's document format the words in it."""
    if isinstance(value, dict):
        value = " ".join(_words(value, 0))
    return value if isinstance(value, str) and value else None


def _words(node: object, depth: int) -> Iterator[str]:
    if not isinstance(node, dict) or depth > _DEPTH:
        return
    if isinstance(text := node.get("text"), str):
        yield text
    content = node.get("content")
    for one in content if isinstance(content, list) else ():
        yield from _words(one, depth + 1)


def _url(itself: str | None, key: str) -> str | None:
    """Where it is for people, from where it is for programs."""
    address = address_of(itself)
    if address is None:
        return None
    parts = urlsplit(address)
    before = parts.path.partition("/rest/")[0]
    return named(f"{parts.scheme}://{parts.netloc}{before}/browse/{key}")
