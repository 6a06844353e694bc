"""Vault's audit log says who touched which secret, and never what the secret is.

One system's paths, case by case, so it is long.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import RefusedError
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

CANARY = "quetzal-4711"
MIA = {"system": "vault", "login": "mia", "email": "mia@x.example", "id": "ent-1"}
AUTH = {
    "client_token": CANARY, "accessor": CANARY, "display_name": "userpass-mia",
    "policies": ["default", "ops"], "entity_id": "ent-1",
    "metadata": {"username": "mia", "email": "mia@x.example", "note": CANARY},
}  # fmt: skip


def asked(path: str, operation: str, engine: str | None = "kv", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The entry of a request, with a body that nobody may see."""
    request = {
        "id": "req-1", "operation": operation, "path": path, "mount_type": engine,
        "client_token": CANARY, "namespace": {"id": "root"}, "remote_address": "10.1.2.3",
        "data": {"value": CANARY}, "headers": {"x": [CANARY]},
    }  # fmt: skip
    return {
        "time": "2026-01-01T10:00:00.1Z", "type": "request", "auth": AUTH,
        "request": request | more.pop("request", {}),
    } | more  # fmt: skip


def answered(
    path: str, operation: str, engine: str | None = "kv", body: Any = None, **more: Any  # noqa: ANN401 - JSON
) -> dict[str, Any]:  # fmt: skip
    """The entry of a response; its body says something unless told otherwise."""
    response = {"data": {"value": CANARY} if body is None else body} | more.pop("response", {})
    entry = asked(path, operation, engine, **more)
    return entry | {
        "type": "response", "time": "2026-01-01T10:00:00.2Z", "response": response,
    }  # fmt: skip


def _read(*entries: dict[str, Any]) -> list[Reading]:
    report = read_report("\n".join(map(json.dumps, entries)).encode() + b"\n")
    assert report.format.name == "vault-audit"
    for reading in report.readings:
        through_door(reading)
        assert CANARY not in json.dumps(reading.data)
        assert "10.1.2.3" not in json.dumps(reading.data)
    return report.readings


def _fact(*entries: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    found = _read(*entries)
    if not found:
        return None, {}
    (reading,) = found
    return reading.type.removeprefix("pipeledger.").removesuffix(".v1"), reading.data


def written(version: int) -> dict[str, Any]:
    """What a versioned store answers to a write."""
    return {"created_time": CANARY, "deletion_time": "", "destroyed": False, "version": version}


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (answered("secret/data/shop/db", "read"), "secret.accessed"),
        (answered("secret/shop/db", "read", "generic"), "secret.accessed"),
        (answered("team/kv/data/shop", "read"), "secret.accessed"),
        (answered("secret/data/shop", "read", None), "secret.accessed"),
        (answered("secret/metadata/shop", "read"), None),
        (answered("secret/metadata/shop", "list"), None),
        (answered("secret/config", "read"), None),
        (answered("secret/config/db", "read"), "secret.accessed"),
        (answered("secret/config/db", "update"), "secret.rotated"),
        (answered("secret/config", "update"), None),
        (answered("database/config/pg", "read", None), None),
        (answered("secret/data/shop", "create", body=written(1)), "secret.created"),
        (answered("secret/data/shop", "create", body=written(4)), "secret.rotated"),
        (answered("secret/data/shop", "update", body=written(2)), "secret.rotated"),
        (answered("secret/data/shop", "update", body=written(1)), "secret.created"),
        (answered("secret/data/shop", "patch", body={}), "secret.rotated"),
        (answered("secret/shop", "create", "generic"), "secret.created"),
        (answered("secret/shop", "update", "kv"), "secret.rotated"),
        (answered("secret/data/shop", "delete"), "secret.revoked"),
        (answered("secret/destroy/shop", "update"), "secret.revoked"),
        (answered("secret/delete/shop", "update"), "secret.revoked"),
        (answered("secret/metadata/shop", "delete"), "secret.revoked"),
        (answered("secret/undelete/shop", "update"), None),
        (answered("secret/metadata/shop", "update"), None),
        (answered("database/creds/reader", "read", "database"), "secret.accessed"),
        (answered("database/static-creds/app", "read", "database"), "secret.accessed"),
        (answered("database/config/pg", "read", "database"), None),
        (answered("database/rotate-root/pg", "update", "database"), "secret.rotated"),
        (answered("database/rotate-role/app", "update", "database"), "secret.rotated"),
        (answered("aws/config/rotate-root", "update", "aws"), "secret.rotated"),
        (answered("aws/sts/deploy", "update", "aws"), "secret.accessed"),
        (answered("gcp/roleset/ci/token", "read", "gcp"), "secret.accessed"),
        (answered("gcp/roleset/ci", "update", "gcp"), None),
        (answered("pki/issue/web", "update", "pki"), "secret.created"),
        (answered("pki/sign/web", "update", "pki"), "secret.created"),
        (answered("pki/root/generate/internal", "update", "pki"), "secret.created"),
        (answered("pki/root/sign-intermediate", "update", "pki"), "secret.created"),
        (answered("pki/root/sign-self-issued", "update", "pki"), "secret.created"),
        (answered("pki/root/rotate/internal", "update", "pki"), "secret.rotated"),
        (answered("pki/issuer/a/issue/rotates", "update", "pki"), "secret.created"),
        (answered("pki/issuer/a/sign/web", "update", "pki"), "secret.created"),
        (answered("pki/issuer/a/sign-intermediate", "update", "pki"), "secret.created"),
        (answered("pki/issuer/a/revoke", "update", "pki"), "secret.revoked"),
        (answered("pki/issuer/issue", "update", "pki"), None),
        (answered("pki/revoke", "update", "pki"), "secret.revoked"),
        (answered("pki/cert/ca", "read", "pki"), None),
        (answered("pki/issuer/1", "delete", "pki"), "secret.revoked"),
        (answered("ssh/sign/ops", "update", "ssh"), "secret.created"),
        (answered("transit/keys/app", "update", "transit"), "secret.created"),
        (answered("transit/keys/app/rotate", "update", "transit"), "secret.rotated"),
        (answered("transit/keys/app/import", "update", "transit"), "secret.created"),
        (answered("transit/keys/app/import_version", "update", "transit"), "secret.rotated"),
        (answered("transit/keys/app/config", "update", "transit"), None),
        (answered("transit/datakey/plaintext/app", "update", "transit"), "secret.created"),
        (answered("transit/datakey/wrapped/app", "update", "transit"), None),
        (answered("transit/keys/app", "delete", "transit"), "secret.revoked"),
        (answered("transit/sign/app", "update", "transit"), None),
        (answered("transit/decrypt/app", "update", "transit"), None),
        (answered("transit/export/encryption-key/app", "read", "transit"), "secret.accessed"),
        (answered("odd/thing", "read", "plugin"), None),
        (answered("odd/thing", "read", "plugin",
                  response={"secret": {"lease_id": "odd/thing/1"}}), "secret.accessed"),
        (answered("sys/leases/revoke/database/creds/reader/l1", "update", "system"),
         "secret.revoked"),
        (answered("sys/leases/lookup", "update", "system"), None),
        (answered("sys/rotate", "update", "system"), "secret.rotated"),
        (answered("sys/wrapping/unwrap", "update", "system"), "secret.accessed"),
        (answered("sys/capabilities-self", "update", "system"), None),
        (answered("sys/generate-root/update", "update", "system"), "access.elevated"),
        (answered("sys/generate-root/attempt", "read", "system"), None),
        (answered("sys/policies/acl/ops", "update", "system"), "config.changed"),
        (answered("sys/audit/file", "delete", "system"), "config.changed"),
        (answered("sys/auth/oidc", "update", "system"), "config.changed"),
        (answered("identity/group/name/ops", "update", "identity"), "config.changed"),
        (answered("identity/lookup/entity", "update", "identity"), None),
        (answered("auth/token/create", "update", "token"), "access.granted"),
        (answered("auth/token/revoke-accessor", "update", "token"), "access.revoked"),
        (answered("auth/token/lookup-self", "read", "token"), None),
        (answered("auth/token/renew-self", "update", "token"), None),
        (answered("auth/userpass/users/ben", "create", "userpass"), "access.granted"),
        (answered("auth/userpass/users/ben", "delete", "userpass"), "access.revoked"),
        (answered("auth/userpass/users/ben", "update", "userpass"), "config.changed"),
        (answered("auth/userpass/users/ben/password", "update", "userpass"), "secret.rotated"),
        (answered("auth/approle/role/ci/secret-id", "update", "approle"), "secret.created"),
        (answered("auth/approle/role/ci/secret-id/destroy", "update", "approle"),
         "secret.revoked"),
        (answered("auth/approle/role/ci/secret-id/lookup", "update", "approle"), None),
        (answered("auth/approle/role/ci", "update", "approle"), "config.changed"),
        (answered("auth/userpass/login/mia", "update", "userpass"), None),
    ],
    ids=lambda value: None if value is None or isinstance(value, str) else (
        f"{value['request']['operation']} {value['request']['path']}"),
)  # fmt: skip
def test_a_request_is_what_its_path_and_operation_do(
    entry: dict[str, Any], kind: str | None
) -> None:
    """By the documented paths of Vault and its engines; the request's own entry adds nothing."""
    first = {name: value for name, value in entry.items() if name != "response"}
    assert _fact(first | {"type": "request"}, entry)[0] == kind
    if kind is not None and kind.startswith("secret."):
        assert _fact(entry)[1]["accessor"] == MIA


def test_a_reading_names_secret_reader_and_version() -> None:
    """With the policies that the token had, at the time of the response."""
    body = {"data": {"password": CANARY}, "metadata": written(7)}
    (reading,) = _read(answered("secret/data/shop/db", "read", body=body))
    assert reading.time == "2026-01-01T10:00:00.2Z"
    assert reading.data == {
        "path": "secret/data/shop/db", "system": "vault", "engine": "kv", "operation": "read",
        "accessor": MIA, "actor": MIA, "outcome": "success", "version": "7", "tool": "vault",
        "policies": ["default", "ops"], "request": "req-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("secret/pin", {"version": 4711, "created_time": CANARY}),
        ("secret/data/pin", {"version": 4711}),
        ("secret/data/pin", {"data": {"version": 4711}, "metadata": {"version": 4711}}),
        ("secret/data/pin", {"metadata": 4711, "created_time": CANARY, "version": 4711}),
    ],
)
def test_a_secret_called_version_is_no_version(path: str, body: dict[str, Any]) -> None:
    """Numbers stand in the log in clear, even those that are secrets."""
    _, data = _fact(answered(path, "read", body=body))
    assert "4711" not in json.dumps(data)


def test_a_lease_is_kept_from_its_beginning_to_its_end() -> None:
    """It is no credential; without a path the id of an ended lease is hidden."""
    lease = "database/creds/reader/l1"
    given = answered("database/creds/reader", "read", "database",
                     response={"secret": {"lease_id": lease}})  # fmt: skip
    assert _fact(given)[1]["lease"] == lease
    _, data = _fact(answered(f"sys/leases/revoke/{lease}", "update", "system"))
    assert (data["path"], data["lease"]) == ("database/creds/reader", lease)
    _, data = _fact(answered("sys/leases/revoke-prefix/database/creds", "update", "system"))
    assert (data["path"], "lease" in data) == ("database/creds", False)
    _, data = _fact(answered("sys/leases/revoke", "update", "system"))
    assert (data["path"], "lease" in data) == ("sys/leases/revoke", False)


DENIED = {"error": "1 error occurred:\n\t* permission denied\n\n"}


@pytest.mark.parametrize("operation", ["read", "create", "update", "delete"])
@pytest.mark.parametrize(
    ("error", "word"),
    [(DENIED, "permission denied"), ({"error": f"dial postgres://u:{CANARY}@db"}, "error")],
)
def test_what_failed_is_an_attempt_and_nothing_else(
    operation: str, error: dict[str, str], word: str
) -> None:
    """Nothing was made or revoked; the text of an error may hold a password."""
    kind, data = _fact(answered("secret/data/shop", operation, **error))
    assert kind == "secret.accessed"
    assert (data["outcome"], data["reported_outcome"]) == ("failure", word)
    kind, data = _fact(answered("sys/audit/file", operation, "system", **error))
    assert (kind, data.get("outcome")) == (
        (None, None) if operation == "read" else ("config.changed", "failure")
    )


def test_an_error_may_stand_in_the_body_alone() -> None:
    """Old versions say it there; a secret may be called error, too."""
    kind, data = _fact(answered("secret/data/shop", "read", body={"error": CANARY}))
    assert (kind, data["outcome"]) == ("secret.accessed", "failure")
    _, data = _fact(answered("secret/shop", "read", body={"error": CANARY, "other": CANARY}))
    assert data["outcome"] == "success"


def test_a_secret_that_is_not_there_was_not_read() -> None:
    """Nor one that was deleted; both are answered without an error."""
    nothing = answered("secret/data/shop", "read")
    del nothing["response"]["data"]
    gone = {"data": None, "metadata": written(2)}
    assert _fact(nothing)[0] is None
    assert _fact(answered("secret/data/shop", "read", body=gone))[0] is None
    wrapped = nothing | {"response": {"wrap_info": {"ttl": 60, "token": CANARY}}}
    assert _fact(wrapped)[1]["outcome"] == "success"


def test_a_request_alone_is_what_can_be_said_of_it() -> None:
    """Refused, or asked for without an end; a change is none before it is answered."""
    assert _fact(asked("secret/data/shop", "read", error="permission denied"))[1]["outcome"] == (
        "failure"
    )
    kind, data = _fact(asked("secret/data/shop", "read"))
    assert (kind, "outcome" in data) == ("secret.accessed", False)
    for path, operation in (("secret/data/shop", "update"), ("sys/audit/file", "delete"),
                            ("auth/token/create", "update")):  # fmt: skip
        assert _fact(asked(path, operation))[0] is None


@pytest.mark.parametrize(
    ("path", "target", "login"),
    [
        ("auth/userpass/login/mia", "auth/userpass/login", "mia"),
        ("auth/team/ldap/login/mia", "auth/team/ldap/login", "mia"),
        ("auth/approle/login", "auth/approle/login", None),
        ("auth/oidc/oidc/callback", "auth/oidc/login", None),
    ],
)
def test_a_login_that_fails_is_told_and_one_that_works_is_not(
    path: str, target: str, login: str | None
) -> None:
    """The name stands in the path where the method has it there."""
    mount = {"mount_point": target.removesuffix("login")}
    entry = answered(path, "update", "x", body={"error": CANARY}, request=mount) | {"auth": {}}
    kind, data = _fact(entry)
    assert (kind, data["target"]) == ("login.failed", target)
    assert data.get("subject") == ({"system": "vault", "login": login} if login else None)
    good = answered(path, "update", "x", request=mount, response={"auth": AUTH})
    assert _fact(good)[0] is None


def test_a_token_is_granted_to_whom_it_is_made_for() -> None:
    """With its policies; revoking one's own is of oneself."""
    new = {"display_name": "token-ci", "policies": ["default", "deploy"], "client_token": CANARY}
    kind, data = _fact(answered("auth/token/create", "update", "token", response={"auth": new}))
    assert kind == "access.granted"
    assert data["subject"] == {"system": "vault", "name": "token-ci"}
    assert (data["actor"], data["role"]) == (MIA, "default, deploy")
    _, data = _fact(answered("auth/token/revoke-self", "update", "token"))
    assert data["subject"] == MIA
    _, data = _fact(answered("auth/userpass/users/ben", "create", "userpass"))
    assert data["subject"] == {"system": "vault", "login": "ben"}
    failed = answered("auth/token/create", "update", "token", **DENIED)
    assert _fact(failed)[0] is None


@pytest.mark.parametrize(
    ("auth", "actor", "workload"),
    [
        ({"display_name": "approle", "entity_id": "e", "metadata": {"role_name": "deploy"}},
         None, "deploy"),
        ({"display_name": "kubernetes-live-shop", "entity_id": "e", "metadata": {
            "role": "r", "service_account_name": "shop", "service_account_namespace": "live"}},
         None, "system:serviceaccount:live:shop"),
        ({"display_name": "aws-web", "metadata": {"client_arn": "arn:aws:iam::1:role/web"}},
         None, "arn:aws:iam::1:role/web"),
        ({"display_name": "azure-sub-1", "metadata": {"role": "r", "subscription_id": ""}},
         None, "azure-sub-1"),
        ({"display_name": "root", "policies": ["root"]}, None, None),
        ({"display_name": "token", "entity_id": "e"}, {"system": "vault", "id": "e"}, None),
        ({"display_name": "oidc-mia", "entity_id": "e", "metadata": {"role": "r"}},
         {"system": "vault", "name": "oidc-mia", "id": "e"}, None),
    ],
)  # fmt: skip
def test_a_token_is_a_persons_or_a_workloads_or_nobodys(
    auth: dict[str, Any], actor: dict[str, Any] | None, workload: str | None
) -> None:
    """By what the login left with it: what it is displayed as begins with the mount for all."""
    _, data = _fact(answered("secret/data/shop", "read", auth=auth))
    assert (data.get("actor"), data.get("workload")) == (actor, workload)
    assert data.get("accessor") == actor


def test_making_a_root_token_is_breaking_the_glass() -> None:
    """Whoever holds the key shares."""
    kind, data = _fact(answered("sys/generate-root/update", "update", "system"))
    assert (kind, data["role"], data["break_glass"]) == ("access.elevated", "root", True)


def test_a_path_is_told_with_its_namespace() -> None:
    """The same path in two namespaces is two secrets."""
    space = {"namespace": {"id": "n1", "path": "team-a/"}}
    _, data = _fact(answered("secret/data/shop", "read", request=space))
    assert data["path"] == "team-a/secret/data/shop"


def test_facts_come_in_order_of_time() -> None:
    """Whatever the file's."""
    late = answered("secret/data/a", "read", request={"id": "1"})
    early = answered("secret/data/b", "read", request={"id": "2"})
    early["time"] = "2026-01-01T10:00:00.15Z"
    assert [one.data["path"] for one in _read(late, early)] == ["secret/data/b", "secret/data/a"]


ROWS = {
    name: row for name, row in facts("SOURCES-platforms.tsv").items() if name.startswith("vault/")
}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(ROWS))
def test_real_files_say_what_their_row_says(name: str) -> None:
    """Path, reader, policies, request, error and time of the response to each request."""
    lines = [
        dict(re.findall(r"(\w+)=(.*?)(?=; \w+=|$)", line, re.DOTALL))
        for line in ROWS[name].split(" | ")
    ]
    told = {line["request_id"]: line for line in lines if line["type"] == "response"}
    readings = read_report((FOLDER / name).read_bytes()).readings
    assert {one.data["request"] for one in readings} == told.keys()
    for reading in readings:
        through_door(reading)
        data, line = reading.data, told[reading.data["request"]]
        assert reading.type == "pipeledger.secret.accessed.v1"
        assert (reading.time, data["path"]) == (line["time"], line["path"])
        assert (data["engine"], data["operation"]) == (line["mount"], line["op"])
        assert data["outcome"] == ("failure" if "error" in line else "success")
        assert data.get("reported_outcome", "permission denied") in line.get(
            "error", DENIED["error"]
        )
        assert data.get("accessor", {}).get("name") == line.get("actor")
        assert json.dumps(data.get("policies")) == line.get("policies", "null")
        assert "hmac-sha256" not in json.dumps(data)


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    entries = [
        asked("secret/data/shop", "read"),
        answered("secret/data/shop", "read", body={"data": {}, "metadata": written(1)}),
        answered("auth/token/create", "update", "token", response={"auth": AUTH}),
    ]
    check_damaged("\n".join(map(json.dumps, entries)).encode(), 300)


def test_a_line_that_is_none_is_named() -> None:
    """By its number."""
    body = json.dumps(asked("secret/data/a", "read")).encode() + b"\n{\n"
    with pytest.raises(RefusedError, match="line 2"):
        read_report(body)
