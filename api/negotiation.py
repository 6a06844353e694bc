"""Which of the forms on offer a reader prefers (RFC 9110 section 12.5.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Sequence

_RANGE: Final = re.compile(r"\s*([^\s;,]+/[^\s;,]+)\s*(?:;([^,]*))?")
_WEIGHT: Final = re.compile(r"(?:^|;)\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)")
_MAX: Final = 1000


def prefer(accept: str, offered: Sequence[str]) -> str:
    """The offered media type of the greatest weight; the earlier one where two weigh the same.

    Args:
        accept: the header; empty for none, then the first is preferred.
        offered: media types, the usual one first.

    Raises:
        HTTPException: 406, with what is offered.
    """
    weights: dict[str, float] = {}
    for piece in accept[:_MAX].split(","):
        match = _RANGE.fullmatch(piece.rstrip())
        if match is not None:
            weight = _WEIGHT.search(match[2] or "")
            weights[match[1].lower()] = float(weight[1]) if weight else 1.0
    if not accept.strip():
        return offered[0]
    best, chosen = 0.0, None
    for media in offered:
        family = media.partition("/")[0] + "/*"
        # The most specific range decides, not the heaviest.
        weight_of = next((weights[one] for one in (media, family, "*/*") if one in weights), 0.0)
        if weight_of > best:
            best, chosen = weight_of, media
    if chosen is None:
        raise HTTPException(406, f"offered are {', '.join(offered)}")
    return chosen
