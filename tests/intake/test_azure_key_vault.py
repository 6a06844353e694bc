"""Logs and events of Azure Key Vault become the right facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.azure_key_vault import SENDER
from intake.deliveries import Delivery, read_delivery
from tests.fixtures import needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.told import row_of, told, told_file

PLANTED = "s3cr3t-value"
VAULT = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/MYVAULT"
RECORD: dict[str, Any] = {
    "time": "2026-01-01T10:00:00.1234567Z", "resourceId": VAULT, "operationName": "SecretGet",
    "category": "AuditEvent", "resultType": "Success", "resultSignature": "OK", "durationMs": "78",
    "correlationId": "c-1", "callerIpAddress": "10.0.0.1",
    "identity": {"claim": {"upn": "mia@acme.example", "oid": "o-1", "appid": "a-1"}},
    "properties": {"id": "https://myvault.vault.azure.net/secrets/db/v1", "httpStatusCode": 200,
                   "requestUri": f"https://myvault.vault.azure.net/secrets/db?sig={PLANTED}"},
}  # fmt: skip
EVENT = {
    "id": "e-1", "topic": VAULT, "subject": "db", "eventTime": "2026-01-01T10:00:00Z",
    "eventType": "Microsoft.KeyVault.SecretNewVersionCreated", "dataVersion": "1",
    "data": {"Id": "https://myvault.vault.azure.net/secrets/db/v2", "VaultName": "myvault",
             "ObjectType": "Secret", "ObjectName": "db", "Version": "v2", "EXP": 1798797600},
}  # fmt: skip


def _one(value: object, name: str = "azure-key-vault") -> dict[str, Any]:
    (found,) = told(value, name)
    return found


@pytest.mark.parametrize(
    ("operation", "what"),
    [("SecretGet", "secret.accessed"), ("SecretList", "secret.accessed"),
     ("KeySign", "secret.accessed"), ("KeyUnwrap", "secret.accessed"),
     ("SecretBackup", "secret.accessed"), ("SecretSet", "secret.rotated"),
     ("KeyRotate", "secret.rotated"), ("KeyCreate", "secret.created"),
     ("CertificateImport", "secret.created"), ("SecretDelete", "secret.revoked"),
     ("KeyPurge", "secret.revoked"), ("SecretUpdate", "config.changed"),
     ("CertificatePolicyGet", "secret.accessed"), ("CertificatePolicySet", "config.changed"),
     ("CertificateIssuerSet", "config.changed"), ("CertificateIssuerDelete", "config.changed"),
     ("CertificateIssuersList", "secret.accessed"), ("CertificateContactsSet", "config.changed"),
     ("CertificateContactsDelete", "config.changed"), ("KeyRotationPolicySet", "config.changed"),
     ("CertificatePendingMerge", "config.changed"), ("CertificateRenew", "secret.rotated"),
     ("CertificateEnroll", "secret.created"),
     ("VaultPatch", "config.changed"), ("VaultDelete", "config.changed"),
     ("VaultPut", "config.changed")],
)  # fmt: skip
def test_an_operation_is_what_it_is(operation: str, what: str) -> None:
    """By Azure's names; the object by its identifier, without its version."""
    found = _one({"records": [RECORD | {"operationName": operation}]})
    assert (found["type"], found["time"]) == (what, "2026-01-01T10:00:00.1234567Z")
    assert found.get("path", found.get("resource")) == "myvault/secrets/db"
    assert found["actor"] == {"system": "azure", "email": "mia@acme.example", "id": "o-1"}
    assert (found["version"], found["duration_s"]) == ("v1", 0.078)
    assert PLANTED not in repr(found)


def test_what_was_refused_did_nothing() -> None:
    """A refused reading is one; a refused setting changed nothing and is told as an attempt."""
    refused = {
        "resultType": "Failed",
        "resultSignature": "Forbidden",
        "properties": {"id": "https://v.vault.azure.net/secrets/db", "httpStatusCode": 403},
    }
    found = _one([RECORD | refused])
    assert (found["type"], found["outcome"]) == ("secret.accessed", "failure")
    found = _one([RECORD | refused | {"operationName": "SecretSet"}])
    assert (found["type"], found["outcome"], found["resource"]) == (
        "config.changed", "failure", "v/secrets/db",
    )  # fmt: skip
    found = _one([RECORD | refused | {"operationName": "Authentication"}])
    assert (found["type"], found["target"]) == ("login.failed", "v/secrets/db")


def test_a_client_that_asks_for_a_token_did_not_fail_to_come_in() -> None:
    """Libraries send their first request without one, and are told with a 401 where to get it."""
    asked = {"operationName": "Authentication", "resultType": "Success",
             "properties": {"httpStatusCode": 401}}  # fmt: skip
    assert told(RECORD | asked, "azure-key-vault") == []


def test_who_called_may_be_missing() -> None:
    """Then nobody is told; the object is that of the resource."""
    found = _one(RECORD | {"identity": "", "properties": "", "resourceId": VAULT + "/secrets/db"})
    assert (found["type"], found["path"]) == ("secret.accessed", "myvault/secrets/db")
    assert not {"actor", "workload"} & found.keys()


@pytest.mark.parametrize(
    ("operation", "path", "what"),
    [("Microsoft.KeyVault/vaults/secrets/getSecret/action", "/secrets/db", "secret.accessed"),
     ("Microsoft.KeyVault/vaults/secrets/setSecret/action", "/secrets/db", "secret.rotated"),
     ("Microsoft.KeyVault/vaults/secrets/delete", "/secrets/db", "secret.revoked"),
     ("Microsoft.KeyVault/vaults/keys/create/action", "/keys/k", "secret.created"),
     ("Microsoft.KeyVault/vaults/accessPolicies/write", "", "config.changed"),
     ("Microsoft.KeyVault/vaults/write", "", "config.changed"),
     ("Microsoft.KeyVault/vaults/eventGridFilters/write", "", "config.changed"),
     ("MICROSOFT.KEYVAULT/VAULTS/PROVIDERS/MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/DELETE", "",
      "config.changed"),
     ("Microsoft.KeyVault/vaults/keys/purge/action", "/keys/k", "secret.revoked"),
     ("Microsoft.KeyVault/vaults/delete", "", "config.changed")],
)  # fmt: skip
def test_the_activity_log_has_names_of_its_own(operation: str, path: str, what: str) -> None:
    """Applications that call for themselves are workloads; what is under way is told of again."""
    record = RECORD | {
        "operationName": operation, "resourceId": VAULT + path, "category": "Administrative",
        "properties": {}, "identity": {"claims": {"appid": "a-1"}},
    }  # fmt: skip
    found = _one(record)
    assert (found["type"], found["workload"]) == (what, "a-1")
    assert found.get("path", found.get("resource")) == "myvault" + path
    assert told(record | {"resultType": "Start"}, "azure-key-vault") == []


def test_events_tell_of_new_versions_and_of_what_expires() -> None:
    """In either schema, one or several."""
    found = _one([EVENT], "azure-key-vault-event")
    assert (found["type"], found["path"], found["version"], found["expires"]) == (
        "secret.rotated", "myvault/secrets/db", "v2", "2027-01-01T10:00:00Z",
    )  # fmt: skip
    cloud = {"specversion": "1.0", "id": "1", "source": VAULT, "time": "2026-01-01T10:00:00Z",
             "type": "Microsoft.KeyVault.SecretNearExpiry", "data": EVENT["data"]}  # fmt: skip
    found = _one(cloud, "azure-key-vault-event")
    assert (found["type"], found["rule"], found["target"]) == (
        "alert.fired", "SecretNearExpiry", "myvault/secrets/db",
    )  # fmt: skip
    policy = EVENT | {"eventType": "Microsoft.KeyVault.VaultAccessPolicyChanged",
                      "data": {"VaultName": "myvault"}}  # fmt: skip
    found = _one([policy], "azure-key-vault-event")
    assert (found["type"], found["resource"]) == ("config.changed", "myvault")


def test_event_grid_shows_the_secret_and_asks_first() -> None:
    """Its question is a sign of life."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert SENDER.scheme.holds({"authorization": "Bearer s3"}, b"", "s3", at)
    assert not SENDER.scheme.holds({}, b"", "s3", at)
    question = [{"id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
                 "data": {"validationCode": "c"}}]  # fmt: skip
    body = json.dumps(question).encode()
    (heard,) = read_delivery(SENDER, Delivery("kv", None, "application/json", body))
    assert heard.type == "pipeledger.source.heartbeat.v1"


@needs_fixtures
@pytest.mark.parametrize(
    ("name", "what"),
    [("activity.secret-get.json", "secret.accessed"),
     ("activity.vault-deleted.json", "config.changed"),
     ("audit-event.vault-get.json", "secret.accessed")],
)  # fmt: skip
def test_real_records_say_what_their_rows_say(name: str, what: str) -> None:
    """Operation, time, result, who, on what."""
    row = row_of(f"azure-key-vault/{name}")
    (found,) = told_file(f"azure-key-vault/{name}", "azure-key-vault")
    assert (found["type"], found["operation"], found["time"], found["outcome"]) == (
        what, row["op"], row["time"], row["result"].lower(),
    )  # fmt: skip
    place = str(found.get("path", found.get("resource")))
    assert row["resource"].lower().endswith("/vaults/" + place)
    assert found.get("workload") == row.get("appid")
    assert found.get("request") == row.get("correlationId")
    if "upn" in row:
        assert found["actor"]["email"] == row["upn"].partition("#")[2]


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    for value in ({"records": [RECORD]}, RECORD, [EVENT]):
        check_damaged(json.dumps(value).encode(), 120)
