"""Which pieces of a branch's or place's address are its own words, whoever else is called so.

By repository, branch and source events find each other. Both questions are asked of text as it
is compared (`domain.mentions.Folded`).
"""

from __future__ import annotations

import re
from typing import Final

_REF: Final = re.compile(r"(?:refs/(?:remotes/)?[^/]+/)?")
_ROOT: Final = re.compile(r"([a-z][a-z0-9+.-]*:)?(?://(?:[^/?#]*@)?([^/?#]*))?")
_SUFFIX: Final = ".git"


def is_branch(text: str, start: int, end: int) -> bool:
    """Whether a piece of a reference is the whole name of the branch or tag, or stands before."""
    match = _REF.match(text)
    begin = 0 if match is None else match.end()
    return start < begin or (start == begin and end == len(text))


def is_segment(text: str, start: int, end: int) -> bool:
    """Whether a piece of an address is a whole segment of its path, or of its scheme or host."""
    root = _ROOT.match(text)
    if root is not None and (end <= root.end(1) or root.start(2) <= start < root.end(2)):
        return True
    begins = start == 0 or text[start - 1] in "/:"
    rest = text[end : end + 6]
    ends = rest in ("", _SUFFIX) or rest[0] in "/?#" or rest.startswith("@refs/")
    return begins and ends
