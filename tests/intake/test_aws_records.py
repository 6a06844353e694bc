"""Records of CloudTrail: what a call does, and who made it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.intake.amazon import ARN, CANARY, CODE, DIGEST, MIA, PRIMARY, fact, record

KEY = "arn:aws:kms:eu-west-1:111122223333:key/0a1b"
SERVICE_EVENT = {
    "userIdentity": {"accountId": "111122223333", "invokedBy": "secretsmanager.amazonaws.com"},
    "requestParameters": None, "responseElements": None, "eventType": "AwsServiceEvent",
    "additionalEventData": {"SecretId": ARN},
}  # fmt: skip


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
        (record("kms", "GenerateDataKeyWithoutPlaintext", {"keyId": KEY}, readOnly=True,
                errorCode="AccessDenied"), "secret.accessed", {"outcome": "failure"}),
        (record("kms", "ListAliases", readOnly=True, errorCode="AccessDenied"), None, {}),
        (record("kms", "DescribeKey", {"keyId": KEY}, errorCode="NotFoundException"), None, {}),
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
    found, data = fact({"Records": [call]})
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
    _, data = fact(call)
    assert {name: data[name] for name in ("actor", "workload") if name in data} == expected
