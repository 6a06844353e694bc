"""What OPA decided and Conftest found becomes the right facts, without what they were shown."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import RefusedError
from intake.deliveries import Delivery, read_delivery
from intake.registry import SENDERS, read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

CANARY = "quetzal-4711"
AT = datetime(2026, 1, 1, tzinfo=UTC)


def _read(value: object, name: str) -> list[Reading]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    report = read_report(body)
    assert report.format.name == name
    for reading in report.readings:
        through_door(reading)
    return report.readings


def decision(path: str = "http/authz/allow", **more: object) -> dict[str, Any]:
    """A decision with an input that nobody may see."""
    return {
        "decision_id": "d-1", "path": path, "timestamp": "2026-01-01T10:00:00.123456789Z",
        "labels": {"id": "opa-7", "version": "1.3.0"}, "requested_by": "10.1.2.3:5555",
        "input": {"token": CANARY}, "nd_builtin_cache": {"http.send": {"x": CANARY}},
        "metrics": {"timer_server_handler_ns": 2_500_000},
    } | more  # fmt: skip


def _decided(**more: object) -> Reading:
    (reading,) = _read([decision(**more)], "opa-decision-log")  # type: ignore[arg-type]
    return reading


@pytest.mark.parametrize(
    ("path", "result", "verdict"),
    [
        ("http/authz/allow", True, "allow"),
        ("/http/authz/allow", False, "deny"),
        ("app/is_admin", False, "deny"),
        ("http/authz/allow", "true", "allow"),
        ("http/authz/allow", "denied", "deny"),
        ("http/authz/allow", "perhaps", "undecided"),
        ("k8s/deny", [], "allow"),
        ("k8s/deny", ["no"], "deny"),
        ("k8s/deny", True, "deny"),
        ("k8s/violation", [{"msg": "no"}], "deny"),
        ("k8s/deny_root", {"no": True}, "deny"),
        ("k8s/warn", ["hm"], "warn"),
        ("k8s/warn", [], "allow"),
        ("http/authz", {"allow": True, "deny": ["no"]}, "deny"),
        ("http/authz", {"allow": False, "warn": ["hm"]}, "deny"),
        ("http/authz", {"allow": True, "warn": ["hm"]}, "warn"),
        ("envoy/authz", {"allowed": True, "headers": {}}, "allow"),
        ("app/roles", ["admin"], "undecided"),
        ("app/limits", {"cpu": 3}, "undecided"),
        ("app/limits", {"allow": "perhaps"}, "undecided"),
        ("app/score", 7, "undecided"),
        ("http/authz/allow", None, "undecided"),
    ],
)
def test_a_decision_is_what_its_result_and_rule_say(
    path: str, result: object, verdict: str
) -> None:
    """True allows, but not where the rule denies; what says neither is undecided."""
    reading = _decided(path=path, result=result)
    assert reading.type == "pipeledger.policy.evaluated.v1"
    assert (reading.data["policy"], reading.data["decision"]) == (path.strip("/"), verdict)


def test_a_decision_is_kept_with_its_id_policy_and_time() -> None:
    """And with what says where it was made."""
    labels = {"id": "opa-7", "version": "1.3.0", "app": "shop", "environment": "production"}
    reading = _decided(
        result=True, labels=labels, bundles={"authz": {"revision": "r-9"}, "empty": {}}
    )
    assert reading.time == "2026-01-01T10:00:00.123456789Z"
    assert reading.data == {
        "policy": "http/authz/allow", "decision": "allow", "reported_outcome": "true",
        "decision_id": "d-1", "bundles": {"authz": "r-9"}, "runner": "opa-7", "tool": "opa",
        "tool_version": "1.3.0", "service": "shop", "service_basis": "label",
        "environment": "production", "duration_s": 0.0025,
    }  # fmt: skip
    assert _decided(result=True, revision="r-1").data["bundles"] == {"bundle": "r-1"}


def test_a_policy_that_failed_decided_nothing() -> None:
    """Whatever it says beside."""
    error = {"code": "eval_conflict_error", "message": "two values"}
    data = _decided(error=error, result=True).data
    assert (data["decision"], data["reported_outcome"]) == ("undecided", "eval_conflict_error")
    assert data["reasons"] == ["two values"]


def test_a_query_of_its_own_has_a_policy_where_it_names_one() -> None:
    """The text of any other may hold what people typed."""
    asked = {"path": None, "query": "data.http.authz.allow", "result": True}
    assert _decided(**asked).data["policy"] == "http/authz/allow"
    asked["query"] = f'data.users[x].token == "{CANARY}"'
    data = _decided(**asked).data
    assert data["policy"] == "ad-hoc query"
    assert CANARY not in json.dumps(data)


@pytest.mark.parametrize(("allowed", "verdict"), [(True, "allow"), (False, "deny")])
def test_an_answer_to_a_cluster_is_an_admission(allowed: bool, verdict: str) -> None:  # noqa: FBT001 - a case
    """Of the object that was asked about, for whoever wanted it."""
    asked = {
        "kind": {"kind": "Pod"}, "namespace": "shop", "name": "web-1",
        "userInfo": {"username": "mia"}, "object": {"spec": CANARY},
    }  # fmt: skip
    response = {"uid": "u", "allowed": allowed, "status": {"message": "no root"}}
    reading = _decided(path="system/main", result={"response": response}, input={"request": asked})
    data = reading.data
    assert reading.type == "pipeledger.admission.decided.v1"
    assert (data["decision"], data["resource"]) == (verdict, "shop/Pod/web-1")
    assert data["actor"] == {"system": "kubernetes", "login": "mia"}
    assert data["reasons"] == ["no root"]
    assert CANARY not in json.dumps(data)
    robot = "system:serviceaccount:shop:ci"
    asked["userInfo"] = {"username": robot}
    data = _decided(result={"response": response}, input={"request": asked}).data
    assert (data["workload"], "actor" in data) == (robot, False)
    odd = _decided(result={"response": response}, input={"request": "what?"})
    assert "resource" not in odd.data


def test_batches_lines_and_single_decisions_are_the_same() -> None:
    """In order of time; other lines of a console are passed over."""
    late = decision(result=True, timestamp="2026-01-01T10:00:00.5Z")
    early = decision(result=False, timestamp="2026-01-01T10:00:00.123Z")
    other = {"level": "info", "msg": "Initializing server.", "addrs": [":8181"], "time": "x"}
    lines = "\n".join(map(json.dumps, (other, late, other, early))).encode()
    for body in ([late, early], lines):
        readings = _read(body, "opa-decision-log")
        assert [one.data["decision"] for one in readings] == ["deny", "allow"]
    assert len(_read(late, "opa-decision-log")) == 1
    console = {"level": "info", "msg": "Decision Log", "type": "openpolicyagent.org/decision_logs"}
    assert len(_read(late | console, "opa-decision-log")) == 1


def test_nothing_that_was_asked_gets_out() -> None:
    """Not the input, not what built-in functions fetched, not who asked."""
    reading = _decided(result={"allow": True, "token": CANARY, "deny": [{"token": CANARY}]})
    assert reading.data["decision"] == "deny"
    assert reading.data["counts"] == {"deny": 1}
    text = json.dumps(reading.data)
    assert CANARY not in text
    assert "10.1.2.3" not in text


def test_an_upload_proves_itself_by_the_bearer_token() -> None:
    """As OPA's configuration has it."""
    sender = SENDERS["opa"]
    body = json.dumps([decision(result=True), decision(result=False)]).encode()
    assert sender.scheme.holds({"authorization": "Bearer s3"}, body, "s3", AT)
    assert not sender.scheme.holds({"authorization": "Bearer s4"}, body, "s3", AT)
    assert not sender.scheme.holds({}, body, "s3", AT)
    found = read_delivery(sender, Delivery("opa", None, "application/json", body))
    assert [one.data["decision"] for one in found] == ["allow", "deny"]


def evaluated(*expressions: tuple[str, object]) -> dict[str, Any]:
    """What `opa eval` writes."""
    return {
        "result": [
            {"expressions": [{"value": value, "text": text, "location": {"row": 1, "col": 1}}]}
            for text, value in expressions
        ]
    }


def test_an_evaluation_is_one_fact_for_each_package_that_decides() -> None:
    """However deep it lies; rules that were asked for themselves are their own."""
    packages = {
        "terraform": {"tags": {"deny": ["a", "b"], "warn": [], "helper": 1}},
        "other": {"numbers": [1]},
        "http": {"allow": False},
    }
    readings = _read(evaluated(("data", packages)), "opa-eval")
    assert [(one.data["policy"], one.data["decision"]) for one in readings] == [
        ("terraform/tags", "deny"), ("http", "deny"),
    ]  # fmt: skip
    tags = readings[0]
    assert tags.data["counts"] == {"deny": 2, "warn": 0}
    assert tags.data["reasons"] == ["a", "b"]
    rows = [json.loads(row) for row in tags.documents[0].body.splitlines()]
    assert [(row["rule"], row["severity"]) for row in rows] == [("terraform/tags/deny", "high")] * 2
    assert rows[0]["fingerprint"] != rows[1]["fingerprint"]
    (allow,) = _read(evaluated(("data.http.authz.allow", True)), "opa-eval")
    assert (allow.data["policy"], allow.data["decision"]) == ("http/authz/allow", "allow")
    (deny,) = _read(evaluated(('data["my-policy"].deny', ["x"])), "opa-eval")
    assert (deny.data["policy"], deny.data["findings_count"]) == ("my-policy/deny", 1)
    (other,) = _read(evaluated(("1 + 1", 2)), "opa-eval")
    assert (other.data["policy"], other.data["decision"]) == ("ad-hoc query", "undecided")


def test_an_evaluation_that_failed_decided_nothing() -> None:
    """And says why."""
    errors = [{"message": "var x is unsafe", "code": "rego_unsafe_var_error"}]
    (reading,) = _read({"errors": errors}, "opa-eval")
    data = reading.data
    assert (data["decision"], data["reported_outcome"]) == ("undecided", "rego_unsafe_var_error")


def test_the_raw_value_of_packages_is_read_too() -> None:
    """It has no frame, so only packages with a set of denials are recognised."""
    readings = _read({"tags": {"deny": ["a"]}, "size": {"limit": 3, "deny": []}}, "opa-eval")
    assert [(one.data["policy"], one.data["decision"]) for one in readings] == [
        ("tags", "deny"), ("size", "allow"),
    ]  # fmt: skip
    for value in ({"tags": {"deny": ["a"]}, "other": 1}, {"tags": {"denied": 3}}, {}):
        with pytest.raises(RefusedError, match="no format is recognised"):
            read_report(json.dumps(value).encode())


def check(**more: object) -> dict[str, Any]:
    """The results of one file."""
    return {"filename": "a.yaml", "namespace": "main", "successes": 2} | more


NO = {"msg": "no", "metadata": {"query": "data.main.deny"}}
HM = {"msg": "hm", "loc": {"file": "part.yaml", "line": 3}, "metadata": {"severity": "LOW"}}


def test_conftest_is_one_fact_for_each_namespace() -> None:
    """Over all its files."""
    readings = _read(
        [
            check(failures=[NO], skipped=[{"msg": ""}]),
            check(filename="b.yaml", warnings=[HM], exceptions=[{"msg": "let be"}]),
            check(namespace="quiet"), check(namespace="empty", successes=0),
        ],
        "conftest",
    )  # fmt: skip
    assert [(one.data["policy"], one.data["decision"]) for one in readings] == [
        ("main", "deny"), ("quiet", "allow"), ("empty", "undecided"),
    ]  # fmt: skip
    main, quiet, _ = readings
    assert main.data["counts"] == {
        "successes": 4, "failures": 1, "warnings": 1, "exceptions": 1, "skipped": 1,
    }  # fmt: skip
    assert ("target" in main.data, quiet.data["target"]) == (False, "a.yaml")
    assert main.data["reasons"] == ["no", "hm", "let be"]
    rows = [json.loads(row) for row in main.documents[0].body.splitlines()]
    assert [(row["kind"], row["rule"], row["target"], row["severity"]) for row in rows] == [
        ("failure", "main/deny", "a.yaml", "high"),
        ("warning", "main", "part.yaml", "low"),
        ("exception", "main", "b.yaml", "info"),
    ]
    assert all("msg" not in row for row in rows)


@pytest.mark.parametrize(
    "value",
    [
        {"filename": "a.yaml", "Warnings": ["hm"], "Failures": ["no"], "Successes": ["ok", "ok"]},
        {"filename": "a.yaml", "warnings": [{"msg": "hm"}], "failures": [{"msg": "no"}],
         "successes": [{"msg": "ok"}, {"msg": "ok"}]},
        check(warnings=[HM], failures=[NO]),
    ],
    ids=["texts", "lists", "numbers"],
)  # fmt: skip
def test_conftest_of_every_version_is_read(value: dict[str, Any]) -> None:
    """Successes were a list before they were a number."""
    (reading,) = _read([value], "conftest")
    counts = reading.data["counts"]
    assert (counts["successes"], counts["failures"], counts["warnings"]) == (2, 1, 1)
    assert reading.data["policy"] == value.get("namespace", "conftest")
    (warned,) = _read([value | {"failures": [], "Failures": []}], "conftest")
    assert warned.data["decision"] == "warn"


ROWS = {name: row for name, row in facts("SOURCES-scanners.tsv").items() if name.startswith("opa/")}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Decisions, policies, versions and times; results by namespace; denials by package."""
    row = ROWS[name]
    readings = read_report((FOLDER / name).read_bytes()).readings
    for reading in readings:
        through_door(reading)
    data = [reading.data for reading in readings]
    if "decision" in name:
        told = re.findall(
            r"decision_id=(\S+) path=(\S+) query=- result=(\w+) timestamp=(\S+) opa=(.+?) bundles",
            row,
        )
        assert len(told) == len(readings)
        for reading, (key, path, result, time, version) in zip(readings, told, strict=True):
            assert (reading.data["decision_id"], reading.data["policy"]) == (key, path)
            assert reading.data["decision"] == ("allow" if result.lower() == "true" else "deny")
            assert (reading.time, reading.data["tool_version"]) == (time, version)
    elif "conftest" in name:
        for kind in ("successes", "warnings", "failures", "exceptions"):
            assert f"{kind}={sum(one['counts'][kind] for one in data)};" in row
        assert row.endswith(f"namespaces={[one['policy'] for one in data]}")
    else:
        assert f"packages={[one['policy'] for one in data]}" in row
        for rule in ("deny", "warn"):
            assert f"{rule}={ {one['policy']: one['counts'][rule] for one in data} }" in row


@pytest.mark.parametrize(
    "value",
    [
        [decision(result={"response": {"allowed": True}}), decision(result=["x"])],
        evaluated(("data.a.deny", ["x"]), ("data", {"b": {"warn": [{"msg": "m"}]}})),
        [check(failures=[NO]), check(warnings=[HM])],
    ],
    ids=["decisions", "evaluation", "conftest"],
)
def test_damage_is_refused_and_nothing_else_happens(value: object) -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(json.dumps(value).encode(), 200)
