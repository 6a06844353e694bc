"""Real files of AWS say what was read off them apart from this project."""

from __future__ import annotations

import json
import re

import pytest

from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures

ROWS = {
    name: row for name, row in facts("SOURCES-platforms.tsv").items()
    if name.startswith(("aws-cloudtrail/", "aws-secrets-manager/"))
}  # fmt: skip
KINDS = {
    "RDS-EVENT-0049": "failover.finished", "RDS-EVENT-0041": "config.changed",
    "CreateDBInstance": "config.changed", "DeleteDBInstance": "config.changed",
    "FailoverDBCluster": "failover.started", "FailoverDBCluster AccessDenied": "failover.finished",
    "GetSecretValue": "secret.accessed", "PutSecretValue": "secret.rotated",
    "DeleteSecret": "secret.revoked", "GetSecretValue AccessDenied": "secret.accessed",
    "StartSecretVersionDelete": "config.changed", "EndSecretVersionDelete": "secret.revoked",
    "myPipeline": "deployment.started", "myApplication": "deployment.finished",
}  # fmt: skip


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Type, actor, target, outcome and time of each record."""
    readings = read_report((FOLDER / name).read_bytes()).readings
    lines = [dict(re.findall(r"([\w-]+)=(.*?)(?=; [\w-]+=|$)", line))
             for line in ROWS[name].split(" | ")]  # fmt: skip
    assert len(readings) == len(lines)
    for line in lines:
        told = next(filter(None, map(line.get, ("eventName", "event", "pipeline", "application"))))
        error = line.get("errorCode")
        kind = KINDS.get(f"{told} {error}") or KINDS[told]
        reading = next(
            one for one in readings
            if one.kind is not None and one.type == f"pipeledger.{kind}.v1"
            and one.identity == line.get("eventID", line.get("id"))
        )  # fmt: skip
        data, text = reading.data, json.dumps(reading.data)
        assert (reading.local_time or reading.time) == line.get("eventTime") or (
            reading.time == line.get("date", line.get("time"))
        )
        user = line.get("user", "").rpartition("/")[2]
        assert data.get("actor", {}).get("login", "") == user
        assert data.get("workload") == line.get("invokedBy")
        assert data["region"] == line["region"]
        if error is not None:
            assert (data["outcome"], data["reported_outcome"]) == ("failure", error)
        for key in ("target", "to", "secret", "service_secret", "resource", "execution", "stage",
                    "action", "deploymentId", "group"):  # fmt: skip
            assert line.get(key, "") in text
        if "state" in line:
            assert data["reported_outcome"] == line["state"]
        assert "EXAMPLE" not in text.replace("0EXAMPLE", "")
