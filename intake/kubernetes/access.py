"""Rights: bindings of roles, and going into a running container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.kubernetes.common import (
    changed,
    common,
    done,
    lasted,
    made,
    name_of,
    resource_of,
)
from intake.kubernetes.doer import SYSTEM, is_machine
from intake.kubernetes.structure import Binding, decoded
from intake.person import account_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.kubernetes.structure import Entry, Subject
    from intake.report import Reading

BINDINGS: Final = frozenset({"rolebindings", "clusterrolebindings"})
ROLES: Final = frozenset({"roles", "clusterroles"})
INSIDE: Final = frozenset({"exec", "attach", "portforward", "ephemeralcontainers"})
_MOST: Final = 1000


def binding(entry: Entry) -> list[Reading]:
    """A role was bound to each of the subjects, or is not bound any more.

    A change of a binding does not say who was bound before, so it is a change of configuration.
    """
    found = decoded(entry.response_object, Binding) or decoded(entry.request_object, Binding)
    role = named(found.role_ref.name) if found and found.role_ref else None
    data = {"target": _place(entry), "role": role, "resource": resource_of(entry)}
    if not done(entry) or entry.verb in ("update", "patch"):
        return [changed(entry, role=role)]
    if entry.verb != "create":
        return [made(entry, "access.revoked", data)]
    subjects = (found.subjects if found else None) or []
    return [
        made(entry, "access.granted", data | _subject(one)) for one in subjects[:_MOST]
    ] or [made(entry, "access.granted", data)]  # fmt: skip


def role(entry: Entry) -> list[Reading]:
    """What a role may do was changed; whom that concerns stands in other objects."""
    return [changed(entry)]


def inside(entry: Entry) -> list[Reading]:
    """Somebody went into a running container, or through it into the network."""
    if not done(entry) or entry.object_ref is None:
        return []
    pod = name_of(entry) or "*"
    data: dict[str, Any] = {
        "target": f"{_place(entry)}/pods/{pod}",
        "role": named(f"pods/{entry.object_ref.subresource}"),
        "subject": common(entry).get("actor"),
        "duration_s": lasted(entry),
    }
    return [made(entry, "access.elevated", data)]


def refused(entry: Entry) -> list[Reading]:
    """Somebody could not prove who they are."""
    path = (entry.request_uri or "/").partition("?")[0]
    return [made(entry, "login.failed", {"target": named(path) or "/"})]


def _place(entry: Entry) -> str:
    place = named(entry.object_ref.namespace) if entry.object_ref else None
    return f"namespaces/{place}" if place else "cluster"


def _subject(one: Subject) -> dict[str, Any]:
    """A person as such; groups and service accounts are no persons."""
    if one.kind == "ServiceAccount":
        return {"grantee": named(f"system:serviceaccount:{one.namespace or ''}:{one.name or ''}")}
    if one.kind == "Group":
        return {"grantee": named(f"group:{one.name or ''}")}
    if is_machine(one.name):
        return {"grantee": named(one.name)}
    return {"subject": account_of(SYSTEM, one.name)}
