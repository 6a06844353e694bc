"""What GitLab's webhooks say becomes the right facts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.intake.gitlab_samples import (
    ADDRESS,
    ATTRIBUTES,
    BASE,
    DEPLOYMENT,
    JOB,
    MERGED,
    MIA,
    OTHER,
    PIPELINE,
    PLANTED,
    PROJECT,
    SHA,
    ZEROS,
    Fact,
    readings,
)


def _one(**members: object) -> Fact:
    (found,) = readings(BASE | members)
    return found


def _merge_request(action: str | None, **changes: object) -> list[Fact]:
    attributes = ATTRIBUTES | {"action": action} | changes
    return readings(BASE | {"object_kind": "merge_request", "object_attributes": attributes})


@pytest.mark.parametrize(
    ("action", "kind", "time"),
    [
        ("open", "change.proposed", "10:00"),
        ("reopen", "change.proposed", "11:00"),
        ("update", "change.updated", "11:00"),
        ("close", "change.abandoned", "11:00"),
        ("merge", "change.merged", "11:00"),
        ("approval", "change.reviewed", "11:00"),
        ("approved", "change.reviewed", "11:00"),
        ("unapproval", "change.reviewed", "11:00"),
        ("unapproved", "change.reviewed", "11:00"),
    ],
)
def test_a_merge_request_is_what_its_action_says(action: str, kind: str, time: str) -> None:
    """By its number in the project, in the project that it goes to."""
    ((what, data),) = _merge_request(action)
    assert (what, data["time"]) == (kind, f"2026-01-01T{time}:00Z")
    assert (data["number"], data["repository"], data["source"]) == (5, ADDRESS, ADDRESS)
    assert (data["head"], data["head_ref"], data["target_ref"]) == (SHA, "fix", "main")
    assert (data["draft"], data["author"]) == (True, {"system": "gitlab", "id": "51"})
    assert data["actor"] == MIA


def test_an_approval_is_of_the_person_and_of_the_commit_that_was_there() -> None:
    """One of several approvals and the last one that was needed are both approvals."""
    for action, verdict in (("approval", "approved"), ("approved", "approved"),
                            ("unapproval", "dismissed"), ("unapproved", "dismissed")):  # fmt: skip
        ((_, data),) = _merge_request(action)
        assert (data["reviewer"], data["verdict"], data["reviewed"]) == (MIA, verdict, SHA)
        assert data["reported_outcome"] == action


def test_approvals_that_a_push_took_back_are_not_of_whoever_pushed() -> None:
    """They were somebody's, and the payload does not say whose."""
    ((what, data),) = _merge_request(
        "unapproved", system=True, system_action="approvals_reset_on_push"
    )
    assert (what, data["action"]) == ("change.updated", "approvals_reset_on_push")
    assert "reviewer" not in data


def test_only_a_merge_has_a_merge_commit() -> None:
    """A fast-forward has none; then the head is what came in."""
    ((_, data),) = _merge_request("merge", merge_commit_sha=MERGED, state="merged")
    assert (data["merge_commit"], data["commit"], data["merged_by"]) == (MERGED, MERGED, MIA)
    ((_, data),) = _merge_request("merge", merge_commit_sha=None, state="merged")
    assert ("merge_commit" in data, data["commit"]) == (False, SHA)
    ((what, data),) = _merge_request("close", merge_commit_sha=MERGED)
    assert (what, data["closed_by"]) == ("change.abandoned", MIA)
    assert "merge_commit" not in data


def test_the_author_is_told_by_more_than_a_number_where_the_payload_shows_the_account() -> None:
    """As the user, an assignee or a reviewer."""
    body = BASE | {
        "object_kind": "merge_request",
        "object_attributes": ATTRIBUTES | {"action": "open"},
        "reviewers": [{"id": 51, "username": "ben", "name": "Ben"}],
    }
    ((_, data),) = readings(body)
    assert data["author"] == {"system": "gitlab", "login": "ben", "name": "Ben", "id": "51"}


def test_only_new_commits_have_a_last_pusher() -> None:
    """Somebody who edits the title did not push."""
    assert "last_pusher" not in _merge_request("update")[0][1]
    assert _merge_request("update", oldrev=OTHER)[0][1]["last_pusher"] == MIA


def test_a_push_moves_a_reference_and_brings_commits() -> None:
    """How many there were is told beside, for no more than twenty are listed."""
    commits = [
        {"id": SHA, "message": "m", "timestamp": "2025-12-31T23:00:00+01:00", "added": ["a"],
         "modified": ["b"], "removed": [], "author": {"name": "Ben", "email": "ben@x.example"}},
    ]  # fmt: skip
    found = readings({
        "object_kind": "push", "event_name": "push", "project": PROJECT, "before": OTHER,
        "after": SHA, "checkout_sha": SHA, "ref": "refs/heads/main", "ref_protected": True,
        "user_id": 7, "user_name": "Mia", "user_username": "mia", "user_email": "",
        "commits": commits, "total_commits_count": 41,
    })  # fmt: skip
    assert [kind for kind, _ in found] == ["ref.updated", "commit.pushed"]
    moved, commit = found[0][1], found[1][1]
    assert (moved["before"], moved["after"], moved["commits_count"]) == (OTHER, SHA, 41)
    assert moved["commits"] == [{"sha": SHA}]
    assert (moved["protected"], moved["created"], moved["deleted"]) == (True, False, False)
    assert (moved["time"], moved["pusher"], moved["actor"]) == (None, MIA, MIA)
    assert commit["authors"] == [{"system": "gitlab", "name": "Ben", "email": "ben@x.example"}]
    assert (commit["time"], commit["paths"]) == ("2025-12-31T23:00:00+01:00", ["a", "b"])


@pytest.mark.parametrize(
    ("before", "after", "checkout", "told"),
    [
        (ZEROS, OTHER, SHA, {"created": True, "deleted": False, "after": OTHER, "commit": SHA}),
        (OTHER, ZEROS, None, {"created": False, "deleted": True, "before": OTHER}),
    ],
)
def test_a_tag_has_an_id_of_its_own_and_zeros_are_no_commit(
    before: str, after: str, checkout: str | None, told: dict[str, Any]
) -> None:
    """An annotated tag is not the commit it stands on."""
    ((what, data),) = readings({
        "object_kind": "tag_push", "event_name": "tag_push", "project": PROJECT, "before": before,
        "after": after, "checkout_sha": checkout, "ref": "refs/tags/v1", "user_name": "Mia",
        "commits": [], "total_commits_count": 0,
    })  # fmt: skip
    assert (what, data["ref"]) == ("ref.updated", "refs/tags/v1")
    names = ("created", "deleted", "before", "after", "commit")
    assert {name: data[name] for name in names if name in data} == told


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        ("success", "pipeline.finished", "success"),
        ("failed", "pipeline.finished", "failure"),
        ("canceled", "pipeline.finished", "cancelled"),
        ("skipped", "pipeline.finished", "skipped"),
        ("running", "pipeline.started", None),
    ],
)
def test_a_pipeline_is_in_the_state_it_is_told_to_be(
    status: str, kind: str, outcome: str | None
) -> None:
    """It began when it had waited; its variables are nobody's business."""
    what, data = _one(
        object_kind="pipeline", object_attributes=PIPELINE | {"status": status},
        source_pipeline={"pipeline_id": 30, "job_id": 1},
    )  # fmt: skip
    assert (what, data.get("outcome")) == (kind, outcome)
    assert (data["run"], data["commit"], data["parent_run"]) == ("31", SHA, "30")
    assert (data["trigger"], data["triggered_by"], data["ref"]) == ("push", MIA, "refs/heads/main")
    if outcome is None:
        assert data["time"] == "2026-01-01T10:00:12Z"
    else:
        assert (data["time"], data["started_at"]) == (
            "2026-01-01T10:05:00Z", "2026-01-01T10:00:12Z",
        )  # fmt: skip
        assert (data["duration_s"], data["reported_outcome"]) == (63, status)


def test_when_a_pipeline_began_is_not_guessed() -> None:
    """Older versions do not tell how long it waited."""
    old = {name: value for name, value in PIPELINE.items() if name != "queued_duration"}
    assert _one(object_kind="pipeline", object_attributes=old | {"status": "running"})[1][
        "time"
    ] is None  # fmt: skip
    _, data = _one(object_kind="pipeline", object_attributes=old | {"status": "success"})
    assert "started_at" not in data


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("success", "success"), ("failed", "failure"), ("canceled", "cancelled"),
     ("skipped", "skipped")],
)  # fmt: skip
def test_a_job_ends_as_its_status_says(status: str, outcome: str) -> None:
    """What it calls its commit's id is the pipeline's; a reason stands also beside success."""
    what, data = _one(**JOB, build_status=status, retries_count=1)
    assert (what, data["outcome"], data["reported_outcome"]) == ("task.finished", outcome, status)
    assert (data["task"], data["stage"], data["run"], data["job"]) == ("deploy", "ship", "31", "77")
    assert (data["commit"], data["ref"], data["attempt"]) == (SHA, "refs/tags/v1", 2)
    assert (data["time"], data["duration_s"]) == ("2026-01-01T10:01:00Z", 59.5)
    assert data.get("failure_reason") == ("script_failure" if status == "failed" else None)
    assert "environment" not in data
    _, data = _one(
        **JOB | {"environment": {"name": "live", "action": "start"}}, build_status=status
    )
    assert (data["environment"], data["repository"]) == ("live", ADDRESS)
    assert "attempt" not in data


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        ("success", "deployment.finished", "success"),
        ("failed", "deployment.finished", "failure"),
        ("canceled", "deployment.finished", "cancelled"),
        ("skipped", "deployment.finished", "skipped"),
        ("running", "deployment.started", None),
        ("created", "deployment.progressed", None),
        ("blocked", "deployment.progressed", None),
    ],
)
def test_a_deployment_is_in_the_state_it_is_told_to_be(
    status: str, kind: str, outcome: str | None
) -> None:
    """Its commit stands whole in an address alone."""
    what, data = _one(**DEPLOYMENT, status=status)
    assert (what, data.get("outcome"), data["reported_outcome"]) == (kind, outcome, status)
    assert (data["deployment"], data["job"], data["commit"]) == ("15", "77", SHA)
    assert (data["environment"], data["environment_tier"]) == ("live", "production")
    assert (data["service"], data["service_basis"]) == ("shop", "repository")
    assert (data["time"], data["triggered_by"]) == ("2026-01-01T12:00:00+02:00", MIA)


def test_a_deployment_without_a_number_or_an_address_of_its_commit() -> None:
    """Before GitLab numbered them; eight digits are no commit."""
    _, data = _one(**DEPLOYMENT | {"deployment_id": None, "commit_url": None}, status="success")
    assert data["deployment"] == "job/77"
    assert "commit" not in data


def test_a_release_is_made_once() -> None:
    """Nobody is named; the day on which it is to be released may be one to come."""
    release = {
        "object_kind": "release", "project": PROJECT, "tag": "v1", "name": "One",
        "description": "D", "created_at": "2026-01-01 10:00:00 UTC",
        "released_at": "2027-01-01 10:00:00 UTC", "commit": {"id": SHA},
    }  # fmt: skip
    ((what, data),) = readings(release | {"action": "create"})
    assert (what, data["version"], data["ref"]) == ("release.created", "v1", "refs/tags/v1")
    assert (data["service"], data["commit"]) == ("shop", SHA)
    assert data["time"] == "2026-01-01T10:00:00Z"
    assert "actor" not in data
    assert readings(release | {"action": "update"}) == readings(release | {"action": "delete"})


@pytest.mark.parametrize(
    ("name", "kind", "time"),
    [
        ("user_add_to_group", "access.granted", "2026-01-01T10:00:00Z"),
        ("user_update_for_group", "access.granted", "2026-01-02T10:00:00Z"),
        ("user_remove_from_group", "access.revoked", None),
        ("user_add_to_team", "access.granted", "2026-01-01T10:00:00Z"),
        ("user_remove_from_team", "access.revoked", None),
        ("user_create", "access.granted", "2026-01-01T10:00:00Z"),
        ("user_destroy", "access.revoked", None),
        ("user_failed_login", "login.failed", None),
    ],
)
def test_members_come_and_go(name: str, kind: str, time: str | None) -> None:
    """When a membership ended, its own times do not say; nor who ended it."""
    where = (
        {"group_path": "acme", "group_id": 1, "group_access": "Guest"} if "group" in name
        else {"project_path_with_namespace": "acme/shop", "project_id": 3,
              "access_level": "Maintainer"}
    )  # fmt: skip
    ((what, data),) = readings({
        "event_name": name, "user_id": 7, "user_username": "mia", "user_name": "Mia",
        "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-02T10:00:00Z",
        "expires_at": "2026-02-01T00:00:00Z", **where,
    })  # fmt: skip
    assert (what, data["subject"], data["time"]) == (kind, MIA, time)
    assert "actor" not in data
    if "group" in name:
        assert (data["target"], data["role"]) == ("acme", "Guest")
    elif "team" in name:
        assert (data["target"], data["role"]) == ("acme/shop", "Maintainer")


@pytest.mark.parametrize(
    ("action", "changes", "kind", "time"),
    [
        ("open", {}, "incident.opened", "10:00"),
        ("close", {}, "incident.resolved", "12:00"),
        ("reopen", {}, "incident.reopened", "11:00"),
        ("update", {"escalation_status": {"previous": "triggered", "current": "acknowledged"}},
         "incident.acknowledged", "11:00"),
        ("update", {"severity": {"previous": "low", "current": "high"}}, "incident.assessed",
         "11:00"),
    ],
)  # fmt: skip
def test_an_incident_goes_through_its_stages(
    action: str, changes: dict[str, Any], kind: str, time: str
) -> None:
    """A work item of that type, of its project's service; an issue is none."""
    item = {
        "iid": 4, "type": "Incident", "title": "Down", "severity": "high", "action": action,
        "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-01T11:00:00Z",
        "closed_at": "2026-01-01T12:00:00Z",
    }  # fmt: skip
    body = {"object_kind": "work_item", "changes": changes}
    what, data = _one(**body, object_attributes=item)
    assert (what, data["incident"], data["severity"]) == (kind, "4", "high")
    assert (data["service"], data["service_basis"]) == ("shop", "repository")
    assert data["time"] == f"2026-01-01T{time}:00Z"
    assert data.get("acknowledged_by") == (MIA if kind == "incident.acknowledged" else None)
    assert readings(BASE | body | {"object_attributes": item | {"type": "Issue"}}) == []


@pytest.mark.parametrize(
    ("state", "kind"),
    [("detected", "alert.fired"), ("confirmed", "alert.fired"), ("dismissed", "alert.resolved"),
     ("resolved", "alert.resolved")],
)  # fmt: skip
def test_a_vulnerability_is_an_alert(state: str, kind: str) -> None:
    """Its address names the project, and whoever dismissed it did it."""
    ((what, data),) = readings({"object_kind": "vulnerability", "object_attributes": {
        "url": f"{ADDRESS}/-/security/vulnerabilities/1", "state": state, "severity": "high",
        "project_id": 3, "report_type": "dependency_scanning", "location": {"file": "Gemfile.lock"},
        "identifiers": [{"name": "Gemnasium-1", "external_type": "gemnasium"},
                        {"name": "CVE-2024-1", "external_type": "cve"}],
        "dismissed_by_id": 7, "updated_at": "2026-01-01T10:00:00.413Z",
    }})  # fmt: skip
    assert (what, data["repository"], data["fingerprint"]) == (kind, ADDRESS, "vulnerability/1")
    assert (data["rule"], data["cve"], data["severity"]) == ("Gemnasium-1", "CVE-2024-1", "high")
    assert data.get("actor") == ({"system": "gitlab", "id": "7"} if state == "dismissed" else None)


def test_a_token_that_will_expire_is_an_alert() -> None:
    """Of a project or of a group; it does not say when it was noticed."""
    token = {"object_kind": "access_token", "event_name": "expiring_access_token",
             "object_attributes": {"id": 25, "name": "ci", "user_id": 9, "expires_at": "2026-02-01",
                                   "created_at": "2026-01-01 10:00:00 UTC"}}  # fmt: skip
    for place, path in (({"project": PROJECT}, ADDRESS),
                        ({"group": {"group_path": "b", "full_path": "a/b"}}, "a/b")):  # fmt: skip
        ((what, data),) = readings(token | place)
        assert (what, data["target"]) == ("alert.fired", f"{path}#access_token/ci")
        assert (data["expires_on"], data["time"]) == ("2026-02-01", None)


@pytest.mark.parametrize(
    "members",
    [
        {"object_kind": "note", "object_attributes": {"note": "x"}},
        {"object_kind": "wiki_page", "object_attributes": {}},
        {"object_kind": "feature_flag", "object_attributes": {"name": "f", "active": True}},
        {"object_kind": "unheard_of"},
        {"object_kind": "pipeline", "object_attributes": PIPELINE | {"status": "pending"}},
        {"object_kind": "pipeline", "object_attributes": PIPELINE | {"status": "manual"}},
        JOB | {"build_status": "running"},
        DEPLOYMENT | {"status": "unheard_of"},
        {"object_kind": "merge_request", "object_attributes": ATTRIBUTES},
        {"object_kind": "merge_request", "object_attributes": ATTRIBUTES | {"action": "x"}},
        {"event_name": "user_access_request_to_group", "user_id": 1, "group_path": "acme"},
        {"event_name": "key_create", "key": PLANTED, "username": "mia", "id": 1},
        {"event_name": "project_create", "project_id": 1, "path_with_namespace": "acme/shop"},
    ],
)
def test_what_the_vocabulary_has_no_fact_for_is_no_fact(members: dict[str, Any]) -> None:
    """It is recognised, and left to be kept as it came."""
    assert readings(BASE | members) == []
