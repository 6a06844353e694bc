"""What PagerDuty sends becomes the right facts."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.deliveries import Delivery, read_delivery
from intake.pagerduty.webhook import SENDER
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

URL = "https://acme.pagerduty.com/incidents/PGR0VU2"
ASSIGNEE = {"id": "PTUXL6G", "summary": "Ben", "type": "user_reference"}
AGENT = {"id": "PLH1HKV", "summary": "Mia", "type": "user_reference"}
MIA = {"system": "pagerduty", "name": "Mia", "id": "PLH1HKV"}
BEN = {"system": "pagerduty", "name": "Ben", "id": "PTUXL6G"}
INCIDENT = {
    "id": "PGR0VU2", "type": "incident", "html_url": URL, "number": 2, "status": "triggered",
    "title": "Down", "created_at": "2026-01-01T10:00:00Z",
    "service": {"id": "PF9KMXH", "summary": "checkout", "type": "service_reference"},
    "assignees": [ASSIGNEE],
    "priority": {"id": "PSO75BM", "summary": "P1", "type": "priority_reference"},
    "urgency": "high", "resolve_reason": None, "incident_key": "k",
}  # fmt: skip
EVENT = {
    "id": "01B", "event_type": "incident.triggered", "resource_type": "incident",
    "occurred_at": "2026-01-01T10:30:00.169Z", "agent": AGENT, "client": None, "data": INCIDENT,
}  # fmt: skip
Fact = tuple[str, dict[str, Any]]


def _readings(body: object, form: str = "pagerduty") -> list[Fact]:
    report = read_report(json.dumps(body).encode())
    assert report.format.name == form
    for reading in report.readings:
        through_door(reading)
        assert reading.source == "https://acme.pagerduty.com"
    return [
        (one.type.removeprefix("pipeledger.").removesuffix(".v1"), one.data | {"time": one.time})
        for one in report.readings
    ]


def _event(kind: str, *, agent: object = AGENT, **changes: object) -> list[Fact]:
    return _readings({
        "event": EVENT | {"event_type": kind, "agent": agent, "data": INCIDENT | changes}
    })  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("incident.triggered", "incident.opened"),
        ("incident.acknowledged", "incident.acknowledged"),
        ("incident.resolved", "incident.resolved"),
        ("incident.reopened", "incident.reopened"),
        ("incident.priority_updated", "incident.assessed"),
        ("incident.service_updated", "incident.assessed"),
    ],
)
def test_an_incident_goes_through_its_stages(kind: str, what: str) -> None:
    """By its id in the account, when it happened and not when it was made."""
    ((found, data),) = _event(kind)
    assert (found, data["incident"], data["number"], data["url"]) == (what, "PGR0VU2", 2, URL)
    assert (data["time"], data["detected_at"]) == (
        "2026-01-01T10:30:00.169Z", "2026-01-01T10:00:00Z",
    )  # fmt: skip
    assert (data["service"], data["severity"], data["urgency"]) == ("checkout", "P1", "high")
    assert (data["actor"], data["owner"]) == (MIA, BEN)
    assert data.get("acknowledged_by") == (MIA if what == "incident.acknowledged" else None)
    assert data.get("resolved_at") == (data["time"] if what == "incident.resolved" else None)


def test_an_urgency_is_no_severity() -> None:
    """It says how somebody is notified; only a priority is what the account calls it."""
    ((_, data),) = _event("incident.triggered", priority=None)
    assert ("severity" in data, data["urgency"]) == (False, "high")


def test_an_incident_is_noticed_when_it_is_triggered() -> None:
    """Older deliveries do not say when it was made, and later ones must not guess it."""
    ((_, data),) = _event("incident.triggered", created_at=None)
    assert data["detected_at"] == data["time"]
    ((_, data),) = _event("incident.acknowledged", created_at=None)
    assert "detected_at" not in data


@pytest.mark.parametrize(
    "agent",
    [None, {"id": "P1", "summary": "Events API", "type": "inbound_integration_reference"},
     {"id": "P2", "summary": "checkout", "type": "service_reference"}],
)  # fmt: skip
def test_an_integration_is_nobody(agent: object) -> None:
    """It opened the incident, and no person did."""
    ((_, data),) = _event("incident.acknowledged", agent=agent)
    assert not {"actor", "acknowledged_by"} & data.keys()


def test_an_incident_of_several_people_has_no_owner() -> None:
    """Who answers for it is not told."""
    both = [ASSIGNEE, AGENT]
    assert "owner" not in _event("incident.triggered", assignees=both)[0][1]
    assert "owner" not in _event("incident.resolved", assignees=[])[0][1]


def test_an_incident_that_went_into_another_says_so() -> None:
    """It is over because the other goes on."""
    reason = {"type": "merge_resolve_reason", "incident": {"id": "PB"}}
    assert _event("incident.resolved", resolve_reason=reason)[0][1]["merged_into"] == "PB"


@pytest.mark.parametrize(
    "kind",
    ["incident.unacknowledged", "incident.escalated", "incident.reassigned", "incident.delegated",
     "incident.annotated", "incident.responder.added", "service.updated", "unheard.of"],
)  # fmt: skip
def test_what_the_vocabulary_has_no_fact_for_is_no_fact(kind: str) -> None:
    """It is recognised, and left to be kept as it came; `data` is another object then."""
    assert _readings({"event": EVENT | {"event_type": kind, "data": {"id": 5}}}) == []


MESSAGE = {
    "id": "u1", "event": "incident.acknowledge", "created_on": "2026-01-01T10:30:00Z",
    "incident": {
        "id": "PGR0VU2", "html_url": URL, "incident_number": 2, "status": "acknowledged",
        "title": "Down", "created_at": "2026-01-01T10:00:00Z", "urgency": "high",
        "service": {"id": "S", "summary": "checkout"}, "priority": {"summary": "P2"},
        "assignments": [{"assignee": ASSIGNEE}],
    },
    "log_entries": [{"agent": AGENT, "type": "acknowledge_log_entry"}],
}  # fmt: skip


def test_messages_of_the_second_version_are_read_too() -> None:
    """Several in one file, in the order of their times; assignments are no stage."""
    resolved = MESSAGE | {"event": "incident.resolve", "created_on": "2026-01-01T11:00:00Z"}
    assigned = MESSAGE | {"event": "incident.assign"}
    found = _readings({"messages": [resolved, assigned, MESSAGE]}, "pagerduty-legacy")
    assert [what for what, _ in found] == ["incident.acknowledged", "incident.resolved"]
    data = found[0][1]
    assert (data["acknowledged_by"], data["owner"], data["severity"]) == (MIA, BEN, "P2")
    assert (data["detected_at"], found[1][1]["resolved_at"]) == (
        "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z",
    )  # fmt: skip


def test_messages_are_recognised_by_the_first() -> None:
    """What is wrong with another is named when they are read."""
    with pytest.raises(RefusedError, match=r"field messages\[1\]"):
        _readings({"messages": [MESSAGE, 5]}, "pagerduty-legacy")


def test_messages_of_the_first_version_have_null_as_a_text() -> None:
    """Which is nobody."""
    one = {"type": "incident.resolve", "created_on": "2026-01-01T10:30:00Z", "data": {"incident": {
        "id": "PGR0VU2", "html_url": URL, "status": "resolved", "assigned_to_user": "null",
        "resolved_by_user": {"id": "PLH1HKV", "name": "Mia", "email": "mia@acme.example"},
        "last_status_change_by": "null", "created_on": "2026-01-01T10:00:00Z",
    }}}  # fmt: skip
    ((what, data),) = _readings({"messages": [one]}, "pagerduty-legacy")
    assert (what, data["actor"]) == ("incident.resolved", MIA | {"email": "mia@acme.example"})
    assert "owner" not in data


AT = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "made-up-for-this-test"


def _signed(secret: str, body: bytes) -> str:
    return "v1=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def test_a_delivery_is_signed_by_every_secret_in_force() -> None:
    """One of them is enough; a signature of a version to come is none."""
    body = json.dumps({"event": EVENT}).encode()
    good, other = _signed(SECRET, body), _signed("another", body)

    def holds(header: str) -> bool:
        return SENDER.scheme.holds({"x-pagerduty-signature": header}, body, SECRET, AT)

    assert holds(good)
    assert holds(f"{other},{good}")
    assert holds(f"{good}, {other}")
    assert not holds(other)
    assert not holds(good.replace("v1=", "v2="))
    assert not holds(good.removeprefix("v1="))
    assert not SENDER.scheme.holds({"x-pagerduty-signature": good}, body + b" ", SECRET, AT)
    assert SENDER.new_secret is None


def test_a_ping_says_that_pagerduty_is_there() -> None:
    """The button that sends it says nothing else."""
    ping = EVENT | {"event_type": "pagey.ping", "resource_type": "pagey", "agent": None,
                    "data": {"message": "Hello", "type": "ping"}}  # fmt: skip
    for event, kind in ((ping, "heartbeat"), (EVENT | {"event_type": "x"}, "unmapped")):
        raw = json.dumps({"event": event}).encode()
        (reading,) = read_delivery(SENDER, Delivery("pager", None, "application/json", raw))
        assert reading.type == f"pipeledger.source.{kind}.v1"


ROWS = {
    name.removeprefix("pagerduty/"): dict(part.partition("=")[::2] for part in row.split("; "))
    for name, row in facts("SOURCES-platforms.tsv").items()
    if name.startswith("pagerduty/")
}
TYPES = {
    "incident.triggered": "incident.opened", "incident.resolved": "incident.resolved",
    "incident.acknowledge": "incident.acknowledged",
}  # fmt: skip
SAME = {
    "incident": "incident", "number": "number", "title": "title", "service": "service",
    "urgency": "urgency", "status": "reported_outcome",
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_deliveries_say_what_their_row_says(name: str) -> None:
    """Type, time, person, incident, service, urgency."""
    told = ROWS[name]
    readings = read_report((FOLDER / "pagerduty" / name).read_bytes()).readings
    for reading in readings:
        through_door(reading)
    kind = told.get("event_type", told.get("type", ""))
    assert readings[0].type == f"pipeledger.{TYPES[kind]}.v1"
    assert readings[0].kind == kind
    assert readings[0].time == told.get("occurred_at", told.get("created_on"))
    data = readings[0].data
    for theirs in SAME.keys() & told.keys():
        assert str(data[SAME[theirs]]) == told[theirs], theirs
    if "agent" in told:
        assert data["actor"]["name"] == told["agent"]


@pytest.mark.parametrize(
    "body",
    [{"event": EVENT}, {"event": EVENT | {"event_type": "incident.resolved"}},
     {"messages": [MESSAGE, MESSAGE]}],
)  # fmt: skip
def test_damage_is_refused_and_nothing_else_happens(body: object) -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(json.dumps(body).encode(), 200)
