"""GitLab's deliveries: who sent them, the real ones, and damaged ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from intake.deliveries import Delivery, read_delivery
from intake.gitlab.webhook import KINDS, SENDER
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.gitlab_samples import ATTRIBUTES, AUDIT, BASE, SAID, SAMPLES, Fact
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

AT = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
# The example of the specification of Standard Webhooks' libraries.
SIGNED = b'{"test": 2432232314}'
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNATURE = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


@pytest.mark.parametrize(
    ("headers", "holds"),
    [
        ({"x-gitlab-token": KEY}, True),
        ({"x-gitlab-event-streaming-token": KEY}, True),
        (SIGNATURE, True),
        (SIGNATURE | {"x-gitlab-token": KEY}, True),
        (SIGNATURE | {"webhook-id": "msg_other"}, False),
        (SIGNATURE | {"webhook-timestamp": "1614265331"}, False),
        ({"x-gitlab-token": KEY[:-1]}, False),
        ({"x-gitlab-event": "Push Hook"}, False),
        ({}, False),
    ],
)
def test_gitlab_proves_itself_by_a_token_or_by_a_signature(
    headers: dict[str, str], *, holds: bool
) -> None:
    """One secret serves as either; an old signature is a replay."""
    assert SENDER.scheme.holds(headers, SIGNED, KEY, AT) is holds
    later = AT + timedelta(minutes=6)
    assert SENDER.scheme.holds(SIGNATURE, SIGNED, KEY, later) is False


def test_a_new_secret_is_good_as_a_signing_token() -> None:
    """`whsec_` and 32 bytes."""
    assert SENDER.new_secret is not None
    secret = SENDER.new_secret(bytes(range(32)))
    assert secret.startswith("whsec_")
    assert SENDER.scheme.holds({"x-gitlab-token": secret}, b"", secret, AT)


def _delivered(body: object, kind: str | None, media_type: str = "application/json") -> Fact:
    raw = json.dumps(body).encode()
    (reading,) = read_delivery(SENDER, Delivery("hook", kind, media_type, raw))
    return reading.type.removeprefix("pipeledger.").removesuffix(".v1"), reading.data


@pytest.mark.parametrize(
    ("header", "differs"),
    [("Merge Request Hook", False), ("System Hook", False), ("Push Hook", True), (None, False)],
)
def test_a_header_that_disagrees_is_recorded(header: str | None, *, differs: bool) -> None:
    """Hooks of an instance call everything the same, which disagrees with nothing."""
    body = BASE | {"object_kind": "merge_request",
                   "object_attributes": ATTRIBUTES | {"action": "open"}}  # fmt: skip
    what, data = _delivered(body, header)
    assert (what, "header_kind" in data) == ("change.proposed", differs)


def test_streamed_audit_events_are_json_that_is_called_a_form() -> None:
    """GitLab sends them so; what no event type is for is kept."""
    event = AUDIT | {"event_type": "member_destroyed",
                     "details": SAID | {"remove": "user_access"}}  # fmt: skip
    form = "application/x-www-form-urlencoded"
    assert _delivered(event, None, form)[0] == "access.revoked"
    assert _delivered(AUDIT | {"event_type": "x"}, None, form)[0] == "source.unmapped"


ROWS = {
    name: row for name, row in facts("SOURCES-platforms.tsv").items() if name.startswith("gitlab/")
}
TYPES = {
    "push.json": "ref.updated", "merge_request.json": "change.proposed",
    "merge_request.approval.json": "change.reviewed", "pipeline.json": "pipeline.finished",
    "deployment.json": "deployment.finished", "job.json": "task.finished",
    "release.json": "release.created", "resource_access_token_project.json": "alert.fired",
    "audit-json-log.jsonl": "access.granted",
}  # fmt: skip
SAME = {
    "iid": "number", "sha": "commit", "last_commit": "head", "ref": "ref", "before": "before",
    "after": "after", "commits": "commits_count", "source": "head_ref", "target": "target_ref",
    "status": "reported_outcome", "build_status": "reported_outcome", "build_name": "task",
    "build_id": "job", "build_stage": "stage", "deployment_id": "deployment",
    "deployable_id": "job", "tag": "version", "commit": "commit", "id": "run",
    "expires_at": "expires_on", "event_name": "rule",
}  # fmt: skip
TIMES = {
    "merge_request.json": "created_at", "merge_request.approval.json": "updated_at",
    "pipeline.json": "finished_at", "deployment.json": "status_changed_at",
    "job.json": "finished", "release.json": "created_at",
}  # fmt: skip


def _row(name: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in ROWS[f"gitlab/{name}"].split("; "))


def _real(name: str) -> list[Reading]:
    found = read_report((FOLDER / "gitlab" / name).read_bytes()).readings
    for reading in found:
        through_door(reading)
    return found


@needs_fixtures
def test_every_real_file_has_its_row() -> None:
    """None is left out below."""
    assert {name.removeprefix("gitlab/") for name in ROWS} == TYPES.keys()


@needs_fixtures
@pytest.mark.parametrize("name", sorted(set(TYPES) - {"audit-json-log.jsonl"}))
def test_real_deliveries_say_what_their_row_says(name: str) -> None:
    """Project, person, commit, state."""
    told = _row(name)
    readings = _real(name)
    assert readings[0].type == f"pipeledger.{TYPES[name]}.v1"
    data = readings[0].data
    assert data["repository"].endswith("/" + told.pop("project").rpartition(" / ")[2])
    if "user" in told:
        assert told["user"] in (data["actor"]["login"], data["actor"]["name"])
    if name == "pipeline.json":
        assert (data["trigger"], data["duration_s"]) == (told.pop("source"), 63)
    if name != "deployment.json" and not told.get("ref", "refs/").startswith("refs/"):
        told["ref"] = f"refs/heads/{told['ref']}"
    for theirs in SAME.keys() & told.keys():
        assert str(data[SAME[theirs]]) == told[theirs], theirs


@needs_fixtures
@pytest.mark.parametrize("name", sorted(TIMES))
def test_real_deliveries_have_the_time_of_their_row(name: str) -> None:
    """Whatever form it has there."""
    wanted = _row(name)[TIMES[name]].replace(" UTC", "Z").replace(" +0200", "+02:00")
    assert _real(name)[0].time == wanted.replace(" ", "T")


@needs_fixtures
def test_real_deliveries_name_environments_commits_and_authors_as_their_rows_do() -> None:
    """The job's environment is an object, the deployment's commit is short in its row."""
    told = _row("job.json")
    assert _real("job.json")[0].data["environment"] == json.loads(told["environment"])["name"]
    told, data = _row("deployment.json"), _real("deployment.json")[0].data
    assert data["environment"] == told["environment"]
    assert data["commit"].startswith(told["short_sha"])
    told, commit = _row("push.json"), _real("push.json")[1]
    assert commit.data["authors"][0]["name"] == told["last_commit_author"]
    assert commit.time == told["last_commit_time"]


@needs_fixtures
def test_the_real_audit_log_says_what_its_row_says() -> None:
    """Of its two lines one is a login that went well, for which there is no event type."""
    row = ROWS["gitlab/audit-json-log.jsonl"].partition("line2: ")[2]
    told = dict(part.partition("=")[::2] for part in row.split("; "))
    (reading,) = read_report((FOLDER / "gitlab/audit-json-log.jsonl").read_bytes()).readings
    through_door(reading)
    assert reading.type == f"pipeledger.{TYPES['audit-json-log.jsonl']}.v1"
    assert (reading.time, reading.data["actor"]["name"]) == (told["time"], told["author"])
    assert (reading.data["target"], reading.data["visibility"]) == (told["target"], told["to"])


def test_every_kind_is_read_by_some_test() -> None:
    """A kind that is missing here would not be damaged."""
    assert {sample["object_kind"] for sample in SAMPLES if "object_kind" in sample} == set(KINDS)


@pytest.mark.parametrize("number", range(14))
def test_damage_is_refused_and_nothing_else_happens(number: int) -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    assert len(SAMPLES) == 14
    check_damaged(json.dumps(SAMPLES[number]).encode(), 120)
