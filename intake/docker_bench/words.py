"""What Docker Bench says of a check, and what that means.

A check that it calls `WARN` failed; `NOTE` is one that people have to look at; `INFO` does not
apply, or asks for nothing.
"""

from __future__ import annotations

from typing import Final

TOOL: Final = "docker-bench-security"
BENCHMARK: Final = "CIS Docker Benchmark"
"""What all of its versions check."""
COUNTED: Final = "checks by result"
WORDS: Final = ("pass", "warn", "note", "info")
STATUSES: Final = {"warn": "failed", "note": "manual"}
