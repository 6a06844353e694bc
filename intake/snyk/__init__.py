"""Snyk's JSON reports: open source, containers, infrastructure as code (code is SARIF)."""

from __future__ import annotations

from typing import Final

from intake.snyk import report

FORMAT: Final = report.FORMAT
