"""Text as terminals get it."""

from __future__ import annotations

import re
from typing import Final

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]{0,16}[mK]")


def uncoloured(text: str) -> str:
    """The text without the sequences that colour it (ECMA-48)."""
    return _COLOUR.sub("", text)
