"""The limits on files from outside (design: size, depth, length, number)."""

from __future__ import annotations

from typing import Final

MAX_REPORT: Final = 256 * 1_048_576
"""Bytes of one report file, unpacked, of a format that is read piece by piece."""

MAX_WHOLE: Final = 64 * 1_048_576
"""Bytes of one report file, unpacked, of any other format."""

MAX_DEPTH: Final = 64
"""Levels of nesting, as at the strict door."""

MAX_NODES: Final = 2_000_000
"""Objects and arrays that are in memory at the same time."""

MAX_MEMBERS: Final = 100_000
"""Members of the outermost object of a file."""

MAX_ELEMENT: Final = 8 * 1_048_576
"""Bytes of one element of a long array, or of one tag, comment or attribute in XML."""

MAX_ELEMENTS: Final = 5_000_000
"""Elements in one XML file; they are not kept."""

MAX_ROWS: Final = 1_000_000
"""Results or test cases in one file."""

MAX_RUNS: Final = 100
"""Runs of tools in one file."""

MAX_FACTS: Final = 5_000
"""Facts from one file, which are appended together."""

MAX_DOCUMENT: Final = 256 * 1_048_576
"""Bytes of one document made from a file."""
