"""CloudTrail's records and AWS' events say who changed what, and never what a secret is."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import RefusedError
from intake.deliveries import Delivery, read_delivery
from intake.registry import SENDERS, read_report
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

CANARY = "quetzal-4711"
TIME = "2026-01-02T03:04:05Z"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0a1b"
MIA = {"system": "aws:111122223333", "login": "mia"}
USER = {
    "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/mia", "accountId": "111122223333",
    "accessKeyId": CANARY, "userName": "mia",
}  # fmt: skip


def record(
    service: str, name: str, request: Any = None, response: Any = None, **more: Any  # noqa: ANN401 - JSON
) -> dict[str, Any]:  # fmt: skip
    """A record with parameters that nobody may see among those that are read."""
    return {
        "eventVersion": "1.09", "userIdentity": USER, "eventTime": TIME,
        "eventSource": f"{service}.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7", "userAgent": "aws-cli/2",
        "requestParameters": {"secretString": CANARY, "password": CANARY} | (request or {}),
        "responseElements": {"secretAccessKey": CANARY} | (response or {}),
        "eventID": "5f0e", "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
    } | more  # fmt: skip


def event(kind: str, detail: dict[str, Any], *resources: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An event of EventBridge."""
    return {
        "version": "0", "id": "e-1", "detail-type": kind, "source": "aws.x",
        "account": "111122223333", "time": TIME, "region": "eu-west-1",
        "resources": list(resources), "detail": {"note": CANARY} | detail,
    } | more  # fmt: skip


def _read(value: Any) -> list[Reading]:  # noqa: ANN401 - JSON
    report = read_report(json.dumps(value).encode())
    assert report.format.name in ("cloudtrail", "aws-event")
    for reading in report.readings:
        through_door(reading)
        assert CANARY not in json.dumps(reading.data)
        assert "192.0.2.7" not in json.dumps(reading.data)
    return report.readings


def _fact(value: Any) -> tuple[str | None, dict[str, Any]]:  # noqa: ANN401 - JSON
    found = _read(value)
    if not found:
        return None, {}
    (reading,) = found
    return reading.type.removeprefix("pipeledger.").removesuffix(".v1"), reading.data


DIGEST = hashlib.sha256(b"zip").digest()
CODE = base64.b64encode(DIGEST).decode()
SERVICE_EVENT = {
    "userIdentity": {"accountId": "111122223333", "invokedBy": "secretsmanager.amazonaws.com"},
    "requestParameters": None, "responseElements": None, "eventType": "AwsServiceEvent",
    "additionalEventData": {"SecretId": ARN},
}  # fmt: skip
PRIMARY = {"service": {"deployments": [{"status": "PRIMARY", "id": "ecs-svc/9"}]}}


@pytest.mark.parametrize(
    ("call", "kind", "expected"),
    [
        (record("secretsmanager", "GetSecretValue", {"secretId": ARN}, readOnly=True),
         "secret.accessed", {"path": ARN, "outcome": "success", "accessor": MIA}),
        (record("secretsmanager", "CreateSecret", {"name": "shop/db"},
                {"aRN": ARN, "versionId": "v1"}),
         "secret.created", {"path": ARN, "version": "v1"}),
        (record("secretsmanager", "PutSecretValue", {"secretId": "shop/db"}),
         "secret.rotated", {"path": "shop/db"}),
        (record("secretsmanager", "PutSecretValue",
                {"secretId": "shop/db", "versionStages": ["AWSPENDING"]}),
         "config.changed", {"resource": "secretsmanager/shop/db"}),
        (record("secretsmanager", "RotationSucceeded", **SERVICE_EVENT),
         "secret.rotated", {"path": ARN, "workload": "secretsmanager.amazonaws.com"}),
        (record("secretsmanager", "RotationFailed", **SERVICE_EVENT),
         "config.changed", {"resource": ARN, "outcome": "failure"}),
        (record("secretsmanager", "RotateSecret", {"secretId": ARN}),
         "config.changed", {"resource": ARN, "action": "RotateSecret"}),
        (record("secretsmanager", "DeleteSecret", {"secretId": ARN}), "secret.revoked",
         {"path": ARN}),
        (record("secretsmanager", "DeleteSecret", {"secretId": ARN}, errorCode="AccessDenied"),
         "config.changed", {"outcome": "failure", "reported_outcome": "AccessDenied"}),
        (record("secretsmanager", "DescribeSecret", {"secretId": ARN}, readOnly=True), None, {}),
        (record("kms", "CreateKey", response={"keyMetadata": {"arn": KEY}}),
         "secret.created", {"path": KEY}),
        (record("kms", "ScheduleKeyDeletion", {"keyId": KEY}), "secret.revoked", {"path": KEY}),
        (record("kms", "Decrypt", resources=[{"ARN": KEY}], readOnly=True), None, {}),
        (record("kms", "Decrypt", resources=[{"arn": KEY}], errorCode="AccessDenied"),
         "secret.accessed", {"path": KEY, "outcome": "failure"}),
        (record("kms", "CreateGrant", {"keyId": KEY, "operations": ["Decrypt"],
                                       "granteePrincipal": "arn:aws:iam::1:role/app"}),
         "access.granted", {"target": KEY, "role": "Decrypt",
                            "grantee": "arn:aws:iam::1:role/app"}),
        (record("ssm", "GetParameter", {"name": "/shop/db", "withDecryption": True}),
         "secret.accessed", {"path": "/shop/db"}),
        (record("ssm", "GetParameter", {"name": "/shop/url"}), None, {}),
        (record("ssm", "PutParameter", {"name": "/shop/db", "type": "SecureString",
                                        "value": CANARY}, {"version": 3}),
         "secret.rotated", {"path": "/shop/db", "version": "3"}),
        (record("iam", "AttachUserPolicy", {"userName": "ben", "policyArn": "arn:p/Admin"}),
         "access.granted", {"subject": {"system": "aws:111122223333", "login": "ben"},
                            "role": "arn:p/Admin", "target": "iam/111122223333"}),
        (record("iam", "DetachRolePolicy", {"roleName": "app", "policyArn": "arn:p/Admin"}),
         "access.revoked", {"grantee": "role:app", "role": "arn:p/Admin"}),
        (record("iam", "CreateAccessKey", response={"accessKey": {"accessKeyId": CANARY}}),
         "access.granted", {"subject": MIA, "role": "access key"}),
        (record("iam", "UpdateAccessKey", {"userName": "ben", "status": "Inactive"}),
         "access.revoked", {"subject": {"system": "aws:111122223333", "login": "ben"}}),
        (record("iam", "AttachUserPolicy", {"userName": "ben"}, errorCode="AccessDenied"),
         "config.changed", {"resource": "iam", "outcome": "failure"}),
        (record("iam", "UpdateAssumeRolePolicy", {"roleName": "app"}),
         "config.changed", {"resource": "iam/app"}),
        (record("sso", "CreateAccountAssignment",
                {"principalType": "USER", "principalId": "u-1", "targetId": "222",
                 "permissionSetArn": "arn:ps/x"}),
         "access.granted", {"target": "account/222", "subject": {"system": "aws", "id": "u-1"}}),
        (record("signin", "ConsoleLogin", response={"ConsoleLogin": "Failure"},
                errorMessage="Failed authentication"),
         "login.failed", {"target": "console", "subject": MIA}),
        (record("signin", "ConsoleLogin", response={"ConsoleLogin": "Success"}), None, {}),
        (record("signin", "ConsoleLogin", response={"ConsoleLogin": "Success"},
                userIdentity={"type": "Root", "accountId": "1"}),
         "access.elevated", {"role": "root", "subject": {"system": "aws:1", "login": "root"}}),
        (record("sts", "AssumeRole", {"roleArn": "arn:r"}, errorCode="AccessDenied"),
         "login.failed", {"target": "arn:r"}),
        (record("sts", "AssumeRole", {"roleArn": "arn:r"}), None, {}),
        (record("ecs", "UpdateService", {"service": "shop", "cluster": "arn:x:cluster/prod",
                                         "taskDefinition": "arn:y:task-definition/shop:8"},
                PRIMARY),
         "deployment.started", {"service": "shop", "environment": "prod", "release": "shop:8",
                                "deployment": "ecs-svc/9", "environment_basis": "cluster"}),
        (record("ecs", "UpdateService", {"service": "shop", "forceNewDeployment": True}, PRIMARY),
         "deployment.started", {"kind": "redeploy", "environment": "default"}),
        (record("ecs", "UpdateService", {"service": "shop", "desiredCount": 3}, PRIMARY),
         "config.changed", {"resource": "ecs/shop"}),
        (record("ecs", "UpdateService", {"service": "shop", "taskDefinition": "shop:8"},
                errorCode="AccessDeniedException"),
         "deployment.finished", {"outcome": "failure", "impact": False}),
        (record("eks", "UpdateClusterVersion", {"name": "prod", "version": "1.31"},
                {"update": {"status": "InProgress"}}),
         "config.changed", {"resource": "eks/prod", "environment": "prod", "version": "1.31",
                            "action": "UpdateClusterVersion"}),
        (record("eks", "UpdateNodegroupConfig", {"name": "prod", "nodegroupName": "a"}),
         "config.changed", {"resource": "eks/prod/a"}),
        (record("eks", "CreateAccessEntry", {"name": "prod",
                                             "principalArn": "arn:aws:iam::1:user/ben"}),
         "access.granted", {"target": "eks/prod", "subject": {"system": "aws:1", "login": "ben"}}),
        (record("lambda", "UpdateFunctionCode20150331v2", {"functionName": "fn"},
                {"codeSha256": CODE, "version": "7"}),
         "config.changed", {"resource": "lambda/fn", "action": "UpdateFunctionCode",
                            "artifact": {"digest": f"sha256:{DIGEST.hex()}"}}),
        (record("lambda", "UpdateAlias20150331",
                {"functionName": "arn:aws:lambda:e:1:function:fn", "name": "prod",
                 "functionVersion": "7"}),
         "deployment.finished", {"service": "fn", "environment": "prod", "release": "7"}),
        (record("lambda", "Invoke", eventCategory="Data"), None, {}),
        (record("codedeploy", "CreateDeployment",
                {"applicationName": "shop", "deploymentGroupName": "prod",
                 "revision": {"gitHubLocation": {"repository": "acme/shop",
                                                 "commitId": "a" * 40}}},
                {"deploymentId": "d-1"}),
         "deployment.started", {"deployment": "d-1", "service": "shop", "environment": "prod",
                                "commit": "a" * 40, "repository": "https://github.com/acme/shop"}),
        (record("codepipeline", "PutApprovalResult",
                {"pipelineName": "shop", "stageName": "Prod", "actionName": "Ask",
                 "token": CANARY, "result": {"summary": "fine", "status": "Rejected"}}),
         "approval.reported", {"verdict": "rejected", "approver": MIA, "comment": "fine",
                               "approval": "shop/Prod/Ask", "environments": ["Prod"]}),
        (record("codepipeline", "StartPipelineExecution", {"name": "shop"},
                {"pipelineExecutionId": "x-1"}),
         "pipeline.started", {"run": "x-1", "pipeline": "shop", "triggered_by": MIA}),
        (record("codepipeline", "RollbackStage",
                {"pipelineName": "shop", "stageName": "Prod", "targetPipelineExecutionId": "x-0"},
                {"pipelineExecutionId": "x-2"}),
         "deployment.started", {"kind": "rollback", "environment": "Prod", "restores": "x-0"}),
        (record("codebuild", "StartBuild", {"projectName": "shop"},
                {"build": {"arn": "arn:b/1", "resolvedSourceVersion": "b" * 40}}),
         "pipeline.started", {"run": "arn:b/1", "commit": "b" * 40}),
        (record("cloudformation", "CreateChangeSet",
                {"stackName": "net", "changeSetName": "c", "parameters": [{"v": CANARY}]}),
         "infrastructure.planned", {"workspace": "net"}),
        (record("cloudformation", "DeleteStack",
                {"stackName": "arn:aws:cloudformation:e:1:stack/net/uuid"}),
         "config.changed", {"resource": "cloudformation/net"}),
        (record("rds", "RebootDBInstance", {"dBInstanceIdentifier": "db", "forceFailover": True}),
         "failover.started", {"target": "db", "trigger": "manual"}),
        (record("rds", "RebootDBInstance", {"dBInstanceIdentifier": "db"}),
         "config.changed", {"resource": "rds/db"}),
        (record("rds", "DescribeDBInstances"), None, {}),
        (record("s3", "PutBucketPolicy", {"bucketName": "b"}), "config.changed",
         {"resource": "s3/b"}),
        (record("route53", "ChangeResourceRecordSets", {"hostedZoneId": "Z1"}),
         "config.changed", {"resource": "route53/Z1", "action": "ChangeResourceRecordSets"}),
        (record("cloudtrail", "StopLogging", {"name": "trail"}), "config.changed",
         {"resource": "cloudtrail/trail", "action": "StopLogging"}),
        (record("ec2", "RunInstances", errorCode="Server.InternalError"), "config.changed",
         {"outcome": "error"}),
        (record("logs", "CreateLogStream"), None, {}),
    ],
    ids=lambda value: f"{value['eventName']}" if isinstance(value, dict) and "eventName" in value
    else None,
)  # fmt: skip
def test_a_record_is_what_its_call_does(
    call: dict[str, Any], kind: str | None, expected: dict[str, Any]
) -> None:
    """By service and operation; what only looks is no fact."""
    found, data = _fact({"Records": [call]})
    assert found == kind
    assert {name: data.get(name) for name in expected} == expected
    if kind is not None:
        assert (data["account"], data["region"]) == ("111122223333", "eu-west-1")


ROLE = "arn:aws:sts::1:assumed-role"


@pytest.mark.parametrize(
    ("identity", "more", "expected"),
    [
        ({"type": "AssumedRole", "accountId": "1", "arn": f"{ROLE}/AWSReservedSSO_Ops_1/mia@x.org"},
         {}, {"actor": {"system": "aws", "email": "mia@x.org"}}),
        ({"type": "AssumedRole", "accountId": "1", "arn": f"{ROLE}/ops/mia"}, {},
         {"actor": {"system": "aws:1", "login": "mia"}}),
        ({"type": "AssumedRole", "accountId": "1", "arn": f"{ROLE}/app/i-0123456789abcdef0"}, {},
         {"workload": "app"}),
        ({"type": "AssumedRole", "accountId": "1", "arn": f"{ROLE}/app/fn"},
         {"userAgent": "Boto3/1 exec-env/AWS_Lambda_python3.12"}, {"workload": "app"}),
        ({"type": "AssumedRole", "accountId": "1", "arn": f"{ROLE}/cd/1700000000000"},
         {"sourceIPAddress": "codepipeline.amazonaws.com"}, {"workload": "cd"}),
        ({"type": "AssumedRole", "accountId": "1", "arn": f"{ROLE}/ci/acme",
          "sessionContext": {"webIdFederationData": {
              "federatedProvider": "arn:aws:iam::1:oidc-provider/"
                                   "token.actions.githubusercontent.com"}}},
         {}, {"workload": "ci"}),
        ({"type": "AWSService", "invokedBy": "rds.amazonaws.com"}, {},
         {"workload": "rds.amazonaws.com"}),
        ({"accountId": "1", "invokedBy": "secretsmanager.amazonaws.com"}, {},
         {"workload": "secretsmanager.amazonaws.com"}),
        ({"type": "IAMUser", "accountId": "1", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}, {},
         {}),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}}, {},
         {"actor": {"system": "aws", "id": "u-1"}}),
        (None, {}, {}),
    ],
)  # fmt: skip
def test_people_are_told_from_services_and_machines(
    identity: dict[str, Any] | None, more: dict[str, str], expected: dict[str, Any]
) -> None:
    """A session of a role is a machine's where the record says so."""
    call = record("s3", "DeleteBucket", {"bucketName": "b"}, userIdentity=identity, **more)
    _, data = _fact(call)
    assert {name: data[name] for name in ("actor", "workload") if name in data} == expected


RDS = "arn:aws:rds:e:1:db:shop"


def _rds(number: str, *categories: str, kind: str = "DB_INSTANCE", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    detail = {
        "EventID": f"RDS-EVENT-{number}", "EventCategories": list(categories), "SourceType": kind,
        "SourceArn": RDS, "SourceIdentifier": "shop", "Date": "2026-01-02T03:04:05.5Z",
    } | more  # fmt: skip
    return event("RDS DB Instance Event", detail, source="aws.rds")


PIPE = {"pipeline": "shop", "execution-id": "x-1", "stage": "Prod", "action": "Go"}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (_rds("0013", "failover"), "failover.started", {"target": RDS}),
        (_rds("0071", "failover", kind="CLUSTER",
              Message="Completed failover to DB instance: shop-2"),
         "failover.finished", {"outcome": "success", "to_site": "shop-2"}),
        (_rds("0069", "failover", kind="CLUSTER"), "failover.finished", {"outcome": "failure"}),
        (_rds("0034", "failover"), "failover.finished", {"outcome": "skipped"}),
        (_rds("0186", "global failover"), "failover.finished", {"outcome": "cancelled"}),
        (_rds("0002", "backup"), "backup.finished", {"outcome": "success", "backup_set": "shop"}),
        (_rds("0091", "creation", kind="SNAPSHOT",
              SourceIdentifier="rds:shop-2026-01-02-03-04"),
         "backup.finished", {"backup_set": "shop"}),
        (_rds("0043", "restoration", Message="Restored from snapshot before-change"),
         "restore.tested", {"outcome": "success", "backup_set": "before-change"}),
        (_rds("0016", "configuration change"), "secret.rotated",
         {"path": f"{RDS}/master password"}),
        (_rds("0003", "deletion"), "config.changed", {"resource": RDS}),
        (_rds("0006", "availability"), None, {}),
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
    found, data = _fact(value)
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
    run, build = _read(event("CodeBuild Build State Change", told))
    assert "triggered_by" not in run.data
    assert build.data["artifacts"] == [{"digest": "sha256:" + "d" * 64}]


def test_records_are_read_in_all_their_wrappings() -> None:
    """A file, one record, lines, a lookup, EventBridge, SNS: the same fact."""
    one = record("eks", "DeleteCluster", {"name": "prod"})
    text = json.dumps(one)
    wrapped = [
        json.dumps({"Records": [one]}), text, f"{text}\n{text}\n", json.dumps([one]),
        json.dumps({"Events": [{"EventName": "DeleteCluster", "CloudTrailEvent": text}]}),
        json.dumps(event("AWS API Call via CloudTrail", one)),
        json.dumps({"Type": "Notification", "TopicArn": "arn:t", "MessageId": "m",
                    "Message": json.dumps(event("AWS API Call via CloudTrail", one))}),
    ]  # fmt: skip
    for body in wrapped:
        for reading in read_report(body.encode()).readings:
            assert (reading.data["resource"], reading.identity) == ("eks/prod", "5f0e")


def test_rds_notifies_through_sns_without_a_zone() -> None:
    """Its own form; the number stands in an address."""
    told = {
        "Event Source": "db-instance", "Event Time": "2026-01-02 03:04:05.678",
        "Source ID": "shop", "Event ID": "http://x/USER_Events.html#RDS-EVENT-0013",
        "Event Message": "Multi-AZ failover started",
    }  # fmt: skip
    (reading,) = _read({"Type": "Notification", "TopicArn": "arn:t", "Message": json.dumps(told)})
    assert reading.type == "pipeledger.failover.started.v1"
    assert (reading.local_time, reading.data["target"]) == ("2026-01-02 03:04:05.678", "shop")


def test_a_failover_of_a_file_is_one_from_beginning_to_end() -> None:
    """A database has one at a time; the next beginning is of another."""
    numbers = ("0013", "0049", "0015", "0013", "0069")
    events = [_rds(number, "failover", Date=f"2026-01-02T03:04:0{at}Z") | {"id": f"e-{at}"}
              for at, number in enumerate(numbers)]  # fmt: skip
    report = read_report("\n".join(map(json.dumps, events)).encode())
    assert [one.data["recovery"] for one in report.readings] == ["e-0", "e-0", "e-0", "e-3", "e-3"]
    (alone,) = _read(events[1])
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
    found, data = _fact(_message(common | told))
    assert found == f"deployment.{kind}"
    assert {name: data.get(name) for name in expected} == expected
    assert data["deployment"] == "d-1"
    assert _fact(common | told)[0] == found


def test_an_alarm_of_cloudwatch_comes_and_goes() -> None:
    """Through SNS, with its address as what it is known by."""
    told = {"AlarmName": "errors", "AlarmArn": "arn:a", "NewStateReason": "5 > 1",
            "StateChangeTime": "2017-01-12T16:30:42.236+0000"}  # fmt: skip
    found, data = _fact(_message(told | {"NewStateValue": "ALARM"}))
    assert (found, data["fingerprint"], data["rule"]) == ("alert.fired", "arn:a", "errors")
    assert _fact(_message(told | {"NewStateValue": "OK"}))[0] == "alert.resolved"
    assert _fact(_message(told | {"NewStateValue": "INSUFFICIENT_DATA"}))[0] is None


def test_batches_are_ordered_and_read_secret_by_secret() -> None:
    """Each secret of a batch was read."""
    late = record("secretsmanager", "BatchGetSecretValue", {"secretIdList": ["a", "b"]})
    early = record("s3", "DeleteBucket", {"bucketName": "b"}, eventTime="2026-01-01T00:00:00Z")
    found = _read({"Records": [late, early]})
    assert [one.data.get("path") for one in found] == [None, "a", "b"]


@pytest.mark.parametrize(
    ("headers", "holds"),
    [
        ({"authorization": "Basic " + base64.b64encode(b"x:s3cret").decode()}, True),
        ({"x-api-key": "s3cret"}, True),
        ({"x-api-key": "other"}, False),
        ({}, False),
    ],
)
def test_eventbridge_proves_itself_as_its_connection_is_set_up(
    headers: dict[str, str],
    holds: bool,  # noqa: FBT001 - a case
) -> None:
    """Basic authorization, or an API key."""
    scheme = SENDERS["aws"].scheme
    assert scheme.holds(headers, b"{}", "s3cret", datetime(2026, 1, 1, tzinfo=UTC)) is holds


def test_a_delivery_that_is_no_fact_is_kept() -> None:
    """The confirmation of a subscription is one: its token is the operator's to use."""
    body = {"Type": "SubscriptionConfirmation", "TopicArn": "arn:t", "Token": "t",
            "Message": "You have chosen to subscribe"}  # fmt: skip
    raw = json.dumps(body).encode()
    (found,) = read_delivery(SENDERS["aws"], Delivery("aws", None, "text/plain", raw))
    assert found.type == "pipeledger.source.unmapped.v1"
    assert found.data["kind"] == "SubscriptionConfirmation"


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    records = [
        record("secretsmanager", "GetSecretValue", {"secretId": ARN}),
        record("ecs", "UpdateService", {"service": "s", "taskDefinition": "s:1"}, PRIMARY),
        record("iam", "AttachUserPolicy", {"userName": "ben"}),
        record("lambda", "UpdateFunctionCode", {"functionName": "f"}, {"codeSha256": CODE}),
    ]
    check_damaged(json.dumps({"Records": records}).encode(), 160)
    check_damaged("\n".join(map(json.dumps, records)).encode(), 40)
    check_damaged(json.dumps(_rds("0091", "creation")).encode(), 60)
    told = {**PIPE, "state": "FAILED", "type": {"category": "Deploy"}}
    deploy = event("CodePipeline Action Execution State Change", told)
    check_damaged(json.dumps(deploy).encode(), 60)
    with pytest.raises(RefusedError):
        read_report(b'{"Records": [{"eventSource": "x"}]}')
