"""A request to Vault and what came of it, from its two entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.number import count_of
from intake.person import person_of
from intake.report import Reading, fact
from intake.rows import named
from intake.vault.structure import Auth, Response, Version

if TYPE_CHECKING:
    from intake.vault.structure import Entry, Request

SYSTEM: Final = "vault"
WRITES: Final = frozenset({"create", "update", "patch"})
CHANGES: Final = WRITES | {"delete"}
_ROOTS: Final = ("sys", "auth", "identity")
MARKS: Final = frozenset({"data", "metadata", "delete", "destroy", "undelete", "subkeys"})
"""Words that a versioned key-value store has after its mount."""

_ANYBODY: Final = frozenset({"token", "root"})
# Metadata of tokens that AppRole, and the methods of AWS and Google Cloud give.
_MACHINES: Final = (
    "role_name", "canonical_arn", "client_arn", "service_account_email", "instance_id",
)  # fmt: skip
# Azure's always has it, empty or not; who it is stands in the name alone.
_AZURE: Final = "subscription_id"
_DENIED: Final = "permission denied"
_NULL: Final = b"null"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request.

    Attributes:
        entry: as it was logged; the response's, where there is one.
        operation: `read`, `create`, `update`, `patch`, `delete`, `list`.
        path: with the namespace in front.
        root: `sys`, `auth`, `identity`, or empty for a secrets engine.
        mount: path of the mount, without a slash at its end.
        words: the steps below the mount; at least one.
        engine: type of the mount, or None where old versions do not say it.
        outcome: `success`, `failure`, or None where the log does not say it.
    """

    entry: Entry
    operation: str
    path: str
    root: str
    mount: str
    words: tuple[str, ...]
    engine: str | None
    outcome: str | None

    @property
    def response(self) -> Response:
        """The response, empty where there is none."""
        return self.entry.response or Response()

    @property
    def version(self) -> int | None:
        """The version of a secret of the versioned key-value store that was read or written."""
        body = self.response.data
        if not body or self.words[0] != "data":
            return None
        try:
            told = msgspec.json.decode(
                bytes(body.get("metadata", b"")) or _whole(body), type=Version
            )
        except msgspec.DecodeError:
            return None
        # Numbers are logged in clear, so that a secret's own field must not be taken for one.
        return count_of(told.version) if told.created_time is not None else None

    def reading(self, what: str, data: dict[str, Any]) -> Reading:
        """The reading of a fact about it."""
        entry = self.entry
        auth = entry.auth or Auth()
        common: dict[str, Any] = {
            "tool": SYSTEM,
            "actor": who(auth),
            "workload": workload_of(auth),
            "policies": [name for name in map(named, auth.policies or ()) if name] or None,
            "request": named(entry.request.id) if entry.request else None,
        }
        return fact(what, told_time(entry.time), common | data)

    def failed(self) -> str | None:
        """Why it failed, in the words of Vault; other texts of errors may hold anything."""
        if self.outcome != "failure":
            return None
        return _DENIED if _DENIED in (self.entry.error or "") else "error"


def who(auth: Auth | None) -> dict[str, Any] | None:
    """The person who holds a token, or None where Vault knows none, or it is a workload's.

    The method's own name for somebody is the login; what a token is displayed as is a label, which
    begins with the mount's path, and may be anybody's who has no entity.
    """
    if auth is None or workload_of(auth) is not None:
        return None
    email, label = _told(auth, "email"), auth.display_name
    login = _told(auth, "username")
    return person_of(
        SYSTEM,
        login=login,
        email=email if email is not None and "@" in email else None,
        name=None if login is not None or label in _ANYBODY else label,
        account=auth.entity_id or None,
    )


def workload_of(auth: Auth) -> str | None:
    """The role, service account or cloud identity that holds a token, by what its login left."""
    account, place = (_told(auth, f"service_account_{part}") for part in ("name", "namespace"))
    if account is not None and place is not None:
        return named(f"system:serviceaccount:{place}:{account}")
    if _AZURE in (auth.metadata or {}):
        return named(auth.display_name)
    return next((told for name in _MACHINES if (told := _told(auth, name)) is not None), None)


def _told(auth: Auth, name: str) -> str | None:
    told = (auth.metadata or {}).get(name)
    return named(told) if isinstance(told, str) else None


def asked_of(entry: Entry) -> Asked | None:
    """The request of an entry, or None where it is of another kind."""
    request = entry.request
    path = named((request.path or "").strip("/")) if request else None
    if request is None or path is None or request.operation is None:
        return None
    steps = tuple(step for step in path.split("/") if step)
    root = steps[0] if steps[0] in _ROOTS else ""
    length = _mount_length(request, steps, root)
    space = named((request.namespace.path if request.namespace else "") or "") or ""
    return Asked(
        entry=entry,
        operation=request.operation,
        path=f"{space.rstrip('/')}/{path}" if space else path,
        root=root,
        mount="/".join(steps[:length]),
        words=steps[length:] or ("",),
        engine=named(request.mount_type),
        outcome=_outcome(entry),
    )


def _mount_length(request: Request, steps: tuple[str, ...], root: str) -> int:
    """How many steps the mount's path has."""
    mount = tuple(step for step in (request.mount_point or "").split("/") if step)
    if mount and steps[: len(mount)] == mount:
        return len(mount)
    if root:
        return 2 if root == "auth" else 1
    # Old versions do not say it.
    if request.mount_type in (None, "kv"):
        return next((at for at, step in enumerate(steps) if at and step in MARKS), 1)
    return 1


def _outcome(entry: Entry) -> str | None:
    if entry.error:
        return "failure"
    if entry.type != "response":
        return None
    response = entry.response or Response()
    body = response.data or {}
    if body.keys() == {"error"}:
        return "failure"
    if entry.request is not None and entry.request.operation == "read":
        # What is not there, or was deleted, is answered without an error.
        there = body or response.wrap_info or response.auth
        return "success" if there and bytes(body.get("data", b"")) != _NULL else None
    return "success"


def _whole(body: dict[str, msgspec.Raw]) -> bytes:
    return msgspec.json.encode({name: body.get(name) for name in ("created_time", "version")})
