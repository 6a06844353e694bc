"""Plans, operations and notifications of Terraform and OpenTofu become the right facts.

One tool's three kinds of files, case by case, so it is long.
"""

from __future__ import annotations

import hmac
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


def _read(body: bytes, name: str) -> list[Reading]:
    report = read_report(body)
    assert report.format.name == name
    for reading in report.readings:
        through_door(reading)
    return report.readings


def _kinds(readings: list[Reading]) -> list[tuple[str, str | None]]:
    return [
        (one.type.removeprefix("pipeledger.").removesuffix(".v1"), one.data.get("outcome"))
        for one in readings
    ]


def change(address: str, *actions: str, **more: object) -> dict[str, Any]:
    """A resource of a plan, with values that nobody may see."""
    secret = {"password": CANARY}
    return {
        "address": address, "mode": "managed", "type": address.partition(".")[0],
        "provider_name": "registry.terraform.io/hashicorp/test",
        "change": {"actions": list(actions), "before": secret, "after": secret,
                   "after_sensitive": {"password": True}},
    } | more  # fmt: skip


def plan(*changes: dict[str, Any], **more: object) -> bytes:
    """A plan."""
    value = {
        "format_version": "1.2", "terraform_version": "1.9.5", "planned_values": {},
        "resource_changes": list(changes), "timestamp": "2026-01-01T10:00:00Z",
        "variables": {"token": {"value": CANARY}}, "errored": False,
    }  # fmt: skip
    return json.dumps(value | more).encode()


def line(kind: str, second: int = 0, **more: object) -> dict[str, Any]:
    """A message."""
    return {
        "@level": "info", "@message": "m", "@module": "terraform.ui", "type": kind,
        "@timestamp": f"2026-01-01T10:00:{second:02}.000000+01:00",
    } | more  # fmt: skip


def planned(address: str, action: str, **more: object) -> dict[str, Any]:
    """A change that is planned."""
    resource = {"addr": address, "resource_type": "t", "implied_provider": "p"}
    return line("planned_change", change={"resource": resource, "action": action} | more)


def hook(kind: str, address: str, action: str, second: int = 5) -> dict[str, Any]:
    """Something that is done to a resource."""
    done = {"resource": {"addr": address}, "action": action, "id_value": CANARY}
    return line(kind, second, hook=done)


def summary(operation: str, add: int, modified: int, remove: int, second: int) -> dict[str, Any]:
    """Totals."""
    totals = {"add": add, "change": modified, "remove": remove, "operation": operation}
    return line("change_summary", second, changes=totals)


VERSION = line("version", terraform="1.9.5", ui="1.2")
ERROR = line("diagnostic", 8, diagnostic={"severity": "error", "summary": CANARY})
WARNING = line("diagnostic", 8, diagnostic={"severity": "warning", "summary": CANARY})
OUTPUTS = line("outputs", 9, outputs={"key": {"sensitive": True, "value": CANARY}})


def stream(*lines: dict[str, Any]) -> bytes:
    """Messages, one a line."""
    return "\n".join(map(json.dumps, (VERSION, *lines))).encode()


def test_a_plan_is_counted_as_terraform_counts_it() -> None:
    """A replacement is an addition and a removal; reading and forgetting are neither."""
    (reading,) = _read(
        plan(
            change("a.new", "create"), change("a.same", "no-op"), change("a.up", "update"),
            change("a.gone", "delete"), change("a.re", "delete", "create"),
            change("a.swap", "create", "delete"), change("a.left", "forget"),
            change("data.d.x", "read", mode="data"), change("data.d.y", "delete", mode="data"),
            change("a.old", "delete", deposed="a1b2"), change("a.kept", "create", "forget"),
        ),
        "terraform-plan",
    )  # fmt: skip
    data = reading.data
    assert (data["adds"], data["changes"], data["destroys"]) == (4, 1, 4)
    assert data["counts"] == {
        "create": 1, "create+forget": 1, "delete": 2, "forget": 1, "no-op": 1, "read": 1,
        "replace": 2, "update": 1,
    }  # fmt: skip
    assert data["resources"] == [
        "a.new", "a.up", "a.gone", "a.re", "a.swap", "a.left", "a.old", "a.kept",
    ]  # fmt: skip
    assert (reading.time, data["outcome"]) == ("2026-01-01T10:00:00Z", "success")
    assert (data["tool"], data["tool_version"]) == ("terraform", "1.9.5")


def test_a_plan_is_named_by_its_digest() -> None:
    """The same file has the same, so that an approval can be bound to it."""
    first, again, other = (
        _read(body, "terraform-plan")[0].data["plan"]
        for body in (plan(), plan(), plan(timestamp="2026-01-01T11:00:00Z"))
    )
    assert first == again != other
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", first)


def test_moves_imports_and_drift_are_written_down() -> None:
    """Though nothing is added, changed or removed."""
    moved = change("a.here", "no-op", previous_address="a.there")
    imported = change("a.in", "no-op")
    imported["change"]["importing"] = {"id": CANARY}
    (reading,) = _read(
        plan(moved, imported, resource_drift=[change("a.by-hand", "update")],
             output_changes={"x": {"actions": ["no-op"]}, "y": {"actions": ["create"]}}),
        "terraform-plan",
    )  # fmt: skip
    data = reading.data
    assert [data[name] for name in ("adds", "changes", "destroys", "imports", "drift")] == [
        0, 0, 0, 1, 1,
    ]  # fmt: skip
    assert data["output_changes"] == 1
    rows = [json.loads(row) for row in reading.documents[0].body.splitlines()]
    assert [(row["address"], row.get("drift")) for row in rows] == [
        ("a.here", None), ("a.in", None), ("a.by-hand", True),
    ]  # fmt: skip
    assert rows[0]["previous_address"] == "a.there"
    assert data["resource_changes"] == reading.documents[0].digest


def test_what_a_plan_does_not_say_stays_absent() -> None:
    """Plans of old versions have no time and did not look for drift."""
    old = {"format_version": "0.1", "terraform_version": "0.13.5", "planned_values": {}}
    (reading,) = _read(json.dumps(old).encode(), "terraform-plan")
    assert reading.time is None
    assert {"drift", "environment", "service", "commit"}.isdisjoint(reading.data)
    tofu = change("a.b", "create", provider_name="registry.opentofu.org/hashicorp/null")
    assert _read(plan(tofu), "terraform-plan")[0].data["tool"] == "opentofu"
    assert _read(plan(errored=True), "terraform-plan")[0].data["outcome"] == "error"


def test_a_long_plan_lists_its_resources_in_the_document_alone() -> None:
    """An event holds at most a thousand; a list of some would look like a list of all."""
    (reading,) = _read(plan(*(change(f"a.n{n}", "create") for n in range(1001))), "terraform-plan")
    assert reading.data["adds"] == 1001
    assert "resources" not in reading.data
    assert len(reading.documents[0].body.splitlines()) == 1001


PLANNED = (planned("a.x", "create"), planned("a.y", "replace"), summary("plan", 2, 0, 1, 3))
APPLIED = (
    hook("apply_start", "a.y", "delete"), hook("apply_complete", "a.y", "delete"),
    hook("apply_start", "a.y", "create"), hook("apply_complete", "a.y", "create"),
    hook("apply_complete", "data.d.z", "read"), hook("apply_complete", "a.x", "create"),
)  # fmt: skip
FAILED = (hook("apply_start", "a.x", "create"), hook("apply_errored", "a.x", "create", 7), ERROR)
HALTED = line("log", 8, **{"@message": "\nInterrupt received.\nPlease wait"})


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        (PLANNED, [("infrastructure.planned", "success")]),
        ((*PLANNED, WARNING), [("infrastructure.planned", "success")]),
        ((*PLANNED, ERROR), [("infrastructure.planned", "error")]),
        ((ERROR,), [("infrastructure.planned", "error")]),
        ((HALTED,), [("infrastructure.planned", "cancelled")]),
        ((*PLANNED, *APPLIED, summary("apply", 2, 0, 1, 9), OUTPUTS),
         [("infrastructure.planned", "success"), ("infrastructure.applied", "success")]),
        ((*APPLIED, summary("destroy", 0, 0, 1, 9)), [("infrastructure.applied", "success")]),
        ((*PLANNED, *FAILED),
         [("infrastructure.planned", "success"), ("infrastructure.applied", "failure")]),
        ((*FAILED, summary("apply", 0, 0, 0, 9)), [("infrastructure.applied", "failure")]),
        ((*PLANNED, FAILED[0], HALTED, ERROR),
         [("infrastructure.planned", "success"), ("infrastructure.applied", "cancelled")]),
        ((*PLANNED, *APPLIED), [("infrastructure.planned", "success")]),
        ((), []),
    ],
    ids=["planned", "warned", "plan-failed", "no-plan", "plan-halted", "applied", "destroyed",
         "failed", "failed-with-totals", "halted", "cut", "version-only"],
)  # fmt: skip
def test_an_operation_ends_as_its_messages_say(
    lines: tuple[dict[str, Any], ...], kinds: list[tuple[str, str]]
) -> None:
    """An error before anything was done is one of planning; a file that is cut tells no end."""
    assert _kinds(_read(stream(*lines), "terraform-log")) == kinds


def test_totals_are_the_summary_s_and_times_the_messages() -> None:
    """What was done is counted beside; where they disagree, that is said."""
    before, after = _read(stream(*PLANNED, *APPLIED, summary("apply", 2, 0, 1, 9)), "terraform-log")
    assert [before.data[name] for name in ("adds", "changes", "destroys")] == [2, 0, 1]
    assert before.data["counts"] == {"create": 1, "replace": 1}
    assert (before.time, before.data["started_at"]) == (
        "2026-01-01T10:00:03.000000+01:00", "2026-01-01T10:00:00.000000+01:00",
    )  # fmt: skip
    assert after.data["counts"] == {"create": 2, "delete": 1}
    assert (after.time, after.data["duration_s"]) == ("2026-01-01T10:00:09.000000+01:00", 4)
    assert "claimed" not in before.data | after.data
    (odd,) = _read(stream(planned("a.x", "create"), summary("plan", 5, 0, 0, 1)), "terraform-log")
    assert (odd.data["adds"], odd.data["counts"]) == (5, {"create": 1})
    assert odd.data["claimed"] == {"adds": 5, "changes": 0, "destroys": 0}


def test_what_was_done_before_a_failure_is_counted() -> None:
    """There is no summary then."""
    lines = (hook("apply_complete", "a.y", "update"), *FAILED)
    (reading,) = _read(stream(*lines), "terraform-log")
    assert [reading.data[name] for name in ("adds", "changes", "destroys", "errors")] == [
        0, 1, 0, 1,
    ]  # fmt: skip
    assert reading.data["resources"] == ["a.y"]


def test_opentofu_says_the_same_under_its_own_name() -> None:
    """Module and version have other names; a resource it forgets is called removed."""
    lines = [
        one | {"@module": "tofu.ui"}
        for one in (
            line("version", tofu="1.8.0", ui="1.2"), planned("a.x", "remove"),
            planned("a.y", "noop", previous_resource={"addr": "a.z"}), summary("plan", 0, 0, 0, 1),
        )
    ]  # fmt: skip
    (reading,) = _read("\n".join(map(json.dumps, lines)).encode(), "terraform-log")
    data = reading.data
    assert (data["tool"], data["tool_version"]) == ("opentofu", "1.8.0")
    assert data["counts"] == {"forget": 1, "no-op": 1}


def test_no_value_gets_out_of_a_plan_or_an_operation() -> None:
    """Not into an event, and not into a document."""
    bodies = [
        plan(change("a.x", "create"), resource_drift=[change("a.y", "update")],
             output_changes={"key": {"actions": ["create"], "after": CANARY}},
             prior_state={"values": {"secret": CANARY}}),
        stream(*PLANNED, *APPLIED, summary("apply", 2, 0, 1, 9), OUTPUTS, ERROR,
               line("log", state={"outputs": CANARY})),
    ]  # fmt: skip
    for body in bodies:
        assert CANARY.encode() in body
        for reading in read_report(body).readings:
            assert CANARY not in json.dumps(reading.data)
            assert all(CANARY.encode() not in one.body for one in reading.documents)


URL = "https://app.terraform.io/app/acme/shop-prod/runs/run-1"
MIA = {"system": "app.terraform.io", "login": "mia"}
BEN = {"system": "app.terraform.io", "login": "ben"}


def notified(trigger: str, status: str | None, by: str | None = "mia") -> bytes:
    """A notification about a run that Ben asked for."""
    return json.dumps({
        "payload_version": 1, "notification_configuration_id": "nc-1", "run_url": URL,
        "run_id": "run-1", "run_message": "bigger queue", "run_created_by": "ben",
        "run_created_at": "2026-01-01T10:00:00.000Z", "workspace_name": "shop-prod",
        "organization_name": "acme",
        "notifications": [{"message": "m", "trigger": trigger, "run_status": status,
                           "run_updated_at": "2026-01-01T10:05:00.000Z", "run_updated_by": by}],
    }).encode()  # fmt: skip


@pytest.mark.parametrize(
    ("trigger", "status", "kinds"),
    [
        ("run:created", "pending", [("pipeline.started", None)]),
        ("run:needs_attention", "planned",
         [("infrastructure.planned", "success"), ("approval.reported", None)]),
        ("run:completed", "applied",
         [("infrastructure.applied", "success"), ("pipeline.finished", "success")]),
        ("run:completed", "planned_and_finished",
         [("infrastructure.planned", "success"), ("pipeline.finished", "success")]),
        ("run:errored", "errored", [("pipeline.finished", "error")]),
        ("run:errored", "canceled", [("pipeline.finished", "cancelled")]),
        ("run:errored", "force_canceled", [("pipeline.finished", "cancelled")]),
        ("run:errored", "policy_soft_failed", [("pipeline.finished", "failure")]),
        ("run:errored", "discarded",
         [("approval.reported", None), ("pipeline.finished", "cancelled")]),
        ("run:applying", "confirmed", [("approval.reported", None)]),
        ("run:applying", "applying", []),
        ("run:planning", "planning", []),
        ("run:new", "unheard_of", []),
    ],
)  # fmt: skip
def test_a_run_came_to_what_its_status_says(
    trigger: str, status: str, kinds: list[tuple[str, str | None]]
) -> None:
    """`run:errored` is also the trigger of a run that was cancelled."""
    readings = _read(notified(trigger, status), "terraform-cloud")
    assert _kinds(readings) == kinds
    for reading in readings:
        data = reading.data
        assert (data["run"], data["workspace"], data["reported_outcome"]) == (
            "run-1", "shop-prod", status,
        )  # fmt: skip
        assert reading.source == "https://app.terraform.io/app/acme/shop-prod"
        assert data["actor"] == (BEN if trigger == "run:created" else MIA)
        assert reading.time == (
            "2026-01-01T10:00:00.000Z" if trigger == "run:created" else "2026-01-01T10:05:00.000Z"
        )


@pytest.mark.parametrize(
    ("trigger", "status", "verdict"),
    [
        ("run:needs_attention", "policy_override", "requested"),
        ("run:applying", "confirmed", "approved"),
        ("run:errored", "discarded", "rejected"),
    ],
)
def test_whoever_confirms_or_discards_a_run_decides(
    trigger: str, status: str, verdict: str
) -> None:
    """A run that goes on by itself has nobody who agreed to it."""
    (reading,) = [
        one for one in _read(notified(trigger, status), "terraform-cloud")
        if one.type == "pipeledger.approval.reported.v1"
    ]  # fmt: skip
    data = reading.data
    assert (data["verdict"], data["approval"], data["requester"]) == (verdict, "run-1", BEN)
    assert data["subjects"] == [{"kind": "plan"}]
    assert data.get("approver") == (None if verdict == "requested" else MIA)
    assert _read(notified("run:applying", "confirmed", by=None), "terraform-cloud") == []


def assessed(trigger: str, **result: object) -> bytes:
    """A notification about the health of a workspace."""
    new = {"id": "asmtres-1", "url": "https://tf.example/a", "succeeded": True, "drifted": False,
           "resources_drifted": 0, "all_checks_succeeded": True, "checks_passed": 0,
           "created_at": "2026-01-01T10:00:00Z"}  # fmt: skip
    return json.dumps({
        "payload_version": "2", "notification_configuration_id": "nc-1",
        "trigger_scope": "assessment", "trigger": trigger,
        "details": {"new_assessment_result": new | result, "prior_assessment_result": {},
                    "workspace_name": "shop-prod", "organization_name": "acme"},
    }).encode()  # fmt: skip


def test_an_assessment_finds_drift_and_failed_checks() -> None:
    """One that did not come to its end found nothing."""
    (drift,) = _read(
        assessed("assessment:drifted", drifted=True, resources_drifted=4), "terraform-cloud"
    )
    assert _kinds([drift]) == [("infrastructure.planned", "success")]
    assert (drift.data["drift"], drift.data["workspace"]) == (4, "shop-prod")
    assert drift.time == "2026-01-01T10:00:00Z"
    checks = {"all_checks_succeeded": False, "checks_failed": 2, "checks_passed": 3}
    readings = _read(assessed("assessment:check_failure", **checks), "terraform-cloud")
    assert _kinds(readings)[1] == ("quality.evaluated", "failure")
    assert readings[1].data["counts"] == {"passed": 3, "failed": 2}
    (failed,) = _read(assessed("assessment:failed", succeeded=False), "terraform-cloud")
    assert (failed.data["outcome"], "drift" in failed.data) == ("error", False)


def test_a_notification_is_signed_with_the_token() -> None:
    """HMAC with SHA-512 of the body, in hexadecimal."""
    scheme, body = SENDERS["terraform"].scheme, notified("run:created", "pending")
    digest = hmac.new(b"token", body, "sha512").hexdigest()
    assert scheme.holds({"x-tfe-notification-signature": digest}, body, "token", AT)
    for headers, secret in (
        ({}, "token"),
        ({"x-tfe-notification-signature": digest}, "other"),
        ({"x-tfe-notification-signature": digest[:-1]}, "token"),
        ({"x-tfe-notification-signature": hmac.new(b"token", body, "sha256").hexdigest()}, "token"),
    ):
        assert not scheme.holds(headers, body, secret, AT)


def test_trying_the_address_is_a_sign_of_life() -> None:
    """And no fact; a run that nothing is known of is kept as unmapped."""
    trial = json.loads(notified("verification", None, None))
    trial |= dict.fromkeys(("run_url", "run_id", "run_created_by", "workspace_name"))
    sender = SENDERS["terraform"]

    def delivered(body: bytes) -> list[str]:
        delivery = Delivery("tf", None, "application/json", body)
        return [one.type for one in read_delivery(sender, delivery)]

    assert delivered(json.dumps(trial).encode()) == ["pipeledger.source.heartbeat.v1"]
    assert delivered(notified("run:planning", "planning")) == ["pipeledger.source.unmapped.v1"]
    assert delivered(notified("run:errored", "errored")) == ["pipeledger.pipeline.finished.v1"]


ROWS = {
    name: row for name, row in facts("SOURCES-scanners.tsv").items()
    if name.startswith("terraform/")
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Versions, totals, drift; of a notification run, person, outcome and time."""
    row = ROWS[name]
    told = dict(part.partition("=")[::2] for part in re.split(r"[; ] ?", row))
    readings = read_report((FOLDER / name).read_bytes()).readings
    for reading in readings:
        through_door(reading)
    if "notification" in name:
        (reading,) = readings
        assert _kinds(readings) == [("pipeline.finished", "cancelled")]
        assert (reading.data["run"], reading.data["workspace"]) == (
            told["run_id"], told["workspace"],
        )  # fmt: skip
        assert f"'{reading.data['reported_outcome']}', '{reading.time}'" in row
        assert row.endswith(f"by {reading.data['actor']['login']}")
    elif name.endswith(".jsonl"):
        totals = re.findall(
            r"'add': (\d+), (?:'import': \d+, )?'change': (\d+), 'remove': (\d+), "
            r"'operation': '(\w+)'", row,
        )  # fmt: skip
        kinds = {"plan": "infrastructure.planned", "apply": "infrastructure.applied"}
        assert _kinds(readings) == [(kinds[total[3]], "success") for total in totals]
        for reading, total in zip(readings, totals, strict=True):
            data = reading.data
            assert [data["adds"], data["changes"], data["destroys"]] == [*map(int, total[:3])]
            assert data["tool_version"] == told["terraform"]
            assert "claimed" not in data
    else:
        (reading,) = readings
        data = reading.data
        assert str(data.get("tool_version")) == told["terraform_version"]
        for theirs, ours in (("adds", "adds"), ("changes", "changes"), ("destroys", "destroys"),
                             ("output_changes", "output_changes"), ("drift", "drift")):  # fmt: skip
            assert data[ours] == int(told[theirs])
        assert sum(data.get("counts", {}).values()) == int(told["resource_changes"])
        assert str(data.get("applyable", "-")) == told["applyable"]


@pytest.mark.parametrize(
    "body",
    [plan(), stream(*PLANNED, *APPLIED, summary("apply", 2, 0, 1, 9)),
     notified("run:needs_attention", "planned"), assessed("assessment:drifted")],
    ids=["plan", "log", "run", "assessment"],
)  # fmt: skip
def test_damage_is_refused_and_nothing_else_happens(body: bytes) -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    check_damaged(body, 200)


@pytest.mark.parametrize("name", ["terraform-plan", "terraform-log", "terraform-cloud"])
def test_what_is_none_is_refused(name: str) -> None:
    """Also where it is said to be one."""
    with pytest.raises(RefusedError):
        read_report(b'{"format_version": 1, "type": 2, "run_id": []}', name)
