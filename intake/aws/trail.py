"""Records of CloudTrail: which reader each goes to.

What only looks is no fact, unless a secret was read or somebody was refused one; neither is what
goes on all the time by itself. Every other management call changed something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.aws import databases, delivery, rights, secrets
from intake.aws.call import call_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.aws.call import Call
    from intake.aws.structure import Record
    from intake.report import Reading

_READERS: Final[dict[str, Callable[[Call], list[Reading]]]] = {
    "secretsmanager": secrets.secrets_manager,
    "kms": secrets.keys,
    "ssm": secrets.parameters,
    "iam": rights.identities,
    "sso": rights.center,
    "identitystore": rights.center,
    "sso-directory": rights.center,
    "signin": rights.sign_in,
    "sts": rights.sessions,
    "codedeploy": delivery.code_deploy,
    "codepipeline": delivery.code_pipeline,
    "codebuild": delivery.code_build,
    "ecs": delivery.containers,
    "eks": delivery.clusters,
    "lambda": delivery.functions,
    "cloudformation": delivery.stacks,
    "rds": databases.databases,
    "elasticache": databases.databases,
}
_DATA: Final = frozenset({"data", "insight", "networkactivity"})
# What agents and clients do all the time, or as parts of one thing that is told by itself.
_QUIET: Final = frozenset({
    ("logs", "CreateLogStream"), ("logs", "PutLogEvents"), ("monitoring", "PutMetricData"),
    ("ssm", "UpdateInstanceInformation"), ("ssm", "PutInventory"), ("ssm", "OpenDataChannel"),
    ("ssm", "PutComplianceItems"), ("ssm", "UpdateInstanceAssociationStatus"),
    ("ecr", "InitiateLayerUpload"), ("ecr", "UploadLayerPart"), ("ecr", "CompleteLayerUpload"),
    ("ecs", "RegisterContainerInstance"), ("ecs", "SubmitTaskStateChange"),
    ("ecs", "SubmitContainerStateChange"), ("ecs", "SubmitAttachmentStateChanges"),
    ("codepipeline", "PollForJobs"), ("codepipeline", "PutJobSuccessResult"),
    ("codedeploy", "PutLifecycleEventHookExecutionStatus"),
    ("sso", "Authenticate"), ("sso", "Federate"), ("sso", "CreateToken"),
})  # fmt: skip
_NAMES: Final = (
    "clusterName", "bucketName", "trailName", "tableName", "hostedZoneId", "repositoryName",
    "loadBalancerArn", "targetGroupArn", "listenerArn", "stateMachineArn", "topicArn",
    "autoScalingGroupName", "launchTemplateId", "launchTemplateName", "instanceId", "groupId",
    "vpcId", "subnetId", "routeTableId", "volumeId", "snapshotId", "imageId", "webACLId",
    "distributionId", "configurationRecorderName", "configRuleName", "detectorId", "alarmName",
    "logGroupName", "roleArn", "certificateArn", "policyId", "backupVaultName", "backupPlanId",
    "rule", "restApiId", "apiId",
)  # fmt: skip


def readings_of(record: Record) -> list[Reading]:
    """The readings of a record."""
    call = call_of(record)
    if call is None or _is_data(record) or (call.service, call.name) in _QUIET:
        return []
    reader = _READERS.get(call.service)
    if reader is not None:
        return reader(call)
    if call.is_read:
        return []
    request = call.request
    # A trail calls itself `name`; elsewhere that may be anybody's.
    own = request.text("name") if call.service in ("cloudtrail", "eventbridge", "events") else None
    return [call.changed(request.text(*_NAMES) or own)]


def _is_data(record: Record) -> bool:
    """Whether it is about the data in a resource, not about the resource."""
    category = (record.event_category or "").lower()
    return category in _DATA or str(record.management_event).lower() == "false"
