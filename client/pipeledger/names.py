"""Names as events hold them: one line, not too long."""

from __future__ import annotations

import re

MAX_NAME = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def named(text: str) -> str:
    """The text on one line, at most as long as names may be."""
    return _CONTROL.sub(" ", text).strip()[:MAX_NAME]
