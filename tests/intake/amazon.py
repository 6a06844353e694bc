"""Small records and events of AWS, and how they are read."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from intake.registry import read_report
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

CANARY = "quetzal-4711"
TIME = "2026-01-02T03:04:05Z"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf"
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


def read(value: Any) -> list[Reading]:  # noqa: ANN401 - JSON
    """What a file of it says."""
    report = read_report(json.dumps(value).encode())
    assert report.format.name in ("cloudtrail", "aws-event")
    for reading in report.readings:
        through_door(reading)
        assert CANARY not in json.dumps(reading.data)
        assert "192.0.2.7" not in json.dumps(reading.data)
    return report.readings


def fact(value: Any) -> tuple[str | None, dict[str, Any]]:  # noqa: ANN401 - JSON
    """Type and data of the one fact in it, if there is one."""
    found = read(value)
    if not found:
        return None, {}
    (reading,) = found
    return reading.type.removeprefix("pipeledger.").removesuffix(".v1"), reading.data


DIGEST = hashlib.sha256(b"zip").digest()
CODE = base64.b64encode(DIGEST).decode()
PRIMARY = {"service": {"deployments": [{"status": "PRIMARY", "id": "ecs-svc/9"}]}}


RDS = "arn:aws:rds:e:1:db:shop"


def rds(number: str, *categories: str, kind: str = "DB_INSTANCE", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An event of RDS."""
    detail = {
        "EventID": f"RDS-EVENT-{number}", "EventCategories": list(categories), "SourceType": kind,
        "SourceArn": RDS, "SourceIdentifier": "shop", "Date": "2026-01-02T03:04:05.5Z",
    } | more  # fmt: skip
    return event("RDS DB Instance Event", detail, source="aws.rds")


PIPE = {"pipeline": "shop", "execution-id": "x-1", "stage": "Prod", "action": "Go"}
