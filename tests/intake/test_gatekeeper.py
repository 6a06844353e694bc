"""Gatekeeper's audit and webhooks say what was found and refused; reviews say what was admitted."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.scans import everything, readings_of, rows_of

CANARY = "quetzal-4711"


def logged(event: str = "violation_audited", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A line of the log."""
    return {
        "level": "info", "ts": 1784150099.5, "msg": "no label", "event_type": event,
        "process": "admission" if event == "violation" else "audit",
        "audit_id": "2026-01-02T03:04:05Z", "constraint_kind": "Labels",
        "constraint_name": "must", "constraint_action": "deny", "resource_kind": "Pod",
        "resource_namespace": "shop", "resource_name": "web", "details": {"secret": CANARY},
    } | more  # fmt: skip


def _lines(*lines: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, lines)).encode() + b"\n"


def test_violations_of_one_audit_and_constraint_are_one_evaluation() -> None:
    """Another constraint, or another audit, is another one."""
    found = readings_of(
        _lines(
            logged(), logged(resource_name="db"), logged(constraint_name="other"),
            logged(audit_id="2026-01-02T04:04:05Z"), logged("audit_finished"),
        ), "gatekeeper",
    )  # fmt: skip
    assert [(one.time, one.data["policy"], one.data["counts"]) for one in found] == [
        ("2026-01-02T03:04:05Z", "Labels/must", {"deny": 2}),
        ("2026-01-02T03:04:05Z", "Labels/other", {"deny": 1}),
        ("2026-01-02T04:04:05Z", "Labels/must", {"deny": 1}),
    ]
    first = found[0]
    assert [row["target"] for row in rows_of(first)] == ["shop/Pod/web", "shop/Pod/db"]
    assert CANARY not in everything(found)


def test_a_constraint_that_nothing_violates_allows() -> None:
    """The audit says so of each; a number that differs from the lines is a claim."""
    counted = [
        logged("constraint_audited", constraint_violations="0"),
        logged("constraint_audited", constraint_name="b", constraint_violations="7"),
    ]
    clean, cut = readings_of(_lines(*counted, logged(constraint_name="b")), "gatekeeper")
    assert (clean.data["decision"], clean.data["counts"]) == ("allow", {"deny": 0})
    assert (cut.data["decision"], cut.data["claimed"]) == ("deny", {"violations": 7})
    assert (clean.data.get("extent"), cut.data["extent"]) == (None, "unknown")


@pytest.mark.parametrize(
    ("more", "decision", "enforcement"),
    [
        ({"constraint_action": "deny"}, "deny", "hard"),
        ({"constraint_action": "warn"}, "warn", "advisory"),
        ({"constraint_action": "dryrun"}, "warn", "advisory"),
        ({"constraint_action": "scoped", "constraint_enforcement_actions": ["warn", "deny"]},
         "deny", "hard"),
        ({"constraint_action": "scoped", "constraint_enforcement_actions": ["warn"]},
         "warn", "advisory"),
    ],
)  # fmt: skip
def test_what_is_not_enforced_is_a_warning(
    more: dict[str, Any], decision: str, enforcement: str
) -> None:
    """The audit counts it all the same."""
    (found,) = readings_of(_lines(logged(**more), logged(**more)), "gatekeeper")
    assert (found.data["decision"], found.data["enforcement"]) == (decision, enforcement)


def test_what_the_webhook_refuses_names_who_asked() -> None:
    """A service account is no person."""
    person, machine = readings_of(
        _lines(
            logged("violation", request_username="mia@x.org"),
            logged("violation", request_username="system:serviceaccount:a:b", ts=1784150100,
                   constraint_action="dryrun"),
        ), "gatekeeper",
    )  # fmt: skip
    assert person.type == "pipeledger.admission.decided.v1"
    assert person.time == "2026-07-15T21:14:59.500000Z"
    data = person.data
    assert (data["decision"], data["resource"]) == ("deny", "shop/Pod/web")
    assert data["actor"] == {"system": "kubernetes", "email": "mia@x.org"}
    assert (data["environment"], data["environment_basis"]) == ("shop", "namespace")
    assert machine.data["decision"] == "warn"
    assert machine.data["workload"] == "system:serviceaccount:a:b"
    assert "actor" not in machine.data


def constraint(status: dict[str, Any] | None, **spec: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A constraint."""
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "Labels",
        "metadata": {"name": "must"}, "spec": spec, "status": status,
    }  # fmt: skip


AUDITED = "2026-01-02T03:04:05Z"
VIOLATION = {"enforcementAction": "warn", "kind": "Pod", "name": "web", "message": "no label"}


def test_constraints_are_read_alone_and_in_lists() -> None:
    """Before its first audit a constraint tells nothing."""
    one = constraint(
        {"auditTimestamp": AUDITED, "totalViolations": 30, "violations": [VIOLATION]},
        enforcementAction="warn",
    )
    clean = constraint({"auditTimestamp": AUDITED, "totalViolations": 0})
    listed = {"apiVersion": "v1", "kind": "List", "items": [one, constraint(None), clean]}
    warned, allowed = readings_of(listed, "gatekeeper")
    assert (warned.time, warned.data["decision"]) == (AUDITED, "warn")
    assert warned.data["claimed"] == {"violations": 30}
    assert (allowed.data["decision"], allowed.data["counts"]) == ("allow", {"deny": 0})
    assert len(readings_of(one, "gatekeeper")) == 1


def test_gator_tests_files_against_constraints() -> None:
    """What it says of each constraint is one evaluation; the object itself is not read."""
    thing = {"kind": "Pod", "metadata": {"name": "web", "namespace": "shop"},
             "spec": {"env": CANARY}}  # fmt: skip
    result = {"target": "admission.k8s.gatekeeper.sh", "msg": "no label", "trace": None,
              "constraint": constraint(None), "enforcementAction": "deny",
              "violatingObject": thing}  # fmt: skip
    found = readings_of([result, result | {"enforcementAction": "warn"}], "gatekeeper")
    (one,) = found
    assert (one.data["policy"], one.data["decision"]) == ("Labels/must", "deny")
    assert one.data["counts"] == {"deny": 1, "warn": 1}
    assert (rows_of(one)[0]["target"], one.time) == ("shop/Pod/web", None)
    assert CANARY not in everything(found)


def review(response: dict[str, Any] | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An admission review."""
    request = {
        "uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Secret"}, "name": "db",
        "namespace": "shop", "operation": "CREATE", "userInfo": {"username": "mia"},
        "object": {"data": {"password": CANARY}},
    }  # fmt: skip
    return {
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": request | more, "response": response,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("response", "decision"),
    [
        ({"uid": "u-1", "allowed": True}, "allow"),
        ({"uid": "u-1", "allowed": True, "warnings": ["old"]}, "warn"),
        ({"uid": "u-1", "allowed": False, "status": {"message": "no"}}, "deny"),
    ],
)
def test_a_review_says_what_was_admitted(response: dict[str, Any], decision: str) -> None:
    """The object itself is nowhere."""
    found = readings_of(review(response), "admission-review")
    (one,) = found
    assert one.data["decision"] == decision
    assert (one.data["resource"], one.data["action"]) == ("shop/Secret/db", "create")
    assert one.data["actor"] == {"system": "kubernetes", "login": "mia"}
    assert one.data["review"] == "u-1"
    assert CANARY not in everything(found)


def test_question_and_answer_may_lie_apart() -> None:
    """They have one id; a question alone, and a rehearsal, are no facts."""
    answer = review({"uid": "u-1", "allowed": False}) | {"request": None}
    (found,) = readings_of(_lines(review(None), answer), "admission-review")
    assert (found.data["decision"], found.data["resource"]) == ("deny", "shop/Secret/db")
    with pytest.raises(RefusedError, match="no review is answered"):
        read_report(json.dumps(review(None)).encode())
    rehearsed = review({"uid": "u-1", "allowed": True}, dryRun=True)
    assert readings_of(rehearsed, "admission-review") == []


ROWS = {
    name: row for name, row in (facts("SOURCES-scanners.tsv") | facts("SOURCES-platforms.tsv"))
    .items() if name.startswith(("gatekeeper/", "opa-gatekeeper/"))
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Constraint, action, time, violations and the resource."""
    row = ROWS[name]
    (reading,) = read_report((FOLDER / name).read_bytes()).readings
    data = reading.data
    kind = re.search(r"kind=(\w+); name=([\w-]+)", row)
    policy = re.search(r"K8s\w+/[a-z][\w-]+", row)
    assert data["policy"] == (f"{kind[1]}/{kind[2]}" if kind else policy and policy[0])
    assert reading.time in re.findall(r"20\d\d-\d\d-\d\dT[\d:]+Z", row)
    assert data["decision"] == ("warn" if "dryrun" in row else "deny")
    listed = re.search(r"violations listed=(\d+)|messages=(\d+)", row)
    number = int(listed[1] or listed[2]) if listed else 1
    assert sum(data["counts"].values()) == len(rows_of(reading)) == number
    for resource in re.findall(r"resource(?:Name)?=(\S+)(?:$|;)", row):
        assert any(resource.rpartition("/")[2] in one["target"] for one in rows_of(reading))


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(_lines(logged(), logged("violation", request_username="x")), 120)
    status = {"auditTimestamp": AUDITED, "totalViolations": 1, "violations": [VIOLATION]}
    check_damaged(json.dumps(constraint(status)).encode(), 120)
    check_damaged(
        json.dumps(review({"uid": "u", "allowed": True, "warnings": ["x"]})).encode(), 120
    )
