"""Secrets: read, made, given another value, removed. Their values are never decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.kubernetes.common import changed, common, done, made, name_of, outcome_of
from intake.kubernetes.doer import SYSTEM
from intake.kubernetes.structure import decoded
from intake.rows import named

if TYPE_CHECKING:
    from intake.kubernetes.structure import Entry
    from intake.report import Reading

_READS: Final = frozenset({"get", "list", "watch"})
_REMOVES: Final = frozenset({"delete", "deletecollection"})
_VALUES: Final = frozenset({"data", "stringData"})


def secret(entry: Entry) -> list[Reading]:
    """What a request about secrets tells; of a list or collection all are meant."""
    if entry.verb in _READS:
        data = _of(entry) | {"outcome": outcome_of(entry), "accessor": common(entry).get("actor")}
        return [made(entry, "secret.accessed", data)]
    if not done(entry):
        return [changed(entry)]
    if entry.verb == "create":
        return [made(entry, "secret.created", _of(entry))]
    if entry.verb in _REMOVES:
        return [made(entry, "secret.revoked", _of(entry) | {"action": entry.verb})]
    # An update may leave every value as it is; a patch holds what it changes.
    if entry.verb == "patch" and _has_values(entry):
        return [made(entry, "secret.rotated", _of(entry))]
    return [changed(entry)]


def token(entry: Entry) -> list[Reading]:
    """Somebody had a token of a service account made."""
    if entry.verb != "create" or not done(entry):
        return []
    return [made(entry, "secret.created", _of(entry, "serviceaccounts/") | {"kind": "token"})]


def _of(entry: Entry, prefix: str = "") -> dict[str, Any]:
    told = entry.object_ref
    place = (told.namespace if told else None) or "*"
    return {"system": SYSTEM, "path": named(f"{place}/{prefix}{name_of(entry) or '*'}")}


def _has_values(entry: Entry) -> bool:
    patch = decoded(entry.request_object, dict[str, msgspec.Raw])
    return patch is not None and any(
        bytes(patch[name]) != b"null" for name in _VALUES & patch.keys()
    )
