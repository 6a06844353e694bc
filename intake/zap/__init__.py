"""OWASP ZAP's traditional reports, with and without requests and responses, in JSON and XML."""

from __future__ import annotations

from typing import Final

from intake.zap import json_report, xml_report

FORMATS: Final = (json_report.FORMAT, xml_report.FORMAT)
