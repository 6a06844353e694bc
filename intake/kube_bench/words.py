"""What kube-bench says of a check: `WARN` is one that people have to look at."""

from __future__ import annotations

from typing import Final

TOOL: Final = "kube-bench"
COUNTED: Final = "checks by status"
WORDS: Final = ("pass", "fail", "warn", "info")
STATUSES: Final = {"fail": "failed", "warn": "manual"}
