"""What Falco noticed becomes the right facts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.falco import SENDER
from tests.fixtures import facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

PLANTED = "s3cr3t-value"
ALERT = {
    "uuid": "u", "rule": "Shell in container", "priority": "Notice", "source": "syscall",
    "hostname": "node-1", "time": "2026-01-01T10:00:00.123456789Z", "tags": ["shell"],
    "output": f"10:00: Notice A shell (cmd=x --password {PLANTED})",
    "output_fields": {"container.id": "abc", "container.name": "<NA>", "evt.time": 1,
                      "k8s.ns.name": "shop", "k8s.pod.name": "web-1", "user.name": "root",
                      "proc.cmdline": f"x --password {PLANTED}",
                      "container.image.repository": "reg.example/shop",
                      "container.image.digest": "sha256:" + "d" * 64},
}  # fmt: skip


def _one(value: object) -> dict[str, Any]:
    (found,) = told(value, "falco")
    return found


def test_an_alert_is_a_threat() -> None:
    """What, where, who, when; the command stands in the sealed description alone."""
    found = _one(ALERT)
    assert (found["type"], found["rule"], found["severity"]) == (
        "threat.detected", "Shell in container", "low",
    )  # fmt: skip
    assert (found["target"], found["environment"], found["environment_basis"]) == (
        "shop/web-1", "shop", "namespace",
    )  # fmt: skip
    assert found["artifact"] == {"digest": "sha256:" + "d" * 64, "name": "reg.example/shop"}
    assert found["actor"] == {"system": "node-1", "login": "root"}
    assert found["time"] == "2026-01-01T10:00:00.123456789Z"
    assert PLANTED not in repr({**found, "description": None})


@pytest.mark.parametrize(
    ("priority", "severity"),
    [("Emergency", "critical"), ("Alert", "critical"), ("Critical", "critical"), ("Error", "high"),
     ("Warning", "medium"), ("Notice", "low"), ("Informational", "info"), ("Debug", "info")],
)  # fmt: skip
def test_priorities_are_severities(priority: str, severity: str) -> None:
    """Falco's are those of syslog."""
    assert _one(ALERT | {"priority": priority})["severity"] == severity


def test_lines_arrays_and_cloudevents_are_the_same() -> None:
    """One fingerprint for the same rule in the same place."""
    later = ALERT | {"time": "2026-01-01T09:00:00Z", "priority": "Error"}
    lines = "\n".join(json.dumps(one) for one in (ALERT, later))
    for value in (lines, [ALERT, later]):
        first, second = told(value, "falco")
        assert (first["severity"], second["severity"]) == ("high", "low")
        assert first["fingerprint"] == second["fingerprint"]
    event = {"specversion": "1.0", "id": "1", "source": "falco", "type": "falco.rule.output.v1",
             "data": ALERT}  # fmt: skip
    assert _one(event)["fingerprint"] == first["fingerprint"]


def test_service_accounts_are_nobody() -> None:
    """What Kubernetes' audit plugin saw a person do, the person did."""
    fields = {"ka.user.name": "mia@acme.example", "ka.target.name": "web"}
    found = _one(ALERT | {"source": "k8s_audit", "output_fields": fields})
    assert found["actor"] == {"system": "kubernetes", "email": "mia@acme.example"}
    machine = {"ka.user.name": "system:serviceaccount:a:b"}
    assert "actor" not in _one(ALERT | {"output_fields": machine})
    bare = _one(ALERT | {"output_fields": None})
    assert bare["target"] == "node-1"
    assert "actor" not in bare


def test_falcosidekick_shows_the_secret() -> None:
    """In a header of its operator's own."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": "Bearer s3"}, b"", "s3", at)
    assert not SENDER.scheme.holds({}, b"", "s3", at)


@needs_fixtures
def test_real_alerts_say_what_their_rows_say() -> None:
    """Rule, priority, host, container, user, time of each line."""
    row = facts("SOURCES-platforms.tsv")["falco/alerts.container-runtime.jsonl"]
    wanted = [dict(re.findall(r"(\w+)=(.*?)(?:;|$)", line)) for line in row.split(" | ")]
    found = told_file("falco/alerts.container-runtime.jsonl", "falco")
    wanted.append(row_of("falco/falcosidekick-readme.json"))
    found += told_file("falco/falcosidekick-readme.json", "falco")
    assert len(found) == len(wanted) == 3
    for one, told_by in zip(found, wanted, strict=True):
        assert one["type"] == "threat.detected"
        assert (one["rule"], one["priority"], one["time"], one["runner"]) == (
            told_by["rule"], told_by["priority"], told_by["time"], told_by["hostname"],
        )  # fmt: skip
        assert one.get("container") == told_by.get("container")
        assert one["actor"]["login"] == told_by["user"].strip()


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(json.dumps(ALERT).encode(), 200)
