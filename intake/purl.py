"""Package URLs as tools write them."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

from intake.ids import digest_of
from intake.rows import named

_USER: Final = re.compile(r"(://|%3A%2F%2F)(?:[^/@&?#%]|%(?!2F|40))*(?:@|%40)", re.IGNORECASE)
_SCHEME: Final = "pkg:"
_IMAGE: Final = "pkg:oci/"


def purl_of(text: str | None) -> str | None:
    """A package URL; addresses in its qualifiers lose user and password."""
    return named(_USER.sub(r"\1", text)) if text is not None else None


def purl_digest(purl: str | None) -> str | None:
    """The digest that the package URL of an image has for a version, or None."""
    if purl is None or not purl.startswith(_IMAGE):
        return None
    return digest_of(unquote(purl.partition("?")[0].partition("#")[0].rpartition("@")[2]))


def artifact_named(text: str | None) -> dict[str, Any] | None:
    """The artifact of a package URL, or of another name, which may end with a digest."""
    if text is None or (line := purl_of(text)) is None:
        return None
    is_purl = text.startswith(_SCHEME)
    digest = purl_digest(text) if is_purl else digest_of(text)
    found = {"digest": digest, "purl" if is_purl else "name": line}
    return {name: value for name, value in found.items() if value is not None}
