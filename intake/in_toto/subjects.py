"""Subjects of statements: artifacts and commits by their digests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.ids import commit_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.in_toto.structure import Resource

_FIRST: Final = ("sha256", "sha512", "sha384")
_GIT: Final = ("gitCommit", "gitTag")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9+._-]{0,31}")
_HEX: Final = re.compile(r"[0-9a-f]{32,128}")
_LENGTHS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}


def subject_of(resource: Resource) -> dict[str, Any] | None:
    """The fields `artifact` or `commit` of a subject; None where it has no digest."""
    commit = commit_of((resource.digest or {}).get("gitCommit"))
    digest = digest_of(resource)
    if digest is None and commit is None:
        return None
    name = named(resource.name) or named(resource.uri)
    artifact: dict[str, str] = {}
    if digest is not None:
        artifact["digest"] = digest
    if name is not None:
        artifact["purl" if name.startswith("pkg:") else "name"] = name
    return {"artifact": artifact or None, "commit": commit}


def digest_of(resource: Resource) -> str | None:
    """The strongest digest of a resource, as the vocabulary writes digests."""
    told = {name.lower(): text.strip().lower() for name, text in (resource.digest or {}).items()
            if name not in _GIT}  # fmt: skip
    for name in sorted(told, key=lambda one: (_FIRST.index(one) if one in _FIRST else 3, one)):
        text = told[name]
        if _NAME.fullmatch(name) and _HEX.fullmatch(text) and len(text) == _LENGTHS.get(
            name, len(text)
        ):  # fmt: skip
            return f"{name}:{text}"
    return None
