"""What fires at this moment, as Prometheus and Alertmanager answer it."""

from __future__ import annotations

import json

import pytest

from intake.labelled import fingerprint_of
from tests.intake.damage import check_damaged
from tests.intake.told import told

LABELS = {"alertname": "Down", "instance": "a:9100", "severity": "critical", "service": "shop"}
ALERT = {
    "labels": LABELS, "annotations": {"summary": "S"}, "state": "firing", "value": "1e+00",
    "activeAt": "2026-01-01T10:00:00.5Z",
}  # fmt: skip
RULE = {"type": "alerting", "name": "Down", "query": "up == 0", "state": "firing",
        "health": "ok", "alerts": [ALERT]}  # fmt: skip
LISTED = {
    "fingerprint": "f1", "startsAt": "2026-01-01T10:00:00Z", "endsAt": "2026-01-01T10:05:00Z",
    "receivers": [{"name": "ops"}], "labels": LABELS, "annotations": {},
    "generatorURL": "http://prom.example/graph?g0.expr=up", "updatedAt": "2026-01-01T10:00:00Z",
    "status": {"state": "suppressed", "silencedBy": ["x"], "inhibitedBy": []},
}  # fmt: skip


def _answer(**data: object) -> dict[str, object]:
    return {"status": "success", "data": data}


def test_alerts_that_fire_are_told_since_when() -> None:
    """Pending ones are not; the fingerprint is the one that Alertmanager makes."""
    (found,) = told(_answer(alerts=[ALERT, ALERT | {"state": "pending"}]), "prometheus")
    assert (found["type"], found["time"]) == ("alert.fired", "2026-01-01T10:00:00.5Z")
    assert found["fingerprint"] == fingerprint_of(LABELS)
    assert (found["rule"], found["target"], found["severity"], found["service"]) == (
        "Down", "a:9100", "critical", "shop",
    )  # fmt: skip


def test_rules_have_their_alerts() -> None:
    """Rules that record, and those that do not fire, have none; Grafana has words of its own."""
    record = {"type": "recording", "name": "r", "query": "1", "health": "ok"}
    told_by = [
        {"labels": {"team": "a"}, "state": "Alerting", "activeAt": "2026-01-01T09:00:00Z"},
        {"labels": {"team": "b"}, "state": "Normal", "activeAt": "2026-01-01T09:00:00Z"},
    ]
    grafana = {"name": "Slow", "state": "firing", "type": "alerting", "alerts": told_by}
    groups = [{"name": "g", "file": "f", "rules": [RULE, record, grafana, RULE | {"alerts": []}]}]
    first, second = told(_answer(groups=groups), "prometheus")
    assert (first["rule"], second["rule"]) == ("Slow", "Down")
    assert told(_answer(groups=[{"rules": [record]}]), "prometheus") == []


@pytest.mark.parametrize(
    ("state", "fires"),
    [("Alerting (NoData)", 1), ("Alerting (Error)", 1), ("NoData", 1), ("Error", 1),
     ("Recovering", 1),
     ("Normal (NoData)", 0), ("Pending (Error)", 0)],
)  # fmt: skip
def test_grafana_says_why_beside_the_state(state: str, fires: int) -> None:
    """What is not known fires there, unless somebody set that it is normal."""
    found = told(_answer(alerts=[ALERT | {"state": state}]), "prometheus")
    assert [one["reported_outcome"] for one in found] == [state] * fires


def test_alertmanager_lists_what_it_holds() -> None:
    """With its own fingerprints; what is silenced fires all the same, and that is said."""
    (found,) = told([LISTED], "prometheus")
    assert (found["fingerprint"], found["receiver"], found["reported_outcome"]) == (
        "f1", "ops", "suppressed",
    )  # fmt: skip
    assert (found["tool"], found["url"]) == ("Alertmanager", "http://prom.example/graph")
    assert told([LISTED | {"status": {"state": "unprocessed"}}], "prometheus") == []


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for value in (_answer(alerts=[ALERT]), _answer(groups=[{"rules": [RULE]}]), [LISTED]):
        check_damaged(json.dumps(value).encode(), 120)
