"""What services send to topics of SNS in forms of their own: CodeDeploy, CloudWatch, RDS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.aws.rds import Notified, notified, number_of
from intake.aws.structure import Values
from intake.instant import told_time
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.report import Reading
    from intake.shape import Members

_DATABASE: Final = frozenset({"Event Source", "Event ID", "Event Message"})
_DEPLOYMENT: Final = frozenset(
    {"eventTriggerName", "deploymentId", "deploymentGroupName", "status"}
)
_ALARM: Final = frozenset({"AlarmName", "NewStateValue"})
_BEGUN: Final = frozenset({"CREATED", "QUEUED", "STARTED"})
_ENDS: Final = {"SUCCEEDED": "success", "FAILED": "failure", "STOPPED": "cancelled"}
_STATES: Final = {"ALARM": "alert.fired", "OK": "alert.resolved"}


def reader_of(members: Members) -> Callable[[Values], list[Reading]] | None:
    """Who reads a notice; None where it is none."""
    found = ((_DATABASE, _database), (_DEPLOYMENT, _deployment), (_ALARM, _alarm))
    return next((reader for marks, reader in found if members.keys() >= marks), None)


def _deployment(told: Values) -> list[Reading]:
    """A trigger of CodeDeploy; it alone says what was rolled back."""
    service, group = named(told.text("applicationName")), named(told.text("deploymentGroupName"))
    identity, state = named(told.text("deploymentId")), (told.text("status") or "").upper()
    if service is None or group is None or identity is None:
        return []
    taken_back = named(_object(told.get("rollbackInformation")).text(
        "rollbackTriggeringDeploymentId"
    ))  # fmt: skip
    data: dict[str, Any] = {
        "tool": "aws.codedeploy",
        "account": named(told.text("accountId")),
        "region": named(told.text("region")),
        "deployment": identity,
        "service": service,
        "service_basis": "application",
        "environment": group,
        "environment_basis": "deployment group",
        "kind": "rollback" if taken_back else None,
        "kind_basis": "rollback information" if taken_back else None,
        "rolls_back": taken_back,
        "trigger": "automatic" if taken_back else None,
        "reported_outcome": named(told.text("status")),
    }
    begun = told_time(told.text("createTime"))
    if state in _BEGUN:
        return [fact("deployment.started", begun, data, kind=state)]
    if state not in _ENDS:
        return [fact("deployment.progressed", None, data, kind=state)]
    ended = {"outcome": _ENDS[state], "started_at": begun.time if begun is not None else None}
    return [fact(
        "deployment.finished", told_time(told.text("completeTime")), data | ended, kind=state
    )]  # fmt: skip


def _alarm(told: Values) -> list[Reading]:
    state = told.text("NewStateValue") or ""
    fingerprint = named(told.text("AlarmArn", "AlarmName"))
    if state not in _STATES or fingerprint is None:
        return []
    return [fact(_STATES[state], told_time(told.text("StateChangeTime")), {
        "tool": "aws.cloudwatch",
        "account": named(told.text("AWSAccountId")),
        "fingerprint": fingerprint,
        "rule": named(told.text("AlarmName")),
        "description": told.text("NewStateReason"),
        "reported_outcome": state,
    }, kind=state)]  # fmt: skip


def _database(told: Values) -> list[Reading]:
    """A notification of RDS; its instants have no zone."""
    number = number_of(told.text("Event ID"))
    if number is None:
        return []
    kind = (told.text("Event Source") or "").removeprefix("db-").replace("-", "_").upper()
    return notified(Notified(
        number=number,
        kind=kind,
        name=told.text("Source ID"),
        arn=told.text("Source ARN"),
        message=told.text("Event Message") or "",
        categories=(),
        time=told.text("Event Time"),
        identity=None,
        more={},
    ))  # fmt: skip


def _object(value: Any) -> Values:  # noqa: ANN401 - JSON
    """An object that stands there as such, or as a text."""
    return Values.of(msgspec.Raw(value.encode())) if isinstance(value, str) else Values(value)
