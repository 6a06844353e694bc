"""What Jira says of issues becomes the right facts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.deliveries import Delivery, read_delivery
from intake.jira import SENDER
from tests.intake.damage import check_damaged
from tests.intake.scans import readings_of

AT, WHEN = 1_767_607_290_500, "2026-01-05T10:01:30.500000Z"
MIA = {"accountId": "a1", "displayName": "Mia Chen", "accountType": "atlassian"}
NOOR = {"accountId": "a2", "displayName": "Noor Ali", "emailAddress": "noor@acme.example"}
NAMES = {
    "customfield_1": "Change risk",
    "customfield_2": "Planned start",
    "customfield_3": "Planned end",
    "customfield_4": "Backout plan",
    "customfield_5": "x",
}


def _issue(
    status: str = "In Progress",
    category: str = "indeterminate",
    **fields: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    return {
        "id": "10", "key": "OPS-7", "self": "https://acme.atlassian.net/rest/api/2/issue/10",
        "fields": {
            "summary": "Move the database", "issuetype": {"name": "[System] Change"},
            "status": {"name": status, "statusCategory": {"key": category}},
            "priority": {"name": "High"}, "reporter": NOOR, "assignee": MIA,
            "created": "2026-01-05T09:00:00.000+0100", "updated": "2026-01-05T10:00:00.000+0100",
        } | fields,
    }  # fmt: skip


def _hook(event: str, issue: dict[str, Any], *changed: str) -> dict[str, Any]:
    return {
        "timestamp": AT, "webhookEvent": event, "user": MIA, "issue": issue,
        "changelog": {"id": "1", "items": [{"field": one, "toString": "x"} for one in changed]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "category", "changed", "what"),
    [
        ("jira:issue_created", "new", (), "ticket.opened"),
        ("jira:issue_updated", "indeterminate", ("status",), "ticket.updated"),
        ("jira:issue_updated", "done", ("status", "resolution"), "ticket.closed"),
        ("jira:issue_updated", "done", ("labels",), "ticket.updated"),
        ("comment_created", "indeterminate", (), "ticket.updated"),
    ],
)
def test_a_ticket_is_closed_when_it_is_moved_there(
    event: str, category: str, changed: tuple[str, ...], what: str
) -> None:
    """Later changes of a closed issue do not close it again."""
    issue = _issue("S", category, resolution={"name": "Done"})
    (found,) = readings_of(_hook(event, issue, *changed), "jira")
    data = found.data
    assert (found.type, found.time) == (f"pipeledger.{what}.v1", WHEN)
    assert (data["system"], data["key"], data["kind"]) == ("jira", "OPS-7", "change")
    assert (data["status"], data["priority"]) == ("S", "High")
    assert data["actor"] == {"system": "jira", "name": "Mia Chen", "id": "a1"}
    assert data["requester"]["email"] == "noor@acme.example"
    assert data["url"] == "https://acme.atlassian.net/browse/OPS-7"
    assert data.get("resolution") == ("Done" if what == "ticket.closed" else None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Incident", "incident"), ("[System] Incident", "incident"), ("Change", "change"),
        ("[System] Service request with approvals", "request"), ("Sub-task", "task"),
        ("Bug", "other"), ("Problem", "problem"),
    ],
)  # fmt: skip
def test_the_type_of_an_issue_is_the_kind_of_ticket(name: str, kind: str) -> None:
    """Service management's own types have a mark before them."""
    hook = _hook("jira:issue_created", _issue(issuetype={"name": name}))
    assert readings_of(hook, "jira")[0].data["kind"] == kind


def _approval(final: str, *answers: tuple[dict[str, Any], str]) -> dict[str, Any]:
    return {
        "id": "3", "name": "CAB", "finalDecision": final, "createdDate": {"epochMillis": AT - 500},
        "completedDate": {"epochMillis": AT},
        "approvers": [{"approver": who, "approverDecision": word} for who, word in answers],
    }  # fmt: skip


def test_each_approver_answers() -> None:
    """Whoever has not answered has approved nothing."""
    asked = [_approval("declined", (MIA, "approved"), (NOOR, "declined"), (MIA, "pending"))]
    issue = _issue(customfield_9=asked)
    found = readings_of(_hook("jira:issue_updated", issue, "status"), "jira")
    told = [one for one in found if one.type == "pipeledger.approval.reported.v1"]
    assert [(one.data["verdict"], one.data["approver"]["name"]) for one in told] == [
        ("approved", "Mia Chen"), ("rejected", "Noor Ali"),
    ]  # fmt: skip
    assert {(one.data["approval"], one.data["ticket"], one.time) for one in told} == {
        ("OPS-7/3", "OPS-7", WHEN),
    }  # fmt: skip
    assert "title" not in told[0].data
    # They stand there for ever, and are not told again with each change.
    assert len(readings_of(_hook("jira:issue_updated", issue, "labels"), "jira")) == 1
    waits = _issue(customfield_9=[_approval("pending", (MIA, "pending"))])
    asked_for = [one for one in readings_of(_hook("jira:issue_created", waits), "jira")
                 if "verdict" in one.data]  # fmt: skip
    assert [one.data["verdict"] for one in asked_for] == ["requested"]


def test_fields_of_change_management_are_known_by_their_names() -> None:
    """A time without a zone is left out; documents are read for their words."""
    document = {"type": "doc", "content": [{"type": "paragraph", "content": [
        {"type": "text", "text": "Restore"}, {"type": "text", "text": "it"}]}]}  # fmt: skip
    issue = _issue(
        "Done", "done", resolutiondate="2026-01-06T10:00:00.000+0100", description=document,
        customfield_1={"value": "High"}, customfield_2="2026-01-06T22:00:00.000+0100",
        customfield_3="2026-01-06T23:00:00", customfield_4=document,
    ) | {"names": NAMES}  # fmt: skip
    opened, closed = readings_of(issue, "jira-issue")
    assert (opened.type, opened.time) == (
        "pipeledger.ticket.opened.v1", "2026-01-05T09:00:00.000+01:00",
    )  # fmt: skip
    assert (closed.type, closed.time) == (
        "pipeledger.ticket.closed.v1", "2026-01-06T10:00:00.000+01:00",
    )  # fmt: skip
    data = opened.data
    assert (data["risk"], data["window_from"]) == ("High", "2026-01-06T22:00:00.000+01:00")
    assert ("window_until" in data, data["back_out"]) == (False, "Restore it")
    found = readings_of({"issues": [issue, _issue()], "names": NAMES}, "jira-issue")
    assert len(found) == 3


def test_fields_of_change_management_are_known_by_the_log_of_their_change() -> None:
    """The log has id and name of what was changed."""
    hook = _hook("jira:issue_updated", _issue(customfield_1={"value": "High"}))
    hook["changelog"]["items"] = [{"field": "Change risk", "fieldId": "customfield_1"}]
    assert readings_of(hook, "jira")[0].data["risk"] == "High"


def test_old_versions_write_the_time_as_a_text() -> None:
    """With a zone."""
    hook = _hook("jira:issue_updated", _issue()) | {"timestamp": "2009-09-09T00:08:36.796-0500"}
    assert readings_of(hook, "jira")[0].time == "2009-09-09T00:08:36.796-05:00"


def test_what_is_no_issue_is_kept_as_it_came() -> None:
    """So are issues that were deleted."""
    for hook in (
        {"timestamp": AT, "webhookEvent": "sprint_started", "sprint": {}},
        _hook("jira:issue_deleted", _issue()),
    ):
        delivery = Delivery("jira", None, "application/json", json.dumps(hook).encode())
        (found,) = read_delivery(SENDER, delivery)
        assert found.type == "pipeledger.source.unmapped.v1"
        assert found.data["kind"] == hook["webhookEvent"]


def test_the_signature_is_atlassians_own_example() -> None:
    """Secret, body and signature as Atlassian documents them; without secrets a password."""
    at, secret, body = (
        datetime(2026, 1, 1, tzinfo=UTC),
        "It's a Secret to Everybody",
        b"Hello World!",
    )
    signed = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    assert SENDER.scheme.holds({"x-hub-signature": signed}, body, secret, at)
    assert not SENDER.scheme.holds({"x-hub-signature": signed}, body + b"!", secret, at)
    basic = "Basic " + base64.b64encode(f"jira:{secret}".encode()).decode()
    assert SENDER.scheme.holds({"authorization": basic}, body, secret, at)
    assert not SENDER.scheme.holds({}, body, secret, at)


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    issue = _issue(customfield_9=[_approval("approved", (MIA, "approved"))], customfield_1="x")
    check_damaged(json.dumps(_hook("jira:issue_updated", issue, "status")).encode(), 160)
    check_damaged(json.dumps(issue | {"names": NAMES}).encode(), 160)
