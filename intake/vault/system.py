"""Requests to Vault itself: who may log in and what they may do, leases, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.person import person_of
from intake.rows import named
from intake.vault.asked import CHANGES, SYSTEM, WRITES, Asked, who
from intake.vault.engines import CREATED, REVOKED, ROTATED

if TYPE_CHECKING:
    from intake.report import Reading

_SETTINGS: Final = frozenset({
    "policy", "policies", "mounts", "remount", "auth", "audit", "config", "quotas", "rekey",
    "rekey-recovery-key", "seal", "unseal", "step-down", "init", "replication", "storage",
    "plugins", "license", "namespaces", "managed-keys", "raw",
})  # fmt: skip
_IDENTITIES: Final = frozenset({"entity", "group", "entity-alias", "group-alias", "mfa", "oidc"})
_ACCOUNTS: Final = frozenset({"users", "user"})
_NO_SETTINGS: Final = frozenset({"tidy", "lookup", "login"})
_SECRET_IDS: Final = frozenset({"secret-id", "custom-secret-id", "secret-id-accessor"})
_ACCOUNT: Final = 2
_SECRET_ID: Final = 2


def read_system(asked: Asked) -> Reading | None:
    """The fact of a request to `sys`, `auth` or `identity`; None where it changes nothing."""
    if asked.root == "auth":
        return _auth(asked)
    first = asked.words[0]
    if asked.root == "identity" or first in _SETTINGS:
        known = asked.root != "identity" or first in _IDENTITIES
        return _setting(asked) if known else None
    return _operation(asked, first)


def _operation(asked: Asked, first: str) -> Reading | None:
    if first in ("leases", "revoke", "revoke-prefix", "revoke-force"):
        return _lease(asked)
    if first == "rotate" and asked.words[-1] != "config":
        return _secret(asked, ROTATED)
    if first == "wrapping" and asked.words[-1] == "unwrap":
        return _secret(asked, "secret.accessed")
    if first == "generate-root" and asked.operation in WRITES and asked.outcome == "success":
        return asked.reading("access.elevated", {
            "target": "sys/generate-root",
            "subject": who(asked.entry.auth),
            "role": "root",
            "break_glass": True,
            "action": named(asked.words[-1]),
        })  # fmt: skip
    return None


def _auth(asked: Asked) -> Reading | None:
    words, operation = asked.words, asked.operation
    if words[0] == "login" or words[-1] == "callback":
        return _login(asked)
    if asked.mount == "auth/token":
        return _token(asked)
    if words[0] in _ACCOUNTS and words[-1] == "password":
        return _secret(asked, ROTATED)
    if len(words) > _SECRET_ID and words[_SECRET_ID] in _SECRET_IDS:
        destroyed = operation == "delete" or words[-1] == "destroy"
        looked_up = words[-1] == "lookup"
        return None if looked_up else _secret(asked, REVOKED if destroyed else CREATED)
    if words[0] in _ACCOUNTS and len(words) == _ACCOUNT and operation in ("create", "delete"):
        what = "access.granted" if operation == "create" else "access.revoked"
        return _access(asked, what, person_of(SYSTEM, login=words[1]))
    return None if words[0] in _NO_SETTINGS else _setting(asked)


def _login(asked: Asked) -> Reading | None:
    """Somebody who could not log in; by the path, where the method has the name there."""
    if asked.outcome != "failure":
        return None
    told = asked.words[1] if asked.words[0] == "login" and len(asked.words) > 1 else None
    return asked.reading("login.failed", {
        "target": f"{asked.mount}/login",
        "subject": person_of(SYSTEM, login=told),
        "reported_outcome": asked.failed(),
    })  # fmt: skip


def _token(asked: Asked) -> Reading | None:
    if asked.operation not in WRITES:
        return None
    if asked.words[0] in ("create", "create-orphan"):
        given = asked.response.auth
        policies = ", ".join((given.policies if given else None) or ())
        return _access(asked, "access.granted", who(given), named(policies))
    if asked.words[0].startswith("revoke"):
        own = asked.words[0] == "revoke-self"
        return _access(asked, "access.revoked", who(asked.entry.auth) if own else None)
    return _setting(asked) if asked.words[0] == "roles" else None


def _lease(asked: Asked) -> Reading | None:
    """A lease that is ended, or all that begin alike; without a path its id was in the body."""
    steps = asked.words[1:] if asked.words[0] == "leases" else asked.words
    if not steps or not steps[0].startswith("revoke"):
        return None
    told = "/".join(steps[1:])
    # The last step of a lease's id is its own, what stands before is the path of the secret.
    path = told.rpartition("/")[0] if steps[0] == "revoke" else told
    return _secret(asked, REVOKED, path=named(path) or asked.path,
                   lease=named(told) if steps[0] == "revoke" else None)  # fmt: skip


def _secret(asked: Asked, what: str, **more: str | None) -> Reading | None:
    data: dict[str, Any] = {
        "path": asked.path,
        "system": SYSTEM,
        "operation": asked.operation,
        "accessor": who(asked.entry.auth),
    }
    if asked.operation not in CHANGES:
        return None
    if asked.outcome == "failure":
        failed = {"outcome": "failure", "reported_outcome": asked.failed()}
        return asked.reading("secret.accessed", data | more | failed)
    if asked.outcome is None:
        return None
    return asked.reading(
        what, data | more | ({"outcome": "success"} if what == "secret.accessed" else {})
    )


def _access(
    asked: Asked, what: str, subject: dict[str, Any] | None, role: str | None = None
) -> Reading | None:
    if asked.outcome != "success":
        return None
    return asked.reading(what, {"target": asked.path, "subject": subject, "role": role})


def _setting(asked: Asked) -> Reading | None:
    if asked.operation not in CHANGES or asked.outcome is None:
        return None
    return asked.reading("config.changed", {
        "resource": asked.path,
        "action": asked.operation,
        "outcome": asked.outcome,
        "reported_outcome": asked.failed(),
    })  # fmt: skip
