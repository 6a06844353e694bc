"""What ServiceNow says of changes and approvals becomes the right facts."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from intake.deliveries import Delivery, read_delivery
from intake.servicenow import SENDER
from tests.intake.damage import check_damaged
from tests.intake.scans import everything, reading_of, readings_of

if TYPE_CHECKING:
    from intake.report import Reading

GUIDE = (Path(__file__).parents[2] / "docs/integrations/servicenow.md").read_text()
ID, PLANTED = "a" * 32, "planted-5ecret"


def _change(state: str = "-1", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "number": "CHG0030001", "sys_id": ID, "state": state, "type": "emergency", "risk": "2",
        "short_description": "Move it", "backout_plan": "Move it back", "approval": "approved",
        "start_date": "2026-01-06 22:00:00", "end_date": "2026-01-06 23:00:00",
        "opened_at": "2026-01-05 09:00:00", "closed_at": "", "sys_mod_count": "4",
        "sys_updated_on": "2026-01-05 10:00:00", "sys_updated_by": "mia",
        "requested_by": {"link": "https://acme.example/x", "value": "b" * 32},
        "work_notes": PLANTED,
    } | more  # fmt: skip


def _type(kind: str) -> str:
    return f"pipeledger.{kind}.v1"


@pytest.mark.parametrize(
    ("state", "operation", "what"),
    [
        ("-5", "insert", "ticket.opened"), ("-1", "update", "ticket.updated"),
        ("3", "update", "ticket.closed"), ("4", "update", "ticket.closed"),
        ("0", "update", "ticket.updated"),
    ],
)  # fmt: skip
def test_a_business_rule_sends_a_change(state: str, operation: str, what: str) -> None:
    """With its window, risk and way back; stored times are in UTC."""
    body = {"table": "change_request", "operation": operation, "record": _change(state)}
    found = reading_of(body, "servicenow")
    data = found.data
    assert found.type == _type(what)
    assert (data["key"], data["kind"], data["change_type"]) == (
        "CHG0030001", "change", "emergency",
    )  # fmt: skip
    assert (data["window_from"], data["window_until"]) == (
        "2026-01-06T22:00:00Z", "2026-01-06T23:00:00Z",
    )  # fmt: skip
    assert (data["risk"], data["back_out"], data["approval_state"]) == (
        "2", "Move it back", "approved",
    )  # fmt: skip
    assert data["requester"] == {"system": "servicenow", "id": "b" * 32}
    opened = what == "ticket.opened"
    assert found.time == ("2026-01-05T09:00:00Z" if opened else "2026-01-05T10:00:00Z")
    assert PLANTED not in everything([found])


def test_the_table_api_is_read_as_it_is_asked() -> None:
    """Shown and stored side by side; or shown alone, and then no zone is told."""
    both = {
        name: {"display_value": shown, "value": value}
        for name, (shown, value) in {
            "number": ("CHG0030001", "CHG0030001"), "sys_id": (ID, ID), "state": ("Closed", "3"),
            "sys_class_name": ("Change Request", "change_request"),
            "closed_at": ("05/01/2026 11:00:00", "2026-01-05 10:00:00"),
            "closed_by": ("Noor Ali", "c" * 32), "close_code": ("Successful", "successful"),
        }.items()
    }  # fmt: skip
    found = reading_of({"result": both}, "servicenow")
    assert (found.type, found.time) == (_type("ticket.closed"), "2026-01-05T10:00:00Z")
    assert (found.data["status"], found.data["resolution"]) == ("Closed", "Successful")
    assert found.data["actor"] == {"system": "servicenow", "name": "Noor Ali", "id": "c" * 32}
    shown = _change("Implement")
    several = readings_of({"result": [shown, both]}, "servicenow")
    local = next(one for one in several if one.type == _type("ticket.updated"))
    assert local.local_time == "2026-01-05 10:00:00"
    assert "window_from" not in local.data


@pytest.mark.parametrize(
    ("number", "state", "kind", "what"),
    [
        ("INC0010001", "2", "incident", "ticket.updated"),
        ("INC0010001", "7", "incident", "ticket.closed"),
        ("INC0010001", "3", "incident", "ticket.updated"),
        ("RITM0010001", "3", "request", "ticket.closed"),
        ("PRB0010001", "101", "problem", "ticket.updated"),
    ],
)  # fmt: skip
def test_a_number_says_its_table(number: str, state: str, kind: str, what: str) -> None:
    """The same number of a state means another thing in another table."""
    found = reading_of(_change(state, number=number), "servicenow")
    assert (found.type, found.data["kind"]) == (_type(what), kind)


def _approver(state: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "sys_id": ID, "state": state, "sysapproval": {"display_value": "CHG0030001", "value": "d"},
        "approver": {"display_value": "Noor Ali", "value": "c" * 32}, "comments": "go",
        "sys_updated_on": "2026-01-05 10:00:00",
    } | more  # fmt: skip


def test_a_record_may_be_small() -> None:
    """What a business rule sends is for its writer to choose."""
    small = {"number": "CHG001", "short_description": "Deploy v2", "state": "3"}
    for body in ({"table": "change_request", "record": small}, small):
        found = reading_of(body, "servicenow")
        assert (found.type, found.data["key"], found.time) == (
            _type("ticket.closed"), "CHG001", None,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("approved", "approved"), ("rejected", "rejected"), ("requested", "requested"),
        ("cancelled", "withdrawn"), ("not requested", None), ("not_required", None),
    ],
)  # fmt: skip
def test_an_approver_answers_or_is_asked(state: str, verdict: str | None) -> None:
    """Whoever is asked has approved nothing."""
    body = {"table": "sysapproval_approver", "operation": "update", "record": _approver(state)}
    found = readings_of(body, "servicenow")
    assert [one.data["verdict"] for one in found] == ([verdict] if verdict else [])
    for one in found:
        assert (one.type, one.time) == (_type("approval.reported"), "2026-01-05T10:00:00Z")
        assert (one.data["approval"], one.data["ticket"]) == (ID, "CHG0030001")
        assert ("approver" in one.data) == (verdict in ("approved", "rejected"))


def test_who_writes_an_answer_down_is_not_who_gave_it() -> None:
    """A script gives nobody's."""
    for writer, actor in (("mia", {"system": "servicenow", "login": "mia"}), ("system", None)):
        found = reading_of(_approver("approved", sys_updated_by=writer), "servicenow")
        assert found.data["approver"]["name"] == "Noor Ali"
        assert found.data.get("actor") == actor


def _as_documented(table: str, **fields: tuple[str, str]) -> Reading:
    """What the documented business rule sends of a record that has these fields: stored, shown."""
    names = re.findall(r"'(\w+)'", GUIDE.partition("var record")[2].partition("forEach")[0])
    assert fields.keys() <= set(names)
    record = {
        name: dict(zip(("value", "display_value"), fields[name], strict=True))
        for name in names if name in fields
    }  # fmt: skip
    return reading_of({"table": table, "operation": "update", "record": record}, "servicenow")


def test_the_documented_rule_sends_all_that_is_read() -> None:
    """Of a change, and of an approval."""
    times = ("2026-01-05 10:00:00", "05/01/2026 11:00:00")
    found = _as_documented(
        "change_request", number=("CHG0030001",) * 2, sys_id=(ID, ID), state=("3", "Closed"),
        short_description=("Move it",) * 2, type=("normal", "Normal"), risk=("2", "High"),
        risk_impact_analysis=("All of it",) * 2, backout_plan=("Back",) * 2,
        approval=("approved", "Approved"), close_code=("successful", "Successful"),
        business_service=("d" * 32, "shop"), start_date=times, end_date=times, closed_at=times,
        requested_by=("b" * 32, "Mia Chen"), assigned_to=("c" * 32, "Noor Ali"),
        closed_by=("c" * 32, "Noor Ali"),
    )  # fmt: skip
    assert (found.type, found.time) == (_type("ticket.closed"), "2026-01-05T10:00:00Z")
    assert found.data.keys() >= {
        "title", "change_type", "risk", "impact", "back_out", "approval_state", "resolution",
        "service", "window_from", "window_until", "requester", "assignee", "actor",
    }  # fmt: skip
    found = _as_documented(
        "sysapproval_approver", sys_id=(ID, ID), state=("approved", "Approved"),
        sysapproval=("d" * 32, "CHG0030001"), approver=("c" * 32, "Noor Ali"),
        comments=("go", "go"), group=("e" * 32, "CAB"), sys_updated_on=times,
        sys_updated_by=("noor", "noor"),
    )  # fmt: skip
    assert (found.type, found.time) == (_type("approval.reported"), "2026-01-05T10:00:00Z")
    assert (found.data["ticket"], found.data["role"]) == ("CHG0030001", "CAB")
    assert found.data.keys() >= {"approver", "actor", "comment", "verdict"}


def test_a_change_that_is_approved_names_nobody() -> None:
    """So its own field is no approval."""
    found = readings_of(_change(approval="approved"), "servicenow")
    assert [one.type for one in found] == [_type("ticket.updated")]


def test_other_tables_are_kept_as_they_came() -> None:
    """The vocabulary has nothing for them."""
    body = {"table": "cmdb_ci", "record": {"name": "server", "sys_id": ID}}
    delivery = Delivery("servicenow", None, "application/json", json.dumps(body).encode())
    (found,) = read_delivery(SENDER, delivery)
    assert found.type == _type("source.unmapped")


def test_the_secret_is_a_password_or_a_token() -> None:
    """A business rule may send either."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    basic = "Basic " + base64.b64encode(b"pipeledger:s3cret").decode()
    for value, holds in ((basic, True), ("Bearer s3cret", True), ("Bearer x", False)):
        assert SENDER.scheme.holds({"authorization": value}, b"{}", "s3cret", at) is holds


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    change = {"table": "change_request", "operation": "update", "record": _change("3")}
    for value in (change, {"result": [_approver("approved"), _change()]}):
        check_damaged(json.dumps(value).encode(), 160)
