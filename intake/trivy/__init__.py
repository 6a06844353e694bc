"""Trivy's JSON reports: of an image, files, a repository, a bill of materials, a cluster."""

from __future__ import annotations

from typing import Final

from intake.trivy import report

FORMAT: Final = report.FORMAT
