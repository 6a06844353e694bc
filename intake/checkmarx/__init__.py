"""Checkmarx: CxSAST's XML report, Checkmarx One's JSON, and what CxFlow makes of the first.

SARIF of Checkmarx One and of KICS is read as SARIF.
"""

from __future__ import annotations

from typing import Final

from intake.checkmarx import flow, one, one_reports, sast

FORMATS: Final = (sast.FORMAT, one.FORMAT, one_reports.FORMAT, flow.FORMAT)
