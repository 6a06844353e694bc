"""Names as events hold them: one line, not too long."""

from __future__ import annotations

import re

MAX_NAME = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def is_text(text: str) -> bool:
    """Whether it can be sent: what an argument has beside UTF-8 is a lone surrogate here."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def named(text: str) -> str:
    """The text on one line, at most as long as names may be."""
    return _CONTROL.sub(" ", text).strip()[:MAX_NAME]
