"""CDEvents become facts, however they come, and what is no fact is kept."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from domain.errors import RefusedError
from intake.cloudevents import CDEVENTS_SENDER
from intake.deliveries import Delivery, read_delivery
from intake.registry import read_report
from tests.fixtures import FOLDER, needs_fixtures
from tests.intake.occurrences import (
    DIGEST,
    PLACED,
    PLATFORMS,
    PURL,
    REPOSITORY,
    all_of,
    event_of,
    one,
)
from tests.intake.passing import through_door

SHA = "c" * 40


@pytest.mark.parametrize(
    ("told", "outcome"),
    [("success", "success"), ("pass", "success"), ("failure", "failure"), ("fail", "failure"),
     ("error", "error"), ("cancel", "cancelled")],
)  # fmt: skip
def test_runs_end_as_their_outcome_says(told: str, outcome: str) -> None:
    """In this version's words and in older ones."""
    what, data = one("pipelinerun.finished", outcome=told, pipelineName="ci",
                     uri="https://planted@ci.example/7?token=planted",
                     errors="planted")  # fmt: skip
    assert (what, data["outcome"], data["reported_outcome"]) == ("pipeline.finished", outcome, told)
    assert (data["run"], data["pipeline"], data["url"]) == ("s-1", "ci", "https://ci.example/7")
    what, data = one("taskrun.finished", outcome=told, taskName="lint", pipelineRun={"id": "r-1"})
    assert (what, data["outcome"]) == ("task.finished", outcome)
    assert (data["task"], data["run"], data["task_run"]) == ("lint", "r-1", "s-1")


def test_a_run_that_began_is_told_of_and_one_that_waits_is_not() -> None:
    """There is no fact for a place in a queue."""
    assert one("pipelinerun.started", pipelineName="ci", url="https://ci.example/7")[1]["url"] == (
        "https://ci.example/7"
    )
    assert all_of(event_of("pipelinerun.queued", pipelineName="ci")) == []


@pytest.mark.parametrize("name", ["id", "source"])
def test_an_event_without_id_or_source_is_refused_by_name(name: str) -> None:
    """All of a type would be one and the same."""
    event = event_of("pipelinerun.finished", outcome="success", pipelineName="ci")
    event["context"][name] = " "
    with pytest.raises(RefusedError) as refused:
        read_report(json.dumps(event).encode())
    assert refused.value.place == f"field context.{name}"


@pytest.mark.parametrize(
    ("kind", "ours"),
    [("performance", "load"), ("unit", "unit"), ("integration", "integration"), ("e2e", "e2e"),
     ("functional", None), ("security", None), ("compliance", None), ("other", None)],
)  # fmt: skip
def test_the_kind_of_tests_is_that_of_the_case(kind: str, ours: str | None) -> None:
    """Types that are no kinds of ours stand beside."""
    what, data = one("testcaserun.finished", outcome="failure", environment={"id": "dev"},
                     testCase={"id": "1", "name": "login", "type": kind},
                     reason="planted")  # fmt: skip
    assert (what, data.get("kind"), data["test_type"]) == ("tests.finished", ours, kind)
    assert (data["environment"], data["suite"], data["counts"]) == ("dev", "login", {"failure": 1})


def test_a_skipped_case_and_a_suite_are_tests_too() -> None:
    """How many cases a suite has is not told."""
    assert one("testcaserun.skipped", testCase={"id": "1"})[1]["outcome"] == "skipped"
    data = one("testsuiterun.finished", outcome="success", testSuite={"id": "2", "name": "auth"})[1]
    assert (data["outcome"], data["suite"]) == ("success", "auth")
    assert "counts" not in data


def test_a_build_is_told_of_where_it_made_something() -> None:
    """Its outcome is not told; one without an artifact may have failed."""
    what, data = one("build.finished", artifactId=PURL)
    assert (what, data["outcome"], data["outcome_basis"]) == (
        "build.finished", "success", "artifact",
    )  # fmt: skip
    assert data["artifact"] == {"digest": DIGEST, "purl": PURL}
    assert all_of(event_of("build.finished")) == []


@pytest.mark.parametrize(
    ("kind", "ours"),
    [("created", "proposed"), ("updated", "updated"), ("merged", "merged"),
     ("abandoned", "abandoned")],
)  # fmt: skip
def test_changes_are_those_of_a_repository(kind: str, ours: str) -> None:
    """Without one it is not known what was changed; a review has neither reviewer nor verdict."""
    what, data = one(f"change.{kind}", repository=REPOSITORY)
    assert what == f"change.{ours}"
    assert (data["repository"], data["number"]) == ("https://code.example/acme/shop", "s-1")
    assert all_of(event_of(f"change.{kind}")) == []
    assert all_of(event_of("change.reviewed", repository=REPOSITORY)) == []


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        (
            {"id": "https://code.example/acme/shop", "source": "/x"},
            "https://code.example/acme/shop",
        ),
        ({"id": "/acme/shop", "source": "https://code.example/"}, "https://code.example/acme/shop"),
        ({"id": "acme/shop", "source": "/local"}, "acme/shop"),
        ({"id": "acme/shop"}, "acme/shop"),
    ],
)
def test_a_repository_is_its_id_at_its_source(reference: dict[str, str], address: str) -> None:
    """Where the source is an address."""
    assert one("branch.created", subject="main", repository=reference)[1]["repository"] == address


def test_branches_come_and_go() -> None:
    """As references."""
    made, gone = (one(f"branch.{kind}", subject="fix", repository=REPOSITORY)[1]
                  for kind in ("created", "deleted"))  # fmt: skip
    assert (made["ref"], made["created"]) == ("refs/heads/fix", True)
    assert (gone["ref"], gone["deleted"]) == ("refs/heads/fix", True)


def test_artifacts_are_their_package_urls() -> None:
    """Where they come from, that they were signed, that they were published by whom."""
    what, data = one("artifact.packaged", subject=PURL,
                     change={"id": "7", "source": "code.example/acme/shop"})  # fmt: skip
    assert (what, data["kind"], data["change"]) == ("artifact.described", "provenance", "7")
    assert data["artifact"]["digest"] == DIGEST
    what, data = one("artifact.signed", subject=PURL, signature="planted")
    assert (what, data["artifact"]["digest"]) == ("artifact.signed", DIGEST)
    what, data = one("artifact.published", subject="pkg:npm/shop@1.0.0", user="bot")
    assert (what, data["artifact"]) == ("artifact.published", {"purl": "pkg:npm/shop@1.0.0"})
    assert data["actor"] == {"system": "/ci/one", "login": "bot"}


@pytest.mark.parametrize(
    ("kind", "rollback"), [("deployed", None), ("upgraded", None), ("rolledback", "rollback")]
)
def test_services_are_deployed(kind: str, rollback: str | None) -> None:
    """A rollback is a deployment of that kind."""
    what, data = one(f"service.{kind}", subject="shop", **PLACED)
    assert (what, data["outcome"], data.get("kind")) == (
        "deployment.finished", "success", rollback,
    )  # fmt: skip
    assert (data["deployment"], data["service"], data["environment"]) == (
        "e-1", "shop", "production",
    )  # fmt: skip
    assert (data["reported_outcome"], data["artifact"]["digest"]) == (kind, DIGEST)


def test_links_lead_to_the_deployment_that_is_rolled_back_or_to_blame() -> None:
    """By the id of its event, which is the deployment's."""

    def linked(kind: str, link: str) -> dict[str, Any]:
        told = event_of(kind, **PLACED)
        told["context"]["links"] = [
            {"linkType": "PATH", "from": {"contextId": "e-8"}},
            {"linkType": "RELATION", "linkKind": link, "target": {"contextId": "e-9"}},
        ]  # fmt: skip
        return all_of(told)[0].data

    assert linked("service.rolledback", "rollsBack")["rolls_back"] == "e-9"
    assert linked("incident.detected", "causedby")["caused_by"] == "e-9"
    assert "rolls_back" not in linked("service.rolledback", "TRIGGER")


def test_a_failed_deployment_is_a_custom_event() -> None:
    """There is no other for it."""
    what, data = one("dev.cdeventsx.ledger-deployment.failed", version="0.1.0", **PLACED)
    assert (what, data["outcome"]) == ("deployment.finished", "failure")
    assert all_of(event_of("dev.cdeventsx.other-deployment.failed", **PLACED)) == []


@pytest.mark.parametrize(
    ("kind", "action", "resource"),
    [("environment.created", "created", "blue"), ("environment.modified", "modified", "blue"),
     ("environment.deleted", "deleted", "blue"), ("service.removed", "removed", "s-1"),
     ("service.published", "published", "s-1")],
)  # fmt: skip
def test_what_is_no_deployment_is_a_change_of_configuration(
    kind: str, action: str, resource: str
) -> None:
    """Of the environment."""
    what, data = one(kind, name="blue", environment={"id": "s-1"})
    assert (what, data["environment"]) == ("config.changed", "s-1")
    assert (data["action"], data["resource"]) == (action, resource)


def test_incidents_begin_and_end() -> None:
    """Where, of which service, with which artifact."""
    content: dict[str, Any] = PLACED | {"service": {"id": "shop"}, "description": "slow"}
    what, data = one("incident.detected", **content)
    assert (what, data["incident"], data["service"]) == ("incident.opened", "s-1", "shop")
    assert (data["environment"], data["description"]) == ("production", "slow")
    assert data["detected_at"] == "2026-01-01T10:00:00+01:00"
    what, data = one("incident.reported", **content, ticketURI="https://tickets.example/7")
    assert (what, data["url"]) == ("incident.opened", "https://tickets.example/7")
    assert one("incident.resolved", **content)[0] == "incident.resolved"


@pytest.mark.parametrize(
    ("kind", "ours", "actor"),
    [("created", "opened", "alice"), ("updated", "updated", "bob"), ("closed", "closed", "bob")],
)
def test_tickets_are_done_by_somebody(kind: str, ours: str, actor: str) -> None:
    """By who made one, or changed it last."""
    what, data = one(f"ticket.{kind}", summary="T", ticketType="Incident", creator="alice",
                     assignees=["ben"], updatedBy="bob", resolution="done")  # fmt: skip
    assert what == f"ticket.{ours}"
    assert data["actor"] == {"system": "/ci/one", "login": actor}
    assert (data["kind"], data["key"], data["title"]) == ("incident", "s-1", "T")
    assert data["assignee"]["login"] == "ben"
    assert ("resolution" in data) == (kind == "closed")


@pytest.mark.parametrize("prefix", ["", "dev.cdeventsx.ledger-"])
@pytest.mark.parametrize(
    ("kind", "decision", "status", "verdict"),
    [
        ("created", None, None, "requested"),
        ("updated", "approved", None, "approved"), ("updated", "rejected", None, "rejected"),
        ("updated", "requestChanges", None, "rejected"), ("updated", "escalated", None, None),
        ("updated", "delegate", None, None), ("updated", "deferred", None, None),
        ("closed", "approved", "approved", "approved"),
        ("closed", "approved", "rejected", "rejected"),
        ("closed", "rejected", "cancelled", "withdrawn"),
        ("closed", "deferred", "expired", "expired"), ("closed", "approved", None, None),
    ],
)  # fmt: skip
def test_an_approval_is_what_its_status_says_when_it_is_closed(
    prefix: str, kind: str, decision: str | None, status: str | None, verdict: str | None
) -> None:
    """And one answer more before that."""
    told = event_of(f"{prefix}approval.{kind}", version="0.1.0", decision=decision, status=status,
                    responder="urn:user:bob", requestor="urn:user:alice",
                    approvalDetailsUrl="https://a.example/1",
                    resourceTargetUrl="https://d.example/prod")  # fmt: skip
    readings = all_of(told)
    if verdict is None:
        assert readings == []
        return
    data = readings[0].data
    assert (readings[0].type, data["verdict"]) == ("pipeledger.approval.reported.v1", verdict)
    assert data["approver"] == {"system": "/ci/one", "login": "bob"}
    assert data["requester"] == {"system": "/ci/one", "login": "alice"}
    assert (data["approval"], data["target"]) == ("s-1", "https://d.example/prod")


def test_a_commit_may_stand_in_the_emitters_own_data() -> None:
    """There is no other place; all else there stays there."""
    told = event_of("service.deployed", **PLACED) | {
        "customData": {"commit": SHA.upper(), "token": "planted"}
    }
    assert all_of(told)[0].data["commit"] == SHA
    for custom in ({"commit": "c0ffee"}, {"commit": 7}, "cGxhbnRlZA==", None):
        assert "commit" not in all_of(told | {"customData": custom})[0].data


@pytest.mark.parametrize(
    "kind",
    ["pipelinerun.queued", "taskrun.started", "build.queued", "build.started", "artifact.deleted",
     "artifact.downloaded", "repository.created", "testoutput.published", "testcaserun.started",
     "testsuiterun.queued", "new.happened", "dev.cdeventsx.mytool-thing.done"],
)  # fmt: skip
def test_what_no_event_type_is_for_is_kept_under_its_type(kind: str) -> None:
    """As it came."""
    told = event_of(kind, name="x", outcome="success")
    body = json.dumps(told).encode()
    (reading,) = read_delivery(CDEVENTS_SENDER, Delivery("ci", None, "application/json", body))
    assert reading.type == "pipeledger.source.unmapped.v1"
    assert reading.data["kind"] == told["context"]["type"]


def test_an_older_version_is_read_too() -> None:
    """`version` instead of `specversion`, a type of subject, other numbers behind the type."""
    told = event_of("service.upgraded", version="0.1.1", **PLACED)
    told["context"]["version"] = told["context"].pop("specversion")
    told["subject"]["type"] = "service"
    assert all_of(told)[0].data["outcome"] == "success"
    draft = event_of("service.upgraded", version="0.4.0-draft", **PLACED)
    assert all_of(draft)[0].data["outcome"] == "success"


ROWS = {name: row for name, row in PLATFORMS.items() if name.startswith("cdevents/")}
NO_FACTS = {
    "artifact.deleted", "artifact.downloaded", "build.queued", "build.started", "change.reviewed",
    "pipelinerun.queued", "repository.created", "repository.deleted", "repository.modified",
    "taskrun.started", "testcaserun.queued", "testcaserun.started", "testoutput.published",
    "testsuiterun.queued", "testsuiterun.started",
}  # fmt: skip
TYPES = {
    "approval": "approval.reported", "artifact.packaged": "artifact.described",
    "artifact.published": "artifact.published", "artifact.signed": "artifact.signed",
    "branch": "ref.updated", "build.finished": "build.finished",
    "change.abandoned": "change.abandoned", "change.created": "change.proposed",
    "change.merged": "change.merged", "change.updated": "change.updated",
    "environment": "config.changed", "incident.resolved": "incident.resolved",
    "incident": "incident.opened", "pipelinerun.finished": "pipeline.finished",
    "pipelinerun.started": "pipeline.started", "service.deployed": "deployment.finished",
    "service.upgraded": "deployment.finished", "service.rolledback": "deployment.finished",
    "service": "config.changed", "taskrun.finished": "task.finished",
    "testcaserun": "tests.finished", "testsuiterun": "tests.finished",
    "ticket.created": "ticket.opened", "ticket.updated": "ticket.updated",
    "ticket.closed": "ticket.closed",
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_conformance_events_say_what_their_row_says(name: str) -> None:
    """Type, subject, instant, outcome, environment, artifact, people."""
    told = re.fullmatch(
        r"type=dev\.cdevents\.(\w+)\.(\w+)\.\d\.\d\.\d; id=(\S+); source=(\S+); "
        r"timestamp=(\S+); subject=(\S+); content=(.*)",
        ROWS[name],
    )
    assert told is not None
    kind, content = f"{told[1]}.{told[2]}", json.loads(told[7])
    readings = read_report((FOLDER / name).read_bytes()).readings
    if kind in NO_FACTS:
        assert readings == []
        return
    (reading,) = readings
    through_door(reading)
    data = reading.data
    assert reading.type == f"pipeledger.{TYPES.get(kind) or TYPES[told[1]]}.v1"
    assert (reading.time, reading.source) == (told[5], f"cdevents:{told[4]}")
    assert reading.identity == f"{told[4]} dev.{reading.kind and reading.kind[4:]} {told[3]}"
    if told[1] != "environment":
        assert told[6] in json.dumps(data)
    if "outcome" in content:
        assert data["outcome"] == content["outcome"]
    if "artifactId" in content:
        assert data["artifact"]["digest"] == content["artifactId"].partition("@")[2].replace(
            "%3A", ":"
        )
    if "environment" in content:
        assert data["environment"] == content["environment"]["id"]
    if "responder" in content:
        assert f"urn:user:{data['approver']['login']}" == content["responder"]
    if "updatedBy" in content:
        assert data["actor"]["login"] == content["updatedBy"]
    assert ("kind" in data and data["kind"] == "rollback") == (kind == "service.rolledback")


JENKINS = {n: row for n, row in PLATFORMS.items() if n.startswith("jenkins/cdevents-plugin")}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(JENKINS))
def test_the_plugin_of_jenkins_says_what_its_row_says(name: str) -> None:
    """One id for several events: which build it is stands in its address."""
    told = dict(part.partition("=")[::2] for part in JENKINS[name].split("; "))
    readings = read_report((FOLDER / name).read_bytes()).readings
    kind = told["type"].split(".")[2:4]
    if kind not in (["pipelinerun", "started"], ["pipelinerun", "finished"]):
        assert readings == []
        return
    (reading,) = readings
    through_door(reading)
    data = reading.data
    assert (reading.time, data["pipeline"]) == (told["time"], told["pipelinename"])
    assert data["run"] == f"jenkins-{told['name']}-{told['build_number']}"
    assert data.get("outcome") == told.get("outcome")
    assert data.get("duration_s", 0) * 1000 == int(told["duration_ms"])
    assert "actor" not in data
