"""What GitHub sends becomes the right facts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

SHA, OTHER, MERGED = "a" * 40, "b" * 40, "c" * 40
REPOSITORY = {
    "name": "shop", "full_name": "acme/shop", "html_url": "https://code.example/acme/shop",
    "node_id": "R_1", "pushed_at": 1_767_225_600,
}  # fmt: skip
SENDER = {"login": "mia", "id": 7, "node_id": "U_7", "type": "User"}
BASE = {"repository": REPOSITORY, "sender": SENDER}
MIA = {"system": "github", "login": "mia", "id": "7"}
PULL = {
    "number": 5, "title": "T", "body": "B", "user": {"login": "ben"}, "merged": False,
    "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-01T11:00:00Z",
    "closed_at": "2026-01-01T12:00:00Z", "merge_commit_sha": MERGED,
    "head": {"ref": "fix", "sha": SHA}, "base": {"ref": "main", "sha": OTHER},
}  # fmt: skip
RUN = {
    "id": 9, "name": "CI", "head_sha": SHA, "head_branch": "main", "event": "push",
    "run_attempt": 2, "status": "completed", "run_started_at": "2026-01-01T10:00:00Z",
    "updated_at": "2026-01-01T10:05:00Z", "actor": {"login": "ben"},
}  # fmt: skip
DEPLOYMENT = {
    "id": 11, "sha": SHA, "ref": "main", "environment": "production", "creator": {"login": "ben"},
    "created_at": "2026-01-01T10:00:00Z", "payload": {},
}  # fmt: skip


def _read(**members: object) -> list[tuple[str, dict[str, Any]]]:
    report = read_report(json.dumps(BASE | members).encode())
    assert report.format.name == "github"
    for reading in report.readings:
        through_door(reading)
        assert reading.source == "https://code.example/acme/shop"
    return [
        (one.type.removeprefix("pipeledger.").removesuffix(".v1"), one.data)
        for one in report.readings
    ]


def _one(**members: object) -> tuple[str, dict[str, Any]]:
    (found,) = _read(**members)
    return found


@pytest.mark.parametrize(
    ("action", "changes", "kind"),
    [
        ("opened", {}, "change.proposed"),
        ("reopened", {}, "change.proposed"),
        ("synchronize", {}, "change.updated"),
        ("ready_for_review", {"draft": False}, "change.updated"),
        ("closed", {}, "change.abandoned"),
        ("closed", {"merged": None}, "change.abandoned"),
        ("closed", {"merged": True, "merged_at": "2026-01-01T12:00:00Z"}, "change.merged"),
    ],
)
def test_a_pull_request_is_what_its_action_and_merged_say(
    action: str, changes: dict[str, Any], kind: str
) -> None:
    """Closed alone is not merged."""
    what, data = _one(action=action, number=5, pull_request=PULL | changes)
    assert what == kind
    assert (data["number"], data["author"]) == (5, {"system": "github", "login": "ben"})
    assert (data["head"], data["target_ref"]) == (SHA, "main")
    if kind == "change.merged":
        assert data["merge_commit"] == data["commit"] == MERGED
    else:
        assert "merge_commit" not in data
        assert data["commit"] == SHA


@pytest.mark.parametrize(
    ("action", "state", "verdict"),
    [
        ("submitted", "approved", "approved"),
        ("submitted", "APPROVED", "approved"),
        ("submitted", "changes_requested", "changes_requested"),
        ("submitted", "commented", "commented"),
        ("dismissed", "approved", "dismissed"),
    ],
)
def test_a_review_is_what_its_state_says(action: str, state: str, verdict: str) -> None:
    """On the commit that it was given on, by whoever gave it."""
    review = {"state": state, "user": {"login": "rae"}, "commit_id": OTHER,
              "submitted_at": "2026-01-01T10:00:00Z", "body": None}  # fmt: skip
    what, data = _one(action=action, pull_request=PULL, review=review)
    assert what == "change.reviewed"
    assert (data["verdict"], data["reviewed"]) == (verdict, OTHER)
    assert data["reviewer"] == {"system": "github", "login": "rae"}
    assert data["actor"] == MIA


@pytest.mark.parametrize(
    ("conclusion", "outcome"),
    [
        ("success", "success"), ("failure", "failure"), ("timed_out", "failure"),
        ("cancelled", "cancelled"), ("skipped", "skipped"), ("neutral", "success"),
        ("startup_failure", "error"), ("action_required", "error"), ("stale", "cancelled"),
    ],
)  # fmt: skip
def test_a_run_ends_as_its_conclusion_says(conclusion: str, outcome: str) -> None:
    """And GitHub's own word stands beside."""
    what, data = _one(
        action="completed", workflow_run=RUN | {"conclusion": conclusion}, workflow={}
    )
    assert what == "pipeline.finished"
    assert (data["outcome"], data["reported_outcome"]) == (outcome, conclusion)
    assert (data["run"], data["attempt"], data["duration_s"]) == ("9", 2, 300)
    job = {"id": 1, "run_id": 9, "name": "build", "conclusion": conclusion, "head_sha": SHA,
           "completed_at": "2026-01-01T10:05:00Z"}  # fmt: skip
    assert _one(action="completed", workflow_job=job)[1]["run"] == "9"
    check = {"name": "lint", "conclusion": conclusion, "head_sha": SHA, "app": {"slug": "linter"}}
    what, data = _one(action="completed", check_run=check)
    assert (what, data["tool"], data["outcome"]) == ("task.finished", "linter", outcome)


@pytest.mark.parametrize(
    ("state", "kind", "outcome"),
    [
        ("success", "deployment.finished", "success"),
        ("failure", "deployment.finished", "failure"),
        ("error", "deployment.finished", "error"),
        ("in_progress", "deployment.started", None),
        ("queued", "deployment.progressed", None),
        ("pending", "deployment.progressed", None),
        ("waiting", "deployment.progressed", None),
        ("inactive", "deployment.progressed", None),
    ],
)
def test_a_deployment_is_in_the_state_it_is_told_to_be(
    state: str, kind: str, outcome: str | None
) -> None:
    """In the environment that the state names, else the deployment's."""
    status = {"state": state, "environment": "staging", "created_at": "2026-01-01T10:01:00Z"}
    what, data = _one(action="created", deployment=DEPLOYMENT, deployment_status=status)
    assert (what, data.get("outcome"), data["environment"]) == (kind, outcome, "staging")
    assert (data["deployment"], data["commit"], data["service"]) == ("11", SHA, "shop")
    assert data["service_basis"] == "repository"
    told = DEPLOYMENT | {"payload": {"service": "till"}}
    _, data = _one(deployment=told, deployment_status=status | {"environment": None})
    assert (data["service"], data["environment"]) == ("till", "production")
    assert "service_basis" not in data


@pytest.mark.parametrize("verdict", ["requested", "approved", "rejected"])
def test_a_deployment_review_is_no_approval_before_it_is_given(verdict: str) -> None:
    """Asked for, agreed to, refused: each with its person."""
    asked = {"environment": "production", "reviewers": [], "requestor": {"login": "ben"}}
    job = {"id": 1, "environment": "production", "name": "deploy"}
    answered = {"approver": {"login": "rae"}, "comment": "go", "workflow_job_run": job}
    what, data = _one(
        action=verdict, workflow_run=RUN, since="2026-01-01T10:00:00Z",
        **(asked if verdict == "requested" else answered),
    )  # fmt: skip
    assert (what, data["verdict"], data["approval"]) == (
        "approval.reported",
        verdict,
        "9/production",
    )
    assert data["subjects"] == [{"kind": "commit", "commit": SHA}]
    assert ("approver" in data) == (verdict != "requested")


def test_an_answer_to_several_environments_is_one_for_each() -> None:
    """Each of them was asked for by itself; its jobs name it."""
    jobs = [{"environment": name} for name in ("staging", "production", "staging")]
    found = _read(action="approved", workflow_run=RUN, approver={"login": "rae"},
                  workflow_job_runs=jobs, workflow_job_run=jobs[0])  # fmt: skip
    assert [(data["approval"], data["environment"]) for _, data in found] == [
        ("9/staging", "staging"), ("9/production", "production"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "ref"), [("push", "main"), ("release", "main"), ("pull_request", "refs/heads/main")]
)
def test_a_run_is_of_a_branch_where_it_can_be_of_no_tag(event: str, ref: str) -> None:
    """GitHub names both alike."""
    assert _one(action="requested", workflow_run=RUN | {"event": event})[1]["ref"] == ref


def test_another_place_of_an_alert_is_not_the_alert_once_more() -> None:
    """`secret_scanning_alert_location` has the alert in it."""
    assert _read(action="created", alert={"number": 2, "secret_type": "t"}, location={}) == []


def test_an_application_that_is_asked_about_a_deployment_is_a_request() -> None:
    """`deployment_protection_rule`."""
    what, data = _one(action="requested", deployment=DEPLOYMENT, environment="production",
                      deployment_callback_url="https://x", event="push")  # fmt: skip
    assert (what, data["verdict"], data["environment"]) == (
        "approval.reported", "requested", "production",
    )  # fmt: skip


def test_a_push_moves_a_reference_and_brings_commits() -> None:
    """Only commits that were on no other branch; forty zeros are no commit."""
    commits = [
        {"id": SHA, "message": "m", "timestamp": "2025-12-31T23:00:00+01:00", "distinct": True,
         "author": {"name": "Ben", "email": "ben@x.example", "username": "ben"}, "added": ["a"]},
        {"id": OTHER, "message": "m", "timestamp": "2025-12-31T23:00:00Z", "distinct": False},
    ]  # fmt: skip
    found = _read(ref="refs/heads/main", before="0" * 40, after=SHA, commits=commits, created=True,
                  deleted=False, forced=False,
                  pusher={"name": "mia", "email": "m@x.example"})  # fmt: skip
    assert [kind for kind, _ in found] == ["ref.updated", "commit.pushed"]
    moved, commit = found[0][1], found[1][1]
    assert "before" not in moved
    assert moved["pusher"] == {"system": "github", "login": "mia", "email": "m@x.example"}
    assert (moved["after"], moved["created"]) == (SHA, True)
    assert moved["commits"] == [{"sha": SHA}, {"sha": OTHER}]
    assert commit["authors"][0]["email"] == "ben@x.example"
    assert commit["paths"] == ["a"]
    gone = _one(ref="refs/tags/v1", before=SHA, after="0" * 40, commits=[], deleted=True)[1]
    assert ("after" in gone, gone["deleted"]) == (False, True)


def test_a_pushed_tag_is_of_the_commit_that_it_names() -> None:
    """Of an annotated one `after` is the tag's own id."""
    tag = {"ref": "refs/tags/v1", "before": "0" * 40, "after": OTHER, "commits": []}
    data = _one(**tag, head_commit={"id": SHA})[1]
    assert (data["after"], data["commit"]) == (OTHER, SHA)
    assert "commit" not in _one(**tag)[1]


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"action": "created", "alert": {"number": 1, "rule": {"id": "r", "severity": "warning"}}},
         "alert.fired"),
        ({"action": "fixed", "alert": {"number": 1, "rule": {"id": "r"}}}, "alert.resolved"),
        ({"action": "closed_by_user", "alert": {"number": 1, "rule": {"id": "r"},
          "dismissed_by": {"login": "rae"}, "dismissed_reason": "false positive"}},
         "alert.resolved"),
        ({"action": "resolved", "alert": {"number": 2, "secret_type": "t",
          "resolved_by": {"login": "rae"}}}, "alert.resolved"),
        ({"action": "dismissed", "alert": {"number": 3, "security_advisory": {"ghsa_id": "G"},
          "dismissed_by": {"login": "rae"}}}, "alert.resolved"),
        ({"action": "auto_reopened", "alert": {"number": 3, "security_advisory": {}}},
         "alert.fired"),
    ],
)  # fmt: skip
def test_alerts_begin_and_end(members: dict[str, Any], kind: str) -> None:
    """Whoever dismissed one did it."""
    what, data = _one(**members)
    assert what == kind
    alert = members["alert"]
    if "dismissed_by" in alert or "resolved_by" in alert:
        assert data["actor"] == {"system": "github", "login": "rae"}


@pytest.mark.parametrize(
    "members",
    [
        {"action": "started"},
        {"action": "created", "issue": {"number": 1}},
        {"action": "edited", "pull_request": PULL, "review": {"state": "approved"}},
        {"action": "in_progress", "workflow_run": RUN},
        {"action": "created", "check_suite": {}},
        {"sha": SHA, "state": "pending", "context": "ci"},
        {"action": "created", "release": {"tag_name": "v1", "draft": True}},
        {"action": "unheard_of", "pull_request": PULL, "number": 5},
    ],
)
def test_what_the_vocabulary_has_no_fact_for_is_no_fact(members: dict[str, Any]) -> None:
    """It is recognised, and left to be kept as it came."""
    assert _read(**members) == []


def test_the_audit_log_is_read_line_by_line() -> None:
    """Milliseconds, local times and text occur; actions without an event type are passed over."""
    lines = [
        {"action": "org.add_member", "actor": "mia", "user": "ben", "org": "acme",
         "@timestamp": 1_767_225_600_000, "_document_id": "d1"},
        {"action": "git.clone", "actor": "mia", "org": "acme", "@timestamp": 1},
        {"action": "protected_branch.destroy", "actor": "mia", "org": "acme", "repo": "acme/shop",
         "name": "main", "created_at": "2026-01-01 00:00:00"},
        {"action": "team.remove_member", "actor": "mia", "user": "ben", "org": "acme",
         "@timestamp": None},
    ]  # fmt: skip
    for body in ("\n".join(map(json.dumps, lines)), json.dumps(lines)):
        report = read_report(body.encode())
        assert report.format.name == "github-audit-log"
        assert [one.type[11:-3] for one in report.readings] == [
            "access.granted", "protection.changed", "access.revoked",
        ]  # fmt: skip
        granted, changed, revoked = report.readings
        assert granted.time == "2026-01-01T00:00:00Z"
        assert granted.data["subject"] == {"system": "github", "login": "ben"}
        assert (changed.local_time, changed.data["action"]) == ("2026-01-01 00:00:00", "deleted")
        assert revoked.time is None
        for one in report.readings:
            through_door(one)


ROWS = {
    name: row for name, row in facts("SOURCES-platforms.tsv").items() if name.startswith("github/")
}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(set(ROWS) - {"github/actions-oidc-claims.json"}))
def test_real_deliveries_say_what_their_row_says(name: str) -> None:
    """Repository, people, commit, environment, state, time."""
    told = dict(part.partition("=")[::2] for part in ROWS[name].split("; "))
    report = read_report((FOLDER / name).read_bytes())
    assert report.readings
    for reading in report.readings:
        through_door(reading)
    if name.endswith("audit-log.jsonl"):
        return
    data, first = report.readings[-1].data, report.readings[0]
    assert first.source == f"https://github.com/{told['repo']}"
    people = {key: value["login"] for key, value in data.items()
              if isinstance(value, dict) and "login" in value}  # fmt: skip
    assert people["actor"] == told.get("sender", told.get("actor"))
    same = {
        "sha": "commit", "environment": "environment", "number": "number", "pr": "number",
        "conclusion": "reported_outcome", "rule": "rule", "merge_commit_sha": "merge_commit",
        "run_id": "run", "deployment_id": "deployment", "tag": "version", "tool": "tool",
        "commit_oid": "commit", "secret_type": "rule", "ghsa": "rule", "cve": "cve",
    }  # fmt: skip
    for theirs, ours in same.items():
        if theirs in told and ours in data and not name.endswith("edited.json"):
            assert str(data[ours]) == told[theirs], theirs
    for theirs, ours in (("author", "author"), ("reviewer", "reviewer"), ("merged_by", "merged_by"),
                         ("creator", "triggered_by"), ("requestor", "requester")):  # fmt: skip
        if theirs in told and ours in people:
            assert people[ours] == told[theirs]
    instants = ("completed_at", "submitted_at", "merged_at", "closed_at", "since",
                "published_at", "updated_at", "head_time")  # fmt: skip
    times = [told[key] for key in instants if key in told]
    if times and report.readings[-1].time is not None:
        assert report.readings[-1].time in times


@needs_fixtures
def test_the_traps_are_not_walked_into() -> None:
    """A closed pull request that was not merged, a comment, a request, a failure of 2015."""
    kinds = {
        "pull_request.closed-unmerged.json": ("change.abandoned", None),
        "events-api.pull_request-merged.json": ("change.merged", None),
        "pull_request_review.submitted-commented.json": ("change.reviewed", "commented"),
        "events-api.pull_request_review-approved.json": ("change.reviewed", "approved"),
        "deployment_review.requested.json": ("approval.reported", "requested"),
        "deployment_status.failure.json": ("deployment.finished", "failure"),
        "deployment_status.success.json": ("deployment.finished", "success"),
        "secret_scanning_alert.reopened.json": ("alert.fired", None),
    }
    for name, (kind, said) in kinds.items():
        (reading,) = read_report((FOLDER / "github" / name).read_bytes()).readings
        assert reading.type == f"pipeledger.{kind}.v1"
        assert reading.data.get("verdict", reading.data.get("outcome")) == said


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    samples = [
        BASE | {"action": "closed", "number": 5, "pull_request": PULL | {"merged": True}},
        BASE | {"action": "completed", "workflow_run": RUN | {"conclusion": "success"}},
        BASE
        | {
            "action": "created",
            "deployment": DEPLOYMENT,
            "deployment_status": {"state": "success"},
        },
    ]
    for sample in samples:
        check_damaged(json.dumps(sample).encode(), 300)
