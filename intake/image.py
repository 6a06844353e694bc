"""Container images as what was deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.ids import digest_of
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST: Final = 1000
"""Artifacts of one deployment; see the vocabulary."""


def images_of(images: Iterable[str | None]) -> dict[str, Any]:
    """The fields `artifacts`, and `artifact` where there is one image and its digest is told.

    Args:
        images: addresses, with a tag or a digest; each counts once.
    """
    names = dict.fromkeys(name for name in map(named, images) if name is not None)
    found = [_artifact(name) for name in list(names)[:MOST]]
    alone = found[0] if len(found) == 1 and "digest" in found[0] else None
    return {"artifacts": found or None, "artifact": alone}


def _artifact(image: str) -> dict[str, str]:
    digest = digest_of(image)
    return (
        {"name": image} if digest is None else {"name": image.partition("@")[0], "digest": digest}
    )
