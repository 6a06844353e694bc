"""Small samples of what GitLab sends, and their facts."""

from __future__ import annotations

import json
from typing import Any

from intake.registry import read_report
from tests.intake.passing import through_door

SHA, OTHER, MERGED, ZEROS = "a" * 40, "b" * 40, "c" * 40, "0" * 40
ADDRESS = "https://code.example/acme/tools/shop"
PROJECT = {"id": 3, "name": "Shop of Acme", "web_url": ADDRESS}
USER = {"id": 7, "username": "mia", "name": "Mia", "email": "[REDACTED]"}
BASE = {"project": PROJECT, "user": USER}
MIA = {"system": "gitlab", "login": "mia", "name": "Mia", "id": "7"}
PLANTED = "s3cr3t-value"
ATTRIBUTES = {
    "iid": 5, "id": 99, "title": "T", "description": "D", "author_id": 51, "state": "opened",
    "source_branch": "fix", "target_branch": "main", "last_commit": {"id": SHA},
    "created_at": "2026-01-01 10:00:00 UTC", "updated_at": "2026-01-01 11:00:00 UTC",
    "work_in_progress": True, "url": f"{ADDRESS}/-/merge_requests/5",
}  # fmt: skip
PIPELINE = {
    "id": 31, "ref": "main", "tag": False, "sha": SHA, "source": "push",
    "created_at": "2026-01-01 10:00:00 UTC", "finished_at": "2026-01-01 10:05:00 UTC",
    "duration": 63, "queued_duration": 12,
    "variables": [{"key": "TOKEN", "value": PLANTED}],
}  # fmt: skip
JOB = {
    "object_kind": "build", "ref": "v1", "tag": True, "sha": SHA, "build_id": 77,
    "build_name": "deploy", "build_stage": "ship", "pipeline_id": 31,
    "build_started_at": "2026-01-01T10:00:00.886Z", "build_finished_at": "2026-01-01T10:01:00Z",
    "build_duration": 59.5, "build_failure_reason": "script_failure", "build_allow_failure": False,
    "commit": {"id": 31, "sha": SHA, "name": "Nightly"}, "environment": None,
    "repository": {"homepage": ADDRESS},
}  # fmt: skip
DEPLOYMENT = {
    "object_kind": "deployment", "deployment_id": 15, "deployable_id": 77, "environment": "live",
    "environment_tier": "production", "status_changed_at": "2026-01-01 12:00:00 +0200",
    "short_sha": SHA[:8], "commit_url": f"{ADDRESS}/-/commit/{SHA}", "ref": "v1",
}  # fmt: skip
Fact = tuple[str, dict[str, Any]]


def readings(body: object, form: str = "gitlab") -> list[Fact]:
    """The facts of a body, which pass the door and have nothing planted in them."""
    report = read_report(json.dumps(body).encode())
    assert report.format.name == form
    for reading in report.readings:
        through_door(reading)
        assert PLANTED not in repr(reading)
    return [
        (one.type.removeprefix("pipeledger.").removesuffix(".v1"),
         one.data | {"time": one.time, "source": one.source})
        for one in report.readings
    ]  # fmt: skip


AUDIT = {
    "id": 17, "author_id": 7, "entity_id": 3, "entity_type": "Project",
    "created_at": "2026-01-01T10:00:00.885Z",
}  # fmt: skip
SAID = {
    "author_name": "Mia", "author_email": "mia@x.example", "author_class": "User", "target_id": 51,
    "target_type": "User", "target_details": "Ben", "entity_path": "acme/shop",
    "ip_address": "192.0.2.1", "custom_message": PLANTED,
}  # fmt: skip


SAMPLES: list[dict[str, Any]] = [
    BASE | {"object_kind": "push", "ref": "refs/heads/main", "before": ZEROS, "after": SHA,
            "checkout_sha": SHA, "user_username": "mia",
            "commits": [{"id": SHA, "timestamp": "2026-01-01T10:00:00Z", "added": ["a"]}]},
    BASE | {"object_kind": "tag_push", "ref": "refs/tags/v1", "before": ZEROS, "after": SHA},
    BASE | {"object_kind": "merge_request", "object_attributes": ATTRIBUTES | {"action": "merge"}},
    BASE | {"object_kind": "pipeline", "object_attributes": PIPELINE | {"status": "failed"}},
    BASE | JOB | {"build_status": "failed", "retries_count": 0},
    BASE | DEPLOYMENT | {"status": "success"},
    BASE | {"object_kind": "release", "action": "create", "tag": "v1", "commit": {"id": SHA}},
    BASE | {"object_kind": "issue", "changes": {"severity": {"current": "low"}},
            "object_attributes": {"iid": 4, "type": "Incident", "action": "update"}},
    BASE | {"object_kind": "work_item",
            "object_attributes": {"iid": 4, "type": "Incident", "action": "open"}},
    BASE | {"object_kind": "access_token", "event_name": "expiring_access_token",
            "object_attributes": {"id": 1, "name": "n", "expires_at": "2026-01-01"}},
    {"object_kind": "vulnerability", "object_attributes": {
        "url": f"{ADDRESS}/-/security/vulnerabilities/1", "state": "resolved",
        "identifiers": [{"name": "C", "external_type": "cve"}]}},
    {"event_name": "user_add_to_group", "group_path": "a", "group_id": 1, "user_id": 7,
     "expires_at": "2026-01-01T10:00:00Z", "created_at": "2026-01-01T10:00:00Z"},
    AUDIT | {"event_type": "member_updated", "details": SAID | {
        "change": "access_level", "to": "Owner", "expiry_to": "2026-01-01T10:00:00Z"}},
    AUDIT | {"event_type": "protected_branch_allow_force_push_updated",
             "details": SAID | {"from": False, "to": True}},
]  # fmt: skip
