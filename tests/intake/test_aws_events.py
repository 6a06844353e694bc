"""Events of EventBridge and notifications of services: builds, deployments, failovers, alarms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake.registry import read_report
from tests.intake.amazon import CANARY, MIA, PIPE, RDS, event, fact, rds, read, record


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (rds("0013", "failover"), "failover.started", {"target": RDS}),
        (rds("0071", "failover", kind="CLUSTER",
              Message="Completed failover to DB instance: shop-2"),
         "failover.finished", {"outcome": "success", "to_site": "shop-2"}),
        (rds("0069", "failover", kind="CLUSTER"), "failover.finished", {"outcome": "failure"}),
        (rds("0034", "failover"), "failover.finished", {"outcome": "skipped"}),
        (rds("0186", "global failover"), "failover.finished", {"outcome": "cancelled"}),
        (rds("0002", "backup"), "backup.finished", {"outcome": "success", "backup_set": "shop"}),
        (rds("0091", "creation", kind="SNAPSHOT",
              SourceIdentifier="rds:shop-2026-01-02-03-04"),
         "backup.finished", {"backup_set": "shop"}),
        (rds("0043", "restoration", Message="Restored from snapshot before-change"),
         "restore.tested", {"outcome": "success", "backup_set": "before-change"}),
        (rds("0016", "configuration change"), "secret.rotated",
         {"path": f"{RDS}/master password"}),
        (rds("0003", "deletion"), "config.changed", {"resource": RDS}),
        (rds("0006", "availability"), None, {}),
        (event("CodePipeline Pipeline Execution State Change", {**PIPE, "state": "STARTED"}),
         "pipeline.started", {"run": "x-1", "pipeline": "shop"}),
        (event("CodePipeline Pipeline Execution State Change", {**PIPE, "state": "SUPERSEDED"}),
         "pipeline.finished", {"outcome": "cancelled"}),
        (event("CodePipeline Stage Execution State Change", {**PIPE, "state": "FAILED"}),
         "task.finished", {"task": "Prod", "outcome": "failure"}),
        (event("CodePipeline Action Execution State Change",
               {**PIPE, "state": "SUCCEEDED", "type": {"category": "Approval"}}),
         "approval.reported", {"verdict": "approved", "approval": "shop/Prod/Go@x-1"}),
        (event("CodePipeline Action Execution State Change",
               {**PIPE, "state": "FAILED", "type": {"category": "Deploy", "provider": "ECS"}}),
         "deployment.finished", {"outcome": "failure", "environment": "Prod"}),
        (event("CodePipeline Action Execution State Change",
               {**PIPE, "state": "SUCCEEDED", "type": {"category": "Test"}}),
         "tests.finished", {"outcome": "success"}),
        (event("CodePipeline Action Execution State Change",
               {**PIPE, "state": "STARTED", "type": {"category": "Source"}}), None, {}),
        (event("CodeBuild Build State Change",
               {"build-status": "STOPPED", "build-id": "arn:b/1", "project-name": "shop",
                "additional-information": {"initiator": "mia", "source-version": "a" * 40}}),
         "pipeline.finished", {"outcome": "cancelled", "triggered_by": MIA, "commit": "a" * 40}),
        (event("CodeDeploy Deployment State-change Notification",
               {"application": "shop", "deploymentGroup": "prod", "deploymentId": "d-1",
                "state": "FAILURE"}),
         "deployment.finished", {"outcome": "failure", "service": "shop", "deployment": "d-1"}),
        (event("ECS Deployment State Change",
               {"eventName": "SERVICE_DEPLOYMENT_IN_PROGRESS", "deploymentId": "ecs-svc/2",
                "reason": "ECS deployment circuit breaker: rolling back to ecs-svc/1."},
               "arn:aws:ecs:e:1:service/prod/shop"),
         "deployment.started", {"kind": "rollback", "service": "shop", "environment": "prod"}),
        (event("ECS Deployment State Change",
               {"eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": "ecs-svc/2"},
               "arn:aws:ecs:e:1:service/prod/shop"),
         "deployment.finished", {"outcome": "failure"}),
        (event("CloudFormation Stack Status Change",
               {"stack-id": "arn:aws:cloudformation:e:1:stack/net/u",
                "status-details": {"status": "UPDATE_ROLLBACK_COMPLETE"}}),
         "infrastructure.applied", {"outcome": "failure", "workspace": "net"}),
        (event("CloudFormation Stack Status Change",
               {"stack-id": "arn:x:stack/net/u", "status-details": {"status": "CREATE_COMPLETE"}}),
         "infrastructure.applied", {"outcome": "success"}),
        (event("ECR Image Action", {"action-type": "PUSH", "result": "SUCCESS", "image-tag": "1",
                                    "image-digest": "sha256:" + "c" * 64,
                                    "repository-name": "shop"}),
         "artifact.published", {"artifact": {"digest": "sha256:" + "c" * 64, "name": "shop"}}),
        (event("ECR Image Scan", {"scan-status": "COMPLETE", "image-tags": ["1"],
                                  "repository-name": "shop",
                                  "finding-severity-counts": {"HIGH": 2}}),
         "scan.finished", {"kind": "container", "target": "shop:1", "outcome": "success"}),
        (event("Backup Job State Change", {"state": "FAILED", "backupJobId": "j",
                                           "resourceArn": RDS}),
         "backup.finished", {"outcome": "failure", "backup_set": RDS}),
        (event("Restore Job State Change", {"status": "COMPLETED", "restoreJobId": "j"}),
         "restore.tested", {"outcome": "success"}),
        (event("CloudWatch Alarm State Change",
               {"alarmName": "errors", "state": {"value": "ALARM", "reason": "5 > 1"}}, "arn:a"),
         "alert.fired", {"fingerprint": "arn:a", "rule": "errors"}),
        (event("GuardDuty Finding", {"id": "f", "type": "Recon:EC2/Portscan", "severity": 8}),
         "threat.detected", {"severity": "high", "rule": "Recon:EC2/Portscan"}),
        (event("Config Rules Compliance Change",
               {"configRuleName": "encrypted", "resourceType": "AWS::S3::Bucket",
                "resourceId": "b", "newEvaluationResult": {"complianceType": "NON_COMPLIANT"}}),
         "policy.evaluated", {"policy": "encrypted", "decision": "deny",
                              "target": "AWS::S3::Bucket/b"}),
        (event("RDS Blue Green Deployment Event", {"EventID": "RDS-EVENT-0244",
                                                   "EventCategories": ["creation"]}, "arn:bg"),
         "config.changed", {"resource": "arn:bg"}),
        (event("AWS API Call via CloudTrail", record("eks", "DeleteCluster", {"name": "prod"})),
         "config.changed", {"resource": "eks/prod"}),
        (event("EC2 Spot Instance Interruption Warning", {}), None, {}),
    ],
    ids=lambda value: value["detail-type"] if isinstance(value, dict) and "detail-type" in value
    else None,
)  # fmt: skip
def test_an_event_is_what_its_service_says(
    value: dict[str, Any], kind: str | None, expected: dict[str, Any]
) -> None:
    """By the documented kinds and states; what no fact is for has none."""
    found, data = fact(value)
    assert found == kind
    assert {name: data.get(name) for name in expected} == expected


def test_a_build_names_what_it_made() -> None:
    """By the digest of its artifact; a value that is no digest is none."""
    told = {
        "build-status": "SUCCEEDED",
        "build-id": "b",
        "additional-information": {
            "initiator": "codepipeline/shop",
            "artifact": {"sha256sum": "d" * 64},
            "environment": {"image": "img", "environment-variables": [{"value": CANARY}]},
        },
    }
    run, build = read(event("CodeBuild Build State Change", told))
    assert "triggered_by" not in run.data
    assert build.data["artifacts"] == [{"digest": "sha256:" + "d" * 64}]


def test_rds_notifies_through_sns_without_a_zone() -> None:
    """Its own form; the number stands in an address."""
    told = {
        "Event Source": "db-instance", "Event Time": "2026-01-02 03:04:05.678",
        "Source ID": "shop", "Event ID": "http://x/USER_Events.html#RDS-EVENT-0013",
        "Event Message": "Multi-AZ failover started",
    }  # fmt: skip
    (reading,) = read({"Type": "Notification", "TopicArn": "arn:t", "Message": json.dumps(told)})
    assert reading.type == "pipeledger.failover.started.v1"
    assert (reading.local_time, reading.data["target"]) == ("2026-01-02 03:04:05.678", "shop")


def test_a_failover_of_a_file_is_one_from_beginning_to_end() -> None:
    """A database has one at a time; the next beginning is of another."""
    numbers = ("0013", "0049", "0015", "0013", "0069")
    events = [rds(number, "failover", Date=f"2026-01-02T03:04:0{at}Z") | {"id": f"e-{at}"}
              for at, number in enumerate(numbers)]  # fmt: skip
    report = read_report("\n".join(map(json.dumps, events)).encode())
    assert [one.data["recovery"] for one in report.readings] == ["e-0", "e-0", "e-0", "e-3", "e-3"]
    (alone,) = read(events[1])
    assert alone.data["recovery"] == "e-1"


def _message(told: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Notification", "TopicArn": "arn:t", "Message": json.dumps(told)}


@pytest.mark.parametrize(
    ("told", "kind", "expected"),
    [
        ({"status": "CREATED"}, "started", {"environment": "prod", "kind": None}),
        (
            {"status": "FAILED", "completeTime": "Thu Jan 14 18:06:40 UTC 2016"},
            "finished",
            {"outcome": "failure", "started_at": "2016-01-14T18:06:10Z"},
        ),
        (
            {
                "status": "SUCCEEDED",
                "rollbackInformation": '{"RollbackTriggeringDeploymentId": "d-0"}',
            },
            "finished",
            {"kind": "rollback", "rolls_back": "d-0"},
        ),
        ({"status": "READY"}, "progressed", {}),
    ],
)
def test_codedeploy_s_triggers_say_what_was_rolled_back(
    told: dict[str, str], kind: str, expected: dict[str, Any]
) -> None:
    """Through SNS, in a form of their own."""
    common = {
        "eventTriggerName": "t", "applicationName": "shop", "deploymentId": "d-1",
        "deploymentGroupName": "prod", "createTime": "Thu Jan 14 18:06:10 UTC 2016",
    }  # fmt: skip
    found, data = fact(_message(common | told))
    assert found == f"deployment.{kind}"
    assert {name: data.get(name) for name in expected} == expected
    assert data["deployment"] == "d-1"
    assert fact(common | told)[0] == found


def test_an_alarm_of_cloudwatch_comes_and_goes() -> None:
    """Through SNS, with its address as what it is known by."""
    told = {"AlarmName": "errors", "AlarmArn": "arn:a", "NewStateReason": "5 > 1",
            "StateChangeTime": "2017-01-12T16:30:42.236+0000"}  # fmt: skip
    found, data = fact(_message(told | {"NewStateValue": "ALARM"}))
    assert (found, data["fingerprint"], data["rule"]) == ("alert.fired", "arn:a", "errors")
    assert fact(_message(told | {"NewStateValue": "OK"}))[0] == "alert.resolved"
    assert fact(_message(told | {"NewStateValue": "INSUFFICIENT_DATA"}))[0] is None
