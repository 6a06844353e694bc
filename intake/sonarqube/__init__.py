"""SonarQube Server and Cloud: webhook, answers of the web API, the scanner's task file, reports."""

from __future__ import annotations

from typing import Final

from intake.sonarqube import api, report, submitted, webhook

FORMATS: Final = (webhook.FORMAT, api.FORMAT, report.FORMAT, submitted.FORMAT)
SENDER: Final = webhook.SENDER
