"""The limits on files from outside (design: size, depth, length, number)."""

from __future__ import annotations

from typing import Final

MAX_REPORT: Final = 64 * 1_048_576
"""Bytes of one report file, unpacked."""

MAX_DEPTH: Final = 64
"""Levels of nesting, as at the strict door."""

MAX_NODES: Final = 2_000_000
"""Objects and arrays, or elements, in one file."""

MAX_ROWS: Final = 1_000_000
"""Results or test cases in one file."""

MAX_RUNS: Final = 100
"""Runs of tools in one file."""

MAX_FACTS: Final = 5_000
"""Facts from one file, which are appended together."""

MAX_DOCUMENT: Final = 64 * 1_048_576
"""Bytes of one document made from a file."""
