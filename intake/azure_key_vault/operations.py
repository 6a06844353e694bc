"""What operations of a vault are, by Azure's names of them, and which object they are on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from intake.rows import named

ACCESSED: Final = "secret.accessed"
CREATED: Final = "secret.created"
ROTATED: Final = "secret.rotated"
REVOKED: Final = "secret.revoked"
CHANGED: Final = "config.changed"
_AUDITED: Final = re.compile(
    r"(Vault|Secret|Key|Certificate|Storage|ManagedHsm)"
    r"((?:Rotation)?Policy|Issuers?|Contacts|Pending)?([A-Z][A-Za-z]*)"
)
_OTHER: Final = re.compile(r"microsoft\.keyvault/.+/(?:write|delete|action)")
_HOLDING: Final = frozenset({"secret", "key", "certificate", "storage", "storageaccount"})
_ACTIVITY: Final = re.compile(
    r"microsoft\.keyvault/(vaults|managedhsms)(?:/([a-z]+))?(?:/([a-z]+)(?:/action)?)?"
)
# The longest that a verb begins with counts.
_VERBS: Final = {
    "get": ACCESSED, "list": ACCESSED, "backup": ACCESSED, "export": ACCESSED,
    "decrypt": ACCESSED, "encrypt": ACCESSED, "unwrap": ACCESSED, "wrap": ACCESSED,
    "sign": ACCESSED, "verify": ACCESSED, "release": ACCESSED,
    "create": CREATED, "import": CREATED, "recover": CREATED, "restore": CREATED,
    "enroll": CREATED,
    # A value that was set is another one, of a new version.
    "set": ROTATED, "write": ROTATED, "rotate": ROTATED, "regenerate": ROTATED, "renew": ROTATED,
    "delete": REVOKED, "purge": REVOKED,
    "update": CHANGED, "put": CHANGED, "patch": CHANGED, "access": CHANGED, "merge": CHANGED,
}  # fmt: skip
_PLACE: Final = re.compile(r"/vaults/([^/]+)(?:/([^/]+)/([^/]+)(?:/([^/]+))?)?/?$", re.IGNORECASE)


def what_of(operation: str) -> str | None:
    """The type of event that an operation is; None where it is of no interest."""
    audited = _AUDITED.fullmatch(operation)
    if audited is not None:
        # A policy, an issuer, contacts and a request for a certificate are no secret.
        kind, verb = "" if audited[2] else audited[1].lower(), audited[3].lower()
    else:
        activity = _ACTIVITY.fullmatch(operation.lower())
        if activity is None:
            return CHANGED if _OTHER.fullmatch(operation.lower()) else None
        kind, verb = activity[2] or "", activity[3] or ""
        if not verb:
            kind, verb = "vault", kind
    if "notification" in verb:
        return None
    return _of_kind(kind, verb)


def _of_kind(kind: str, verb: str) -> str | None:
    stems = (stem for stem in _VERBS if verb.startswith(stem))
    what = _VERBS.get(max(stems, key=len, default=""))
    # A vault that is made, changed or removed is no secret, and neither are its policies.
    is_secret = kind.removesuffix("s") in _HOLDING
    return what if is_secret or what in (None, ACCESSED) else CHANGED


@dataclass(frozen=True, slots=True)
class Place:
    """An object of a vault.

    Attributes:
        path: vault, kind and name with slashes between them; the vault alone.
        version: of the object, or None.
    """

    path: str
    version: str | None


def place_of(*told: str | None) -> Place | None:
    """The object that the first of these names: an identifier of it, or a resource of Azure."""
    found = (_identified(text) or _resource(text) for text in told if text)
    return next((one for one in found if one is not None), None)


def _identified(text: str) -> Place | None:
    """`https://vault.vault.azure.net/secrets/name/version`."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    vault = parts.netloc.lower().partition(".")[0].partition(":")[0]
    if parts.scheme != "https" or not vault:
        return None
    steps = [step for step in parts.path.split("/") if step]
    return _place([vault, *steps[:2]], steps[2] if len(steps) > 2 else None)  # noqa: PLR2004


def _resource(text: str) -> Place | None:
    """`/subscriptions/…/vaults/vault/secrets/name`; logs write it in capitals."""
    found = _PLACE.search(text)
    if found is None:
        return None
    steps = [found[1].lower(), *(one for one in (found[2], found[3]) if one)]
    return _place(steps, found[4])


def _place(steps: list[str], version: str | None) -> Place | None:
    path = named("/".join(steps))
    return Place(path, named(version)) if path is not None else None
