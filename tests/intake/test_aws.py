"""What AWS delivers and how it is read: wrappings, batches, its proof, what is no fact."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from domain.errors import RefusedError
from intake.deliveries import Delivery, read_delivery
from intake.registry import SENDERS, read_report
from tests.intake.amazon import ARN, CODE, PIPE, PRIMARY, event, rds, read, record
from tests.intake.damage import check_damaged


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


def test_records_are_ordered_and_a_refused_batch_is_told_secret_by_secret() -> None:
    """What a batch read has records of its own."""
    names = {"secretIdList": ["a", "b"]}
    assert read({"Records": [record("secretsmanager", "BatchGetSecretValue", names)]}) == []
    late = record("secretsmanager", "BatchGetSecretValue", names, errorCode="AccessDenied")
    early = record("s3", "DeleteBucket", {"bucketName": "b"}, eventTime="2026-01-01T00:00:00Z")
    found = read({"Records": [late, early]})
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
    check_damaged(json.dumps(rds("0091", "creation")).encode(), 60)
    told = {**PIPE, "state": "FAILED", "type": {"category": "Deploy"}}
    deploy = event("CodePipeline Action Execution State Change", told)
    check_damaged(json.dumps(deploy).encode(), 60)
    with pytest.raises(RefusedError):
        read_report(b'{"Records": [{"eventSource": "x"}]}')
