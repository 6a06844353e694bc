"""Trivy: reports of its command line, of compliance, and resources of its operator."""

from __future__ import annotations

from typing import Final

from intake.trivy import compliance, operator, report

FORMATS: Final = (report.FORMAT, compliance.FORMAT, operator.FORMAT)
