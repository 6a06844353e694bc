"""Codecov: its webhook, its API, its report, what is uploaded to it, and its checks."""

from __future__ import annotations

from typing import Final

from intake.codecov import check, report, totals, upload

FORMATS: Final = (totals.FORMAT, report.FORMAT, check.FORMAT, upload.FORMAT)
SENDER: Final = totals.SENDER
