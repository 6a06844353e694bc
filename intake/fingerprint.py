"""Fingerprints of findings: the same for the same problem, however often it is found."""

from __future__ import annotations

import hashlib
from collections import Counter


def fingerprint_of(*parts: str | None) -> str:
    """A fingerprint made of what stays the same: tool, rule, place; never a line or a version."""
    made = "\0".join(part or "" for part in parts)
    return hashlib.sha256(made.encode()).hexdigest()[:32]


class Fingerprints:
    """Made fingerprints of one file's findings, each given once.

    Findings that nothing but their lines tells apart are numbered in the order of the file, which
    moving them does not change.
    """

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()

    def give(self, *parts: str | None) -> str:
        """The fingerprint of the next finding that these parts name."""
        made = fingerprint_of(*parts)
        number = self._met[made]
        self._met[made] += 1
        return f"{made}-{number}" if number else made
