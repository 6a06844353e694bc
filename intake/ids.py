"""Commits, references and digests as tools write them."""

from __future__ import annotations

import re
from typing import Final

from intake.rows import named

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DIGEST: Final = re.compile(
    r"(?:^|@)(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$"
)
_CLONED: Final = re.compile(r"(?:refs/remotes/[^/]+|origin)/(?=.)")


def commit_of(text: str | None) -> str | None:
    """A git object id, or None where it is none, shortened, or all zeros (git's "no commit")."""
    found = (text or "").strip().lower()
    return found if _COMMIT.fullmatch(found) and found.strip("0") else None


def ref_of(text: str | None) -> str | None:
    """A reference, from how a clone names it: `origin/main` is `refs/heads/main`.

    What is no branch (`PR-7`, `refs/tags/v1`) stays as it is; a detached head is None.
    """
    name = named(text)
    return _CLONED.sub("refs/heads/", name, count=1) if name and name != "detached" else None


def digest_of(text: str | None) -> str | None:
    """The SHA-2 digest that a text is or that an image's address ends with, or None."""
    found = _DIGEST.search((text or "").strip().lower())
    return found[1] if found else None


def artifact_of(text: str | None) -> dict[str, str] | None:
    """The artifact of a digest or of an image's address with one (`name@sha256:...`), or None."""
    digest = digest_of(text)
    return {"digest": digest} if digest is not None else None
