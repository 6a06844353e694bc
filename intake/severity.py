"""Severities in one vocabulary."""

from __future__ import annotations

import math
from typing import Final

_WORDS: Final = {
    "critical": "critical", "blocker": "critical", "fatal": "critical", "very high": "critical",
    "high": "high", "error": "high", "major": "high", "important": "high", "severe": "high",
    "medium": "medium", "moderate": "medium", "warning": "medium", "warn": "medium",
    "low": "low", "minor": "low", "note": "low", "negligible": "low",
    "info": "info", "informational": "info", "information": "info", "none": "info",
}  # fmt: skip
_BANDS: Final = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0, "low"))


def of_word(word: str | None) -> str:
    """The severity in a tool's own word, any case; `unknown` where it is none."""
    return _WORDS.get((word or "").strip().lower(), "unknown")


def of_score(score: str | float | None) -> str | None:
    """The band of a CVSS score (CVSS 3.1 section 5); None where there is none."""
    try:
        number = float(score) if score is not None else math.nan
    except ValueError:
        return None
    if math.isnan(number):
        return None
    return next((band for least, band in _BANDS if number >= least and number > 0), "info")
