"""Jira's webhooks, and issues as its REST API has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.instant import told_epoch, told_time
from intake.jira.issue import (
    MILLIS,
    approvals,
    is_done,
    known_fields,
    moment,
    person,
    resolution_of,
    ticket,
)
from intake.jira.structure import Hook, Issue, Several
from intake.json_body import read_fields, read_members
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.schemes import AnyOf, Basic, Signed
from intake.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from intake.instant import Told
    from intake.shape import Members, Shape

_CREATED: Final = "jira:issue_created"
_UPDATED: Final = frozenset({"jira:issue_updated", "comment_created", "issue_commented"})
_ISSUE: Final = frozenset({"key", "self", "fields"})
_MOVES: Final = frozenset({"status", "resolution", "approvals"})


def claims(shape: Shape) -> bool:
    """An event with its time, of an issue or of something else."""
    members = shape.members or {}
    return "webhookEvent" in members and "timestamp" in members


def claims_issue(shape: Shape) -> bool:
    """An issue, or what a search finds."""
    return _is_issue(shape.members or {}) or (
        "issues" in (shape.members or {}) and _is_issue(shape.first("issues"))
    )


def _is_issue(members: Members) -> bool:
    return members.keys() >= _ISSUE and b"/rest/api/" in bytes(members["self"])


def kind_of(shape: Shape) -> str | None:
    """The kind of event."""
    return shape.text("webhookEvent")


def read(body: bytes) -> list[Reading]:
    """The readings of an event; none of what is no issue, and of one that was deleted.

    Raises:
        RefusedError: no event; the place is named.
        TooLargeError: a limit was passed.
    """
    hook = read_fields(body, Hook)
    issue, kind = hook.issue, hook.webhook_event
    items = (hook.changelog.items if hook.changelog else None) or ()
    known = known_fields({one.field_id: one.field for one in items if one.field_id})
    data = ticket(issue, known) if issue is not None else None
    if issue is None or data is None:
        return []
    at = _moment(hook.timestamp)
    who = person(hook.user)
    told = data | {"actor": who}
    if kind == _CREATED:
        made = at or moment(issue, "created")
        return by_time([
            fact("ticket.opened", made, told, kind=kind), *approvals(issue, data, made),
        ])  # fmt: skip
    if kind not in _UPDATED:
        return []
    at = at or moment(issue, "updated")
    changed = {(one.field or "").lower() for one in items}
    if is_done(issue) and changed & _MOVES:
        told |= {"resolution": resolution_of(issue)}
        found = [fact("ticket.closed", at, told, kind=kind)]
    else:
        found = [fact("ticket.updated", at, told, kind=kind)]
    # Approvals stand in an issue for ever; they are told when one has moved it.
    return by_time([*found, *(approvals(issue, data, at) if changed & _MOVES else ())])


def _moment(timestamp: object) -> Told | None:
    """When it happened: milliseconds, of old versions a text."""
    if isinstance(timestamp, str) and not timestamp.isdigit():
        return told_time(timestamp)
    return told_epoch(timestamp, MILLIS)


def read_issues(body: bytes) -> list[Reading]:
    """The readings of issues as they are: how each was opened, and closed if it is.

    Raises:
        RefusedError: no issue; the place is named.
        TooLargeError: a limit was passed.
    """
    if "issues" not in read_members(body):
        return by_time(_whole(read_fields(body, Issue), {}))
    several = read_fields(body, Several)
    known = known_fields(several.names)
    return by_time(one for issue in several.issues or () for one in _whole(issue, known))


def _whole(issue: Issue, known: Mapping[str, str]) -> Iterator[Reading]:
    data = ticket(issue, known)
    if data is None:
        return
    yield fact("ticket.opened", moment(issue, "created"), data, kind="issue")
    if is_done(issue):
        ended = moment(issue, "resolutiondate", "statuscategorychangedate")
        more = {"resolution": resolution_of(issue)}
        yield fact("ticket.closed", ended, data | more, kind="issue")
    yield from approvals(issue, data, moment(issue, "updated"))


_ENTER: Final = (
    "System, WebHooks, Create a WebHook: URL and Secret as above, events of issues (Data Center "
    "without secrets: url with jira: and the secret and @ before the host)"
)
FORMAT: Final = Format("jira", "Jira webhook", "application/json", claims, read)
ISSUES: Final = Format("jira-issue", "Jira issues", "application/json", claims_issue, read_issues)
FORMATS: Final = (FORMAT, ISSUES)
SENDER: Final = Sender(
    name="jira",
    title="Jira",
    scheme=AnyOf((Signed("x-hub-signature", _ENTER, prefix="sha256="), Basic(_ENTER))),
    formats=FORMATS,
    kind_of=kind_of,
)
