"""Report files that a page was made from without a ledger."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file and what came of it.

    Attributes:
        name: of the file.
        digest: `sha256:` and hexadecimal over its bytes; empty where they were too many.
        title: of its format, for people; empty where none was recognised.
        facts: how many facts it told.
        undated: of these, without a time of their own: they count as known when they were read.
        problem: why nothing was read of it, or empty.
    """

    name: str
    digest: str = ""
    title: str = ""
    facts: int = 0
    undated: int = 0
    problem: str = ""
