"""Requests to secrets engines: what was read, made, changed and made useless.

An engine's paths are those of its API. Of an engine that is not known here it is told where Vault
itself says that a lease was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.rows import named
from intake.vault.asked import CHANGES, MARKS, WRITES, Asked, who

if TYPE_CHECKING:
    from intake.report import Reading

ACCESSED, CREATED, ROTATED, REVOKED = (
    f"secret.{word}" for word in ("accessed", "created", "rotated", "revoked")
)
_STORES: Final = frozenset({None, "kv", "generic", "cubbyhole"})
_PLAIN: Final = frozenset({"generic", "cubbyhole"})
_CREDENTIALS: Final = frozenset({
    "creds", "cred", "static-creds", "static-cred", "sts", "impersonated-account",
})  # fmt: skip
_CLOUD: Final = frozenset({"roleset", "static-account"})
_ISSUES: Final = frozenset({
    "issue", "sign", "sign-verbatim", "sign-intermediate", "sign-self-issued", "generate",
})  # fmt: skip
_BELOW: Final = {"root": 1, "issuer": 2}
_KEYS: Final = frozenset({"keys", "key", "root", "issuer"})
_NAMED_KEY: Final = 2
_KEY_WRITES: Final = {
    (): CREATED, ("import",): CREATED, ("import_version",): ROTATED, ("rotate",): ROTATED,
}  # fmt: skip
_UNREAD: Final = frozenset({"metadata", "config", "subkeys"})


def read_secret(asked: Asked) -> Reading | None:
    """The fact of a request to a secrets engine; None where it concerns no secret's value."""
    if asked.operation not in CHANGES | {"read"}:
        return None
    # Whatever was wanted of it: what failed made, changed and gave nothing.
    failed = asked.outcome == "failure"
    what = ACCESSED if failed else _of_engine(asked) or _of_store(asked) or _of_lease(asked)
    if what is None or (asked.outcome is None and not _is_open(asked, what)):
        return None
    lease = asked.response.secret
    version = asked.version
    data: dict[str, Any] = {
        "path": asked.path,
        "system": "vault",
        "engine": asked.engine,
        "operation": asked.operation,
        "accessor": who(asked.entry.auth),
        "outcome": asked.outcome if what == ACCESSED else None,
        "reported_outcome": asked.failed(),
        "lease": named(lease.lease_id) if lease else None,
        "version": str(version) if version is not None else None,
    }
    return asked.reading(what, data)


def _is_open(asked: Asked, what: str) -> bool:
    """Whether it was asked for and the answer lies elsewhere; a change is none until it is done."""
    return what == ACCESSED and asked.entry.type == "request"


def _of_engine(asked: Asked) -> str | None:
    """By the paths of engines that make secrets; None where it is none of them."""
    engine, words = asked.engine, asked.words
    first, last = words[0], words[-1]
    if engine in ("kv", *_PLAIN) or (engine is None and first in MARKS):
        return None
    if engine == "transit":
        return _of_transit(asked)
    if asked.operation == "delete":
        return REVOKED if engine is not None and first in _KEYS else None
    given = first in _CREDENTIALS or (first in _CLOUD and last in ("key", "token"))
    given = given or (engine, first) in (("gcp", "key"), ("gcp", "token"), ("totp", "code"))
    if given or last == "check-out":
        return ACCESSED
    return _of_write(words) if asked.operation in WRITES else None


def _of_write(words: tuple[str, ...]) -> str | None:
    """What engines make, or make anew, when they are asked to."""
    if words[1:2] == ("generate",):
        return CREATED
    # What an authority does stands below its name, where one is named.
    first = "".join(words[_BELOW.get(words[0], 0) :][:1])
    if first in _ISSUES:
        return CREATED
    if any(word.startswith("rotate") for word in words):
        return ROTATED
    return REVOKED if first.startswith("revoke") else None


def _of_transit(asked: Asked) -> str | None:
    """Its keys; using one to encrypt or sign gives nobody the key."""
    words, operation = asked.words, asked.operation
    if words[0] in ("export", "backup"):
        return ACCESSED if operation == "read" else None
    if words[:2] == ("datakey", "plaintext"):
        return CREATED if operation in WRITES else None
    if words[0] != "keys":
        return None
    if operation == "delete":
        return REVOKED
    return _KEY_WRITES.get(words[_NAMED_KEY:]) if operation in WRITES else None


def _of_store(asked: Asked) -> str | None:
    """Of the key-value store, versioned or not."""
    if asked.engine not in _STORES:
        return None
    first = asked.words[0] if asked.engine not in _PLAIN else ""
    if asked.engine is not None and first == "config" and len(asked.words) > 1:
        # The settings of a versioned store have nothing below them: it is a secret of an old one.
        first = ""
    if asked.operation == "read":
        return None if first in _UNREAD else ACCESSED
    if asked.operation == "delete" or first in ("delete", "destroy"):
        return REVOKED
    if first in _UNREAD or first == "undelete":
        return None
    version = asked.version
    made = version == 1 if version is not None else asked.operation == "create"
    return CREATED if made else ROTATED


def _of_lease(asked: Asked) -> str | None:
    return ACCESSED if asked.operation == "read" and asked.response.secret is not None else None
