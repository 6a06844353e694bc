"""Failovers of databases, backups and restores become the right facts."""

from __future__ import annotations

import base64
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.databases import SENDER
from tests.fixtures import facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file
from tests.intake.watched import WATCHED


def _one(value: object, name: str) -> dict[str, Any]:
    (found,) = told(value, name)
    return found


def test_each_timeline_of_patroni_began_with_a_failover() -> None:
    """Old entries have no time, new ones name the leader; `patronictl` writes the same."""
    history = [
        [1, 25623960, "no recovery target specified"],
        [2, 25624344, "no recovery target specified", "2026-01-01T10:00:00+01:00", "b"],
    ]
    later, first = told(history, "patroni")
    assert (later["type"], later["recovery"], later["to_site"]) == (
        "failover.finished", "timeline-3@2026-01-01T10:00:00+01:00", "b",
    )  # fmt: skip
    assert first["recovery"] == "timeline-2@25623960"
    assert (later["time"], first["time"]) == ("2026-01-01T10:00:00+01:00", None)
    table = [{"TL": 2, "LSN": 25624344, "Reason": "no recovery target specified",
              "Timestamp": "2026-01-01T10:00:00+01:00", "New Leader": "b"}]  # fmt: skip
    again = _one(table, "patroni")
    assert {name: again[name] for name in ("recovery", "time", "to_site", "lsn")} == {
        name: later[name] for name in ("recovery", "time", "to_site", "lsn")
    }


def test_timelines_of_two_clusters_are_two_failovers() -> None:
    """Each cluster counts from 1, and its history does not name it."""
    histories = [
        [[1, 25623960, "no recovery target specified", at, "b"]]
        for at in ("2026-01-01T10:00:00Z", "2026-02-01T10:00:00Z")
    ]
    first, second = (_one(one, "patroni")["recovery"] for one in histories)
    assert first != second


def test_a_switchover_for_later_has_not_begun() -> None:
    """It may be taken back; what promotes a member then is another failover."""
    log = (
        "2026-01-01 10:00:01,000 INFO: received switchover request with leader=a candidate=b "
        "scheduled_at=2026-01-01T22:00:00+00:00\n"
        "2026-01-01 22:00:02,000 INFO: Cleaning up failover key after acquiring leader lock...\n"
        "2026-01-01 22:00:02,500 INFO: promoted self to leader by acquiring session lock\n"
    )
    asked, done = told(log, "patroni-log")
    assert (asked["type"], asked["action"], asked["scheduled_at"], asked["to_site"]) == (
        "config.changed", "switchover.scheduled", "2026-01-01T22:00:00+00:00", "b",
    )  # fmt: skip
    assert (done["type"], done["trigger"], done["recovery"]) == (
        "failover.finished", "manual", "promotion@2026-01-01T22:00:02.500Z",
    )  # fmt: skip


def test_a_cluster_tells_what_is_to_be_changed_alone() -> None:
    """How it stands is no event."""
    members = [{"name": "a", "role": "leader", "state": "running", "api_url": "http://a"}]
    assert told({"members": members, "scope": "demo"}, "patroni") == []


def test_patronis_log_says_who_was_promoted_and_who_asked() -> None:
    """By hand where the failover's key was cleaned up; its times have no zone."""
    log = (
        "2026-01-01 10:00:00,061 INFO: Lock owner: a; I am b\n"
        "2026-01-01 10:00:01,000 INFO: received switchover request with leader=a candidate=b "
        "scheduled_at=None\n"
        "Jan 01 10:00:02 b patroni[1]: 2026-01-01 10:00:02,000 INFO: Cleaning up failover key "
        "after acquiring leader lock...\n"
        "2026-01-01 10:00:02,500 INFO: promoted self to leader by acquiring session lock\n"
        "server promoting\n"
        "2026-01-01 11:00:00,000 INFO: promoted self to leader by acquiring session lock\n"
    )
    asked, done, alone = told(log, "patroni-log")
    assert (asked["type"], asked["planned"], asked["from_site"], asked["to_site"]) == (
        "failover.started", True, "a", "b",
    )  # fmt: skip
    assert (done["type"], done["trigger"], done["to_site"], done["local"]) == (
        "failover.finished", "manual", "b", "2026-01-01 10:00:02.500",
    )  # fmt: skip
    assert done["recovery"] == asked["recovery"]
    assert alone["trigger"] == "automatic"
    assert alone["recovery"] != asked["recovery"]
    assert told("2026-01-01 10:00:00,061 INFO: Lock owner: a; I am b\n", "patroni-log") == []


@pytest.mark.parametrize(
    ("word", "what", "outcome"),
    [("Start", "failover.started", None), ("Success", "failover.finished", "success"),
     ("Failure", "failover.finished", "failure")],
)  # fmt: skip
def test_azures_activity_log_tells_of_failovers(word: str, what: str, outcome: str | None) -> None:
    """As exported and as listed; forced ones were not planned."""
    record = WATCHED["azure-failover"]["records"][0] | {"resultType": word}
    found = _one({"records": [record]}, "azure-failover")
    assert (found["type"], found.get("outcome"), found["recovery"], found["database"]) == (
        what, outcome, "c", "g",
    )  # fmt: skip
    listed = {
        "operationName": {"value": "Microsoft.Sql/servers/failoverGroups/"
                                   "forceFailoverAllowDataLoss/action"},
        "resourceId": "/x/failoverGroups/g", "eventTimestamp": "2026-01-01T10:00:00Z",
        "status": {"value": "Succeeded"}, "caller": "mia@acme.example", "correlationId": "c",
    }  # fmt: skip
    found = _one([listed], "azure-failover")
    assert (found["planned"], found["actor"]["email"]) == (False, "mia@acme.example")


@pytest.mark.parametrize(
    ("kind", "what"),
    [("FAILOVER", "failover.finished"), ("BACKUP_VOLUME", "backup.finished"),
     ("RESTORE_VOLUME", "restore.tested")],
)  # fmt: skip
def test_cloud_sqls_operations_recover(kind: str, what: str) -> None:
    """When they are done; others tell nothing."""
    one = WATCHED["cloud-sql"]["items"][0] | {"operationType": kind}
    found = _one(one, "cloud-sql")
    assert (found["type"], found["outcome"], found["duration_s"]) == (what, "success", 60.0)
    assert (found["time"], found["actor"]["email"]) == ("2026-01-01T10:01:00Z", "mia@acme.example")
    assert _one(one | {"error": {"errors": []}}, "cloud-sql")["outcome"] == "failure"
    assert told(one | {"status": "RUNNING"}, "cloud-sql") == []
    assert told(one | {"operationType": "UPDATE"}, "cloud-sql") == []


def test_googles_audit_log_tells_who_asked() -> None:
    """A long operation twice: when it began, when it ended; service accounts are nobody."""
    call = {"serviceName": "cloudsql.googleapis.com", "methodName": "cloudsql.instances.failover",
            "resourceName": "projects/p/instances/db",
            "authenticationInfo": {"principalEmail": "mia@acme.example"}}  # fmt: skip
    entry = {"protoPayload": call, "timestamp": "2026-01-01T10:00:00Z", "insertId": "i"}
    begun = _one(entry | {"operation": {"id": "o", "first": True}}, "cloud-sql")
    ended = _one(entry | {"operation": {"id": "o", "last": True}}, "cloud-sql")
    assert (begun["type"], ended["type"]) == ("failover.started", "failover.finished")
    assert begun["recovery"] == ended["recovery"] == "o"
    assert (ended["outcome"], ended["database"]) == ("success", "db")
    robot = call | {"authenticationInfo": {"principalEmail": "r@p.iam.gserviceaccount.com"}}
    assert "actor" not in _one(entry | {"protoPayload": robot}, "cloud-sql")


def test_atlas_elects_and_warns() -> None:
    """An elected primary is a failover; an alert has a state."""
    found = _one(WATCHED["mongodb-atlas"], "mongodb-atlas")
    assert (found["type"], found["to_site"]) == ("failover.finished", "a:27017")
    alert = {"id": "1", "eventTypeName": "NO_PRIMARY", "groupId": "g", "alertConfigId": "c",
             "created": "2026-01-01T10:00:00Z", "status": "OPEN", "clusterName": "c"}  # fmt: skip
    found = _one(alert, "mongodb-atlas")
    assert (found["type"], found["rule"], found["target"]) == ("alert.fired", "NO_PRIMARY", "c")
    closed = alert | {"status": "CLOSED", "resolved": "2026-01-01T10:05:00Z"}
    assert _one(closed, "mongodb-atlas")["ended_at"] == "2026-01-01T10:05:00Z"
    # Its configuration was removed; one that waits to be open is none yet.
    assert _one(alert | {"status": "CANCELLED"}, "mongodb-atlas")["type"] == "alert.resolved"
    assert told(alert | {"status": "TRACKING"}, "mongodb-atlas") == []


def test_atlas_signs_the_body() -> None:
    """HMAC-SHA1, in base64; Ops Manager in hexadecimal."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    made = hmac.new(b"s3", b"{}", "sha1")
    for signature in (base64.b64encode(made.digest()).decode(), made.hexdigest()):
        headers = {"x-mms-signature": signature}
        assert SENDER.scheme.holds(headers, b"{}", "s3", at)
        assert not SENDER.scheme.holds(headers, b"{} ", "s3", at)
        assert not SENDER.scheme.holds(headers, b"{}", "s4", at)
    assert not SENDER.scheme.holds({}, b"{}", "s3", at)


@pytest.mark.parametrize(
    ("phase", "outcome"),
    [("Completed", "success"), ("PartiallyFailed", "failure"), ("Failed", "failure"),
     ("FailedValidation", "error")],
)  # fmt: skip
def test_velero_backs_up_and_restores(phase: str, outcome: str) -> None:
    """A backup that failed in part failed; what is under way tells nothing."""
    backup = WATCHED["velero"] | {"status": {**WATCHED["velero"]["status"], "phase": phase}}
    found = _one({"kind": "List", "items": [backup]}, "velero")
    assert (found["type"], found["outcome"], found["backup_set"]) == (
        "backup.finished", outcome, "daily-1",
    )  # fmt: skip
    assert (found["duration_s"], found["environment"]) == (300.0, "shop")
    restore = backup | {"kind": "Restore", "spec": {"backupName": "daily-1"}}
    found = _one(restore, "velero")
    assert (found["type"], found["backup_set"], found["rto_reached_s"]) == (
        "restore.tested", "daily-1", 300.0,
    )  # fmt: skip
    for under_way in ("InProgress", "FinalizingPartiallyFailed"):
        assert told(backup | {"status": {"phase": under_way}}, "velero") == []


def test_backups_of_postgresql_are_listed() -> None:
    """Damaged pages are a failure."""
    stanza = WATCHED["postgres-backup"][0]
    found = _one([stanza], "postgres-backup")
    assert (found["recovery"], found["outcome"], found["time"], found["duration_s"]) == (
        "main/20260101-100000F", "success", "2026-01-01T10:01:00Z", 60.0,
    )  # fmt: skip
    damaged = stanza | {"backup": [stanza["backup"][0] | {"error": True}]}
    assert _one([damaged], "postgres-backup")["outcome"] == "failure"
    listed = {"backup_name": "base_1", "wal_file_name": "1", "time": "2026-01-01T10:00:00Z"}
    assert _one([listed], "postgres-backup")["tool"] == "WAL-G"


def test_restic_lists_snapshots_and_tells_of_runs() -> None:
    """A run in which files could not be read failed; one without a summary broke off."""
    found = _one(WATCHED["restic"], "restic")
    assert (found["type"], found["outcome"], found["tool_version"]) == (
        "backup.finished", "success", "0.17.1",
    )  # fmt: skip
    status, error = {"message_type": "status", "percent_done": 1}, {"message_type": "error"}
    summary = {"message_type": "summary", "snapshot_id": "abc", "total_duration": 2.5,
               "backup_end": "2026-01-01T10:00:02Z"}  # fmt: skip

    def run(*lines: object) -> list[dict[str, Any]]:
        return told("\n".join(map(json.dumps, lines)), "restic")

    (done,) = run(status, summary)
    assert (done["outcome"], done["recovery"], done["time"], done["duration_s"]) == (
        "success", "abc", "2026-01-01T10:00:02Z", 2.5,
    )  # fmt: skip
    assert run(status, error, summary)[0]["outcome"] == "failure"
    assert run(status, {"message_type": "exit_error", "code": 1})[0]["outcome"] == "error"
    assert run(status, status) == []
    # Of `check`, of a rehearsal, and of a command that never began.
    assert run({"message_type": "summary", "num_errors": 0}) == []
    assert run(status, {"message_type": "summary", "files_new": 1, "dry_run": True}) == []
    # It names the snapshot that it would have made.
    assert run(status, summary | {"dry_run": True}) == []
    assert run({"message_type": "exit_error", "code": 10, "message": "no repository"}) == []
    restored = {"message_type": "summary", "total_files": 2, "files_restored": 2}
    assert run(status, restored)[0]["type"] == "restore.tested"


@needs_fixtures
def test_the_real_history_says_what_its_row_says() -> None:
    """Each timeline's position, reason and time."""
    row = facts("SOURCES-platforms.tsv")["patroni/history.json"]
    wanted = re.findall(r'timeline (\d+) lsn (\d+) reason "([^"]*)" at (\S+?)(?:;|$)', row)
    found = told_file("patroni/history.json", "patroni")
    assert len(wanted) == 4
    assert {one["type"] for one in found} == {"failover.finished"}
    assert [
        (str(one["timeline"]), str(one["lsn"]), one["reported_outcome"], one["time"])
        for one in found
    ] == wanted


@needs_fixtures
def test_the_real_cluster_says_what_its_row_says() -> None:
    """From whom to whom, and when."""
    row = row_of("patroni/cluster.scheduled-switchover.json")
    (found,) = told_file("patroni/cluster.scheduled-switchover.json", "patroni")
    assert (found["type"], found["action"]) == ("config.changed", "switchover.scheduled")
    assert (found["resource"], found["from_site"], found["to_site"], found["scheduled_at"]) == (
        row["scope"], row["from"], row["to"], row["at"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["patroni-log", "azure-failover", "cloud-sql", "mongodb-atlas", "velero", "postgres-backup",
     "restic"],
)  # fmt: skip
def test_damage_is_refused_and_nothing_else_happens(name: str) -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    value = WATCHED[name]
    check_damaged((value if isinstance(value, str) else json.dumps(value)).encode(), 100)


def test_a_damaged_history_is_refused_and_nothing_else_happens() -> None:
    """Rows that are too short are named."""
    check_damaged(json.dumps([[1, 5, "r", "2026-01-01T10:00:00Z", "b"]] * 3).encode(), 100)
