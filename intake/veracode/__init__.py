"""Veracode: its detailed report, the Findings API, and the Pipeline Scan.

SARIF made of a Pipeline Scan is read as SARIF.
"""

from __future__ import annotations

from typing import Final

from intake.veracode import detailed, findings, pipeline

FORMATS: Final = (detailed.FORMAT, findings.FORMAT, pipeline.FORMAT)
